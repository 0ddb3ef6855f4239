"""LLVM's work in processes of its own: one per module, at most one per core at a time.

A process rather than a thread because LLVM holds one global lock, and because a wrong
module makes LLVM abort: the compiler must say so, not die of it. What LLVM has to say then
goes to a file in memory, and its first line into the message.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
from collections import deque
from contextlib import suppress
from typing import Protocol

from gol.jit import memory, target
from gol.jit.artifact import Artifact


class Job(Protocol):
    name: str

    def run(self) -> Artifact: ...


class Failure:
    def __init__(self, message: str) -> None:
        self.message = message


class _Child:
    """A forked process that compiles one job and writes the artifact to a pipe."""

    def __init__(self, job: Job) -> None:
        self.name = job.name
        self.data = bytearray()
        self.fd, out = os.pipe()
        self.errors = os.memfd_create("gol-errors")
        parent = os.getpid()
        try:
            self.pid = os.fork()
        except OSError as e:
            raise MemoryError(f"no room for another process: {e.strerror}") from None
        if self.pid == 0:
            _serve(job, out, self.errors, parent)
        os.close(out)

    def read(self) -> bool:
        """Take what there is; True at the end."""
        chunk = os.read(self.fd, 1 << 20)
        self.data += chunk
        return not chunk

    def result(self) -> bytes | Failure:
        """Raises MemoryError if that is what the child met with."""
        os.close(self.fd)
        status = self._wait()
        self.pid = 0
        said = os.pread(self.errors, 4096, 0).decode("utf-8", "replace")
        os.close(self.errors)
        if status == 0 and self.data[:1] == b"A":
            return bytes(memoryview(self.data)[1:])
        message = self.data[1:].decode("utf-8", "replace") or said.strip().split("\n")[0]
        if memory.ran_out(message) or memory.ran_out(said):
            raise MemoryError(message)
        if os.WIFSIGNALED(status):
            message = f"LLVM stopped by {signal.Signals(os.WTERMSIG(status)).name}: {message}"
        return Failure(message or "no result")

    def _wait(self) -> int:
        """The exit status; 0 if that is lost, as where SIGCHLD is ignored."""
        try:
            return os.waitpid(self.pid, 0)[1]
        except ChildProcessError:
            return 0

    def kill(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.close(self.fd)
            self._wait()


_PR_SET_PDEATHSIG = 1


def _serve(job: Job, out: int, errors: int, parent: int) -> None:
    """The child's whole life."""
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # never outlives the parent
        if os.getppid() != parent:
            return
        os.dup2(errors, 2)
        try:
            payload = b"A" + job.run().dump()
            status = 0
        except Exception as e:  # noqa: BLE001 (reported by the parent)
            payload = b"E" + f"{type(e).__name__}: {e}".encode("utf-8", "replace")
        view = memoryview(payload)
        while view:
            view = view[os.write(out, view) :]
    finally:
        os._exit(status)


class Workers:
    def __init__(self) -> None:
        self.limit = max(1, os.cpu_count() or 1)
        self.waiting: deque[Job] = deque()
        self.running: dict[int, _Child] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *args: object) -> None:
        for child in self.running.values():
            child.kill()
        self.running.clear()

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.running)

    def submit(self, job: Job) -> None:
        target.machine()  # LLVM is loaded once, here, not in every child
        self.waiting.append(job)
        self._start()

    def _start(self) -> None:
        while self.waiting and len(self.running) < self.limit:
            child = _Child(self.waiting.popleft())
            self.running[child.fd] = child

    def ready(self, wait: bool = False) -> list[tuple[str, bytes | Failure]]:
        """What has finished since the last call; with ``wait``, at least one if any runs."""
        out: list[tuple[str, bytes | Failure]] = []
        while self.running:
            fds, _, _ = select.select(list(self.running), [], [], None if wait and not out else 0)
            if not fds:
                break
            for fd in fds:
                if self.running[fd].read():
                    child = self.running.pop(fd)
                    out.append((child.name, child.result()))
            self._start()
        return out
