"""Escape analysis of expressions: where the values that they yield, and the objects that
they allocate, flow to.

An expression is evaluated *into a hole*: a location together with the number of
dereferences that its value goes through on the way (after Go's compiler). Allocation sites
become locations of their own; ``sites``, ``appends`` and ``boxes`` lead from the tree to
them. Statements are in :mod:`gol.lang.escape_flow`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from . import ast as A
from .ast import unparen
from .escape_graph import Graph, Leak, Location
from .foreign import directive_of
from .objects import Func, Var
from .pointers import direct_interface, has_pointers
from .sizes import sizeof
from .types import (
    ANY,
    STRING,
    Array,
    Basic,
    Map,
    Pointer,
    Signature,
    Slice,
    Struct,
    Tuple,
    Type,
    is_interface,
    underlying,
)

# What Go's compiler puts in a frame at most (bytes) of what has no name.
MAX_IMPLICIT_STACK_VAR = 64 << 10


class Hole(NamedTuple):
    dst: Location
    derefs: int = 0

    def deref(self) -> "Hole":
        return Hole(self.dst, self.derefs + 1)

    def addr(self) -> "Hole":
        return Hole(self.dst, self.derefs - 1)


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


class ExprFlow:
    """The part of :class:`gol.lang.escape_flow.Flow` that walks expressions."""

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

    def function(self, info: A.FuncInfo) -> None:
        """Walk the body of a function literal."""
        raise NotImplementedError

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

    def loc(self, var: Var) -> Location:
        got = self.vars.get(var)
        if got is None:
            self.vars[var] = got = self.graph.new(var.owner or self.func, 1, var=var)
        return got

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
        if follows_pointer(e):
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
            if follows_pointer(e):
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
            if callee.cell and (self.func is None or self.func.func is not callee):
                callee = None  # whatever is in its cell then
            else:
                info = self.batch.get(callee)
        elif not (isinstance(fun, A.SelectorExpr) and fun.selection is not None):
            self.expr(self.blank, fun)
        params = self._parameter_holes(ks, e, callee, info)
        self.arguments(e, params)

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
            if directive_of(callee) is not None:
                return self._foreign_holes(ks, e, callee.escape)
            return [self._tag_hole(ks, leak) for leak in callee.escape]
        if callee is not None and "go:noescape" in callee.directives:
            return [self.blank] * n
        return [self.heap] * n

    def _foreign_holes(
        self, ks: list[Hole], e: A.CallExpr, escape: list[Optional[Leak]]
    ) -> list[Hole]:
        """Those of a foreign function's arguments: C may hand on to a callback what it was
        passed, so that goes where the callback's parameters go."""
        sig = underlying(e.fun.type)
        assert isinstance(sig, Signature)
        passed = self.graph.new(self.func, self.depth, text="argument of a callback")
        called = False
        for i, p in enumerate(sig.params):
            callback = underlying(p.type)
            if isinstance(callback, Signature) and any(
                has_pointers(q.type) for q in callback.params
            ):
                called = True
                for hole in self._callback_holes(e.args[i] if i < len(e.args) else None):
                    if hole.dst is not self.graph.blank:
                        self.graph.flow(hole.dst, hole.derefs, passed)
        holes = []
        for p, leak in zip(sig.params, escape):
            hands_on = called and not isinstance(underlying(p.type), Signature)
            if not has_pointers(p.type) or not hands_on:
                holes.append(self._tag_hole(ks, leak))
                continue
            tee = self._tag_hole(ks, leak or Leak())
            self.graph.flow(passed, 0, tee.dst)
            holes.append(tee)
        return holes

    def _callback_holes(self, fun: Optional[A.Expr]) -> list[Hole]:
        """Where the parameters of a func value go: to the heap, if it is not known."""
        known = unparen(fun) if fun is not None else None
        info: Optional[A.FuncInfo] = None
        if isinstance(known, A.FuncLit):
            info = known.info
        elif isinstance(known, A.Ident) and isinstance(known.obj, Var):
            info = self.literals.get(known.obj)
        elif isinstance(known, A.Ident) and isinstance(known.obj, Func) and not known.obj.cell:
            info = self.batch.get(known.obj)
            if info is None and known.obj.escape is not None:
                return [self._tag_hole([], leak) for leak in known.obj.escape]
        if info is None:
            return [self.heap]
        self.declare_function(info)
        return [Hole(self.loc(p)) for p in info.params]

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

    def arguments(self, e: A.CallExpr, holes: list[Hole]) -> None:
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


def follows_pointer(e: A.SelectorExpr) -> bool:
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


_EXPRS: dict[type, Any] = {
    A.BadExpr: ExprFlow._no_flow,
    A.Ident: ExprFlow._ident,
    A.BasicLit: ExprFlow._no_flow,
    A.CompositeLit: ExprFlow._composite,
    A.FuncLit: ExprFlow._func_lit,
    A.SelectorExpr: ExprFlow._selector,
    A.IndexExpr: ExprFlow._index,
    A.SliceExpr: ExprFlow._slice,
    A.TypeAssertExpr: ExprFlow._assertion,
    A.CallExpr: ExprFlow._call,
    A.StarExpr: ExprFlow._star,
    A.UnaryExpr: ExprFlow._unary,
    A.BinaryExpr: ExprFlow._binary,
}
