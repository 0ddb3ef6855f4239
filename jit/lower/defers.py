"""defer and recover (docs/defer.md).

A function that defers has a ``runtime._defer`` in its frame. Its prologue calls
``runtime.deferenter``, which returns a second time, with 1, after a recovery. From then on
no SSA value of before can be trusted, only memory: the results, and *slots* for the
pointers to results in the heap and for the out pointer. Every return stores its results
and goes to one exit block, which makes the deferred calls, loads the results and returns;
so does the second return of deferenter. To keep LLVM from promoting these variables, their
addresses are stored in the _defer.
"""

from __future__ import annotations

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.jit.target import G, thread_word
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Var
from gol.lang.walk import children

from .emit import Value, layout
from .expr import unparen
from .maps import Maps

_POINTERS = f"{{ {GCPTR}, {GCPTR}, {GCPTR} }}"  # what a _defer begins with
_NILADIC = T.Signature([], [])

# With more defer statements than this all records of a function lie in the heap: each record
# in the frame is an object in every map of the function.
MAX_IN_FRAME = 8


class Defers(Maps):
    defer_record: str  # the address of the _defer
    defer_exit: str  # the label of the exit block
    defer_slots: list[tuple[Var | None, str]]  # result (None: out pointer), its slot
    defers_once: set[A.DeferStmt]  # made at most once per activation
    defers_known: list[tuple[str, str, str]]  # of these: deferred, code, closure in the frame
    defers_all_known: bool
    last_object: tuple[str, str]  # set where a closure object is made

    def defer_prologue(self) -> None:
        assert self.info.body is not None
        self.defers_once = set()
        self.defers_known = []
        self.defers_all_known = True
        if not self.has_goto:
            _outside_loops(self.info.body, self.defers_once)
        if len(self.defers_once) > MAX_IN_FRAME:
            self.defers_once.clear()
        self.defer_exit = self.label("exit")
        record = self.module.runtime_type("_defer")
        self.defer_record = self.alloca_ir(layout(record).mem, "defer")
        self.entry.append(f"  store {_POINTERS} zeroinitializer, {self.defer_record}")
        self._make_slots()
        again = self.runtime_call("deferenter", self.gcptr(self.defer_record))[0]
        first = self.label("body")
        self.cbr(self.ins(f"icmp eq i64 {again}, 0"), first, self.defer_exit, "likely")
        self.start(first)

    def _make_slots(self) -> None:
        self.defer_slots = []
        for v in self.info.results:
            if v.heap:
                self._slot(v, self.gcptr(self.addr_of[v]))
            else:
                self._expose(self.addr_of[v])
        if self.fa.out:
            self._slot(None, self.out_pointer)

    def _slot(self, v: Var | None, pointer: str) -> None:
        at = self.alloca_ir(GCPTR, "slot")
        self.emit(f"store {GCPTR} {pointer}, {at}")
        self._expose(at)
        self.defer_slots.append((v, at))

    def _expose(self, addr: str) -> None:
        slots = self.runtime_field(self.defer_record, "_defer", "slots")
        self.emit(f"store {GCPTR} {self.gcptr(addr)}, {slots}")

    # ------------------------------------------------------------------ statements
    def defer_stmt(self, s: A.DeferStmt) -> None:
        call = unparen(s.call)
        assert isinstance(call, A.CallExpr)
        once = s in self.defers_once
        fn = self.plain_closure(call)
        if fn is None:
            fn = self.thunk(call, once)[0]
        self.pos = s.pos
        kind = self.module.runtime_type("deferred")
        deferred = self.alloca(kind, "def") if once else f"{GCPTR} {self.new_object(kind, False)}"
        head = self.runtime_field(self.defer_record, "_defer", "calls")
        link = self.ins(f"load {GCPTR}, {head}")
        self.emit(f"store {GCPTR} {link}, {self.runtime_field(deferred, 'deferred', 'link')}")
        self.emit(f"store {GCPTR} {fn}, {self.runtime_field(deferred, 'deferred', 'fn')}")
        self.emit(f"store {deferred}, {head}")
        code, closure = self.last_object
        if once and fn == closure and fn.startswith("%clos"):  # the object is in the frame
            self.defers_known.append((deferred, code, closure))
        else:
            self.defers_all_known = False

    def may_defer(self) -> bool:
        return self.info.has_defer

    def defer_token(self) -> str:
        """What names this function's _defer in the body of a range over a function."""
        self.defers_all_known = False
        return self.runtime_call("defertoken", self.gcptr(self.defer_record))[0]

    def defer_return(self) -> None:
        self.br(self.defer_exit)

    def defer_epilogue(self) -> None:
        """The exit block, behind the body."""
        self.start(self.defer_exit)
        self.pos = self.info.end or self.info.pos
        self._make_calls()
        for v, at in self.defer_slots:
            if v is None:
                self.out_pointer = self.ins(f"load {GCPTR}, {at}")
            elif v.heap:
                self.addr_of[v] = f"{GCPTR} {self.ins(f'load {GCPTR}, {at}')}"
        self.emit_return([self.result_value(r) for r in self.info.results])

    def _make_calls(self) -> None:
        """Take the deferred calls off one by one and make them; then unlink the _defer."""
        for known in reversed(self.defers_known):
            self._make_known(*known)
        if not self.defers_all_known:
            self._make_others()
        g = self.ins(f"load ptr, {thread_word(G)}")
        link = self.ins(f"load {GCPTR}, {self.defer_record}")
        at = self.runtime_field(f"ptr {g}", "g", "_defer")
        self.emit(f"store {GCPTR} {link}, {at}")

    def _make_known(self, deferred: str, code: str, closure: str) -> None:
        """Make a deferred call of this function's own frame, if it is the next: its code is
        known, so nothing has to be loaded before it is called."""
        own, on = self.label("own"), self.label("on")
        head = self.runtime_field(self.defer_record, "_defer", "calls")
        c = self.ins(f"load {GCPTR}, {head}")
        self.cbr(self.ins(f"icmp eq {GCPTR} {c}, {self.gcptr(deferred)}"), own, on)
        self.start(own)
        link = self.ins(f"load {GCPTR}, {self.runtime_field(deferred, 'deferred', 'link')}")
        self.emit(f"store {GCPTR} {link}, {head}")
        self.call_code(abi.FuncABI((), (), True), code, [], context=closure)
        self.start(on)

    def _make_others(self) -> None:
        loop, more, done = self.label("loop"), self.label("more"), self.label("done")
        self.start(loop)
        head = self.runtime_field(self.defer_record, "_defer", "calls")
        c = self.ins(f"load {GCPTR}, {head}")
        self.cbr(self.ins(f"icmp eq {GCPTR} {c}, null"), done, more)
        self.start(more)
        link = self.ins(f"load {GCPTR}, {self.runtime_field(f'{GCPTR} {c}', 'deferred', 'link')}")
        self.emit(f"store {GCPTR} {link}, {head}")
        fn = self.ins(f"load {GCPTR}, {self.runtime_field(f'{GCPTR} {c}', 'deferred', 'fn')}")
        self.call_closure(_NILADIC, fn, [], self.pos)
        self.br(loop)
        self.start(done)

    def recover_value(self) -> Value:
        return self.runtime_call("gorecover")


def _outside_loops(n: A.Node, out: set[A.DeferStmt]) -> None:
    if isinstance(n, A.DeferStmt):
        out.add(n)
    elif not isinstance(n, (A.ForStmt, A.RangeStmt, A.FuncLit)):
        for c in children(n):
            _outside_loops(c, out)
