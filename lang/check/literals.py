"""Literals: basic ones, functions, composites."""

from __future__ import annotations

from typing import Any, Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..constant import UNKNOWN
from ..lookup import deref, lookup
from ..objects import Var
from ..types import identical, is_interface
from . import call, decl, expr, funcs, index, stmt, typexpr
from .conversion import assignment
from .predicates import is_integer
from .state import Checker
from .untyped import overflow

_LIT_TYPES = {
    "INT": T.UNTYPED_INT,
    "FLOAT": T.UNTYPED_FLOAT,
    "IMAG": T.UNTYPED_COMPLEX,
    "CHAR": T.UNTYPED_RUNE,
    "STRING": T.UNTYPED_STRING,
}
_MAX_LITERAL = 10_000


def basic_lit(c: Checker, e: A.BasicLit, hint: Optional[T.Type]) -> str:
    if len(e.text) > _MAX_LITERAL and e.kind in ("INT", "FLOAT", "IMAG"):
        c.error(e, f"excessively long constant: {e.text[:10]}... ({len(e.text)} chars)")
        return expr.STATEMENT
    v = constant.from_literal(e.kind, e.text)
    if v is None:
        c.error(e, f"malformed constant: {e.text}")
        return expr.STATEMENT
    e.mode = A.MODE_CONST
    e.type = _LIT_TYPES[e.kind]
    e.value = v
    if e.kind == "INT":
        overflow(c, e)
    return expr.EXPRESSION


def func_lit(c: Checker, e: A.FuncLit, hint: Optional[T.Type]) -> str:
    if e.info is not None:  # an operand that is looked at twice
        e.mode, e.type = A.MODE_VALUE, e.info.sig
        return expr.EXPRESSION
    sig, scope = typexpr.signature(c, e.sig, None)
    info = funcs.literal_info(c, e, sig)
    e.info = info
    e.sig.mode, e.sig.type = A.MODE_TYPE, sig
    e.mode = A.MODE_VALUE
    e.type = sig
    declaration, iota = c.decl, c.iota

    def body() -> None:
        stmt.func_body(c, declaration, info, sig, scope, e.body, iota)

    c.later(body)
    return expr.EXPRESSION


# ------------------------------------------------------------------ composites
def composite_lit(c: Checker, e: A.CompositeLit, hint: Optional[T.Type]) -> str:
    done = c.regrouped.get(e)
    if done is not None:  # an operand that is looked at twice
        e.mode, e.type = A.MODE_VALUE, done
        return expr.EXPRESSION
    is_elem = False
    te = e.type_expr
    t: T.Type
    if te is not None:
        if type(te) is A.ArrayType and type(te.length) is A.Ellipsis:
            # [...]T: the literal gives the length
            t = T.Array(typexpr.type_of(c, te.elem), -1)
            te.mode, te.type = A.MODE_TYPE, t
        else:
            t = typexpr.type_of(c, te)
        base = t
    elif hint is not None:
        t = base = hint
        u = base.underlying()
        elem, is_ptr = deref(u)
        if is_ptr:
            base = elem
        is_elem = True
    else:
        c.error(e, "missing type in composite literal")
        t = base = T.INVALID
    if not decl.complete(c, base):
        return expr.STATEMENT
    u = base.underlying()
    if type(u) is T.Struct:
        if e.elts:
            if type(e.elts[0]) is A.KeyValueExpr:
                if _keyed_fields(c, e, u, base):
                    c.regrouped[e] = t
            else:
                _positional_fields(c, e, u, base)
    elif type(u) is T.Array:
        n = _indexed_elements(c, e.elts, u.elem, u.len)
        if u.len < 0:
            u.len = n
    elif type(u) is T.Slice:
        _indexed_elements(c, e.elts, u.elem, -1)
    elif type(u) is T.Map:
        _map_elements(c, e, u)
    else:
        for x in e.elts:
            if type(x) is A.KeyValueExpr:
                x = x.value_expr
            expr.use(c, [x])
        if u is not T.INVALID:
            what = " element" if is_elem else ""
            c.error(e, f"invalid composite literal{what} type {c.type_str(t)}")
            return expr.STATEMENT
    if u is T.INVALID and t is T.INVALID:
        return expr.STATEMENT
    e.mode = A.MODE_VALUE
    e.type = t
    return expr.EXPRESSION


def _keyed_fields(c: Checker, e: A.CompositeLit, st: T.Struct, base: T.Type) -> bool:
    """True if the elements were regrouped, for the sake of promoted fields."""
    visited: list[tuple[list[int], Var]] = []
    by_path: dict[tuple[int, ...], Var] = {}
    for x in e.elts:
        if type(x) is not A.KeyValueExpr:
            c.error(x, "mixture of field:value and value elements in struct literal")
            continue
        key, val = x.key, x.value_expr
        expr.expr(c, val)
        if type(key) is not A.Ident:
            c.error(x, f"invalid field name {c.expr_str(key)} in struct literal")
            continue
        found = lookup(st, False, c.pkg, key.name)
        fld = found.obj
        if fld is None:
            alt = lookup(st, False, c.pkg, key.name, True).obj
            c.error(key, call.lookup_error(c, base, key.name, alt, True))
            continue
        if not isinstance(fld, Var):
            c.error(key, f"{c.expr_str(key)} is not a field")
            continue
        if found.indirect:
            c.error(key, f"invalid implicit pointer indirection to reach {c.expr_str(key)}")
            continue
        key.obj = fld
        assignment(c, val, fld.type, "struct literal")
        _new_field(c, x, fld, found.index or [], by_path, visited)
    if not visited or len(by_path) != len(e.elts):
        return False
    e.elts = _regroup(st, list(zip(by_path, e.elts)))
    return True


def _regroup(st: T.Struct, fields: list[tuple[tuple[int, ...], A.Expr]]) -> list[A.Expr]:
    """Elements that set promoted fields become literals of the embedded structs:
    ``B{x: 1}`` turns into ``B{A: A{x: 1}}``, so that nobody else need know."""
    out: list[A.Expr] = []
    inner: dict[int, list[tuple[tuple[int, ...], A.Expr]]] = {}
    place: dict[int, A.KeyValueExpr] = {}
    for path, x in fields:
        if len(path) == 1:
            out.append(x)
            continue
        i = path[0]
        if i not in inner:
            f = st.fields[i]
            key = A.Ident(x.pos, f.name)
            key.obj = f
            lit = A.CompositeLit(x.pos, None, [], x.pos, x.pos)
            lit.mode, lit.type = A.MODE_VALUE, f.type
            place[i] = A.KeyValueExpr(x.pos, key, lit, x.pos)
            inner[i] = []
            out.append(place[i])
        inner[i].append((path[1:], x))
    for i, group in inner.items():
        u = st.fields[i].type.underlying()
        lit2 = place[i].value_expr
        assert isinstance(u, T.Struct) and isinstance(lit2, A.CompositeLit)
        lit2.elts = _regroup(u, group)
    return out


def _new_field(
    c: Checker,
    kv: A.KeyValueExpr,
    fld: Var,
    path: list[int],
    by_path: dict[tuple[int, ...], Var],
    visited: list[tuple[list[int], Var]],
) -> None:
    """Remember that a literal sets the field at path; it, what contains it and what it
    contains must not have been set before."""
    key = tuple(path)
    if key in by_path:
        c.error(kv, f"duplicate field name {fld.name} in struct literal")
        return
    for n in range(1, len(key)):
        alt = by_path.get(key[:n])
        if alt is not None:
            c.error(
                kv,
                f"cannot specify promoted field {fld.name} and enclosing embedded field {alt.name}",
            )
            return
    for other, alt in visited:
        if len(other) > len(path) and other[: len(path)] == path:
            c.error(
                kv,
                f"cannot specify embedded field {fld.name} and enclosed promoted field {alt.name}",
            )
            return
    by_path[key] = fld
    if len(path) > 1:
        visited.append((path, fld))


def _positional_fields(c: Checker, e: A.CompositeLit, st: T.Struct, base: T.Type) -> None:
    fields = st.fields
    for i, x in enumerate(e.elts):
        if type(x) is A.KeyValueExpr:
            c.error(x, "mixture of field:value and value elements in struct literal")
            continue
        expr.expr(c, x)
        if i >= len(fields):
            c.error(x, f"too many values in struct literal of type {c.type_str(base)}")
            break
        fld = fields[i]
        if not fld.exported and fld.pkg is not c.pkg:
            c.error(
                x,
                f"implicit assignment to unexported field {fld.name} in struct literal of"
                f" type {c.type_str(base)}",
            )
            continue
        assignment(c, x, fld.type, "struct literal")
    if len(e.elts) < len(fields):
        hint = ""
        if any(not f.exported and f.pkg is not c.pkg for f in fields):
            hint = " (type has unexported fields - use key:value pairs)"
        c.error(e.rbrace, f"too few values in struct literal of type {c.type_str(base)}{hint}")


def _indexed_elements(c: Checker, elts: list[A.Expr], t: T.Type, length: int) -> int:
    """The elements of an array or slice; the answer is the length they need."""
    visited: set[int] = set()
    at = most = 0
    for x in elts:
        value = x
        valid = False
        if type(x) is A.KeyValueExpr:
            ok, i = index.index_value(c, x.key, length)
            if ok:
                if i >= 0:
                    at = i
                    valid = True
                else:
                    c.error(x, f"index {c.expr_str(x.key)} must be integer constant")
            value = x.value_expr
        elif 0 <= length <= at:
            c.error(x, f"index {at} is out of bounds (>= {length})")
        else:
            valid = True
        if valid:
            if at in visited:
                c.error(x, f"duplicate index {at} in array or slice literal")
            visited.add(at)
        at += 1
        most = max(most, at)
        expr.expr(c, value, t)
        assignment(c, value, t, "array or slice literal")
    return most


def _map_elements(c: Checker, e: A.CompositeLit, m: T.Map) -> None:
    key_is_interface = is_interface(m.key)
    visited: dict[Any, list[T.Type]] = {}
    for x in e.elts:
        if type(x) is not A.KeyValueExpr:
            c.error(x, "missing key in map literal")
            continue
        key, val = x.key, x.value_expr
        expr.expr(c, key, m.key)
        assignment(c, key, m.key, "map literal")
        if key.mode == A.MODE_INVALID:
            continue
        if key.mode == A.MODE_CONST and key.value is not UNKNOWN:
            k = (type(key.value) is bool, key.value)
            types = visited.setdefault(k, [])
            if any(not key_is_interface or identical(t, key.type) for t in types):
                v = constant.text(key.value, is_integer(key.type))
                c.error(key, f"duplicate key {v} in map literal")
                continue
            types.append(key.type)
        expr.expr(c, val, m.elem)
        assignment(c, val, m.elem, "map literal")
