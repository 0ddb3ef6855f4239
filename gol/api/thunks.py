"""The gol source that makes a checked package callable from Python (the cold path).

For each function, method and func type one thunk (``runtime/std/internal/python/block.gol``
shows one), for each func type also what makes a func value of a Python callable, and a table
of everything that Python must find:

    var tableㆍ = [...]any{(*[]string)(nil), &counter, pyㆍf, ...}

The file is compiled with the package, so that it may name what is not exported.
"""

from __future__ import annotations

import math
import re
from typing import Any, Optional

from gol.jit.rtypes import canonical
from gol.lang import types as T
from gol.lang.constant import Big, Complex
from gol.lang.lookup import method_set
from gol.lang.objects import Const, Func, Package, TypeName, Var
from gol.lang.sizes import align_up, alignof, sizeof
from gol.lang.source import SourceSet

from ..declared import Declared
from .describe import CODES, WORDS_BYTES, Call, Description, Slot
from .readonly import only_read
from .spell import HELPERS, MARK, Speller, Unnameable

TABLE = f"table{MARK}"
FILE = "<python>"  # where thunks are, as tracebacks name it


def generate(
    pkg: Package, path: str, sources: SourceSet, declared: dict[str, Declared], doc: str
) -> tuple[str, Description]:
    """The source, and the description of the module whose package has this path. ``doc`` is
    the comment of the package, ``declared`` has what else the sources say."""
    return _Generator(pkg, path, sources, declared, doc).run()


class _Block:
    """Lays out the numbers of one call."""

    def __init__(self) -> None:
        self.fields: list[str] = []
        self.at = 0

    def place(self, name: str, t: T.Type, text: str) -> Optional[tuple[str, int]]:
        u = t.underlying()
        code = CODES.get(u.kind) if isinstance(u, T.Basic) else None
        at = align_up(self.at, alignof(t))
        if code is None or at + sizeof(t) > WORDS_BYTES:
            return None
        self.fields.append(f"{name} {text}")
        self.at = at + sizeof(t)
        return code, at


class _Generator:
    def __init__(
        self, pkg: Package, path: str, sources: SourceSet, declared: dict[str, Declared], doc: str
    ) -> None:
        self.pkg = pkg
        self.sources = sources
        self.declared = declared
        self.spell = Speller(pkg)
        self.table: list[str] = []
        self.out: list[str] = []
        self.inits: list[str] = []
        self.numbers: dict[str, int] = {}  # canonical type → entry
        self.pending: list[T.Type] = []  # func types that need a thunk
        self.walked: set[str] = set()
        self.d = Description(pkg.name, path, {}, {}, {}, {}, {}, {}, {}, {"": doc})

    def run(self) -> tuple[str, Description]:
        for name, obj in self.pkg.scope.names.items():
            if name == "_":
                continue
            try:
                self.object(name, obj)
            except Unnameable as e:
                self.d.refused[name] = str(e)
        for named in self.pkg.named:
            if not named.obj.func_name and not isinstance(named.underlying(), T.Interface):
                self.methods(named)
        while self.pending:
            self.func_type(self.pending.pop())
        helpers, unsafe = self.spell.use(HELPERS), self.spell.use("unsafe")
        any_ = self.spell.predeclared("any")
        table = ", ".join(self.table)
        parts = [
            f"package {self.pkg.name}\n\n",
            self.spell.import_decls(),
            f"\nvar _ {helpers}.Block\nvar _ {unsafe}.Pointer\n",
            f"\nvar {TABLE} = [...]{any_}{{{table}}}\n\n",
            *self.out,
        ]
        if self.inits:
            parts.append(f"\nfunc init() {{\n{''.join(self.inits)}}}\n")
        return "".join(parts), self.d

    def entry(self, text: str) -> int:
        self.table.append(text)
        return len(self.table) - 1

    # ------------------------------------------------------------------ objects
    def object(self, name: str, obj: Any) -> None:
        if isinstance(obj, Const):
            self.d.constants[name] = constant(obj)
        elif isinstance(obj, Var):
            self.walk(obj.type)
            self.d.variables[name] = self.entry(f"&{name}")
        elif isinstance(obj, TypeName):
            self.d.types[name] = self.number(obj.type)
            if name in self.declared:
                self.d.docs[name] = str(self.declared[name])
        elif isinstance(obj, Func):
            sig = obj.type
            reads = only_read(obj.decl, sig) if obj.decl is not None else ()
            call = self.thunk(name, name, sig, f"py{MARK}{name}", reads)
            self.d.functions[name] = self.documented(call, obj)

    def documented(self, call: Call, f: Func) -> Call:
        """With what the source says of it. A promoted method is documented where it is
        declared."""
        declared = None
        if f.pkg is self.pkg:
            name = f.link_name.removeprefix(f"{self.pkg.path}.")
            declared = self.declared.get(re.sub(r"\(\*(.*)\)", r"\1", name))
        at = self.sources.position(f.pos)
        if at.file:
            call = call._replace(file=at.file, line=at.line)
        return call._replace(doc=str(declared)) if declared else call

    def methods(self, named: T.Named) -> None:
        found: dict[str, Call] = {}
        recv = Var("", self.pkg, 0, T.Pointer(named))
        for m in method_set(T.Pointer(named)):
            name = m.func.name
            if not m.func.exported and m.func.pkg is not self.pkg:
                continue
            sig = m.func.type
            whole = T.Signature([recv, *sig.params], sig.results, sig.variadic)
            symbol = f"py{MARK}{named.obj.name}{MARK}{name}"
            try:
                call = self.thunk(f"{named.obj.name}.{name}", f".{name}", whole, symbol)
            except Unnameable:
                continue
            found[name] = self.documented(call, m.func)
        if found:
            self.d.methods[self.number(named)] = found

    # -------------------------------------------------------------------- types
    def number(self, t: T.Type) -> int:
        key = canonical(t)
        n = self.numbers.get(key)
        if n is None:
            text = self.spell.type(t)
            n = self.numbers[key] = self.entry(f"(*{text})(nil)")
            self.walk(t)
        return n

    def walk(self, t: T.Type) -> None:
        """Find the func types in t: Python may get one of its values, or give it one."""
        key = canonical(t)
        if key in self.walked:
            return
        self.walked.add(key)
        u = t.underlying()
        if isinstance(t, T.Named) and t.obj.pkg not in (self.pkg, None):
            if not isinstance(u, T.Signature):
                return
        if isinstance(u, T.Signature):
            self.pending.append(t)
        elif isinstance(u, (T.Pointer, T.Slice, T.Array, T.Chan)):
            self.walk(u.elem)
        elif isinstance(u, T.Map):
            self.walk(u.key)
            self.walk(u.elem)
        elif isinstance(u, T.Struct):
            for f in u.fields:
                self.walk(f.type)

    def func_type(self, t: T.Type) -> None:
        sig = t.underlying()
        assert isinstance(sig, T.Signature)
        try:
            n = self.number(t)
            whole = T.Signature([Var("", self.pkg, 0, t), *sig.params], sig.results, sig.variadic)
            call = self.thunk(T.type_string(t), "()", whole, f"py{MARK}call{MARK}{n}")
            self.callable(t, sig, n)
        except Unnameable:
            return
        self.d.funcs[n] = call

    # ------------------------------------------------------------------- thunks
    def slots(
        self, block: _Block, prefix: str, variables: list[Var]
    ) -> tuple[list[Slot], list[str]]:
        """Where each goes, and the operand that it is in the thunk."""
        slots: list[Slot] = []
        operands = []
        for i, v in enumerate(variables):
            name = f"{prefix}{i}{MARK}"
            number = self.number(v.type)
            place = block.place(name, v.type, self.spell.type(v.type))
            slots.append((number, *place) if place else (number, None, 0))
            operands.append(f"v{MARK}.{name}" if place else name)
        return slots, operands

    def frame(self, block: _Block) -> str:
        if not block.fields:
            return ""
        fields = "; ".join(block.fields)
        unsafe = self.spell.use("unsafe")
        return f"\tv{MARK} := (*struct{{ {fields} }})({unsafe}.Pointer(b{MARK}.Words()))\n"

    def thunk(
        self, name: str, callee: str, sig: T.Signature, symbol: str, reads: tuple[bool, ...] = ()
    ) -> Call:
        """A thunk of ``callee``; ".M" is a method of the first argument, "()" calls it."""
        block = _Block()
        args, ins = self.slots(block, "a", sig.params)
        results, outs = self.slots(block, "r", sig.results)
        helpers, unsafe = self.spell.use(HELPERS), self.spell.use("unsafe")
        b = f"b{MARK}"
        w = [f"func {symbol}(p{MARK} {unsafe}.Pointer) {{\n"]
        w.append(f"\t{b} := (*{helpers}.Block)(p{MARK})\n")
        w.append(self.frame(block))
        written = any(s[1] is None for s in args + results)
        if written:
            w.append(f"\t{b}.Start()\n")
        for v, (_, code, _), operand in zip(sig.params, args, ins):
            if code is None:
                w.append(f"\tvar {operand} {self.spell.type(v.type)}\n\t{b}.Get(&{operand})\n")
        for v, (_, code, _), operand in zip(sig.results, results, outs):
            if code is None:
                w.append(f"\tvar {operand} {self.spell.type(v.type)}\n")
        passed = list(ins)
        bound = callee == "()" or callee[0] == "."
        if callee == "()":
            callee = passed.pop(0)
        elif callee[0] == ".":
            callee = passed.pop(0) + callee
        if sig.variadic:
            passed[-1] += "..."
        assign = f"{', '.join(outs)} = " if outs else ""
        w.append(f"\t{assign}{callee}({', '.join(passed)})\n")
        for (_, code, _), operand in zip(results, outs):
            if code is None:
                w.append(f"\t{b}.Put(&{operand})\n")
        if written:
            w.append(f"\t{b}.Done()\n")
        if not written and not block.fields:
            w.append(f"\t_ = {b}\n")
        w.append("}\n\n")
        self.out += w
        params = tuple(v.name if v.name != "_" else "" for v in sig.params)
        return Call(
            name, self.entry(symbol), params, tuple(args), tuple(results), sig.variadic, reads,
            bound,
        )  # fmt: skip

    def callable(self, t: T.Type, sig: T.Signature, n: int) -> None:
        """What makes a t of a Python callable."""
        block = _Block()
        args, ins = self.slots(block, "a", sig.params)
        results, outs = self.slots(block, "r", sig.results)
        helpers = self.spell.use(HELPERS)
        b, c = f"b{MARK}", f"c{MARK}"
        name, any_ = self.spell.type(t), self.spell.predeclared("any")
        params = [f"a{i}{MARK} {self.spell.type(v.type)}" for i, v in enumerate(sig.params)]
        if sig.variadic:
            params[-1] = params[-1].replace(" []", " ...", 1)
        named = [f"r{i}{MARK} {self.spell.type(v.type)}" for i, v in enumerate(sig.results)]
        w = [f"func py{MARK}func{MARK}{n}({c} *{helpers}.Callable) {any_} {{\n"]
        w.append(f"\treturn ({name})(func({', '.join(params)}) ({', '.join(named)}) {{\n")
        w.append(f"\t{b} := {c}.Block()\n{self.frame(block)}")
        for i, ((_, code, _), operand) in enumerate(zip(args, ins)):
            if code is None:
                w.append(f"\t{b}.Put(&{operand})\n")
            else:
                w.append(f"\t{operand} = a{i}{MARK}\n")
        w.append(f"\t{c}.Call({b})\n")
        for i, ((_, code, _), operand) in enumerate(zip(results, outs)):
            if code is None:
                w.append(f"\t{b}.Get(&{operand})\n")
            else:
                w.append(f"\tr{i}{MARK} = {operand}\n")
        w.append("\treturn\n\t})\n}\n\n")
        self.out += w
        self.inits.append(f"\t{helpers}.Register((*{name})(nil), py{MARK}func{MARK}{n})\n")


def constant(c: Const) -> Any:
    """The value as Python has it; a real beyond the floats is infinite."""
    v = c.value
    u = c.type.underlying()
    info = u.info if isinstance(u, T.Basic) else 0
    if isinstance(v, str):  # of bytes
        return v.encode("latin-1").decode("utf-8", "surrogateescape")
    if info & T.COMPLEX:
        return complex(_real(v.re), _real(v.im)) if isinstance(v, Complex) else complex(_real(v))
    return _real(v) if info & T.FLOAT else v


def _real(v: Any) -> float:
    try:
        return math.ldexp(v.mant, v.exp) if isinstance(v, Big) else float(v)
    except OverflowError:
        return math.inf if (v.mant if isinstance(v, Big) else v) > 0 else -math.inf
