"""Channels: sending, receiving, closing. Whoever waits lets other threads and goroutines
run; Ctrl-C, and a deadlock, end that as they end any call."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .handles import Handle, HandleConverter
from .pointers import hand
from .types import Type

if TYPE_CHECKING:
    from .bridge import Out

_unpack = struct.Struct("<Q").unpack_from
_RECEIVE, _SEND, _BOTH = 1, 2, 3  # of a descriptor's len


class Channel(Handle):
    """A channel of gol. What is iterated over is received, until the channel is closed."""

    __slots__ = ()

    def send(self, v: Any) -> None:
        t = self._may(_SEND, "cannot send to")
        function = self._gol_bridge.symbol("Send")

        def send(out: "Out") -> None:
            self._gol_bridge.submit(function, self._gol_handle, 0, out)

        hand(self._gol_bridge, t.elem, v, f"element for a {t.str}", send)

    def recv(self) -> Any:
        """The next element; EOFError if the channel is closed."""
        t = self._may(_RECEIVE, "cannot receive from")
        bridge = self._gol_bridge
        element = _Received(bridge.converters.of(t.elem))
        return bridge.fetch(bridge.symbol("Receive"), self._gol_handle, 0, element)

    def close(self) -> None:
        self._may(_SEND, "cannot close")
        self._gol_bridge.fetch(self._gol_bridge.symbol("Close"), self._gol_handle, 0, _NOTHING)

    def __iter__(self) -> Iterator[Any]:
        while True:
            try:
                v = self.recv()
            except EOFError:
                return
            yield v

    def __len__(self) -> int:
        """How many elements are in the buffer."""
        return self._sizes()[0]

    @property
    def capacity(self) -> int:
        return self._sizes()[1]

    def __bool__(self) -> bool:
        return True

    def _sizes(self) -> tuple[int, int]:
        bridge = self._gol_bridge
        n, capacity = bridge.fetch(bridge.symbol("Sizes"), self._gol_handle, 0, _SIZES)
        return n, capacity

    def _may(self, what: int, cannot: str) -> Type:
        t = self._gol_type
        if not t.len & what:
            raise TypeError(f"{cannot} a {t.str}")
        return t


class _Received:
    """Reads what Receive of chan.gol has written."""

    def __init__(self, converter: Any) -> None:
        self.converter = converter

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        if not _unpack(data, at)[0]:
            raise EOFError("the channel is closed")
        return self.converter.get(data, at + 8)  # type: ignore[no-any-return]


class _Sizes:
    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        return struct.unpack_from("<QQ", data, at), at + 16


class _Nothing:
    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        return None, at


_SIZES, _NOTHING = _Sizes(), _Nothing()


class ChannelConverter(HandleConverter):
    made = Channel

    def put(self, v: Any, out: "Out") -> None:
        if isinstance(v, Channel) and v._gol_type is not self.type and self._takes(v._gol_type):
            out.word(v._gol_handle)
            out.keep.append(v)
            return
        super().put(v, out)

    def _takes(self, t: Type) -> bool:
        """As Go assigns a channel of both directions to one of another type."""
        mine = self.type
        return t.len == _BOTH and t.elem is mine.elem and not (t.name and mine.name)
