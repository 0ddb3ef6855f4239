"""Expressions: variables, selectors, indexing, slicing, logic, order.

The order of evaluation is that of Go's compiler: before an expression list is evaluated,
every call, receive, map read and assertion in it that comes before the last call is made
and its result kept (:meth:`Expressions.order`); plain variables are read after that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Const, Func, Nil, Var
from gol.lang.sizes import offsetsof
from gol.lang.walk import children

from .core import Unsupported
from .emit import Value, layout, memory_slots
from .literals import Literals, unparen
from .ops import is_literal

_COMPARE = frozenset(["==", "!=", "<", "<=", ">", ">="])


def is_map(t: Optional[T.Type]) -> bool:
    return t is not None and isinstance(t.underlying(), T.Map)


class Expressions(Literals):
    memo: dict[A.Expr, Value]  # results of expressions evaluated ahead of their place
    multi_memo: dict[A.Expr, list[tuple[T.Type, Value]]]  # ... of calls with several results
    calls_in: dict[A.Expr, bool]
    slot_of: dict[Var, str]  # loop variables on the heap: where the present one's address is

    # ------------------------------------------------------------------- dispatch
    def expr(self, e: A.Expr) -> Value:
        if self.memo:
            ready = self.memo.pop(e, None)
            if ready is not None:
                return ready
        if e.value is not None:
            return self.constant(e.value, e.type)
        if e.mode == A.MODE_NIL:
            return self.zero_value(e.type)
        method = self._EXPR.get(e.__class__)
        if method is None:
            self.unsupported(e.pos, type(e).__name__)
        return method(self, e)

    def expr_as(self, e: A.Expr, t: T.Type) -> Value:
        if e.mode == A.MODE_NIL:
            return self.zero_value(t)
        if e.value is not None and not isinstance(t.underlying(), T.Interface):
            return self.constant(e.value, t)
        v = self.expr(e)
        if isinstance(t.underlying(), T.Interface) and not T.identical(e.type, t):
            return self.convert(v, e.type, t, e)
        return v

    def list_as(self, exprs: Sequence[A.Expr], types: Sequence[T.Type]) -> list[Value]:
        """Evaluate a list in Go's order, each as the type at its place."""
        self.order(*exprs)
        return [self.expr_as(e, t) for e, t in zip(exprs, types, strict=True)]

    # ---------------------------------------------------------------------- order
    def order(self, *exprs: A.Expr) -> None:
        """Make the calls of an expression list ahead, if one comes after other operands."""
        last = -1
        for i, e in enumerate(exprs):
            if self.has_call(e):
                last = i
        if last > 0:
            for e in exprs[: last + 1]:
                self.hoist(e)

    def has_call(self, e: A.Expr) -> bool:
        """Whether evaluating e may run other code of the program or receive."""
        hit = self.calls_in.get(e)
        if hit is None:
            hit = self.calls_in[e] = self._has_call(e)
        return hit

    def _has_call(self, e: A.Expr) -> bool:
        if e.value is not None or e.mode == A.MODE_TYPE:
            return False
        if isinstance(e, A.CallExpr) and e.kind == "call":
            return True
        if isinstance(e, A.UnaryExpr) and e.op == "<-":
            return True
        if isinstance(e, (A.FuncLit, A.Ident, A.BasicLit)):
            return False
        return any(self.has_call(c) for c in _operands(e))

    def hoist(self, e: A.Expr) -> None:
        if e.value is not None or e.mode == A.MODE_TYPE or e in self.memo:
            return
        if isinstance(e.type, T.Tuple):
            self.multi_memo[e] = [(t, self.stable(t, v)) for t, v in self.multi(e)]
            return
        if _hoistable(e):
            v = self.expr(e)
            self.memo[e] = self.stable(e.type, v) if is_map(getattr(e, "x", e).type) else v
            return
        for c in _operands(e):
            self.hoist(c)

    # ------------------------------------------------------------------ variables
    def _ident(self, e: A.Ident) -> Value:
        return self.object_value(e.obj, e)

    def object_value(self, obj: Any, e: A.Expr) -> Value:
        if isinstance(obj, Var):
            v = self.value_of.get(obj)
            return v if v is not None else self.load(obj.type, self.var_addr(obj, e.pos))
        if isinstance(obj, Func):
            return self.func_value(obj)
        if isinstance(obj, Const):
            return self.constant(obj.value, e.type)
        if isinstance(obj, Nil):
            return self.zero_value(e.type)
        self.unsupported(e.pos, f"operand {getattr(obj, 'name', obj)}")

    def var_addr(self, v: Var, pos: int) -> str:
        a = self.addr_of.get(v)
        if a is not None:
            return a
        slot = self.slot_of.get(v)
        if slot is not None:
            return f"{GCPTR} {self.ins(f'load {GCPTR}, {slot}')}"
        if v.owner is None:
            return f"ptr {self.module.global_symbol(v)}"
        if v in self.value_of:  # a variable that never changes, wanted in memory
            a = self.temp(v.type, self.value_of[v])
            return a
        raise Unsupported(pos, f"variable {v.name} of an enclosing function")

    # ------------------------------------------------------------------ addresses
    def addr(self, e: A.Expr) -> str:
        if isinstance(e, A.ParenExpr):
            return self.addr(e.x)
        if isinstance(e, A.Ident):
            assert isinstance(e.obj, Var), e.obj
            return self.var_addr(e.obj, e.pos)
        if isinstance(e, A.StarExpr):
            p = self.expr(e.x)[0]
            self.nil_check(p, e.pos)
            return f"{GCPTR} {p}"
        if isinstance(e, A.SelectorExpr):
            return self._selector_addr(e)
        if isinstance(e, A.IndexExpr):
            return self._index_addr(e)
        if isinstance(e, A.CompositeLit):
            return self.temp_literal(e)
        self.unsupported(e.pos, f"address of {type(e).__name__}")

    def place(self, e: A.Expr) -> str:
        """The address of any expression: its own, or that of a temporary."""
        u = unparen(e)
        if u.mode == A.MODE_VAR and u not in self.memo and not self._is_value_var(u):
            return self.addr(u)
        v = self.expr(u)
        if layout(u.type).by_ref:
            return f"{GCPTR} {v[0]}"
        return self.temp(u.type, v)

    def _is_value_var(self, e: A.Expr) -> bool:
        return isinstance(e, A.Ident) and e.obj in self.value_of

    def nil_check(self, p: str, pos: int) -> None:
        if p in self.nonnull or not self.checks_nil or p.startswith("addrspacecast"):
            return
        self.pos = pos
        bad = self.panic_block("panicmem")
        ok = self.label()
        self.cbr(self.ins(f"icmp eq {GCPTR} {p}, null"), bad, ok, "unlikely")
        self.start(ok)

    # ------------------------------------------------------------------ selectors
    def _selector(self, e: A.SelectorExpr) -> Value:
        sel = e.selection
        if sel is None:
            return self.object_value(e.sel.obj, e)
        if sel.kind == "method":
            return self.method_value(e)
        if sel.kind == "methodexpr":
            return self.method_expr(e)
        return self._fields(e.x, sel.index, e.pos, want_addr=False)[1]

    def _selector_addr(self, e: A.SelectorExpr) -> str:
        sel = e.selection
        if sel is None:
            assert isinstance(e.sel.obj, Var)
            return self.var_addr(e.sel.obj, e.pos)
        return self._fields(e.x, sel.index, e.pos, want_addr=True)[0]

    def _fields(
        self, x: A.Expr, path: list[int], pos: int, want_addr: bool
    ) -> tuple[str, Value]:
        """Follow a path of fields from the operand x; the address, or else the value."""
        t, addr, value = self.operand(x)
        return self.walk_fields(t, addr, value, path, pos, want_addr)[1:]

    def operand(self, x: A.Expr) -> tuple[T.Type, str, Value]:
        """The operand of a selector: its type, and the address if it lies anywhere, or else
        the value. (Of a pointer or interface nothing but the value is ever asked for.)"""
        x = unparen(x)
        t: T.Type = x.type
        if (
            not isinstance(t.underlying(), (T.Pointer, T.Interface))
            and x.mode == A.MODE_VAR
            and x not in self.memo
            and not self._is_value_var(x)
        ):
            return t, self.addr(x), ()
        value = self.expr(x)
        return t, f"{GCPTR} {value[0]}" if layout(t).by_ref else "", value

    def walk_fields(
        self, t: T.Type, addr: str, value: Value, path: Sequence[int], pos: int, want_addr: bool
    ) -> tuple[T.Type, str, Value]:
        """From a place (addr) or a value of type t (or pointer to struct) along fields:
        the type there, the address if there is one, and unless ``want_addr`` the value."""
        for i in path:
            u = t.underlying()
            if isinstance(u, T.Pointer):
                p = self.load(t, addr)[0] if addr else value[0]
                self.nil_check(p, pos)
                addr = f"{GCPTR} {p}"
                u = u.elem.underlying()
            assert isinstance(u, T.Struct), u
            ft = u.fields[i].type
            if addr:
                addr = self.offset(addr, offsetsof(u)[i])
            else:
                value = self.field_words(u, i, value)
            t = ft
        if want_addr:
            if not addr:
                addr = self.temp(t, value)
            return t, addr, ()
        return t, addr, self.load(t, addr) if addr else value

    def field_words(self, u: T.Struct, i: int, value: Value) -> Value:
        """Field i of a struct value in words."""
        before = sum(len(memory_slots(f.type, 0, False)) for f in u.fields[:i])
        n = len(memory_slots(u.fields[i].type, 0, False))
        return self.as_top(u.fields[i].type, value[before : before + n])

    def as_top(self, t: T.Type, words: Value) -> Value:
        """Words as they stand inside an aggregate → a value of its own (bool: i8 → i1)."""
        if layout(t).words == ("i1",):
            w = words[0]
            return ({"0": "false", "1": "true"}.get(w) or self.ins(f"trunc i8 {w} to i1"),)
        return words

    def as_member(self, t: T.Type, value: Value) -> Value:
        """The inverse of :meth:`as_top`."""
        if layout(t).words == ("i1",):
            w = value[0]
            return ({"false": "0", "true": "1"}.get(w) or self.ins(f"zext i1 {w} to i8"),)
        return value

    # ------------------------------------------------------------------- indexing
    def index_word(self, e: A.Expr) -> tuple[str, bool]:
        """An index as i64, and whether it is to be read as unsigned."""
        if e.value is not None:
            return self.constant(e.value, T.INT)[0], False
        v = self.expr(e)[0]
        u = e.type.underlying()
        assert isinstance(u, T.Basic)
        return self.int_to_int(v, u, T.INT), bool(u.info & T.UNSIGNED) and layout(u).size == 8

    def check_index(self, i: str, unsigned: bool, length: str, pos: int) -> None:
        if is_literal(i) and is_literal(length) and 0 <= int(i) < int(length):
            return
        self.pos = pos
        name = "panicIndexU" if unsigned else "panicIndex"
        bad = self.panic_block(name, f"i64 {i}", f"i64 {length}")
        ok = self.label()
        self.cbr(self.ins(f"icmp ult i64 {i}, {length}"), ok, bad, "likely")
        self.start(ok)

    def _index(self, e: A.IndexExpr) -> Value:
        t = e.x.type.underlying()
        if isinstance(t, T.Map):
            return self.map_index(e, False)[0]
        if isinstance(t, T.Basic):
            self.order(e.x, e.indices[0])
            s = self.expr(e.x)
            i, unsigned = self.index_word(e.indices[0])
            self.check_index(i, unsigned, s[1], e.lbrack)
            return (self.ins(f"load i8, {self.element(T.UINT8, f'{GCPTR} {s[0]}', i)}"),)
        if isinstance(t, T.Signature) or e.x.mode == A.MODE_TYPE:
            self.unsupported(e.pos, "generic function")
        return self.load(e.type, self._index_addr(e))

    def _index_addr(self, e: A.IndexExpr) -> str:
        t = e.x.type.underlying()
        index = e.indices[0]
        self.order(e.x, index)
        if isinstance(t, T.Slice):
            s = self.expr(e.x)
            i, unsigned = self.index_word(index)
            self.check_index(i, unsigned, s[1], e.lbrack)
            return self.element(t.elem, f"{GCPTR} {s[0]}", i)
        if isinstance(t, T.Pointer):
            arr = t.elem.underlying()
            p = self.expr(e.x)[0]
            i, unsigned = self.index_word(index)
            self.nil_check(p, e.pos)
            base = f"{GCPTR} {p}"
        else:
            arr = t
            base = self.place(e.x)
            i, unsigned = self.index_word(index)
        assert isinstance(arr, T.Array), arr
        self.check_index(i, unsigned, str(arr.len), e.lbrack)
        return self.element(arr.elem, base, i)

    # -------------------------------------------------------------------- slicing
    def _slice(self, e: A.SliceExpr) -> Value:
        bounds = [b for b in (e.low, e.high, e.max) if b is not None]
        self.order(e.x, *bounds)
        t = e.x.type.underlying()
        if isinstance(t, T.Basic):
            s = self.expr(e.x)
            elem: T.Type = T.UINT8
            base, length, cap = s[0], s[1], s[1]
        elif isinstance(t, T.Slice):
            s = self.expr(e.x)
            base, length, cap, elem = s[0], s[1], s[2], t.elem
        else:
            if isinstance(t, T.Pointer):
                base = self.expr(e.x)[0]
                self.nil_check(base, e.pos)
                arr = t.elem.underlying()
            else:
                base = self.gcptr(self.addr(e.x))
                arr = t
            assert isinstance(arr, T.Array)
            length = cap = str(arr.len)
            elem = arr.elem
        low, low_u = self.index_word(e.low) if e.low is not None else ("0", False)
        high, high_u = self.index_word(e.high) if e.high is not None else (length, False)
        top, top_u = self.index_word(e.max) if e.max is not None else (cap, False)
        self.pos = e.lbrack
        limit = "Acap" if isinstance(t, T.Slice) else "Alen"
        if e.three:
            self._check_bound("panicSlice3" + limit, top, top_u, cap)
            self._check_bound("panicSlice3B", high, high_u, top)
            self._check_bound("panicSlice3C", low, low_u, high)
        else:
            if e.high is not None:
                self._check_bound("panicSlice" + limit, high, high_u, cap)
            if e.low is not None:
                self._check_bound("panicSliceB", low, low_u, high)
        new_len = self._minus(high, low)
        if isinstance(t, T.Basic):
            return (self._advance(base, low, new_len, 1), new_len)
        new_cap = self._minus(top, low)
        return (self._advance(base, low, new_cap, layout(elem).size), new_len, new_cap)

    def _check_bound(self, name: str, i: str, unsigned: bool, limit: str) -> None:
        if i == limit or (is_literal(i) and is_literal(limit) and 0 <= int(i) <= int(limit)):
            return
        if i == "0":
            return  # limits are never negative
        bad = self.panic_block(name + ("U" if unsigned else ""), f"i64 {i}", f"i64 {limit}")
        ok = self.label()
        self.cbr(self.ins(f"icmp ule i64 {i}, {limit}"), ok, bad, "likely")
        self.start(ok)

    def _minus(self, a: str, b: str) -> str:
        if b == "0":
            return a
        if is_literal(a) and is_literal(b):
            return str(int(a) - int(b))
        return self.ins(f"sub nuw nsw i64 {a}, {b}")

    def _advance(self, base: str, low: str, room: str, size: int) -> str:
        """base + low elements; base itself where no room is left, since a pointer just
        behind an object would belong to the next."""
        if low == "0" or size == 0 or room == "0":
            return base
        step = low if size == 1 else self.ins(f"mul nuw nsw i64 {low}, {size}")
        if not is_literal(room):
            empty = self.ins(f"icmp eq i64 {room}, 0")
            step = self.ins(f"select i1 {empty}, i64 0, i64 {step}")
        return self.ins(f"getelementptr inbounds i8, {GCPTR} {base}, i64 {step}")

    # ---------------------------------------------------------------- indirection
    def _star(self, e: A.StarExpr) -> Value:
        return self.load(e.type, self.addr(e))

    def _unary(self, e: A.UnaryExpr) -> Value:
        if e.op == "<-":
            return self.receive(e, False)[0]
        if e.op != "&":
            return self.unary(e)
        x = unparen(e.x)
        if isinstance(x, A.CompositeLit):
            return (self.literal_object(x, x.type, self.escapes.on_stack(e)),)
        p = self.gcptr(self.addr(x))
        self.nonnull.add(p)
        return (p,)

    def receive(self, e: A.UnaryExpr, comma_ok: bool) -> tuple[Value, str]:
        """``<-c``: the element and, with comma_ok, whether it came from a send."""
        ct = e.x.type.underlying()
        assert isinstance(ct, T.Chan)
        c = self.expr(e.x)[0]
        place = self.alloca(ct.elem, "recv")
        self.pos = e.pos
        ok = "true"
        if comma_ok:
            ok = self.runtime_call("chanrecv2", c, self.gcptr(place))[0]
        else:
            self.runtime_call("chanrecv1", c, self.gcptr(place))
        return self.load(ct.elem, place), ok

    # --------------------------------------------------------------------- binary
    def _binary(self, e: A.BinaryExpr) -> Value:
        op = e.op
        if op in ("&&", "||"):
            return (self._logic(e),)
        if op in ("<<", ">>"):
            self.order(e.x, e.y)
            a = self.expr_as(e.x, e.type)[0]
            const = e.y.value
            if const is not None:
                return (self.shift(op, e.type, a, "", e.y.type, int(const)),)
            n = self.expr(e.y)[0]
            self.pos = e.op_pos
            return (self.shift(op, e.type, a, n, e.y.type, None),)
        if op in _COMPARE:
            return (self._comparison(e),)
        if op == "+" and self._is_string(e.type):
            return self._concat(e)
        self.order(e.x, e.y)
        x = self.expr_as(e.x, e.type)
        y = self.expr_as(e.y, e.type)
        self.pos = e.op_pos
        return self.arithmetic(op, e.type, x, y)

    @staticmethod
    def _is_string(t: T.Type) -> bool:
        u = t.underlying()
        return isinstance(u, T.Basic) and bool(u.info & T.STRING)

    def _comparison(self, e: A.BinaryExpr) -> str:
        x, y = e.x, e.y
        if y.mode == A.MODE_NIL or x.mode == A.MODE_NIL:
            other = x if y.mode == A.MODE_NIL else y
            if other.mode == A.MODE_NIL:
                return "true" if e.op == "==" else "false"
            return self.compare_nil(e.op, other.type, self.expr(other))
        self.order(x, y)
        xi = isinstance(x.type.underlying(), T.Interface)
        yi = isinstance(y.type.underlying(), T.Interface)
        if xi == yi:
            if xi and not T.identical(x.type, y.type):
                return self._compare_interfaces(e)
            read = self.string_view if self._is_string(x.type) else self.expr
            if x.value is not None and y.value is None:
                a: Value = self.constant(x.value, y.type)
            else:
                a = read(x)
            b = self.constant(y.value, x.type) if y.value is not None else read(y)
            self.pos = e.op_pos
            return self.compare(e.op, x.type, a, b)
        a, b = self.expr(x), self.expr(y)
        self.pos = e.op_pos
        if xi:
            eq = self.equal_mixed(x.type, a, y.type, b)
        else:
            eq = self.equal_mixed(y.type, b, x.type, a)
        return eq if e.op == "==" else self.negate(eq)

    def _compare_interfaces(self, e: A.BinaryExpr) -> str:
        """Two interface types, one assignable to the other: compare as any."""
        a = self.to_iface(self.expr(e.x), e.x.type, T.ANY, e.x)
        b = self.to_iface(self.expr(e.y), e.y.type, T.ANY, e.y)
        self.pos = e.op_pos
        return self.compare(e.op, T.ANY, a, b)

    def _concat(self, e: A.BinaryExpr) -> Value:
        parts: list[A.Expr] = []
        todo: list[A.Expr] = [e]
        while todo:
            x = unparen(todo.pop())
            if isinstance(x, A.BinaryExpr) and x.value is None and x not in self.memo:
                todo += [x.y, x.x]
            else:
                parts.append(x)
        self.order(*parts)
        # with a constant in it the result is never one of the operands itself
        fresh = any(p.value for p in parts)
        values = [
            self.string_view(p) if fresh and p.value is None else self.expr_as(p, e.type)
            for p in parts
        ]
        self.pos = e.op_pos
        if len(values) <= 3:
            flat = [w for v in values for w in v]
            return self.runtime_call(f"concatstring{len(values)}", *flat)
        mem = layout(T.Array(T.STRING_T, len(values))).mem
        array = self.borrow(mem, "strs")
        for i, v in enumerate(values):
            self.store(T.STRING_T, v, self.offset(array, 16 * i))
        result = self.runtime_call("concatstrings", self.gcptr(array), str(len(values)))
        self.give_back(mem, array)
        return result

    def string_view(self, e: A.Expr) -> Value:
        """A string that is only looked at before anything else runs: ``string(bytes)``
        need not be copied for that."""
        u = unparen(e)
        if (
            isinstance(u, A.CallExpr)
            and u.kind == "conversion"
            and u.value is None
            and u not in self.memo
            and self._is_string(u.type)
        ):
            t = u.args[0].type.underlying()
            if isinstance(t, T.Slice) and layout(t.elem).size == 1:
                return self.expr(u.args[0])[:2]
        return self.expr(e)

    # ---------------------------------------------------------------------- logic
    def _logic(self, e: A.BinaryExpr) -> str:
        x = self.expr(e.x)[0]
        then, join = self.label(), self.label()
        before = self.current
        skip = "false" if e.op == "&&" else "true"
        if x in ("true", "false"):
            return self.expr(e.y)[0] if x != skip else skip
        if e.op == "&&":
            self.cbr(x, then, join)
        else:
            self.cbr(x, join, then)
        self.start(then)
        y = self.expr(e.y)[0]
        after, ended = self.current, self.dead
        self.start(join)
        return self.phi("i1", [(skip, before)] if ended else [(skip, before), (y, after)])

    def condition(self, e: A.Expr, yes: str, no: str) -> None:
        e = unparen(e)
        if e.value is None and e not in self.memo:
            if isinstance(e, A.UnaryExpr) and e.op == "!":
                self.condition(e.x, no, yes)
                return
            if isinstance(e, A.BinaryExpr) and e.op in ("&&", "||"):
                more = self.label()
                if e.op == "&&":
                    self.condition(e.x, more, no)
                else:
                    self.condition(e.x, yes, more)
                self.start(more)
                self.condition(e.y, yes, no)
                return
        self.cbr(self.expr(e)[0], yes, no)

    # ------------------------------------------------------------- multiple values
    def multi(self, e: A.Expr) -> list[tuple[T.Type, Value]]:
        ready = self.multi_memo.pop(e, None)
        if ready is not None:
            return ready
        e = unparen(e)
        if isinstance(e, A.CallExpr):
            return self.call_multi(e)
        vt = e.type.types[0] if isinstance(e.type, T.Tuple) else e.type
        if isinstance(e, A.UnaryExpr) and e.op == "<-":
            v, ok = self.receive(e, True)
        elif isinstance(e, A.IndexExpr):
            v, ok = self.map_index(e, True)
        elif isinstance(e, A.TypeAssertExpr):
            x = self.expr(e.x)
            assert e.type_expr is not None
            self.pos = e.pos
            v, ok = self.type_assert(x, e.x.type, e.type_expr.type, True)
        else:
            self.unsupported(e.pos, "assignment of several values")
        return [(vt, v), (T.BOOL, (ok,))]

    def call_multi(self, e: A.CallExpr) -> list[tuple[T.Type, Value]]:
        raise NotImplementedError

    def _assertion(self, e: A.TypeAssertExpr) -> Value:
        x = self.expr(e.x)
        assert e.type_expr is not None
        self.pos = e.pos
        return self.type_assert(x, e.x.type, e.type_expr.type, False)[0]

    def _call(self, e: A.CallExpr) -> Value:
        got = self.call_multi(e)
        return got[0][1] if got else ()

    checks_nil: bool

    _EXPR: dict[type, Callable[[Any, Any], Value]] = {
        A.Ident: _ident,
        A.ParenExpr: lambda self, e: self.expr(e.x),
        A.SelectorExpr: _selector,
        A.IndexExpr: _index,
        A.SliceExpr: _slice,
        A.StarExpr: _star,
        A.UnaryExpr: _unary,
        A.BinaryExpr: _binary,
        A.CompositeLit: Literals._composite,
        A.TypeAssertExpr: _assertion,
        A.CallExpr: _call,
        A.FuncLit: lambda self, e: self.closure(e),
    }


def _operands(e: A.Expr) -> list[A.Expr]:
    """The sub-expressions that are evaluated when e is."""
    if isinstance(e, A.SelectorExpr):
        return [e.x] if e.selection is not None else []
    if isinstance(e, A.KeyValueExpr):
        return [e.key, e.value_expr]
    if isinstance(e, A.FuncLit):
        return []
    return [c for c in children(e) if isinstance(c, A.Expr) and c.mode != A.MODE_TYPE]


# Builtins that keep their place among calls, as with Go's compiler.
_ORDERED_BUILTINS = frozenset(
    ("append", "cap", "complex", "copy", "imag", "len", "make", "max", "min", "new", "panic",
     "real", "recover")
)  # fmt: skip


def _hoistable(e: A.Expr) -> bool:
    """Whether e is evaluated in its turn, rather than where its value is wanted."""
    if isinstance(e, A.CallExpr):
        if e.kind == "builtin":
            f = unparen(e.fun)
            return getattr(f, "name", "") in _ORDERED_BUILTINS
        return e.kind == "call"
    if isinstance(e, A.UnaryExpr):
        return e.op == "<-"
    if isinstance(e, A.BinaryExpr):
        return e.op in ("&&", "||")
    if isinstance(e, A.IndexExpr):
        return is_map(e.x.type)
    return isinstance(e, A.TypeAssertExpr)


__all__ = ["Expressions", "is_map", "unparen"]
