"""What escape analysis found, in the words of ``go build -gcflags=-m``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ast as A
from .escape_graph import Leak, Location
from .pointers import has_pointers
from .types import Pointer, type_string

if TYPE_CHECKING:
    from .escape_flow import Flow


def report(flow: "Flow") -> list[tuple[int, str]]:
    out: list[tuple[int, str]] = []
    for var, loc in flow.vars.items():
        if loc.result_index >= 0 or var.name in ("", "_"):
            if loc.escapes and var.name not in ("", "_"):
                out.append((var.pos, f"moved to heap: {var.name}"))
            continue
        if loc.is_param and has_pointers(var.type) and not loc.escapes:
            assert loc.leak is not None
            out.append((var.pos, _parameter(var.name, loc.leak, loc)))
        elif loc.escapes:
            out.append((var.pos, f"moved to heap: {var.name}"))
    for node, loc in flow.sites.items():
        verb = "escapes to heap" if loc.escapes else "does not escape"
        out.append((site_pos(node), f"{site_text(node)} {verb}"))
    for node, loc in flow.boxes.items():
        verb = "escapes to heap" if loc.escapes else "does not escape"
        out.append((site_pos(node), f"{expr_text(node)} {verb}"))
    return out


def _parameter(name: str, leak: Leak, loc: Location) -> str:
    if leak.heap == 0:
        return f"leaking param: {name}"
    if leak.heap > 0:
        return f"leaking param content: {name}"
    if leak.results and loc.func is not None:
        i, derefs = min(leak.results.items())
        result = loc.func.results[i].name or f"~r{i}"
        return f"leaking param: {name} to result {result} level={derefs}"
    return f"{name} does not escape"


def site_pos(node: Any) -> int:
    if isinstance(node, A.BinaryExpr):
        return node.op_pos
    if isinstance(node, A.CompositeLit):
        return node.lbrace
    if isinstance(node, A.CallExpr):
        return node.args[0].pos if node.kind == "conversion" else node.lparen
    if isinstance(node, A.SelectorExpr):
        return node.sel.pos - 1  # the dot
    return node.pos


def site_text(node: Any) -> str:
    if isinstance(node, A.CallExpr) and node.kind == "call":
        return "... argument"
    if isinstance(node, A.FuncLit):
        return "func literal"
    return expr_text(node)


def expr_text(e: Any) -> str:
    """The expression as Go prints it in such messages. That is not what was written, which
    :func:`gol.lang.check.text.expr_string` shows: types are those that the checker found,
    and parentheses that nobody needs are gone."""
    t = expr_text
    if isinstance(e, A.ParenExpr):
        return f"({t(e.x)})" if isinstance(e.x, (A.UnaryExpr, A.StarExpr)) else t(e.x)
    if isinstance(e, A.Ident):
        return e.name
    if isinstance(e, A.BasicLit):
        return e.text
    if isinstance(e, A.FuncLit):
        return "func literal"
    if isinstance(e, A.CompositeLit):
        body = "{...}" if e.elts else "{}"
        if isinstance(e.type, Pointer):
            return f"&{type_string(e.type.elem, _unqualified)}{body}"
        return f"{type_string(e.type, _unqualified)}{body}"
    if isinstance(e, A.SelectorExpr):
        return f"{t(e.x)}.{e.sel.name}"
    if isinstance(e, A.IndexExpr):
        return f"{t(e.x)}[{', '.join(t(i) for i in e.indices)}]"
    if isinstance(e, A.SliceExpr):
        parts = [t(i) if i is not None else "" for i in (e.low, e.high)]
        if e.three:
            parts.append(t(e.max))
        return f"{t(e.x)}[{':'.join(parts)}]"
    if isinstance(e, A.StarExpr):
        return f"*{t(e.x)}"
    if isinstance(e, A.UnaryExpr):
        return f"{e.op}{t(e.x)}"
    if isinstance(e, A.BinaryExpr):
        return f"{t(e.x)} {e.op} {t(e.y)}"
    if isinstance(e, A.TypeAssertExpr):
        return f"{t(e.x)}.({type_string(e.type, _unqualified)})"
    if isinstance(e, A.CallExpr):
        if e.kind == "conversion":
            name = type_string(e.type, _unqualified)
            return f"{name}({t(e.args[0])})" if name.isidentifier() else (
                f"({name})({t(e.args[0])})"
            )  # fmt: skip
        args = ", ".join(
            type_string(a.type, _unqualified) if a.mode == A.MODE_TYPE else t(a) for a in e.args
        )
        return f"{t(e.fun)}({args}{'...' if e.ellipsis >= 0 else ''})"
    return type_string(e.type, _unqualified) if e.type is not None else "?"


def _unqualified(pkg: Any) -> str:
    return "" if pkg.name == "main" else pkg.name
