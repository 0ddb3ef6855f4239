"""Checked packages to artifacts: lowering and the pipeline, one package after the other or
in forked processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from gol.jit import layout, packages, pipeline, target
from gol.jit.artifact import Artifact
from gol.jit.packages import Unit
from gol.lang.diagnostics import Diagnostics

if TYPE_CHECKING:
    from gol.jit.build import Dump, Front, Progress, Store


def compile_units(
    todo: list[Unit],
    front: "Front",
    done: dict[str, Artifact],
    store: "Store",
    progress: Optional["Progress"],
    dump: Optional["Dump"],
    diags: Diagnostics,
) -> bool:
    """Compile ``todo`` into ``done`` and the store; False if something was refused."""
    for n, u in enumerate(todo):
        if progress is not None and u.path != "main":
            progress(n, len(todo), u.path)
        artifact = compile_unit(u, front, diags, dump if u.path == "main" else None)
        if artifact is None:
            return False
        done[u.path] = artifact
        if u.path != "main":
            store.put("pkg", u.key, artifact.dump())
    return True


def compile_unit(
    u: Unit, front: "Front", diags: Diagnostics, dump: Optional["Dump"]
) -> Optional[Artifact]:
    from gol.jit.lower.module import lower_package

    before = len(diags.items)
    pkg = front.packages[u.path]
    lowered = lower_package(
        pkg, front.escapes[u.path], front.packages["runtime"], diags.sources, diags
    )
    if len(diags.items) > before:
        return None
    text = target.module_header() + lowered.text
    offsets: dict[str, int] = {}
    if u.path == "runtime":
        offsets = layout.constants(pkg)
        text = runtime_asm(offsets, lowered.system) + text
    artifact = pipeline.compile_ir(text, u.path, dump=dump, roots=lowered.roots)
    artifact.layout = offsets
    return artifact


def runtime_asm(offsets: dict[str, int], system: list[str]) -> str:
    """The runtime's assembly, and the stub of every system function."""
    source = layout.fill(packages.assembly(), offsets)
    stubs = ".text\n" + "".join(target.system_stub(name) for name in system)
    return target.module_asm(source + stubs)
