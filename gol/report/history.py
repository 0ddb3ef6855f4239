"""Over time: the lines of a page. Memory is bounded: of many goroutines those with the largest
stacks keep their lines, and some of each starting function and size in any case. A line with
many points is thinned, so that in each stretch of time the largest and the last point remain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from .events import Function, Words
from .summary import Goroutine

TRACKED = 1000  # goroutines that have lines, at most
POINTS = 1024  # of a line, at most


class Timed(Protocol):
    @property
    def time(self) -> int: ...

    @property
    def size(self) -> int: ...


T = TypeVar("T", bound=Timed)


class Line(Generic[T]):
    def __init__(self, limit: int = POINTS) -> None:
        self.points: list[T] = []
        self.limit = limit
        self.lost = 0

    def add(self, point: T) -> None:
        self.points.append(point)
        if len(self.points) >= self.limit:
            self._thin()

    def _thin(self) -> None:
        first = self.points[0].time
        width = max((self.points[-1].time - first) * 4 // self.limit, 1)
        kept: list[T] = []
        stretch: list[T] = []
        for p in [*self.points, None]:
            if p is not None and stretch and (p.time - stretch[0].time) < width:
                stretch.append(p)
                continue
            if stretch:
                top = max(stretch, key=lambda q: q.size)
                kept += [top] if top is stretch[-1] else [top, stretch[-1]]
            stretch = [p] if p is not None else []
        if len(kept) > self.limit // 2:  # all at a few moments: every other one
            kept = kept[::2] + kept[-1:]
        self.lost += len(self.points) - len(kept)
        self.points = kept


class Growth(NamedTuple):
    """Why a stack became larger."""

    old: int
    used: int
    copied: int
    adjusted: int
    fn: Function
    caller: Function | None
    segment: bool  # by one more


class Change(NamedTuple):
    """A stack has another size from now on."""

    time: int
    size: int
    why: Growth | int | None = None  # the size before, where it shrinks


class Use(NamedTuple):
    time: int
    size: int  # bytes in use


class Collection(NamedTuple):
    time: int
    took: int
    number: int
    before: int
    live: int
    goroutines: int
    size: int  # bytes of stacks


class Total(NamedTuple):
    time: int
    size: int
    goroutines: int


@dataclass(slots=True)
class Track:
    """The lines of one goroutine."""

    goroutine: Goroutine
    sizes: Line[Change] = field(default_factory=Line)
    uses: Line[Use] = field(default_factory=Line)
    late: bool = False  # its beginning was dropped


Look = tuple[Function, int]


def look(g: Goroutine) -> Look:
    """What a page shows of it from afar."""
    return g.fn, g.high


class History:
    def __init__(self) -> None:
        self.tracks: dict[int, Track] = {}
        self.collections: Line[Collection] = Line()
        self.totals: Line[Total] = Line()
        # A goroutine with a lower key that looks like one of these would be forgotten.
        self._floor: tuple[int, ...] = ()
        self._kept: set[Look] = set()
        self._size = 0
        self._live = 0

    def drawn(self, n: int) -> list[Track]:
        """The n goroutines that are worth most to see, in the order of their numbers."""
        return sorted(self._best(n), key=lambda t: t.goroutine.goid)

    def _best(self, n: int) -> list[Track]:
        """The n with the largest stacks; but up to half of them are one each of a starting
        function and a size, so that not all are alike."""
        order = sorted(self.tracks.values(), key=lambda t: t.goroutine.key, reverse=True)
        firsts: dict[Look, Track] = {}
        for t in order:
            firsts.setdefault(look(t.goroutine), t)
        best = {t.goroutine.goid: t for t in list(firsts.values())[: n // 2]}
        for t in order:
            if len(best) >= n:
                break
            best.setdefault(t.goroutine.goid, t)
        return list(best.values())

    def lost(self, tracks: Iterable[Track]) -> int:
        """How many points thinning has cost."""
        lines = [n.lost for t in tracks for n in (t.sizes, t.uses)]
        return sum(lines) + self.collections.lost + self.totals.lost

    # ---------------------------------------------------------------- records
    def start(self, g: Goroutine) -> None:
        self._live += 1
        self._resized(g.began, g.size)
        track = self._track(g)
        if track is not None:
            track.sizes.add(Change(g.began, g.size))

    def end(self, g: Goroutine) -> None:
        assert g.ended is not None
        self._live -= 1
        self._resized(g.ended, -g.size)
        track = self.tracks.get(g.goid)
        if track is not None:
            track.sizes.add(Change(g.ended, g.size))

    def grow(
        self, g: Goroutine, words: Words, fn: Function, caller: Function | None, segment: bool
    ) -> None:
        _, time, goid, old, size, used, copied, adjusted, *_ = words
        self._resized(time, size - old)
        track = self.tracks.get(goid)
        if track is None:
            track = self._track(g)
            if track is None:
                return
            if g.growths + g.shrinks + g.segments == 0:  # nothing has been forgotten
                track.sizes.add(Change(g.began, old))
            else:
                track.late = True
        track.sizes.add(
            Change(time, size, Growth(old, used, copied, adjusted, fn, caller, segment))
        )
        track.uses.add(Use(time, used))

    def resize(self, g: Goroutine, time: int, old: int, size: int) -> None:
        """Its stack has become smaller."""
        self._resized(time, size - old)
        track = self.tracks.get(g.goid)
        if track is not None:
            track.sizes.add(Change(time, size, old))

    def use(self, g: Goroutine, time: int, used: int) -> None:
        track = self.tracks.get(g.goid)
        if track is not None:
            track.uses.add(Use(time, used))

    def collection(self, words: Words) -> None:
        _, time, took, number, before, live, goroutines, inuse, *_ = words
        self.collections.add(Collection(time, took, number, before, live, goroutines, inuse))

    def _resized(self, time: int, by: int) -> None:
        self._size += by
        self.totals.add(Total(time, self._size, self._live))

    def _track(self, g: Goroutine) -> Track | None:
        if g.key < self._floor and look(g) in self._kept:
            return None
        if len(self.tracks) >= TRACKED:
            best = self._best(TRACKED // 2)
            self._floor = best[-1].goroutine.key
            self._kept = {look(t.goroutine) for t in best}
            self.tracks = {t.goroutine.goid: t for t in best}
        track = self.tracks[g.goid] = Track(g)
        return track
