"""gol's type descriptors, as they lie in memory (runtime/type.gol). They are static: a type
is known by the address of its descriptor, for as long as the process lives."""

from __future__ import annotations

import ctypes
import struct
from typing import NamedTuple, Optional

KINDS = (
    "invalid", "bool", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16",
    "uint32", "uint64", "uintptr", "float32", "float64", "complex64", "complex128", "array",
    "chan", "func", "interface", "map", "pointer", "slice", "string", "struct",
    "unsafe.Pointer",
)  # fmt: skip
MODULES = "py/"  # the paths of packages that Python loaded begin with this

_word = struct.Struct("<Q").unpack
_words = struct.Struct("<QQ").unpack


class StructField(NamedTuple):
    name: str
    pkgpath: str  # of an unexported name
    type: "Type"
    offset: int
    embedded: bool


def word_at(address: int) -> int:
    value: int = _word(ctypes.string_at(address, 8))[0]
    return value


def text_at(address: int) -> str:
    """The gol string whose header is at an address."""
    p, n = _words(ctypes.string_at(address, 16))
    return ctypes.string_at(p, n).decode("utf-8", "replace") if n else ""


class Type:
    """One descriptor. What it refers to is looked up when asked for."""

    __slots__ = ("address", "reader", "size", "flat", "kind", "str", "name", "pkgpath", "len")

    def __init__(self, address: int, reader: "Types") -> None:
        self.address = address
        self.reader = reader
        at = reader.at
        self.size = word_at(address + at["size"])
        self.flat = word_at(address + at["ptrdata"]) == 0
        self.kind = KINDS[ctypes.string_at(address + at["kind"], 1)[0]]
        self.str = text_at(address + at["str"]).replace("interface {}", "any")
        self.name = text_at(address + at["name"])
        self.pkgpath = text_at(address + at["pkgpath"])
        self.len = word_at(address + at["len"])

    def __repr__(self) -> str:
        return f"<gol type {self.str}>"

    def _link(self, field: str) -> "Type":
        return self.reader.type_at(word_at(self.address + self.reader.at[field]))

    @property
    def elem(self) -> "Type":
        return self._link("elem")

    @property
    def key(self) -> "Type":
        return self._link("key")

    @property
    def fields(self) -> list[StructField]:
        at, read = self.reader.field_at, self.reader.type_at
        return [
            StructField(
                text_at(p + at["name"]),
                text_at(p + at["pkgpath"]),
                read(word_at(p + at["typ"])),
                word_at(p + at["offset"]),
                ctypes.string_at(p + at["embedded"], 1) != b"\0",
            )
            for p in self._array("fields", self.reader.field_size)
        ]

    def _array(self, field: str, size: int) -> list[int]:
        p, n = _words(ctypes.string_at(self.address + self.reader.at[field], 16))
        return [p + i * size for i in range(n)]

    @property
    def opaque(self) -> bool:
        """Whether Python cannot take its values apart (``opaque`` of put.gol)."""
        if self.kind == "unsafe.Pointer":
            return True
        return self.kind == "struct" and any(
            f.pkgpath and f.name != "_" and not f.pkgpath.startswith(MODULES) for f in self.fields
        )

    def missing_method(self, inter: "Type") -> Optional[str]:
        """The first method of an interface that this type has not got."""
        r = self.reader
        have = {
            text_at(p + r.method_at["name"]): word_at(p + r.method_at["typ"])
            for p in self._array("methods", r.method_size)
        }
        for p in inter._array("imethods", r.imethod_size):
            name = text_at(p + r.imethod_at["name"])
            typ = have.get(name)
            if typ is None or typ and typ != word_at(p + r.imethod_at["typ"]):
                return name
        return None


class Types:
    """The descriptors of the process, by address."""

    def __init__(self, layout: dict[str, int]) -> None:
        self.at = _offsets(layout, "_type_")
        self.field_at, self.field_size = _of(layout, "structfield")
        self.method_at, self.method_size = _of(layout, "method")
        self.imethod_at, self.imethod_size = _of(layout, "imethod")
        self._types: dict[int, Type] = {}

    def type_at(self, address: int) -> Type:
        t = self._types.get(address)
        if t is None:
            t = self._types[address] = Type(address, self)
        return t


def _offsets(layout: dict[str, int], prefix: str) -> dict[str, int]:
    return {k[len(prefix) :]: v for k, v in layout.items() if k.startswith(prefix)}


def _of(layout: dict[str, int], name: str) -> tuple[dict[str, int], int]:
    return _offsets(layout, f"{name}_"), layout[f"{name}__size"]
