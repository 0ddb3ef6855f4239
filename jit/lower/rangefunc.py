"""Range over a function: the loop's body becomes a function that the iterator calls.

    state, results := new(...)            // shared by loop and body, on the heap
    f(func(k K, v V) bool { body })       // "outer-range1", captures as a literal would
    what the body asked for is done here: return, break or continue of a loop further out

The body answers true to go on, false to stop. What it wants afterwards is a number in
``next``: 0 nothing, RETURN (values in ``results``), BARE (named results as they are), or
1 + an index of ``exits``. ``state`` finds iterators that call the body when they must not.
Requires that escape analysis has moved every variable which the body mentions to the heap.
"""

from __future__ import annotations

from typing import Any, Optional

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.jit.constants import sym
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Var
from gol.lang.walk import walk

from .call import Typed
from .closure import capture_type
from .emit import Value, layout
from .expr import unparen
from .function import FunctionLowering, LoweredFunction

# What runtime.panicrangestate is told.
DONE, READY, PANIC, EXHAUSTED = 0, 1, 2, 3

RETURN, BARE = -1, -2
_STATE, _NEXT, _DEFER = 0, 8, 16  # offsets in the shared object
_SHARED = T.Array(T.INT, 3)

Exit = tuple[str, Any]  # "break", "continue" or "goto", and where to


def range_over_func(outer: FunctionLowering, s: A.RangeStmt) -> None:
    sig = s.x.type.underlying()
    yield_sig = sig.params[0].type.underlying()
    f = outer.expr(s.x)[0]
    shared = outer.runtime_call("newobject", outer.module.type_descriptor(_SHARED))[0]
    outer.nonnull.add(shared)
    outer.emit(f"store i64 {READY}, {at(outer, shared, _STATE)}")
    if any(isinstance(n, A.DeferStmt) for n in walk(s.body)) and outer.may_defer():
        outer.emit(f"store i64 {outer.defer_token()}, {at(outer, shared, _DEFER)}")
    results = outer.range_results or _results_object(outer)
    captures = _captures(outer, s)
    values: list[Typed] = [(T.UNSAFE_POINTER, (shared,)), (T.UNSAFE_POINTER, (results,))]
    values += [outer.capture(v, s.pos) for v in captures]
    body = RangeBody(outer, s, yield_sig, captures)
    outer.module.functions[body.name] = body.lower_body([t for t, _ in values])
    closure = outer.closure_object(f"@{sym(body.name)}", values, False)
    outer.call_closure(sig, f, [(sig.params[0].type, (closure,))], s.range_pos)
    _after(outer, shared, results, body.exits)


def at(fn: FunctionLowering, p: str, offset: int) -> str:
    return fn.offset(f"{GCPTR} {p}", offset)


def _results_object(fn: FunctionLowering) -> str:
    """Room for the results of a return inside the body."""
    types = [v.type for v in fn.return_vars()]
    if not types:
        return "null"
    t = results_type(types)
    return str(fn.runtime_call("newobject", fn.module.type_descriptor(t))[0])


def results_type(types: list[T.Type]) -> T.Struct:
    return T.Struct([Var(f"R{i}", None, 0, t, is_field=True) for i, t in enumerate(types)])


def _captures(outer: FunctionLowering, s: A.RangeStmt) -> list[Var]:
    """The variables of outer that the body uses."""
    found: dict[Var, None] = {}
    for part in (s.body, s.key, s.value):
        for n in walk(part) if part is not None else ():
            v = n.obj if isinstance(n, A.Ident) else None
            if isinstance(v, Var) and (
                v in outer.addr_of or v in outer.value_of or v in outer.slot_of
            ):
                found[v] = None
    return list(found)


def _after(fn: FunctionLowering, shared: str, results: str, exits: list[Exit]) -> None:
    """Behind the iterator's call: check that it let panics pass, do what was asked."""
    state = fn.ins(f"load i64, {at(fn, shared, _STATE)}")
    fn.emit(f"store i64 {EXHAUSTED}, {at(fn, shared, _STATE)}")
    bad, ok = fn.panic_block("panicrangestate", "i64 4"), fn.label()
    fn.cbr(fn.ins(f"icmp eq i64 {state}, {PANIC}"), bad, ok, "unlikely")
    fn.start(ok)
    asked = fn.ins(f"load i64, {at(fn, shared, _NEXT)}")
    arms: list[tuple[int, Any]] = [(RETURN, None), (BARE, None)]
    arms += [(i + 1, e) for i, e in enumerate(exits)]
    for code, leave in arms:
        there, on = fn.label("exit"), fn.label("on")
        fn.cbr(fn.ins(f"icmp eq i64 {asked}, {code}"), there, on)
        fn.start(there)
        if leave is None:
            fn.leave_returning(None if code == BARE else results)
        else:
            fn.jump(*leave)
        fn.start(on)


class RangeBody(FunctionLowering):
    def __init__(
        self, outer: FunctionLowering, s: A.RangeStmt, sig: T.Signature, captures: list[Var]
    ) -> None:
        name = outer.module.range_name(outer)
        info = A.FuncInfo(name, sig, s.body, outer.info, None)
        info.pos, info.end = s.pos, s.body.rbrace
        super().__init__(outer.module, info, outer.declared_mode, name)
        self.outer = outer
        self.loop = s
        self.sig = sig
        self.captured_vars = captures
        self.exits: list[Exit] = []
        self.shared = ""
        self.own_labels = {n.label.name for n in walk(s.body) if isinstance(n, A.LabeledStmt)}

    def lower_body(self, types: list[T.Type]) -> LoweredFunction:
        self._find_gotos(self.info.body)
        self.fa = abi.func_value_abi(self.sig)
        self.context = "%ctx"
        self.nonnull.add("%ctx")
        params = [f"{GCPTR} nest %ctx"]
        values: list[Value] = []
        for p in self.fa.params:
            n = len(params)
            params += [f"{w.param} %a{n + i}" for i, w in enumerate(p.words)]
            values.append(tuple(f"%a{n + i}" for i in range(len(p.words))))
        self._bind_shared(types)
        self._enter()
        kinds: list[Optional[T.Type]] = [p.type for p in self.sig.params]
        kinds += [None, None]
        values += [(), ()]
        self._bind_iteration(kinds[:2], values[:2])
        assert self.info.body is not None
        self.block(self.info.body.stmts)
        self.pos = self.info.end
        self._answer(True)
        return self.result(params)

    def _bind_shared(self, types: list[T.Type]) -> None:
        places = self.captured(types)
        self.shared = self.load(types[0], places[0])[0]
        self.range_results = self.load(types[1], places[1])[0]
        self.nonnull.add(self.shared)
        for v, place in zip(self.captured_vars, places[2:], strict=True):
            if not v.captured_by_value:
                p = self.load(T.Pointer(v.type), place)[0]
                self.nonnull.add(p)
                self.addr_of[v] = f"{GCPTR} {p}"
            elif layout(capture_type(v)).by_ref:
                self.addr_of[v] = place
            else:
                self.value_of[v] = self.load(v.type, place)

    def _enter(self) -> None:
        state = self.ins(f"load i64, {at(self, self.shared, _STATE)}")
        bad, ok = self.panic_block("panicrangestate", f"i64 {state}"), self.label()
        self.cbr(self.ins(f"icmp eq i64 {state}, {READY}"), ok, bad, "likely")
        self.start(ok)
        self.emit(f"store i64 {PANIC}, {at(self, self.shared, _STATE)}")

    def _bind_iteration(self, types: list[Optional[T.Type]], values: list[Value]) -> None:
        key = types[0] if types[0] is not None else T.INT
        if types[0] is not None:
            self.bind_range(self.loop, key, values[0], types[1], values[1])

    # ------------------------------------------------------------------- leaving
    def _answer(self, more: bool, asked: int = 0) -> None:
        """Return from the body's function."""
        if self.dead:
            return
        if asked:
            self.emit(f"store i64 {asked}, {at(self, self.shared, _NEXT)}")
        self.emit(f"store i64 {READY if more else DONE}, {at(self, self.shared, _STATE)}")
        self.emit_return([("true" if more else "false",)])

    def return_vars(self) -> list[Var]:
        return self.outer.return_vars()

    def finish(self, values: Optional[list[Value]]) -> None:
        if values is None:
            self._answer(False, BARE)
            return
        types = [v.type for v in self.return_vars()]
        if types:
            t = results_type(types)
            for i, v in enumerate(values):
                place = self.walk_fields(t, f"{GCPTR} {self.range_results}", (), [i], 0, True)[1]
                self.store(types[i], v, place)
        self._answer(False, RETURN)

    def leave_returning(self, results: Optional[str]) -> None:
        self._answer(False, BARE if results is None else RETURN)

    def jump(self, kind: str, target: Any) -> None:
        if target is self.loop and kind != "goto":
            self._answer(kind == "continue")
            return
        if kind == "goto":
            mine = target in self.own_labels
        else:
            mine = target in (self.break_to if kind == "break" else self.continue_to)
        if mine:
            super().jump(kind, target)
            return
        if (kind, target) not in self.exits:
            self.exits.append((kind, target))
        self._answer(False, self.exits.index((kind, target)) + 1)

    def may_defer(self) -> bool:
        return self.outer.may_defer()

    def defer_token(self) -> str:
        return self.ins(f"load i64, {at(self, self.shared, _DEFER)}")

    def defer_stmt(self, s: A.DeferStmt) -> None:
        """The call is made when the function around the loop returns."""
        call = unparen(s.call)
        assert isinstance(call, A.CallExpr)
        fn = self.plain_closure(call)
        if fn is None:
            fn = self.thunk(call, False)[0]
        self.pos = s.pos
        deferred = self.new_object(self.module.runtime_type("deferred"), False)
        place = self.runtime_field(f"{GCPTR} {deferred}", "deferred", "fn")
        self.emit(f"store {GCPTR} {fn}, {place}")
        self.runtime_call("deferinto", self.defer_token(), deferred)


__all__ = ["RangeBody", "range_over_func"]
