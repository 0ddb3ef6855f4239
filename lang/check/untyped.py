"""Untyped operands: how they get their types, and whether constants fit.

An untyped operand keeps its untyped type on its node until its context gives it another;
:func:`update_type` then writes the final type into the node and into the operands that
it consists of.
"""

from __future__ import annotations

from typing import Any, Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..constant import UNKNOWN
from ..lookup import interface_methods
from .predicates import (
    default_type,
    has_nil,
    is_boolean,
    is_integer,
    is_numeric,
    is_string,
    wider_untyped,
)
from .state import Checker, invalidate

# why an untyped operand does not convert
TRUNCATED, OVERFLOWS, IMPOSSIBLE = "truncated", "overflows", "impossible"

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
SHIFTS = frozenset(("<<", ">>"))

_LITTLE_OPS = {"+": "addition", "-": "subtraction", "^": "bitwise XOR", "*": "multiplication",
               "<<": "shift"}  # fmt: skip


def op_pos(e: A.Expr) -> int:
    return e.op_pos if type(e) is A.BinaryExpr else e.pos


def op_name(e: A.Expr) -> str:
    if type(e) is A.BinaryExpr:
        return _LITTLE_OPS.get(e.op, "")
    if type(e) is A.UnaryExpr and e.op == "^":
        return "bitwise complement"
    return ""


def overflow(c: Checker, x: A.Expr) -> None:
    """x has just got a constant value: is it one its type can have?"""
    v = x.value
    if v is UNKNOWN:
        c.error(op_pos(x), "constant result is not representable")
        return
    t = x.type
    if not (type(t) is T.Basic and t.info & T.UNTYPED):
        b = t.underlying()
        if type(v) is not str and type(v) is not bool:
            require_representable(c, x, b)
        return
    if type(v) is int and t.info & T.INTEGER and v.bit_length() > constant.PRECISION:
        name = op_name(x)
        c.error(op_pos(x), f"constant {name + ' ' if name else ''}overflow")
        x.value = UNKNOWN


def represent(x: A.Expr, b: T.Basic) -> tuple[Any, str]:
    """The value of constant x as a b, or why there is none."""
    v = constant.represent(x.value, b)
    if v is not None:
        return v, ""
    if is_numeric(x.type) and is_numeric(b):
        if not is_integer(x.type) and is_integer(b):
            return None, TRUNCATED
        return None, OVERFLOWS
    return None, IMPOSSIBLE


def require_representable(c: Checker, x: A.Expr, b: T.Basic) -> None:
    v, why = represent(x, b)
    if why:
        conversion_error(c, why, x, b)
        invalidate(x)
    else:
        x.value = v


def conversion_error(c: Checker, why: str, x: A.Expr, target: T.Type) -> None:
    op, t = c.operand(x), c.type_str(target)
    if why == TRUNCATED:
        c.error(x, f"{op} truncated to {t}")
    elif why == OVERFLOWS:
        c.error(x, f"{op} overflows {t}")
    else:
        c.error(x, f"cannot convert {op} to type {t}")


def implicit_type(x: A.Expr, target: T.Type) -> tuple[Optional[T.Type], Any, str]:
    """The type (and rounded value) that untyped x gets where target is wanted; else
    (None, None, why)."""
    xt = x.type
    if (
        x.mode == A.MODE_INVALID
        or not (type(xt) is T.Basic and xt.info & T.UNTYPED)
        or target is T.INVALID
    ):
        return xt, None, ""
    if type(target) is T.Basic and target.info & T.UNTYPED:
        m = wider_untyped(xt, target)
        return (m, None, "") if m is not None else (None, None, IMPOSSIBLE)
    if x.mode == A.MODE_NIL:
        return (target, None, "") if has_nil(target) else (None, None, IMPOSSIBLE)
    u = target.underlying()
    if type(u) is T.Basic:
        if x.mode == A.MODE_CONST:
            v, why = represent(x, u)
            return (None, None, why) if why else (target, v, "")
        if xt.info & T.BOOLEAN:
            ok = is_boolean(target)
        elif xt.info & T.NUMERIC:
            ok = is_numeric(target)
        else:
            ok = is_string(target) and xt.info & T.STRING != 0
        return (target, None, "") if ok else (None, None, IMPOSSIBLE)
    if type(u) is T.Interface:
        if interface_methods(u):
            return None, None, IMPOSSIBLE
        return default_type(xt), None, ""
    return None, None, IMPOSSIBLE


def convert_untyped(c: Checker, x: A.Expr, target: T.Type) -> None:
    new, value, why = implicit_type(x, target)
    if why:
        conversion_error(c, why, x, target.underlying())
        invalidate(x)
        return
    apply(c, x, new, value)


def apply(c: Checker, x: A.Expr, new: Optional[T.Type], value: Any) -> None:
    """x gets the type (and value) that implicit_type found."""
    if value is not None:
        x.value = value
    if new is not None and new is not x.type:
        update_type(c, x, new, False)
        if x.mode != A.MODE_INVALID:
            x.type = new


def update_type(c: Checker, x: A.Expr, t: T.Type, final: bool) -> None:
    """Give the untyped expression x, and what it is made of, type t. ``final``: even if
    t is untyped it is the last word."""
    old = x.type
    if not (type(old) is T.Basic and old.info & T.UNTYPED) or x.mode == A.MODE_INVALID:
        return
    if isinstance(x, A.ParenExpr):
        update_type(c, x.x, t, final)
        if x.x.value is not None:
            x.value = x.x.value
    elif x.value is None:
        if isinstance(x, A.UnaryExpr):
            update_type(c, x.x, t, final)
        elif isinstance(x, A.BinaryExpr):
            if x.op in COMPARISONS:
                pass  # its operands have nothing to do with the type of the result
            elif x.op in SHIFTS:
                update_type(c, x.x, t, final)
            else:
                update_type(c, x.x, t, final)
                update_type(c, x.y, t, final)
    if not final and type(t) is T.Basic and t.info & T.UNTYPED:
        x.type = t
        return
    if x in c.shift_operands and not is_integer(t):
        c.error(
            x,
            f"invalid operation: shifted operand {c.expr_str(x)} (type {c.type_str(t)})"
            " must be integer",
        )
        return
    if x.value is not None:
        _, value, why = implicit_type(x, t)
        if why:
            conversion_error(c, why, x, t.underlying())
            invalidate(x)
            return
        if value is not None and not isinstance(x, A.ParenExpr):
            x.value = value
    x.type = t
