"""The parser: runs the LALR tables of ``grammar.lark`` over the tokens of one source.

``parse_file`` is the public face; ``parse_entry`` and ``parse_expr`` parse a list of
statements or an expression alone, for a REPL. Each returns None after a syntax error.
Errors are worded and got past in :mod:`gol.lang.parser_errors`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from . import ast, parser_tables
from .diagnostics import Diagnostics
from .lexer import Token, tokenize
from .parser_build import MAX_NESTING, Builder
from .parser_build_decls import check_misplaced
from .source import Source

if TYPE_CHECKING:
    from .parser_errors import Recovery

# Of the tokens on the stack, those that decide whether we are directly in the header of
# if, for or switch: the topmost is one of the three.
_HEADERS = frozenset(("IF", "FOR", "SWITCH"))
_CLOSING = frozenset(("RPAREN", "RBRACK", "RBRACE"))
_FRAMES = _HEADERS | {"LPAREN", "LBRACK", "EMPTY", "LTYPE", "LBODY", "LBLOCK", "LLIT", "LLITX"}

_LITERAL_TYPES = (
    ast.Ident, ast.SelectorExpr, ast.IndexExpr, ast.ArrayType, ast.StructType, ast.MapType,
)  # fmt: skip
_VALUES = (
    ast.BasicLit, ast.CompositeLit, ast.FuncLit, ast.SliceExpr, ast.TypeAssertExpr,
    ast.CallExpr, ast.UnaryExpr, ast.BinaryExpr,
)  # fmt: skip


def parse_file(source: Source, diags: Diagnostics) -> Optional[ast.File]:
    """The tree of a source file, or None if it has syntax errors.

    Errors inside a token alone, such as a bad escape, leave a tree that is fit for type
    checking, as with Go: the token is a BadExpr in it.
    """
    return _parse(source, diags, "file")


def parse_entry(source: Source, diags: Diagnostics) -> Optional[list[ast.Stmt]]:
    """A list of statements, as between the braces of a function body."""
    return _parse(source, diags, "entry")


def parse_expr(source: Source, diags: Diagnostics) -> Optional[ast.Expr]:
    """One expression (or type)."""
    return _parse(source, diags, "line")


def _parse(source: Source, diags: Diagnostics, start: str) -> Any:
    before = len(diags.items)
    tokens, directives, _ = tokenize(source, diags)
    lexical = len(diags.items)
    builder = Builder(source, diags, directives)
    parser = Parser(parser_tables.load(), builder, tokens, before)
    if start == "file" and lexical > before and _bad_package_clause(tokens, diags, before):
        parser.i = min(3, len(tokens) - 1)
        parser.gave_up = True
        tree = None
    else:
        tree = parser.run(start)
        if tree is not None:
            check_misplaced(directives, diags)
    if parser.gave_up:
        # Go reads tokens as it parses, and so would not have seen later ones.
        reach = _reach(parser.current)
        seen = [d for d in diags.items[before:lexical] if d.pos < reach]
        diags.items[before:lexical] = seen
    if len(diags.items) > before and builder.syntax_errors:
        return None
    return tree


def _bad_package_clause(tokens: list[Token], diags: Diagnostics, before: int) -> bool:
    """Was there an error in the package clause, or in the token after it?"""
    if [t[0] for t in tokens[:3]] != ["PACKAGE", "NAME", "SEMI"]:
        return False
    reach = _reach(tokens[3])
    return any(d.pos < reach for d in diags.items[before:])


def _reach(token: Token) -> int:
    """Lexical errors before this position are due to the token or what is before it."""
    kind, pos, text = token
    return pos + len(text) + (kind == "BAD")


class GiveUp(Exception):
    """The rest of the file is not worth parsing."""


class Parser:
    """One run of the tables."""

    def __init__(
        self,
        tables: parser_tables.Tables,
        builder: Builder,
        tokens: list[Token],
        errors_before: int,
    ) -> None:
        self.tables = tables
        self.builder = builder
        self.tokens = tokens
        self.rules: list[tuple[int, str, Optional[Callable[..., Any]]]] = [
            (size, origin, getattr(builder, name) if name else None)
            for size, origin, name in tables.rules
        ]
        self.states: list[int] = []
        self.values: list[Any] = []
        self.i = 0  # the token that has been read but not shifted
        self._recovery: Optional[Recovery] = None
        self.gave_up = False  # are there tokens that were not looked at?
        self._errors_before = errors_before
        builder.parser = self

    @property
    def current(self) -> Token:
        return self.tokens[self.i]

    def failed(self) -> bool:
        """Has this file had an error?"""
        return len(self.builder.diags.items) > self._errors_before

    def run(self, start: str) -> Any:
        """The value of the start symbol; None after errors that end parsing."""
        actions, gotos, rules = self.tables.actions, self.tables.gotos, self.rules
        tokens, states, values = self.tokens, self.states, self.values
        Ident, BasicLit = ast.Ident, ast.BasicLit
        state = self.tables.starts[start]
        end = self.tables.ends[start]
        states.append(state)
        values.append(None)
        i = 0
        tok = tokens[0]
        kind = tok[0]
        while True:
            action = actions[state].get(kind)
            if action is None:
                if kind == "LBRACE":
                    brace = self.which_brace()
                    if brace:
                        kind = brace
                        tok = (brace, tok[1], "{")
                        continue
                i = self._recover(i)
                if self.gave_up:
                    return None
                state = states[-1]
                tok = tokens[i]
                kind = tok[0]
                if state == end and kind == "$END":
                    return None
                continue
            if action >= 0:
                if kind == "NAME":
                    values.append(Ident(tok[1], tok[2]))
                elif kind == "STRING":
                    values.append(BasicLit(tok[1], "STRING", tok[2]))
                else:
                    values.append(tok)
                states.append(action)
                state = action
                self.i = i = i + 1
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

    def _recover(self, i: int) -> int:
        """Past an error at token ``i``; the token to go on with."""
        if self._recovery is None:
            from .parser_errors import Recovery  # a correct program does not need it

            self._recovery = Recovery(self)
        try:
            self.i = self._recovery.at(i)
        except GiveUp:
            self.i = self._recovery.i
            self.gave_up = True
        return self.i

    def too_deep(self) -> bool:
        """Is the stack so high that the tree must be too deep? What takes time in
        proportion to the height of the stack is not done then."""
        return len(self.states) > 10 * MAX_NESTING

    # ------------------------------------------- one step at a time, for error recovery
    def reduce(self, rule: int) -> None:
        size, origin, build = self.rules[rule]
        args = self.values[-size:] if size else []
        if size:
            del self.values[-size:]
            del self.states[-size:]
        self.values.append(build(*args) if build is not None else args[0])
        self.states.append(self.tables.gotos[self.states[-1]][origin])

    def push(self, symbol: str, value: Any) -> None:
        """Shifts a symbol that the state allows, after reductions."""
        while True:
            state = self.states[-1]
            target = self.tables.gotos[state].get(symbol)
            if target is None:
                target = self.tables.actions[state].get(symbol)
            if target is None:
                raise GiveUp
            if target >= 0:
                self.states.append(target)
                self.values.append(value)
                return
            self.reduce(~target)

    # ----------------------------------------------------------------------- "{"
    def which_brace(self) -> str:
        """The terminal that "{" is here, or "" if none can stand here."""
        if self.too_deep():
            return ""
        for kind in ("LTYPE", "LLITX", "LBODY"):
            if self.can_shift(kind):
                return kind
        if not self.in_header() and self.can_shift("LLIT") and self.names_type():
            return "LLIT"
        return "LBLOCK" if self.can_shift("LBLOCK") else ""

    def in_header(self) -> bool:
        """Are we in the header of if, for or switch, not inside brackets?"""
        closed = 0  # brackets that are closed but not reduced yet
        for value in reversed(self.values):
            if isinstance(value, tuple):
                kind = value[0]
                if kind in _CLOSING:
                    closed += 1
                elif kind in _FRAMES:
                    if kind in _HEADERS:
                        return True
                    if closed == 0:
                        return False
                    closed -= 1
        return False

    def names_type(self) -> bool:
        """Can what is before "{" be the type of a literal, or is the type elided?

        The value on top may be the end of an operand that is not reduced yet.
        """
        x = self.values[-1]
        if isinstance(x, tuple):
            if x[0] == "RPAREN":
                return self._parenthesized_type()
            if x[0] == "RBRACK":
                indices = self.values[-2]
                return isinstance(indices, list) and not any(map(_is_value, indices))
            return x[0] in ("LLIT", "LLITX", "COMMA", "COLON")
        return isinstance(x, (ast.Ident, ast.SelectorExpr, ast.IndexExpr, ast.ParenExpr))

    def _parenthesized_type(self) -> bool:
        """Is ``( x )`` on the stack, x a type? Go takes it for a literal, and complains."""
        if len(self.values) < 4 or not isinstance(self.values[-2], ast.Expr):
            return False
        before = self.values[-4]
        if isinstance(before, tuple) and before[0] == "DOT":
            return False
        x = self.values[-2]
        while isinstance(x, ast.ParenExpr):
            x = x.x
        return isinstance(x, _LITERAL_TYPES)

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


def _is_value(x: ast.Expr) -> bool:
    """Is this surely not a type, by its looks?"""
    while isinstance(x, ast.ParenExpr):
        x = x.x
    return isinstance(x, _VALUES)
