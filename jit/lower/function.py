"""One function body: prologue, parameters, results, and the text that comes out.

:class:`FunctionLowering` puts the parts of lowering together. Requires a checked and
escape-analysed FuncInfo; :meth:`FunctionLowering.lower` gives a :class:`LoweredFunction`
whose text still holds position markers ``!@pos@`` (calls) and ``!@likely@`` (branches),
which the module resolves.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Optional

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.jit.constants import sym
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Var
from gol.lang.record import field, record
from gol.lang.walk import walk

from .closure import Closures
from .core import INLINE, MANAGED, NOSPLIT, SYSTEM, BeyondLimit, Unsupported
from .defers import Defers
from .emit import Value, layout
from .iface import Interfaces

# Attribute groups, the same in every module: inlined IR refers to them by number.
ATTRIBUTES = (
    '"split-stack" "frame-pointer"="none" nounwind',  # 0 managed
    '"split-stack" "frame-pointer"="none" nounwind alwaysinline',  # 1 managed, to inline
    '"split-stack" "frame-pointer"="none" nounwind noinline',  # 2 managed, not to inline
    '"gol-system" "frame-pointer"="none" nounwind',  # 3 system
    '"gc-leaf-function" "gol-nosplit" "frame-pointer"="none" nounwind',  # 4 nosplit
    "cold noreturn nounwind",  # 5 calls that fail
    '"gc-leaf-function" nounwind',  # 6 assembly
    '"gol-nosplit" "frame-pointer"="none" nounwind alwaysinline',  # 7 inline
    '"split-stack" "gol-wrapper" "frame-pointer"="none" nounwind',  # 8 wrappers
    '"no-realign-stack" "frame-pointer"="none" nounwind noinline',  # 9 managed, unchecked
)
GC = ' gc "statepoint-example"'

Body = Callable[[Any, list[Value]], list[Value]]

_HEAD_ATTR = {MANAGED: "#0" + GC, SYSTEM: "#3", NOSPLIT: "#4", INLINE: "#7"}

_re_callee = re.compile(r'call [^@]*?@("[^"]*")\(')


@record()
class LoweredFunction:
    name: str
    text: str  # the whole definition, with markers; "{attr}" where the attributes stand
    mode: str
    file: str
    line: int
    pos: int
    cost: int = 0  # instructions, roughly
    callees: list[str] = field(default_factory=list)
    may_inline: bool = False
    inline: bool = False
    wrapper: bool = False
    symbol: str = ""  # where it is not the name
    shown: str = ""  # the name in tracebacks, where it is another
    unchecked: bool = False  # managed, but its caller has checked the stack for it


class FunctionLowering(Defers, Closures, Interfaces):
    def __init__(self, module: Any, info: A.FuncInfo, mode: str, name: str = "") -> None:
        super().__init__(module)
        self.info = info
        self.name = name or info.name
        self.declared_mode = mode
        # inline bodies are written once for all callers: no panics, no allocation
        self.mode = NOSPLIT if mode == INLINE else mode
        self.escapes = module.escapes
        self.checks_nil = self.mode == MANAGED
        self.addr_of = {}
        self.value_of = {}
        self.slot_of = {}
        self.memo = {}
        self.multi_memo = {}
        self.appended = set()
        self.calls_in = {}
        self.code_of = {}
        self.nonnull: set[str] = set()
        self.break_to = {}
        self.continue_to = {}
        self.labels = {}
        self.fall_to = []
        self.context = ""
        self.out_pointer = ""
        self.range_results = ""  # in the body of a range over a function: see rangefunc.py
        self.goto_labels: set[str] = set()
        self.has_goto = False
        self.pos = info.pos

    # ------------------------------------------------------------------- the body
    def lower(self) -> LoweredFunction:
        info = self.info
        self._find_gotos(info.body)
        self.fa = abi.abi_of(
            info.sig, recv=info.recv.type if info.recv is not None else None,
            context=bool(info.captures),
        )  # fmt: skip
        params: list[str] = []
        try:
            params = self._params()
            if info.captures:
                self.bind_captures()
            self._results()
            if info.has_defer:
                self.defer_prologue()
            assert info.body is not None
            self.block(info.body.stmts)
            if not self.dead:
                self.pos = info.end or info.pos
                self.fall_off()
            if info.has_defer:
                self.defer_epilogue()
            self.check_frame()
        except (BeyondLimit, Unsupported) as u:
            self.module.refuse(u.pos, u.what)
        return self.result(params)

    def fall_off(self) -> None:
        """The end of the body is reached: return if there are no results to give."""
        if not self.info.results:
            self.finish([])
        elif self.info.has_defer:
            self.finish(None)
        else:
            self.unreachable()

    def _find_gotos(self, body: Optional[A.BlockStmt]) -> None:
        if body is None:
            return
        for n in walk(body):
            if n.__class__ is A.BranchStmt and n.tok == "goto" and n.label is not None:
                self.goto_labels.add(n.label.name)
                self.has_goto = True

    def _params(self) -> list[str]:
        """Bind receiver and parameters; the LLVM parameter list."""
        out: list[str] = []
        if self.fa.context:
            self.context = "%ctx"
            out.append(f"{GCPTR} nest %ctx")
            self.nonnull.add("%ctx")
        if self.fa.out:
            self.out_pointer = "%out"
            out.append(f"{GCPTR} %out")
            self.nonnull.add("%out")
        info = self.info
        vars_ = ([info.recv] if info.recv is not None else []) + info.params
        n = 0
        for v, p in zip(vars_, self.fa.params, strict=True):
            words = []
            for w in p.words:
                words.append(f"%a{n}")
                out.append(f"{w.param} %a{n}")
                n += 1
            self._bind_param(v, tuple(words), p.by_ref)
        return out

    def _bind_param(self, v: Var, words: tuple[str, ...], by_ref: bool) -> None:
        if v.name in ("_", "") and not v.heap:
            return
        if by_ref and not self.on_heap(v):
            self.nonnull.add(words[0])
            self.addr_of[v] = f"{GCPTR} {words[0]}"
            return
        self.declare_var(v, words)

    def _results(self) -> None:
        for v in self.info.results:
            named = v.name not in ("", "_")
            if v.heap or named or self.info.has_defer:
                self._declare_result(v)

    def _declare_result(self, v: Var) -> None:
        if self.on_heap(v):
            self.addr_of[v] = f"{GCPTR} {self.new_object(v.type, False)}"
        else:
            a = self.alloca(v.type, "res.")
            self.addr_of[v] = a
            self.zero(v.type, a)

    def is_by_ref(self, t: T.Type) -> bool:
        return layout(t).by_ref

    def synthesize(self, fa: abi.FuncABI, body: Body) -> LoweredFunction:
        """A function that the compiler makes up: ``body`` gets the parameters' values
        (receiver first) and gives the results."""
        self.fa = fa
        params: list[str] = []
        if fa.context:
            self.context = "%ctx"
            params.append(f"{GCPTR} nest %ctx")
        if fa.out:
            self.out_pointer = "%out"
            params.append(f"{GCPTR} %out")
        values: list[Value] = []
        for p in fa.params:
            at = len(params)
            params += [f"{w.param} %a{at + i}" for i, w in enumerate(p.words)]
            values.append(tuple(f"%a{at + i}" for i in range(len(p.words))))
        self.nonnull.update(("%ctx", "%out"))
        try:
            self.emit_return(body(self, values))
        except (BeyondLimit, Unsupported) as u:
            self.module.refuse(u.pos, u.what)
        f = self.result(params)
        f.text = f.text.replace("define ", "define linkonce_odr ", 1)
        f.file, f.line = "<autogenerated>", 1
        f.wrapper, f.may_inline = True, False
        return f

    # ------------------------------------------------------------------- the text
    def result(self, params: list[str]) -> LoweredFunction:
        head = f"define {self.fa.ret_attr}{self.fa.ret} @{sym(self.name)}({', '.join(params)})"
        body = [*self.entry, *self.out, *self.cold]
        callees = [m.group(1) for line in body for m in [_re_callee.search(line)] if m]
        file, line = self.module.place(self.info.pos)
        text = "\n".join([f"{head} {{attr}} !dbg !@sub@ {{", "entry:", *body, "}"])
        directives = self.info.func.directives if self.info.func is not None else []
        may = (
            self.declared_mode == MANAGED
            and not self.info.has_defer
            and not self.info.has_recover
            and not self.context
            and "go:noinline" not in directives
        )
        return LoweredFunction(
            self.name, text, self.declared_mode, file, line, self.info.pos,
            cost=len(self.out) + len(self.cold) // 3, callees=callees, may_inline=may,
        )  # fmt: skip


def attributes(f: LoweredFunction) -> str:
    if f.mode == MANAGED:
        if f.unchecked:
            return "#9" + GC
        if f.wrapper:
            return "#8" + GC
        if f.inline:
            return "#1" + GC
        return ("#0" if f.may_inline else "#2") + GC
    return _HEAD_ATTR[f.mode]


__all__ = ["ATTRIBUTES", "FunctionLowering", "LoweredFunction", "attributes"]
