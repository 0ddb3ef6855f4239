"""LLVM's work in processes of its own: one per module, at most one per core at a time.

A process rather than a thread because LLVM holds one global lock, and because it may abort
(:mod:`gol.jit.child`).
"""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from typing import Protocol

from gol.jit import target
from gol.jit.artifact import Artifact
from gol.jit.child import Child, Failure, write_all


class Job(Protocol):
    name: str

    def run(self) -> Artifact: ...


class _Worker:
    """A child that compiles one job and writes the artifact to a pipe."""

    def __init__(self, job: Job) -> None:
        self.name = job.name
        self.data = bytearray()
        self.fd, out = os.pipe()
        try:
            self.child = Child(lambda: _compile(job, out), signal.SIG_DFL)
        except MemoryError:
            os.close(self.fd)
            raise
        finally:
            os.close(out)

    def read(self) -> bool:
        """Take what there is; True at the end."""
        chunk = os.read(self.fd, 1 << 20)
        self.data += chunk
        return not chunk

    def result(self) -> bytes | Failure:
        """Raises MemoryError if that is what the child met with."""
        os.close(self.fd)
        status = self.child.ended()
        try:
            if status == 0 and self.data[:1] == b"A":
                return bytes(memoryview(self.data)[1:])
            return self.child.failure(status, self.data[1:].decode("utf-8", "replace"))
        finally:
            self.child.forget()

    def kill(self) -> None:
        os.close(self.fd)
        self.child.kill()


def _compile(job: Job, out: int) -> None:
    try:
        payload = b"A" + job.run().dump()
    except Exception as e:  # noqa: BLE001 (reported by the parent)
        payload = b"E" + f"{type(e).__name__}: {e}".encode("utf-8", "replace")
    write_all(out, payload)


class Workers:
    def __init__(self) -> None:
        self.limit = max(1, os.cpu_count() or 1)
        self.waiting: deque[Job] = deque()
        self.running: dict[int, _Worker] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *args: object) -> None:
        for worker in self.running.values():
            worker.kill()
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
            worker = _Worker(self.waiting.popleft())
            self.running[worker.fd] = worker

    def ready(self, wait: bool = False) -> list[tuple[str, bytes | Failure]]:
        """What has finished since the last call; with ``wait``, at least one if any runs."""
        out: list[tuple[str, bytes | Failure]] = []
        while self.running:
            fds, _, _ = select.select(list(self.running), [], [], None if wait and not out else 0)
            if not fds:
                break
            for fd in fds:
                if self.running[fd].read():
                    worker = self.running.pop(fd)
                    out.append((worker.name, worker.result()))
            self._start()
        return out
