"""Cutting a text into entries, for files and pipes.

An entry ends at the end of the first line at which it is complete. Declarations of functions,
types and constants that follow each other are taken together, so that they may refer to later
ones; they print nothing, so nobody sees that they wait. A text that begins with a package
clause is one entry, up to the end or a command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gol.lang.entry import COMPLETE, EMPTY, declared_names, is_file, state


@dataclass
class Chunk:
    text: str
    line: int  # where it begins
    parts: list[Chunk] = field(default_factory=list)  # if it is several entries


def chunks(lines: Iterable[str]) -> Iterator[Chunk]:
    """The entries, and command lines, of a text given line by line."""
    group: list[Chunk] = []
    names: set[str] = set()
    for chunk in _single(lines):
        declared = declared_names(chunk.text)
        if group and (declared is None or names.intersection(declared)):
            yield joined(group)
            group, names = [], set()
        if declared is None:
            yield chunk
        else:
            group.append(chunk)
            names.update(declared)
    if group:
        yield joined(group)


def joined(group: list[Chunk]) -> Chunk:
    """Several declarations as one entry, every line in its place."""
    if len(group) == 1:
        return group[0]
    text, line = "", group[0].line
    for c in group:
        text += "\n" * (c.line - line - text.count("\n")) + c.text
    return Chunk(text, line, group)


def _single(lines: Iterable[str]) -> Iterator[Chunk]:
    text, first, whole = "", 0, False
    for number, line in enumerate(lines, 1):
        if not text:
            first = number
        if not text.strip() and line.startswith(":"):
            yield Chunk(line, number)
            text = ""
            continue
        if whole and line.startswith(":") and state(text) == COMPLETE:
            yield Chunk(text, first)
            yield Chunk(line, number)
            text, whole = "", False
            continue
        text += line
        if whole:
            continue
        now = state(text)
        if now == EMPTY:
            if not line.strip():
                text = ""  # a comment on its own
        elif now == COMPLETE:
            whole = is_file(text)
            if not whole:
                yield Chunk(text, first)
                text = ""
    if state(text) != EMPTY:
        yield Chunk(text, first)
