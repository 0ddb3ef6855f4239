"""What tests of the parser share: parse a text, show a tree in one line."""

from __future__ import annotations

from typing import Any

from gol.lang import ast
from gol.lang.diagnostics import Diagnostics
from gol.lang.parser import parse_entry, parse_expr, parse_file
from gol.lang.record import fields
from gol.lang.source import SourceSet, decode

_POSITIONS = frozenset(
    "pos lbrace rbrace lparen rparen lbrack colon op_pos arrow range_pos ellipsis".split()
)
_PARSERS = {"file": parse_file, "entry": parse_entry, "expr": parse_expr}


class Parsed:
    """A parsed text: the tree, or None, and the errors as Go prints them."""

    def __init__(self, text: str | bytes, start: str = "file") -> None:
        self.sources = SourceSet()
        self.diags = Diagnostics(self.sources)
        if isinstance(text, bytes):
            text = decode(text)
        self.tree: Any = _PARSERS[start](self.sources.add("p.go", text), self.diags)

    @property
    def errors(self) -> list[str]:
        out = []
        for d in self.diags.sorted():
            p = self.sources.position(d.pos)
            out.append(f"{p.line}:{p.column}: {d.message}")
        return out

    def at(self, pos: int) -> tuple[int, int]:
        p = self.sources.position(pos)
        return p.line, p.column


def show(x: Any) -> str:
    """A node as ``Class(fields)``, names and literals as they are written."""
    if isinstance(x, list):
        return "[" + " ".join(map(show, x)) + "]"
    if isinstance(x, ast.Ident):
        return x.name
    if isinstance(x, ast.BasicLit):
        return x.text
    if isinstance(x, ast.BinaryExpr):
        return f"({show(x.x)} {x.op} {show(x.y)})"
    if isinstance(x, ast.UnaryExpr):
        return f"({x.op} {show(x.x)})"
    if isinstance(x, ast.StarExpr):
        return f"(* {show(x.x)})"
    if isinstance(x, ast.Node):
        shown = [f.name for f in fields(type(x)) if f.init and f.name not in _POSITIONS]
        values = [getattr(x, name) for name in shown]
        dots = " ..." if isinstance(x, ast.CallExpr) and x.ellipsis >= 0 else ""
        return f"{type(x).__name__}({' '.join(map(show, values))}{dots})"
    return "-" if x is None else str(x)


def expr(text: str) -> str:
    """The expression's tree, which must have no errors."""
    p = Parsed(text, "expr")
    assert p.errors == []
    return show(p.tree)


def stmts(text: str) -> str:
    p = Parsed(text, "entry")
    assert p.errors == []
    return show(p.tree)


def decl(text: str) -> str:
    """The first declaration of a file of which this is the rest."""
    p = Parsed("package p\n" + text)
    assert p.errors == []
    return show(p.tree.decls[0])


def cases(text: str) -> list[tuple[str, str, list[str]]]:
    """The cases of a data file: name, source, errors."""
    out: list[tuple[str, str, list[str]]] = []
    for part in ("\n" + text).split("\n-- ")[1:]:
        name, _, rest = part.partition("\n")
        source, _, want = rest.partition("== errors\n")
        errors = [line for line in want.splitlines() if line]
        out.append((name, source, errors))
    return out
