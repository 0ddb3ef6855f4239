"""The range clause over integers, arrays, slices, strings and channels.

Maps are in maps.py, functions in rangefunc.py. Every form evaluates its operand once and
gives each iteration its own variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T

from .control import Control
from .emit import Value, layout
from .expr import unparen
from .stmt import is_blank


class Ranges(Control):
    def _range(self, s: A.RangeStmt) -> None:
        u = s.x.type.underlying()
        for kind, method in self._RANGE.items():
            if isinstance(u, kind):
                method(self, s)
                return
        self.unsupported(s.pos, f"range over {s.x.type}")

    def bind_range(
        self, s: A.RangeStmt, kt: T.Type, key: Value, vt: Optional[T.Type], value: Value
    ) -> None:
        """Give one iteration's variables their values."""
        pairs: list[tuple[Optional[A.Expr], Optional[T.Type], Value]] = [
            (s.key, kt, key),
            (s.value, vt, value),
        ]
        given = [(x, t, v) for x, t, v in pairs if x is not None and t is not None]
        if s.define:
            for x, t, v in given:
                self._bind(x, t, v)
            return
        places = [self._prepare(x) for x, _, _ in given]
        for place, (_, t, v) in zip(places, given, strict=True):
            place(t, v)

    def counted(
        self, s: A.RangeStmt, ty: str, limit: str, body: Callable[[str], None], signed: bool = True
    ) -> None:
        """A loop from 0 below limit; ``body`` binds the variables for a counter."""
        counter = self.alloca_ir(ty, "i")
        self.emit(f"store {ty} 0, {counter}")
        head, inside = self.label("range"), self.label("body")
        cont, exit_ = self.label("next"), self.label("end")
        self.break_to[s], self.continue_to[s] = exit_, cont
        self.start(head)
        i = self.ins(f"load {ty}, {counter}")
        self.cbr(self.ins(f"icmp {'slt' if signed else 'ult'} {ty} {i}, {limit}"), inside, exit_)
        self.start(inside)
        body(i)
        self.block(s.body.stmts)
        self.start(cont)
        # i < limit held: adding one cannot wrap
        flags = "nuw nsw" if signed else "nuw"
        now = self.ins(f"load {ty}, {counter}")
        self.emit(f"store {ty} {self.ins(f'add {flags} {ty} {now}, 1')}, {counter}")
        self.br(head)
        self.start(exit_)

    def _range_basic(self, s: A.RangeStmt) -> None:
        u = s.x.type.underlying()
        if u.info & T.STRING:
            self._range_string(s)
            return
        t = s.x.type
        if s.define and s.key is not None and not is_blank(s.key):
            obj: Any = s.key.obj  # type: ignore[attr-defined]
            t = obj.type
        n = self.expr_as(s.x, t)[0]
        ub: Any = t.underlying()
        signed = not ub.info & T.UNSIGNED
        ty = layout(t).words[0]
        self.counted(s, ty, n, lambda i: self.bind_range(s, t, (i,), None, ()), signed)

    def _range_elements(self, s: A.RangeStmt) -> None:
        u = s.x.type.underlying()
        if isinstance(u, T.Slice):
            v = self._bytes_view(s.x)
            base, limit, elem = v[0], v[1], u.elem
        else:
            arr = u.elem.underlying() if isinstance(u, T.Pointer) else u
            if not isinstance(arr, T.Array):
                self.unsupported(s.pos, f"range over {s.x.type}")
            elem, limit = arr.elem, str(arr.len)
            base = ""
            if isinstance(u, T.Pointer):
                if not is_blank(s.value) or self.has_call(s.x):
                    base = self.expr(s.x)[0]
                    if not is_blank(s.value) and arr.len:
                        self.nil_check(base, s.x.pos)
            elif not is_blank(s.value):
                base = self.gcptr(self.temp(s.x.type, self.expr(s.x)))
            elif self.has_call(s.x):
                self.expr(s.x)

        def bind(i: str) -> None:
            value: Value = ()
            if not is_blank(s.value):
                value = self.load(elem, self.element(elem, f"{GCPTR} {base}", i))
                if not s.define:
                    value = self.stable(elem, value)
            self.bind_range(s, T.INT, (i,), elem, value)

        self.counted(s, "i64", limit, bind)

    def _bytes_view(self, e: A.Expr) -> Value:
        """The slice to range over; ``[]byte(s)`` is not copied, since nobody can write to
        the copy."""
        x = unparen(e)
        if isinstance(x, A.CallExpr) and x.kind == "conversion" and x not in self.memo:
            t, elem = x.args[0].type.underlying(), x.type.underlying().elem
            if isinstance(t, T.Basic) and t.info & T.STRING and layout(elem).size == 1:
                v = self.expr_as(x.args[0], T.STRING_T)
                return (v[0], v[1], v[1])
        return self.expr(e)

    def _range_string(self, s: A.RangeStmt) -> None:
        v = self.expr_as(s.x, T.STRING_T) if s.x.value is not None else self.expr(s.x)
        at = self.alloca_ir("i64", "at")
        after = self.alloca_ir("i64", "after")
        char = self.alloca_ir("i32", "rune")
        self.emit(f"store i64 0, {at}")
        head, inside = self.label("range"), self.label("rune")
        many, one, body = self.label("decode"), self.label("ascii"), self.label("body")
        cont, exit_ = self.label("next"), self.label("end")
        self.break_to[s], self.continue_to[s] = exit_, cont
        self.start(head)
        i = self.ins(f"load i64, {at}")
        self.cbr(self.ins(f"icmp slt i64 {i}, {v[1]}"), inside, exit_)
        self.start(inside)
        b = self.ins(f"load i8, {self.element(T.UINT8, f'{GCPTR} {v[0]}', i)}")
        self.cbr(self.ins(f"icmp slt i8 {b}, 0"), many, one)
        self.start(one)
        self.emit(f"store i32 {self.ins(f'zext i8 {b} to i32')}, {char}")
        self.emit(f"store i64 {self.ins(f'add nuw nsw i64 {i}, 1')}, {after}")
        self.br(body)
        self.start(many)
        r = self.runtime_call("decoderune", *v, i)
        self.emit(f"store i32 {r[0]}, {char}")
        self.emit(f"store i64 {r[1]}, {after}")
        self.start(body)
        self.bind_range(s, T.INT, (i,), T.RUNE, (self.ins(f"load i32, {char}"),))
        self.block(s.body.stmts)
        self.start(cont)
        self.emit(f"store i64 {self.ins(f'load i64, {after}')}, {at}")
        self.br(head)
        self.start(exit_)

    def _range_chan(self, s: A.RangeStmt) -> None:
        ct: Any = s.x.type.underlying()
        c = self.expr(s.x)[0]
        place = self.alloca(ct.elem, "recv")
        head, inside, exit_ = self.label("range"), self.label("body"), self.label("end")
        self.break_to[s], self.continue_to[s] = exit_, head
        self.start(head)
        self.pos = s.range_pos
        ok = self.runtime_call("chanrecv2", c, self.gcptr(place))[0]
        self.cbr(ok, inside, exit_)
        self.start(inside)
        self.bind_range(s, ct.elem, self.load(ct.elem, place), None, ())
        self.block(s.body.stmts)
        self.br(head)
        self.start(exit_)

    def range_func(self, s: A.RangeStmt) -> None:
        from .rangefunc import range_over_func

        range_over_func(self, s)  # type: ignore[arg-type]

    _RANGE: dict[type, Callable[[Any, Any], None]] = {
        T.Basic: _range_basic,
        T.Slice: _range_elements,
        T.Array: _range_elements,
        T.Pointer: _range_elements,
        T.Chan: _range_chan,
        T.Map: lambda self, s: self.range_map(s),
        T.Signature: lambda self, s: self.range_func(s),
    }


Ranges._STMT = {**Control._STMT, A.RangeStmt: Ranges._range}
