"""LLVM's work for a session, in one process that stays: a fork for each small module would
cost more than the module does.

So an abort of LLVM, or the end of memory, ends one compilation and not the session, and a
Ctrl-C ends it at any moment. The module after that gets a new process. The session's own
process does without LLVM, which is loaded while all else gets ready.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import socket
import struct
import traceback
from contextlib import suppress
from typing import Any, Optional

from gol.jit.artifact import Artifact
from gol.jit.child import Child
from gol.lang.deep import deep

_LENGTH = struct.Struct("<Q")
_GENERATION = 20_000  # objects to collect among, between two modules
_LIMITS: dict[bytes, type[Exception]] = {b"M": MemoryError, b"R": RecursionError}


class ServiceError(Exception):
    """A bug of the compiler's."""


class Service:
    def __init__(self) -> None:
        self._child: Optional[Child] = None
        self._socket: Optional[socket.socket] = None

    def start(self) -> None:
        """Have the process; the first work given does it if nobody did."""
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()  # it has nothing to say now but that it has ended
        if self._child is None:
            ours, theirs = socket.socketpair()
            self._socket = ours
            try:
                self._child = Child(lambda: _serve(theirs), signal.SIG_IGN)
            finally:
                theirs.close()

    def close(self) -> None:
        child, self._child = self._child, None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if child is not None:
            child.kill()

    def compile(self, ir: str, name: str, roots: list[Any]) -> Artifact:
        """As pipeline.compile_ir. Raises ServiceError, MemoryError, RecursionError."""
        return Artifact.load(self._ask(("compile", ir, name, roots)))

    def stages(self, ir: str, name: str, roots: list[Any]) -> dict[str, str]:
        """The module's text after every stage. Raises as compile does."""
        texts: dict[str, str] = marshal.loads(self._ask(("stages", ir, name, roots)))
        return texts

    def _ask(self, request: tuple[Any, ...]) -> bytes:
        self.start()
        assert self._socket is not None and self._child is not None
        child = self._child
        try:
            with suppress(ConnectionError):  # that it has ended is seen below
                _send(self._socket, marshal.dumps(request))
            answer = _receive(self._socket)
            if answer is None:
                status = child.ended()
                try:
                    raise ServiceError(child.failure(status).message)
                finally:
                    child.forget()
        except BaseException:
            self.close()
            raise
        kind, answer = answer[:1], answer[1:]
        if kind == b"E":
            raise ServiceError(answer.decode("utf-8", "replace"))
        if kind in _LIMITS:
            raise _LIMITS[kind]
        return answer


# -------------------------------------------------------------------- in the child
def _serve(to: socket.socket) -> None:
    """The child's whole life: until the session closes its end."""
    _let_go(to.fileno())
    from gol.jit import target

    target.machine()
    gc.disable()
    gc.freeze()
    while (request := _receive(to)) is not None:
        _send(to, _answer(*marshal.loads(request)))
        if gc.get_count()[0] > _GENERATION:
            gc.collect()  # while nobody waits


def _let_go(mine: int) -> None:
    """Keep nothing open that the session may want closed."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.closerange(3, mine)
    os.closerange(mine + 1, os.sysconf("SC_OPEN_MAX"))


def _answer(op: str, ir: str, name: str, roots: list[Any]) -> bytes:
    from gol.jit import pipeline

    texts: dict[str, str] = {}
    try:
        with deep():
            if op == "compile":
                return b"A" + pipeline.compile_ir(ir, name, roots=roots).dump()
            pipeline.compile_ir(ir, name, roots=roots, dump=texts.__setitem__)
            return b"A" + marshal.dumps(texts)
    except tuple(_LIMITS.values()) as e:
        return next(mark for mark, error in _LIMITS.items() if isinstance(e, error))
    except Exception as e:  # noqa: BLE001 (reported by the session)
        text = f"{type(e).__name__}: {e}"
        if os.environ.get("GOL_TRACEBACK"):
            text = traceback.format_exc()
        return b"E" + text.encode("utf-8", "replace")


# -------------------------------------------------------------------------- both
def _send(to: socket.socket, data: bytes) -> None:
    to.sendall(_LENGTH.pack(len(data)) + data, socket.MSG_NOSIGNAL)


def _receive(of: socket.socket) -> Optional[bytes]:
    """A message; None if the other end is closed."""
    head = _receive_bytes(of, _LENGTH.size)
    return None if head is None else _receive_bytes(of, _LENGTH.unpack(head)[0])


def _receive_bytes(of: socket.socket, n: int) -> Optional[bytes]:
    parts: list[bytes] = []
    while n:
        try:
            part = of.recv(min(n, 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


__all__ = ["Service", "ServiceError"]
