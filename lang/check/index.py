"""Index and slice expressions."""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..constant import UNKNOWN
from . import decl, expr, funcs
from .conversion import assignment
from .predicates import is_integer
from .state import Checker, invalidate
from .untyped import convert_untyped


def index_expr(c: Checker, e: A.IndexExpr, hint: Optional[T.Type]) -> str:
    x = e.x
    expr.expr_or_type(c, x)
    if x.mode == A.MODE_INVALID:
        expr.use(c, list(e.indices))
        return expr.STATEMENT
    if x.mode == A.MODE_TYPE:
        c.error(
            x,
            f"invalid operation: {c.expr_str(x)}[{', '.join(map(c.expr_str, e.indices))}]"
            f" ({c.type_str(x.type)} is not a generic type)",
        )
        return expr.STATEMENT
    if x.mode == A.MODE_BUILTIN or x.mode == A.MODE_NOVALUE:
        c.error(e.lbrack, f"cannot index {c.operand(x)}")
        return expr.STATEMENT
    if not decl.complete(c, x.type):
        return expr.STATEMENT
    u = x.type.underlying()
    length = -1
    if type(u) is T.Basic and u.info & T.STRING:
        if x.mode == A.MODE_CONST and x.value is not UNKNOWN:
            length = len(x.value)
        e.mode = A.MODE_VALUE
        e.type = T.BYTE
        if x.type is T.UNTYPED_STRING:
            convert_untyped(c, x, T.STRING_T)
    elif type(u) is T.Array:
        length = u.len
        e.mode = A.MODE_VAR if x.mode == A.MODE_VAR else A.MODE_VALUE
        e.type = u.elem
    elif type(u) is T.Pointer and type(u.elem.underlying()) is T.Array:
        if not decl.complete(c, u.elem):
            return expr.STATEMENT
        a = u.elem.underlying()
        assert type(a) is T.Array
        length = a.len
        e.mode = A.MODE_VAR
        e.type = a.elem
    elif type(u) is T.Slice:
        e.mode = A.MODE_VAR
        e.type = u.elem
    elif type(u) is T.Map:
        if not decl.complete(c, u.elem):
            return expr.STATEMENT
        key = _single_index(c, e)
        expr.expr(c, key)
        assignment(c, key, u.key, "map index")
        e.mode = A.MODE_MAPINDEX
        e.type = u.elem
        return expr.EXPRESSION
    else:
        c.error(e.lbrack, f"cannot index {c.operand(x)}")
        expr.use(c, list(e.indices))
        return expr.STATEMENT
    index_value(c, _single_index(c, e), length)
    return expr.EXPRESSION


def _single_index(c: Checker, e: A.IndexExpr) -> A.Expr:
    if len(e.indices) > 1:
        c.error(e.indices[1], "invalid operation: more than one index")
    return e.indices[0]


def index_value(c: Checker, i: A.Expr, limit: int) -> tuple[bool, int]:
    """Check an index, length or capacity below ``limit`` (-1: none): is it one, and what
    is its constant value, or -1."""
    expr.expr(c, i)
    if not valid_index(c, i, "index", False):
        return False, -1
    if i.mode != A.MODE_CONST:
        return True, -1
    v = i.value
    if v is UNKNOWN:
        return False, -1
    if 0 <= limit <= v:
        c.error(i, f"invalid argument: index {v} out of bounds [0:{limit}]")
        return False, -1
    return True, v


def valid_index(c: Checker, x: A.Expr, what: str, allow_negative: bool) -> bool:
    if x.mode == A.MODE_INVALID:
        return False
    convert_untyped(c, x, T.INT)
    if x.mode == A.MODE_INVALID:
        return False
    if not is_integer(x.type):
        c.error(x, f"invalid argument: {what} {c.operand(x)} must be integer")
        return False
    if x.mode == A.MODE_CONST and x.value is not UNKNOWN:
        if not allow_negative and x.value < 0:
            c.error(x, f"invalid argument: {what} {c.operand(x)} must not be negative")
            return False
        if constant.represent(x.value, T.INT) is None:
            c.error(x, f"invalid argument: {what} {c.operand(x)} overflows int")
            return False
    return True


def slice_expr(c: Checker, e: A.SliceExpr, hint: Optional[T.Type]) -> str:
    x = e.x
    parts = [e.low, e.high, e.max]
    expr.expr(c, x)
    if x.mode == A.MODE_INVALID:
        expr.use(c, parts)
        return expr.STATEMENT
    u = x.type.underlying()
    if type(u) is T.Pointer and not decl.complete(c, u.elem):
        return expr.STATEMENT
    length = -1
    e.type = x.type
    ok = True
    if type(u) is T.Basic and u.info & T.STRING:
        if e.three:
            at = e.max if e.max is not None else e
            c.error(at, "invalid operation: 3-index slice of string")
            return expr.STATEMENT
        if x.mode == A.MODE_CONST and x.value is not UNKNOWN:
            length = len(x.value)
        if x.type is T.UNTYPED_STRING:
            convert_untyped(c, x, T.STRING_T)
            e.type = T.STRING_T
    elif type(u) is T.Array:
        length = u.len
        if x.mode != A.MODE_VAR:
            c.error(x, f"cannot slice unaddressable value {c.operand(x)}")
            return expr.STATEMENT
        funcs.address_taken(x)
        e.type = T.Slice(u.elem)
    elif type(u) is T.Pointer:
        a = u.elem.underlying()
        if type(a) is T.Array:
            length = a.len
            e.type = T.Slice(a.elem)
        else:
            ok = False
    elif type(u) is not T.Slice:
        ok = False
    if not ok:
        c.error(x, f"cannot slice {c.operand(x)}")
        invalidate(e)
        return expr.STATEMENT
    e.mode = A.MODE_VALUE
    bounds = [-1, -1, -1]
    for n, part in enumerate(parts):
        if part is not None:
            valid, v = index_value(c, part, length + 1 if length >= 0 else -1)
            bounds[n] = v if valid else -1
        elif n == 0:
            bounds[n] = 0
        elif length >= 0:
            bounds[n] = length
    for n in range(2):
        if bounds[n] > 0:
            for m in range(n + 1, 3):
                part = parts[m]
                if 0 <= bounds[m] < bounds[n] and part is not None:
                    c.error(part, f"invalid slice indices: {bounds[m]} < {bounds[n]}")
                    return expr.EXPRESSION
    return expr.EXPRESSION
