"""Errors of the front end: collected where the position is known, rendered in gol/."""

from __future__ import annotations

from dataclasses import dataclass

from .source import SourceSet


@dataclass(frozen=True, slots=True)
class Diagnostic:
    pos: int
    message: str  # Go's words, without position; further lines are indented by a tab


class Diagnostics:
    """The errors of one run. ``sorted()`` gives them by file and position, without
    repetitions of one message on one line, as Go prints them."""

    def __init__(self, sources: SourceSet) -> None:
        self.sources = sources
        self.items: list[Diagnostic] = []

    def error(self, pos: int, message: str) -> None:
        self.items.append(Diagnostic(pos, message))

    def __bool__(self) -> bool:
        return bool(self.items)

    def sorted(self) -> list[Diagnostic]:
        seen: set[tuple[str, int, str]] = set()
        out = []
        for d in sorted(self.items, key=lambda d: d.pos):
            p = self.sources.position(d.pos)
            key = (p.file, p.line, d.message)
            if key not in seen:
                seen.add(key)
                out.append(d)
        return out
