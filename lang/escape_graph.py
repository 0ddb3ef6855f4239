"""The data-flow graph of escape analysis, and its solution.

After the analysis of Go's own compiler: every variable and every allocation site is a
*location*; an assignment is an edge from the location assigned to back to the one read,
weighted by how many times the value is dereferenced on the way:

    p = &q    -1        p = q     0        p = *q    1        p = **q   2

For each location as root, the least number of dereferences from any other location is
found by relaxation. A location whose *address* (a negative count) reaches a root that
outlives it must live on the heap; a parameter whose value reaches the heap or a result
is "leaking", which its function's summary tells to the callers.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Optional

from .record import field, record

if TYPE_CHECKING:
    from .ast import FuncInfo
    from .objects import Var


class Location:
    __slots__ = (
        "node", "var", "func", "loop_depth", "edges", "escapes", "gen", "derefs",
        "result_index", "leak", "is_param", "queued", "text",
    )  # fmt: skip

    def __init__(
        self,
        func: Optional["FuncInfo"],
        loop_depth: int,
        *,
        var: Optional["Var"] = None,
        node: Any = None,
        text: str = "",
    ) -> None:
        self.node = node  # the allocating expression, if it is one
        self.var = var
        self.func = func  # whose activation holds it
        self.loop_depth = loop_depth
        self.edges: list[tuple["Location", int]] = []  # what flows into it, dereferences
        self.escapes = False
        self.gen = 0
        self.derefs = 0
        self.result_index = -1  # of func's results
        self.leak: Optional[Leak] = None
        self.is_param = False
        self.queued = False
        self.text = text


@record()
class Leak:
    """Where a parameter's value goes: least dereferences to the heap and to each result,
    -1 for never. This is what is kept in ``Func.escape`` (one Leak per receiver and
    parameter, None for those without pointers)."""

    heap: int = -1
    results: dict[int, int] = field(default_factory=dict)

    def to_heap(self, derefs: int) -> None:
        if self.heap < 0 or derefs < self.heap:
            self.heap = derefs

    def to_result(self, index: int, derefs: int) -> None:
        old = self.results.get(index)
        if old is None or derefs < old:
            self.results[index] = derefs


class Graph:
    def __init__(self) -> None:
        self.heap = Location(None, -1)
        self.heap.escapes = True
        # A place nobody reads: values evaluated for their effects.
        self.blank = Location(None, -1)
        self.locations: list[Location] = []

    def new(self, *args: Any, **kw: Any) -> Location:
        loc = Location(*args, **kw)
        self.locations.append(loc)
        return loc

    def flow(self, dst: Location, derefs: int, src: Location) -> None:
        """dst receives src's value after ``derefs`` dereferences (-1: its address)."""
        if dst is self.blank or dst is src and derefs >= 0:
            return
        if dst.escapes and derefs < 0:  # the commonest edge by far: address to the heap
            src.escapes = True
            return
        dst.edges.append((src, derefs))

    def solve(self) -> None:
        queue: deque[Location] = deque()
        for loc in [*self.locations, self.heap]:
            loc.queued = True
            queue.append(loc)
        gen = 0
        while queue:
            root = queue.popleft()
            root.queued = False
            gen += 1
            self._walk(root, gen, queue)

    def _walk(self, root: Location, gen: int, queue: deque[Location]) -> None:
        root.gen = gen
        root.derefs = 0
        work = deque([root])
        while work:
            loc = work.popleft()
            derefs = loc.derefs
            address = derefs < 0
            if address:
                # For root = &l; l = x the address of l reaches root, but not that of x.
                derefs = 0
            if outlives(root, loc):
                if loc.is_param:
                    assert loc.leak is not None
                    if not root.escapes and root.result_index >= 0 and root.func is loc.func:
                        loc.leak.to_result(root.result_index, derefs)
                    else:
                        loc.leak.to_heap(derefs)
                if address and not loc.escapes:
                    loc.escapes = True
                    if not loc.queued:
                        loc.queued = True
                        queue.append(loc)
                    continue
            for src, weight in loc.edges:
                if src.escapes and src is not root:
                    continue
                d = derefs + weight
                if src.gen != gen or d < src.derefs:
                    src.gen = gen
                    src.derefs = d
                    work.append(src)


def outlives(loc: Location, other: Location) -> bool:
    """Whether values stored in ``loc`` may live on after ``other`` is gone."""
    if loc.escapes:
        return True
    if loc.result_index >= 0:  # we do not know what callers do with results
        return True
    if loc.func is other.func:
        return loc.loop_depth < other.loop_depth
    # other belongs to a literal inside the function that holds loc
    f = other.func
    while f is not None:
        f = f.outer
        if f is loc.func:
            return True
    return False
