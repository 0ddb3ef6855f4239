"""LLVM's work in processes of its own: one per module, at most one per core at a time.

A process rather than a thread because LLVM holds one global lock, and because a wrong
module makes LLVM abort: the compiler must say so, not die of it.
"""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from typing import Protocol

from gol.jit import target
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
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.fd)
            _serve(job, out)
        os.close(out)

    def read(self) -> bool:
        """Take what there is; True at the end."""
        chunk = os.read(self.fd, 1 << 20)
        self.data += chunk
        return not chunk

    def result(self) -> bytes | Failure:
        os.close(self.fd)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            return Failure(f"LLVM stopped by {name}")
        if status or self.data[:1] != b"A":
            return Failure(self.data[1:].decode("utf-8", "replace") or "no result")
        return bytes(memoryview(self.data)[1:])

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.result()


def _serve(job: Job, out: int) -> None:
    """The child's whole life."""
    status = 1
    try:
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
