"""Structs: each type has a dataclass, whose fields default to gol's zero values.

Where gol takes a struct, Python may also give a dict of some of its fields. Blank fields
are left out; a field named as a Python keyword has an underscore behind its name. Methods of
the type are methods of the class: where one has a pointer receiver, what it changes is
changed in the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .errors import Mismatch
from .functions import attribute
from .plain import Plain, mismatch
from .types import StructField, Type

if TYPE_CHECKING:
    from .bridge import Out
    from .registry import Converters


def members(t: Type) -> list[StructField]:
    return [f for f in t.fields if f.name != "_"]


def promoted(t: Type) -> dict[str, list[StructField]]:
    """The fields that t has from embedded structs: by their names, the way to each. As in Go
    the shallowest counts, if it is the only one there."""
    found: dict[str, list[StructField]] = {}
    hidden = {f.name for f in t.fields}
    level: list[list[StructField]] = [[f] for f in t.fields if f.embedded]
    seen = {t.address}
    while level:
        here: dict[str, list[list[StructField]]] = {}
        deeper: list[list[StructField]] = []
        structs = []
        for path in level:
            s = path[-1].type
            s = s.elem if s.kind == "pointer" else s
            if s.kind != "struct" or s.opaque or s.address in seen:
                continue
            structs.append(s.address)
            for f in members(s):
                here.setdefault(f.name, []).append([*path, f])
                if f.embedded:
                    deeper.append([*path, f])
        found |= {n: ps[0] for n, ps in here.items() if n not in hidden and len(ps) == 1}
        hidden |= here.keys()
        seen |= set(structs)
        level = deeper
    return found


def _promoted(path: list[StructField]) -> property:
    names = [attribute(f.name) for f in path]

    def holder(self: Any) -> Any:
        for n in names[:-1]:
            self = getattr(self, n)
        return self

    def get(self: Any) -> Any:
        return getattr(holder(self), names[-1])

    def set(self: Any, v: Any) -> None:
        setattr(holder(self), names[-1], v)

    return property(get, set, doc=f"{path[-1].name} {path[-1].type.str}")


def make_class(t: Type, all: "Converters") -> type:
    """The dataclass. The annotations are the types as gol writes them."""
    import dataclasses

    fields: list[Any] = []
    for f in members(t):

        def default(t: Type = f.type) -> Any:
            return all.of(t).zero()

        field = dataclasses.field(default_factory=default)
        fields.append((attribute(f.name), f.type.str, field))
    name = t.name or "struct"
    cls = dataclasses.make_dataclass(name, fields, unsafe_hash=True)
    cls.__module__ = t.str.rpartition(".")[0] if t.name else "gol"
    cls.__qualname__ = name
    cls.__doc__ = all.bridge.docs.get(t.address, f"The struct {t.str} of gol.")
    setattr(cls, "_gol_type", t)  # noqa: B010 (mypy knows no such attribute)
    for method, function in all.bridge.methods_of(t).items():
        if not hasattr(cls, method):
            setattr(cls, method, function)
    for n, path in promoted(t).items():
        if not hasattr(cls, attribute(n)):  # a method hides what lies deeper
            setattr(cls, attribute(n), _promoted(path))
    return cls


class _Members:
    """What plain and other structs have in common. The class and the converters of fields
    are made when first needed: a type may contain itself."""

    type: Type
    all: "Converters"

    def __init__(self, t: Type, all: "Converters") -> None:
        self.type = t
        self.all = all
        self._cls: Any = None
        self._parts: list[tuple[str, Any]] = []

    @property
    def cls(self) -> Any:
        if self._cls is None:
            self._cls = make_class(self.type, self.all)
        return self._cls

    @property
    def parts(self) -> list[tuple[str, Any]]:
        if not self._parts:
            self._parts = [(attribute(f.name), self.all.of(f.type)) for f in members(self.type)]
        return self._parts

    def object(self, v: Any) -> Any:
        """v, or what a dict means, as an object with the fields."""
        if isinstance(v, self.cls):
            return v
        if not isinstance(v, dict):
            raise mismatch(self.type, v)
        for name in v:
            if not any(name == n for n, _ in self.parts):
                raise Mismatch(TypeError, f"{self.type.str} has no field {name!r}")
        try:
            return self.cls(**v)
        except TypeError as e:  # a field that is not given has no zero value in Python
            raise Mismatch(TypeError, str(e)) from None

    def zero(self) -> Any:
        return self.cls()


class PlainStruct(_Members, Plain):
    def __init__(self, t: Type, all: "Converters") -> None:
        _Members.__init__(self, t, all)
        format, at = "", 0
        for f in members(t):
            part = all.flat(f.type)
            format += f"{f.offset - at}x" if f.offset > at else ""
            format += part.format
            at = f.offset + part.size
        format += f"{t.size - at}x" if t.size > at else ""
        Plain.__init__(self, t, format)

    def flatten(self, v: Any, to: list[Any]) -> None:
        v = self.object(v)
        for name, part in self.parts:
            try:
                part.flatten(getattr(v, name), to)
            except Mismatch as e:
                raise e.inside(f"field {name}") from None

    def build(self, values: Iterator[Any]) -> Any:
        return self.cls(*[part.build(values) for _, part in self.parts])

    def update(self, v: Any, data: bytes, at: int) -> int:
        values = iter(self.struct.unpack_from(data, at))
        for name, part in self.parts:
            setattr(v, name, part.build(values))
        return at + self.size


class Struct(_Members):
    def put(self, v: Any, out: "Out") -> None:
        v = self.object(v)
        for name, part in self.parts:
            try:
                part.put(getattr(v, name), out)
            except Mismatch as e:
                raise e.inside(f"field {name}") from None

    def get(self, data: bytes, at: int) -> tuple[Any, int]:
        values = []
        for _, part in self.parts:
            x, at = part.get(data, at)
            values.append(x)
        return self.cls(*values), at

    def update(self, v: Any, data: bytes, at: int) -> int:
        """Give an object the fields that gol wrote."""
        for name, part in self.parts:
            x, at = part.get(data, at)
            setattr(v, name, x)
        return at
