"""``:doc``: how something was declared, and the comment above it, read from its source.

NAME is that of something declared here, a package of the library, ``package.Name``, or with a
further element a method: ``T.M``, ``package.T.M``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Optional

from gol.jit.packages import std_paths, std_sources
from gol.lang.diagnostics import Diagnostics
from gol.lang.lexer import Token, tokenize
from gol.lang.objects import Builtin, Func, Object, PkgName, TypeName
from gol.lang.source import SourceSet, decode
from gol.lang.types import Named
from gol.lang.universe import UNIVERSE

from ..session import Session

_BUILTINS = {
    "append": "func append(s []T, elems ...T) []T\n\ns with elems behind it; s's array is used if it has room.",  # noqa: E501
    "cap": "func cap(v T) int\n\nThe capacity of a slice, array or channel.",
    "clear": "func clear(v T)\n\nDelete all entries of a map, or zero all elements of a slice.",
    "close": "func close(c chan<- T)\n\nNothing more will be sent on c.",
    "complex": "func complex(r, i Float) Complex\n\nThe number r + i·1i.",
    "copy": "func copy(dst, src []T) int\n\nCopy as many elements as both have; their number.",
    "delete": "func delete(m map[K]V, key K)\n\nRemove the entry for key, if there is one.",
    "imag": "func imag(c Complex) Float\n\nThe imaginary part.",
    "len": "func len(v T) int\n\nThe length of a string, slice, array, map or channel.",
    "make": "func make(T type, size ...int) T\n\nA slice, map or channel.",
    "max": "func max(x T, y ...T) T\n\nThe largest of ordered values.",
    "min": "func min(x T, y ...T) T\n\nThe smallest of ordered values.",
    "new": "func new(T type) *T\n\nA pointer to a new variable, which is zero.",
    "panic": "func panic(v any)\n\nStop this function, run what was deferred, and so on in its callers.",  # noqa: E501
    "print": "func print(args ...T)\n\nWrite to standard error.",
    "println": "func println(args ...T)\n\nWrite to standard error, with spaces and a newline.",
    "real": "func real(c Complex) Float\n\nThe real part.",
    "recover": "func recover() any\n\nIn a deferred function: end the panic; its value.",
}


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


def document(session: Session, name: str) -> Optional[str]:
    """The documentation of something; None if there is none."""
    first, _, rest = name.partition(".")
    obj = session.names.scope.lookup_outer(first)
    if isinstance(obj, Builtin):
        return _BUILTINS.get(first)
    if isinstance(obj, PkgName):
        return _library(obj.imported.path, rest)
    if obj is None:
        paths = [p for p in std_paths().get(first, [])] or (
            [name] if std_sources(name) is not None else []
        )
        return _library(paths[0], rest if "/" not in name else "") if len(paths) == 1 else None
    if UNIVERSE.lookup(first) is obj:
        return f"{first} is predeclared"
    if rest:
        obj = _method(obj, rest)
    return _in_session(session, obj) if obj is not None else None


def _method(obj: Object, name: str) -> Optional[Func]:
    t = obj.type
    if isinstance(obj, TypeName) and isinstance(t, Named):
        for m in t.methods:
            if m.name == name:
                return m
    return None


def _in_session(session: Session, obj: Object) -> Optional[str]:
    source = session.sources.source_of(obj.pos)
    if source is None:
        return None
    at = obj.pos - source.base
    for d in declarations(source.text):
        if d.start <= at < d.end:
            return str(d)
    return None


def _library(path: str, name: str) -> Optional[str]:
    files = _parsed(path)
    if not name:
        comments = [c for c, _ in files if c]
        names = [n for d in exported(path) for n in d.names if n[:1].isupper()]
        listed = ", ".join(sorted(n for n in names if "." not in n))
        return "\n\n".join([f"package {path}", *comments, listed])
    for _, ds in files:
        for d in ds:
            if name in d.names and name.rpartition(".")[2][:1].isupper():
                return str(d)
    return None


def exported(path: str) -> Iterator[Declared]:
    """What a library package declares for others, from its source."""
    for _, ds in _parsed(path):
        for d in ds:
            if any(n[:1].isupper() for n in d.names):
                yield d


@lru_cache(maxsize=8)
def _parsed(path: str) -> list[tuple[str, list[Declared]]]:
    """(the package's comment, the declarations) of each file of a library package."""
    out = []
    for _, content in std_sources(path) or []:
        text = decode(content)
        out.append((_comment_above(text, text.find("package ")), list(declarations(text))))
    return out


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
    return Declared(names, begin, end, shown.rstrip(), _comment_above(text, begin))


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


def _comment_above(text: str, at: int) -> str:
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
