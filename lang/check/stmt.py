"""Statements and function bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..constant import UNKNOWN
from ..objects import Nil, Scope, Var
from ..types import identical, is_interface
from . import assign, decl, expr, funcs, labels, ranges, returns, typexpr
from .conversion import assignment, type_assertion
from .positions import node_pos
from .predicates import comparable, has_nil, is_boolean, is_numeric
from .state import Checker, DeclInfo, invalidate
from .untyped import convert_untyped


def func_body(
    c: Checker,
    d: Optional[DeclInfo],
    info: A.FuncInfo,
    sig: T.Signature,
    scope: Scope,
    body: A.BlockStmt,
    iota: Optional[int],
) -> None:
    """Check a function body; ``scope`` holds its parameters."""
    env = c.env()
    c.decl, c.scope, c.iota, c.error_pos, c.sig, c.info = d, scope, iota, 0, sig, info
    c.has_call = False
    labels.resolve(c, body)
    stmt_list(c, body.stmts)
    if sig.results and not returns.terminating(c, body, ""):
        c.error(body.rbrace, "missing return")
    for v in info.locals:
        if not v.used and v.parent is not None:
            c.error(v.pos, f"declared and not used: {v.name}")
    c.restore(env)


def stmt_list(c: Checker, stmts: list[A.Stmt]) -> None:
    delayed = c.delayed
    rules = _RULES
    for s in stmts:
        top = len(delayed)
        rules[type(s)](c, s)
        if len(delayed) != top:
            c.process_delayed(top)


def stmt(c: Checker, s: Optional[A.Stmt]) -> None:
    if s is not None:
        top = len(c.delayed)
        _RULES[type(s)](c, s)
        if len(c.delayed) != top:
            c.process_delayed(top)


def _nothing(c: Checker, s: A.Stmt) -> None:
    pass


def _decl_stmt(c: Checker, s: A.DeclStmt) -> None:
    decl.decl_stmt(c, s.decl)


def _labeled(c: Checker, s: A.LabeledStmt) -> None:
    stmt(c, s.stmt)


def _expr_stmt(c: Checker, s: A.ExprStmt) -> None:
    x = s.x
    kind = expr.raw_expr(c, x)
    if x.mode == A.MODE_BUILTIN:
        msg = "must be called"
    elif x.mode == A.MODE_TYPE:
        msg = "is not an expression"
    elif kind == expr.STATEMENT:
        return
    else:
        msg = "is not used"
    c.error(x, f"{c.operand(x)} {msg}")


def _send(c: Checker, s: A.SendStmt) -> None:
    expr.expr(c, s.chan)
    expr.expr(c, s.value)
    if s.chan.mode == A.MODE_INVALID or s.value.mode == A.MODE_INVALID:
        return
    elem = expr.chan_elem(c, s, s.chan, False)
    if elem is not None:
        assignment(c, s.value, elem, "send")


def _inc_dec(c: Checker, s: A.IncDecStmt) -> None:
    x = s.x
    expr.expr(c, x)
    if x.mode == A.MODE_INVALID:
        return
    if not is_numeric(x.type):
        c.error(
            x,
            f"invalid operation: {c.expr_str(x)}{s.op} (non-numeric type {c.type_str(x.type)})",
        )
        return
    assign.assignable_type(c, x)


def _assign(c: Checker, s: A.AssignStmt) -> None:
    if s.op == "=":
        assign.assign_vars(c, s.lhs, s.rhs)
    elif s.op == ":=":
        assign.short_var_decl(c, s)
    elif len(s.lhs) != 1 or len(s.rhs) != 1:
        c.error(s.op_pos, f"assignment operation {s.op}= requires single-valued expressions")
    else:
        x, y = s.lhs[0], s.rhs[0]
        expr.expr(c, x)
        expr.expr(c, y)
        result = A.BinaryExpr(x.pos, s.op, x, y, s.op_pos)
        expr.binary(c, result, x, y, s.op, True)
        if x.mode == A.MODE_INVALID:
            return
        t = assign.assignable_type(c, x)
        if t is not T.INVALID:
            assignment(c, result, t, "assignment")


def _go(c: Checker, s: A.GoStmt) -> None:
    _suspended_call(c, "go", s.call)


def _defer(c: Checker, s: A.DeferStmt) -> None:
    if c.info is not None:
        c.info.has_defer = True
    _suspended_call(c, "defer", s.call)


def _suspended_call(c: Checker, keyword: str, x: A.Expr) -> None:
    x = expr.unparen(x)  # the parser has complained
    if type(x) is not A.CallExpr:
        c.error(x, f"expression in {keyword} must be function call")
        expr.use(c, [x])
        return
    kind = expr.raw_expr(c, x)
    if kind == expr.STATEMENT:
        return
    if kind == expr.CONVERSION:
        msg = "requires function call, not conversion"
    else:
        msg = "discards result of"
    c.error(x, f"{keyword} {msg} {c.operand(x)}")


def _return(c: Checker, s: A.ReturnStmt) -> None:
    assert c.sig is not None
    res = c.sig.results
    if not s.results and res and res[0].name:
        for v in res:
            alt = c.lookup(v.name)
            if alt is not None and alt is not v and v.name != "_":
                c.error_lines(
                    s.pos,
                    f"result parameter {v.name} not in scope at return",
                    [(alt.pos, f"inner declaration of {_object_string(c, alt)}")],
                )
    elif res or s.results:
        if not res:
            assign.extra_results(c, s)
        else:
            assign.init_vars(c, res, s.results, s)


def _object_string(c: Checker, o: Any) -> str:
    if type(o) is Var:
        return f"var {o.name} {c.type_str(o.type)}"
    return o.name


def _block(c: Checker, s: A.BlockStmt) -> None:
    c.open_scope()
    stmt_list(c, s.stmts)
    c.close_scope()


def _condition(c: Checker, x: A.Expr, what: str) -> None:
    expr.expr(c, x)
    if x.mode != A.MODE_INVALID and not is_boolean(x.type):
        c.error(x, f"non-boolean condition in {what} statement")
    elif x.type is T.UNTYPED_BOOL and x.mode != A.MODE_INVALID:
        convert_untyped(c, x, T.BOOL)


def _if(c: Checker, s: A.IfStmt) -> None:
    depth = c.scope
    while True:  # else if … else if …: no recursion
        c.open_scope()
        stmt(c, s.init)
        top = len(c.delayed)
        _condition(c, s.cond, "if")
        c.process_delayed(top)
        _block(c, s.body)
        if type(s.else_) is not A.IfStmt:
            break
        s = s.else_
    stmt(c, s.else_)
    c.scope = depth


def _for(c: Checker, s: A.ForStmt) -> None:
    c.open_scope()
    stmt(c, s.init)
    if s.cond is not None:
        top = len(c.delayed)
        _condition(c, s.cond, "for")
        c.process_delayed(top)
    stmt(c, s.post)
    if type(s.post) is A.AssignStmt and s.post.op == ":=":
        expr.use(c, list(s.post.lhs))
    _block(c, s.body)
    c.close_scope()


# --------------------------------------------------------------------- switches
def _multiple_defaults(c: Checker, clauses: list[Any], is_default: Callable[[Any], bool]) -> None:
    first = None
    for cl in clauses:
        if is_default(cl):
            if first is None:
                first = cl
            else:
                c.error(cl.pos, f"multiple defaults (first at {c.where(first.pos)})")


def _case_is_default(cl: A.CaseClause) -> bool:
    return cl.exprs is None


def _switch(c: Checker, s: A.SwitchStmt) -> None:
    c.open_scope()
    stmt(c, s.init)
    top = len(c.delayed)
    x: A.Expr
    if s.tag is not None:
        x = s.tag
        expr.expr(c, x)
        assignment(c, x, None, "switch expression")
        if x.mode != A.MODE_INVALID and not comparable(x.type) and not has_nil(x.type):
            c.error(
                x,
                f"cannot switch on {c.operand(x)} ({c.type_str(x.type)} is not comparable)",
            )
            invalidate(x)
    else:
        x = A.Ident(s.clauses[0].pos if s.clauses else s.rbrace, "true")
        x.mode, x.type, x.value = A.MODE_CONST, T.BOOL, True
    c.process_delayed(top)
    _multiple_defaults(c, s.clauses, _case_is_default)
    seen: dict[Any, list[tuple[int, T.Type]]] = {}
    for cl in s.clauses:
        top = len(c.delayed)
        for e in cl.exprs or ():
            _case_value(c, x, e, seen)
        c.process_delayed(top)
        c.open_scope()
        stmt_list(c, cl.body)
        c.close_scope()
    c.close_scope()


def _case_value(
    c: Checker, x: A.Expr, e: A.Expr, seen: dict[Any, list[tuple[int, T.Type]]]
) -> None:
    expr.expr(c, e)
    if x.mode == A.MODE_INVALID or e.mode == A.MODE_INVALID:
        return
    convert_untyped(c, e, x.type)
    if e.mode == A.MODE_INVALID:
        return
    result = A.BinaryExpr(e.pos, "==", e, x, e.pos)
    expr.comparison(c, result, e, x, "==", in_switch=True)
    v = e.value
    if result.mode == A.MODE_INVALID or e.mode != A.MODE_CONST:
        return
    if v is UNKNOWN or type(v) is bool or type(v) is constant.Complex:
        return
    at = node_pos(e, c.diags.sources)
    for pos, t in seen.get(v, ()):
        if identical(e.type, t):
            c.error_lines(
                e,
                f"duplicate case {c.operand(e)} in expression switch",
                [(pos, "previous case")],
            )
            return
    seen.setdefault(v, []).append((at, e.type))


def _type_switch(c: Checker, s: A.TypeSwitchStmt) -> None:
    c.open_scope()
    stmt(c, s.init)
    top = len(c.delayed)
    bind = s.bind
    if bind is not None and bind.name == "_":
        c.error(bind.pos, "no new variable on left side of :=")
        bind = None
    x: Optional[A.Expr] = s.x
    assert x is not None
    expr.expr(c, x)
    if x.mode == A.MODE_INVALID:
        x = None
    elif not is_interface(x.type):
        c.error(x, f"{c.operand(x)} is not an interface")
        x = None
    c.process_delayed(top)
    _multiple_defaults(c, s.clauses, _case_is_default)
    vars: list[Var] = []
    seen: list[tuple[Optional[T.Type], int]] = []
    for cl in s.clauses:
        t = _case_types(c, x, cl.exprs or [], seen)
        c.open_scope()
        if bind is not None:
            v = funcs.new_local(c, bind.name, bind.pos, t)
            decl.declare(c, c.scope, None, v)
            cl.obj = v
            vars.append(v)
        stmt_list(c, cl.body)
        c.close_scope()
    if bind is not None:
        if not any(v.used for v in vars):
            c.error(bind.pos, f"{bind.name} declared and not used")
        for v in vars:
            v.used = True
    c.close_scope()


def _case_types(
    c: Checker,
    x: Optional[A.Expr],
    es: list[A.Expr],
    seen: list[tuple[Optional[T.Type], int]],
) -> T.Type:
    """The types of one clause of a type switch; the type of its variable."""
    t: Optional[T.Type] = None
    for e in es:
        n = expr.unparen(e)
        if type(n) is A.Ident and type(c.lookup(n.name)) is Nil:
            t = None
            expr.expr(c, e)
        else:
            t = typexpr.type_of(c, e)
            if t is T.INVALID:
                continue
        for other, pos in seen:
            if (t is None and other is None) or (
                t is not None and other is not None and identical(t, other)
            ):
                name = "nil" if t is None else c.type_str(t)
                c.error_lines(e, f"duplicate case {name} in type switch", [(pos, "previous case")])
                break
        else:
            seen.append((t, c.start(e)))
            if x is not None and t is not None:
                type_assertion(c, e, x, t, True)
    if len(es) != 1 or t is None:
        return x.type if x is not None else T.INVALID
    return t


def _comm_is_default(cl: A.CommClause) -> bool:
    return cl.comm is None


def _select(c: Checker, s: A.SelectStmt) -> None:
    _multiple_defaults(c, s.clauses, _comm_is_default)
    for cl in s.clauses:
        comm = cl.comm
        rhs: Optional[A.Expr] = None
        valid = comm is None or type(comm) is A.SendStmt
        if type(comm) is A.AssignStmt and len(comm.rhs) == 1 and comm.op in ("=", ":="):
            rhs = comm.rhs[0]
        elif type(comm) is A.ExprStmt:
            rhs = comm.x
        if rhs is not None:
            rhs = expr.unparen(rhs)
            valid = type(rhs) is A.UnaryExpr and rhs.op == "<-"
        if not valid:
            assert comm is not None
            at = node_pos(comm.x, c.diags.sources) if type(comm) is A.ExprStmt else comm
            c.error(
                at,
                "select case must be send or receive (possibly with assignment)",
            )
            continue
        c.open_scope()
        stmt(c, comm)
        stmt_list(c, cl.body)
        c.close_scope()


_RULES: dict[type, Callable[[Checker, Any], None]] = {
    A.BadStmt: _nothing,
    A.EmptyStmt: _nothing,
    A.BranchStmt: _nothing,  # see labels
    A.DeclStmt: _decl_stmt,
    A.LabeledStmt: _labeled,
    A.ExprStmt: _expr_stmt,
    A.SendStmt: _send,
    A.IncDecStmt: _inc_dec,
    A.AssignStmt: _assign,
    A.GoStmt: _go,
    A.DeferStmt: _defer,
    A.ReturnStmt: _return,
    A.BlockStmt: _block,
    A.IfStmt: _if,
    A.SwitchStmt: _switch,
    A.TypeSwitchStmt: _type_switch,
    A.SelectStmt: _select,
    A.ForStmt: _for,
    A.RangeStmt: ranges.range_stmt,
}
