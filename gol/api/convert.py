"""Converters: how values of one gol type look in Python, and back.

A converter has ``put(v, out)``, which appends what gol reads (get.gol), and
``get(data, at)``, which gives the value that gol wrote (put.gol) at an offset and the offset
behind it. Both raise :class:`Mismatch` where a value is not of the type.

    bool, ints, floats, complex   bool, int, float, complex
    string                        str; bytes that are not UTF-8 are surrogates, as in os.fsdecode
    []byte, [n]byte               bytes
    slice, array, map             list, tuple, dict
    struct                        a dataclass, one for each type (structs.py)
    pointer                       a Pointer that keeps what it points to alive (pointers.py)
    func                          a callable (callables.py)
    any, interfaces               what the dynamic type says
    error                         gol.Error
    chan, opaque structs          a Handle
    nil                           None
"""

from __future__ import annotations

import array
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Protocol

from . import plain
from .bridge import FOREIGN, NONE, Out
from .buffers import Export, is_buffer
from .errors import Error, Mismatch
from .handles import Handle, view
from .plain import Plain, mismatch, shown
from .types import Type

if TYPE_CHECKING:
    from .registry import Converters

_COPIED = 1 << 10  # so few bytes that must not change are rather copied

_unpack = struct.Struct("<Q").unpack_from


class Converter(Protocol):
    type: Type

    def put(self, v: Any, out: Out) -> None: ...

    def get(self, data: bytes, at: int) -> tuple[Any, int]: ...

    def zero(self) -> Any: ...


class String:
    def __init__(self, t: Type, all: Converters) -> None:
        self.type = t

    def put(self, v: Any, out: Out) -> None:
        if not isinstance(v, str):
            hint = "; decode it first" if isinstance(v, (bytes, bytearray)) else ""
            raise mismatch(self.type, v, hint)
        _put_text(v, out)

    def get(self, data: bytes, at: int) -> tuple[str, int]:
        at += 8
        end = at + _unpack(data, at - 8)[0]
        try:
            return data[at:end].decode(), end
        except UnicodeDecodeError:
            return data[at:end].decode("utf-8", "surrogateescape"), end

    def zero(self) -> str:
        return ""


def _put_text(v: str, out: Out) -> None:
    try:
        raw = v.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as e:
        raise Mismatch(
            ValueError, f"character {e.start} of a string is a surrogate ({v[e.start]!r})"
        ) from None
    out += len(raw).to_bytes(8, "little")
    out += raw


class ByteArray(Plain):
    """[n]byte, as bytes."""

    def __init__(self, t: Type) -> None:
        super().__init__(t, f"{t.len}s")

    def flatten(self, v: Any, to: list[Any]) -> None:
        if not isinstance(v, (bytes, bytearray)):
            v = bytes(_bytes_of(self.type, plain.elements(self.type, v)))
        if len(v) != self.type.len:
            raise Mismatch(
                TypeError, f"wanted {self.type.len} bytes for {self.type.str}, got {len(v)}"
            )
        to.append(bytes(v))

    def build(self, values: Any) -> bytes:
        return next(values)


def _bytes_of(t: Type, items: Any) -> bytes:
    try:
        return bytes(items)
    except (TypeError, ValueError):
        raise mismatch(t, items) from None


class Slice:
    """A list; of bytes: bytes. Buffers are lent to gol."""

    def __init__(self, t: Type, all: Converters) -> None:
        self.type = t
        self.all = all
        self.flat = t.elem.flat
        self.bytes = t.elem.kind == "uint8"
        self._elem: Any = None

    @property
    def elem(self) -> Any:
        if self._elem is None:  # later, for types that contain themselves
            self._elem = self.all.of(self.type.elem)
        return self._elem

    def put(self, v: Any, out: Out) -> None:
        if type(v) is not list and type(v) is not tuple:
            if v is None:
                out.word(NONE)
                return
            if is_buffer(v):
                self._lend(v, out)
                return
            v = _sequence(self.type, v)
        if self.flat and v:
            self._put_plain(v, out)
            return
        v = tuple(v)  # what converts an element may change the list
        out.word(len(v))
        put = self.elem.put
        i = 0
        try:
            for i, x in enumerate(v):  # noqa: B007 (named in the error)
                put(x, out)
        except Mismatch as e:
            raise e.inside(f"element {i}") from None

    def _put_plain(self, v: Any, out: Out) -> None:
        elem = self.elem
        code = elem.code
        if code and code != "?":
            kinds = set(map(type, v))
            if kinds == {float if code in "fd" else int} and code != "f":
                try:
                    numbers = array.array(code, v)
                except OverflowError:
                    pass  # the loop below says which
                else:
                    out.word(len(numbers))
                    out += numbers.tobytes()
                    return
        v = tuple(v)
        values: list[Any] = []
        i = 0
        try:
            for i, x in enumerate(v):  # noqa: B007
                elem.flatten(x, values)
        except Mismatch as e:
            raise e.inside(f"element {i}") from None
        out.word(len(v))
        out += struct.pack("<" + elem.format * len(v), *values)

    def _lend(self, v: Any, out: Out) -> None:
        if not self.flat:
            raise mismatch(self.type, v)
        export = Export(v, self.type.elem)
        if export.readonly and not (out.reads and export.size > _COPIED):
            out.word(export.count)
            out += export.bytes()
            return
        out.word(FOREIGN)
        out.word(export.address)
        out.word(export.count)
        out.lent.append(export)

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        n = _unpack(data, at)[0]
        at += 8
        if n == NONE:
            return None, at
        elem = self.elem
        if self.flat:
            end = at + n * elem.size
            if self.bytes:
                return data[at:end], end
            if elem.code:
                return memoryview(data)[at:end].cast(elem.code).tolist(), end
            if not elem.size:
                return [elem.zero() for _ in range(n)], end
            build = elem.build
            return [build(iter(x)) for x in elem.struct.iter_unpack(data[at:end])], end
        get = elem.get
        items = []
        for _ in range(n):
            x, at = get(data, at)
            items.append(x)
        return items, at

    def get_view(self, data: bytes, at: int) -> tuple[Any, int]:
        """What putView wrote."""
        n = _unpack(data, at)[0]
        if n == NONE:
            return None, at + 8
        address, handle = _unpack(data, at + 8)[0], _unpack(data, at + 16)[0]
        return view(self.all.bridge, self.type, n, address, handle), at + 24

    def zero(self) -> None:
        return None


def _sequence(t: Type, v: Any) -> Any:
    if isinstance(v, Sequence) and not isinstance(v, str):
        return list(v)
    raise mismatch(t, v)


class Array:
    """An array whose elements hold pointers."""

    def __init__(self, t: Type, all: Converters) -> None:
        self.type = t
        self.elem = all.of(t.elem)

    def put(self, v: Any, out: Out) -> None:
        for i, x in enumerate(plain.elements(self.type, v)):
            try:
                self.elem.put(x, out)
            except Mismatch as e:
                raise e.inside(f"element {i}") from None

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        items = []
        for _ in range(self.type.len):
            x, at = self.elem.get(data, at)
            items.append(x)
        return tuple(items), at

    def zero(self) -> Any:
        return tuple(self.elem.zero() for _ in range(self.type.len))


class Map:
    def __init__(self, t: Type, all: Converters) -> None:
        self.type = t
        self.all = all
        self._parts: Optional[tuple[Any, Any]] = None

    @property
    def parts(self) -> tuple[Any, Any]:
        if self._parts is None:
            self._parts = self.all.of(self.type.key), self.all.of(self.type.elem)
        return self._parts

    def put(self, v: Any, out: Out) -> None:
        if v is None:
            out.word(NONE)
            return
        if not isinstance(v, dict):
            if not isinstance(v, Mapping):
                raise mismatch(self.type, v)
            v = dict(v)
        key, elem = self.parts
        items = list(v.items())
        out.word(len(items))
        for k, x in items:
            try:
                key.put(k, out)
            except Mismatch as e:
                raise e.inside("key") from None
            try:
                elem.put(x, out)
            except Mismatch as e:
                raise e.inside(f"value of key {k!r}") from None

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        n = _unpack(data, at)[0]
        at += 8
        if n == NONE:
            return None, at
        key, elem = self.parts
        items: dict[Any, Any] = {}
        for _ in range(n):
            k, at = key.get(data, at)
            x, at = elem.get(data, at)
            items[k] = x
        return items, at

    def zero(self) -> None:
        return None


class Interface:
    """The value of the dynamic type. What Python gives has the type that Go would give the
    same literal: int, float64, string, []any ..."""

    def __init__(self, t: Type, all: Converters) -> None:
        self.type = t
        self.all = all

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        address = _unpack(data, at)[0]
        at += 8
        if not address:
            return None, at
        return self.all.of(self.all.bridge.types.type_at(address)).get(data, at)

    def put(self, v: Any, out: Out) -> None:
        if v is None:
            out.word(0)
            return
        t = self._dynamic(v)
        method = t.missing_method(self.type)
        if method is not None:
            raise Mismatch(
                TypeError,
                f"wanted {self.type.str}, got {shown(v)}: {t.str} has no method {method}",
            )
        out.word(t.address)
        self.all.of(t).put(v, out)

    def _dynamic(self, v: Any) -> Type:
        known = self.all.bridge.known
        t: Optional[Type] = None if isinstance(v, type) else getattr(v, "_gol_type", None)
        if t is not None:
            return t
        if isinstance(v, Error):
            return known["error"]
        for cls, name in _DYNAMIC:
            if isinstance(v, cls):
                return known[name]
        if isinstance(v, dict):
            return known["map[string]any" if all(isinstance(k, str) for k in v) else "map[any]any"]
        if isinstance(v, Exception):
            return known["error"]
        for base, name in _abstract():
            if isinstance(v, base):
                return known[name]
        raise Mismatch(TypeError, f"wanted {self.type.str}, got {shown(v)}")

    def zero(self) -> None:
        return None


def _abstract() -> tuple[tuple[type, str], ...]:
    """Numbers of other classes, such as numpy's."""
    import numbers

    return (
        (numbers.Integral, "int"), (numbers.Real, "float64"), (numbers.Complex, "complex128"),
    )  # fmt: skip


_DYNAMIC: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (complex, "complex128"),
    (str, "string"),
    (bytes, "[]uint8"),
    (bytearray, "[]uint8"),
    (list, "[]any"),
    (tuple, "[]any"),
)


class ErrorValue:
    """The predeclared type error."""

    def __init__(self, t: Type, all: Converters) -> None:
        self.type = t
        self.all = all

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        tag = _unpack(data, at)[0]
        at += 8
        if not tag:
            return None, at
        bridge = self.all.bridge
        t = bridge.types.type_at(_unpack(data, at)[0])
        handle = Handle(bridge, t, _unpack(data, at + 8)[0], _unpack(data, at + 16)[0])
        at += 32
        end = at + _unpack(data, at - 8)[0]
        e = Error(data[at:end].decode("utf-8", "surrogateescape"))
        e._gol_value = handle
        return e, end

    def put(self, v: Any, out: Out) -> None:
        if v is None:
            out.word(0)
            return
        if not isinstance(v, Exception):
            raise mismatch(self.type, v)
        handle: Optional[Handle] = getattr(v, "_gol_value", None)
        if handle is not None:
            out.word(1)
            out.word(handle._gol_handle)
            out.keep.append(handle)
            return
        out.word(2)
        _put_text(str(v), out)

    def zero(self) -> None:
        return None
