"""One package to one LLVM module: symbols, positions, inlining, assembly of the text.

:func:`lower_package` requires a checked package and its escape analysis, and gives a
:class:`LoweredModule` (or diagnostics for what is not supported). Definitions and
declarations are kept by symbol, in the order in which they were first needed. Function
texts carry markers (see :mod:`gol.jit.lower.function`) that are replaced by metadata here.
"""

from __future__ import annotations

import re
from typing import Any, Optional

from gol.jit import abi, sharedlib, target
from gol.jit.abi import GCPTR
from gol.jit.constants import cstring, sym
from gol.jit.rtypes import TypeTable
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.diagnostics import Diagnostics
from gol.lang.export import BODYLESS
from gol.lang.foreign import Foreign, directive_of, foreign_of
from gol.lang.objects import Const, Func, Object, Package, Var
from gol.lang.record import field, record
from gol.lang.sizes import offsetsof

from . import inlining
from .core import INLINE, MANAGED, NOSPLIT, SYSTEM, Unsupported
from .emit import layout
from .foreign import lower_foreign
from .function import ATTRIBUTES, Body, FunctionLowering, LoweredFunction, attributes
from .inlining import InlineFunction
from .intrinsics import INTRINSICS

_re_marker = re.compile(r"!@([a-z0-9:]+)@")


@record()
class LoweredModule:
    ir: str  # without target header
    functions: list[LoweredFunction] = field(default_factory=list)
    inline: dict[str, InlineFunction] = field(default_factory=dict)
    roots: list[tuple[str, int, tuple[int, ...]]] = field(default_factory=list)
    system: list[str] = field(default_factory=list)  # symbols that need a $sys stub



@record()
class LowerOptions:
    diags: Diagnostics
    escapes: Any
    inline: bool = True
    imported: dict[str, InlineFunction] = field(default_factory=dict)


def mode_of(f: Func) -> str:
    """The kind of function that f is (docs/hacking.md)."""
    if f.pkg is None or f.pkg.path != "runtime":
        return MANAGED
    for d, mode in (("gol:managed", MANAGED), ("gol:nosplit", NOSPLIT), ("gol:inline", INLINE)):
        if d in f.directives:
            return mode
    if BODYLESS in f.directives or (f.decl is not None and f.decl.body is None):
        return NOSPLIT  # assembly
    return SYSTEM


class ModuleLowering:
    type_table = TypeTable

    def __init__(self, pkg: Package, runtime: Package, options: LowerOptions) -> None:
        self.package = pkg
        self.runtime = runtime
        self.options = options
        self.diags = options.diags
        self.escapes = options.escapes
        self._defs: dict[str, str] = {}
        self._decls: dict[str, str] = {}
        self._intrinsics: dict[str, str] = {}
        self._strings: dict[str, str] = {}
        self._cells: dict[str, str] = {}
        self._ranges: dict[str, int] = {}
        self._runtime_abis: dict[Func, abi.FuncABI] = {}
        self.functions: dict[str, LoweredFunction] = {}
        self.imports: dict[str, InlineFunction] = {}
        self.metadata: list[str] = []
        self.asm: list[str] = []
        self._files: dict[str, int] = {}
        self.types = self.type_table(self)
        from .wrappers import Wrappers

        self.wrappers = Wrappers(self)

    # ------------------------------------------------------------------ diagnostics
    def refuse(self, pos: int, what: str) -> None:
        self.diags.error(pos, what)

    def place(self, pos: int) -> tuple[str, int]:
        sources = self.diags.sources
        p = sources.position(pos)
        return sources.full_paths.get(p.file, p.file), p.line

    # -------------------------------------------------------------------- symbols
    @staticmethod
    def quote(symbol: str) -> str:
        return sym(symbol)

    def define(self, symbol: str, text: str) -> None:
        self._defs.setdefault(symbol, text)

    def defined(self, symbol: str) -> bool:
        entered = symbol + target.ENTERED
        return any(symbol in names or entered in names for names in (self._defs, self.functions))

    def declare(self, symbol: str, text: str) -> None:
        self._decls.setdefault(symbol, text)

    def declare_intrinsic(self, name: str, text: str) -> str:
        self._intrinsics.setdefault(name, text)
        return "@" + name

    def owns(self, obj: Object) -> bool:
        """Whether obj is defined in this module."""
        return obj.pkg is self.package

    def var_symbol(self, v: Var) -> str:
        assert v.pkg is not None
        return f"{v.pkg.path}.{v.name}"

    def global_symbol(self, v: Var) -> str:
        """``@"main.x"``, declared if it belongs to another package."""
        symbol = self.var_symbol(v)
        if not self.owns(v):
            self.declare(symbol, f"@{sym(symbol)} = external global {layout(v.type).mem}")
        return "@" + sym(symbol)

    def runtime_var(self, name: str) -> str:
        v = self.runtime.scope.names.get(name)
        if not isinstance(v, Var):
            raise Unsupported(0, f"(runtime.{name})")
        return self.global_symbol(v)

    def runtime_func(self, name: str) -> Optional[Func]:
        f = self.runtime.scope.names.get(name)
        return f if isinstance(f, Func) else None

    def runtime_abi(self, f: Func) -> abi.FuncABI:
        got = self._runtime_abis.get(f)
        if got is None:
            got = self._runtime_abis[f] = abi.abi_of(f.type)
        return got

    def runtime_type(self, name: str) -> T.Type:
        t = self.runtime.scope.names.get(name)
        if t is None:
            raise Unsupported(0, f"(runtime.{name})")
        return t.type

    def runtime_offset(self, struct: str, field: str) -> int:
        """Where a field of a struct of the runtime's lies."""
        u = self.runtime_type(struct).underlying()
        assert isinstance(u, T.Struct)
        return offsetsof(u)[[f.name for f in u.fields].index(field)]

    def runtime_len(self, name: str) -> int:
        """Of a variable that is an array."""
        u = self.runtime_type(name).underlying()
        assert isinstance(u, T.Array)
        return u.len

    def runtime_const(self, name: str) -> int:
        c = self.runtime.scope.names.get(name)
        if not isinstance(c, Const):
            raise Unsupported(0, f"(runtime.{name})")
        return int(c.value)

    def runtime_code(self, name: str) -> str:
        f = self.runtime_func(name)
        if f is None:
            raise Unsupported(0, f"(runtime.{name})")
        return self.callee(f)

    def symbol_of(self, f: Func) -> str:
        for d in f.directives:  # //go:linkname local path.name
            words = d.split()
            if words[0] == "go:linkname" and len(words) == 3 and words[1] == f.name:
                return words[2]
        return f.link_name

    def callee(self, f: Func) -> str:
        """The operand to call f by, declared or imported."""
        symbol = self.symbol_of(f)
        linked = symbol != f.link_name
        if not self.owns(f) or linked:
            if symbol in self.options.imported:
                self.import_inline(symbol)
            else:
                target = self.linked_func(symbol) if linked else f
                attrs = _DECLARED[mode_of(target or f)]
                if symbol not in self._decls:
                    self.declare(symbol, abi.abi_of(f.type).declare(symbol, attrs))
        elif f.decl is not None and f.decl.body is None and symbol not in self.functions:
            if symbol not in INTRINSICS:
                attrs = "#6" if directive_of(f) is None else _DECLARED[MANAGED]
                self.declare(symbol, abi.abi_of(f.type).declare(symbol, attrs))
        return "@" + sym(symbol)

    def linked_func(self, symbol: str) -> Optional[Func]:
        path, _, name = symbol.rpartition(".")
        return self.runtime_func(name) if path == "runtime" else None

    def import_inline(self, symbol: str) -> None:
        todo = [symbol]
        while todo:
            s = todo.pop()
            f = self.options.imported.get(s)
            if f is None or s in self.imports:
                continue
            self.imports[s] = f
            for name, text in f.refs.items():
                if name.startswith("llvm."):
                    self._intrinsics.setdefault(name, text)
                elif text.startswith("declare") or " external " in text:
                    self.declare(name, text)
                else:
                    self.define(name, text)
            todo += f.inlines

    def method_code(self, t: T.Type, method: Any) -> Optional[str]:
        return self.wrappers.method_code(t, method)

    def static_func_value(self, symbol: str) -> str:
        """``@"name·f"``: the closure object of a function without captures."""
        name = f"{symbol}·f"
        text = f"@{sym(name)} = linkonce_odr constant {{ ptr }} {{ ptr @{sym(symbol)} }}, align 8"
        self.define(name, text)
        return "@" + sym(name)

    # ------------------------------------------------------------------- constants
    def type_descriptor(self, t: T.Type) -> str:
        return f"addrspacecast (ptr {self.types.type_ref(t)} to {GCPTR})"

    def string(self, text: str) -> str:
        """A gcptr operand to the bytes of a string constant."""
        name = self._strings.get(text)
        if name is None:
            data = text.encode("latin-1")
            name = self._strings[text] = f"gostr:{self.package.path}.{len(self._strings)}"
            self.define(
                name,
                f"@{sym(name)} = private unnamed_addr constant [{len(data)} x i8] "
                f"{cstring(data)}, align 1",
            )
        return f"addrspacecast (ptr @{sym(name)} to {GCPTR})"

    def constant_cell(self, mem: str, init: str, align: int) -> str:
        """``@cell`` of static read-only data."""
        key = f"{mem} {init}"
        name = self._cells.get(key)
        if name is None:
            name = self._cells[key] = f"gocell:{self.package.path}.{len(self._cells)}"
            self.define(
                name, f"@{sym(name)} = private unnamed_addr constant {mem} {init}, align {align}"
            )
        return "@" + sym(name)

    def zero_cell(self, t: T.Type) -> str:
        """A gcptr operand to a static, read-only zero t."""
        lay = layout(t)
        cell = self.constant_cell(f"[{lay.size} x i8]", "zeroinitializer", max(lay.align, 8))
        return f"addrspacecast (ptr {cell} to {GCPTR})"

    def zerobase(self) -> str:
        return f"addrspacecast (ptr {self.runtime_var('zerobase')} to {GCPTR})"

    def memmove_symbol(self) -> str:
        return self.runtime_code("memmove")

    def memclr_symbol(self) -> str:
        return self.runtime_code("memclr")

    # ------------------------------------------------------------------- functions
    def add_function(self, f: LoweredFunction) -> None:
        self.functions[f.name] = f

    def lower_literal(self, lit: A.FuncLit, outer: Any) -> None:
        if lit.info.name not in self.functions:
            self.lower_info(lit.info, outer.declared_mode if outer is not None else MANAGED)

    def lower_info(self, info: A.FuncInfo, mode: str) -> None:
        # entered in the table first: a literal may be met again while its body is lowered
        fn = FunctionLowering(self, info, mode)
        self.functions[info.name] = LoweredFunction(info.name, "", mode, "", 0, 0)
        self.functions[info.name] = fn.lower()

    def lower_decl(self, decl: A.FuncDecl) -> None:
        f = decl.info.func
        if f is None or decl.name.name == "_":
            return
        if decl.sig.type_params:
            self.refuse(decl.pos, "generic function not supported yet")
            return
        if decl.body is None:
            foreign = foreign_of(f)
            if foreign is not None:
                self._foreign_body(f, decl.info, foreign)
            elif f.link_name in INTRINSICS and self.package is not self.runtime:
                self._intrinsic_body(f, decl.info)
            return
        self.lower_info(decl.info, mode_of(f))

    def synthesize(self, symbol: str, fa: abi.FuncABI, body: Body) -> None:
        """Add a wrapper or thunk of the compiler's own."""
        if symbol in self.functions:
            return
        info = A.FuncInfo(symbol, None, None, None, None)
        self.functions[symbol] = LoweredFunction(symbol, "", MANAGED, "", 0, 0, wrapper=True)
        self.functions[symbol] = FunctionLowering(self, info, MANAGED).synthesize(fa, body)

    def range_name(self, outer: FunctionLowering) -> str:
        """Go's name for the body of a range over a function."""
        base = outer.name.rsplit("-range", 1)[0]
        n = self._ranges[base] = self._ranges.get(base, 0) + 1
        return f"{base}-range{n}"

    def is_managed(self, f: Func) -> bool:
        return mode_of(f) == MANAGED

    def _foreign_body(self, f: Func, info: A.FuncInfo, foreign: Foreign) -> None:
        symbol = f.link_name
        if foreign.onstack:
            symbol += target.ENTERED
            room = foreign.room + target.FOREIGN_FRAME + self.runtime_const("cgoMarks")
            self.asm.append(target.foreign_entry(f.link_name, symbol, room))
            self.declare(f.link_name, abi.abi_of(f.type).declare(f.link_name, _DECLARED[MANAGED]))
        fn = FunctionLowering(self, info, MANAGED, symbol)
        fn.fa = abi.abi_of(info.sig)
        fn.pos = info.pos
        wrong = sharedlib.complaint(foreign.library, foreign.symbol)
        if wrong is not None:
            self.refuse(info.pos, wrong)
            return
        words = [w.param for p in fn.fa.params for w in p.words]
        lower_foreign(fn, f, foreign)
        lowered = fn.result([f"{w} %a{i}" for i, w in enumerate(words)])
        lowered.may_inline = False
        lowered.shown = f.link_name
        # a second check might serve a request to shrink, and take away what was made sure of
        lowered.unchecked = foreign.onstack
        self.add_function(lowered)

    def _intrinsic_body(self, f: Func, info: A.FuncInfo) -> None:
        """A definition of a function without body that is an instruction, for func values."""
        fn = FunctionLowering(self, info, NOSPLIT)
        fn.fa = abi.abi_of(info.sig)
        params: list[str] = []
        for p in fn.fa.params:
            params += [f"{w.param} %a{len(params) + i}" for i, w in enumerate(p.words)]
        words = INTRINSICS[f.link_name](fn, [f"%a{i}" for i in range(len(params))])
        values = []
        for t in fn.fa.results:
            n = len(layout(t).words)
            values.append(tuple(words[:n]))
            words = words[n:]
        fn.emit_return(values)
        self.add_function(fn.result(params))

    # ------------------------------------------------------------------- metadata
    def node(self, text: str) -> int:
        self.metadata.append(f"!{len(self.metadata)} = {text}")
        return len(self.metadata) - 1

    def file_node(self, path: str) -> int:
        n = self._files.get(path)
        if n is None:
            n = self._files[path] = self.node(f'!DIFile(filename: {sym(path)}, directory: "")')
        return n

    def resolve(self, f_name: str, text: str, file: str, line: int) -> str:
        """Replace the markers of one function's text."""
        file_no = self.file_node(file)
        sub = self.node(
            f"distinct !DISubprogram(name: {sym(f_name)}, linkageName: {sym(f_name)}, "
            f"scope: !{file_no}, file: !{file_no}, line: {line}, type: !{self._subroutine}, "
            f"spFlags: DISPFlagDefinition, unit: !{self._unit})"
        )
        seen: dict[str, str] = {}
        scopes = {file: sub}

        def location(marker: str) -> str:
            if marker == "sub":
                return f"!{sub}"
            if marker in ("likely", "unlikely"):
                return f"!{self._likely if marker == 'likely' else self._unlikely}"
            if marker[:1] == "l":
                where, at = file, int(marker[2:])
            else:
                where, at = self.place(int(marker))
            if not where:
                where, at = file, line
            scope = scopes.get(where)
            if scope is None:
                scope = scopes[where] = self.node(
                    f"!DILexicalBlockFile(scope: !{sub}, file: !{self.file_node(where)}, "
                    f"discriminator: 0)"
                )
            return f"!{self.node(f'!DILocation(line: {at}, column: 0, scope: !{scope})')}"

        def replace(m: re.Match[str]) -> str:
            marker = m.group(1)
            got = seen.get(marker)
            if got is None:
                got = seen[marker] = location(marker)
            return got

        return _re_marker.sub(replace, text)

    def _start_metadata(self) -> None:
        self._likely = self.node('!{!"branch_weights", i32 2000, i32 1}')
        self._unlikely = self.node('!{!"branch_weights", i32 1, i32 2000}')
        self._subroutine = self.node("!DISubroutineType(types: !{null})")
        file_no = self.file_node(f"<{self.package.path}>")
        self._unit = self.node(
            f"distinct !DICompileUnit(language: DW_LANG_C99, file: !{file_no}, "
            f'producer: "gol", isOptimized: true, runtimeVersion: 0, emissionKind: NoDebug)'
        )

    # -------------------------------------------------------------------- assembly
    def text(self) -> str:
        self._start_metadata()
        bodies = [
            self.resolve(
                f.shown or f.name, f.text.replace("{attr}", attributes(f), 1), f.file, f.line
            )
            for f in self.functions.values()
            if f.text
        ]
        bodies += [self.resolve(i.name, i.text, i.file, i.line) for i in self.imports.values()]
        own = {*self._defs, *self.functions, *self.imports}
        out = list(self._intrinsics.values())
        out += [text for s, text in self._decls.items() if s not in own]
        for s, text in self._defs.items():
            if s not in self.functions:
                out.append(self._markers_of_definition(s, text))
        out += bodies
        out += [f"attributes #{i} = {{ {a} }}" for i, a in enumerate(ATTRIBUTES)]
        out.append(f"!llvm.dbg.cu = !{{!{self._unit}}}")
        version = self.node('!{i32 2, !"Debug Info Version", i32 3}')
        out.append(f"!llvm.module.flags = !{{!{version}}}")
        out += self.metadata
        return "\n".join(out) + "\n" + target.module_asm("".join(self.asm))

    def _markers_of_definition(self, symbol: str, text: str) -> str:
        if "!@" not in text:
            return text
        return self.resolve(symbol, text, f"<{self.package.path}>", 1)

    # --------------------------------------------------------------------- exports
    def exports(self) -> dict[str, InlineFunction]:
        """The functions that other modules may copy."""
        out: dict[str, InlineFunction] = {}
        for f in self.functions.values():
            if not (f.inline or f.mode == INLINE) or not f.text or f.symbol:
                continue
            made = inlining.export(self, f)
            if made is not None:
                out[f.name] = made
        return out

    def known_text(self, symbol: str) -> Optional[str]:
        """The declaration or definition of a symbol as another module would write it."""
        if symbol in self._intrinsics:
            return self._intrinsics[symbol]
        if symbol in self._defs:
            return self._defs[symbol]
        return self._decls.get(symbol)


def lower_package(pkg: Package, runtime: Package, options: LowerOptions) -> LoweredModule:
    """Lower every function of a package. Check ``options.diags`` afterwards."""
    from .globals import lower_init

    m = ModuleLowering(pkg, runtime, options)
    for decl in pkg.funcs:
        m.lower_decl(decl)
    roots = lower_init(m, pkg)
    m.types.emit_home_types()
    m.types.finish()
    if options.diags:
        return LoweredModule("")
    inlining.decide(m.functions, options.inline)
    ir = m.text()
    system = [f.name for f in m.functions.values() if f.mode == SYSTEM and f.text]
    return LoweredModule(ir, list(m.functions.values()), m.exports(), roots, system)


_DECLARED = {SYSTEM: "#3", NOSPLIT: "#6", INLINE: "#6", MANAGED: "#0"}

__all__ = ["LowerOptions", "LoweredModule", "lower_package", "mode_of"]
