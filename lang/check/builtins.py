"""Calls of the predeclared functions and those of package unsafe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..constant import UNKNOWN, Complex
from ..lookup import deref_struct, lookup
from ..objects import Func, Selection
from ..sizes import alignof, offsetsof, sizeof
from ..types import identical
from ..universe import BUILTINS, UNSAFE_BUILTINS
from . import call, decl, expr, index, typexpr
from .conversion import assignable, assignment
from .predicates import array_behind, has_info, is_numeric, is_string, is_untyped
from .state import Checker
from .untyped import convert_untyped, update_type

_BYTES = T.Slice(T.BYTE)
_BYTE_POINTER = T.Pointer(T.BYTE)
_EMPTY_INTERFACE = T.Interface([])  # like any, but prints as interface{}
_MAX_SIZE = (1 << 63) - 1

# these look at their arguments themselves: they may be types
_RAW_ARGUMENTS = frozenset(("make", "new", "Offsetof"))


def builtin_call(c: Checker, e: A.CallExpr, name: str) -> bool:
    """Give the call e mode, type and value; False after an error."""
    least, more, _ = BUILTINS.get(name) or UNSAFE_BUILTINS[name]
    if e.ellipsis >= 0 and name != "append":
        c.error(e, f"invalid operation: invalid use of ... with built-in {name}")
        expr.use(c, list(e.args))
        return False
    had_call = c.has_call
    if name in ("len", "cap"):
        c.has_call = False
    args: list[A.Expr] = e.args
    if name not in _RAW_ARGUMENTS:
        args = expr.expr_list(c, e.args) if e.args else []
        if any(a.mode == A.MODE_INVALID for a in args):
            if name in ("len", "cap"):
                c.has_call = had_call
            return False
    n = len(args)
    word = "not enough" if n < least else "too many" if n > least and not more else ""
    if word:
        c.error(
            e,
            f"invalid operation: {word} arguments for {c.expr_str(e)}"
            f" (expected {least}, found {n})",
        )
        return False
    ok = _RULES[name](c, e, args)
    if name in ("len", "cap"):
        c.has_call = had_call
    return ok


def _value(e: A.CallExpr, t: T.Type) -> bool:
    e.mode = A.MODE_VALUE
    e.type = t
    return True


def _novalue(e: A.CallExpr) -> bool:
    e.mode = A.MODE_NOVALUE
    e.type = call.NO_RESULT
    return True


def _constant(e: A.CallExpr, t: T.Type, v: object) -> bool:
    e.mode = A.MODE_CONST
    e.type = t
    e.value = v
    return True


def _slice_elem(c: Checker, x: A.Expr, what: str) -> Optional[T.Type]:
    u = x.type.underlying()
    if type(u) is T.Slice:
        return u.elem
    have = "untyped nil" if x.mode == A.MODE_NIL else c.operand(x)
    c.error(x, f"invalid {what}: argument must be a slice; have {have}")
    return None


def _append(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    elem = _slice_elem(c, x, "append")
    if elem is None:
        return False
    t = x.type
    if len(args) == 2 and e.ellipsis >= 0 and is_string(args[1].type):
        if assignable(c, x, _BYTES):  # append([]byte, string...)
            convert_untyped(c, args[1], T.STRING_T)
            return _value(e, t)
    sig = T.Signature(
        [typexpr.param("", t), typexpr.param("", T.Slice(elem))],
        [typexpr.param("", t)],
        True,
    )
    call.arguments(c, e, sig, args)
    return _value(e, t)


def _len_cap(c: Checker, e: A.CallExpr, args: list[A.Expr], name: str) -> bool:
    x = args[0]
    u = array_behind(x.type)
    k = type(u)
    if type(u) is T.Basic and u.info & T.STRING and name == "len":
        if x.mode == A.MODE_CONST:
            return _constant(e, T.INT, UNKNOWN if x.value is UNKNOWN else len(x.value))
        return _value(e, T.INT)
    if type(u) is T.Array:
        if c.has_call:
            return _value(e, T.INT)
        return _constant(e, T.INT, u.len if u.len >= 0 else UNKNOWN)
    if k is T.Slice or k is T.Chan or (k is T.Map and name == "len"):
        return _value(e, T.INT)
    if u is not T.INVALID:
        c.error(x, f"invalid argument: {c.operand(x)} for built-in {name}")
    return False


def _len(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _len_cap(c, e, args, "len")


def _cap(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _len_cap(c, e, args, "cap")


def _clear(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    if type(x.type.underlying()) not in (T.Map, T.Slice):
        c.error(
            x,
            f"invalid argument: cannot clear {c.operand(x)}: argument must be (or"
            " constrained by) map or slice",
        )
        return False
    return _novalue(e)


def _close(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    u = x.type.underlying()
    if type(u) is not T.Chan:
        c.error(x, f"invalid operation: cannot close non-channel {c.operand(x)}")
        return False
    if u.dir == "recv":
        c.error(x, f"invalid operation: cannot close receive-only channel {c.operand(x)}")
        return False
    return _novalue(e)


_COMPLEX_OF = {"float32": T.COMPLEX64, "float64": T.COMPLEX128, "untyped float": T.UNTYPED_COMPLEX}
_FLOAT_OF = {"complex64": T.FLOAT32, "complex128": T.FLOAT64, "untyped complex": T.UNTYPED_FLOAT}


def _complex(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x, y = args
    ux, uy = is_untyped(x.type), is_untyped(y.type)
    xt = x.type
    if ux and uy:
        if x.mode == A.MODE_CONST and y.mode == A.MODE_CONST:
            for a in (x, y):
                if is_numeric(a.type) and constant.to_real(a.value) is not None:
                    a.type = T.UNTYPED_FLOAT
        else:
            convert_untyped(c, x, T.FLOAT64)
            convert_untyped(c, y, T.FLOAT64)
    elif ux:
        convert_untyped(c, x, y.type)
    elif uy:
        convert_untyped(c, y, xt)
    if x.mode == A.MODE_INVALID or y.mode == A.MODE_INVALID:
        return False
    if not identical(x.type, y.type):
        c.error(
            x,
            f"invalid operation: {c.expr_str(e)} (mismatched types {c.type_str(x.type)} and"
            f" {c.type_str(y.type)})",
        )
        return False
    u = x.type.underlying()
    t = _COMPLEX_OF.get(u.kind) if type(u) is T.Basic else None
    if t is None:
        c.error(
            x,
            f"invalid argument: arguments have type {c.type_str(x.type)}, expected floating-point",
        )
        return False
    if x.mode == A.MODE_CONST and y.mode == A.MODE_CONST:
        if x.value is UNKNOWN or y.value is UNKNOWN:
            return _constant(e, t, UNKNOWN)
        return _constant(e, t, Complex(constant.to_real(x.value), constant.to_real(y.value)))
    return _value(e, t)


def _real_imag(c: Checker, e: A.CallExpr, x: A.Expr, part: Callable[[object], object]) -> bool:
    if is_untyped(x.type):
        if x.mode == A.MODE_CONST:
            if is_numeric(x.type):
                x.type = T.UNTYPED_COMPLEX
        else:
            convert_untyped(c, x, T.COMPLEX128)
            if x.mode == A.MODE_INVALID:
                return False
    u = x.type.underlying()
    t = _FLOAT_OF.get(u.kind) if type(u) is T.Basic else None
    if t is None:
        c.error(
            x,
            f"invalid argument: argument has type {c.type_str(x.type)}, expected complex type",
        )
        return False
    if x.mode == A.MODE_CONST:
        return _constant(e, t, part(x.value))
    return _value(e, t)


def _real(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _real_imag(c, e, args[0], constant.real)


def _imag(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _real_imag(c, e, args[0], constant.imag)


def _copy(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x, y = args
    dst = _slice_elem(c, x, "copy")
    if dst is None:
        return False
    if is_string(y.type):
        src: Optional[T.Type] = T.BYTE
    else:
        src = _slice_elem(c, y, "copy")
        if src is None:
            return False
    assert src is not None
    if not identical(dst, src):
        c.error(
            x,
            f"invalid copy: arguments {c.operand(x)} and {c.operand(y)} have different"
            f" element types {c.type_str(dst)} and {c.type_str(src)}",
        )
        return False
    if is_untyped(y.type):
        convert_untyped(c, y, T.STRING_T)
    return _value(e, T.INT)


def _delete(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x, key = args
    u = x.type.underlying()
    if type(u) is not T.Map:
        c.error(x, f"invalid argument: {c.operand(x)} is not a map")
        return False
    assignment(c, key, u.key, "argument to delete")
    return key.mode != A.MODE_INVALID and _novalue(e)


def _make(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    te = args[0]
    t = typexpr.type_of(c, te)
    if t is T.INVALID:
        return False
    u = t.underlying()
    if type(u) not in (T.Slice, T.Map, T.Chan):
        c.error(
            te,
            f"invalid argument: cannot make {c.expr_str(te)}: type must be slice, map, or channel",
        )
        return False
    least = 2 if type(u) is T.Slice else 1
    n = len(args)
    if not least <= n <= least + 1:
        c.error(
            e,
            f"invalid operation: {c.expr_str(e)} expects {least} or {least + 1} arguments;"
            f" found {n}",
        )
        return False
    sizes = []
    for a in args[1:]:
        _, v = index.index_value(c, a, -1)
        if v >= 0:
            sizes.append(v)
    if len(sizes) == 2 and sizes[0] > sizes[1]:
        c.error(args[1], "invalid argument: length and capacity swapped")
    return _value(e, t)


def _min_max(c: Checker, e: A.CallExpr, args: list[A.Expr], op: str, name: str) -> bool:
    best = args[0]
    all_const = True
    for i, a in enumerate(args):
        if not has_info(a.type, T.ORDERED):
            c.error(a, f"invalid argument: {c.operand(a)} cannot be ordered")
            return False
        if i == 0:
            all_const = a.mode == A.MODE_CONST
            continue
        expr.match_types(c, best, a)
        if best.mode == A.MODE_INVALID or a.mode == A.MODE_INVALID:
            return False
        if not identical(best.type, a.type):
            c.error(
                a,
                f"invalid argument: mismatched types {c.type_str(best.type)} (previous"
                f" argument) and {c.type_str(a.type)} (type of {c.expr_str(a)})",
            )
            return False
        if all_const and a.mode == A.MODE_CONST:
            if a.value is not UNKNOWN and best.value is not UNKNOWN:
                if constant.compare(op, a.value, best.value):
                    best = a
        else:
            # from here on only the type of the result matters; it must be the typed one
            if all_const and is_untyped(best.type):
                best = a
            all_const = False
    t = best.type
    if all_const:
        v = best.value
        for a in args:
            update_type(c, a, t, True)
        return _constant(e, t, v)
    if is_untyped(t):
        assignment(c, best, T.ANY, f"argument to built-in {name}")
        if best.mode == A.MODE_INVALID:
            return False
        t = best.type
    for a in args:
        update_type(c, a, t, True)
    return _value(e, t)


def _min(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _min_max(c, e, args, "<", "min")


def _max(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _min_max(c, e, args, ">", "max")


def _new(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    expr.expr_or_type(c, x)
    if x.mode == A.MODE_BUILTIN:
        c.error(x, f"{c.operand(x)} must be called")
        return False
    if x.mode == A.MODE_INVALID:
        return False
    if x.mode != A.MODE_TYPE and is_untyped(x.type):
        assignment(c, x, None, "argument to new")
        if x.mode == A.MODE_INVALID:
            return False
    return _value(e, T.Pointer(x.type))


def _panic(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    c.panics.add(e)
    x = args[0]
    assignment(c, x, T.ANY, "argument to panic")
    return x.mode != A.MODE_INVALID and _novalue(e)


def _printing(c: Checker, e: A.CallExpr, args: list[A.Expr], name: str) -> bool:
    for a in args:
        assignment(c, a, None, f"argument to built-in {name}")
        if a.mode == A.MODE_INVALID:
            return False
    return _novalue(e)


def _print(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _printing(c, e, args, "print")


def _println(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    return _printing(c, e, args, "println")


def _recover(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    if c.info is not None:
        c.info.has_recover = True
    return _value(e, _EMPTY_INTERFACE)


# ---------------------------------------------------------------- package unsafe
def _unsafe_add(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x, y = args
    assignment(c, x, T.UNSAFE_POINTER, "argument to unsafe.Add")
    if x.mode == A.MODE_INVALID or not index.valid_index(c, y, "length", True):
        return False
    return _value(e, T.UNSAFE_POINTER)


def _too_large(c: Checker, x: A.Expr, size: int) -> bool:
    if size > _MAX_SIZE:
        c.error(x, f"{c.operand(x)} is too large")
        return True
    return False


def _alignof(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    assignment(c, x, None, "argument to unsafe.Alignof")
    if x.mode == A.MODE_INVALID or not decl.laid_out(c, x.type):
        return False
    return _constant(e, T.UINTPTR, alignof(x.type))


def _sizeof(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    assignment(c, x, None, "argument to unsafe.Sizeof")
    if x.mode == A.MODE_INVALID or not decl.laid_out(c, x.type):
        return False
    size = sizeof(x.type)
    return not _too_large(c, x, size) and _constant(e, T.UINTPTR, size)


def _offsetof(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    arg = args[0]
    sel = expr.unparen(arg)
    if type(sel) is not A.SelectorExpr:
        c.error(arg, f"invalid argument: {c.expr_str(arg)} is not a selector expression")
        expr.use(c, [arg])
        return False
    x = sel.x
    expr.expr(c, x)
    if x.mode == A.MODE_INVALID:
        return False
    base = deref_struct(x.type)
    name = sel.sel.name
    found = lookup(base, False, c.pkg, name)
    obj = found.obj
    if obj is None:
        c.error(x, f"invalid argument: {c.type_str(base)} has no single field {name}")
        return False
    if isinstance(obj, Func):
        c.error(arg, f"invalid argument: {c.expr_str(arg)} is a method value")
        return False
    if found.indirect:
        c.error(
            x,
            f"invalid argument: field {name} is embedded via a pointer in {c.type_str(base)}",
        )
        return False
    path = found.index or []
    sel.sel.obj = obj
    sel.selection = Selection("field", base, obj, path, False)
    sel.mode = A.MODE_VAR if x.mode == A.MODE_VAR else A.MODE_VALUE
    sel.type = obj.type
    arg.mode, arg.type = sel.mode, sel.type
    if not decl.laid_out(c, base):
        return False
    offset = 0
    t = base
    for i in path:
        u = t.underlying()
        assert type(u) is T.Struct
        offset += offsetsof(u)[i]
        t = u.fields[i].type
    return not _too_large(c, x, offset) and _constant(e, T.UINTPTR, offset)


def _unsafe_slice(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x, y = args
    u = x.type.underlying()
    if type(u) is not T.Pointer:
        c.error(x, f"invalid argument: {c.operand(x)} is not a pointer")
        return False
    return index.valid_index(c, y, "length", False) and _value(e, T.Slice(u.elem))


def _slice_data(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    u = x.type.underlying()
    if type(u) is not T.Slice:
        c.error(x, f"invalid argument: {c.operand(x)} is not a slice")
        return False
    return _value(e, T.Pointer(u.elem))


def _unsafe_string(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x, y = args
    assignment(c, x, _BYTE_POINTER, "argument to unsafe.String")
    if x.mode == A.MODE_INVALID or not index.valid_index(c, y, "length", False):
        return False
    return _value(e, T.STRING_T)


def _string_data(c: Checker, e: A.CallExpr, args: list[A.Expr]) -> bool:
    x = args[0]
    assignment(c, x, T.STRING_T, "argument to unsafe.StringData")
    return x.mode != A.MODE_INVALID and _value(e, _BYTE_POINTER)


_RULES: dict[str, Callable[[Checker, A.CallExpr, list[A.Expr]], bool]] = {
    "append": _append,
    "cap": _cap,
    "clear": _clear,
    "close": _close,
    "complex": _complex,
    "copy": _copy,
    "delete": _delete,
    "imag": _imag,
    "len": _len,
    "make": _make,
    "max": _max,
    "min": _min,
    "new": _new,
    "panic": _panic,
    "print": _print,
    "println": _println,
    "real": _real,
    "recover": _recover,
    "Add": _unsafe_add,
    "Alignof": _alignof,
    "Offsetof": _offsetof,
    "Sizeof": _sizeof,
    "Slice": _unsafe_slice,
    "SliceData": _slice_data,
    "String": _unsafe_string,
    "StringData": _string_data,
}
