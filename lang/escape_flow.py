"""Escape analysis of statements and functions: from the typed tree of a batch of functions
to the graph that :mod:`gol.lang.escape_graph` solves.

Requires a tree that the checker accepted.
"""

from __future__ import annotations

from typing import Any, Optional

from . import ast as A
from .escape_expr import ExprFlow, Hole, follows_pointer, unparen
from .objects import Var
from .pointers import direct_interface
from .sizes import sizeof
from .types import Array, Map, Pointer, Signature, Slice, Type, is_interface, underlying
from .walk import children, walk

MAX_STACK_VAR = 128 << 10  # what Go's compiler puts in a frame at most (bytes)


class Flow(ExprFlow):
    """Builds the graph of one batch: functions that call one another in a cycle, with
    all literals inside them."""

    def function(self, info: A.FuncInfo) -> None:
        """Declare a function's parameters and results, then walk its body."""
        saved = self.func, self.depth
        self.declare_function(info)
        self.func, self.depth = info, 1
        if info.body is not None:
            self.labels = _looping_labels(info.body)
            self.block(info.body.stmts)
        self.func, self.depth = saved

    def initializer(self, init: Any) -> None:
        """A package-level ``var`` with its value: everything in it ends up on the heap,
        save what is called on the way."""
        self.func, self.depth, self.labels = init.info, 1, set()
        self._assign_values(
            [(self.heap, v.type) for v in init.lhs] or [(self.heap, None)], [init.rhs]
        )

    def declare(self, var: Optional[Var]) -> None:
        if var is None or var.owner is None or var in self.vars:
            return
        loc = self.graph.new(self.func, self.depth, var=var)
        self.vars[var] = loc
        if sizeof(var.type) > MAX_STACK_VAR:
            loc.escapes = True

    # ------------------------------------------------------------ statements
    def block(self, stmts: list[A.Stmt]) -> None:
        for s in stmts:
            self.stmt(s)

    def stmt(self, s: Optional[A.Stmt]) -> None:
        if s is not None:
            _STMTS[type(s)](self, s)

    def _nothing(self, s: Any) -> None:
        pass

    def _decl_stmt(self, s: A.DeclStmt) -> None:
        for spec in s.decl.specs:
            if isinstance(spec, A.ValueSpec) and s.decl.tok == "var":
                names = [n.obj for n in spec.names]
                self._define(names, spec.values)

    def _define(self, objs: list[Any], values: list[A.Expr]) -> None:
        for o in objs:
            if isinstance(o, Var):
                self.declare(o)
        if not values:
            return
        holes = [
            (Hole(self.loc(o)) if o.owner is not None else self.heap, o.type)
            if isinstance(o, Var) and o.name != "_"
            else (self.blank, o.type if isinstance(o, Var) else None)
            for o in objs
        ]  # fmt: skip
        if len(values) == len(objs):
            for o, v in zip(objs, values):
                f = unparen(v)
                if isinstance(o, Var) and isinstance(f, A.FuncLit) and not o.reassigned:
                    if not o.addrtaken and o.owner is not None:
                        self.literals[o] = f.info
        self._assign_values(holes, values)

    def _assign_values(
        self, holes: list[tuple[Hole, Optional[Type]]], values: list[A.Expr]
    ) -> None:
        if len(values) == len(holes):
            for (hole, t), v in zip(holes, values):
                self.convert(hole, v, t)
            return
        self.multi(holes, values[0])

    def _assign(self, s: A.AssignStmt) -> None:
        if s.op == ":=":
            objs = [x.obj if isinstance(x, A.Ident) else None for x in s.lhs]
            self._define(objs, s.rhs)
        elif s.op == "=":
            holes = [(self.target(x), None if _is_blank(x) else x.type) for x in s.lhs]
            self._assign_values(holes, s.rhs)
        else:  # op=: only strings hold pointers, and += makes a new one
            self.target(s.lhs[0])
            self.expr(self.blank, s.lhs[0])
            self.expr(self.blank, s.rhs[0])

    def target(self, e: A.Expr) -> Hole:
        """The hole that an assignment to e fills; its operands are evaluated."""
        e = unparen(e)
        if isinstance(e, A.Ident):
            if e.name == "_":
                return self.blank
            if isinstance(e.obj, Var) and e.obj.owner is not None:
                return Hole(self.loc(e.obj))
            return self.heap
        if isinstance(e, A.SelectorExpr):
            if e.selection is None:
                return self.heap
            if follows_pointer(e):
                self.expr(self.blank, e.x)
                return self.heap
            return self.target(e.x)
        if isinstance(e, A.IndexExpr):
            u = underlying(e.x.type)
            if isinstance(u, Array):
                self.expr(self.blank, e.indices[0])
                return self.target(e.x)
            self.expr(self.blank, e.x)
            if isinstance(u, Map):
                self.convert(self.heap, e.indices[0], u.key)
            else:
                self.expr(self.blank, e.indices[0])
            return self.heap
        if isinstance(e, A.StarExpr):
            self.expr(self.blank, e.x)
            return self.heap
        self.expr(self.blank, e)
        return self.heap

    def _incdec(self, s: A.IncDecStmt) -> None:
        self.target(s.x)

    def _expr_stmt(self, s: A.ExprStmt) -> None:
        self.expr(self.blank, s.x)

    def _send(self, s: A.SendStmt) -> None:
        self.expr(self.blank, s.chan)
        self.convert(self.heap, s.value, underlying(s.chan.type).elem)  # type: ignore[attr-defined]

    def _go(self, s: A.GoStmt) -> None:
        self._detached(s.call, self.heap)

    def _defer(self, s: A.DeferStmt) -> None:
        # Outside loops a deferred call's closure and arguments may lie in the frame.
        self._detached(s.call, self.heap if self.depth > 1 else self.blank)

    def _detached(self, call: A.Expr, hole: Hole) -> None:
        call = unparen(call)
        if not isinstance(call, A.CallExpr):
            return
        if call.kind == "builtin" or hole is self.blank:
            self.expr(self.blank, call)
            return
        self.expr(hole, call.fun)
        self.arguments(call, [hole] * 64)

    def _return(self, s: A.ReturnStmt) -> None:
        results = self.func.results
        if not s.results:
            return
        holes: list[tuple[Hole, Optional[Type]]] = [(Hole(self.loc(r)), r.type) for r in results]
        self._assign_values(holes, s.results)

    def _labeled(self, s: A.LabeledStmt) -> None:
        if s.label.name in self.labels:
            self.depth += 1  # a goto comes back here: until the end of the function, a loop
        self.stmt(s.stmt)

    def _block(self, s: A.BlockStmt) -> None:
        self.block(s.stmts)

    def _if(self, s: A.IfStmt) -> None:
        self.stmt(s.init)
        self.expr(self.blank, s.cond)
        self.stmt(s.body)
        self.stmt(s.else_)

    def _for(self, s: A.ForStmt) -> None:
        self.depth += 1  # variables of the clause are new in each iteration
        self.stmt(s.init)
        if s.cond is not None:
            self.expr(self.blank, s.cond)
        self.stmt(s.post)
        self.stmt(s.body)
        self.depth -= 1

    def _range(self, s: A.RangeStmt) -> None:
        self.depth += 1
        targets: list[Hole] = []
        for x in (s.key, s.value):
            if x is None:
                targets.append(self.blank)
            elif s.define:
                o = x.obj if isinstance(x, A.Ident) else None
                if isinstance(o, Var) and o.name != "_":
                    self.declare(o)
                    targets.append(Hole(self.loc(o)))
                else:
                    targets.append(self.blank)
            else:
                targets.append(self.target(x))
        self.depth -= 1
        u = underlying(s.x.type)
        value = targets[1]
        if s.value is not None and is_interface(getattr(s.value, "type", None)):
            value = self.heap if not s.define else value
        if isinstance(u, Pointer):
            u = underlying(u.elem)
            self.expr(value.deref(), s.x)
        elif isinstance(u, Array):
            self.expr(value, s.x)
        elif isinstance(u, Slice):
            self.expr(value.deref(), s.x)
        elif isinstance(u, Signature):
            # The body becomes a function that somebody else calls, as often as they like.
            self.expr(self.blank, s.x)
            for part in (s.body, s.key, s.value):
                if part is not None:
                    self._all_to_heap(part)
        else:
            self.expr(self.blank, s.x)
        self.depth += 1
        self.stmt(s.body)
        self.depth -= 1

    def _all_to_heap(self, body: A.Node) -> None:
        for n in walk(body):
            if isinstance(n, A.Ident) and isinstance(n.obj, Var) and n.obj.owner is not None:
                self.graph.flow(self.graph.heap, -1, self.loc(n.obj))

    def _switch(self, s: A.SwitchStmt) -> None:
        self.stmt(s.init)
        if s.tag is not None:
            self.expr(self.blank, s.tag)
        for c in s.clauses:
            for e in c.exprs or ():
                self.expr(self.blank, e)
            self.block(c.body)

    def _type_switch(self, s: A.TypeSwitchStmt) -> None:
        self.stmt(s.init)
        used = False
        for c in s.clauses:
            if c.obj is not None:
                self.declare(c.obj)
                hole = Hole(self.loc(c.obj))
                t = c.obj.type
                self.expr(hole if is_interface(t) or direct_interface(t) else hole.deref(), s.x)
                used = True
        if not used:
            self.expr(self.blank, s.x)
        for c in s.clauses:
            self.block(c.body)

    def _select(self, s: A.SelectStmt) -> None:
        for c in s.clauses:
            self.stmt(c.comm)
            self.block(c.body)


def _is_blank(e: A.Expr) -> bool:
    return isinstance(e, A.Ident) and e.name == "_"


def _looping_labels(body: A.BlockStmt) -> set[str]:
    """Labels that a goto further down jumps back to."""
    labels: dict[str, int] = {}
    gotos: list[tuple[str, int]] = []
    todo: list[Any] = [body]
    while todo:
        n = todo.pop()
        if isinstance(n, A.LabeledStmt):
            labels[n.label.name] = n.pos
        elif isinstance(n, A.BranchStmt):
            if n.tok == "goto" and n.label is not None:
                gotos.append((n.label.name, n.pos))
        todo.extend(c for c in children(n) if isinstance(c, A.Stmt))
    return {name for name, at in gotos if labels.get(name, at) < at}


_STMTS: dict[type, Any] = {
    A.BadStmt: Flow._nothing,
    A.EmptyStmt: Flow._nothing,
    A.BranchStmt: Flow._nothing,
    A.DeclStmt: Flow._decl_stmt,
    A.LabeledStmt: Flow._labeled,
    A.ExprStmt: Flow._expr_stmt,
    A.SendStmt: Flow._send,
    A.IncDecStmt: Flow._incdec,
    A.AssignStmt: Flow._assign,
    A.GoStmt: Flow._go,
    A.DeferStmt: Flow._defer,
    A.ReturnStmt: Flow._return,
    A.BlockStmt: Flow._block,
    A.IfStmt: Flow._if,
    A.SwitchStmt: Flow._switch,
    A.TypeSwitchStmt: Flow._type_switch,
    A.SelectStmt: Flow._select,
    A.ForStmt: Flow._for,
    A.RangeStmt: Flow._range,
}
