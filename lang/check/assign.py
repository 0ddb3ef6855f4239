"""Assignments, short variable declarations, initialisation lists."""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import types as T
from ..objects import Var
from . import decl, expr, funcs
from .conversion import assignment
from .state import Checker, invalidate
from .text import types_summary


def assign_var(
    c: Checker, lhs: A.Expr, rhs: Optional[A.Expr], x: Optional[A.Expr], context: str
) -> None:
    """lhs = rhs, where rhs is still to be checked, or lhs = x, which is checked."""
    t = lhs_type(c, lhs)
    if t is T.INVALID:
        if x is not None:
            invalidate(x)
        else:
            expr.use(c, [rhs])
        return
    if x is None:
        assert rhs is not None
        x = rhs
        expr.expr(c, x)
    if t is None and context == "assignment":
        context = "assignment to _ identifier"
    assignment(c, x, t, context)


def lhs_type(c: Checker, lhs: A.Expr) -> Optional[T.Type]:
    """The type of what is assigned to; None for the blank identifier."""
    name = expr.unparen(lhs)
    if type(name) is A.Ident:
        if name.name == "_":
            return None
        obj = c.lookup(name.name)
        if type(obj) is Var and obj.pkg is c.pkg:
            # being assigned to is no use
            used = obj.used
            expr.expr(c, lhs)
            obj.used = used
        else:
            expr.expr(c, lhs)
    else:
        expr.expr(c, lhs)
    return assignable_type(c, lhs)


def assignable_type(c: Checker, lhs: A.Expr) -> Optional[T.Type]:
    """The type of the checked operand lhs, which must be something to assign to."""
    if lhs.mode == A.MODE_VAR:
        funcs.assigned(lhs)
        return lhs.type
    if lhs.mode == A.MODE_MAPINDEX:
        return lhs.type
    if lhs.mode == A.MODE_INVALID or lhs.type is T.INVALID:
        return T.INVALID
    x = lhs
    if type(x) is A.SelectorExpr and x.x.mode == A.MODE_MAPINDEX:
        c.error(x, f"cannot assign to struct field {c.expr_str(x)} in map")
        return T.INVALID
    c.error(
        lhs,
        f"cannot assign to {c.expr_str(lhs)} (neither addressable nor a map index expression)",
    )
    return T.INVALID


def assign_vars(c: Checker, lhs: list[A.Expr], rhs: list[A.Expr]) -> None:
    n, m = len(lhs), len(rhs)
    context = "multiple assignment" if n > 1 else "assignment"
    is_call = m == 1 and type(expr.unparen(rhs[0])) is A.CallExpr
    if n == m and not is_call:
        for v, x in zip(lhs, rhs):
            assign_var(c, v, x, None, context)
        return
    if m != 1:
        ok = expr.use(c, lhs, lhs=True)
        if expr.use(c, rhs) and ok:
            _mismatch(c, rhs, n, m)
        return
    values, _ = expr.multi_expr(c, rhs[0], n == 2)
    m = len(values)
    if n == m:
        for v, x in zip(lhs, values):
            assign_var(c, v, None, x, context)
        return
    if values[0].mode != A.MODE_INVALID:
        _mismatch(c, rhs, n, m)
    expr.use(c, lhs, lhs=True)


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def _mismatch(c: Checker, rhs: list[A.Expr], n: int, m: int) -> None:
    vars, values = _count(n, "variable"), _count(m, "value")
    x = expr.unparen(rhs[0])
    if len(rhs) == 1 and type(x) is A.CallExpr:
        c.error(rhs[0], f"assignment mismatch: {vars} but {c.expr_str(x.fun)} returns {values}")
    else:
        c.error(rhs[0], f"assignment mismatch: {vars} but {values}")


def return_mismatch(c: Checker, pos: int, lhs: list[Var], rhs: list[A.Expr]) -> None:
    word = "not enough"
    if len(rhs) > len(lhs):
        pos, word = rhs[len(lhs)].pos, "too many"
    elif rhs:
        pos = rhs[-1].pos
    have = types_summary(c.qualify, [x.type for x in rhs], False, False)
    want = types_summary(c.qualify, [v.type for v in lhs], False, False)
    c.error_lines(pos, f"{word} return values", [(0, f"have {have}"), (0, f"want {want}")])


def extra_results(c: Checker, s: A.ReturnStmt) -> None:
    """A function without results returns some."""
    values, _ = expr.multi_expr(c, s.results[0], False)
    for x in s.results[1:]:
        expr.expr(c, x)
        values.append(x)
    if all(x.mode != A.MODE_INVALID for x in values):
        return_mismatch(c, s.pos, [], values)


def init_vars(c: Checker, lhs: list[Var], rhs: list[A.Expr], ret: Optional[A.ReturnStmt]) -> None:
    """Variables are declared with the values of rhs; or, with ``ret``, the results lhs of
    a function get them."""
    n, m = len(lhs), len(rhs)
    if ret is not None:
        context = "return statement"
    else:
        context = "multiple assignment" if n > 1 else "assignment"
    is_call = m == 1 and type(expr.unparen(rhs[0])) is A.CallExpr
    if n == m and not is_call:
        for v, x in zip(lhs, rhs):
            expr.expr(c, x)
            decl.init_var(c, v, x, context)
        return
    if m != 1:
        if expr.use(c, rhs):
            if ret is not None:
                return_mismatch(c, ret.pos, lhs, expr.expr_list(c, rhs) if rhs else [])
            else:
                _mismatch(c, rhs, n, m)
        _all_invalid(lhs)
        return
    values, _ = expr.multi_expr(c, rhs[0], n == 2 and ret is None)
    m = len(values)
    if n == m:
        for v, x in zip(lhs, values):
            decl.init_var(c, v, x, context)
        return
    if values[0].mode != A.MODE_INVALID:
        if ret is not None:
            return_mismatch(c, ret.pos, lhs, values)
        else:
            _mismatch(c, rhs, n, m)
    _all_invalid(lhs)


def _all_invalid(vars: list[Var]) -> None:
    for v in vars:
        if v.type is None:
            v.type = T.INVALID


def short_var_decl(c: Checker, s: A.AssignStmt) -> None:
    top = len(c.delayed)
    scope = c.scope
    seen: set[str] = set()
    vars: list[Var] = []
    new: list[tuple[A.Ident, Var]] = []
    failed = False
    for x in s.lhs:
        v: Optional[Var] = None
        if type(x) is not A.Ident:
            expr.use(c, [x], lhs=True)
            c.error(x, f"non-name {c.expr_str(x)} on left side of :=")
            failed = True
        elif x.name != "_" and x.name in seen:
            c.error(x, f"{x.name} repeated on left side of :=")
            failed = True
        else:
            seen.add(x.name)
            alt = scope.lookup(x.name) if x.name != "_" else None
            if alt is None:
                v = funcs.new_local(c, x.name, x.pos, None)
                if x.name != "_":
                    new.append((x, v))
                x.obj = v
            elif type(alt) is Var:
                x.obj = v = alt
                v.reassigned = True
            else:
                x.obj = alt
                c.error(x, f"cannot assign to {x.name}")
                failed = True
        if v is None:
            v = Var("_", c.pkg, x.pos, None)  # type: ignore[arg-type]
        vars.append(v)
    init_vars(c, vars, s.rhs, None)
    for x, v in zip(s.lhs, vars):
        x.mode, x.type = A.MODE_VAR, v.type
    c.process_delayed(top)
    if not new and not failed:
        c.error(s.op_pos, "no new variables on left side of :=")
        return
    for ident, v in new:
        decl.declare(c, scope, ident, v)
