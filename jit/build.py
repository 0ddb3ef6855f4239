"""From a program's sources to the image that runs: the packages are compiled (or taken
from the store), then linked.

    parse → check → escape → lower → compile_ir → Artifact   for each package (compile.py)
    Artifacts → tables → Image → ELF (dynamically linked if it imports foreign functions)

``store`` is anything with ``get(kind, key) -> bytes | None`` and ``put(kind, key, bytes)``
(:class:`gol.cache.Cache`); a package's key covers its sources, the keys of what it imports,
the runtime's, and the compiler (``toolchain``). Packages that are not in the store are
compiled in parallel, in forked processes: LLVM holds one global lock.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from typing import Optional, Protocol

from gol.jit import elf, memory, packages
from gol.jit.artifact import FORMAT, Artifact
from gol.jit.dynamic import dynamic
from gol.jit.link import Image, Linker
from gol.jit.packages import Sources
from gol.jit.tables import Tables
from gol.jit.target import PAGE
from gol.lang.ast import Ident
from gol.lang.diagnostics import Diagnostics
from gol.lang.record import field, record
from gol.lang.source import SourceSet


class Store(Protocol):
    def get(self, kind: str, key: str) -> Optional[bytes]: ...

    def put(self, kind: str, key: str, payload: bytes) -> bool: ...


class NoStore:
    """Remembers nothing."""

    def get(self, kind: str, key: str) -> Optional[bytes]:
        return None

    def put(self, kind: str, key: str, payload: bytes) -> bool:
        return False


Progress = Callable[[int, int, str], None]  # done, total, the package that is next
Dump = Callable[[str, str], None]


@record(frozen=True)
class Request:
    main: Sources
    store: Store
    toolchain: str
    progress: Optional[Progress] = None
    dump: Optional[Dump] = None
    explain: bool = False


@record()
class Result:
    diags: Diagnostics
    image: Optional[bytes] = None  # None if there were errors
    messages: list[tuple[int, str]] = field(default_factory=list)  # of escape analysis (-m)
    times: dict[str, float] = field(default_factory=dict)
    layout: dict[str, int] = field(default_factory=dict)  # of the runtime, see jit.layout
    package: Optional[Ident] = None  # the name that the program's package has


def build(
    main: Sources,
    store: Optional[Store] = None,
    toolchain: str = "",
    *,
    progress: Optional[Progress] = None,
    dump: Optional[Dump] = None,
    explain: bool = False,
) -> Result:
    """Build the program. ``dump`` sees every stage of package main (which is then compiled
    whatever the store holds); ``explain`` collects what escape analysis decided.

    A bug of the compiler becomes a diagnostic; with GOL_TRACEBACK in the environment it is
    raised as it came. Raises MemoryError."""
    result = Result(Diagnostics(SourceSet()))
    request = Request(main, store or NoStore(), toolchain, progress, dump, explain)
    collecting = gc.isenabled()
    gc.disable()  # trees are built and thrown away with the process
    try:
        _build(result, request)
    except Exception as e:  # noqa: BLE001 (reported, as the worker processes do)
        if os.environ.get("GOL_TRACEBACK"):
            raise
        if memory.caused(e):
            raise MemoryError from None
        result.image = None
        result.diags.error(0, f"internal compiler error: {_describe(e)}")
    finally:
        if collecting:
            gc.enable()
    return result


def _describe(e: Exception) -> str:
    at = e.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = ""
    if at is not None:
        where = f" ({os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno})"
    return f"{type(e).__name__}: {e}{where}"


def _build(result: Result, request: Request) -> None:
    artifacts = _artifacts(result, request)
    if artifacts is None:
        return
    result.layout = runtime_layout(artifacts)
    clock = Clock()
    image = link(artifacts)
    clock.done("link")
    result.image = executable(image)
    clock.done("write")
    result.times |= clock.times


def artifacts(
    main: Sources, store: Optional[Store] = None, toolchain: str = ""
) -> tuple[Diagnostics, Optional[list[Artifact]]]:
    """The compiled packages of a program, dependencies first, for :mod:`gol.jit.host`."""
    result = Result(Diagnostics(SourceSet()))
    return result.diags, _artifacts(result, Request(main, store or NoStore(), toolchain))


def _artifacts(result: Result, request: Request) -> Optional[list[Artifact]]:
    from gol.jit.compile import Compiler

    clock = Clock()
    diags = result.diags
    result.times = clock.times
    units = packages.discover(request.main, diags.sources, diags)
    clock.done("parse")
    if units is None:
        return None
    result.package = units[-1].files[0].package
    packages.set_keys(units, f"{request.toolchain}\0{FORMAT}")
    clock.done("keys")
    compiler = Compiler(units, diags, request.store, clock, request.progress, request.dump)
    compiler.explain = request.explain
    artifacts = compiler.run()
    result.messages = compiler.messages
    return artifacts


class Clock:
    """Seconds by stage, summed over the packages."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self.last = time.perf_counter()

    def done(self, stage: str) -> None:
        now = time.perf_counter()
        self.times[stage] = self.times.get(stage, 0.0) + now - self.last
        self.last = now


# ---------------------------------------------------------------- linking
def link(artifacts: list[Artifact]) -> Image:
    """Artifacts, the runtime's among them, to an image."""
    linker = Linker()
    placed = [linker.add(a.name, elf.parse(a.object)) for a in artifacts]
    tables = Tables(runtime_layout(artifacts))
    return linker.link(lambda linker: tables.build(linker, artifacts, placed))


def runtime_layout(artifacts: list[Artifact]) -> dict[str, int]:
    return next(a.layout for a in artifacts if a.layout)


def executable(image: Image) -> bytes:
    symbols = []
    for p in image.objects:
        for s in p.file.symbols:
            if s.type in (elf.STT_FUNC, elf.STT_OBJECT) and s.section < len(p.address):
                address = p.address[s.section]
                if address is not None and s.name[:1] not in ("", "."):
                    symbols.append((s.name, address + s.value, s.size))
    last = image.segments[-1]
    end = (last.address + last.memsize + PAGE - 1) // PAGE * PAGE
    needed = dynamic(image.imports, end) if image.imports else None
    return elf.executable(image.segments, image.symbols["_start"], symbols, needed)
