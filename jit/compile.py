"""Checked packages to artifacts: lowering and the pipeline.

One package is compiled here; several in forked processes, which inherit the checked trees
and send back finished artifacts (LLVM holds one global lock, so threads would not help).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from gol.jit import layout, packages, pipeline, target
from gol.jit.artifact import Artifact
from gol.jit.packages import Unit
from gol.lang.diagnostics import Diagnostic, Diagnostics

if TYPE_CHECKING:
    from gol.jit.build import Dump, Front, Progress, Store


def compile_units(
    todo: list[Unit],
    front: Front,
    done: dict[str, Artifact],
    store: Store,
    progress: Optional[Progress],
    dump: Optional[Dump],
    diags: Diagnostics,
) -> bool:
    """Compile ``todo`` into ``done`` and the store; False if something was refused."""
    before = len(diags.items)

    def finished(u: Unit, artifact: Optional[Artifact], payload: Optional[bytes]) -> None:
        if artifact is not None:
            done[u.path] = artifact
            if u.path != "main":
                store.put("pkg", u.key, payload or artifact.dump())

    here = [u for u in todo if u.path == "main"]
    rest = [u for u in todo if u.path != "main"]
    if len(rest) > 1 and hasattr(os, "fork"):
        _in_parallel(rest, front, diags, progress, finished)
    else:
        here = rest + here
    for n, u in enumerate(here):
        if progress is not None and u.path != "main":
            progress(n, len(rest), u.path)
        artifact = compile_unit(u, front, diags, dump if u.path == "main" else None)
        finished(u, artifact, None)
    return len(diags.items) == before


def compile_unit(
    u: Unit, front: Front, diags: Diagnostics, dump: Optional[Dump] = None
) -> Optional[Artifact]:
    from gol.jit.lower.module import lower_package

    before = len(diags.items)
    pkg = front.packages[u.path]
    runtime = front.packages["runtime"]
    lowered = lower_package(pkg, front.escapes[u.path], runtime, diags.sources, diags)
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


# ---------------------------------------------------------------- in processes
_work: tuple[list[Unit], "Front", Diagnostics]  # what a forked worker inherits


def _worker(index: int) -> tuple[int, Optional[bytes], list[tuple[int, str]]]:
    units, front, diags = _work
    before = len(diags.items)
    artifact = compile_unit(units[index], front, diags)
    said = [(d.pos, d.message) for d in diags.items[before:]]
    return index, artifact.dump() if artifact is not None else None, said


def _in_parallel(
    units: list[Unit],
    front: Front,
    diags: Diagnostics,
    progress: Optional[Progress],
    finished: object,
) -> None:
    import multiprocessing

    global _work
    # the longest first, so that the others fill the gaps
    units = sorted(units, key=lambda u: -sum(len(c) for _, c in u.sources))
    _work = (units, front, diags)
    assert callable(finished)
    context = multiprocessing.get_context("fork")
    with context.Pool(min(os.cpu_count() or 1, len(units))) as pool:
        count = 0
        if progress is not None:
            progress(0, len(units), units[0].path)
        for index, payload, said in pool.imap_unordered(_worker, range(len(units))):
            count += 1
            if progress is not None:
                progress(count, len(units), units[index].path)
            diags.items += [Diagnostic(pos, message) for pos, message in said]
            artifact = Artifact.load(payload) if payload is not None else None
            finished(units[index], artifact, payload)
