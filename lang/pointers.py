"""Which values hold pointers, and which an interface holds in its data word itself."""

from __future__ import annotations

from .types import (
    Array,
    Basic,
    Chan,
    Map,
    Pointer,
    Signature,
    Struct,
    Tuple,
    Type,
    underlying,
)

_pointers: dict[int, tuple[Type, bool]] = {}


def has_pointers(t: Type) -> bool:
    """Whether a value of type t holds any pointer word."""
    u = underlying(t)
    if isinstance(u, Basic):
        return u.kind in ("string", "unsafe.Pointer", "untyped string", "untyped nil")
    if isinstance(u, Array):
        return u.len > 0 and has_pointers(u.elem)
    if isinstance(u, (Struct, Tuple)):
        hit = _pointers.get(id(u))
        if hit is not None and hit[0] is u:
            return hit[1]
        types = u.types if isinstance(u, Tuple) else [f.type for f in u.fields]
        r = any(has_pointers(x) for x in types)
        _pointers[id(u)] = (u, r)
        return r
    return True


def direct_interface(t: Type) -> bool:
    """Whether an interface holds values of type t in its data word itself."""
    u = underlying(t)
    if isinstance(u, (Pointer, Map, Chan, Signature)):
        return True
    if isinstance(u, Basic):
        return u.kind == "unsafe.Pointer"
    if isinstance(u, Struct):
        return len(u.fields) == 1 and direct_interface(u.fields[0].type)
    if isinstance(u, Array):
        return u.len == 1 and direct_interface(u.elem)
    return False
