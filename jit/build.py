"""From a program's sources to the image that runs: the packages are compiled (or taken
from the store), then linked.

    parse → check → escape → lower → compile_ir → Artifact   for each package (compile.py)
    Artifacts → tables → Image → ELF                           of all of them (image.py)

``store`` is anything with ``get(kind, key) -> bytes | None`` and ``put(kind, key, bytes)``
(:class:`gol.cache.Cache`); a package's key covers its sources, the keys of what it imports,
the runtime's, and the compiler (``toolchain``). Packages that are not in the store are
compiled in parallel, in forked processes: LLVM holds one global lock.

A small program that changes all the time waits for little but this module's work: what is
needed last is imported last, while the workers are busy.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Optional, Protocol

from gol.jit import memory, packages
from gol.jit.artifact import FORMAT, Artifact
from gol.jit.packages import Sources
from gol.lang.ast import Ident
from gol.lang.diagnostics import Diagnostics
from gol.lang.record import field, record
from gol.lang.source import SourceSet

if TYPE_CHECKING:
    from gol.jit.image import Linking
    from gol.jit.workers import Workers


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
    workers: Optional[Workers] = None  # some that were started early


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
    workers: Optional[Workers] = None,
) -> Result:
    """Build the program. ``dump`` sees every stage of package main (which is then compiled
    whatever the store holds); ``explain`` collects what escape analysis decided.

    A bug of the compiler becomes a diagnostic; with GOL_TRACEBACK in the environment it is
    raised as it came. Raises MemoryError and OSError."""
    result = Result(Diagnostics(SourceSet()))
    request = Request(main, store or NoStore(), toolchain, progress, dump, explain, workers)
    collecting = gc.isenabled()
    gc.disable()  # trees are built and thrown away with the process
    try:
        _build(result, request)
    except Exception as e:  # noqa: BLE001 (reported, as the worker processes do)
        if os.environ.get("GOL_TRACEBACK"):
            raise
        if memory.caused(e):
            raise MemoryError from None
        if isinstance(e, OSError):
            raise
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
    linking: Optional[Linking] = None

    def link_libraries(artifacts: list[Artifact]) -> None:
        nonlocal linking
        from gol.jit.image import Linking

        linking = Linking()
        linking.add(artifacts)

    artifacts = _artifacts(result, request, link_libraries)
    if artifacts is None:
        return
    from gol.jit.image import executable, runtime_layout

    assert linking is not None
    result.layout = runtime_layout(artifacts)
    clock = Clock()
    image = linking.finish(artifacts)
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


def _artifacts(
    result: Result,
    request: Request,
    meanwhile: Callable[[list[Artifact]], None] = lambda artifacts: None,
) -> Optional[list[Artifact]]:
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
    compiler.meanwhile = meanwhile
    artifacts = compiler.run(request.workers)
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
