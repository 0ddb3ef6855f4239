"""Package variables: static data where Go has static data, the rest in ``"pkg.init"``.

:class:`StaticData` turns an initialiser into a constant of the data section if every part
of it is one: constants, nil, composite literals and pointers to them, slice literals,
functions, addresses of other variables, and all of these in interfaces. Objects behind
such pointers are writable variables of their own, and roots if they hold pointers.

``"pkg.init"`` runs once: the imports' initialisers, then what is not static in dependency
order, then the init functions.
"""

from __future__ import annotations

from typing import Any, Optional

from gol.jit import abi
from gol.jit.constants import slice_of, static_type, sym
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Func, Initializer, Package, Var
from gol.lang.pointers import has_pointers
from gol.lang.sizes import sizeof

from .core import MANAGED, SYSTEM, BeyondLimit, Unsupported
from .emit import layout
from .expr import is_sparse, unparen
from .function import FunctionLowering, LoweredFunction
from .iface import _STATIC

MAX_SYMBOL = 2_000_000_000  # bytes of a package variable

Root = tuple[str, int, tuple[int, ...]]  # symbol, size, offsets of the pointers


def pointer_offsets(t: T.Type) -> tuple[int, ...]:
    bits = bin(abi.ptr_bits(t))[:1:-1]  # lowest first
    out = []
    at = bits.find("1")
    while at >= 0:
        out.append(at * abi.WORD)
        at = bits.find("1", at + 1)
    return tuple(out)


class StaticData:
    """``fn`` is the lowering of the init function, for constants and literals."""

    def __init__(self, module: Any, fn: Any) -> None:
        self.module = module
        self.fn = fn
        self.roots: list[Root] = []
        self.count = 0

    # ----------------------------------------------------------------- variables
    def variable(self, symbol: str, t: T.Type, init: str | None) -> None:
        """Define a variable; init is a value of static_type(t), None for zero."""
        text = static_type(t)
        align = max(layout(t).align, 1)
        self.module.define(
            symbol, f"@{sym(symbol)} = global {text} {init or abi.zero_of(text)}, align {align}"
        )
        self.root(symbol, t)

    def root(self, symbol: str, t: T.Type) -> None:
        if has_pointers(t):
            self.roots.append((symbol, sizeof(t), pointer_offsets(t)))

    def temporary(self, t: T.Type, init: str) -> str:
        """A variable without a name; its reference."""
        self.count += 1
        symbol = f"{self.module.package.path}..stmp_{self.count}"
        self.variable(symbol, t, init)
        return "@" + sym(symbol)

    # -------------------------------------------------------------------- values
    def is_static(self, e: A.Expr, t: T.Type) -> bool:
        """Whether :meth:`value` will succeed: asked first, since it defines things."""
        e = unparen(e)
        if e.mode == A.MODE_NIL:
            return True
        if isinstance(t.underlying(), T.Interface):
            if isinstance(e.type.underlying(), T.Interface):
                return False
            return self.is_static(e, e.type)
        if e.value is not None:
            return True
        if isinstance(e, A.CompositeLit):
            return self._literal_is_static(e, t)
        if isinstance(e, A.UnaryExpr) and e.op == "&":
            x = unparen(e.x)
            if isinstance(x, A.CompositeLit):
                return self.is_static(x, x.type)
            return _is_package_var(x)
        if isinstance(e, A.FuncLit):
            return not e.info.captures
        if isinstance(e, A.CallExpr) and e.kind == "conversion":
            x = e.args[0]
            same = T.identical(x.type.underlying(), t.underlying())
            return x.mode != A.MODE_NIL and same and self.is_static(x, t)
        return _function_of(e) is not None

    def _literal_is_static(self, e: A.CompositeLit, t: T.Type) -> bool:
        u = t.underlying()
        if isinstance(u, T.Pointer):
            u = u.elem.underlying()
        if isinstance(u, T.Struct):
            return all(
                self.is_static(x, u.fields[i].type) for i, x in self.fn._members(e, u)[0]
            )
        if isinstance(u, (T.Array, T.Slice)):
            elem = u.elem
            members, n = self.fn._members(e, u)
            if is_sparse(members, u.len if isinstance(u, T.Array) else n):
                return False
            return all(self.is_static(x, elem) for _, x in members)
        return False

    def value(self, e: A.Expr, t: T.Type) -> str:
        """The constant of static_type(t)."""
        e = unparen(e)
        if e.mode == A.MODE_NIL:
            return abi.zero_of(static_type(t))
        if isinstance(t.underlying(), T.Interface):
            return self._interface(e, t)
        if e.value is not None:
            return self._constant(e.value, t)
        if isinstance(e, A.CompositeLit):
            return self._literal(e, t)
        if isinstance(e, A.UnaryExpr) and e.op == "&":
            x = unparen(e.x)
            if isinstance(x, A.CompositeLit):
                return self._object(x, x.type)
            v = x.obj if isinstance(x, A.Ident) else x.sel.obj  # type: ignore[attr-defined]
            return str(self.module.global_symbol(v))
        if isinstance(e, A.FuncLit):
            return static_word(self.fn.closure(e)[0])
        if isinstance(e, A.CallExpr) and e.kind == "conversion":
            return self.value(e.args[0], t)
        f = _function_of(e)
        assert f is not None, "is_static was not asked"
        return static_word(self.fn.func_value(f)[0])

    def _constant(self, value: Any, t: T.Type) -> str:
        words = self.fn.constant(value, t)
        text = static_type(t)
        if text[0] != "{":
            return static_word(words[0])
        members = text[2:-2].split(", ")
        inner = ", ".join(f"{m} {static_word(w)}" for m, w in zip(members, words, strict=True))
        return f"{{ {inner} }}"

    def _literal(self, e: A.CompositeLit, t: T.Type) -> str:
        u = t.underlying()
        if isinstance(u, T.Pointer):
            return self._object(e, u.elem)
        members, n = self.fn._members(e, u)
        given = dict(members)
        if isinstance(u, T.Struct):
            parts = []
            for i, f in enumerate(u.fields):
                text = static_type(f.type)
                x = given.get(i)
                parts.append(f"{text} {self.value(x, f.type) if x else abi.zero_of(text)}")
            mem = static_type(u)
            pad = mem.rsplit(", ", 1)[-1][:-2]
            if sum(1 for _ in parts) and pad.endswith(" x i8]") and self._padded(u):
                parts.append(f"{pad} zeroinitializer")
            return f"{{ {', '.join(parts)} }}" if parts else "zeroinitializer"
        if isinstance(u, T.Array):
            return self._elements(given, u.elem, u.len)
        assert isinstance(u, T.Slice)
        if n == 0:
            return f"{{ ptr {static_word(self.module.zerobase())}, i64 0, i64 0 }}"
        array = T.Array(u.elem, n)
        return slice_of(self.temporary(array, self._elements(given, u.elem, n)), n)

    def _padded(self, u: T.Struct) -> bool:
        return abi._tail_pad(u) > 0

    def _elements(self, given: dict[int, A.Expr], elem: T.Type, n: int) -> str:
        text = static_type(elem)
        zero = abi.zero_of(text)
        parts = [
            f"{text} {self.value(given[i], elem) if i in given else zero}" for i in range(n)
        ]
        return f"[{', '.join(parts)}]" if parts else "zeroinitializer"

    def _object(self, e: A.CompositeLit, t: T.Type) -> str:
        if sizeof(t) == 0:
            return static_word(self.module.zerobase())
        return self.temporary(t, self._literal(e, t))

    def _interface(self, e: A.Expr, t: T.Type) -> str:
        src = self.fn.default_type(e)
        word = self.module.types.type_word(src, t)
        if sizeof(src) == 0:
            data = static_word(self.module.zerobase())
        elif abi.direct_iface(src):
            data = self.value(e, src)
            while data.startswith("{ ptr ") or data.startswith("["):
                data = data.strip("{}[] ").removeprefix("ptr ")
        else:
            # read-only, but what it points to may be written: it stays reachable as a root
            data = self.temporary(src, self.value(e, src))
        return f"{{ ptr {word}, ptr {data} }}"


def static_word(w: str) -> str:
    m = _STATIC.match(w)
    if m is not None:
        return m.group(1)
    return {"true": "1", "false": "0"}.get(w, w)


def _function_of(e: A.Expr) -> Optional[Func]:
    if isinstance(e, A.Ident) and isinstance(e.obj, Func):
        return e.obj
    if isinstance(e, A.SelectorExpr) and e.selection is None and isinstance(e.sel.obj, Func):
        return e.sel.obj
    return None


def _is_package_var(x: A.Expr) -> bool:
    obj = None
    if isinstance(x, A.Ident):
        obj = x.obj
    elif isinstance(x, A.SelectorExpr) and x.selection is None:
        obj = x.sel.obj
    return isinstance(obj, Var) and obj.owner is None and not obj.is_field


def package_vars(pkg: Package) -> list[Var]:
    return [o for o in pkg.scope.names.values() if isinstance(o, Var)]


def lower_globals(module: Any, fn: Any, pkg: Package) -> tuple[list[Root], list[Initializer]]:
    """Define every package variable; the roots, and the initialisers left for init code."""
    data = StaticData(module, fn)
    static: dict[Var, str] = {}
    dynamic: list[Initializer] = []
    for init in pkg.init_order:
        if len(init.lhs) == 1 and data.is_static(init.rhs, init.lhs[0].type):
            v = init.lhs[0]
            fn.pos = init.rhs.pos
            value = data.value(init.rhs, v.type)
            if v.name != "_":
                static[v] = value
        else:
            dynamic.append(init)
    for v in package_vars(pkg):
        if v.name != "_":
            symbol = module.var_symbol(v)
            size = sizeof(v.type)
            if size > MAX_SYMBOL:
                module.refuse(
                    v.pos, f"{symbol}: symbol too large ({size} bytes > {MAX_SYMBOL} bytes)"
                )
                continue
            data.variable(symbol, v.type, static.get(v))
    return data.roots, dynamic


def lower_init(module: Any, pkg: Package) -> list[Root]:
    """Define the package's variables and its ``"pkg.init"``; the roots."""
    fn = InitLowering(module, pkg)
    roots, dynamic = lower_globals(module, fn, pkg)
    fn.fa = abi.FuncABI((), ())
    fn.run(pkg, dynamic)
    module.add_function(fn.result([]))
    return roots


class InitLowering(FunctionLowering):
    """The body of ``"pkg.init"``. That of package runtime is system code, run on g0 before
    anything else."""

    def __init__(self, module: Any, pkg: Package) -> None:
        mode = SYSTEM if pkg.path == "runtime" else MANAGED
        super().__init__(module, A.FuncInfo(f"{pkg.path}.init", None, None, None, None), mode)

    def run(self, pkg: Package, dynamic: list[Initializer]) -> None:
        self.once(f"{pkg.path}..initdone")
        for p in pkg.imports:
            if p.path not in ("unsafe", "runtime"):
                symbol = f"{p.path}.init"
                self.module.declare(symbol, f"declare void @{sym(symbol)}() #0")
                self.emit(f"call void @{sym(symbol)}(){self.dbg()}")
        self.start_up(dynamic, pkg.inits)

    def start_up(self, dynamic: list[Initializer], inits: list[A.FuncDecl]) -> None:
        """Initialisers in their order, then the init functions."""
        first = [i.rhs.pos for i in dynamic] + [d.pos for d in inits]
        self.info.pos = first[0] if first else 0
        for init in dynamic:
            self.pos = init.rhs.pos
            try:
                self.initialise(init)
                self.check_frame()
            except (BeyondLimit, Unsupported) as u:
                self.module.refuse(u.pos, u.what)
                self.memo.clear()
        for decl in inits:
            self.pos = decl.pos
            self.emit(f"call void @{sym(decl.info.name)}(){self.dbg()}")
        self.emit_return([])

    def result(self, params: list[str]) -> LoweredFunction:
        f = super().result(params)
        if not f.file:
            f.file, f.line = "<autogenerated>", 1
        return f

    def once(self, symbol: str) -> None:
        flag = "@" + sym(symbol)
        self.module.define(symbol, f"{flag} = global i8 0")
        run, done = self.label("run"), self.label("done")
        self.cbr(self.ins(f"icmp eq i8 {self.ins(f'load i8, ptr {flag}')}, 0"), run, done)
        self.start(done)
        self.emit("ret void")
        self.dead = True
        self.start(run)
        self.emit(f"store i8 1, ptr {flag}")

    def initialise(self, init: Initializer) -> None:
        if len(init.lhs) == 1:
            v = init.lhs[0]
            x = unparen(init.rhs)
            if v.name == "_":
                self.expr_as(init.rhs, v.type)
            elif isinstance(x, A.CompositeLit) and isinstance(
                v.type.underlying(), (T.Array, T.Struct)
            ):
                self.fill(x, v.type, f"ptr {self.module.global_symbol(v)}", True)
            else:
                self.into(init.rhs, v.type, f"ptr {self.module.global_symbol(v)}")
            return
        got = self.multi(init.rhs)
        for v, (t, value) in zip(init.lhs, got, strict=True):
            if v.name != "_":
                value = self.convert_assign(value, t, v.type)
                self.store(v.type, value, f"ptr {self.module.global_symbol(v)}")


__all__ = ["InitLowering", "Root", "StaticData", "lower_globals", "lower_init"]
