"""The predeclared identifiers, and package unsafe."""

from __future__ import annotations

from . import types as T
from .objects import Builtin, Const, Func, Nil, Package, Scope, TypeName, Var

UNIVERSE = Scope(None, "universe")

# name: (least number of arguments, may take more, may stand as a statement)
BUILTINS: dict[str, tuple[int, bool, bool]] = {
    "append": (1, True, False),
    "cap": (1, False, False),
    "clear": (1, False, True),
    "close": (1, False, True),
    "complex": (2, False, False),
    "copy": (2, False, True),
    "delete": (2, False, True),
    "imag": (1, False, False),
    "len": (1, False, False),
    "make": (1, True, False),
    "max": (1, True, False),
    "min": (1, True, False),
    "new": (1, False, False),
    "panic": (1, False, True),
    "print": (0, True, True),
    "println": (0, True, True),
    "real": (1, False, False),
    "recover": (0, False, True),
}

UNSAFE_BUILTINS: dict[str, tuple[int, bool, bool]] = {
    "Add": (2, False, False),
    "Alignof": (1, False, False),
    "Offsetof": (1, False, False),
    "Sizeof": (1, False, False),
    "Slice": (2, False, False),
    "SliceData": (1, False, False),
    "String": (2, False, False),
    "StringData": (1, False, False),
}


def _declare_types() -> None:
    for t in (
        T.BOOL, T.INT, T.INT8, T.INT16, T.INT32, T.INT64, T.UINT, T.UINT8, T.UINT16, T.UINT32,
        T.UINT64, T.UINTPTR, T.FLOAT32, T.FLOAT64, T.COMPLEX64, T.COMPLEX128, T.STRING_T,
    ):  # fmt: skip
        UNIVERSE.insert(TypeName(t.name, None, 0, t))
    for t in (T.BYTE, T.RUNE):
        UNIVERSE.insert(TypeName(t.name, None, 0, t, alias=True))
    UNIVERSE.insert(TypeName("any", None, 0, T.ANY, alias=True))


def _error_type() -> T.Named:
    obj = TypeName("error", None, 0, T.INVALID)
    named = T.Named(obj)
    obj.type = named
    method = Func("Error", None, 0, T.INVALID)
    method.type = T.Signature([], [Var("", None, 0, T.STRING_T)], recv=Var("", None, 0, named))
    method.link_name = "error.Error"
    named.under = T.Interface([method])
    UNIVERSE.insert(obj)
    return named


_declare_types()
ERROR = _error_type()

# comparable has no meaning outside type constraints, which are not compiled yet; its
# object exists so that the name is known.
COMPARABLE_NAME = TypeName("comparable", None, 0, T.INVALID)
UNIVERSE.insert(COMPARABLE_NAME)

TRUE = Const("true", None, 0, T.UNTYPED_BOOL, True)
FALSE = Const("false", None, 0, T.UNTYPED_BOOL, False)
IOTA = Const("iota", None, 0, T.UNTYPED_INT, 0)
NIL = Nil("nil", None, 0, T.UNTYPED_NIL)
for _o in (TRUE, FALSE, IOTA, NIL):
    UNIVERSE.insert(_o)
for _name in BUILTINS:
    UNIVERSE.insert(Builtin(_name, None, 0, T.INVALID))

UNSAFE = Package("unsafe", "unsafe")
UNSAFE.complete = True
UNSAFE.scope.insert(TypeName("Pointer", UNSAFE, 0, T.UNSAFE_POINTER))
for _name in UNSAFE_BUILTINS:
    UNSAFE.scope.insert(Builtin(_name, UNSAFE, 0, T.INVALID))
