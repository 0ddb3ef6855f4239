"""What a source text declares, and the comments above it: read from the text alone, for
people who ask (``:doc``, ``help``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gol.lang.diagnostics import Diagnostics
from gol.lang.lexer import Token, tokenize
from gol.lang.source import SourceSet


@dataclass(frozen=True)
class Declared:
    """One declaration in a source text: ``text`` is without the body of a function."""

    names: tuple[str, ...]
    start: int
    end: int
    text: str
    comment: str

    def __str__(self) -> str:
        return f"{self.text}\n\n{self.comment}" if self.comment else self.text


def declarations(text: str) -> Iterator[Declared]:
    """The declarations and statements of a source text."""
    tokens = tokenize(SourceSet().add("", text), Diagnostics(SourceSet())).tokens
    depth = start = 0
    for i, (kind, _, _) in enumerate(tokens):
        if kind in ("LPAREN", "LBRACK", "EMPTY", "LBRACE"):
            depth += 1
        elif kind in ("RPAREN", "RBRACK", "RBRACE"):
            depth -= 1
        elif kind == "SEMI" and depth == 0:
            if i > start:
                yield _declared(text, tokens[start : i + 1])
            start = i + 1


def _declared(text: str, part: list[Token]) -> Declared:
    begin, end = part[0][1] - 1, part[-1][1] - 1  # positions begin at 1
    names = tuple(_names(part))
    shown = text[begin:end]
    if part[0][0] == "FUNC":
        body = _body(part)
        if body:
            shown = text[begin : body - 1]
    return Declared(names, begin, end, shown.rstrip(), comment_above(text, begin))


def _body(part: list[Token]) -> int:
    """Where the body of a function begins: the last brace opened at the top; 0 if none."""
    depth = at = 0
    for kind, pos, _ in part:
        if kind in ("LPAREN", "LBRACK", "EMPTY", "LBRACE"):
            if kind == "LBRACE" and depth == 0:
                at = pos
            depth += 1
        elif kind in ("RPAREN", "RBRACK", "RBRACE"):
            depth -= 1
    return at


def _names(part: list[Token]) -> Iterator[str]:
    kinds = [t[0] for t in part]
    if kinds[0] == "FUNC" and kinds[1] == "LPAREN":
        close = kinds.index("RPAREN")
        receiver = [t[2] for t in part[2:close] if t[0] == "NAME"]
        if receiver and close + 1 < len(part):
            yield f"{receiver[-1]}.{part[close + 1][2]}"
    elif kinds[0] in ("FUNC", "TYPE", "VAR", "CONST") and kinds[1] == "NAME":
        yield part[1][2]
    elif kinds[0] in ("TYPE", "VAR", "CONST") and kinds[1] == "LPAREN":
        depth = 0
        for before, (kind, _, word) in zip(kinds, part[1:], strict=False):
            if kind in ("LPAREN", "LBRACK", "EMPTY", "LBRACE"):
                depth += 1
            elif kind in ("RPAREN", "RBRACK", "RBRACE"):
                depth -= 1
            elif kind == "NAME" and depth == 1 and before in ("LPAREN", "SEMI"):
                yield word


def comment_above(text: str, at: int) -> str:
    """The lines of comment that end directly above."""
    if at < 0:
        return ""
    lines: list[str] = []
    for line in reversed(text[:at].split("\n")[:-1]):
        if not line.startswith("//"):
            break
        if not line.startswith(("//go:", "//gol:")):
            lines.append(line[2:].removeprefix(" "))
    return "\n".join(reversed(lines)).strip()
