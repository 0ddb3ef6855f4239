"""Maps: reading, storing, deleting, literals, iteration, over ``runtime/map*.gol``.

A key that is one 4- or 8-byte word without a float, or a string, goes to a function of the
runtime that takes the key itself (``_fast32``, ``_fast64``, ``_faststr``); any other key is
passed as the address of a copy in the frame. Both kinds agree on the layout of the map.
"""

from __future__ import annotations

from typing import Optional

from gol.jit import alg
from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T

from .convert import is_string
from .emit import Value, layout
from .range import Ranges
from .staticdata import MANY, StaticData
from .stmt import is_blank


def map_type(t: T.Type) -> T.Map:
    u = t.underlying()
    assert isinstance(u, T.Map)
    return u


class Maps(Ranges):
    # ----------------------------------------------------------------------- keys
    def _key_args(self, t: T.Map, key: Value, assign: bool = False) -> tuple[str, list[str]]:
        """(suffix of the runtime's function, the words that name the key)."""
        if is_string(t.key):
            return "_faststr", list(key)
        lay = layout(t.key)
        if alg.is_memory(t.key) and len(lay.words) == 1 and not lay.by_ref:
            if lay.words[0] == GCPTR:
                if assign:
                    return "_fast64ptr", list(key)
                return "_fast64", [self.ins(f"ptrtoint {GCPTR} {key[0]} to i64")]
            if lay.words[0] in ("i32", "i64"):
                return f"_fast{lay.words[0][1:]}", list(key)
        return "", [self.gcptr(self._key_copy(t.key, key))]

    def _key_copy(self, t: T.Type, key: Value) -> str:
        if layout(t).by_ref:
            return f"{GCPTR} {key[0]}"
        return self.temp(t, key)

    def _descriptor_of(self, t: T.Type) -> str:
        return str(self.module.type_descriptor(t))

    # -------------------------------------------------------------------- reading
    def map_index(self, e: A.IndexExpr, comma_ok: bool) -> tuple[Value, str]:
        t = map_type(e.x.type)
        self.order(e.x, e.indices[0])
        m = self.expr(e.x)
        k = e.indices[0]
        if self._is_string(t.key) and k.value is None:
            key = self.string_view(k)
        else:
            key = self.expr_as(k, t.key)
        self.pos = e.pos
        return self._access(e.x.type, m, key, comma_ok)

    def map_read(self, t: T.Type, m: Value, key: Value) -> tuple[Value, str]:
        return self._access(t, m, key, False)

    def _access(self, t: T.Type, m: Value, key: Value, comma_ok: bool) -> tuple[Value, str]:
        u = map_type(t)
        suffix, words = self._key_args(u, key)
        desc = self._descriptor_of(t)
        # where nothing is found mapaccess1 gives the address of so many zero bytes
        large = layout(u.elem).size > self.module.runtime_len("zeroVal")
        if comma_ok or large:
            p, ok = self.runtime_call("mapaccess2" + suffix, desc, m[0], *words)
            if large:
                zero = self.zero_value(u.elem)[0]
                p = self.ins(f"select i1 {ok}, {GCPTR} {p}, {GCPTR} {zero}")
            return self.load(u.elem, f"{GCPTR} {p}"), ok
        p = self.runtime_call("mapaccess1" + suffix, desc, m[0], *words)[0]
        return self.load(u.elem, f"{GCPTR} {p}"), "true"

    def map_len(self, m: Value) -> Value:
        return self.runtime_call("maplen", m[0])

    # -------------------------------------------------------------------- storing
    def map_slot(self, t: T.Type, m: Value, key: Value) -> str:
        u = map_type(t)
        suffix, words = self._key_args(u, key, assign=True)
        p = self.runtime_call("mapassign" + suffix, self._descriptor_of(t), m[0], *words)[0]
        self.nonnull.add(p)
        return f"{GCPTR} {p}"

    def make_map(self, t: T.Type, hint: Optional[str], node: A.Expr) -> Value:
        m = self.runtime_call("makemap", self._descriptor_of(t), hint or "0")
        self.nonnull.add(m[0])
        return m

    def map_literal(self, e: A.CompositeLit) -> Value:
        """As Go does, what is constant goes in first."""
        t = map_type(e.type)
        m = self.make_map(e.type, str(len(e.elts)), e)
        data = StaticData(self.module, self)
        entries = [x for x in e.elts if isinstance(x, A.KeyValueExpr)]
        fixed: list[A.KeyValueExpr] = []
        rest: list[A.KeyValueExpr] = []
        for x in entries:
            constant = data.is_constant(x.key, t.key) and data.is_constant(x.value_expr, t.elem)
            (fixed if constant else rest).append(x)
        self.pos = e.pos
        if len(fixed) >= MANY:
            self._fill_map(e.type, m, fixed, data)
        else:
            rest = fixed + rest
        for x in rest:
            self.order(x.key, x.value_expr)
            key = self.stable(t.key, self.expr_as(x.key, t.key))
            value = self.expr_as(x.value_expr, t.elem)
            self.pos = x.pos
            self.store(t.elem, value, self.map_slot(e.type, m, key))
        return m

    def _fill_map(
        self, of: T.Type, m: Value, entries: list[A.KeyValueExpr], data: StaticData
    ) -> None:
        """A loop over constants."""
        t, n = map_type(of), len(entries)
        keys = data.array([(i, x.key) for i, x in enumerate(entries)], T.Array(t.key, n))
        elems = data.array([(i, x.value_expr) for i, x in enumerate(entries)], T.Array(t.elem, n))
        counter = self.alloca_ir("i64", "i")
        self.emit(f"store i64 0, {counter}")
        fill, filled = self.label("fill"), self.label("filled")
        self.start(fill)
        i = self.ins(f"load i64, {counter}")
        key = self.load(t.key, self.element(t.key, keys, i))
        elem = self.load(t.elem, self.element(t.elem, elems, i))
        self.store(t.elem, elem, self.map_slot(of, m, key))
        after = self.ins(f"add nuw nsw i64 {self.ins(f'load i64, {counter}')}, 1")
        self.emit(f"store i64 {after}, {counter}")
        self.cbr(self.ins(f"icmp ult i64 {after}, {n}"), fill, filled)
        self.start(filled)

    def map_delete(self, t: T.Type, m: Value, key: Value) -> None:
        suffix, words = self._key_args(map_type(t), key)
        self.runtime_call("mapdelete" + suffix, self._descriptor_of(t), m[0], *words)

    def map_clear(self, t: T.Type, m: Value) -> None:
        self.runtime_call("mapclear", self._descriptor_of(t), m[0])

    # ------------------------------------------------------------------ iteration
    def range_map(self, s: A.RangeStmt) -> None:
        t = map_type(s.x.type)
        m = self.expr(s.x)
        hiter = self.module.runtime_type("hiter")
        it = self.alloca(hiter, "iter")
        self.zero(hiter, it)
        self.pos = s.range_pos
        self.runtime_call("mapiterinit", self._descriptor_of(s.x.type), m[0], self.gcptr(it))
        head, inside = self.label("range"), self.label("body")
        cont, exit_ = self.label("next"), self.label("end")
        self.break_to[s], self.continue_to[s] = exit_, cont
        self.start(head)
        key_at = self.ins(f"load {GCPTR}, {self.runtime_field(it, 'hiter', 'key')}")
        self.cbr(self.ins(f"icmp eq {GCPTR} {key_at}, null"), exit_, inside)
        self.start(inside)
        key: Value = ()
        value: Value = ()
        if not is_blank(s.key):
            key = self.stable(t.key, self.load(t.key, f"{GCPTR} {key_at}"))
        if not is_blank(s.value):
            elem_at = self.ins(f"load {GCPTR}, {self.runtime_field(it, 'hiter', 'elem')}")
            value = self.stable(t.elem, self.load(t.elem, f"{GCPTR} {elem_at}"))
        self.bind_range(s, t.key, key, t.elem, value)
        self.block(s.body.stmts)
        self.start(cont)
        self.pos = s.range_pos
        self.runtime_call("mapiternext", self.gcptr(it))
        self.br(head)
        self.start(exit_)
