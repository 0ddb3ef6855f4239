"""The parser: runs the LALR tables of ``grammar.lark`` over the tokens of one source.

``parse_file`` is the public face; ``parse_entry`` and ``parse_expr`` parse a list of
statements or an expression alone, for a REPL. Each returns None if it reported an error.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from . import ast, parser_tables
from .diagnostics import Diagnostics
from .lexer import Token, tokenize
from .parser_build import Builder
from .source import Source

# "{" in the order in which Go would take it; see grammar.lark.
_BRACES = ("LTYPE", "LLITX", "LBODY")
_BRACKETS = frozenset(
    "LPAREN RPAREN LBRACK EMPTY RBRACK RBRACE LTYPE LBODY LBLOCK LLIT LLITX IF FOR SWITCH".split()
)
_OPENING = frozenset("LPAREN LBRACK EMPTY LTYPE LBODY LLIT LLITX".split())
_CLOSING = frozenset("RPAREN RBRACK RBRACE".split())


def parse_file(source: Source, diags: Diagnostics) -> Optional[ast.File]:
    """The tree of a source file, or None if it has lexical or syntax errors."""
    return _parse(source, diags, "file")


def parse_entry(source: Source, diags: Diagnostics) -> Optional[list[ast.Stmt]]:
    """A list of statements, as between the braces of a function body."""
    return _parse(source, diags, "entry")


def parse_expr(source: Source, diags: Diagnostics) -> Optional[ast.Expr]:
    """One expression (or type)."""
    return _parse(source, diags, "line")


def _parse(source: Source, diags: Diagnostics, start: str) -> Any:
    before = len(diags.items)
    tokens, directives = tokenize(source, diags)
    builder = Builder(source.path, diags, directives)
    tree = _Parser(parser_tables.load(), builder, diags).run(tokens, start)
    return tree if len(diags.items) == before else None


class _SyntaxError(Exception):
    pass


class _Parser:
    """One run of the tables."""

    def __init__(self, tables: parser_tables.Tables, builder: Builder, diags: Diagnostics) -> None:
        self.tables = tables
        self.diags = diags
        self.rules: list[tuple[int, str, Optional[Callable[..., Any]]]] = [
            (size, origin, getattr(builder, name) if name else None)
            for size, origin, name in tables.rules
        ]
        self.states: list[int] = []
        self.values: list[Any] = []
        # One entry per open bracket: are we directly in the header of if, for or switch?
        self.control: list[bool] = [False]

    def run(self, tokens: list[Token], start: str) -> Any:
        actions, gotos, rules = self.tables.actions, self.tables.gotos, self.rules
        states, values, control = self.states, self.values, self.control
        state = self.tables.starts[start]
        end = self.tables.ends[start]
        states.append(state)
        Ident, BasicLit = ast.Ident, ast.BasicLit
        i = 0
        tok = tokens[0]
        kind = tok[0]
        while True:
            action = actions[state].get(kind)
            if action is None:
                if kind == "LBRACE":
                    kind = self.which_brace()
                    if kind:
                        continue
                self.diags.error(tok[1], f"syntax error: unexpected {tok[2]}")
                return None
            if action >= 0:
                if kind == "NAME":
                    values.append(Ident(tok[1], tok[2]))
                elif kind == "STRING":
                    values.append(BasicLit(tok[1], "STRING", tok[2]))
                else:
                    values.append(tok)
                    if kind in _BRACKETS:
                        if kind in _OPENING:
                            control.append(False)
                        elif kind in _CLOSING:
                            control.pop()
                        elif kind == "LBLOCK":
                            control[-1] = False
                            control.append(False)
                        else:
                            control[-1] = True
                states.append(action)
                state = action
                i += 1
                tok = tokens[i]
                kind = tok[0]
                continue
            size, origin, build = rules[~action]
            if size == 1:
                if build is not None:
                    values[-1] = build(values[-1])
                states[-1] = state = gotos[states[-2]][origin]
            else:
                if size:
                    args = values[-size:]
                    del values[-size:]
                    del states[-size:]
                    value = build(*args)  # type: ignore[misc]
                else:
                    value = build()  # type: ignore[misc]
                values.append(value)
                state = gotos[states[-1]][origin]
                states.append(state)
            if state == end and kind == "$END":
                return values[-1]

    def which_brace(self) -> str:
        """The terminal that "{" is here, or "" if none can stand here."""
        for kind in _BRACES:
            if self.can_shift(kind):
                return kind
        if self.control[-1]:
            return "LBLOCK" if self.can_shift("LBLOCK") else ""
        for kind in ("LLIT", "LBLOCK"):
            if self.can_shift(kind):
                return kind
        return ""

    def can_shift(self, kind: str) -> bool:
        """Would the parser get to shift this terminal, after reductions?"""
        actions, gotos, rules = self.tables.actions, self.tables.gotos, self.tables.rules
        state = self.states[-1]
        action = actions[state].get(kind)
        if action is None or action >= 0:
            return action is not None
        stack = self.states.copy()
        while action is not None and action < 0:
            size, origin, _ = rules[~action]
            if size:
                del stack[-size:]
            state = gotos[stack[-1]][origin]
            stack.append(state)
            action = actions[state].get(kind)
        return action is not None
