"""The program as a child of ``gol run --stack-report``: its streams are ours, signals that reach
us are passed on, and we end as it ends.

A terminal sends its signals to both of us; that the program then gets them twice changes
nothing, for the first ends it. The report comes after the program's own last words, also where
a signal or a panic ended it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gol.cache import Cache
from gol.launch import UsageError, lower_strerror, program_key, toolchain_id

from .events import Layout
from .history import History
from .summary import Summary

FLAG = "--stack-report"
FORWARDED = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGALRM,
)  # fmt: skip
CHUNK = 1 << 20

Sources = list[tuple[str, bytes]]


def requested(flags: list[str]) -> str | None:
    """The page that ``--stack-report=PAGE`` names; None for a report as text."""
    result = None
    for flag in flags:
        name, given, page = flag.partition("=")
        if name != FLAG:
            if name.startswith(FLAG):
                raise UsageError(f"flag provided but not defined: {name}")
            raise UsageError(f"{flag} prints instead of running: no {FLAG} with it")
        if given and not page.endswith(".html"):
            raise UsageError(f"{flag}: the page's name must end in .html")
        result = page if given else None
    return result


def run(flags: list[str], sources: Sources, argv: list[str]) -> int:
    """Run the program, then report. The program's exit code, or 1 where that is 0 and the page
    could not be written."""
    page = requested(flags)
    if page is not None:
        _can_draw(page)
    image, layout = image_and_layout(sources, Cache(), _stop_on_signals)
    if image is None or layout is None:
        return 1
    if page is not None:
        _can_write(page)
    history = History() if page is not None else None
    summary = Summary(layout, history)
    status = _watch(image, argv, summary)
    code = 0
    if page is None:
        from .tables import show

        with contextlib.suppress(OSError):  # nobody listens
            show(summary, argv[0])
    else:
        from .page import write

        assert history is not None
        try:
            write(page, summary, history, argv[0])
            print(f"gol: stack report written to {page}", file=sys.stderr)
        except OSError as e:
            if os.path.isfile(page):
                with contextlib.suppress(OSError):
                    os.unlink(page)
            print(f"gol: write {page}: {lower_strerror(e)}", file=sys.stderr)
            code = 1
    return _end_like(status) or code


def _can_draw(page: str) -> None:
    """Raises UsageError, before anything has been compiled for nothing."""
    from importlib.util import find_spec

    if find_spec("plotly") is None:
        raise UsageError(f"{FLAG}={page} needs plotly: pip install 'gol-lang[report]'")


def _can_write(page: str) -> None:
    """Raises UsageError, before the program has run for nothing."""
    try:
        with open(page, "ab"):
            pass
    except OSError as e:
        raise UsageError(f"open {page}: {lower_strerror(e)}") from None


def _stop_on_signals() -> None:
    from gol.program import stop_on_signals

    stop_on_signals()


def image_and_layout(
    sources: Sources, cache: Cache, before: Callable[[], None] = lambda: None
) -> tuple[str | bytes | None, Layout | None]:
    """The image (a file where the cache has one), and the layout of the runtime's records.
    ``before`` is called if something has to be compiled."""
    toolchain = toolchain_id()
    key = program_key(sources, toolchain)
    image = cache.get("exe", key)
    known = cache.get("layout", toolchain)
    layout: Layout | None = json.loads(known) if known is not None else None
    if image is None or layout is None:
        from gol.program import compile_with_layout

        before()
        image, layout = compile_with_layout(sources, cache, toolchain)
        if image is None:
            return None, None
        layout = {k: v for k, v in layout.items() if k.startswith("event")}
        cache.put("layout", toolchain, json.dumps(layout).encode())
        if not cache.put("exe", key, image, executable=True):
            return image, layout
        cache.prune()
    return cache.path("exe", key), layout


def _watch(image: str | bytes, argv: list[str], summary: Summary) -> int:
    """Run the program and count; how it ended, as waitpid tells."""
    import fcntl

    sys.stdout.flush()
    reader, writer = _pipe()
    with contextlib.suppress(OSError):
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, CHUNK)
    os.set_inheritable(writer, True)
    given = os.environ.get("GOLDEBUG", "")
    debug = f"{given},stackevents={writer}" if given else f"stackevents={writer}"
    with Forwarding() as signals:
        child = _spawn(image, argv, {**os.environ, "GOLDEBUG": debug})
        signals.to(child)
        os.close(writer)
        try:
            while data := os.read(reader, CHUNK):
                summary.feed(data)
        finally:
            os.close(reader)
            status = os.waitpid(child, 0)[1]
    return status


def _pipe() -> tuple[int, int]:
    """A pipe that is not taken for standard input, output or error where one of these is
    closed, and then closed for the program, too."""
    low = []
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        low.append(fd)
    os.close(fd)
    ends = os.pipe()
    for fd in low:
        os.close(fd)
    return ends


def _spawn(image: str | bytes, argv: list[str], env: dict[str, str]) -> int:
    # Python ignores these two, and a program would inherit that.
    default = [signal.SIGPIPE, signal.SIGXFSZ]
    if isinstance(image, str):
        try:
            return os.posix_spawn(image, argv, env, setsigdef=default)
        except OSError:  # a folder mounted noexec
            with open(image, "rb") as f:
                image = f.read()
    fd = os.memfd_create("gol-program", os.MFD_CLOEXEC)
    view = memoryview(image)
    while view:
        view = view[os.write(fd, view) :]
    try:
        return os.posix_spawn(f"/proc/self/fd/{fd}", argv, env, setsigdef=default)
    finally:
        os.close(fd)


class Forwarding:
    """Passes signals on to the child; those that come before there is one as soon as there is."""

    def __init__(self) -> None:
        self._child = 0
        self._early: list[int] = []
        self._old: dict[int, Any] = {}

    def __enter__(self) -> "Forwarding":
        for sig in FORWARDED:
            if signal.getsignal(sig) is not signal.SIG_IGN:
                self._old[sig] = signal.signal(sig, self._forward)
        return self

    def __exit__(self, *exc: object) -> None:
        for sig, handler in self._old.items():
            signal.signal(sig, handler)

    def to(self, child: int) -> None:
        self._child = child
        for sig in self._early:
            self._forward(sig, None)

    def _forward(self, sig: int, frame: FrameType | None) -> None:
        if not self._child:
            self._early.append(sig)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, sig)


def _end_like(status: int) -> int:
    """The exit code of a child that ended so; does not return where a signal ended it."""
    if not os.WIFSIGNALED(status):
        return os.waitstatus_to_exitcode(status)
    import resource

    sig = os.WTERMSIG(status)
    sys.stdout.flush()
    sys.stderr.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the core to look at is not ours
    with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler
        signal.signal(sig, signal.SIG_DFL)
    os.kill(os.getpid(), sig)
    return 128 + sig
