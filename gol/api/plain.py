"""Converters of values without pointers: numbers, and arrays and structs of them. Their
bytes are gol's memory, so one ``struct.Struct`` reads and writes the whole value."""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Iterator
from typing import Any

from .describe import CODES
from .errors import Mismatch
from .types import Type

RANGES = {
    "int": (-(1 << 63), (1 << 63) - 1), "int64": (-(1 << 63), (1 << 63) - 1),
    "int8": (-128, 127), "int16": (-(1 << 15), (1 << 15) - 1),
    "int32": (-(1 << 31), (1 << 31) - 1), "uint": (0, (1 << 64) - 1),
    "uint8": (0, 255), "uint16": (0, (1 << 16) - 1), "uint32": (0, (1 << 32) - 1),
    "uint64": (0, (1 << 64) - 1), "uintptr": (0, (1 << 64) - 1),
}  # fmt: skip
_LARGEST_FLOAT32 = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]


def shown(v: object) -> str:
    """A value for an error text, with its type."""
    if v is None:
        return "None"
    try:
        text = repr(v)
    except Exception:  # noqa: BLE001 (it is only shown)
        text = ""
    name = type(v).__name__
    return f"{name} {text}" if text and len(text) <= 40 and "\n" not in text else name


def mismatch(t: Type, v: object, hint: str = "") -> Mismatch:
    return Mismatch(TypeError, f"wanted {t.str}, got {shown(v)}{hint}")


class Plain:
    """``size`` bytes that ``format`` (struct codes, padding included) packs. ``flatten``
    appends what is packed, ``build`` takes what was unpacked."""

    code = ""  # of a number that one struct code packs

    def __init__(self, t: Type, format: str) -> None:
        self.type = t
        self.size = t.size
        self.format = format
        self.struct = struct.Struct("<" + format)

    def flatten(self, v: Any, to: list[Any]) -> None:
        raise NotImplementedError

    def build(self, values: Iterator[Any]) -> Any:
        raise NotImplementedError

    def put(self, v: Any, out: bytearray) -> None:
        values: list[Any] = []
        self.flatten(v, values)
        out += self.struct.pack(*values)

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        return self.build(iter(self.struct.unpack_from(data, at))), at + self.size

    def zero(self) -> Any:
        return self.build(iter(self.struct.unpack(bytes(self.size))))


class Number(Plain):
    """One struct code. ``check`` gives what is packed."""

    def __init__(self, t: Type) -> None:
        super().__init__(t, CODES[t.kind])
        self.code = self.format

    def check(self, v: Any) -> Any:
        raise NotImplementedError

    def flatten(self, v: Any, to: list[Any]) -> None:
        to.append(self.check(v))

    def build(self, values: Iterator[Any]) -> Any:
        return next(values)


class Bool(Number):
    def check(self, v: Any) -> bool:
        if v is True or v is False:
            return v
        if type(v).__module__ == "numpy" and type(v).__name__ in ("bool", "bool_"):
            return bool(v)
        raise mismatch(self.type, v)


class Int(Number):
    def __init__(self, t: Type) -> None:
        super().__init__(t)
        self.low, self.high = RANGES[t.kind]

    def check(self, v: Any) -> int:
        if type(v) is not int:
            v = self.index(v)
        if self.low <= v <= self.high:
            return v
        raise Mismatch(
            OverflowError, f"{v} does not fit in {self.type.str} ({self.low} to {self.high})"
        )

    def index(self, v: Any) -> int:
        if isinstance(v, bool):
            raise mismatch(self.type, v)
        try:
            return operator.index(v)
        except TypeError:
            if self.type.str == "time.Duration" and type(v).__name__ == "timedelta":
                return (v.days * 86400 + v.seconds) * 10**9 + v.microseconds * 1000
            raise mismatch(self.type, v) from None


class Float(Number):
    def check(self, v: Any) -> float:
        if type(v) is not float:
            v = real(self.type, v)
        if self.size == 4 and abs(v) > _LARGEST_FLOAT32 and math.isfinite(v):
            try:
                self.struct.pack(v)  # what rounds to the largest one is let through
            except OverflowError:
                raise Mismatch(OverflowError, f"{v} does not fit in {self.type.str}") from None
        return v


def real(t: Type, v: Any) -> float:
    """An int, or a float of another class (numpy's); no bool."""
    if isinstance(v, (int, float)) and not isinstance(v, bool):
        try:
            return float(v)
        except OverflowError:
            raise Mismatch(OverflowError, f"{shown(v)} does not fit in {t.str}") from None
    import numbers

    if isinstance(v, numbers.Real) and not isinstance(v, bool):
        return float(v)
    raise mismatch(t, v)


class ComplexNumber(Plain):
    def __init__(self, t: Type) -> None:
        super().__init__(t, "ff" if t.kind == "complex64" else "dd")

    def flatten(self, v: Any, to: list[Any]) -> None:
        if type(v) is not complex:
            import numbers

            if isinstance(v, bool) or not isinstance(v, numbers.Complex):
                raise mismatch(self.type, v)
            v = complex(v)
        if self.size == 8:
            try:
                self.struct.pack(v.real, v.imag)
            except OverflowError:
                raise Mismatch(OverflowError, f"{v} does not fit in {self.type.str}") from None
        to += (v.real, v.imag)

    def build(self, values: Iterator[Any]) -> complex:
        return complex(next(values), next(values))


class Memory(Plain):
    """Plain memory that Python cannot take apart, as bytes."""

    def __init__(self, t: Type) -> None:
        super().__init__(t, f"{t.size}s")

    def flatten(self, v: Any, to: list[Any]) -> None:
        if not isinstance(v, (bytes, bytearray)) or len(v) != self.size:
            raise Mismatch(
                TypeError, f"wanted {self.size} bytes for {self.type.str}, got {shown(v)}"
            )
        to.append(bytes(v))

    def build(self, values: Iterator[Any]) -> bytes:
        return next(values)


class PlainArray(Plain):
    """An array, as a tuple."""

    def __init__(self, t: Type, elem: Plain) -> None:
        super().__init__(t, elem.format * t.len if elem.size else "")
        self.elem = elem

    def flatten(self, v: Any, to: list[Any]) -> None:
        for i, x in enumerate(elements(self.type, v)):
            try:
                self.elem.flatten(x, to)
            except Mismatch as e:
                raise e.inside(f"element {i}") from None

    def build(self, values: Iterator[Any]) -> tuple[Any, ...]:
        build = self.elem.build
        return tuple([build(values) for _ in range(self.type.len)])


def elements(t: Type, v: Any) -> Any:
    """The elements for an array: as many as it has."""
    if isinstance(v, (str, bytes, bytearray)) or not hasattr(v, "__len__"):
        if not (isinstance(v, (bytes, bytearray)) and t.elem.kind == "uint8"):
            raise mismatch(t, v)
    if not hasattr(v, "__getitem__") or hasattr(v, "keys"):
        raise mismatch(t, v)
    items = v.tolist() if hasattr(v, "tolist") else tuple(v)  # they cannot get fewer any more
    if len(items) != t.len:
        raise Mismatch(TypeError, f"wanted {t.len} elements for {t.str}, got {len(items)}")
    return items


NUMBERS: dict[str, type[Number]] = {
    k: Bool if k == "bool" else Float if k in ("float32", "float64") else Int for k in CODES
}
