"""Sizes, alignments and offsets: Go's layout on amd64."""

from __future__ import annotations

from . import types as T

WORD = 8

_BASIC_SIZE = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "complex64": 8,
    "complex128": 16,
    "string": 16,
    "untyped bool": 1,
    "untyped rune": 4,
    "untyped complex": 16,
    "untyped string": 16,
}  # every other one: 8


def sizeof(t: T.Type) -> int:
    u = t.underlying()
    if isinstance(u, T.Basic):
        return _BASIC_SIZE.get(u.kind, WORD)
    if isinstance(u, T.Array):
        return u.len * sizeof(u.elem)
    if isinstance(u, T.Struct):
        return _layout(u)[1]
    if isinstance(u, T.Slice):
        return 3 * WORD
    if isinstance(u, T.Interface):
        return 2 * WORD
    return WORD


def alignof(t: T.Type) -> int:
    u = t.underlying()
    if isinstance(u, T.Array):
        return alignof(u.elem)
    if isinstance(u, T.Struct):
        return max((alignof(f.type) for f in u.fields), default=1)
    if isinstance(u, T.Basic) and u.kind == "complex64":
        return 4
    return max(1, min(sizeof(u), WORD))


def offsetsof(t: T.Type) -> list[int]:
    """The offset of each field of a struct type."""
    u = t.underlying()
    assert isinstance(u, T.Struct)
    return _layout(u)[0]


def _layout(u: T.Struct) -> tuple[list[int], int]:
    """The offsets and the size. Each field is measured once, for structs nest deeply."""
    offsets: list[int] = []
    at = size = 0
    for f in u.fields:
        size = sizeof(f.type)
        at = align_up(at, alignof(f.type))
        offsets.append(at)
        at += size
    # the address of a zero-size last field must lie inside the struct
    if at > 0 and size == 0:
        at += 1
    return offsets, align_up(at, alignof(u))


def align_up(n: int, align: int) -> int:
    return (n + align - 1) // align * align
