"""Static data as LLVM text: symbols, byte strings, initialisers of gol structs.

In static data every pointer is written as a plain ``ptr``: a gcptr has the same size and
bits, and readers of the global name their own types.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from gol.jit import abi
from gol.lang import types as T
from gol.lang.digest import blake2b


class Definer(Protocol):
    def define(self, symbol: str, text: str) -> None: ...


@lru_cache(maxsize=1 << 16)
def sym(symbol: str) -> str:
    """A symbol as written after ``@``: quoted, specials escaped."""
    out = []
    for c in symbol:
        if c in '"\\' or ord(c) < 32 or ord(c) == 127:
            out.append(f"\\{ord(c):02X}")
        else:
            out.append(c)
    return '"' + "".join(out) + '"'


def cstring(data: bytes) -> str:
    """An LLVM ``c"..."`` constant of those bytes, no zero appended."""
    out = []
    for b in data:
        if 32 <= b < 127 and b not in (34, 92):
            out.append(chr(b))
        else:
            out.append(f"\\{b:02X}")
    return 'c"' + "".join(out) + '"'


def string_bytes(module: Definer, data: bytes) -> str:
    """``@"gostr:..."``, a private constant with the bytes of a string; "null" if empty."""
    if not data:
        return "null"
    text = data.decode("ascii", "replace")
    plain = len(data) <= 40 and data.isascii() and text.isprintable() and '"' not in text
    name = text if plain else "#" + blake2b(data, digest_size=12).hexdigest()
    symbol = f"gostr:{name}"
    module.define(
        symbol,
        f"@{sym(symbol)} = private unnamed_addr constant [{len(data)} x i8] {cstring(data)}, "
        "align 1",
    )
    return "@" + sym(symbol)


def string_const(module: Definer, data: bytes) -> str:
    """The initialiser of a string: ``{ ptr @"gostr:x", i64 1 }``."""
    if not data:
        return "zeroinitializer"
    return f"{{ ptr {string_bytes(module, data)}, i64 {len(data)} }}"


def slice_of(ref: str, n: int) -> str:
    return f"{{ ptr {ref}, i64 {n}, i64 {n} }}"


def pointer_to(symbol: str) -> str:
    """The address of a symbol as a uintptr."""
    return f"ptrtoint (ptr @{sym(symbol)} to i64)"


def static_type(t: T.Type) -> str:
    """The type of t in static data."""
    return abi.mem_type(t).replace(abi.GCPTR, "ptr")


def initializer(struct: T.Type, values: dict[str, str]) -> str:
    """``{types} {values}`` of a struct type with the named fields set, all others zero."""
    u = struct.underlying()
    assert isinstance(u, T.Struct)
    left = dict(values)
    members = []
    for f in u.fields:
        text = static_type(f.type)
        members.append(f"{text} {left.pop(f.name, None) or abi.zero_of(text)}")
    if left:
        raise KeyError(f"{struct} has no field {', '.join(left)}")
    return f"{static_type(u)} {{ {', '.join(members)} }}"
