"""The cold path: sources that were not compiled before, through the whole compiler."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType, TracebackType

from gol.lang.cachefile import abandon

from .cache import Cache
from .launch import die
from .render import print_diagnostics

Sources = list[tuple[str, bytes]]

_SOURCE_OF_A_WORKER = 20_000  # bytes of a program for which a further process may be needed


def compile_program(sources: Sources, cache: Cache, toolchain: str) -> bytes | None:
    """The executable image of a program, or None after its errors were printed."""
    return compile_with_layout(sources, cache, toolchain)[0]


def compile_with_layout(
    sources: Sources, cache: Cache, toolchain: str
) -> tuple[bytes | None, dict[str, int]]:
    """Also the layout of the runtime's structs, for who reads what the program writes."""
    from gol.jit.workers import Workers

    with Progress() as progress, Workers() as workers:
        workers.start(1 + sum(len(text) for _, text in sources) // _SOURCE_OF_A_WORKER)
        from gol.jit.build import build

        result = build(sources, cache, toolchain, progress=progress, workers=workers)
    package = result.package
    if package is not None and package.name != "main" and not result.diags:
        result.diags.error(package.pos, f"package {package.name} is not a main package")
        result.image = None
    if result.image is None:
        print_diagnostics(result.diags)
    return result.image, result.layout


def check_program(sources: Sources, cache: Cache | None = None) -> list[str]:
    """What the compiler says of a program: ``file:line:col: message`` each."""
    from gol.jit.build import build

    from .launch import toolchain_id

    result = build(sources, cache or Cache(), toolchain_id())
    return [f"{result.diags.sources.position(d.pos)}: {d.message}" for d in result.diags.sorted()]


def stop_on_signals() -> None:
    """From now on what asks this process to end leaves no half-written file and no bar on
    the terminal. (Worker processes end with it.) The handler does that itself: an exception
    is lost if the signal comes while Python runs, say, a callback of fork. A signal that is
    ignored stays ignored."""
    owner = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:  # not in a child, just forked
            Progress.wipe()
            abandon()
        die(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, stop)


class Progress:
    """A bar on a terminal while the runtime and library are built for the first time;
    silent elsewhere, for standard error belongs to the program."""

    shown = False

    @staticmethod
    def wipe() -> None:
        """Leave the terminal as it was, without the locks that a bar may hold just now."""
        if Progress.shown:
            os.write(2, b"\r\x1b[2K\x1b[?25h")

    def __init__(self) -> None:
        self._bar: Callable[[int, int, str], None] | None = None
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, done: int, total: int, package: str) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            self._start()
        assert self._bar is not None
        self._bar(done, total, package)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("building {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
        )
        bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
        task = bar.add_task("the runtime", total=None)
        Progress.shown = True
        bar.start()
        self._stop = bar.stop

        def update(done: int, total: int, package: str) -> None:
            bar.update(task, completed=done, total=total, description=package)

        self._bar = update

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._stop()
        Progress.shown = False
