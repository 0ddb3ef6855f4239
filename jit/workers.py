"""LLVM's work in processes of its own: at most one per core, each doing one module after
another.

A process rather than a thread because LLVM holds one global lock, and because it may abort
(:mod:`gol.jit.child`).

A worker loads LLVM itself. One that is started before there is anything to do
(:meth:`Workers.start`) does that while the front end is imported and at work; so this
module imports little.

    compiler                 box: a file in memory                 worker
      text, roots       ────────────────────────────────▶  (a byte through ``go``)
      artifact, or why  ◀────────────────────────────────  (a byte through ``done``)
"""

from __future__ import annotations

import errno
import gc
import marshal
import os
import select
import signal
from collections import deque
from contextlib import suppress

from gol.jit import memory
from gol.jit.child import Child, Failure, load

Roots = list[tuple[str, int, tuple[int, ...]]]
Task = tuple[str, str, Roots]  # name and text of a module, its roots


class _Worker:
    """``name``: of the module that it compiles, "" if none."""

    def __init__(self) -> None:
        self.name = ""
        self._child: Child | None = None
        self._open: list[int] = []
        try:
            self.box = self._opened(os.memfd_create("gol-module"))
            wait, self._go = map(self._opened, os.pipe())
            self.done, report = map(self._opened, os.pipe())
            self._child = Child(lambda: _serve(self.box, wait, report), signal.SIG_DFL)
        except BaseException as e:
            self.end()
            if isinstance(e, OSError) and e.errno in (errno.EMFILE, errno.ENFILE):
                raise OSError(e.errno, e.strerror, "process for LLVM") from None
            raise
        self._close(wait)
        self._close(report)

    def _opened(self, fd: int) -> int:
        self._open.append(fd)
        return fd

    def _close(self, fd: int) -> None:
        self._open.remove(fd)
        os.close(fd)

    @property
    def pid(self) -> int:
        """0 once it has ended."""
        return self._child.pid if self._child is not None else 0

    def give(self, task: Task) -> None:
        self.name = task[0]
        try:
            data = marshal.dumps(task)
        except ValueError:  # so it says that there was no room
            raise MemoryError from None
        _fill(self.box, data)
        with suppress(BrokenPipeError):  # it has ended: ``done`` tells
            os.write(self._go, b"t")

    def result(self) -> bytes | Failure:
        """To be asked once ``done`` can be read. Raises MemoryError if that is what the
        worker met with."""
        assert self._child is not None
        said = os.read(self.done, 1)
        if said == b"A":
            return _content(self.box)
        if said:
            return self._child.failure(0, _content(self.box).decode("utf-8", "replace"))
        return self._child.failure(self._child.ended())

    def end(self) -> None:
        if self._child is not None and self._child.pid:
            self._child.kill()
        elif self._child is not None:
            self._child.forget()
        self._child = None
        for fd in self._open:
            os.close(fd)
        self._open.clear()


def _fill(fd: int, data: bytes) -> None:
    os.ftruncate(fd, 0)
    view, at = memoryview(data), 0
    while at < len(view):
        at += os.pwrite(fd, view[at:], at)


def _content(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    data = os.pread(fd, size, 0)
    while len(data) < size:
        data += os.pread(fd, size - len(data), len(data))
    return data


def _serve(box: int, wait: int, report: int) -> None:
    """The worker's whole life."""
    gc.disable()  # a module's garbage goes by itself
    try:
        load()
        from gol.jit import pipeline
    except Exception as e:  # noqa: BLE001 (reported by the parent)
        os.write(2, _describe(e))
        return
    while os.read(wait, 1):
        name, text, roots = marshal.loads(_content(box))
        try:
            payload, said = pipeline.compile_ir(text, name, roots=roots).dump(), b"A"
        except Exception as e:  # noqa: BLE001 (reported by the parent)
            payload, said = _describe(e), b"E"
        _fill(box, payload)
        os.write(report, said)


def _describe(e: Exception) -> bytes:
    text = "MemoryError" if memory.caused(e) else f"{type(e).__name__}: {e}"
    return text.encode("utf-8", "replace")


class Workers:
    def __init__(self) -> None:
        self.limit = max(1, os.cpu_count() or 1)
        self.waiting: deque[Task] = deque()
        self.idle: list[_Worker] = []
        self.running: dict[int, _Worker] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *args: object) -> None:
        for worker in (*self.idle, *self.running.values()):
            worker.end()
        self.idle.clear()
        self.running.clear()

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.running)

    def start(self, count: int) -> None:
        """Have so many processes (but no more than there are cores) that load LLVM now."""
        while len(self.idle) + len(self.running) < min(count, self.limit):
            self.idle.append(_Worker())

    def submit(self, name: str, text: str, roots: Roots) -> None:
        self.waiting.append((name, text, roots))
        self._assign()

    def _assign(self) -> None:
        while self.waiting and (self.idle or len(self.running) < self.limit):
            worker = self.idle.pop(0) if self.idle else _Worker()
            worker.give(self.waiting.popleft())
            self.running[worker.done] = worker

    def ready(self, wait: bool = False) -> list[tuple[str, bytes | Failure]]:
        """What has finished since the last call; with ``wait``, at least one if any runs."""
        out: list[tuple[str, bytes | Failure]] = []
        while self.running:
            fds, _, _ = select.select(list(self.running), [], [], None if wait and not out else 0)
            if not fds:
                break
            for fd in fds:
                worker = self.running[fd]
                out.append((worker.name, worker.result()))
                del self.running[fd]
                if worker.pid:
                    self.idle.append(worker)
                else:
                    worker.end()
            self._assign()
        return out
