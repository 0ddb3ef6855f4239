"""Counting: what each function and each goroutine did to stacks.

Memory is bounded by the program's own: a goroutine is remembered while it lives, and of those
that have ended the ``KEPT`` with the largest stacks. The sums are exact."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .events import Decoder, Function, Layout, Words

if TYPE_CHECKING:
    from .history import History

KEPT = 1000
UNKNOWN = Function("?", "", 0)


@dataclass(slots=True)
class Counts:
    """What happened to some stacks."""

    growths: int = 0
    inplace: int = 0  # of the growths
    shrinks: int = 0
    moves: int = 0  # forced ones
    segments: int = 0  # linked in front of a stack that could not be moved
    copied: int = 0
    adjusted: int = 0
    high: int = 0  # the largest size
    used: int = 0  # the most bytes in use, where that was seen


@dataclass(slots=True)
class Goroutine(Counts):
    goid: int = 0
    fn: Function = UNKNOWN  # that it started with
    gopc: Function | None = None
    parent: int = 0
    began: int = 0
    ended: int | None = None
    size: int = 0
    culprit: Function | None = None  # whose check made the stack as large as it became

    @property
    def key(self) -> tuple[int, int, int, int]:
        """The larger, the more there is to see; the older first among equals."""
        return (self.high, self.used, self.growths + self.shrinks + self.segments, -self.goid)


@dataclass(slots=True)
class Started(Counts):
    """All goroutines that started with one function."""

    goroutines: int = 0


class Summary:
    """``functions``: whose stack checks led to growth; ``started``: by the function that
    goroutines began with. ``totals`` is what the runtime says at the end, None if it never
    came to say it (SIGKILL)."""

    def __init__(self, layout: Layout, history: History | None = None) -> None:
        self.all = Counts()
        self.functions: dict[Function, Counts] = {}
        self.started: dict[Function, Started] = {}
        self.goroutines = 0
        self.collections = 0
        self.time = 0  # of the last record
        self.totals: Counts | None = None
        self.history = history
        self._live: dict[int, Goroutine] = {}
        self._ended: list[tuple[tuple[int, int, int, int], Goroutine]] = []  # a heap
        self._decoder = Decoder(
            layout,
            {
                "eventStart": self._on_start,
                "eventEnd": self._on_end,
                "eventGrow": self._on_grow,
                "eventGrowInPlace": self._on_grow_in_place,
                "eventShrink": self._on_shrink,
                "eventShrinkInPlace": self._on_shrink,
                "eventForced": self._on_forced,
                "eventLink": self._on_link,
                "eventUnlink": self._on_unlink,
                "eventUse": self._on_use,
                "eventGC": self._on_gc,
                "eventTotals": self._on_totals,
            },
        )
        self.feed = self._decoder.feed

    def largest(self, n: int) -> list[Goroutine]:
        """The n goroutines with the largest stacks."""
        known = [g for _, g in self._ended]
        known += self._live.values()
        return heapq.nlargest(n, known, key=lambda g: g.key)

    # ---------------------------------------------------------------- records
    def _on_start(self, words: Words) -> None:
        _, time, goid, parent, size, fn, gopc, *_ = words
        where = self._decoder.functions
        start = where.get(fn, UNKNOWN)
        statement = where.get(gopc)
        if start.name == "func" and statement is not None:  # a function value with arguments
            start = Function(f"func in {statement.name}", statement.file, statement.line)
        g = Goroutine(
            goid=goid, fn=start, gopc=statement, parent=parent, began=time,
            size=size, high=size,
        )  # fmt: skip
        self._live[goid] = g
        self.goroutines += 1
        s = self.started.get(start)
        if s is None:
            s = self.started[start] = Started()
        s.goroutines += 1
        if size > s.high:
            s.high = size
        if size > self.all.high:
            self.all.high = size
        self.time = time
        if self.history is not None:
            self.history.start(g)

    def _on_end(self, words: Words) -> None:
        _, time, goid, *_ = words
        g = self._live.pop(goid)
        g.ended = self.time = time
        if len(self._ended) < KEPT:
            heapq.heappush(self._ended, (g.key, g))
        elif self._ended[0][0] < g.key:
            heapq.heapreplace(self._ended, (g.key, g))
        if self.history is not None:
            self.history.end(g)

    def _move(self, words: Words) -> tuple[Goroutine, Function, list[Counts]]:
        """What every change of a stack counts; and where more is to be counted."""
        _, time, goid, _, size, used, copied, adjusted, code, caller, *_ = words
        where = self._decoder.functions
        g = self._live[goid]
        fn = where.get(code) or where.get(caller) or UNKNOWN
        counts = [self.all, g, self.started[g.fn]]
        for c in counts:
            c.copied += copied
            c.adjusted += adjusted
            if size > c.high:
                c.high = size
            if used > c.used:
                c.used = used
        g.size = size
        self.time = time
        return g, fn, counts

    def _on_grow(self, words: Words) -> None:
        for c in self._larger(words, False):
            c.growths += 1

    def _on_grow_in_place(self, words: Words) -> None:
        for c in self._larger(words, False):
            c.growths += 1
            c.inplace += 1

    def _on_link(self, words: Words) -> None:
        for c in self._larger(words, True):
            c.segments += 1

    def _larger(self, words: Words, segment: bool) -> list[Counts]:
        """A stack has become larger; where that is to be counted."""
        high = self._live[words[2]].high
        g, fn, counts = self._move(words)
        _, _, _, _, size, used, copied, adjusted, _, caller, *_ = words
        f = self.functions.get(fn)
        if f is None:
            f = self.functions[fn] = Counts()
        f.copied += copied
        f.adjusted += adjusted
        f.high = max(f.high, size)
        f.used = max(f.used, used)
        if size > high:
            g.culprit = fn
        if self.history is not None:
            self.history.grow(g, words, fn, self._decoder.functions.get(caller), segment)
        return [*counts, f]

    def _on_unlink(self, words: Words) -> None:
        _, time, goid, old, size, *_ = words
        g = self._live[goid]
        g.size = size
        self.time = time
        if self.history is not None:
            self.history.resize(g, time, old, size)

    def _on_shrink(self, words: Words) -> None:
        g, _, counts = self._move(words)
        for c in counts:
            c.shrinks += 1
        if self.history is not None:
            _, time, _, old, size, used, *_ = words
            self.history.resize(g, time, old, size)
            self.history.use(g, time, used)

    def _on_forced(self, words: Words) -> None:
        g, _, counts = self._move(words)
        for c in counts:
            c.moves += 1
        if self.history is not None:
            self.history.use(g, words[1], words[5])

    def _on_use(self, words: Words) -> None:
        _, time, goid, _, used, *_ = words
        g = self._live[goid]
        for c in (self.all, g, self.started[g.fn]):
            if used > c.used:
                c.used = used
        if self.history is not None:
            self.history.use(g, time, used)

    def _on_gc(self, words: Words) -> None:
        self.collections += 1
        self.time = words[1]
        if self.history is not None:
            self.history.collection(words)

    def _on_totals(self, words: Words) -> None:
        _, time, grows, inplace, moves, shrinks, copied, adjusted, segments, high, _ = words
        self.totals = Counts(grows, inplace, shrinks, moves, segments, copied, adjusted, high)
        self.time = time
