"""Errors of the front end: collected where the position is known, rendered in gol/."""

from __future__ import annotations

from .record import record
from .source import SourceSet


@record(frozen=True)
class Diagnostic:
    pos: int
    message: str  # Go's words, without position; further lines are indented by a tab


# Go's compiler gives up at the tenth error.
LIMIT = 10


class Diagnostics:
    """The errors of one run, ``items`` in the order in which they were found.

    Go drops an error that repeats the one before it on the same line. ``sorted()`` gives
    all that remain by file and position; ``first()`` what the compiler prints: the first
    ten to be found, sorted, and where it gave up, if it did."""

    def __init__(self, sources: SourceSet) -> None:
        self.sources = sources
        self.items: list[Diagnostic] = []

    def error(self, pos: int, message: str) -> None:
        self.items.append(Diagnostic(pos, message))

    def __bool__(self) -> bool:
        return bool(self.items)

    def sorted(self) -> list[Diagnostic]:
        return _by_position(self._distinct())

    def first(self) -> tuple[list[Diagnostic], int]:
        """The errors to print; then 0, or the position of ``too many errors``."""
        found = self._distinct()
        too_many = found[LIMIT - 1].pos if len(found) >= LIMIT else 0
        return _by_position(found[:LIMIT]), too_many

    def _distinct(self) -> list[Diagnostic]:
        out: list[Diagnostic] = []
        last: tuple[str, int, str] | None = None
        for d in self.items:
            p = self.sources.position(d.pos)
            key = (p.file, p.line, d.message)
            if key != last:
                out.append(d)
            last = key
        return out


def _by_position(items: list[Diagnostic]) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    for d in sorted(items, key=lambda d: d.pos):
        if not out or out[-1] != d:
            out.append(d)
    return out
