"""The order in which package-level variables are initialised.

A variable waits for those that its initialiser uses, directly or through functions;
among those that are ready the first in the source comes first.
"""

from __future__ import annotations

import heapq
from typing import Optional

from ..objects import Const, Func, Initializer, Object, Var
from .state import Checker, DeclInfo


class _Node:
    __slots__ = ("obj", "order", "pred", "succ", "waiting", "done")

    def __init__(self, obj: Object, order: int) -> None:
        self.obj = obj
        self.order = order
        self.pred: dict["_Node", None] = {}  # those that need this one
        self.succ: dict["_Node", None] = {}  # those that this one needs
        self.waiting = 0
        self.done = False


def init_order(c: Checker) -> None:
    nodes = _graph(c.decls)
    heap = [_key(n) for n in nodes]
    heapq.heapify(heap)
    by_order = {n.order: n for n in nodes}
    emitted: set[int] = set()
    remaining = len(nodes)
    while remaining:
        _, waiting, order = heapq.heappop(heap)
        n = by_order[order]
        if n.done or waiting != n.waiting:
            continue  # an outdated entry
        n.done = True
        remaining -= 1
        if n.waiting > 0:
            cycle = _find_path(c.decls, n.obj, n.obj)
            if cycle is not None:
                _report(c, cycle)  # from here on the order no longer matters
        for p in n.pred:
            p.waiting -= 1
            heapq.heappush(heap, _key(p))
        d = c.decls[n.obj]
        if not isinstance(n.obj, Var) or d.init is None or id(d) in emitted:
            continue
        emitted.add(id(d))
        init = Initializer(d.lhs if d.lhs is not None else [n.obj], d.init)
        init.info = c.init_info
        c.pkg.init_order.append(init)


def _key(n: _Node) -> tuple[int, int, int]:
    return (0 if isinstance(n.obj, Const) else 1, n.waiting, n.order)


def _graph(decls: dict[Object, DeclInfo]) -> list[_Node]:
    """Who needs whom, functions eliminated: what needs one needs what it needs."""
    nodes: dict[Object, _Node] = {
        o: _Node(o, i) for i, o in enumerate(decls) if isinstance(o, (Const, Var, Func))
    }
    for o, n in nodes.items():
        for dep in decls[o].deps:
            d = nodes.get(dep)
            if d is not None:
                n.succ[d] = None
                d.pred[n] = None
    functions = [n for n in nodes.values() if isinstance(n.obj, Func)]
    functions.sort(key=lambda n: len(n.pred) * len(n.succ))
    for n in functions:
        for p in n.pred:
            if p is not n:
                for s in n.succ:
                    if s is not n:
                        p.succ[s] = None
                        s.pred[p] = None
                p.succ.pop(n, None)
        for s in n.succ:
            s.pred.pop(n, None)
    out = [n for n in nodes.values() if not isinstance(n.obj, Func)]
    for n in out:
        n.waiting = len(n.succ)
    return out


def _find_path(
    decls: dict[Object, DeclInfo], start: Object, goal: Object
) -> Optional[list[Object]]:
    """A way from start to goal along dependencies, goal first; None if there is none."""
    seen = {start}
    # depth first with an explicit stack: chains of functions can be long
    stack = [(start, iter(_sorted_deps(decls, start)))]
    while stack:
        obj, deps = stack[-1]
        for d in deps:
            if d is goal:
                return [goal] + [o for o, _ in reversed(stack[1:])]
            if d not in seen:
                seen.add(d)
                stack.append((d, iter(_sorted_deps(decls, d))))
                break
        else:
            stack.pop()
    return None


def _sorted_deps(decls: dict[Object, DeclInfo], o: Object) -> list[Object]:
    d = decls.get(o)
    if d is None:
        return []
    return sorted((x for x in d.deps if x in decls), key=lambda x: decls[x].order)


def _report(c: Checker, cycle: list[Object]) -> None:
    obj = cycle[0]
    if len(cycle) == 1:
        c.error(obj.pos, f"initialization cycle: {obj.name} refers to itself")
        return
    lines = []
    o = obj
    for nxt in reversed(cycle):
        lines.append((o.pos, f"{o.name} refers to {nxt.name}"))
        o = nxt
    c.error_lines(obj.pos, f"initialization cycle for {obj.name}", lines)
