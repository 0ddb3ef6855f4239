"""A process that LLVM works in, one module after another (:mod:`gol.jit.child`).

It loads LLVM itself: one that is started before there is anything to do does that while the
front end is imported and at work, so this module imports little.

    compiler                 box: a file in memory                 worker
      op, name, text, roots  ─────────────────────────────▶  (a byte through the socket)
      what came of it        ◀─────────────────────────────  (its mark, through the socket)

Neither waits for the other to read: what it works on is in the box, and a socket holds a byte.
"""

from __future__ import annotations

import errno
import gc
import marshal
import os
import signal
import socket
from contextlib import suppress
from typing import Union

from gol.jit import memory
from gol.jit.child import Child, Failure, load
from gol.lang.deep import deep

Roots = list[tuple[str, int, tuple[int, ...]]]
Task = tuple[str, str, str, Roots]  # COMPILE or STAGES, name and text of a module, its roots

COMPILE = "compile"  # gives an Artifact, dumped
STAGES = "stages"  # gives the text after every stage: a dict, marshalled

_GENERATION = 20_000  # objects that make it worth while to look for garbage


class Worker:
    """``name``: of the module that it works on, "" if none. Raises MemoryError, OSError."""

    def __init__(self, interrupt: signal.Handlers = signal.SIG_DFL) -> None:
        self.name = ""
        self._child: Child | None = None
        self._socket: socket.socket | None = None
        self._box = -1
        try:
            self._box = box = os.memfd_create("gol-module")
            self._socket, theirs = socket.socketpair()
            with theirs:
                self._child = Child(lambda: _serve(box, theirs), interrupt)
        except BaseException as e:
            self.end()
            if isinstance(e, OSError) and e.errno in (errno.EMFILE, errno.ENFILE):
                raise OSError(e.errno, e.strerror, "process for LLVM") from None
            raise

    @property
    def pid(self) -> int:
        """0 once it is known to have ended."""
        return self._child.pid if self._child is not None else 0

    def fileno(self) -> int:
        """What can be read when there is a result, or the process has ended."""
        assert self._socket is not None
        return self._socket.fileno()

    def give(self, task: Task) -> None:
        assert self._socket is not None
        self.name = task[1]
        try:
            data = marshal.dumps(task)
        except ValueError:  # so it says that there was no room
            raise MemoryError from None
        _fill(self._box, data)
        with suppress(ConnectionError):  # it has ended, as ``result`` will find
            self._socket.send(b"t", socket.MSG_NOSIGNAL)

    def result(self) -> Union[bytes, Failure]:
        """Wait for what came of the task. Raises MemoryError or RecursionError if that is
        what the worker met with."""
        assert self._child is not None and self._socket is not None
        try:
            mark = self._socket.recv(1)
        except ConnectionError:
            mark = b""
        if mark == b"A":
            return _content(self._box)
        if mark == b"R":
            raise RecursionError
        if mark:
            return self._child.failure(0, _content(self._box).decode("utf-8", "replace"))
        return self._child.failure(self._child.ended())

    def end(self) -> None:
        if self._child is not None and self._child.pid:
            self._child.kill()
        elif self._child is not None:
            self._child.forget()
        self._child = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._box >= 0:
            os.close(self._box)
            self._box = -1


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


# -------------------------------------------------------------------- in the process
def _serve(box: int, to: socket.socket) -> None:
    """Its whole life: until the other end is closed."""
    try:
        _let_go(box, to.fileno())
        load()
    except Exception as e:  # noqa: BLE001 (reported by the parent)
        os.write(2, _described(e))
        return
    gc.disable()
    gc.freeze()
    while to.recv(1):
        mark, payload = _work(*marshal.loads(_content(box)))
        _fill(box, payload)
        to.send(mark, socket.MSG_NOSIGNAL)
        if gc.get_count()[0] > _GENERATION:
            gc.collect()


def _let_go(*mine: int) -> None:
    """Keep nothing open that the parent may want closed (without /proc, that is not known)."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    with suppress(FileNotFoundError):
        for fd in map(int, os.listdir("/proc/self/fd")):
            if fd > 2 and fd not in mine:
                with suppress(OSError):  # the one that listed them is closed
                    os.close(fd)


def _work(op: str, name: str, text: str, roots: Roots) -> tuple[bytes, bytes]:
    from gol.jit import pipeline

    texts: dict[str, str] = {}
    try:
        with deep():
            if op == COMPILE:
                return b"A", pipeline.compile_ir(text, name, roots=roots).dump()
            pipeline.compile_ir(text, name, roots=roots, dump=texts.__setitem__)
            return b"A", marshal.dumps(texts)
    except RecursionError:
        return b"R", b""
    except Exception as e:  # noqa: BLE001 (reported by the parent)
        return b"E", _described(e)


def _described(e: Exception) -> bytes:
    if memory.caused(e):
        text = "MemoryError"
    elif os.environ.get("GOL_TRACEBACK"):
        import traceback

        text = "".join(traceback.format_exception(e))
    else:
        text = f"{type(e).__name__}: {e}"
    return text.encode("utf-8", "replace")


__all__ = ["COMPILE", "STAGES", "Roots", "Worker"]
