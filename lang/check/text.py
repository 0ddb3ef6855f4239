"""How messages show expressions, operands and types: in Go's notation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..types import Qualifier
from .predicates import composite_kind, is_integer, is_numeric, is_untyped


def expr_string(e: A.Node) -> str:
    """The expression in one line; function bodies and literals' elements as "…"."""
    out: list[str] = []
    _write(out, e)
    return "".join(out)


def _write(out: list[str], e: Optional[A.Node]) -> None:
    if e is not None:
        writer = _WRITERS.get(type(e))
        if writer is None:
            out.append("<bad expr>")
        else:
            writer(out, e)


def _list(out: list[str], items: list[A.Expr]) -> None:
    for i, x in enumerate(items):
        if i:
            out.append(", ")
        _write(out, x)


def _ident(out: list[str], e: A.Ident) -> None:
    out.append(e.name)


def _basic(out: list[str], e: A.BasicLit) -> None:
    out.append(e.text)


def _func_lit(out: list[str], e: A.FuncLit) -> None:
    _write(out, e.sig)
    out.append(" {…}" if e.body.stmts else " {}")


def _composite(out: list[str], e: A.CompositeLit) -> None:
    _write(out, e.type_expr)
    out.append("{…}" if e.elts else "{}")


def _key_value(out: list[str], e: A.KeyValueExpr) -> None:
    _write(out, e.key)
    out.append(": ")
    _write(out, e.value_expr)


def _paren(out: list[str], e: A.ParenExpr) -> None:
    out.append("(")
    _write(out, e.x)
    out.append(")")


def _selector(out: list[str], e: A.SelectorExpr) -> None:
    _write(out, e.x)
    out.append("." + e.sel.name)


def _index(out: list[str], e: A.IndexExpr) -> None:
    _write(out, e.x)
    out.append("[")
    _list(out, e.indices)
    out.append("]")


def _slice(out: list[str], e: A.SliceExpr) -> None:
    _write(out, e.x)
    out.append("[")
    _write(out, e.low)
    out.append(":")
    _write(out, e.high)
    if e.max is not None:
        out.append(":")
        _write(out, e.max)
    out.append("]")


def _assert(out: list[str], e: A.TypeAssertExpr) -> None:
    _write(out, e.x)
    out.append(".(")
    if e.type_expr is None:
        out.append("type")
    _write(out, e.type_expr)
    out.append(")")


def _call(out: list[str], e: A.CallExpr) -> None:
    _write(out, e.fun)
    out.append("(")
    _list(out, e.args)
    out.append("...)" if e.ellipsis >= 0 else ")")


def _star(out: list[str], e: A.StarExpr) -> None:
    out.append("*")
    _write(out, e.x)


def _unary(out: list[str], e: A.UnaryExpr) -> None:
    out.append(e.op)
    _write(out, e.x)


def _binary(out: list[str], e: A.BinaryExpr) -> None:
    # iterative on the left: a + b + c + … may be long
    chain = []
    x: A.Expr = e
    while type(x) is A.BinaryExpr:
        chain.append(x)
        x = x.x
    _write(out, x)
    for b in reversed(chain):
        out.append(f" {b.op} ")
        _write(out, b.y)


def _array_type(out: list[str], e: A.ArrayType) -> None:
    out.append("[")
    _write(out, e.length)
    out.append("]")
    _write(out, e.elem)


def _ellipsis(out: list[str], e: A.Ellipsis) -> None:
    out.append("...")
    _write(out, e.elem)


def _fields(out: list[str], fields: list[A.Field], sep: str) -> None:
    for i, f in enumerate(fields):
        if i:
            out.append(sep)
        if f.names:
            out.append(", ".join(n.name for n in f.names) + " ")
        _write(out, f.type_expr)
        if f.tag is not None:
            out.append(" " + f.tag.text)


def _struct_type(out: list[str], e: A.StructType) -> None:
    out.append("struct{")
    _fields(out, e.fields, "; ")
    out.append("}")


def _signature(out: list[str], e: A.FuncType) -> None:
    out.append("(")
    _fields(out, e.params, ", ")
    out.append(")")
    if e.results:
        if len(e.results) == 1 and not e.results[0].names:
            out.append(" ")
            _write(out, e.results[0].type_expr)
        else:
            out.append(" (")
            _fields(out, e.results, ", ")
            out.append(")")


def _func_type(out: list[str], e: A.FuncType) -> None:
    out.append("func")
    _signature(out, e)


def _interface_type(out: list[str], e: A.InterfaceType) -> None:
    out.append("interface{")
    for i, f in enumerate(e.methods):
        if i:
            out.append("; ")
        if f.names and type(f.type_expr) is A.FuncType:
            out.append(f.names[0].name)
            _signature(out, f.type_expr)
        else:
            _write(out, f.type_expr)
    out.append("}")


def _map_type(out: list[str], e: A.MapType) -> None:
    out.append("map[")
    _write(out, e.key)
    out.append("]")
    _write(out, e.elem)


def _chan_type(out: list[str], e: A.ChanType) -> None:
    out.append({"both": "chan ", "send": "chan<- ", "recv": "<-chan "}[e.dir])
    inner = type(e.elem) is A.ChanType and e.dir == "both" and e.elem.dir == "recv"
    if inner:
        out.append("(")
    _write(out, e.elem)
    if inner:
        out.append(")")


_WRITERS: dict[type, Callable[..., None]] = {
    A.Ident: _ident,
    A.BasicLit: _basic,
    A.FuncLit: _func_lit,
    A.CompositeLit: _composite,
    A.KeyValueExpr: _key_value,
    A.ParenExpr: _paren,
    A.SelectorExpr: _selector,
    A.IndexExpr: _index,
    A.SliceExpr: _slice,
    A.TypeAssertExpr: _assert,
    A.CallExpr: _call,
    A.StarExpr: _star,
    A.UnaryExpr: _unary,
    A.BinaryExpr: _binary,
    A.ArrayType: _array_type,
    A.Ellipsis: _ellipsis,
    A.StructType: _struct_type,
    A.FuncType: _func_type,
    A.InterfaceType: _interface_type,
    A.MapType: _map_type,
    A.ChanType: _chan_type,
}


def _type(x: A.Expr, t: T.Type, q: Qualifier) -> str:
    """The type of operand x; the results of a call with their names."""
    if type(t) is T.Tuple and type(x) is A.CallExpr:
        sig = x.fun.type.underlying()
        if type(sig) is T.Signature:
            out: list[str] = []
            T.write_signature(out, T.Signature(sig.results, []), q)
            return "".join(out)
    return T.type_string(t, q)


_MODE_WORDS = {
    A.MODE_INVALID: "invalid operand",
    A.MODE_NOVALUE: "no value",
    A.MODE_BUILTIN: "built-in",
    A.MODE_TYPE: "type",
    A.MODE_CONST: "constant",
    A.MODE_VAR: "variable",
    A.MODE_MAPINDEX: "map index expression",
    A.MODE_VALUE: "value",
    A.MODE_COMMAOK: "comma, ok expression",
}
_UNDESCRIBED = {A.MODE_INVALID, A.MODE_NOVALUE, A.MODE_BUILTIN, A.MODE_TYPE}


def operand_string(x: A.Expr, q: Qualifier, integer: bool = False) -> str:
    """An operand as messages describe it: ``x (variable of type int)``. ``integer``: its
    value is shown as an integer, whatever its type."""
    t = x.type
    if x.mode == A.MODE_NIL:
        if t is None or t is T.INVALID:
            return "nil (with invalid type)"
        if t is T.UNTYPED_NIL:
            return "nil"
        return f"nil (of type {T.type_string(t, q)})"
    text = expr_string(x)
    parts = []
    typed = False
    if x.mode not in _UNDESCRIBED and t is not None:
        if is_untyped(t):
            parts.append(t.name)
        else:
            typed = True
    parts.append(_MODE_WORDS[x.mode])
    if x.mode == A.MODE_CONST:
        v = constant.text(x.value, integer or is_integer(t))
        if v != text:
            parts.append(v)
    if typed:
        if t is T.INVALID:
            parts.append("with invalid type")
        else:
            desc = ""
            if type(t) is T.Named or t is T.ANY:
                kind = composite_kind(t) or getattr(t.underlying(), "name", "")
                desc = kind.removeprefix("unsafe.") + " "
            parts.append(f"of {desc}type {_type(x, t, q)}")
    return f"{text} ({' '.join(parts)})" if text else " ".join(parts)


def types_summary(q: Qualifier, types: list[T.Type], variadic: bool, spread: bool) -> str:
    """The types of arguments or results, for have/want lines."""
    out = []
    for i, t in enumerate(types):
        last = i == len(types) - 1
        if t is None or t is T.INVALID:
            s = "unknown type"
        elif is_untyped(t):
            s = "number" if is_numeric(t) else T.type_string(t).replace("untyped ", "")
        else:
            s = T.type_string(t, q)
        if last and variadic:
            s = "..." + (T.type_string(t.elem, q) if type(t) is T.Slice else s)
        elif last and spread:
            s += "..."
        out.append(s)
    return f"({', '.join(out)})"
