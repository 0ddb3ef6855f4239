"""Questions about types that many rules of the language ask."""

from __future__ import annotations

from typing import Optional

from .. import types as T


def has_info(t: T.Type, info: int) -> bool:
    u = t.underlying()
    return type(u) is T.Basic and u.info & info != 0


def is_boolean(t: T.Type) -> bool:
    return has_info(t, T.BOOLEAN)


def is_integer(t: T.Type) -> bool:
    return has_info(t, T.INTEGER)


def is_unsigned(t: T.Type) -> bool:
    return has_info(t, T.UNSIGNED)


def is_float(t: T.Type) -> bool:
    return has_info(t, T.FLOAT)


def is_complex(t: T.Type) -> bool:
    return has_info(t, T.COMPLEX)


def is_numeric(t: T.Type) -> bool:
    return has_info(t, T.NUMERIC)


def is_string(t: T.Type) -> bool:
    return has_info(t, T.STRING)


def is_const_type(t: T.Type) -> bool:
    return has_info(t, T.CONST_TYPE)


def is_untyped(t: T.Type) -> bool:
    return type(t) is T.Basic and t.info & T.UNTYPED != 0


def is_pointer(t: T.Type) -> bool:
    return type(t.underlying()) is T.Pointer


def is_kind(t: T.Type, kind: str) -> bool:
    u = t.underlying()
    return type(u) is T.Basic and u.kind == kind


def is_bytes_or_runes(t: T.Type) -> bool:
    u = t.underlying()
    if type(u) is not T.Slice:
        return False
    e = u.elem.underlying()
    return type(e) is T.Basic and e.kind in ("uint8", "int32")


def has_name(t: T.Type) -> bool:
    return type(t) is T.Named or type(t) is T.Basic


def has_nil(t: T.Type) -> bool:
    u = t.underlying()
    if type(u) is T.Basic:
        return u.kind == "unsafe.Pointer"
    return type(u) in _NILABLE


_NILABLE = {T.Slice, T.Pointer, T.Signature, T.Map, T.Chan, T.Interface}

_COMPOSITE_KIND = {
    T.Array: "array",
    T.Slice: "slice",
    T.Struct: "struct",
    T.Pointer: "pointer",
    T.Signature: "func",
    T.Interface: "interface",
    T.Map: "map",
    T.Chan: "chan",
    T.Tuple: "tuple",
    T.Basic: "",
}


def composite_kind(t: T.Type) -> str:
    """What sort of composite type t is, in Go's words; "" for a basic type."""
    return _COMPOSITE_KIND.get(type(t.underlying()), "")


_DEFAULT = {
    T.UNTYPED_BOOL: T.BOOL,
    T.UNTYPED_INT: T.INT,
    T.UNTYPED_RUNE: T.RUNE,
    T.UNTYPED_FLOAT: T.FLOAT64,
    T.UNTYPED_COMPLEX: T.COMPLEX128,
    T.UNTYPED_STRING: T.STRING_T,
}


def default_type(t: T.Type) -> T.Type:
    return _DEFAULT.get(t, t) if type(t) is T.Basic else t


_RANK = {
    T.UNTYPED_INT: 1,
    T.UNTYPED_RUNE: 2,
    T.UNTYPED_FLOAT: 3,
    T.UNTYPED_COMPLEX: 4,
}


def wider_untyped(a: T.Basic, b: T.Basic) -> Optional[T.Basic]:
    """The untyped type of a mixed operation; None if they do not mix."""
    if a is b:
        return a
    ra, rb = _RANK.get(a), _RANK.get(b)
    if ra is None or rb is None:
        return None
    return a if ra > rb else b


def comparable(t: T.Type, seen: Optional[set[int]] = None) -> bool:
    """Can values of t be compared with ==? (Interfaces can, though that may panic.)"""
    u = t.underlying()
    k = type(u)
    if k is T.Basic:
        return u is not T.UNTYPED_NIL
    if k in (T.Pointer, T.Chan, T.Interface):
        return True
    if k is not T.Struct and k is not T.Array:
        return False
    if seen is None:
        seen = set()
    if id(t) in seen:
        return True
    seen.add(id(t))
    if type(u) is T.Struct:
        return all(comparable(f.type, seen) for f in u.fields)
    assert type(u) is T.Array
    return comparable(u.elem, seen)


def incomparable_field(t: T.Type) -> Optional[T.Type]:
    """The type of the first field of struct t that cannot be compared."""
    u = t.underlying()
    if type(u) is T.Struct:
        for f in u.fields:
            if not comparable(f.type):
                return f.type
    return None


def array_behind(t: T.Type) -> T.Type:
    """The underlying type of t; for a pointer to an array, the array."""
    u = t.underlying()
    if type(u) is T.Pointer:
        a = u.elem.underlying()
        if type(a) is T.Array:
            return a
    return u
