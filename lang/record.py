"""Classes of plain data, as those of :mod:`dataclasses`, that are quick to declare.

Every run that compiles something declares about a hundred of them before it can begin, and
``dataclasses`` takes a good part of a millisecond for each: it inspects signatures, and
compiles methods that nobody calls. (Of libraries, attrs does so too; msgspec is quick, but
takes longer to import.) Here ``__init__`` is compiled when the first object is made, and what
is rarely called is the same function for all classes.

A record has slots. ``frozen`` is for type checkers (nothing prevents an assignment) and gives
it a hash; with ``eq=False`` it is equal to itself alone.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, dataclass_transform

_C = TypeVar("_C", bound=type)
_R = TypeVar("_R")
_NONE: Any = object()


class Field(NamedTuple):
    """What is known of one field. ``type`` is its annotation, as text."""

    name: str
    type: str
    default: Any
    factory: Any
    init: bool


def field(*, default: Any = _NONE, default_factory: Any = _NONE, init: bool = True) -> Any:
    """The value of a field that is not given: a constant, or what a call makes."""
    return Field("", "", default, default_factory, init)


@dataclass_transform(field_specifiers=(field,))
def record(*, eq: bool = True, frozen: bool = False) -> Callable[[_C], _C]:
    """Make a class whose annotations are its fields a record."""

    def declare(cls: _C) -> _C:
        body = dict(cls.__dict__)
        own = []
        for name, annotation in body.get("__annotations__", {}).items():
            given = body.pop(name, _NONE)
            if isinstance(given, Field):
                own.append(given._replace(name=name, type=annotation))
            else:
                own.append(Field(name, annotation, given, _NONE, True))
        inherited = [f for base in cls.__bases__ for f in getattr(base, "__fields__", ())]
        body.pop("__dict__", None)
        body.pop("__weakref__", None)
        body["__slots__"] = tuple(f.name for f in own)
        body["__fields__"] = fields = (*inherited, *own)
        body.setdefault("__init__", _first_init)
        body.setdefault("__repr__", _repr)
        if eq:
            names = [f.name for f in fields]
            body["__key__"] = property(attrgetter(*names)) if names else ()
            body.setdefault("__eq__", _eq)
            body["__hash__"] = _hash if frozen else None
        made: _C = type(cls)(cls.__name__, cls.__bases__, body)
        made.__qualname__ = cls.__qualname__
        return made

    return declare


def fields(cls: type) -> tuple[Field, ...]:
    """Those of a record, inherited ones first."""
    found: tuple[Field, ...] = cls.__fields__  # type: ignore[attr-defined]
    return found


def replace(of: _R, **changes: Any) -> _R:
    """A copy of a record with other values in some fields."""
    cls = type(of)
    made = object.__new__(cls)
    for f in fields(cls):
        setattr(made, f.name, changes.pop(f.name) if f.name in changes else getattr(of, f.name))
    if changes:
        raise TypeError(f"{cls.__name__} has no field {next(iter(changes))}")
    return made


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """The ``__init__`` of every record of which there is no object yet."""
    cls = type(self)
    while cls.__dict__.get("__init__") is not _first_init:  # a subclass that is no record
        cls = cls.__mro__[1]
    cls.__init__ = _compile_init(cls)
    cls.__init__(self, *args, **kwargs)


def _compile_init(cls: type) -> Any:
    params, lines = ["self"], []
    names: dict[str, Any] = {"_NONE": _NONE}
    for f in fields(cls):
        value = f.name
        if f.default is not _NONE:
            names[f"_d_{f.name}"] = f.default
            value = f"_d_{f.name}"
        elif f.factory is not _NONE:
            names[f"_f_{f.name}"] = f.factory
            value = f"_f_{f.name}()"
        if f.init and f.factory is not _NONE:
            params.append(f"{f.name}=_NONE")
            lines.append(f"self.{f.name} = {value} if {f.name} is _NONE else {f.name}")
        elif f.init:
            params.append(f.name if value == f.name else f"{f.name}={value}")
            lines.append(f"self.{f.name} = {f.name}")
        elif value != f.name:
            lines.append(f"self.{f.name} = {value}")
    body = "\n  ".join(lines) or "pass"
    exec(f"def __init__({', '.join(params)}):\n  {body}", names)
    return names["__init__"]


def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name, None)!r}" for f in fields(type(self)))
    return f"{type(self).__name__}({', '.join(shown)})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self.__key__ == other.__key__  # type: ignore[attr-defined]


def _hash(self: Any) -> int:
    return hash(self.__key__)
