"""The types of gol, after go/types: structure, identity, underlying types, printing.

A type is compared with :func:`identical`, never with ``==``; ``Named`` types are equal
only to themselves. ``Basic`` types are the singletons of this module.
Sizes and offsets are in :mod:`gol.lang.sizes`, method sets and lookup in
:mod:`gol.lang.lookup`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .objects import Func, Package, TypeName, Var

Qualifier = Optional[Callable[["Package"], str]]  # what stands before the names of a package


class Type:
    __slots__ = ()

    def underlying(self) -> "Type":
        return self

    def __str__(self) -> str:
        return type_string(self)

    def __repr__(self) -> str:
        return f"<type {type_string(self)}>"


# Flags of Basic.info
BOOLEAN, INTEGER, UNSIGNED, FLOAT, COMPLEX, STRING, UNTYPED = (1 << i for i in range(7))
ORDERED = INTEGER | FLOAT | STRING
NUMERIC = INTEGER | FLOAT | COMPLEX
CONST_TYPE = BOOLEAN | NUMERIC | STRING


class Basic(Type):
    """A predeclared type; ``byte`` and ``rune`` are aliases (the same singletons as
    uint8 and int32, but see BYTE and RUNE, which print under their own names)."""

    __slots__ = ("name", "kind", "info")

    def __init__(self, name: str, kind: str, info: int) -> None:
        self.name = name  # as printed
        self.kind = kind  # canonical: "uint8" for byte, "int32" for rune
        self.info = info

    def __reduce__(self) -> tuple[object, ...]:  # singletons stay singletons through pickle
        return (basic_named, (self.name,))


INVALID = Basic("invalid type", "invalid", 0)
BOOL = Basic("bool", "bool", BOOLEAN)
INT = Basic("int", "int", INTEGER)
INT8 = Basic("int8", "int8", INTEGER)
INT16 = Basic("int16", "int16", INTEGER)
INT32 = Basic("int32", "int32", INTEGER)
INT64 = Basic("int64", "int64", INTEGER)
UINT = Basic("uint", "uint", INTEGER | UNSIGNED)
UINT8 = Basic("uint8", "uint8", INTEGER | UNSIGNED)
UINT16 = Basic("uint16", "uint16", INTEGER | UNSIGNED)
UINT32 = Basic("uint32", "uint32", INTEGER | UNSIGNED)
UINT64 = Basic("uint64", "uint64", INTEGER | UNSIGNED)
UINTPTR = Basic("uintptr", "uintptr", INTEGER | UNSIGNED)
FLOAT32 = Basic("float32", "float32", FLOAT)
FLOAT64 = Basic("float64", "float64", FLOAT)
COMPLEX64 = Basic("complex64", "complex64", COMPLEX)
COMPLEX128 = Basic("complex128", "complex128", COMPLEX)
STRING_T = Basic("string", "string", STRING)
UNSAFE_POINTER = Basic("unsafe.Pointer", "unsafe.Pointer", 0)
BYTE = Basic("byte", "uint8", INTEGER | UNSIGNED)
RUNE = Basic("rune", "int32", INTEGER)
UNTYPED_BOOL = Basic("untyped bool", "untyped bool", BOOLEAN | UNTYPED)
UNTYPED_INT = Basic("untyped int", "untyped int", INTEGER | UNTYPED)
UNTYPED_RUNE = Basic("untyped rune", "untyped rune", INTEGER | UNTYPED)
UNTYPED_FLOAT = Basic("untyped float", "untyped float", FLOAT | UNTYPED)
UNTYPED_COMPLEX = Basic("untyped complex", "untyped complex", COMPLEX | UNTYPED)
UNTYPED_STRING = Basic("untyped string", "untyped string", STRING | UNTYPED)
UNTYPED_NIL = Basic("untyped nil", "untyped nil", UNTYPED)

_BASICS = {t.name: t for t in list(globals().values()) if isinstance(t, Basic)}


def basic_named(name: str) -> Basic:
    return _BASICS[name]


class Pointer(Type):
    __slots__ = ("elem",)

    def __init__(self, elem: Type) -> None:
        self.elem = elem


class Slice(Type):
    __slots__ = ("elem",)

    def __init__(self, elem: Type) -> None:
        self.elem = elem


class Array(Type):
    __slots__ = ("elem", "len")

    def __init__(self, elem: Type, len: int) -> None:
        self.elem = elem
        self.len = len


class Map(Type):
    __slots__ = ("key", "elem")

    def __init__(self, key: Type, elem: Type) -> None:
        self.key = key
        self.elem = elem


class Chan(Type):
    __slots__ = ("dir", "elem")

    def __init__(self, dir: str, elem: Type) -> None:
        self.dir = dir  # "both" "send" "recv"
        self.elem = elem


class Struct(Type):
    __slots__ = ("fields", "tags")

    def __init__(self, fields: list["Var"], tags: Optional[list[str]] = None) -> None:
        self.fields = fields  # Var.embedded tells embedded fields
        self.tags = tags


class Tuple(Type):
    """The type of a call with several results (or none)."""

    __slots__ = ("types",)

    def __init__(self, types: list[Type]) -> None:
        self.types = types


class Signature(Type):
    """A function type. For a variadic one the last parameter's type is Slice(T)."""

    __slots__ = ("recv", "params", "results", "variadic")

    def __init__(
        self,
        params: list["Var"],
        results: list["Var"],
        variadic: bool = False,
        recv: Optional["Var"] = None,
    ) -> None:
        self.params = params
        self.results = results
        self.variadic = variadic
        self.recv = recv  # None for functions and function values


class Interface(Type):
    """``methods`` are the explicitly declared ones, ``embeds`` the embedded types (with
    ``Union`` elements in constraints). :func:`gol.lang.lookup.interface_methods` gives
    the complete set, sorted by name."""

    __slots__ = ("methods", "embeds", "complete")

    def __init__(self, methods: list["Func"], embeds: Optional[list[Type]] = None) -> None:
        self.methods = methods
        self.embeds = embeds or []
        self.complete: Optional[list["Func"]] = None


class Named(Type):
    """A defined type. ``under`` is set once its declaration is resolved."""

    __slots__ = ("obj", "under", "methods")

    def __init__(self, obj: "TypeName", under: Optional[Type] = None) -> None:
        self.obj = obj
        self.under = under
        self.methods: list["Func"] = []  # declared on T or *T, in source order

    def underlying(self) -> Type:
        u = self.under
        if type(u) is Named:  # only while the checker resolves declarations
            return u.underlying()
        return u if u is not None else INVALID


def underlying(t: Type) -> Type:
    return t.underlying()


def is_interface(t: Optional[Type]) -> bool:
    return t is not None and isinstance(t.underlying(), Interface)


def type_string(t: Type, qualify: Qualifier = None) -> str:
    """Go's notation. ``qualify`` maps a Package to the prefix printed before its type
    names ("" for none); by default the package's name."""
    out: list[str] = []
    _write(out, t, qualify)
    return "".join(out)


def _write(out: list[str], t: Type, q: Qualifier) -> None:
    w = out.append
    if isinstance(t, Basic):
        w(t.name)
    elif isinstance(t, Named):
        pkg = t.obj.pkg
        if pkg is not None:
            prefix = q(pkg) if q is not None else pkg.name
            if prefix:
                w(prefix + ".")
        w(t.obj.name)
    elif isinstance(t, Pointer):
        w("*")
        _write(out, t.elem, q)
    elif isinstance(t, Slice):
        w("[]")
        _write(out, t.elem, q)
    elif isinstance(t, Array):
        w(f"[{t.len}]")
        _write(out, t.elem, q)
    elif isinstance(t, Map):
        w("map[")
        _write(out, t.key, q)
        w("]")
        _write(out, t.elem, q)
    elif isinstance(t, Chan):
        w({"send": "chan<- ", "recv": "<-chan ", "both": "chan "}[t.dir])
        paren = t.dir == "both" and isinstance(t.elem, Chan) and t.elem.dir == "recv"
        w("(" if paren else "")
        _write(out, t.elem, q)
        w(")" if paren else "")
    elif isinstance(t, Struct):
        _write_struct(out, t, q)
    elif isinstance(t, Tuple):
        w("(")
        for i, e in enumerate(t.types):
            if i:
                w(", ")
            _write(out, e, q)
        w(")")
    elif isinstance(t, Signature):
        w("func")
        write_signature(out, t, q)
    elif isinstance(t, Interface):
        if t is ANY:
            w("any")
        else:
            _write_interface(out, t, q)
    else:
        w(f"?{type(t).__name__}")


def _write_struct(out: list[str], t: Struct, q: Qualifier) -> None:
    from .constant import quote

    out.append("struct{")
    for i, f in enumerate(t.fields):
        out.append("; " if i else "")
        if not f.embedded:
            out.append(f.name + " ")
        _write(out, f.type, q)
        if t.tags and t.tags[i]:
            out.append(" " + quote(t.tags[i]))
    out.append("}")


def _write_interface(out: list[str], t: Interface, q: Qualifier) -> None:
    out.append("interface{")
    for i, m in enumerate(t.methods):
        out.append(f"; {m.name}" if i else m.name)
        assert isinstance(m.type, Signature)
        write_signature(out, m.type, q)
    for i, e in enumerate(t.embeds, len(t.methods)):
        out.append("; " if i else "")
        _write(out, e, q)
    out.append("}")


def write_signature(out: list[str], sig: Signature, q: Qualifier = None) -> None:
    def params(vars: list["Var"], variadic: bool) -> None:
        out.append("(")
        for i, v in enumerate(vars):
            if i:
                out.append(", ")
            if v.name:
                out.append(v.name + " ")
            if variadic and i == len(vars) - 1 and isinstance(v.type, Slice):
                out.append("...")
                _write(out, v.type.elem, q)
            else:
                _write(out, v.type, q)
        out.append(")")

    params(sig.params, sig.variadic)
    if not sig.results:
        return
    out.append(" ")
    if len(sig.results) == 1 and not sig.results[0].name:
        _write(out, sig.results[0].type, q)
    else:
        params(sig.results, False)


ANY = Interface([])  # prints as "any"


def identical(a: Type, b: Type, ignore_tags: bool = False) -> bool:
    """Type identity of the Go specification."""
    if a is b:
        return True
    if isinstance(a, Basic):
        return isinstance(b, Basic) and a.kind == b.kind
    if type(a) is not type(b):
        return False
    if isinstance(a, Named):
        return False
    if isinstance(a, (Pointer, Slice)):
        return identical(a.elem, b.elem, ignore_tags)  # type: ignore[attr-defined]
    if isinstance(a, Array):
        assert isinstance(b, Array)
        return a.len == b.len and identical(a.elem, b.elem, ignore_tags)
    if isinstance(a, Map):
        assert isinstance(b, Map)
        return identical(a.key, b.key, ignore_tags) and identical(a.elem, b.elem, ignore_tags)
    if isinstance(a, Chan):
        assert isinstance(b, Chan)
        return a.dir == b.dir and identical(a.elem, b.elem, ignore_tags)
    if isinstance(a, Struct):
        assert isinstance(b, Struct)
        if len(a.fields) != len(b.fields):
            return False
        for i, (f, g) in enumerate(zip(a.fields, b.fields)):
            if f.name != g.name or f.embedded != g.embedded:
                return False
            if not f.name[:1].isupper() and f.pkg is not g.pkg:
                return False
            if not ignore_tags:
                ta = a.tags[i] if a.tags else ""
                tb = b.tags[i] if b.tags else ""
                if ta != tb:
                    return False
            if not identical(f.type, g.type, ignore_tags):
                return False
        return True
    if isinstance(a, Tuple):
        assert isinstance(b, Tuple)
        return len(a.types) == len(b.types) and all(
            identical(x, y, ignore_tags) for x, y in zip(a.types, b.types)
        )
    if isinstance(a, Signature):
        assert isinstance(b, Signature)
        return (
            a.variadic == b.variadic
            and len(a.params) == len(b.params)
            and len(a.results) == len(b.results)
            and all(identical(x.type, y.type, ignore_tags) for x, y in zip(a.params, b.params))
            and all(identical(x.type, y.type, ignore_tags) for x, y in zip(a.results, b.results))
        )
    if isinstance(a, Interface):
        assert isinstance(b, Interface)
        from .lookup import interface_methods

        ma, mb = interface_methods(a), interface_methods(b)
        return len(ma) == len(mb) and all(
            f.name == g.name
            and (f.name[:1].isupper() or f.pkg is g.pkg)
            and identical(f.type, g.type, ignore_tags)
            for f, g in zip(ma, mb)
        )
    return False
