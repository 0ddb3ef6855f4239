"""The converter of every type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import callables, channels, convert, handles, plain, pointers, structs
from .types import Type

if TYPE_CHECKING:
    from .bridge import Bridge

_BY_KIND: dict[str, Any] = {
    "string": convert.String,
    "slice": convert.Slice,
    "map": convert.Map,
    "interface": convert.Interface,
    "pointer": pointers.PointerConverter,
    "func": callables.FuncConverter,
    "chan": channels.ChannelConverter,
}


class Converters:
    """One converter for each type of the process."""

    def __init__(self, bridge: "Bridge") -> None:
        self.bridge = bridge
        self._made: dict[int, convert.Converter] = {}

    def of(self, t: Type) -> convert.Converter:
        got = self._made.get(t.address)
        if got is None:
            got = self._made.setdefault(t.address, self._make(t))
        return got

    def flat(self, t: Type) -> plain.Plain:
        """Of a type without pointers."""
        got = self.of(t)
        assert isinstance(got, plain.Plain)
        return got

    def _make(self, t: Type) -> convert.Converter:
        kind = t.kind
        if kind in plain.NUMBERS:
            return plain.NUMBERS[kind](t)
        if kind in ("complex64", "complex128"):
            return plain.ComplexNumber(t)
        if t.opaque:
            return plain.Memory(t) if t.flat else handles.HandleConverter(t, self)
        if kind == "array":
            if t.elem.kind == "uint8":
                return convert.ByteArray(t)
            return plain.PlainArray(t, self.flat(t.elem)) if t.flat else convert.Array(t, self)
        if kind == "struct":
            return structs.PlainStruct(t, self) if t.flat else structs.Struct(t, self)
        if t.str == "error" and not t.pkgpath:
            return convert.ErrorValue(t, self)
        return _BY_KIND[kind](t, self)
