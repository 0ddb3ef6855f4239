"""Objects that stand for values of gol and keep them alive there.

Python lets go of one at any time, also from within a garbage collection that interrupts a
call of gol: so its number is only noted, and gol told before the next call.
"""

from __future__ import annotations

import ctypes
import struct
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .describe import CODES
from .plain import mismatch
from .types import Type

if TYPE_CHECKING:
    from .bridge import Bridge, Out
    from .registry import Converters

_unpack = struct.Struct("<Q").unpack_from
_pair = struct.Struct("<QQ").unpack_from


class Held(weakref.ref["Handle"]):
    """A handle that Python has an object for. When the object goes this is put on the list of
    those: by C, so no Ctrl-C comes between."""

    __slots__ = ("handle",)

    handle: int

    def __new__(cls, object: "Handle", handle: int, gone: Callable[[Any], None]) -> "Held":
        self = super().__new__(cls, object, gone)
        self.handle = handle
        return self

    def __init__(self, object: "Handle", handle: int, gone: Callable[[Any], None]) -> None:
        super().__init__(object, gone)  # type: ignore[call-arg]


class Handle:
    """A value that Python cannot look into: a channel, a struct with private fields."""

    __slots__ = ("_gol_bridge", "_gol_type", "_gol_handle", "_gol_address", "__weakref__")

    _gol_bridge: "Bridge"
    _gol_type: Type
    _gol_handle: int
    _gol_address: int

    def __init__(self, bridge: "Bridge", type: Type, handle: int, address: int) -> None:
        set = object.__setattr__  # subclasses have fields of gol for attributes
        set(self, "_gol_bridge", bridge)
        set(self, "_gol_type", type)
        set(self, "_gol_address", address)
        set(self, "_gol_handle", handle)
        bridge.live[handle] = Held(self, handle, bridge.released.append)

    def __repr__(self) -> str:
        return f"<gol {self._gol_type.str} at {self._gol_address:#x}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handle):
            return NotImplemented
        same = self._gol_address == other._gol_address and self._gol_type is other._gol_type
        return same and (self._gol_address != 0 or self._gol_handle == other._gol_handle)

    def __hash__(self) -> int:
        return hash(self._gol_address or self._gol_handle)

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle a {self._gol_type.str} of gol")

    def __copy__(self) -> "Handle":
        return self

    def __deepcopy__(self, memo: Any) -> "Handle":
        return self


class HandleConverter:
    """Channels, and what is opaque."""

    made: type[Handle] = Handle

    def __init__(self, t: Type, all: "Converters") -> None:
        self.type = t
        self.bridge = all.bridge

    def put(self, v: Any, out: "Out") -> None:
        if v is None and self.type.kind != "struct":
            out.word(0)
            return
        if not isinstance(v, Handle) or v._gol_type is not self.type:
            raise mismatch(self.type, v)
        out.word(v._gol_handle)
        out.keep.append(v)

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        handle = _unpack(data, at)[0]
        at += 8
        if not handle:
            return None, at
        return self.made(self.bridge, self.type, handle, _unpack(data, at)[0]), at + 8

    def zero(self) -> None:
        if self.type.kind == "struct":
            raise TypeError(f"a {self.type.str} cannot be made in Python")
        return None


def view(bridge: "Bridge", t: Type, n: int, address: int, handle: int) -> memoryview:
    """A memoryview of the array of a slice; as long as it lives, so does the array."""
    elem = t.elem
    code: Any = CODES.get(elem.kind, "B")
    memory = (ctypes.c_char * (n * elem.size)).from_address(address)
    setattr(memory, "_gol_handle", Handle(bridge, t, handle, address))  # noqa: B010
    flat = memoryview(memory).cast("B")
    return flat.cast(code) if n else flat[:0].cast(code)
