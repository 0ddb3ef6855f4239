"""Slices that one variable owns: how their first few appends grow.

Go keeps the array of a small slice in the frame while only one variable refers to it, and
moves it to the heap where that ends (a return, an assignment, a range). gol does not, but
``cap`` shows how such a slice grows: to the next size class each time, while it fits into 32
bytes. :func:`stepwise` finds the appends of which that is true, by Go's rules:

* the variable is a slice of elements of at most 32 bytes, and is used only in ways that are
  listed here; anything else and it grows as every slice does;
* there is exactly one place where it stops being the only owner, outside the loops that the
  variable is not declared in;
* its capacity is looked at.

Requires a checked function; callees must have their escape summaries.
"""

from __future__ import annotations

from typing import Any, Optional

from . import ast as A
from .objects import Builtin, Func, Var
from .sizes import sizeof
from .types import Slice
from .walk import children

SMALL = 32  # bytes
INLINE_NODES = 60  # functions up to so many nodes count as inlined


class _Owner:
    def __init__(self) -> None:
        self.ok = 0  # mentions that are understood
        self.all = 0
        self.ends = 0  # places where it stops being the only owner
        self.appends: list[A.CallExpr] = []
        self.weight = 0
        self.depth = 0  # of its declaration
        self.cap = False
        self.dead = False


def _plain(e: Any) -> Any:
    while isinstance(e, A.ParenExpr):
        e = e.x
    return e


def _static_callee(call: A.CallExpr) -> Optional[Func]:
    f = _plain(call.fun)
    obj = f.obj if isinstance(f, A.Ident) else None
    if isinstance(f, A.SelectorExpr) and f.selection is None:
        obj = f.sel.obj
    return obj if isinstance(obj, Func) else None


def _builtin(call: A.CallExpr) -> str:
    f = _plain(call.fun)
    return f.obj.name if isinstance(f, A.Ident) and isinstance(f.obj, Builtin) else ""


def _inlined(f: Func) -> bool:
    """Roughly whether Go inlines calls of f: small, and it calls nothing itself."""
    body = getattr(f.decl, "body", None)
    if body is None:
        return False
    todo: list[Any] = [body]
    n = 0
    while todo and n <= INLINE_NODES:
        x = todo.pop()
        n += 1
        if isinstance(x, A.CallExpr) and x.kind == "call":
            return False
        if isinstance(x, (A.FuncLit, A.GoStmt, A.DeferStmt, A.SelectStmt)):
            return False
        todo.extend(children(x))
    return n <= INLINE_NODES


class _Analysis:
    def __init__(self, info: A.FuncInfo) -> None:
        self.info = info
        self.owners: dict[Var, _Owner] = {}
        for v in [*info.params, *info.results, *info.locals]:
            u = v.type.underlying() if v.type is not None else None
            if isinstance(u, Slice) and 0 < sizeof(u.elem) <= SMALL:
                self.owners[v] = _Owner()

    def owner(self, e: Any) -> Optional[_Owner]:
        e = _plain(e)
        if isinstance(e, A.Ident) and isinstance(e.obj, Var):
            return self.owners.get(e.obj)
        return None

    def end(self, o: _Owner, depth: int) -> None:
        o.ends += 1
        if o.ends > 1 or depth > o.depth:
            o.dead = True

    def assign(self, x: Any, y: Any, depth: int) -> None:
        o = self.owner(x)
        y = _plain(y)
        if o is not None:
            if y is None or y.mode == A.MODE_NIL:
                o.ok += 1
            elif isinstance(y, A.CompositeLit):
                o.ok += 1
                o.cap = True
            elif isinstance(y, A.SliceExpr) and self.owner(y.x) is o:
                o.ok += 2
                o.cap = True
            elif isinstance(y, A.CallExpr) and _builtin(y) == "append":
                if self.owner(y.args[0]) is o:
                    o.ok += 2
                    o.appends.append(y)
                    o.weight += 1 + depth - o.depth
        p = self.owner(y)
        if p is not None:
            p.ok += 1
            self.end(p, depth)

    def call(self, e: A.CallExpr, depth: int) -> None:
        name = _builtin(e)
        if name in ("len", "cap"):
            o = self.owner(e.args[0])
            if o is not None:
                o.ok += 1
                o.cap = o.cap or name == "cap"
            return
        f = _static_callee(e) if e.kind == "call" and not name else None
        if f is None or f.escape is None:
            return
        for arg, leak in zip(e.args, f.escape, strict=False):
            o = self.owner(arg)
            if o is None or (leak is not None and (leak.heap >= 0 or leak.results)):
                continue
            o.ok += 1
            if _inlined(f):
                self.end(o, depth)
            else:
                o.cap = True

    def address(self, e: A.UnaryExpr) -> None:
        x = _plain(e.x)
        while True:
            if isinstance(x, A.SelectorExpr):
                x = _plain(x.x)
            elif isinstance(x, A.IndexExpr):
                o = self.owner(x.x)
                if o is not None:
                    o.dead = True
                    return
                if isinstance(x.x.type.underlying(), Slice):
                    return
                x = _plain(x.x)
            else:
                return

    def node(self, n: Any, depth: int) -> None:
        if isinstance(n, A.Ident):
            o = self.owner(n)
            if o is not None:
                o.all += 1
        elif isinstance(n, A.ValueSpec):
            for i, name in enumerate(n.names):
                o = self.owner(name)
                if o is not None:
                    o.depth = depth
                if not n.values or len(n.values) == len(n.names):
                    self.assign(name, n.values[i] if n.values else None, depth)
        elif isinstance(n, A.AssignStmt) and n.op in ("=", ":="):
            if len(n.lhs) == len(n.rhs):
                for x, y in zip(n.lhs, n.rhs, strict=True):
                    o = self.owner(x)
                    if n.op == ":=" and o is not None and o.all == 0:
                        o.depth = depth
                    self.assign(x, y, depth)
        elif isinstance(n, A.IndexExpr):
            o = self.owner(n.x)
            if o is not None:
                o.ok += 1
        elif isinstance(n, A.UnaryExpr) and n.op == "&":
            self.address(n)
        elif isinstance(n, A.CallExpr):
            self.call(n, depth)
        elif isinstance(n, A.ReturnStmt):
            results: list[Any] = n.results
            for x in results:
                o = self.owner(x)
                if o is not None:
                    o.ok += 1
                    self.end(o, depth)
            if not results:
                for v in self.info.results:
                    if v in self.owners:
                        self.end(self.owners[v], depth)
        elif isinstance(n, A.RangeStmt):
            o = self.owner(n.x)
            if o is not None:
                o.ok += 1
                self.end(o, depth)

    def run(self) -> None:
        todo: list[tuple[Any, int]] = [(self.info.body, 0)]
        while todo:
            n, depth = todo.pop()
            if isinstance(n, A.FuncLit):
                for v in n.info.captures:
                    if v in self.owners:
                        self.owners[v].dead = True
                continue
            self.node(n, depth)
            if isinstance(n, (A.ForStmt, A.RangeStmt)):
                depth += 1
            below = [n.x] if isinstance(n, A.SelectorExpr) else children(n)
            todo.extend((c, depth) for c in reversed(below))


def stepwise(info: A.FuncInfo) -> list[A.CallExpr]:
    """The appends of a function that grow a slice by one size class at a time."""
    a = _Analysis(info)
    if info.body is None or not a.owners:
        return []
    a.run()
    out: list[A.CallExpr] = []
    for o in a.owners.values():
        if not o.dead and o.ok == o.all and o.ends and o.cap and o.weight >= 2:
            out += o.appends
    return out
