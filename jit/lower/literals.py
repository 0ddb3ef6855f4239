"""Composite literals: as words, in place, or copied from static data; new objects.

A literal of few words is a value; larger ones are built where they will live. Elements are
evaluated in order; long runs of constants become read-only data that is copied.
"""

from __future__ import annotations

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.ast import unparen
from gol.lang.sizes import offsetsof

from .core import SYSTEM
from .emit import Value, count_words, layout
from .ops import Operators
from .staticdata import MANY, StaticData


class Literals(Operators):
    def _composite(self, e: A.CompositeLit) -> Value:
        u = e.type.underlying()
        if isinstance(u, T.Pointer):  # elided &T
            return (self.literal_object(e, u.elem, self.escapes.on_stack(e)),)
        if isinstance(u, T.Map):
            return self.map_literal(e)
        if isinstance(u, T.Slice):
            return self._slice_literal(e, u)
        if layout(e.type).by_ref:
            return (self.gcptr(self.temp_literal(e)),)
        members, _ = self.members(e, u)
        self.order(*(x for _, x in members))
        given = dict(members)
        out: list[str] = []
        types = self._member_types(u)
        for i, mt in enumerate(types):
            x = given.get(i)
            v = self.expr_as(x, mt) if x is not None else self.zero_value(mt)
            out += self.as_member(mt, v)
        return tuple(out)

    def _member_types(self, u: T.Type) -> list[T.Type]:
        if isinstance(u, T.Struct):
            return [f.type for f in u.fields]
        assert isinstance(u, T.Array)
        return [u.elem] * u.len

    def members(self, e: A.CompositeLit, u: T.Type) -> tuple[list[tuple[int, A.Expr]], int]:
        """(index, expression) of each element given, and the length of a slice literal."""
        out: list[tuple[int, A.Expr]] = []
        if isinstance(u, T.Struct):
            names = {f.name: i for i, f in enumerate(u.fields)}
            for i, x in enumerate(e.elts):
                if isinstance(x, A.KeyValueExpr):
                    assert isinstance(x.key, A.Ident)
                    out.append((names[x.key.name], x.value_expr))
                else:
                    out.append((i, x))
            return out, len(u.fields)
        at = high = 0
        for x in e.elts:
            if isinstance(x, A.KeyValueExpr):
                at = int(x.key.value)
                x = x.value_expr
            out.append((at, x))
            at += 1
            high = max(high, at)
        return out, high

    def temp_literal(self, e: A.CompositeLit) -> str:
        a = self.alloca(e.type, "lit")
        self.fill(e, e.type, a, False)
        return a

    def literal_object(self, e: A.CompositeLit, t: T.Type, on_stack: bool) -> str:
        """``&T{...}``: a gcptr operand."""
        self.order_members(e, t)
        p = self.new_object(t, on_stack)
        if isinstance(t.underlying(), (T.Struct, T.Array)):
            self.fill(e, t, f"{GCPTR} {p}", True)
        else:
            saved, e.type = e.type, t
            self.store(t, self._composite(e), f"{GCPTR} {p}")
            e.type = saved
        return p

    def order_members(self, e: A.CompositeLit, t: T.Type) -> None:
        if isinstance(t.underlying(), (T.Struct, T.Array)):
            self.order(*(x for _, x in self.members(e, t.underlying())[0]))

    def fill(self, e: A.CompositeLit, t: T.Type, addr: str, zeroed: bool) -> None:
        """Build a struct or array literal in place."""
        u = t.underlying()
        members, _ = self.members(e, u)
        self.order(*(x for _, x in members))
        types = self._member_types(u) if isinstance(u, T.Struct) else []
        if not zeroed and len(members) < (len(types) if types else u.len):  # type: ignore
            self.zero(t, addr)
        offsets = offsetsof(u) if isinstance(u, T.Struct) else []
        if isinstance(u, T.Array) and self._fill_constants(members, u, addr):
            return
        for i, x in members:
            if isinstance(u, T.Struct):
                self.into(x, types[i], self.offset(addr, offsets[i]))
            else:
                assert isinstance(u, T.Array)
                self.into(x, u.elem, self.offset(addr, i * layout(u.elem).size))

    def _fill_constants(
        self, members: list[tuple[int, A.Expr]], u: T.Array, addr: str
    ) -> bool:
        """A long array of constants is copied from static data."""
        data = StaticData(self.module, self)
        if len(members) < MANY or not data.are_constant(members, u):
            return False
        size, pointers = str(layout(u).size), layout(u.elem).pointers
        self.move_bytes(addr, data.array(members, u), size, pointers)
        return True

    def into(self, e: A.Expr, t: T.Type, addr: str) -> None:
        x = unparen(e)
        if (
            isinstance(x, A.CompositeLit)
            and isinstance(x.type.underlying(), (T.Struct, T.Array))
            and not isinstance(t.underlying(), T.Interface)
            and (layout(t).by_ref or count_words(t, 2) > 2)
        ):
            self.fill(x, t, addr, False)
            return
        self.store(t, self.expr_as(x, t), addr)

    def _slice_literal(self, e: A.CompositeLit, u: T.Slice) -> Value:
        members, n = self.members(e, u)
        if n == 0:
            return (self.module.zerobase(), "0", "0")
        self.order(*(x for _, x in members))
        arr = T.Array(u.elem, n)
        if n == len(members) == 1 and not layout(u.elem).by_ref:
            # the element first: of literals nested deeply only one is then alive at a time
            v = self.expr_as(members[0][1], u.elem)
            p = self.new_object(arr, self.escapes.on_stack(e))
            self.store(u.elem, v, f"{GCPTR} {p}")
            return (p, "1", "1")
        p = self.new_object(arr, self.escapes.on_stack(e))
        addr = f"{GCPTR} {p}"
        if not self._fill_constants(members, arr, addr):
            size = layout(u.elem).size
            for i, x in members:
                self.into(x, u.elem, self.offset(addr, i * size))
        return (p, str(n), str(n))

    def new_object(self, t: T.Type, on_stack: bool) -> str:
        if layout(t).size == 0:
            return self.module.zerobase()
        if on_stack or self.mode != "managed":
            if not on_stack and self.mode == SYSTEM:
                self.unsupported(self.pos, "heap allocation in runtime code")
            a = self.alloca(t, "obj")
            self.zero(t, a)
            p = self.gcptr(a)
        else:
            p = self.runtime_call("newobject", self.module.type_descriptor(t))[0]
        self.nonnull.add(p)
        return p
