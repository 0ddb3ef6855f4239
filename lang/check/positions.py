"""Where messages point: Go's notion of the start and of the position of a node."""

from __future__ import annotations

from .. import ast as A
from ..source import SourceSet

_LEFT = {
    A.KeyValueExpr: "key",
    A.SelectorExpr: "x",
    A.IndexExpr: "x",
    A.TypeAssertExpr: "x",
    A.BinaryExpr: "x",
    A.CallExpr: "fun",
    A.SendStmt: "chan",
}


def start_pos(n: A.Node, sources: SourceSet) -> int:
    """Where an error about n is reported. That is n's first character, except that a
    slice expression counts from its bracket and a function type from its parenthesis,
    also where they begin a larger expression."""
    while True:
        left = _LEFT.get(type(n))
        if left is not None:
            n = getattr(n, left)
        elif type(n) is A.CompositeLit and n.type_expr is not None:
            n = n.type_expr
        elif type(n) is A.SliceExpr:
            return n.lbrack
        elif type(n) is A.FuncType:
            return _paren_after(n.pos, sources)
        else:
            return n.pos


def node_pos(n: A.Expr, sources: SourceSet) -> int:
    """The position of the token that makes n what it is: an operator, a bracket."""
    if type(n) is A.BinaryExpr:
        return n.op_pos
    if type(n) is A.CallExpr:
        return n.lparen
    if type(n) is A.IndexExpr or type(n) is A.SliceExpr:
        return n.lbrack
    if type(n) is A.SelectorExpr:
        return _char_before(n.sel.pos, ".", sources)
    return start_pos(n, sources)


def _paren_after(pos: int, sources: SourceSet) -> int:
    src = sources.source_of(pos)
    i = src.text.find("(", pos - src.base) if src is not None else -1
    return src.base + i if src is not None and i >= 0 else pos


def _char_before(pos: int, ch: str, sources: SourceSet) -> int:
    src = sources.source_of(pos)
    i = src.text.rfind(ch, 0, pos - src.base) if src is not None else -1
    return src.base + i if src is not None and i >= 0 else pos
