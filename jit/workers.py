"""LLVM's work in processes of its own: at most one per core.

A process rather than a thread because LLVM holds one global lock, and because it may abort
(:mod:`gol.jit.child`).
"""

from __future__ import annotations

import os
import select
from collections import deque

from gol.jit.child import Failure
from gol.jit.worker import COMPILE, Roots, Worker


class Workers:
    def __init__(self) -> None:
        self.limit = max(1, os.cpu_count() or 1)
        self.waiting: deque[tuple[str, str, Roots]] = deque()  # name, text, roots
        self.idle: list[Worker] = []
        self.running: list[Worker] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *args: object) -> None:
        for worker in (*self.idle, *self.running):
            worker.end()
        self.idle.clear()
        self.running.clear()

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.running)

    def start(self, count: int) -> None:
        """Have so many processes (but no more than there are cores) that load LLVM now."""
        while len(self.idle) + len(self.running) < min(count, self.limit):
            self.idle.append(Worker())

    def submit(self, name: str, text: str, roots: Roots) -> None:
        self.waiting.append((name, text, roots))
        self._assign()

    def _assign(self) -> None:
        while self.waiting and (self.idle or len(self.running) < self.limit):
            worker = self.idle.pop(0) if self.idle else Worker()
            self.running.append(worker)
            worker.give((COMPILE, *self.waiting.popleft()))

    def ready(self, wait: bool = False) -> list[tuple[str, bytes | Failure]]:
        """What has finished since the last call; with ``wait``, at least one if any runs.
        Raises MemoryError or RecursionError if that is what a worker met with."""
        out: list[tuple[str, bytes | Failure]] = []
        while self.running:
            done, _, _ = select.select(self.running, [], [], None if wait and not out else 0)
            if not done:
                break
            for worker in done:
                out.append((worker.name, worker.result()))
                self.running.remove(worker)
                if worker.pid:
                    self.idle.append(worker)
                else:
                    worker.end()
            self._assign()
        return out


__all__ = ["Roots", "Workers"]
