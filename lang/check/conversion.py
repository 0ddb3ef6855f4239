"""Assignability and conversions."""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..lookup import (
    deref_struct,
    interface_methods,
    interface_pointer_reason,
    is_interface_pointer,
    missing_method,
)
from ..types import identical, is_interface
from .predicates import (
    default_type,
    has_info,
    has_name,
    is_bytes_or_runes,
    is_complex,
    is_const_type,
    is_integer,
    is_kind,
    is_pointer,
    is_string,
    is_untyped,
)
from .state import Checker, invalidate
from .untyped import IMPOSSIBLE, apply, implicit_type, update_type


class Cause:
    """Why something is not assignable; filled only where there is more to say."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text = ""


def single_value(c: Checker, x: A.Expr) -> None:
    if x.mode == A.MODE_VALUE and type(x.type) is T.Tuple:
        c.error(x, f"multiple-value {c.operand(x)} in single-value context")
        invalidate(x)


_ASSIGNABLE_MODES = {
    A.MODE_NIL, A.MODE_CONST, A.MODE_VAR, A.MODE_MAPINDEX, A.MODE_VALUE, A.MODE_COMMAOK,
}  # fmt: skip


def assignment(c: Checker, x: A.Expr, t: Optional[T.Type], context: str) -> None:
    """x is assigned to something of type t (None: to something that takes x's type):
    convert it, or report ``cannot use x as t value in context`` and invalidate it."""
    mode = x.mode
    if mode == A.MODE_INVALID:
        return
    if mode == A.MODE_VALUE and type(x.type) is T.Tuple:
        single_value(c, x)
        return
    if mode not in _ASSIGNABLE_MODES:
        to = c.type_str(t) if t is not None else "nil"
        c.error(x, f"cannot assign {c.operand(x)} to {to} in {context}")
        invalidate(x)
        return
    xt = x.type
    if type(xt) is T.Basic and xt.info & T.UNTYPED:
        target = t
        if mode == A.MODE_NIL:
            if t is None:
                c.error(x, f"use of untyped nil in {context}")
                invalidate(x)
                return
        elif t is None or type(t.underlying()) is T.Interface:
            target = default_type(xt)
        assert target is not None
        new, value, why = implicit_type(x, target)
        if why:
            msg = f"cannot use {c.operand(x)} as {c.type_str(target)} value in {context}"
            if why != IMPOSSIBLE:
                msg += f" ({why})"
            c.error(x, msg)
            invalidate(x)
            return
        apply(c, x, new, value)
        if x.mode == A.MODE_INVALID:
            return
        xt = x.type
    if t is None or xt is t:
        return
    cause = Cause()
    if not assignable(c, x, t, cause):
        msg = f"cannot use {c.operand(x)} as {c.type_str(t)} value in {context}"
        c.error(x, f"{msg}: {cause.text}" if cause.text else msg)
        invalidate(x)


def assignable(c: Checker, x: A.Expr, t: T.Type, cause: Optional[Cause] = None) -> bool:
    """May x be assigned to a variable of type t?"""
    v = x.type
    if x.mode == A.MODE_INVALID or v is T.INVALID or t is T.INVALID:
        return True  # no errors after an error
    if v is t or identical(v, t):
        return True
    vu, tu = v.underlying(), t.underlying()
    if type(vu) is T.Basic and vu.info & T.UNTYPED:
        return implicit_type(x, t)[0] is not None
    if (not has_name(v) or not has_name(t)) and identical(vu, tu):
        return True
    if type(tu) is T.Interface or is_interface_pointer(tu):
        return implements(c, v, t, cause)
    if type(vu) is T.Interface:
        if implements(c, t, v, None) and cause is not None:
            cause.text = "need type assertion"
        return False
    if type(vu) is T.Chan and vu.dir == "both" and type(tu) is T.Chan:
        if identical(vu.elem, tu.elem):
            return not has_name(v) or not has_name(t)
    return False


def implements(c: Checker, v: T.Type, t: T.Type, cause: Optional[Cause]) -> bool:
    vu, tu = v.underlying(), t.underlying()
    if vu is T.INVALID or tu is T.INVALID:
        return True
    if type(vu) is T.Pointer and vu.elem.underlying() is T.INVALID:
        return True
    if type(tu) is not T.Interface:
        if cause is not None:
            if is_interface_pointer(tu):
                detail = interface_pointer_reason(t, c.qualify)
            else:
                detail = f"{c.type_str(t)} is not an interface"
            cause.text = f"{c.type_str(v)} does not implement {c.type_str(t)} ({detail})"
        return False
    if not interface_methods(tu):
        return True
    missing = missing_method(v, t, True, c.qualify, c.resolve)
    if missing is None or has_invalid_embedded(v, set()):
        return True
    if cause is not None:
        cause.text = f"{c.type_str(v)} does not implement {c.type_str(t)} {missing[1]}"
    return False


def has_invalid_embedded(t: T.Type, seen: set[int]) -> bool:
    """Is something embedded in t that was refused (and might have had any method)?"""
    s = deref_struct(t).underlying()
    if type(s) is not T.Struct or id(s) in seen:
        return False
    seen.add(id(s))
    return any(
        f.embedded and (f.type is T.INVALID or has_invalid_embedded(f.type, seen)) for f in s.fields
    )


def type_assertion(c: Checker, e: A.Expr, x: A.Expr, t: T.Type, in_switch: bool) -> None:
    """Can the dynamic type of interface value x be t?"""
    if is_interface(t) or t.underlying() is T.INVALID:
        return
    missing = missing_method(t, x.type, False, c.qualify, c.resolve)
    if missing is None or has_invalid_embedded(t, set()):
        return
    if in_switch:
        c.error(
            e,
            f"impossible type switch case: {c.expr_str(e)}\n\t{c.operand(x)} cannot have"
            f" dynamic type {c.type_str(t)} {missing[1]}",
        )
    else:
        c.error(
            e,
            f"impossible type assertion: {c.expr_str(e)}\n\t{c.type_str(t)} does not"
            f" implement {c.type_str(x.type)} {missing[1]}",
        )


# ---------------------------------------------------------------- conversions
def conversion(c: Checker, x: A.Expr, t: T.Type, result: A.CallExpr) -> None:
    """``result`` is the call t(x): give it mode, type and value."""
    const_arg = x.mode == A.MODE_CONST
    xt = x.type
    ok = False
    value = None
    cause = Cause()
    if const_arg and is_const_type(t):
        b = t.underlying()
        assert type(b) is T.Basic
        value = constant.represent(x.value, b)
        ok = value is not None
        if not ok and is_integer(xt) and is_string(t):
            ok = True
            value = constant.rune_string(x.value)
        if not ok and is_integer(xt) and is_integer(t):
            v = constant.text(x.value, True)
            c.error(x, f"constant {v} overflows {c.type_str(t)}")
            invalidate(result)
            return
    else:
        ok = convertible(c, x, t, cause)
    if not ok:
        if const_arg and is_integer(t) and constant.to_int(x.value) is not None:
            # the value that does not fit is shown as the integer that it is
            x.value = constant.to_int(x.value)
            shown = c.operand(x, integer=True)
        else:
            shown = c.operand(x)
        msg = f"cannot convert {shown} to type {c.type_str(t)}"
        c.error(x, f"{msg}: {cause.text}" if cause.text else msg)
        invalidate(result)
        return
    if is_untyped(xt):
        final = t
        if x.mode == A.MODE_NIL:
            pass
        elif is_interface(t) or (const_arg and not is_const_type(t)):
            final = default_type(xt)
        elif value is not None and is_integer(xt) and is_string(t):
            final = xt  # string(65): the operand stays what it is
        if const_arg and value is None:
            update_type(c, x, final, True)
        elif const_arg:
            _set_final(x, final)
        else:
            update_type(c, x, final, True)
    result.mode = A.MODE_CONST if value is not None else A.MODE_VALUE
    result.value = value
    result.type = t


def _set_final(x: A.Expr, t: T.Type) -> None:
    """A constant operand of a constant conversion: its own value no longer matters."""
    x.type = t
    while type(x) is A.ParenExpr:
        x = x.x
        x.type = t


def convertible(c: Checker, x: A.Expr, t: T.Type, cause: Cause) -> bool:
    if assignable(c, x, t, cause):
        return True
    v = x.type
    vu, tu = v.underlying(), t.underlying()
    if identical(vu, tu, True):
        return True
    if type(v) is T.Pointer and type(t) is T.Pointer:
        if identical(v.elem.underlying(), t.elem.underlying(), True):
            return True
    real = T.INTEGER | T.FLOAT
    if has_info(vu, real) and has_info(tu, real):
        return True
    if is_complex(vu) and is_complex(tu):
        return True
    if is_string(tu) and (is_integer(vu) or is_bytes_or_runes(vu)):
        return True
    if is_string(vu) and is_bytes_or_runes(tu):
        return True
    if is_kind(tu, "unsafe.Pointer") and (is_pointer(vu) or is_kind(vu, "uintptr")):
        return True
    if is_kind(vu, "unsafe.Pointer") and (is_pointer(tu) or is_kind(tu, "uintptr")):
        return True
    if type(vu) is T.Slice:
        a = tu
        if type(tu) is T.Pointer:
            a = tu.elem.underlying()
        if type(a) is T.Array and identical(vu.elem, a.elem):
            return True
    return False
