"""defer and recover (docs/defer.md).

A function that defers has a ``runtime._defer`` in its frame. Its prologue calls
``runtime.deferenter``, which returns a second time, with 1, after a recovery. From then on
only what lies in memory can be trusted: the results, the pointers to results in the heap
and the out pointer therefore live in one frame object, the *slots*, whose address the
_defer holds. Every return stores its results there and goes to one exit block, which makes
the deferred calls, loads the results and returns; so does the second return of deferenter.
"""

from __future__ import annotations

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Var
from gol.lang.sizes import offsetsof
from gol.lang.walk import children

from .emit import Value
from .expr import unparen
from .maps import Maps

_CALLS, _SLOTS = 8, 16  # offsets in runtime._defer
_LINK, _FN = 0, 8  # offsets in runtime.deferred


class Defers(Maps):
    defer_record: str  # the address of the _defer
    defer_exit: str  # the label of the exit block
    defer_slots: list[tuple[Var | None, str]]  # result (None: out pointer), its slot
    defers_once: set[A.DeferStmt]  # made at most once per activation

    def defer_prologue(self) -> None:
        assert self.info.body is not None
        self.defers_once = set()
        if not self.has_goto:
            _outside_loops(self.info.body, self.defers_once)
        self.defer_exit = self.label("exit")
        record = self.module.runtime_type("_defer")
        self.defer_record = self.alloca(record, "defer")
        self._make_slots()
        again = self.runtime_call("deferenter", self.gcptr(self.defer_record))[0]
        first = self.label("body")
        self.cbr(self.ins(f"icmp eq i64 {again}, 0"), first, self.defer_exit, "likely")
        self.start(first)

    def _make_slots(self) -> None:
        """Move the results into the slots."""
        kinds: list[tuple[Var | None, T.Type]] = [
            (v, T.Pointer(v.type) if v.heap else v.type) for v in self.info.results
        ]
        if self.fa.out:
            kinds.append((None, T.UNSAFE_POINTER))
        self.defer_slots = []
        if not kinds:
            return
        t = T.Struct([Var(f"r{i}", None, 0, k, is_field=True) for i, (_, k) in enumerate(kinds)])
        slots = self.alloca(t, "slots")
        self.zero(t, slots)
        self.emit(
            f"store {GCPTR} {self.gcptr(slots)}, {self.offset(self.defer_record, _SLOTS)}"
        )
        for (v, k), off in zip(kinds, offsetsof(t), strict=True):
            at = self.offset(slots, off)
            self.defer_slots.append((v, at))
            if v is None:
                self.emit(f"store {GCPTR} {self.out_pointer}, {at}")
            elif v.heap:
                self.emit(f"store {GCPTR} {self.gcptr(self.addr_of[v])}, {at}")
            else:
                self.addr_of[v] = at
            del k

    # ------------------------------------------------------------------ statements
    def defer_stmt(self, s: A.DeferStmt) -> None:
        call = unparen(s.call)
        assert isinstance(call, A.CallExpr)
        once = s in self.defers_once
        fn = self.plain_closure(call)
        if fn is None:
            fn = self.thunk(call, once)[0]
        self.pos = s.pos
        deferred = f"{GCPTR} {self.new_object(self.module.runtime_type('deferred'), once)}"
        head = self.offset(self.defer_record, _CALLS)
        link = self.ins(f"load {GCPTR}, {head}")
        self.emit(f"store {GCPTR} {link}, {self.offset(deferred, _LINK)}")
        self.emit(f"store {GCPTR} {fn}, {self.offset(deferred, _FN)}")
        self.emit(f"store {deferred}, {head}")

    def defer_return(self) -> None:
        self.br(self.defer_exit)

    def defer_epilogue(self) -> None:
        """The exit block, behind the body."""
        self.start(self.defer_exit)
        self.pos = self.info.end or self.info.pos
        self.runtime_call("deferreturn", self.gcptr(self.defer_record))
        for v, at in self.defer_slots:
            if v is None:
                self.out_pointer = self.ins(f"load {GCPTR}, {at}")
            elif v.heap:
                self.addr_of[v] = f"{GCPTR} {self.ins(f'load {GCPTR}, {at}')}"
        self.emit_return([self.result_value(r) for r in self.info.results])

    def recover_value(self) -> Value:
        return self.runtime_call("gorecover")


def _outside_loops(n: A.Node, out: set[A.DeferStmt]) -> None:
    if isinstance(n, A.DeferStmt):
        out.add(n)
    elif not isinstance(n, (A.ForStmt, A.RangeStmt, A.FuncLit)):
        for c in children(n):
            _outside_loops(c, out)
