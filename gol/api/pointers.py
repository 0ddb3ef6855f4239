"""Pointers: objects that keep alive what they point to.

The attributes of a pointer to a struct are its fields, read and written in gol's memory,
and its methods. Where gol takes a \\*T Python may also give the dataclass of T: gol gets a
pointer to a copy, and what the call has changed in it is changed in the object.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from .bridge import INLINE, Out, put
from .errors import Mismatch
from .functions import attribute
from .handles import Handle, HandleConverter
from .plain import mismatch
from .structs import members, promoted
from .types import StructField, Type

if TYPE_CHECKING:
    from .registry import Converters


class Pointer(Handle):
    """A pointer of gol. ``gol.value(p)`` is a copy of what it points to."""

    __slots__ = ()

    def __dir__(self) -> list[str]:
        return [n for n in super().__dir__() if not n.startswith("_gol_")]


def read(bridge: Any, t: Type, address: int) -> Any:
    """The value of a variable of gol."""
    if not t.flat:
        return bridge.load(address, t)
    data = ctypes.string_at(address, t.size) if t.size else b""
    return bridge.converters.of(t).get(data, 0)[0]


def write(bridge: Any, t: Type, address: int, v: Any, what: str) -> None:
    def store(out: Out) -> None:
        if t.flat:
            ctypes.memmove(address, bytes(out), t.size)
        else:
            bridge.store(address, t, out)

    hand(bridge, t, v, what, store)


def hand(bridge: Any, t: Type, v: Any, what: str, to: Callable[[Out], None]) -> None:
    """Hand a value to gol; ``what`` it is stands in errors."""
    out = Out()
    try:
        put(bridge.converters.of(t), v, out)
        to(out)
    except BaseException as e:
        bridge.callables.drop(out)
        if isinstance(e, Mismatch):
            raise e.kind(f"{what}: {e.text}") from None
        raise


def _property(f: StructField) -> property:
    def get(self: Pointer) -> Any:
        return read(self._gol_bridge, f.type, self._gol_address + f.offset)

    def set(self: Pointer, v: Any) -> None:
        what = f"field {f.name} of {self._gol_type.elem.str}"
        write(self._gol_bridge, f.type, self._gol_address + f.offset, v, what)

    return property(get, set, doc=f"{f.name} {f.type.str}")


def _promoted(path: list[StructField]) -> property:
    """A field of an embedded struct, which lies here, or where an embedded pointer points."""
    at = 0
    for f in path[:-1]:
        if f.type.kind == "pointer":
            return _behind(_property(f._replace(offset=at + f.offset)), path[-1])
        at += f.offset
    return _property(path[-1]._replace(offset=at + path[-1].offset))


def _behind(pointer: property, f: StructField) -> property:
    name = attribute(f.name)

    def get(self: Pointer) -> Any:
        return getattr(pointer.__get__(self), name)

    def set(self: Pointer, v: Any) -> None:
        setattr(pointer.__get__(self), name, v)

    return property(get, set, doc=f"{f.name} {f.type.str}")


def _value(self: Pointer) -> Any:
    return read(self._gol_bridge, self._gol_type.elem, self._gol_address)


def _set_value(self: Pointer, v: Any) -> None:
    t = self._gol_type.elem
    write(self._gol_bridge, t, self._gol_address, v, f"variable of type {t.str}")


def make_class(t: Type, all: "Converters") -> type[Pointer]:
    elem = t.elem
    names: dict[str, Any] = {"__slots__": (), "__doc__": f"A pointer of type {t.str}."}
    if elem.kind == "struct":
        if not elem.opaque:
            names.update({attribute(f.name): _property(f) for f in members(elem)})
    else:
        names["value"] = property(_value, _set_value)
    for method, function in all.bridge.methods_of(elem).items():
        names.setdefault(method, function)
    if elem.kind == "struct" and not elem.opaque:
        for n, path in promoted(elem).items():
            names.setdefault(attribute(n), _promoted(path))
    return type(t.str, (Pointer,), names)


class PointerConverter(HandleConverter):
    lax = False  # takes whatever stands for a T

    def __init__(self, t: Type, all: "Converters") -> None:
        super().__init__(t, all)
        self.all = all
        self._cls: Optional[type[Pointer]] = None

    @property
    def made(self) -> type[Handle]:  # type: ignore[override]
        if self._cls is None:
            self._cls = make_class(self.type, self.all)
        return self._cls

    def put(self, v: Any, out: "Out") -> None:
        if v is None or isinstance(v, Handle):
            super().put(v, out)
            return
        elem = self.type.elem
        if not self.lax and getattr(type(v), "_gol_type", None) is not elem:
            raise mismatch(self.type, v)
        converter = self.all.of(elem)
        out.word(INLINE)
        converter.put(v, out)
        out.inlined.append((converter, v))


class Receiver(PointerConverter):
    """Of a method: also a value of a type that is no struct."""

    lax = True
