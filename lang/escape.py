"""Escape analysis: which variables and allocations may live in a frame.

Requires a checked package. Leaves ``Var.heap`` set on variables that must move to the
heap, ``Func.escape`` (a summary for callers, kept in export data), and an
:class:`Escapes` that says of each allocating expression whether it may lie in the frame
of the function that evaluates it.

The method is that of Go's compiler (see :mod:`gol.lang.escape_graph`): functions are taken
bottom-up over the static call graph, those that call one another in a cycle together.
"""

from __future__ import annotations

from typing import Any, Optional

from . import ast as A
from .escape_append import stepwise
from .escape_expr import static_function
from .escape_flow import Flow
from .escape_graph import Graph, Leak
from .escape_report import report
from .foreign import directive_of
from .objects import Func, Package
from .pointers import has_pointers
from .walk import walk


class Escapes:
    """Answers of the analysis for one package.

    ``on_stack(node)``: may the object that this expression allocates lie in the frame?
    Asked of ``&T{}`` (the UnaryExpr, or an elided CompositeLit), slice and map literals,
    ``new``, ``make``, FuncLit (the closure object), method values (the SelectorExpr),
    a variadic call (the CallExpr, for its argument slice), ``append`` of single values (the
    array it may make), string concatenations and conversions.
    ``box_on_stack(node)``: may the box made when this operand is converted to an
    interface lie in the frame?
    ``steps(node)``: does this append grow its slice one size class at a time, as long as it
    is small? (:mod:`gol.lang.escape_append`)
    ``messages``: (position, text) in the words of ``go build -gcflags=-m``.
    """

    def __init__(self) -> None:
        self._stack: set[Any] = set()
        self._box: set[Any] = set()
        self._steps: set[Any] = set()
        self.messages: list[tuple[int, str]] = []

    def on_stack(self, node: A.Node) -> bool:
        return node in self._stack

    def steps(self, node: A.Node) -> bool:
        return node in self._steps

    def box_on_stack(self, node: A.Node) -> bool:
        return node in self._box


def analyse(pkg: Package, explain: bool = False) -> Escapes:
    """Analyse every function of a checked package; ``explain`` collects messages."""
    out = Escapes()
    roots: dict[Any, A.FuncInfo] = {}
    for decl in pkg.funcs:
        info = decl.info
        if info is None:
            continue
        if decl.body is None:
            if info.func is not None:
                _summarise_bodyless(info)
            continue
        roots[info.func if info.func is not None else info] = info
    for batch in _bottom_up(roots):
        _analyse_batch(batch, [], out, explain)
    inits = [i for i in pkg.init_order if i.info is not None]
    if inits:
        _analyse_batch({}, inits, out, explain)
    out.messages.sort()
    return out


def _summarise_bodyless(info: A.FuncInfo) -> None:
    assert info.func is not None
    params = ([info.recv] if info.recv is not None else []) + info.params
    leak: Optional[Leak] = Leak(heap=0)
    if "go:noescape" in info.func.directives:
        leak = None
    elif directive_of(info.func) is not None:
        # C keeps no pointer beyond the call, but what it returns may point where one does
        leak = Leak(results={0: 0}) if any(has_pointers(r.type) for r in info.results) else None
    info.func.escape = [leak if has_pointers(p.type) else None for p in params]


def _analyse_batch(
    batch: dict[Any, A.FuncInfo], inits: list[Any], out: Escapes, explain: bool
) -> None:
    graph = Graph()
    flow = Flow(graph, batch)
    for info in batch.values():
        flow.declare_function(info)
    for info in batch.values():
        flow.function(info)
    for init in inits:
        flow.initializer(init)
    graph.solve()
    for var, loc in flow.vars.items():
        if loc.escapes:
            var.heap = True
    for node, loc in flow.sites.items():
        if not loc.escapes:
            out._stack.add(node)
    for node, loc in flow.appends.items():
        if not loc.escapes:
            out._stack.add(node)
    for node, loc in flow.boxes.items():
        if not loc.escapes:
            out._box.add(node)
    for key, info in batch.items():
        if isinstance(key, Func) and not key.cell:
            params = ([info.recv] if info.recv is not None else []) + info.params
            key.escape = [flow.vars[p].leak if has_pointers(p.type) else None for p in params]
    todo = list(batch.values())
    while todo:
        info = todo.pop()
        out._steps.update(stepwise(info))
        todo.extend(info.literals)
    if explain:
        out.messages.extend(report(flow))


def _bottom_up(roots: dict[Any, A.FuncInfo]) -> list[dict[Any, A.FuncInfo]]:
    """Strongly connected components of the static call graph, callees first (Tarjan's
    algorithm, with a stack of its own)."""
    calls = {f: _callees(info, roots) for f, info in roots.items()}
    index: dict[Any, int] = {}
    low: dict[Any, int] = {}
    on_stack: set[Any] = set()
    stack: list[Any] = []
    out: list[dict[Any, A.FuncInfo]] = []
    for start in roots:
        if start in index:
            continue
        work: list[tuple[Any, int]] = [(start, 0)]
        while work:
            f, i = work.pop()
            if i == 0:
                index[f] = low[f] = len(index)
                stack.append(f)
                on_stack.add(f)
            callees = calls[f]
            descend: Optional[Any] = None
            while i < len(callees):
                g = callees[i]
                i += 1
                if g not in index:
                    descend = g
                    break
                if g in on_stack:
                    low[f] = min(low[f], index[g])
            if descend is not None:
                work.append((f, i))
                work.append((descend, 0))
                continue
            if low[f] == index[f]:
                component = {}
                while True:
                    g = stack.pop()
                    on_stack.discard(g)
                    component[g] = roots[g]
                    if g is f:
                        break
                out.append(component)
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[f])
    return out


def _callees(info: A.FuncInfo, roots: dict[Any, A.FuncInfo]) -> list[Any]:
    found: dict[Any, None] = {}
    assert info.body is not None
    for n in walk(info.body):
        if n.__class__ is A.CallExpr and n.kind == "call":
            f = static_function(n)
            if f is not None and f in roots:
                found[f] = None
    return list(found)
