"""What the compiler can write down as data of the image: initialisers of package variables, and
the constants that a long literal is copied, or a long map filled, from.

:class:`StaticData` turns an expression into a constant of the data section if every part
of it is one: constants, nil, composite literals and pointers to them, slice literals,
functions, addresses of other variables, and all of these in interfaces. Objects behind
such pointers are writable variables of their own, and roots if they hold pointers; what may
be evaluated more than once must have none (:meth:`StaticData.is_constant`).
"""

from __future__ import annotations

import re
from typing import Any, Optional

from gol.jit import abi
from gol.jit.constants import slice_of, static_type, sym
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.ast import unparen
from gol.lang.objects import Func, Var
from gol.lang.pointers import has_pointers
from gol.lang.sizes import sizeof

from .emit import layout

MANY = 8  # shorter literals of constants are built piece by piece
re_static = re.compile(r"^addrspacecast \(ptr (.*) to ptr addrspace\(1\)\)$")

Root = tuple[str, int, tuple[int, ...]]  # symbol, size, offsets of the pointers


def pointer_offsets(t: T.Type) -> tuple[int, ...]:
    bits = bin(abi.ptr_bits(t))[:1:-1]  # lowest first
    out = []
    at = bits.find("1")
    while at >= 0:
        out.append(at * abi.WORD)
        at = bits.find("1", at + 1)
    return tuple(out)


def is_sparse(members: list[tuple[int, A.Expr]], n: int) -> bool:
    """Whether an array literal is too empty to be written down as data."""
    return n > 4096 and n > 8 * len(members)


class StaticData:
    """``fn`` is the lowering of a function, for constants and literals."""

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

    def is_constant(self, e: A.Expr, t: T.Type) -> bool:
        """Whether :meth:`value` will succeed and define nothing."""
        e = unparen(e)
        u = t.underlying()
        if isinstance(u, T.Basic):
            return e.value is not None and u is not T.UNSAFE_POINTER
        if not isinstance(e, A.CompositeLit) or e.type.underlying() is not u:
            return e.mode == A.MODE_NIL
        if isinstance(u, T.Struct):
            members = self.fn.members(e, u)[0]
            return all(self.is_constant(x, u.fields[i].type) for i, x in members)
        if isinstance(u, T.Array):
            return self.are_constant(self.fn.members(e, u)[0], u)
        return False

    def are_constant(self, members: list[tuple[int, A.Expr]], u: T.Array) -> bool:
        """The same of an array with these elements."""
        if is_sparse(members, u.len):
            return False
        return all(self.is_constant(x, u.elem) for _, x in members)

    def array(self, members: list[tuple[int, A.Expr]], u: T.Array) -> str:
        """``ptr @cell`` of a read-only array with these constants as elements."""
        text = self._elements(dict(members), u.elem, u.len)
        return f"ptr {self.module.constant_cell(static_type(u), text, layout(u).align)}"

    def _literal_is_static(self, e: A.CompositeLit, t: T.Type) -> bool:
        u = t.underlying()
        if isinstance(u, T.Pointer):
            u = u.elem.underlying()
        if isinstance(u, T.Struct):
            return all(
                self.is_static(x, u.fields[i].type) for i, x in self.fn.members(e, u)[0]
            )
        if isinstance(u, (T.Array, T.Slice)):
            elem = u.elem
            members, n = self.fn.members(e, u)
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
            v = x.obj if isinstance(x, A.Ident) else x.sel.obj
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
        members, n = self.fn.members(e, u)
        given = dict(members)
        if isinstance(u, T.Struct):
            parts = []
            for i, f in enumerate(u.fields):
                text = static_type(f.type)
                x = given.get(i)
                parts.append(f"{text} {self.value(x, f.type) if x else abi.zero_of(text)}")
            mem = static_type(u)
            pad = mem.rsplit(", ", 1)[-1][:-2]
            if parts and pad.endswith(" x i8]") and abi.tail_pad(u) > 0:
                parts.append(f"{pad} zeroinitializer")
            return f"{{ {', '.join(parts)} }}" if parts else "zeroinitializer"
        if isinstance(u, T.Array):
            return self._elements(given, u.elem, u.len)
        assert isinstance(u, T.Slice)
        if n == 0:
            return f"{{ ptr {static_word(self.module.zerobase())}, i64 0, i64 0 }}"
        array = T.Array(u.elem, n)
        return slice_of(self.temporary(array, self._elements(given, u.elem, n)), n)

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
    m = re_static.match(w)
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
