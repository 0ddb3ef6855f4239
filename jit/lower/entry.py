"""One entry of a session to one LLVM module.

As :func:`gol.jit.lower.module.lower_package`, with what sets entries apart
(:mod:`gol.lang.session`): they share one package, their symbols carry the entry's number,
calls go through cells, and a method may be added to a type whose descriptor another entry
has emitted. A module defines up to three functions for the session to call:

* ``main.methods·N``: exchanges the methods of descriptors with those of today; called again
  it undoes that. The word ``main.exchanged·N`` says whether they are those of today;
* ``main.init·N``: runs initialisers and ``init`` functions;
* ``main.entry·N``: the statements.
"""

from __future__ import annotations

from gol.jit import abi
from gol.jit.constants import sym
from gol.jit.rtypes import TypeTable, type_symbol
from gol.lang import types as T
from gol.lang.lookup import method_set
from gol.lang.objects import Func, Object, Package, Var
from gol.lang.session import Checked, Session
from gol.lang.sizes import offsetsof

from . import inlining
from .globals import InitLowering, lower_globals
from .module import LoweredModule, LowerOptions, ModuleLowering


class EntryTypes(TypeTable):
    def is_elsewhere(self, t: T.Type) -> bool:
        base = t.elem if isinstance(t, T.Pointer) else t
        if isinstance(base, T.Named) and base.obj.pkg is self.module.package:
            return base not in self.module.package.named
        return super().is_elsewhere(t)

    def methods_of(self, t: T.Type) -> str:
        return self._methods(t, f"{type_symbol(t)}·{self.module.number}")  # type: ignore[attr-defined]


class EntryLowering(ModuleLowering):
    type_table = EntryTypes

    def __init__(
        self, session: Session, checked: Checked, runtime: Package, options: LowerOptions
    ) -> None:
        self.session = session
        self.number = checked.number
        self.mine = checked.own()
        super().__init__(session.package, runtime, options)

    def owns(self, obj: Object) -> bool:
        return obj in self.mine

    def var_symbol(self, v: Var) -> str:
        if v.pkg is self.package:
            return self.session.symbols[v]
        return super().var_symbol(v)

    def cell(self, f: Func) -> str:
        """The operand for the variable that f is called through."""
        if f not in self.mine or f.cell in self.session.cells:
            self.declare(f.cell, f"@{sym(f.cell)} = external global ptr")
        return "@" + sym(f.cell)

    def resolve(self, f_name: str, text: str, file: str, line: int) -> str:
        """Tracebacks show names without the entry's number."""
        return super().resolve(f_name.replace(f"·{self.number}", ""), text, file, line)


class EntryInit(InitLowering):
    """The body of ``main.init·N``, or of another function that starts an entry."""

    def __init__(self, module: EntryLowering, pkg: Package, name: str = "init") -> None:
        super().__init__(module, pkg)
        self.name = self.info.name = f"main.{name}·{module.number}"
        self.fa = abi.FuncABI((), ())

    def exchange(self, stale: list[T.Type]) -> None:
        """The body of ``main.methods·N``."""
        flag = f"main.exchanged·{self.module.number}"
        self.module.define(flag, f"@{sym(flag)} = global i64 0, align 8")
        for t in stale:
            self._exchange_methods(t)
        self.runtime_call("itabsforget")
        was = self.ins(f"load i64, ptr @{sym(flag)}")
        self.emit(f"store i64 {self.ins(f'xor i64 {was}, 1')}, ptr @{sym(flag)}")
        self.emit_return([])

    def _exchange_methods(self, t: T.Type) -> None:
        """Of the descriptor of t, which an earlier module holds."""
        module = self.module
        struct = module.runtime_type("_type")
        names = [f.name for f in struct.underlying().fields]
        offset = offsetsof(struct.underlying())[names.index("methods")]
        at = f"getelementptr (i8, ptr {module.types.type_ref(t)}, i64 {offset})"
        table = "{ ptr, i64, i64 }"
        other = f"{type_symbol(t)}·othermethods{module.number}"
        value = module.types.methods_of(t)
        module.define(other, f"@{sym(other)} = internal global {table} {value}, align 8")
        mine, its = (self.ins(f"load {table}, ptr {p}") for p in (f"@{sym(other)}", at))
        self.emit(f"store {table} {mine}, ptr {at}")
        self.emit(f"store {table} {its}, ptr @{sym(other)}")


def lower_entry(
    session: Session, checked: Checked, runtime: Package, options: LowerOptions
) -> LoweredModule:
    """Lower an entry. Check ``options.diags`` afterwards."""
    m = EntryLowering(session, checked, runtime, options)
    pkg = session.package
    for decl in pkg.funcs:
        m.lower_decl(decl)
    init = EntryInit(m, pkg)
    roots, dynamic = lower_globals(m, init, pkg)
    stale = _stale(session, checked)
    if stale:
        methods = EntryInit(m, pkg, "methods")
        methods.exchange(stale)
        m.add_function(methods.result([]))
    if dynamic or pkg.inits:
        init.start_up(dynamic, pkg.inits)
        m.add_function(init.result([]))
    for f in checked.functions():
        if f.cell not in session.cells:
            m.define(f.cell, f"@{sym(f.cell)} = global ptr @{sym(f.link_name)}, align 8")
    m.types.emit_home_types()
    m.types.finish()
    if options.diags:
        return LoweredModule("")
    inlining.decide(m.functions, options.inline)
    if not m.functions and not roots and not pkg.named and not checked.scope.names:
        return LoweredModule("")  # imports alone
    return LoweredModule(m.text(), list(m.functions.values()), {}, roots)


def _stale(session: Session, checked: Checked) -> list[T.Type]:
    """The types of earlier entries whose method sets this entry's methods change."""
    if not checked.grown:
        return []
    own = set(session.package.named)
    new = set(checked.methods)
    out: list[T.Type] = []
    for n in session.named:
        if n in own or isinstance(n.underlying(), T.Interface):
            continue
        out += [t for t in (n, T.Pointer(n)) if any(m.func in new for m in method_set(t))]
    return out


__all__ = ["lower_entry"]
