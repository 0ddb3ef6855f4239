"""The range clause."""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import types as T
from ..objects import Var
from ..types import identical
from . import assign, decl, expr, funcs, stmt
from .conversion import assignment
from .predicates import array_behind, is_boolean, is_integer
from .state import Checker
from .untyped import convert_untyped


def range_stmt(c: Checker, s: A.RangeStmt) -> None:
    x = s.x
    top = len(c.delayed)
    c.has_call = False
    expr.expr(c, x)
    c.process_delayed(top)
    key: Optional[T.Type] = None
    value: Optional[T.Type] = None
    valid = x.mode != A.MODE_INVALID
    if valid:
        key, value, cause = key_value(c, x.type)
        if x.type is T.UNTYPED_STRING:
            convert_untyped(c, x, T.STRING_T)
        op = c.operand(x) if cause is not None or s.key is not None or s.value is not None else ""
        if cause is not None:
            c.error(x, f"cannot range over {op}" + (f": {cause}" if cause else ""))
            key = value = T.INVALID
        elif key is None and s.key is not None:
            c.error(s.key, f"range over {op} permits no iteration variables")
        elif value is None and s.value is not None:
            c.error(s.value, f"range over {op} permits only one iteration variable")
    over_int = valid and is_integer(x.type)
    c.open_scope()
    targets = [(s.key, key), (s.value, value)]
    if s.define:
        _define(c, s, x, targets, over_int)
    elif s.key is not None:
        for lhs, t in targets:
            if lhs is None or t is None or t is T.INVALID:
                continue
            if over_int:
                assign.assign_var(c, lhs, None, x, "range clause")
                if x.mode != A.MODE_INVALID and not is_integer(x.type):
                    c.error(lhs, f"cannot use iteration variable of type {c.type_str(x.type)}")
            else:
                assign.assign_var(c, lhs, None, _element(c, lhs, t), "assignment")
    elif over_int:
        assignment(c, x, None, "range clause")
    stmt.stmt(c, s.body)
    c.close_scope()


def _element(c: Checker, lhs: A.Expr, t: T.Type) -> A.Expr:
    """An operand for what the loop assigns; errors show the variable."""
    return expr.result_operand(lhs.pos, c.expr_str(lhs), t)


def _define(
    c: Checker,
    s: A.RangeStmt,
    x: A.Expr,
    targets: list[tuple[Optional[A.Expr], Optional[T.Type]]],
    over_int: bool,
) -> None:
    vars: list[tuple[A.Ident, Var]] = []
    for lhs, t in targets:
        if lhs is None:
            continue
        if type(lhs) is not A.Ident:
            c.error(lhs, f"invalid syntax tree: cannot declare {c.expr_str(lhs)}")
            continue
        v = funcs.new_local(c, lhs.name, lhs.pos, None)
        lhs.obj = v
        if lhs.name != "_":
            vars.append((lhs, v))
        if t is None or t is T.INVALID:
            v.type = T.INVALID
            v.used = True
        elif over_int:
            decl.init_var(c, v, x, "range clause")
        else:
            decl.init_var(c, v, _element(c, lhs, t), "assignment")
        lhs.mode, lhs.type = A.MODE_VAR, v.type
    if not vars:
        c.error(s.pos, "no new variables on left side of :=")
    for ident, v in vars:
        decl.declare(c, c.scope, ident, v)


_FUNC = "func must be func(yield func(...) bool): "


def key_value(c: Checker, t: T.Type) -> tuple[Optional[T.Type], Optional[T.Type], Optional[str]]:
    """The types of the iteration variables, None where there are none; and why t cannot
    be ranged over, if so ("" for no words)."""
    u = array_behind(t)
    if type(u) is T.Basic:
        if u.info & T.STRING:
            return T.INT, T.RUNE, None
        if u.info & T.INTEGER:
            return t, None, None
    elif type(u) is T.Array or type(u) is T.Slice:
        return T.INT, u.elem, None
    elif type(u) is T.Map:
        return u.key, u.elem, None
    elif type(u) is T.Chan:
        if u.dir == "send":
            return None, None, f"receive from send-only channel {c.type_str(t)}"
        return u.elem, None, None
    elif type(u) is T.Signature:
        return _iterator(c, u)
    return None, None, ""


def _iterator(
    c: Checker, f: T.Signature
) -> tuple[Optional[T.Type], Optional[T.Type], Optional[str]]:
    if len(f.params) != 1:
        return None, None, _FUNC + "wrong argument count"
    if f.results:
        return None, None, _FUNC + "unexpected results"
    y = f.params[0].type.underlying()
    if type(y) is not T.Signature:
        return None, None, _FUNC + "argument is not func"
    if len(y.params) > 2:
        return None, None, _FUNC + "yield func has too many parameters"
    if len(y.results) != 1 or not identical(y.results[0].type, T.BOOL):
        if len(y.results) == 1 and is_boolean(y.results[0].type):
            return None, None, _FUNC + "yield func returns user-defined boolean, not bool"
        return None, None, _FUNC + "yield func does not return bool"
    if y.variadic:
        return None, None, f"yield func of type {c.type_str(y)} cannot be variadic"
    types = [p.type for p in y.params] + [None, None]
    return types[0], types[1], None
