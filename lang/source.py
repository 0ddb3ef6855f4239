"""Source text and positions.

A position is one int: the file's base in the run's :class:`SourceSet` plus the offset, in
characters, of the text that the parser saw. 0 is "no position". Columns are in bytes, as
Go counts them, worked out only when somebody asks.

``//line`` directives say that what follows them came from elsewhere: ``SourceSet.position``
gives that place, ``Source.position`` the one in the file at hand.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Position(NamedTuple):
    file: str
    line: int  # from 1
    column: int  # from 1, in bytes of UTF-8; 0 where a //line directive did not say

    def __str__(self) -> str:
        if self.column:
            return f"{self.file}:{self.line}:{self.column}"
        return f"{self.file}:{self.line}"


class Source:
    """One file: ``text`` as decoded, ``path`` as the user named it."""

    __slots__ = ("path", "text", "base", "origins", "_lines")

    def __init__(self, path: str, text: str, base: int) -> None:
        self.path = path
        self.text = text
        self.base = base
        # From //line directives: from which position on, and the place that has.
        self.origins: list[tuple[int, Position]] = []
        self._lines: list[int] | None = None

    def line_starts(self) -> list[int]:
        if self._lines is None:
            starts = [0]
            find = self.text.find
            i = find("\n")
            while i >= 0:
                starts.append(i + 1)
                i = find("\n", i + 1)
            self._lines = starts
        return self._lines

    def line_of(self, pos: int) -> int:
        return bisect_right(self.line_starts(), pos - self.base)

    def position(self, pos: int) -> Position:
        off = pos - self.base
        starts = self.line_starts()
        line = bisect_right(starts, off)
        start = starts[line - 1]
        col = len(self.text[start:off].encode("utf-8", "surrogateescape")) + 1
        return Position(self.path, line, col)

    def origin(self, pos: int) -> Position:
        """The position that //line directives give; without any, the one in this file."""
        here = self.position(pos)
        if not self.origins or pos < self.origins[0][0]:
            return here
        start, there = self.origins[bisect_right(self.origins, pos, key=lambda o: o[0]) - 1]
        first = self.position(start)
        column = 0
        if there.column:
            same_line = here.line == first.line
            column = here.column + (there.column - first.column if same_line else 0)
        return Position(there.file, there.line + here.line - first.line, column)

    def line_text(self, line: int) -> str:
        starts = self.line_starts()
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r")


class SourceSet:
    """All files of a run; gives every position a home."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._bases: list[int] = []
        self._next = 1
        # Errors name a file as the user did, tracebacks by its whole path.
        self.full_paths: dict[str, str] = {}

    def add(self, path: str, text: str) -> Source:
        src = Source(path, text, self._next)
        self.sources.append(src)
        self._bases.append(src.base)
        self._next += len(text) + 2
        return src

    def source_of(self, pos: int) -> Source | None:
        i = bisect_right(self._bases, pos) - 1
        return self.sources[i] if pos > 0 and i >= 0 else None

    def position(self, pos: int) -> Position:
        src = self.source_of(pos)
        return src.origin(pos) if src else Position("", 0, 0)


def decode(data: bytes) -> str:
    """The text of a source file: any bytes at all. What is not UTF-8 becomes the surrogates
    of ``surrogateescape``, which the lexer reports at their places."""
    return data.decode("utf-8", "surrogateescape")
