"""From the typed tree of a batch of functions to the graph of escape analysis.

Requires a tree that the checker accepted. An expression is evaluated *into a hole*: a
location together with the number of dereferences that its value goes through on the way
(after Go's compiler). Allocation sites become locations of their own; the maps ``sites``
and ``boxes`` lead from the tree back to them.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from . import ast as A
from .escape_graph import Graph, Leak, Location
from .objects import Func, Var
from .types import (
    STRING,
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Pointer,
    Signature,
    Slice,
    Struct,
    Tuple,
    Type,
    underlying,
)
from .walk import children, walk

# What Go's compiler puts in a frame at most (bytes).
MAX_STACK_VAR = 128 << 10
MAX_IMPLICIT_STACK_VAR = 64 << 10

_pointers: dict[int, tuple[Type, bool]] = {}


def has_pointers(t: Type) -> bool:
    """Whether a value of type t holds any pointer word."""
    u = underlying(t)
    if isinstance(u, Basic):
        return u.kind in ("string", "unsafe.Pointer", "untyped string", "untyped nil")
    if isinstance(u, Array):
        return u.len > 0 and has_pointers(u.elem)
    if isinstance(u, (Struct, Tuple)):
        hit = _pointers.get(id(u))
        if hit is not None and hit[0] is u:
            return hit[1]
        types = u.types if isinstance(u, Tuple) else [f.type for f in u.fields]
        r = any(has_pointers(x) for x in types)
        _pointers[id(u)] = (u, r)
        return r
    return True


def direct_interface(t: Type) -> bool:
    """Whether an interface holds values of type t in its data word itself."""
    u = underlying(t)
    if isinstance(u, (Pointer, Map, Chan, Signature)):
        return True
    if isinstance(u, Basic):
        return u.kind == "unsafe.Pointer"
    if isinstance(u, Struct):
        return len(u.fields) == 1 and direct_interface(u.fields[0].type)
    if isinstance(u, Array):
        return u.len == 1 and direct_interface(u.elem)
    return False


def is_interface(t: Optional[Type]) -> bool:
    return t is not None and isinstance(underlying(t), Interface)


class Hole(NamedTuple):
    dst: Location
    derefs: int = 0

    def deref(self) -> "Hole":
        return Hole(self.dst, self.derefs + 1)

    def addr(self) -> "Hole":
        return Hole(self.dst, self.derefs - 1)


def unparen(e: Any) -> Any:
    while isinstance(e, A.ParenExpr):
        e = e.x
    return e


def static_function(call: A.CallExpr) -> Optional[Func]:
    """The function or method that a call certainly calls, if there is just one."""
    fun = unparen(call.fun)
    if isinstance(fun, A.Ident):
        return fun.obj if isinstance(fun.obj, Func) else None
    if isinstance(fun, A.SelectorExpr):
        sel = fun.selection
        if sel is None:
            return fun.sel.obj if isinstance(fun.sel.obj, Func) else None
        if sel.kind == "method" and isinstance(sel.obj, Func):
            recv = sel.obj.type.recv
            if recv is not None and not is_interface(recv.type):
                return sel.obj
    return None


class Flow:
    """Builds the graph of one batch: functions that call one another in a cycle, with
    all literals inside them."""

    def __init__(self, graph: Graph, batch: dict[Func, A.FuncInfo]) -> None:
        self.graph = graph
        self.batch = batch
        self.vars: dict[Var, Location] = {}
        self.sites: dict[Any, Location] = {}
        self.appends: dict[Any, Location] = {}
        self.boxes: dict[Any, Location] = {}
        self.func: A.FuncInfo = None  # type: ignore[assignment]
        self.depth = 1
        self.labels: set[str] = set()
        # local variables that hold one function literal for ever
        self.literals: dict[Var, A.FuncInfo] = {}
        self.heap = Hole(graph.heap)
        self.blank = Hole(graph.blank)

    # ------------------------------------------------------------- functions
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

    def declare_function(self, info: A.FuncInfo) -> None:
        params = ([info.recv] if info.recv is not None else []) + info.params
        for p in params:
            if p not in self.vars:
                loc = self.graph.new(info, 1, var=p)
                loc.is_param = True
                loc.leak = Leak()
                self.vars[p] = loc
        for i, r in enumerate(info.results):
            if r not in self.vars:
                loc = self.graph.new(info, 1, var=r)
                loc.result_index = i
                self.vars[r] = loc

    def declare(self, var: Optional[Var]) -> None:
        if var is None or var in self.vars:
            return
        loc = self.graph.new(self.func, self.depth, var=var)
        self.vars[var] = loc
        from .sizes import sizeof

        if sizeof(var.type) > MAX_STACK_VAR:
            loc.escapes = True

    def loc(self, var: Var) -> Location:
        got = self.vars.get(var)
        if got is None:
            self.vars[var] = got = self.graph.new(var.owner or self.func, 1, var=var)
        return got

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
            (Hole(self.loc(o)), o.type) if isinstance(o, Var) and o.name != "_"
            else (self.blank, o.type if isinstance(o, Var) else None)
            for o in objs
        ]  # fmt: skip
        if len(values) == len(objs):
            for o, v in zip(objs, values):
                f = unparen(v)
                if isinstance(o, Var) and isinstance(f, A.FuncLit) and not o.reassigned:
                    if not o.addrtaken:
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

    def multi(self, holes: list[tuple[Hole, Optional[Type]]], e: A.Expr) -> None:
        """One expression with several values: a call, or a comma-ok form."""
        e = unparen(e)
        if isinstance(e, A.CallExpr) and e.kind == "call":
            res = e.type.types if isinstance(e.type, Tuple) else [e.type]
            ks = []
            for (hole, t), r in zip(holes, res):
                # an implicit boxing on the way has no site of its own: it stays on the heap
                if is_interface(t) and not is_interface(r) and not direct_interface(r):
                    hole = self.heap
                ks.append(hole)
            self.call(ks, e)
            return
        hole, t = holes[0]
        value_type = e.type.types[0] if isinstance(e.type, Tuple) else e.type
        if is_interface(t) and not is_interface(value_type) and not direct_interface(value_type):
            hole = self.heap
        self.expr(hole, e, value_type)

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
            if _follows_pointer(e):
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
        self.arguments(call, [hole] * 64, None)

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

    # ----------------------------------------------------------- expressions
    def convert(self, k: Hole, e: A.Expr, target: Optional[Type]) -> None:
        """Evaluate e into k as a value of type ``target`` (boxing where that is one)."""
        t = e.type
        if (
            target is not None
            and is_interface(target)
            and t is not None
            and e.mode != A.MODE_NIL
            and not is_interface(t)
            and not (isinstance(t, Basic) and t.kind == "untyped nil")
        ):
            if direct_interface(t):
                self.expr(k, e)
                return
            box = self.graph.new(self.func, self.depth, node=e, text="box")
            self.boxes[e] = box
            self.graph.flow(k.dst, k.derefs - 1, box)
            if not has_pointers(t):
                self.expr(self.blank, e)
            else:
                self.expr(Hole(box), e)
            return
        self.expr(k, e)

    def site(self, k: Hole, node: Any) -> Hole:
        """A new object whose address goes to k; the hole of its contents."""
        loc = self.graph.new(self.func, self.depth, node=node)
        self.sites[node] = loc
        self.graph.flow(k.dst, k.derefs - 1, loc)
        return Hole(loc)

    def expr(self, k: Hole, e: Any, typ: Optional[Type] = None) -> None:
        e = unparen(e)
        if e.mode in (A.MODE_TYPE, A.MODE_CONST, A.MODE_NIL, A.MODE_BUILTIN):
            return
        if k.dst is not self.graph.blank and k.derefs >= 0:
            t = typ if typ is not None else e.type
            if t is not None and not isinstance(t, Tuple) and not has_pointers(t):
                k = self.blank
        _EXPRS[type(e)](self, k, e)

    def _no_flow(self, k: Hole, e: Any) -> None:
        pass

    def _ident(self, k: Hole, e: A.Ident) -> None:
        if isinstance(e.obj, Var) and e.obj.owner is not None:
            self.graph.flow(k.dst, k.derefs, self.loc(e.obj))

    def _func_lit(self, k: Hole, e: A.FuncLit) -> None:
        content = self.site(k, e)
        for v in e.info.captures:
            self.graph.flow(content.dst, 0 if v.captured_by_value else -1, self.loc(v))
        labels = self.labels
        self.function(e.info)
        self.labels = labels

    def _composite(self, k: Hole, e: A.CompositeLit) -> None:
        u = underlying(e.type)
        if isinstance(u, Pointer):  # an elided &T in a literal's element
            k = self.site(k, e)
            u = underlying(u.elem)
        if isinstance(u, Slice):
            k = self._sized(self.site(k, e), e)
            self._elements(k, e, u.elem)
        elif isinstance(u, Array):
            self._elements(k, e, u.elem)
        elif isinstance(u, Map):
            self.site(k, e)
            for kv in e.elts:
                if isinstance(kv, A.KeyValueExpr):
                    self.convert(self.heap, kv.key, u.key)
                    self.convert(self.heap, kv.value_expr, u.elem)
        elif isinstance(u, Struct):
            by_name = {f.name: f for f in u.fields}
            for i, x in enumerate(e.elts):
                if isinstance(x, A.KeyValueExpr):
                    f = by_name[x.key.name]  # type: ignore[attr-defined]
                    x = x.value_expr
                else:
                    f = u.fields[i]
                self.convert(k if has_pointers(f.type) else self.blank, x, f.type)

    def _elements(self, k: Hole, e: A.CompositeLit, elem: Type) -> None:
        if not has_pointers(elem):
            k = self.blank
        for x in e.elts:
            self.convert(k, x.value_expr if isinstance(x, A.KeyValueExpr) else x, elem)

    def _sized(self, content: Hole, e: A.CompositeLit) -> Hole:
        from .sizes import sizeof

        u = underlying(e.type)
        if isinstance(u, Slice) and len(e.elts) * sizeof(u.elem) > MAX_IMPLICIT_STACK_VAR:
            content.dst.escapes = True
        return content

    def _selector(self, k: Hole, e: A.SelectorExpr) -> None:
        sel = e.selection
        if sel is None:
            return  # pkg.Name: a global, or a function
        if sel.kind == "methodexpr":
            return
        if sel.kind == "method":
            # A method value outlives what we can see: its receiver goes to the heap with it.
            content = self.site(k, e)
            self.receiver(self.heap, e)
            self.receiver(content, e)
            return
        if _follows_pointer(e):
            self.expr(k.deref(), e.x, e.x.type)
        else:
            self.expr(k, e.x, e.type)

    def receiver(self, k: Hole, e: A.SelectorExpr) -> None:
        """Evaluate the receiver of method selector e into k, as the method takes it."""
        sel = e.selection
        assert sel is not None
        recv = sel.obj.type.recv  # type: ignore[attr-defined]
        wants_pointer = recv is not None and isinstance(underlying(recv.type), Pointer)
        x_pointer = isinstance(underlying(e.x.type), Pointer)
        if not x_pointer and not sel.indirect:
            if wants_pointer:
                self.address(k, e.x)
            else:
                self.expr(k, e.x)
        elif x_pointer and not wants_pointer and not sel.index:
            self.expr(k.deref(), e.x, e.x.type)
        else:  # too few dereferences are safe: they let more escape
            self.expr(k, e.x, e.x.type)

    def address(self, k: Hole, e: Any) -> None:
        """&e into k, for an addressable e."""
        e = unparen(e)
        if isinstance(e, A.Ident):
            if isinstance(e.obj, Var) and e.obj.owner is not None:
                self.graph.flow(k.dst, k.derefs - 1, self.loc(e.obj))
        elif isinstance(e, A.SelectorExpr):
            if e.selection is None:
                return
            if _follows_pointer(e):
                self.expr(k, e.x, e.x.type)
            else:
                self.address(k, e.x)
        elif isinstance(e, A.IndexExpr):
            self.expr(self.blank, e.indices[0])
            if isinstance(underlying(e.x.type), Array):
                self.address(k, e.x)
            else:
                self.expr(k, e.x, e.x.type)
        elif isinstance(e, A.StarExpr):
            self.expr(k, e.x, e.x.type)
        else:
            self.expr(k.addr(), e)

    def _index(self, k: Hole, e: A.IndexExpr) -> None:
        u = underlying(e.x.type)
        for i in e.indices:
            if isinstance(u, Map):
                self.convert(self.blank, i, u.key)
            else:
                self.expr(self.blank, i)
        if isinstance(u, Array):
            self.expr(k, e.x, e.type)
        elif isinstance(u, (Slice, Pointer)):
            self.expr(k.deref(), e.x, e.x.type)
        else:
            self.expr(self.blank, e.x)

    def _slice(self, k: Hole, e: A.SliceExpr) -> None:
        for i in (e.low, e.high, e.max):
            if i is not None:
                self.expr(self.blank, i)
        if isinstance(underlying(e.x.type), Array):
            self.address(k, e.x)
        else:
            self.expr(k, e.x)

    def _assertion(self, k: Hole, e: A.TypeAssertExpr) -> None:
        t = e.type.types[0] if isinstance(e.type, Tuple) else e.type
        self.expr(k if is_interface(t) or direct_interface(t) else k.deref(), e.x, e.x.type)

    def _star(self, k: Hole, e: A.StarExpr) -> None:
        self.expr(k.deref(), e.x, e.x.type)

    def _unary(self, k: Hole, e: A.UnaryExpr) -> None:
        if e.op == "&":
            x = unparen(e.x)
            if isinstance(x, A.CompositeLit):
                self._too_large(self.site(k, e), x.type)
                self.expr(Hole(self.sites[e]), x)
            else:
                self.address(k, x)
        elif e.op == "<-":
            self.expr(self.blank, e.x)
        else:
            self.expr(self.blank, e.x)

    def _too_large(self, content: Hole, t: Type) -> None:
        from .sizes import sizeof

        if sizeof(t) > MAX_IMPLICIT_STACK_VAR:
            content.dst.escapes = True

    def _binary(self, k: Hole, e: A.BinaryExpr) -> None:
        if e.op == "+" and isinstance(underlying(e.type), Basic):
            if underlying(e.type).info & STRING:  # type: ignore[attr-defined]
                self.site(k, e)
        tx, ty = e.x.type, e.y.type
        # comparing an interface with a concrete value boxes the latter
        self.convert(self.blank, e.x, ty if e.op in ("==", "!=") else None)
        self.convert(self.blank, e.y, tx if e.op in ("==", "!=") else None)

    # ----------------------------------------------------------------- calls
    def _call(self, k: Hole, e: A.CallExpr) -> None:
        if e.kind == "conversion":
            self._conversion(k, e)
        elif e.kind == "builtin":
            self._builtin(k, e)
        else:
            self.call([k], e)

    def call(self, ks: list[Hole], e: A.CallExpr) -> None:
        fun = unparen(e.fun)
        info: Optional[A.FuncInfo] = None
        callee = static_function(e)
        if isinstance(fun, A.FuncLit):
            info = fun.info
            self.expr(self.blank, fun)
        elif isinstance(fun, A.Ident) and isinstance(fun.obj, Var):
            info = self.literals.get(fun.obj)
            self.expr(self.blank, fun)
        elif callee is not None:
            info = self.batch.get(callee)
        elif not (isinstance(fun, A.SelectorExpr) and fun.selection is not None):
            self.expr(self.blank, fun)
        params = self._parameter_holes(ks, e, callee, info)
        self.arguments(e, params, callee)

    def _parameter_holes(
        self, ks: list[Hole], e: A.CallExpr, callee: Optional[Func], info: Optional[A.FuncInfo]
    ) -> list[Hole]:
        """One hole per receiver and parameter of what is called."""
        sig = underlying(e.fun.type)
        n = len(sig.params) + 1  # type: ignore[attr-defined]
        if info is not None:
            self.declare_function(info)
            for k, r in zip(ks, info.results):
                self.graph.flow(k.dst, k.derefs, self.loc(r))
            ps = ([info.recv] if info.recv is not None else []) + info.params
            return [Hole(self.loc(p)) for p in ps]
        if callee is not None and callee.escape is not None:
            return [self._tag_hole(ks, leak) for leak in callee.escape]
        if callee is not None and "go:noescape" in callee.directives:
            return [self.blank] * n
        return [self.heap] * n

    def _tag_hole(self, ks: list[Hole], leak: Optional[Leak]) -> Hole:
        if leak is None:
            return self.blank
        # a place of the call's own, from which the value goes where the summary says
        tee = self.graph.new(self.func, self.depth, text="argument")
        if leak.heap >= 0:
            self.graph.flow(self.graph.heap, leak.heap, tee)
        for i, derefs in leak.results.items():
            if i < len(ks) and ks[i].dst is not self.graph.blank:
                self.graph.flow(ks[i].dst, ks[i].derefs + derefs, tee)
        return Hole(tee)

    def arguments(self, e: A.CallExpr, holes: list[Hole], callee: Optional[Func]) -> None:
        fun = unparen(e.fun)
        i = 0
        if isinstance(fun, A.SelectorExpr) and fun.selection is not None:
            if fun.selection.kind == "method":
                self.receiver(holes[0], fun)
                i = 1
            elif fun.selection.kind == "field":
                self.expr(self.blank, fun)
        sig = underlying(e.fun.type)
        if not isinstance(sig, Signature):
            return
        params = sig.params
        args = e.args
        if len(args) == 1 and isinstance(args[0].type, Tuple):  # f(g())
            inner = unparen(args[0])
            types = args[0].type.types
            targets: list[tuple[Hole, Optional[Type]]] = []
            fixed = len(params) - 1 if sig.variadic else len(params)
            for j in range(len(types)):
                if j < fixed:
                    targets.append((_at(holes, i + j), params[j].type))
                else:
                    targets.append((self.heap, None))
            self.multi(targets, inner)
            return
        if sig.variadic and e.ellipsis < 0:
            fixed = len(params) - 1
            rest = args[fixed:]
            elem = underlying(params[-1].type).elem  # type: ignore[attr-defined]
            if rest:
                content = self.site(_at(holes, i + fixed), e)
                for a in rest:
                    self.convert(content if has_pointers(elem) else self.blank, a, elem)
            args = args[:fixed]
        for j, a in enumerate(args):
            hole = _at(holes, i + j)
            if isinstance(fun, A.SelectorExpr) and fun.selection is not None:
                if fun.selection.kind == "methodexpr":
                    hole = self.heap
            self.convert(hole, a, params[j].type)

    def _conversion(self, k: Hole, e: A.CallExpr) -> None:
        arg = e.args[0]
        to, frm = underlying(e.type), underlying(arg.type) if arg.type else None
        if is_interface(e.type):
            self.convert(k, arg, e.type)
            return
        if _string_conversion(to, frm):
            self.site(k, e)
            self.expr(self.blank, arg)
            return
        self.expr(k, arg)

    def _builtin(self, k: Hole, e: A.CallExpr) -> None:
        name = _builtin_name(e.fun)
        args = e.args
        if len(args) == 1 and isinstance(args[0].type, Tuple):  # copy(f()): let it all go
            self.multi([(self.heap, None)] * len(args[0].type.types), unparen(args[0]))
            return
        if name == "append":
            elem = underlying(e.type).elem  # type: ignore[attr-defined]
            self.expr(k, args[0])
            if has_pointers(elem):  # the old elements may move to a heap array
                self.expr(self.heap.deref(), args[0])
            for a in args[1:]:
                if e.ellipsis >= 0:
                    self.expr(self.heap.deref() if has_pointers(elem) else self.blank, a)
                else:
                    self.convert(self.heap if has_pointers(elem) else self.blank, a, elem)
            if e.ellipsis < 0:  # a first, small array is made once a call: outside all loops
                loc = self.graph.new(self.func, 0, node=e)
                self.appends[e] = loc
                self.graph.flow(k.dst, k.derefs - 1, loc)
        elif name == "copy":
            self.expr(self.blank, args[0])
            elem_t = underlying(args[0].type)
            pointers = isinstance(elem_t, Slice) and has_pointers(elem_t.elem)
            self.expr(self.heap.deref() if pointers else self.blank, args[1])
        elif name == "new":
            t = e.type.elem if isinstance(e.type, Pointer) else underlying(e.type).elem  # type: ignore[attr-defined]
            content = self.site(k, e)
            self._too_large(content, t)
            if args and args[0].mode != A.MODE_TYPE:  # new(expr)
                self.convert(content, args[0], t)
        elif name == "make":
            self._make(k, e)
        elif name == "panic":
            from .types import ANY

            self.convert(self.heap, args[0], ANY)
        elif name in ("min", "max"):
            for a in args:
                self.expr(k, a)
        elif name == "delete":
            self.expr(self.blank, args[0])
            self.convert(self.blank, args[1], underlying(args[0].type).key)  # type: ignore[attr-defined]
        elif name in ("Slice", "String", "StringData", "SliceData", "Add"):
            self.expr(k, args[0])
            for a in args[1:]:
                self.expr(self.blank, a)
        else:
            for a in args:
                if a.mode != A.MODE_TYPE:
                    self.expr(self.blank, a)

    def _make(self, k: Hole, e: A.CallExpr) -> None:
        from .sizes import sizeof

        for a in e.args[1:]:
            self.expr(self.blank, a)
        u = underlying(e.type)
        if isinstance(u, Slice):
            content = self.site(k, e)
            n = e.args[-1].value
            if not isinstance(n, int) or n * sizeof(u.elem) > MAX_IMPLICIT_STACK_VAR:
                content.dst.escapes = True
        elif isinstance(u, Map):
            self.site(k, e)


def _at(holes: list[Hole], i: int) -> Hole:
    return holes[i] if i < len(holes) else holes[-1]


def _is_blank(e: A.Expr) -> bool:
    return isinstance(e, A.Ident) and e.name == "_"


def _follows_pointer(e: A.SelectorExpr) -> bool:
    sel = e.selection
    return sel is not None and (sel.indirect or isinstance(underlying(e.x.type), Pointer))


def _string_conversion(to: Type, frm: Optional[Type]) -> bool:
    def stringy(t: Optional[Type]) -> bool:
        return isinstance(t, Basic) and bool(t.info & STRING)

    if stringy(to):
        return not stringy(frm)
    return isinstance(to, Slice) and stringy(frm)


def _builtin_name(fun: Any) -> str:
    fun = unparen(fun)
    if isinstance(fun, A.SelectorExpr):
        return fun.sel.name
    return fun.name if isinstance(fun, A.Ident) else ""


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

_EXPRS: dict[type, Any] = {
    A.BadExpr: Flow._no_flow,
    A.Ident: Flow._ident,
    A.BasicLit: Flow._no_flow,
    A.CompositeLit: Flow._composite,
    A.FuncLit: Flow._func_lit,
    A.SelectorExpr: Flow._selector,
    A.IndexExpr: Flow._index,
    A.SliceExpr: Flow._slice,
    A.TypeAssertExpr: Flow._assertion,
    A.CallExpr: Flow._call,
    A.StarExpr: Flow._star,
    A.UnaryExpr: Flow._unary,
    A.BinaryExpr: Flow._binary,
}

__all__ = ["Flow", "Hole", "has_pointers", "direct_interface", "static_function"]
