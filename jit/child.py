"""A forked process for LLVM to work in.

A wrong module makes LLVM abort: the compiler must say so, not die of it. What LLVM has to say
then goes to a file in memory, and its first line into the message.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from gol.jit import memory

_PR_SET_PDEATHSIG = 1


class Failure:
    def __init__(self, message: str) -> None:
        self.message = message


class Child:
    """``work`` is its whole life. A Ctrl-C ends it, as it ends the parent, or is left to the
    parent alone. Raises MemoryError if there can be none."""

    def __init__(self, work: Callable[[], None], interrupt: signal.Handlers) -> None:
        if _other_threads() or _memory_is_limited():
            load()
        self._errors = os.memfd_create("gol-errors")
        parent = os.getpid()
        try:
            self.pid = os.fork()
        except OSError as e:
            os.close(self._errors)
            raise MemoryError(f"no room for another process: {e.strerror}") from None
        if self.pid == 0:
            _live(work, interrupt, self._errors, parent)

    def ended(self) -> int:
        """Wait for its end: the exit status; 0 if that is lost, as where SIGCHLD is ignored."""
        pid, self.pid = self.pid, 0
        try:
            return os.waitpid(pid, 0)[1]
        except ChildProcessError:
            return 0

    def said(self) -> str:
        """What is on its standard error."""
        return os.pread(self._errors, 4096, 0).decode("utf-8", "replace")

    def forget(self) -> None:
        """When it has ended."""
        os.close(self._errors)

    def failure(self, status: int, message: str = "") -> Failure:
        """What to say of one that has ended without a result; ``message`` is what it has said
        itself. Raises MemoryError if that is what it met with."""
        said = self.said()
        message = message or said.strip().split("\n")[0]
        if memory.ran_out(message) or memory.ran_out(said):
            raise MemoryError(message)
        if os.WIFSIGNALED(status):
            message = f"LLVM stopped by {signal.Signals(os.WTERMSIG(status)).name}: {message}"
        return Failure(message.rstrip(": ") or "no result")

    def kill(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.ended()
            self.forget()


def load() -> None:
    """LLVM, and all else that a child imports for its work."""
    import ctypes  # noqa: F401

    from gol.jit import pipeline  # noqa: F401
    from gol.jit.target import machine

    machine()


def _other_threads() -> bool:
    """Then a child must not import anything: one of them may be in the middle of that, and the
    child would wait for it for ever."""
    threading = sys.modules.get("threading")
    return threading is not None and threading.active_count() > 1


def _memory_is_limited() -> bool:
    """Then it had better run out at once, in the dynamic linker: Python itself does not survive
    that everywhere."""
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _live(work: Callable[[], None], interrupt: signal.Handlers, errors: int, parent: int) -> None:
    status = 1
    try:
        signal.signal(signal.SIGINT, interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # never outlives the parent
        if os.getppid() != parent:
            return
        os.dup2(errors, 2)
        work()
        status = 0
    finally:
        os._exit(status)


__all__ = ["Child", "Failure", "load"]
