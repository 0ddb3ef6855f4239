"""What is typed at a prompt: declarations and statements, in any order.

An *entry* is what a session compiles at a time. Its imports, functions, types and constants
are declarations as in a file; all else, variables too, are statements, which run in order.
Entries are cut up by their tokens, each part is then given to the parser that files have.

:func:`state` tells whether a text is complete. The lexer knows: brackets must be closed, and
Go's rule for semicolons says whether a line that ends here ends a statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import ast, parser_tables
from .diagnostics import Diagnostics
from .lexer import Token, tokenize
from .parser import Parser
from .parser_build import Builder
from .parser_build_decls import check_misplaced
from .record import field, record
from .source import Source, SourceSet

_OPEN = frozenset(("LPAREN", "LBRACK", "EMPTY", "LBRACE"))
_CLOSE = frozenset(("RPAREN", "RBRACK", "RBRACE"))
_CLOSER_OF = {"LPAREN": ")", "LBRACK": "]", "EMPTY": "]", "LBRACE": "}"}
_UNTERMINATED = ("string not terminated", "comment not terminated")

HOLE = "gol__hole"  # the selector that stands for what is being typed

EMPTY, INCOMPLETE, COMPLETE = "empty", "incomplete", "complete"


@record()
class Entry:
    """The tree of an entry. ``silent``: it ends in a semicolon, its value is not shown."""

    source: Source
    decls: list[ast.Decl] = field(default_factory=list)
    stmts: list[ast.Stmt] = field(default_factory=list)
    is_file: bool = False  # it has a package clause: every variable is a declaration
    silent: bool = False


def state(text: str) -> str:
    """Is this text an entry (COMPLETE, perhaps a wrong one), the beginning of one
    (INCOMPLETE), or nothing but blanks and comments (EMPTY)?"""
    source = SourceSet().add("", text)
    diags = Diagnostics(SourceSet())
    tokens, directives, _ = tokenize(source, diags)
    last = diags.items[-1].message if diags.items else ""
    if last in _UNTERMINATED and (last[0] == "c" or _raw_string_is_open(source, diags)):
        return INCOMPLETE
    if len(tokens) == 1:
        if diags:
            return COMPLETE
        return INCOMPLETE if directives else EMPTY
    depth = 0
    for kind, _, _ in tokens:
        if kind in _OPEN:
            depth += 1
        elif kind in _CLOSE:
            depth -= 1
            if depth < 0:
                return COMPLETE  # it can only become more wrong
    if depth:
        return INCOMPLETE
    return COMPLETE if tokens[-2][0] == "SEMI" else INCOMPLETE


def is_hopeless(text: str) -> bool:
    """Is a text that is INCOMPLETE wrong before its end, whatever may follow?"""
    sources = SourceSet()
    source = sources.add("", text)
    diags = Diagnostics(sources)
    if parse(source, diags) is not None or diags.items[-1].message in _UNTERMINATED:
        return False
    tokens = tokenize(source, Diagnostics(sources)).tokens
    last = next((t for t in reversed(tokens) if t[0] not in ("$END", "SEMI")), tokens[0])
    return min(d.pos for d in diags.items) <= last[1]


def _raw_string_is_open(source: Source, diags: Diagnostics) -> bool:
    return source.text[diags.items[-1].pos - source.base] == "`"


def parse(source: Source, diags: Diagnostics) -> Entry | None:
    """The tree of an entry; None after syntax errors."""
    before = len(diags.items)
    tokens, directives, _ = tokenize(source, diags)
    entry = Entry(source)
    entry.silent = len(tokens) > 1 and tokens[-2] == ("SEMI", tokens[-2][1], "semicolon")
    entry.is_file = tokens[0][0] == "PACKAGE"
    end = tokens[-1]

    def run(start: str, part: list[Token], after: int = 0) -> Any:
        builder = Builder(source, diags, directives)
        builder.decl_end = after
        return Parser(parser_tables.load(), builder, part, before).run(start)

    if entry.is_file:
        file = run("file", tokens)
        entry.decls = file.decls if file is not None else []
    else:
        pos = tokens[0][1]
        head: list[Token] = [("PACKAGE", pos, "package"), ("NAME", pos, "main")]
        head.append(("SEMI", pos, "semicolon"))
        after = 0
        for is_decl, part in _parts(tokens[:-1]):
            if is_decl:
                file = run("file", [*head, *part, end], after)
                entry.decls += file.decls if file is not None else []
            else:
                entry.stmts += run("entry", [*part, end]) or []
            after = part[-1][1]
    if len(diags.items) == before:
        check_misplaced(directives, diags)
    return None if len(diags.items) > before else entry


def parse_hole(before: str) -> Iterator[tuple[Entry, Diagnostics]]:
    """The entry whose text so far is ``before``, ending in a dot, with a selector HOLE after
    it: what is open is closed, in each way that gives a tree."""
    text = f"{before.rstrip()}{HOLE}"
    tokens = tokenize(SourceSet().add("", text), Diagnostics(SourceSet())).tokens
    closers = ""
    for kind, _, _ in tokens:
        if kind in _OPEN:
            closers = _CLOSER_OF[kind] + closers
        elif kind in _CLOSE:
            closers = closers[1:]
    brackets = len(closers) - len(closers.lstrip(")]"))
    inner, outer = closers[:brackets], closers[brackets:]
    for tail in (closers, f"{inner} {{}}{outer}", f"{inner}; {{}}{outer}"):
        sources = SourceSet()
        diags = Diagnostics(sources)
        entry = parse(sources.add("", text + tail), diags)
        if entry is not None:
            yield entry, diags


def is_file(text: str) -> bool:
    """Does it begin with a package clause?"""
    tokens = tokenize(SourceSet().add("", text), Diagnostics(SourceSet())).tokens
    return tokens[0][0] == "PACKAGE"


def declared_names(text: str) -> list[str] | None:
    """The names that an entry declares which is one declaration of a function, method, type
    or constant (without parentheses); None of any other."""
    tokens = tokenize(SourceSet().add("", text), Diagnostics(SourceSet())).tokens
    parts = _parts(tokens[:-1])
    if len(parts) != 1 or not parts[0][0] or tokens[0][0] == "IMPORT":
        return None
    part = parts[0][1]
    if part[1][0] == "NAME":
        return [part[1][2]]
    if part[0][0] != "FUNC":
        return None
    at = [t[0] for t in part].index("RPAREN")
    return [" ".join(t[2] for t in part[1 : at + 2] if t[0] == "NAME")]


def one_line(text: str) -> str:
    """An entry of several declarations and statements, all on one line, but for what stands in
    their brackets."""
    tokens = tokenize(SourceSet().add("", text), Diagnostics(SourceSet())).tokens
    out = last = ""
    start = depth = 0
    for i, (kind, pos, word) in enumerate(tokens):
        if kind in _OPEN:
            depth += 1
        elif kind in _CLOSE:
            depth -= 1
        elif kind == "SEMI" and depth <= 0:
            if i > start:
                _, at, end = tokens[i - 1]
                if text.startswith(end, at - 1):  # what follows is a comment
                    pos = at + len(end)
                out += text[tokens[start][1] - 1 : pos - 1].rstrip() + "; "
            last, start = word, i + 1
    return out.rstrip() if last == "semicolon" else out.rstrip("; ")


def _parts(tokens: list[Token]) -> list[tuple[bool, list[Token]]]:
    """The entry's tokens in parts: declarations one by one, runs of statements."""
    out: list[tuple[bool, list[Token]]] = []
    start = depth = 0
    for i, (kind, _, _) in enumerate(tokens):
        if kind in _OPEN:
            depth += 1
        elif kind in _CLOSE:
            depth -= 1
        if (kind == "SEMI" and depth <= 0) or i + 1 == len(tokens):
            part = tokens[start : i + 1]
            start = i + 1
            is_decl = _is_declaration(part)
            if out and not is_decl and not out[-1][0]:
                out[-1][1].extend(part)
            else:
                out.append((is_decl, part))
    return out


def _is_declaration(tokens: list[Token]) -> bool:
    """Of a function, method, type, constant or import? A statement may begin with ``func``
    too: a literal that is called. A method's name is followed by its parameters."""
    kinds = [t[0] for t in tokens]
    if kinds[0] in ("IMPORT", "TYPE", "CONST"):
        return True
    if kinds[0] != "FUNC" or len(kinds) < 3:
        return False
    if kinds[1] == "NAME":
        return True
    depth = 0
    for i, kind in enumerate(kinds):
        if kind in _OPEN:
            depth += 1
        elif kind in _CLOSE:
            depth -= 1
            if depth == 0:
                return kinds[i + 1 : i + 3] == ["NAME", "LPAREN"]
    return False


__all__ = [
    "COMPLETE", "EMPTY", "INCOMPLETE", "Entry", "declared_names", "is_file", "is_hopeless",
    "one_line", "parse", "parse_hole", "state",
]  # fmt: skip
