"""Expressions: the dispatch over their kinds, names, operators.

:func:`raw_expr` fills ``mode``, ``type`` and ``value`` of the node and answers what the
expression is good for; :func:`expr` wants a single value, :func:`multi_expr` the values
of a call or the two of a comma-ok expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..ast import unparen
from ..constant import UNKNOWN
from ..objects import Builtin, Const, Func, Label, Nil, PkgName, TypeName, Var
from ..sizes import sizeof
from ..types import identical, is_interface
from ..universe import IOTA
from . import call, decl, funcs, index, literals, typexpr
from .conversion import assignable, single_value, type_assertion
from .predicates import (
    comparable,
    composite_kind,
    default_type,
    has_info,
    has_nil,
    incomparable_field,
    is_boolean,
    is_complex,
    is_integer,
    is_numeric,
    is_pointer,
    is_string,
    is_unsigned,
    is_untyped,
)
from .state import Checker, invalidate, object_kind
from .untyped import (
    COMPARISONS,
    SHIFTS,
    convert_untyped,
    op_pos,
    overflow,
    require_representable,
    update_type,
)

# what raw_expr answers
CONVERSION, EXPRESSION, STATEMENT = "conversion", "expression", "statement"

Hint = Optional[T.Type]


# --------------------------------------------------------------- entry points
def raw_expr(c: Checker, e: A.Expr, hint: Hint = None) -> str:
    """Check e, whatever it is. ``hint``: the element type for a literal without one."""
    e.mode = A.MODE_INVALID
    e.type = T.INVALID
    e.value = None
    return _RULES[type(e)](c, e, hint)


def expr(c: Checker, e: A.Expr, hint: Hint = None) -> None:
    """e as one value."""
    raw_expr(c, e, hint)
    if e.mode in _NO_VALUES:
        exclude(c, e, _NO_VALUES)
    elif e.mode == A.MODE_VALUE and type(e.type) is T.Tuple:
        single_value(c, e)


def expr_or_type(c: Checker, e: A.Expr) -> None:
    raw_expr(c, e)
    if e.mode == A.MODE_NOVALUE:
        exclude(c, e, _NOVALUE_ONLY)
    elif e.mode == A.MODE_VALUE and type(e.type) is T.Tuple:
        single_value(c, e)


_NO_VALUES = frozenset((A.MODE_NOVALUE, A.MODE_BUILTIN, A.MODE_TYPE))
_NOVALUE_ONLY = frozenset((A.MODE_NOVALUE,))


def exclude(c: Checker, e: A.Expr, modes: frozenset[str]) -> None:
    if e.mode not in modes:
        return
    x = c.operand(e)
    if e.mode == A.MODE_NOVALUE:
        c.error(e, f"{x} used as value" + ("" if A.MODE_TYPE in modes else " or type"))
    elif e.mode == A.MODE_BUILTIN:
        c.error(e, f"{x} must be called")
    else:
        c.error(e, f"{x} is not an expression")
    invalidate(e)


def result_operand(pos: int, text: str, t: T.Type) -> A.Ident:
    """An operand that no expression of the source denotes: one result of a call."""
    x = A.Ident(pos, text)
    x.mode = A.MODE_VALUE
    x.type = t
    return x


def multi_expr(c: Checker, e: A.Expr, comma_ok: bool) -> tuple[list[A.Expr], bool]:
    """The operands that e stands for, and whether they are those of a comma-ok form."""
    raw_expr(c, e)
    exclude(c, e, _NO_VALUES)
    if e.mode == A.MODE_VALUE and type(e.type) is T.Tuple:
        return [
            result_operand(e.pos, f"{i}{_ordinal(i)} function result", t)
            for i, t in enumerate(e.type.types, 1)
        ], False
    if comma_ok and e.mode in (A.MODE_MAPINDEX, A.MODE_COMMAOK):
        ok = result_operand(e.pos, "ok value of (comma, ok) expression", T.UNTYPED_BOOL)
        return [e, ok], True
    return [e], False


def _ordinal(n: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(n, "th")


def expr_list(c: Checker, es: list[A.Expr]) -> list[A.Expr]:
    """The operands of an argument or result list: one call may stand for several."""
    if len(es) == 1:
        return multi_expr(c, es[0], False)[0]
    for e in es:
        expr(c, e)
    return es


def use(c: Checker, es: list[Any], lhs: bool = False) -> bool:
    """Check expressions whose values nobody wants (after an error), so that the names in
    them count as used. False if one of them is invalid. ``lhs``: they stand on the left
    of an assignment, which is no use of a variable."""
    ok = True
    for e in es:
        if e is None:
            continue
        n = unparen(e)
        if type(n) is A.Ident:
            if n.name == "_":
                continue
            v = None
            if lhs:
                o = c.lookup(n.name)
                if isinstance(o, Var) and o.pkg is c.pkg:
                    v, was = o, o.used
            expr_or_type(c, n)
            if v is not None:
                v.used = was
            ok = ok and n.mode != A.MODE_INVALID
        else:
            raw_expr(c, e)
            ok = ok and e.mode != A.MODE_INVALID
    return ok


# ---------------------------------------------------------------------- names
def ident(c: Checker, e: A.Ident, want_type: bool = False) -> None:
    name = e.name
    scope: Any = c.scope
    obj = None
    while scope is not None:
        obj = scope.names.get(name)
        if obj is not None:
            break
        scope = scope.outer
    if obj is None:  # (in a session _ is the last value)
        if name == "_":
            c.error(e, "cannot use _ as value or type")
        else:
            c.error(e, f"undefined: {name}")
        return
    e.obj = obj
    kind = type(obj)
    if want_type and kind is not TypeName:
        c.error(e, f"{obj.name} ({object_kind(obj)}) is not a type")
        if kind is Var and obj.pkg is c.pkg:
            obj.used = True
        return
    t = obj.type
    if t is None or (kind is TypeName and want_type and obj.pkg is c.pkg):
        decl.obj_decl(c, obj)
        t = obj.type
    if c.dot_imports:
        p = c.dot_imports.get((id(scope), name))
        if p is not None:
            p.used = True
    if kind is Var:
        if obj.pkg is c.pkg:
            obj.used = True
        if obj.owner is None:
            if c.decl is not None and obj in c.decls:
                c.decl.deps[obj] = None
        elif obj.owner is not c.info:
            funcs.capture(c, obj)
        if t is T.INVALID:
            return
        e.mode = A.MODE_VAR
    elif kind is Const:
        if c.decl is not None and obj in c.decls:
            c.decl.deps[obj] = None
        if t is T.INVALID:
            return
        if obj is IOTA:
            if c.iota is None:
                c.error(e, "cannot use iota outside constant declaration")
                return
            e.value = c.iota
        else:
            e.value = obj.value
            if e.value is None:
                e.value = UNKNOWN
        e.mode = A.MODE_CONST
    elif kind is TypeName:
        if obj.name == "comparable" and obj.pkg is None:
            c.error(e, "type constraint comparable is not supported yet")
            return
        e.mode = A.MODE_TYPE
    elif kind is Func:
        if c.decl is not None and obj in c.decls:
            c.decl.deps[obj] = None
        if t is T.INVALID:
            return
        e.mode = A.MODE_VALUE
    elif kind is Builtin:
        e.mode = A.MODE_BUILTIN
    elif kind is Nil:
        e.mode = A.MODE_NIL
    elif kind is PkgName:
        c.error(e, f"use of package {obj.name} not in selector")
        return
    else:
        assert kind is not Label
    e.type = t


def _ident(c: Checker, e: A.Ident, hint: Hint) -> str:
    ident(c, e)
    return EXPRESSION


def _paren(c: Checker, e: A.ParenExpr, hint: Hint) -> str:
    kind = raw_expr(c, e.x)
    e.mode, e.type, e.value = e.x.mode, e.x.type, e.x.value
    return kind


def _selector(c: Checker, e: A.SelectorExpr, hint: Hint) -> str:
    call.selector(c, e)
    return EXPRESSION


def _type(c: Checker, e: A.Expr, hint: Hint) -> str:
    e.type = typexpr.type_of(c, e)
    e.mode = A.MODE_TYPE
    return EXPRESSION


def _bad(c: Checker, e: A.Expr, hint: Hint) -> str:
    return STATEMENT


def _ellipsis(c: Checker, e: A.Ellipsis, hint: Hint) -> str:
    c.error(e, "invalid syntax tree: invalid use of ...")
    return STATEMENT


def _key_value(c: Checker, e: A.KeyValueExpr, hint: Hint) -> str:
    c.error(e, "invalid syntax tree: no key:value expected")
    return STATEMENT


def _type_assert(c: Checker, e: A.TypeAssertExpr, hint: Hint) -> str:
    x = e.x
    expr(c, x)
    if x.mode == A.MODE_INVALID:
        return STATEMENT
    if e.type_expr is None:
        c.error(e, "invalid syntax tree: use of .(type) outside type switch")
        return STATEMENT
    if not is_interface(x.type):
        c.error(x, f"invalid operation: {c.operand(x)} is not an interface")
        return STATEMENT
    t = typexpr.type_of(c, e.type_expr)
    if t is T.INVALID or not decl.complete(c, t):
        return STATEMENT
    type_assertion(c, e, x, t, False)
    e.mode = A.MODE_COMMAOK
    e.type = t
    return EXPRESSION


def _star(c: Checker, e: A.StarExpr, hint: Hint) -> str:
    x = e.x
    expr_or_type(c, x)
    if x.mode == A.MODE_INVALID:
        return STATEMENT
    if x.mode == A.MODE_TYPE:
        e.mode = A.MODE_TYPE
        e.type = T.Pointer(x.type)
        return EXPRESSION
    u = x.type.underlying()
    if type(u) is not T.Pointer:
        c.error(x, f"invalid operation: cannot indirect {c.operand(x)}")
        return STATEMENT
    if not decl.complete(c, u.elem):
        return STATEMENT
    e.mode = A.MODE_VAR
    e.type = u.elem
    return EXPRESSION


# ------------------------------------------------------------ unary operators
_UNARY_OPERANDS: dict[str, Callable[[T.Type], bool]] = {
    "+": is_numeric,
    "-": is_numeric,
    "^": is_integer,
    "!": is_boolean,
}


def _unary(c: Checker, e: A.UnaryExpr, hint: Hint) -> str:
    x = e.x
    op = e.op
    if op == "&" and type(x) is A.CompositeLit:
        expr(c, x, None)
    else:
        expr(c, x)
    if x.mode == A.MODE_INVALID:
        return STATEMENT
    if op == "&":
        if x.mode != A.MODE_VAR and type(unparen(x)) is not A.CompositeLit:
            c.error(x, f"invalid operation: cannot take address of {c.operand(x)}")
            return STATEMENT
        funcs.address_taken(x)
        e.mode = A.MODE_VALUE
        e.type = T.Pointer(x.type)
        return EXPRESSION
    if op == "<-":
        elem = chan_elem(c, x, x, True)
        if elem is None or not decl.complete(c, elem):
            return STATEMENT
        e.mode = A.MODE_COMMAOK
        e.type = elem
        c.has_call = True
        return STATEMENT
    if op == "~":
        hint_text = " (use ^ for bitwise complement)" if is_integer(x.type) else ""
        c.error(e, "cannot use ~ outside of interface or type constraint" + hint_text)
        if not hint_text:
            return STATEMENT
        op = "^"
    if not _UNARY_OPERANDS[op](x.type):
        c.error(x, f"invalid operation: operator {op} not defined on {c.operand(x)}")
        return STATEMENT
    e.type = x.type
    if x.mode == A.MODE_CONST:
        e.mode = A.MODE_CONST
        e.value = x.value
        if x.value is UNKNOWN:
            return EXPRESSION
        bits = sizeof(x.type) * 8 if is_unsigned(x.type) else 0
        e.value = constant.unary(op, x.value, bits)
        overflow(c, e)
        return EXPRESSION if e.mode != A.MODE_INVALID else STATEMENT
    e.mode = A.MODE_VALUE
    return EXPRESSION


def chan_elem(c: Checker, at: A.Node, x: A.Expr, recv: bool) -> Optional[T.Type]:
    """The element type of channel x, which is received from or sent to."""
    u = x.type.underlying()
    if type(u) is not T.Chan:
        cause = "non-channel"
    elif recv and u.dir == "send":
        cause = "send-only channel"
    elif not recv and u.dir == "recv":
        cause = "receive-only channel"
    else:
        return u.elem
    verb = "receive from" if recv else "send to"
    c.error(at, f"invalid operation: cannot {verb} {cause} {c.type_str(x.type)} {c.operand(x)}")
    return None


# ----------------------------------------------------------- binary operators
def _numeric_or_string(t: T.Type) -> bool:
    return has_info(t, T.NUMERIC | T.STRING)


_BINARY_OPERANDS: dict[str, Callable[[T.Type], bool]] = {
    "+": _numeric_or_string,
    "-": is_numeric,
    "*": is_numeric,
    "/": is_numeric,
    "%": is_integer,
    "&": is_integer,
    "|": is_integer,
    "^": is_integer,
    "&^": is_integer,
    "&&": is_boolean,
    "||": is_boolean,
}


def _binary(c: Checker, e: A.BinaryExpr, hint: Hint) -> str:
    # a + b + c + … nests to the left: go down iteratively
    chain = [e]
    x = e.x
    while type(x) is A.BinaryExpr:
        x.mode, x.type, x.value = A.MODE_INVALID, T.INVALID, None
        chain.append(x)
        x = x.x
    expr(c, x)
    for b in reversed(chain):
        expr(c, b.y)
        binary(c, b, b.x, b.y, b.op, False)
    return EXPRESSION if e.mode != A.MODE_INVALID else STATEMENT


def binary(c: Checker, e: A.Expr, x: A.Expr, y: A.Expr, op: str, assign_op: bool) -> None:
    """The operator of e on the checked operands x and y; e gets mode, type and value.
    ``assign_op``: e stands for the statement x op= y."""
    e.mode = A.MODE_INVALID
    e.type = x.type  # also after an error, for messages that list types
    e.value = None
    if x.mode == A.MODE_INVALID or y.mode == A.MODE_INVALID:
        return
    if op in SHIFTS:
        shift(c, e, x, y, op)
        return
    if x.type is not y.type:
        match_types(c, x, y)
        if x.mode == A.MODE_INVALID or y.mode == A.MODE_INVALID:
            return
    if op in COMPARISONS:
        comparison(c, e, x, y, op)
        return
    xt, yt = x.type, y.type
    if xt is not yt and not identical(xt, yt):
        if xt is not T.INVALID and yt is not T.INVALID:
            what = f"{c.expr_str(x)} {op}= {c.expr_str(y)}" if assign_op else c.expr_str(e)
            c.error(
                x,
                f"invalid operation: {what} (mismatched types {c.type_str(xt)} and"
                f" {c.type_str(yt)})",
            )
        return
    if not _BINARY_OPERANDS[op](xt):
        c.error(x, f"invalid operation: operator {op} not defined on {c.operand(x)}")
        return
    both_const = x.mode == A.MODE_CONST and y.mode == A.MODE_CONST
    if op in "/%" and y.mode == A.MODE_CONST and y.value is not UNKNOWN:
        divisor = constant.to_complex(y.value) if is_complex(xt) else y.value
        if (x.mode == A.MODE_CONST or is_integer(xt)) and constant.is_zero_divisor(divisor):
            if both_const or not is_complex(xt):
                c.error(y, "invalid operation: division by zero")
                return
    e.type = xt
    if both_const:
        e.mode = A.MODE_CONST
        if x.value is UNKNOWN or y.value is UNKNOWN:
            e.value = UNKNOWN
            return
        e.value = constant.binary(op, x.value, y.value, op == "/" and is_integer(xt))
        overflow(c, e)
        return
    e.mode = A.MODE_VALUE


def match_types(c: Checker, x: A.Expr, y: A.Expr) -> None:
    """Give an untyped operand the type of the other one, where that can work at all."""
    if _may_convert(x, y):
        convert_untyped(c, x, y.type)
        if x.mode != A.MODE_INVALID:
            convert_untyped(c, y, x.type)


def _may_convert(x: A.Expr, y: A.Expr) -> bool:
    xt, yt = x.type, y.type
    if not is_untyped(xt) and not is_untyped(yt):
        return False
    if is_numeric(xt) != is_numeric(yt):
        return False
    if is_interface(xt) or is_interface(yt):
        return True
    if is_boolean(xt) != is_boolean(yt) or is_string(xt) != is_string(yt):
        return False
    if x.mode == A.MODE_NIL:
        return has_nil(yt)
    if y.mode == A.MODE_NIL:
        return has_nil(xt)
    return not is_pointer(xt) and not is_pointer(yt)


def comparison(
    c: Checker, e: A.Expr, x: A.Expr, y: A.Expr, op: str, in_switch: bool = False
) -> None:
    """x op y; in a switch x is the case and y the tag, and e receives the result."""
    xt, yt = x.type, y.type
    if xt is T.INVALID or yt is T.INVALID:
        return
    bad = x
    cause = ""
    if not assignable(c, x, yt) and not assignable(c, y, xt):
        bad = y
        cause = f"mismatched types {c.type_str(xt)} and {c.type_str(yt)}"
    else:
        problem = _compare_problem(c, x, y, op)
        if problem is None:
            e.type = T.UNTYPED_BOOL
            if x.mode == A.MODE_CONST and y.mode == A.MODE_CONST:
                e.mode = A.MODE_CONST
                if x.value is UNKNOWN or y.value is UNKNOWN:
                    e.value = UNKNOWN
                else:
                    e.value = constant.compare(op, x.value, y.value)
            else:
                e.mode = A.MODE_VALUE
                update_type(c, x, default_type(x.type), True)
                update_type(c, y, default_type(y.type), True)
            return
        bad, cause = problem
    if not cause:
        what = composite_kind(bad.type) or c.type_str(bad.type)
        cause = f"operator {op} not defined on {what}"
    xs, ys = c.expr_str(x), c.expr_str(y)
    if in_switch:
        c.error(x, f"invalid case {xs} in switch on {ys} ({cause})")
    else:
        c.error(bad, f"invalid operation: {xs} {op} {ys} ({cause})")
    invalidate(e)


def _compare_problem(c: Checker, x: A.Expr, y: A.Expr, op: str) -> Optional[tuple[A.Expr, str]]:
    xt, yt = x.type, y.type
    if op == "==" or op == "!=":
        if x.mode == A.MODE_NIL or y.mode == A.MODE_NIL:
            return (y, "") if not has_nil(yt if x.mode == A.MODE_NIL else xt) else None
        if not comparable(xt):
            return x, _incomparable_cause(c, xt)
        if not comparable(yt):
            return y, _incomparable_cause(c, yt)
        return None
    if not has_info(xt, T.ORDERED):
        return x, ""
    if not has_info(yt, T.ORDERED):
        return y, ""
    return None


def _incomparable_cause(c: Checker, t: T.Type) -> str:
    u = t.underlying()
    if type(u) in (T.Slice, T.Signature, T.Map):
        return f"{composite_kind(t)} can only be compared to nil"
    if type(u) is T.Struct:
        f = incomparable_field(t)
        return f"struct containing {c.type_str(f)} cannot be compared" if f else ""
    if type(u) is T.Array:
        return f"{c.type_str(t)} cannot be compared"
    return ""


_SHIFT_BOUND = 1023 - 1 + 52  # enough for the smallest float64


def shift(c: Checker, e: A.Expr, x: A.Expr, y: A.Expr, op: str) -> None:
    xval: Any = None
    if x.mode == A.MODE_CONST:
        xval = x.value if x.value is UNKNOWN else constant.to_int(x.value)
    if not (is_integer(x.type) or (is_untyped(x.type) and xval is not None)):
        c.error(x, f"invalid operation: shifted operand {c.operand(x)} must be integer")
        return
    if y.mode == A.MODE_CONST:
        yval = constant.to_int(y.value) if y.value is not UNKNOWN else None
        if yval is not None and yval < 0:
            c.error(y, f"invalid operation: negative shift count {c.operand(y)}")
            return
        if is_untyped(y.type):
            require_representable(c, y, T.UINT)
            if y.mode == A.MODE_INVALID:
                return
            update_type(c, y, T.UINT, True)
    if y.mode != A.MODE_CONST or not is_untyped(y.type):
        if is_integer(y.type) and not is_untyped(y.type):
            pass
        elif is_untyped(y.type):
            convert_untyped(c, y, T.UINT)
            if y.mode == A.MODE_INVALID:
                return
        else:
            c.error(y, f"invalid operation: shift count {c.operand(y)} must be integer")
            return
    e.type = x.type
    if x.mode == A.MODE_CONST:
        if y.mode == A.MODE_CONST:
            e.mode = A.MODE_CONST
            if not is_integer(x.type):
                e.type = T.UNTYPED_INT
            if x.value is UNKNOWN or y.value is UNKNOWN:
                e.value = UNKNOWN
                return
            count = constant.to_int(y.value)
            if count is None or count > _SHIFT_BOUND:
                c.error(y, f"invalid operation: invalid shift count {c.operand(y)}")
                invalidate(e)
                return
            e.value = constant.shift(op, xval, count)
            overflow(c, e)
            return
        if is_untyped(x.type):
            # the type of x comes from the context, "as if the shift were not there";
            # whether it is an integer type is seen when it arrives
            c.shift_operands.add(x)
            while type(x) is A.ParenExpr:
                x = x.x
                c.shift_operands.add(x)
            e.mode = A.MODE_VALUE
            return
    if not is_integer(x.type):
        c.error(x, f"invalid operation: shifted operand {c.operand(x)} must be integer")
        return
    e.mode = A.MODE_VALUE


# ----------------------------------------------------------------------- table
_RULES: dict[type, Callable[[Checker, Any, Hint], str]] = {
    A.BadExpr: _bad,
    A.Ident: _ident,
    A.Ellipsis: _ellipsis,
    A.BasicLit: literals.basic_lit,
    A.FuncLit: literals.func_lit,
    A.CompositeLit: literals.composite_lit,
    A.ParenExpr: _paren,
    A.SelectorExpr: _selector,
    A.IndexExpr: index.index_expr,
    A.SliceExpr: index.slice_expr,
    A.TypeAssertExpr: _type_assert,
    A.CallExpr: call.call_expr,
    A.StarExpr: _star,
    A.UnaryExpr: _unary,
    A.BinaryExpr: _binary,
    A.KeyValueExpr: _key_value,
    A.ArrayType: _type,
    A.StructType: _type,
    A.FuncType: _type,
    A.InterfaceType: _type,
    A.MapType: _type,
    A.ChanType: _type,
}

__all__ = ["op_pos"]
