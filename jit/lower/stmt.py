"""Statements: declarations, assignments, return, go, send, and the dispatch of all.

An assignment evaluates its right side, then the operands of its left side, checks and
stores: the order that programs compiled by Go show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Var

from .builtins import Builtins
from .call import result_offsets
from .core import MANAGED, Unsupported
from .emit import Value, layout, memory_slots
from .expr import unparen


def is_blank(e: Optional[A.Expr]) -> bool:
    return e is None or (isinstance(e, A.Ident) and e.name == "_")


class Statements(Builtins):
    break_to: dict[Any, str]
    continue_to: dict[Any, str]
    fa: Any  # the function's FuncABI
    out_pointer: str

    # ------------------------------------------------------------------- dispatch
    def block(self, stmts: list[A.Stmt]) -> None:
        for s in stmts:
            self.stmt(s)

    def stmt(self, s: A.Stmt) -> None:
        method = self._STMT.get(s.__class__)
        self.pos = s.pos
        mark = len(self._scratch_used)
        try:
            if method is None:
                self.unsupported(s.pos, type(s).__name__)
            method(self, s)
        except Unsupported as u:
            self.module.refuse(u.pos, u.what)
            self.memo.clear()
            self.multi_memo.clear()
        self.release_scratch(mark)

    # --------------------------------------------------------------- declarations
    def declare_var(self, v: Var, value: Optional[Value]) -> None:
        if v.name == "_":
            return
        if v.owner is None:  # declared by a statement of a session's entry
            a = f"ptr {self.module.global_symbol(v)}"
            if value is not None:
                self.store(v.type, value, a)
            else:
                self.zero(v.type, a)
            return
        if self.on_heap(v):
            p = self.new_object(v.type, False)
            self.addr_of[v] = f"{GCPTR} {p}"
            if value is not None:
                self.store(v.type, value, self.addr_of[v])
            return
        if value is not None and self.is_constant_var(v):
            self.value_of[v] = value
            return
        a = self.alloca(v.type, var_hint(v))
        self.addr_of[v] = a
        if value is not None:
            self.store(v.type, value, a)
        else:
            self.zero(v.type, a)

    def on_heap(self, v: Var) -> bool:
        """Variables of code that runs on g0, whose stack never moves, stay in their frame
        whatever escape analysis says: the runtime knows how long it uses them."""
        return v.heap and self.mode == MANAGED

    def is_constant_var(self, v: Var) -> bool:
        """Whether v may simply stand for its first value."""
        if v.reassigned or v.addrtaken or self.has_goto:
            return False
        return not isinstance(v.type.underlying(), (T.Struct, T.Array))

    has_goto: bool

    def _decl(self, s: A.DeclStmt) -> None:
        if s.decl.tok != "var":
            return
        for spec in s.decl.specs:
            assert isinstance(spec, A.ValueSpec)
            vars_: list[Any] = [n.obj for n in spec.names]
            if not spec.values:
                for v in vars_:
                    self.declare_var(v, None)
            else:
                self._define(list(spec.names), spec.values)

    def _define(self, lhs: list[A.Expr], rhs: list[A.Expr]) -> None:
        """``lhs := rhs``, also where some of lhs exist already."""
        if len(lhs) == len(rhs) == 1:
            self._define_one(lhs[0], rhs[0])
            return
        if len(rhs) == 1:
            got = self.multi(rhs[0])
            for x, (t, v) in zip(lhs, got, strict=True):
                self._bind(x, t, v)
            return
        types = [self._target_type(x, y) for x, y in zip(lhs, rhs, strict=True)]
        values = self.list_as(rhs, types)
        values = [self.stable(t, v) for t, v in zip(types, values, strict=True)]
        for x, t, v in zip(lhs, types, values, strict=True):
            self._bind(x, t, v)

    def _target_type(self, lhs: A.Expr, rhs: A.Expr) -> T.Type:
        if is_blank(lhs):
            return rhs.type
        if isinstance(lhs, A.Ident) and isinstance(lhs.obj, Var):
            return lhs.obj.type
        return lhs.type

    def _define_one(self, x: A.Expr, y: A.Expr) -> None:
        if is_blank(x) or not self._is_new(x):
            self._assign_one(x, y)
            return
        assert isinstance(x, A.Ident) and isinstance(x.obj, Var)
        v = x.obj
        if layout(v.type).by_ref and v.owner is None:
            self.into(y, v.type, f"ptr {self.module.global_symbol(v)}")
            return
        if layout(v.type).by_ref:  # build it in its place
            if self.on_heap(v):
                self.order(y)
                p = self.new_object(v.type, False)
                a = f"{GCPTR} {p}"
            else:
                a = self.alloca(v.type, var_hint(v))
            self.into(y, v.type, a)
            self.addr_of[v] = a
            return
        self.declare_var(v, self.expr_as(y, v.type))

    @staticmethod
    def _is_new(x: A.Expr) -> bool:
        return isinstance(x, A.Ident) and isinstance(x.obj, Var) and x.obj.pos == x.pos

    def _bind(self, x: A.Expr, t: T.Type, v: Value) -> None:
        """Declare x, or assign to it if it is not new here; v is of type t."""
        if is_blank(x):
            return
        if self._is_new(x):
            var: Any = x.obj  # type: ignore[attr-defined]
            self.declare_var(var, self.convert_assign(v, t, var.type))
        else:
            self.assign(x, t, v)

    # ---------------------------------------------------------------- assignments
    def _assign(self, s: A.AssignStmt) -> None:
        if s.op == ":=":
            self._define(s.lhs, s.rhs)
        elif s.op != "=":
            self._assign_op(s.lhs[0], s.op, s.rhs[0], s.op_pos)
        elif len(s.lhs) == len(s.rhs) == 1:
            self._assign_one(s.lhs[0], s.rhs[0])
        elif len(s.rhs) == 1:
            self._assign_call(s)
        else:
            self._assign_parallel(s)

    def _assign_one(self, x: A.Expr, y: A.Expr) -> None:
        x = unparen(x)
        if is_blank(x):
            if y.mode != A.MODE_NIL and y.value is None:
                self.expr(y)
            return
        self.order(x, y)
        v = self.expr_as(y, x.type)
        self.assign(x, x.type, v)

    def assign(self, lhs: A.Expr, t: T.Type, value: Value) -> None:
        lhs = unparen(lhs)
        if is_blank(lhs):
            return
        value = self.convert_assign(value, t, lhs.type)
        if isinstance(lhs, A.IndexExpr) and isinstance(lhs.x.type.underlying(), T.Map):
            mt = lhs.x.type.underlying()
            m = self.expr(lhs.x)
            key = self.expr_as(lhs.indices[0], mt.key)
            self.pos = lhs.pos
            # the value may be a borrow of an element that making room would move
            value = self.stable(lhs.type, value)
            self.store(lhs.type, value, self.map_slot(lhs.x.type, m, key))
            return
        self.store(lhs.type, value, self.addr(lhs))

    def _assign_call(self, s: A.AssignStmt) -> None:
        """``a, b = f()`` and ``v, ok = <comma-ok>``."""
        places = [self._prepare(x) for x in s.lhs]
        got = self.multi(s.rhs[0])
        for place, (t, v) in zip(places, got, strict=True):
            place(t, v)

    def _assign_parallel(self, s: A.AssignStmt) -> None:
        self.order(*s.lhs, *s.rhs)
        places = [self._prepare(x) for x in s.lhs]
        types = [self._target_type(x, y) for x, y in zip(s.lhs, s.rhs, strict=True)]
        values = [self.expr_as(y, t) for y, t in zip(s.rhs, types, strict=True)]
        values = [self.stable(t, v) for t, v in zip(types, values, strict=True)]
        for place, t, v in zip(places, types, values, strict=True):
            place(t, v)

    def _prepare(self, x: A.Expr) -> Callable[[T.Type, Value], None]:
        """Evaluate the operands of an assignment's left side now, to store later."""
        x = unparen(x)
        if is_blank(x):
            return lambda t, v: None
        if isinstance(x, A.Ident) or (isinstance(x, A.SelectorExpr) and x.selection is None):
            return lambda t, v: self.assign(x, t, v)
        if isinstance(x, A.IndexExpr):
            u = x.x.type.underlying()
            if isinstance(u, T.Map):
                m = self.expr(x.x)
                key = self.stable(u.key, self.expr_as(x.indices[0], u.key))

                def put(t: T.Type, v: Value) -> None:
                    v = self.stable(x.type, self.convert_assign(v, t, x.type))
                    self.store(x.type, v, self.map_slot(x.x.type, m, key))

                return put
            if isinstance(u, T.Slice):
                s = self.expr(x.x)
                i, unsigned = self.index_word(x.indices[0])

                def put_elem(t: T.Type, v: Value) -> None:
                    self.check_index(i, unsigned, s[1], x.lbrack)
                    a = self.element(u.elem, f"{GCPTR} {s[0]}", i)
                    self.store(x.type, self.convert_assign(v, t, x.type), a)

                return put_elem
        if isinstance(x, A.StarExpr):
            p = self.expr(x.x)[0]

            def put_star(t: T.Type, v: Value) -> None:
                self.nil_check(p, x.pos)
                self.store(x.type, self.convert_assign(v, t, x.type), f"{GCPTR} {p}")

            return put_star
        if isinstance(x, A.SelectorExpr) and len(x.selection.index) == 1:  # type: ignore[union-attr]
            base, path = x.x.type, x.selection.index  # type: ignore[union-attr]
            if isinstance(base.underlying(), T.Pointer):
                value = self.expr(x.x)

                def put_field(t: T.Type, v: Value) -> None:
                    at = self.walk_fields(base, "", value, path, x.pos, True)[1]
                    self.store(x.type, self.convert_assign(v, t, x.type), at)

                return put_field
        a = self.addr(x)
        return lambda t, v: self.store(x.type, self.convert_assign(v, t, x.type), a)

    def _assign_op(self, x: A.Expr, op: str, y: A.Expr, pos: int) -> None:
        x = unparen(x)
        self.order(x, y)
        t = x.type
        if isinstance(x, A.IndexExpr) and isinstance(x.x.type.underlying(), T.Map):
            self._map_assign_op(x, op, y, pos)
            return
        if self.has_call(y):
            self.hoist(y)
        a = self.addr(x)
        self.store(t, self._operate(op, t, self.load(t, a), y, pos), a)

    def _operate(self, op: str, t: T.Type, old: Value, y: A.Expr, pos: int) -> Value:
        if op in ("<<", ">>"):
            if y.value is not None:
                return (self.shift(op, t, old[0], "", y.type, int(y.value)),)
            n = self.expr(y)[0]
            self.pos = pos
            return (self.shift(op, t, old[0], n, y.type, None),)
        v = self.expr_as(y, t)
        self.pos = pos
        return self.arithmetic(op, t, old, v)

    def _map_assign_op(self, x: A.IndexExpr, op: str, y: A.Expr, pos: int) -> None:
        """The slot is made after the operation, which may panic."""
        mt = x.x.type.underlying()
        assert isinstance(mt, T.Map)
        m = self.expr(x.x)
        key = self.stable(mt.key, self.expr_as(x.indices[0], mt.key))
        found, _ = self.map_read(x.x.type, m, key)
        v = self._operate(op, x.type, found, y, pos)
        self.store(x.type, v, self.map_slot(x.x.type, m, key))

    def map_read(self, t: T.Type, m: Value, key: Value) -> tuple[Value, str]:
        """The element for a key already evaluated (maps.py)."""
        self.unsupported(self.pos, "map")

    def _inc_dec(self, s: A.IncDecStmt) -> None:
        x = unparen(s.x)
        t = x.type
        one = self.constant(1, t)
        op = s.op[0]
        if isinstance(x, A.IndexExpr) and isinstance(x.x.type.underlying(), T.Map):
            mt = x.x.type.underlying()
            self.order(x.x, x.indices[0])
            m = self.expr(x.x)
            key = self.stable(mt.key, self.expr_as(x.indices[0], mt.key))
            found, _ = self.map_read(x.x.type, m, key)
            v = self.arithmetic(op, t, found, one)
            self.store(t, v, self.map_slot(x.x.type, m, key))
            return
        a = self.addr(x)
        self.store(t, self.arithmetic(op, t, self.load(t, a), one), a)

    # --------------------------------------------------------------------- return
    def return_vars(self) -> list[Var]:
        """The result variables that a return statement here is about."""
        return self.info.results

    def leave_returning(self, results: Optional[str]) -> None:
        """Return for the body of a range over a function: what lies in that object, or
        (None) the named results as they are."""
        if results is None:
            self.finish(None)
            return
        types = [v.type for v in self.info.results]
        values: list[Value] = []
        for t, off in zip(types, result_offsets(tuple(types)), strict=True):
            values.append(self.load(t, self.offset(f"{GCPTR} {results}", off)))
        self.finish(values)

    def _return(self, s: A.ReturnStmt) -> None:
        results = self.return_vars()
        types = [v.type for v in results]
        if not results:
            self.finish([])
            return
        if not s.results:  # named results
            self.finish(None)
            return
        if len(s.results) == 1 and len(results) > 1:
            got = self.multi(s.results[0])
            values = [
                self.convert_assign(v, t, r) for (t, v), r in zip(got, types, strict=True)
            ]
        else:
            values = self.list_as(s.results, types)
        self.pos = s.pos
        self.finish(values)

    def finish(self, values: Optional[list[Value]]) -> None:
        """Return values (None: what the result variables hold)."""
        results = self.info.results
        stored = self.info.has_defer
        if values is not None and results:
            keep = [v for v in results if stored or v.heap or v.captured or v.addrtaken]
            if keep:
                values = [
                    self.stable(r.type, x) for r, x in zip(results, values, strict=True)
                ]
            for r, x in zip(results, values, strict=True):
                if r in keep and r in self.addr_of:
                    self.store(r.type, x, self.addr_of[r])
        if stored:
            self.defer_return()
            values = None
        if values is None:
            values = [self.result_value(r) for r in results]
        self.emit_return(values)

    def result_value(self, r: Var) -> Value:
        a = self.addr_of.get(r)
        return self.load(r.type, a) if a is not None else self.zero_value(r.type)

    def emit_return(self, values: list[Value]) -> None:
        if self.dead:
            return
        types = self.fa.results
        if self.fa.out:
            for t, v, off in zip(types, values, result_offsets(types), strict=True):
                self.store(t, v, self.offset(f"{GCPTR} {self.out_pointer}", off))
            self.emit("ret void")
        else:
            words = [w for t, v in zip(types, values, strict=True) for w in self.spill(t, v)]
            flat = self.fa.result_words
            if not flat:
                self.emit("ret void")
            elif len(flat) == 1:
                self.emit(f"ret {self.fa.ret} {words[0]}")
            else:
                acc = "poison"
                for i, ((_, w), x) in enumerate(zip(flat, words, strict=True)):
                    acc = self.ins(f"insertvalue {self.fa.ret} {acc}, {w.type} {x}, {i}")
                self.emit(f"ret {self.fa.ret} {acc}")
        self.dead = True

    def spill(self, t: T.Type, v: Value) -> list[str]:
        """The words of a value that are returned in registers."""
        if not layout(t).by_ref:
            return list(v)
        return [self.load_word(s, f"{GCPTR} {v[0]}") for s in memory_slots(t, 0, False)]

    # ------------------------------------------------------------- go, defer, send
    def _go(self, s: A.GoStmt) -> None:
        call = unparen(s.call)
        assert isinstance(call, A.CallExpr)
        f = self.plain_closure(call)
        if f is None:
            f = self.thunk(call, False)[0]
        self.pos = s.pos
        self.runtime_call("newproc", f)

    def plain_closure(self, call: A.CallExpr) -> Optional[str]:
        """The func value of a call without arguments and results, as go and defer want
        it; None if a thunk must be made."""
        if call.kind != "call" or call.args:
            return None
        fun = unparen(call.fun)
        sig = fun.type.underlying()
        if not isinstance(sig, T.Signature) or sig.results or sig.variadic:
            return None
        if isinstance(fun, A.SelectorExpr) and fun.selection is not None:
            if fun.selection.kind != "field":
                return None
        return self.expr(fun)[0]

    def _defer(self, s: A.DeferStmt) -> None:
        self.defer_stmt(s)

    def _send(self, s: A.SendStmt) -> None:
        ct = s.chan.type.underlying()
        assert isinstance(ct, T.Chan)
        self.order(s.chan, s.value)
        c = self.expr(s.chan)[0]
        v = self.expr_as(s.value, ct.elem)
        place = self.temp(ct.elem, v)
        self.pos = s.arrow
        self.runtime_call("chansend1", c, self.gcptr(place))

    def _expr_stmt(self, s: A.ExprStmt) -> None:
        x = unparen(s.x)
        if isinstance(x, A.CallExpr) and x.kind != "conversion":
            self.call_multi(x)
        else:
            self.expr(x)

    _STMT: dict[type, Callable[[Any, Any], None]] = {
        A.DeclStmt: _decl,
        A.AssignStmt: _assign,
        A.IncDecStmt: _inc_dec,
        A.ReturnStmt: _return,
        A.GoStmt: _go,
        A.DeferStmt: _defer,
        A.SendStmt: _send,
        A.ExprStmt: _expr_stmt,
        A.EmptyStmt: lambda self, s: None,
        A.BlockStmt: lambda self, s: self.block(s.stmts),
    }


def var_hint(v: Var) -> str:
    return f"{v.name}." if v.name.isascii() and v.name.isidentifier() else "v."
