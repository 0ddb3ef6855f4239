"""Interfaces: boxing, conversions, assertions, method lookup, comparison.

An interface value is the words (type word, data). The type word is a plain ``ptr``: the
descriptor for interfaces without methods, else an itab. The same pair of types may have
two itabs (one static, one made at run time), so types are told apart by descriptor.
A box is never written to once made: unboxing borrows its memory.
"""

from __future__ import annotations

from typing import Optional

from gol.jit import abi, alg
from gol.jit.abi import GCPTR
from gol.jit.rtypes import ITAB_FUN, itab_method_index
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Func

from .core import MANAGED
from .emit import Value, layout
from .expr import Expressions
from .staticdata import re_static

ITAB_TYP = 8  # offset of typ in an itab



def gc(symbol_ref: str) -> str:
    """A static object's address as a gcptr operand."""
    return f"addrspacecast (ptr {symbol_ref} to {GCPTR})"


def is_constant(word: str) -> bool:
    return not word.startswith("%")


class Interfaces(Expressions):
    # -------------------------------------------------------------------- boxing
    def to_iface(self, v: Value, src: T.Type, dst: T.Type, node: Optional[A.Expr]) -> Value:
        if isinstance(src.underlying(), T.Interface):
            return self._iface_to_iface(v, src, dst)
        word = self.module.types.type_word(src, dst)
        return (word, self.box(v, src, node))

    def box(self, v: Value, t: T.Type, node: Optional[A.Expr]) -> str:
        """The data word of an interface that holds v: a gcptr operand."""
        lay = layout(t)
        if lay.size == 0:
            return self.module.zerobase()
        if abi.direct_iface(t):
            return v[0]
        if not lay.by_ref and all(is_constant(w) for w in v):
            return self._constant_box(v, t)
        u = t.underlying()
        small = isinstance(u, T.Basic) and bool(u.info & (T.INTEGER | T.BOOLEAN))
        if small and lay.size == 1:
            return self._small_cell(self.ins(f"zext {lay.words[0]} {v[0]} to i64"))
        on_stack = node is not None and self.escapes.box_on_stack(node)
        # on g0 there is no other place; the runtime copies what it keeps
        on_stack = on_stack or self.mode != MANAGED
        if not on_stack:
            made = self._heap_box(v, t)
            if made is not None:
                return made
        p = self.new_object(t, on_stack)
        self.store(t, v, f"{GCPTR} {p}")
        return p

    def _small_cell(self, wide: str) -> str:
        """The static cell of a small number; little endian: good for every width."""
        cells = self.module.runtime_var("staticuint64s")
        return self.gcptr(self.element(T.UINT64, f"ptr {cells}", wide))

    def _constant_box(self, v: Value, t: T.Type) -> str:
        lay = layout(t)
        words = []
        for slot, w in zip(lay.slots, v, strict=True):
            static = re_static.match(w)
            ty = "ptr" if slot.mem.startswith("ptr") else slot.mem
            w = static.group(1) if static else {"true": "1", "false": "0"}.get(w, w)
            words.append((slot.offset, ty, w))
        if len(words) == 1 and words[0][2].isdigit():
            if int(words[0][2]) < self.module.runtime_len("staticuint64s"):
                return gc(self._static_small(int(words[0][2])))
        body, at = [], 0
        for off, ty, w in words:
            if off > at:
                body.append(f"[{off - at} x i8] zeroinitializer")
            body.append(f"{ty} {w}")
            at = off + _static_size(ty)
        if lay.size > at:
            body.append(f"[{lay.size - at} x i8] zeroinitializer")
        types = ", ".join(b[: b.index("]") + 1] if b[0] == "[" else b.split()[0] for b in body)
        cell = self.module.constant_cell(
            f"<{{ {types} }}>", f"<{{ {', '.join(body)} }}>", max(lay.align, 1)
        )
        return gc(cell)

    def _static_small(self, n: int) -> str:
        cells = self.module.runtime_var("staticuint64s")
        return f"getelementptr (i8, ptr {cells}, i64 {8 * n})" if n else cells

    def _heap_box(self, v: Value, t: T.Type) -> Optional[str]:
        """The box of a frequent kind of value, made by the runtime; None for others."""
        u, lay = t.underlying(), layout(t)
        desc = self.module.type_descriptor(t)
        if isinstance(u, T.Slice):
            return self.runtime_call("convTslice", desc, *v)[0]
        if not isinstance(u, T.Basic) or lay.pointers and not u.info & T.STRING:
            return None
        if u.info & T.STRING:
            return self.runtime_call("convTstring", desc, *v)[0]
        if len(v) != 1 or lay.size not in (2, 4, 8):
            return None
        bits = 8 * lay.size
        word = v[0]
        if lay.words[0] in ("float", "double"):
            word = self.ins(f"bitcast {lay.words[0]} {word} to i{bits}")
        return self.runtime_call(f"convT{bits}", desc, word)[0]

    # --------------------------------------------------------------- type words
    def dynamic_type(self, v: Value, src: T.Type) -> str:
        """The descriptor of what an interface value holds: a ptr operand, null if nil."""
        if abi.is_eface(src) or is_constant(v[0]):
            return self._static_dynamic(v[0], src)
        some, join = self.label("itab"), self.label("typ")
        before = self.current
        self.cbr(self.ins(f"icmp eq ptr {v[0]}, null"), join, some)
        self.start(some)
        at = self.ins(f"getelementptr inbounds i8, ptr {v[0]}, i64 {ITAB_TYP}")
        typ = self.ins(f"load ptr, ptr {at}")
        after = self.current
        self.start(join)
        return self.phi("ptr", [("null", before), (typ, after)])

    def _static_dynamic(self, word: str, src: T.Type) -> str:
        if abi.is_eface(src) or word == "null":
            return word
        at = self.ins(f"getelementptr inbounds i8, ptr {word}, i64 {ITAB_TYP}")
        return self.ins(f"load ptr, ptr {at}")

    def _descriptor(self, t: T.Type) -> str:
        return self.module.types.type_ref(t)

    def as_gc(self, word: str) -> str:
        """A plain ptr operand as a gcptr, for an argument."""
        if word == "null":
            return word
        return gc(word) if word[0] == "@" else self.ins(f"addrspacecast ptr {word} to {GCPTR}")

    def _as_plain(self, word: str) -> str:
        return self.ins(f"addrspacecast {GCPTR} {word} to ptr")

    # -------------------------------------------------- interface to interface
    def _iface_to_iface(self, v: Value, src: T.Type, dst: T.Type) -> Value:
        if abi.is_eface(dst):
            return (self.dynamic_type(v, src), v[1])
        su, du = src.underlying(), dst.underlying()
        assert isinstance(su, T.Interface) and isinstance(du, T.Interface)
        if T.identical(su, du):
            return v
        typ = self.dynamic_type(v, src)
        tab = self.runtime_call("convitab", self.as_gc(self._descriptor(dst)), self.as_gc(typ))
        return (self._as_plain(tab[0]), v[1])

    # ---------------------------------------------------------------- assertions
    def type_assert(self, v: Value, src: T.Type, dst: T.Type, comma_ok: bool) -> tuple[Value, str]:
        typ = self.dynamic_type(v, src)
        if isinstance(dst.underlying(), T.Interface):
            return self._assert_iface(v, typ, dst, comma_ok)
        want = self._descriptor(dst)
        if not comma_ok:
            have = self.as_gc(typ)
            bad = self.panic_block(
                "panicdottype",
                f"{GCPTR} {have}",
                f"{GCPTR} {gc(want)}",
                f"{GCPTR} {gc(self._descriptor(src))}",
            )
            good = self.label("is")
            self.cbr(self.ins(f"icmp eq ptr {typ}, {want}"), good, bad, "likely")
            self.start(good)
            return self.unboxed(v[1], dst), "true"
        ok = self.ins(f"icmp eq ptr {typ}, {want}")
        return self._value_if(ok, dst, lambda: self.unboxed(v[1], dst)), ok

    def unboxed(self, data: str, t: T.Type) -> Value:
        """The value of type t in the interface with that data word."""
        lay = layout(t)
        if lay.size == 0:
            return self.zero_value(t)
        if abi.direct_iface(t):
            return (data,)
        return self.load(t, f"{GCPTR} {data}")

    def _value_if(self, ok: str, t: T.Type, value: object) -> Value:
        """value() where ok, else zero."""
        assert callable(value)
        zero = self.zero_value(t)
        then, join = self.label("is"), self.label("join")
        before = self.current
        self.cbr(ok, then, join)
        self.start(then)
        got = value()
        after = self.current
        self.start(join)
        return tuple(
            self.phi(ty, [(z, before), (g, after)])
            for ty, z, g in zip(layout(t).words, zero, got, strict=True)
        )

    def _assert_iface(self, v: Value, typ: str, dst: T.Type, comma_ok: bool) -> tuple[Value, str]:
        want = self.as_gc(self._descriptor(dst))
        if not abi.is_eface(dst):
            name = "assertE2I2" if comma_ok else "assertE2I"
            tab = self._as_plain(self.runtime_call(name, want, self.as_gc(typ))[0])
            if not comma_ok:
                return (tab, v[1]), "true"
            ok = self.ins(f"icmp ne ptr {tab}, null")
            data = self.ins(f"select i1 {ok}, {GCPTR} {v[1]}, {GCPTR} null")
            return (tab, data), ok
        ok = self.ins(f"icmp ne ptr {typ}, null")
        if comma_ok:
            return (typ, v[1]), ok
        bad, good = self.panic_block("panicnildottype", f"{GCPTR} {want}"), self.label("is")
        self.cbr(ok, good, bad, "likely")
        self.start(good)
        return (typ, v[1]), "true"

    def type_matches(self, v: Value, src: T.Type, dst: T.Type) -> str:
        typ = self.dynamic_type(v, src)
        if not isinstance(dst.underlying(), T.Interface):
            return self.ins(f"icmp eq ptr {typ}, {self._descriptor(dst)}")
        if abi.is_eface(dst):
            return self.ins(f"icmp ne ptr {typ}, null")
        want = self.as_gc(self._descriptor(dst))
        tab = self.runtime_call("assertE2I2", want, self.as_gc(typ))
        return self.ins(f"icmp ne {GCPTR} {tab[0]}, null")

    # ------------------------------------------------------------- method calls
    def iface_method(self, v: Value, src: T.Type, method: Func) -> tuple[str, str]:
        if self.checks_nil:
            bad, ok = self.panic_block("panicmem"), self.label("itab")
            self.cbr(self.ins(f"icmp eq ptr {v[0]}, null"), bad, ok, "unlikely")
            self.start(ok)
        off = ITAB_FUN + 8 * itab_method_index(src, method)
        at = self.ins(f"getelementptr inbounds i8, ptr {v[0]}, i64 {off}")
        return self.ins(f"load ptr, ptr {at}"), v[1]

    # --------------------------------------------------------------- comparisons
    def equal(self, t: T.Type, a: Value, b: Value) -> str:
        u = t.underlying()
        if isinstance(u, T.Interface):
            return self._equal_interfaces(t, a, b)
        lay = layout(t)
        if lay.size == 0:
            return "true"
        if lay.by_ref:
            return self._equal_memory(t, a[0], b[0])
        if isinstance(u, T.Array):
            parts = self._elements(u, a, b)
        else:
            assert isinstance(u, T.Struct)
            parts = [
                (f.type, self.field_words(u, i, a), self.field_words(u, i, b))
                for i, f in enumerate(u.fields)
                if f.name != "_" and layout(f.type).size
            ]
        return self._all_equal(parts)

    def _elements(self, u: T.Array, a: Value, b: Value) -> list[tuple[T.Type, Value, Value]]:
        n = len(a) // u.len
        return [
            (u.elem, self.as_top(u.elem, a[i : i + n]), self.as_top(u.elem, b[i : i + n]))
            for i in range(0, len(a), n)
        ]

    def _all_equal(self, parts: list[tuple[T.Type, Value, Value]]) -> str:
        """In order, stopping at the first difference (a later one might panic)."""
        join = self.label("eq")
        leave: list[tuple[str, str]] = []
        result = "true"
        for t, x, y in parts:
            if result != "true":
                more = self.label("eq")
                leave.append(("false", self.current))
                self.cbr(result, more, join)
                self.start(more)
            result = self.compare("==", t, x, y)
        if not leave:
            return result
        leave.append((result, self.current))
        self.start(join)
        return self.phi("i1", leave)

    def _equal_memory(self, t: T.Type, p: str, q: str) -> str:
        if not alg.quiet(t):
            return self.runtime_call("typeequal", self.as_gc(self._descriptor(t)), p, q)[0]
        f = "@" + self.module.quote(self.module.types.algs.equal(t))
        return self.ins(f"call zeroext i1 {f}({GCPTR} {p}, {GCPTR} {q}){self.dbg()}")

    def _equal_interfaces(self, t: T.Type, a: Value, b: Value) -> str:
        ta, tb = self.dynamic_type(a, t), self.dynamic_type(b, t)
        same, some, join = self.label("same"), self.label("some"), self.label("eq")
        leave = [("false", self.current)]
        self.cbr(self.ins(f"icmp eq ptr {ta}, {tb}"), same, join)
        self.start(same)
        leave.append(("true", self.current))
        self.cbr(self.ins(f"icmp eq ptr {ta}, null"), join, some)
        self.start(some)
        r = self.runtime_call("efaceeq", self.as_gc(ta), a[1], b[1])[0]
        leave.append((r, self.current))
        self.start(join)
        return self.phi("i1", leave)

    def equal_mixed(self, iface: T.Type, v: Value, t: T.Type, w: Value) -> str:
        typ = self.dynamic_type(v, iface)
        w = self.stable(t, w)
        then, join = self.label("same"), self.label("eq")
        leave = [("false", self.current)]
        self.cbr(self.ins(f"icmp eq ptr {typ}, {self._descriptor(t)}"), then, join)
        self.start(then)
        r = self.compare("==", t, self.unboxed(v[1], t), w)
        leave.append((r, self.current))
        self.start(join)
        return self.phi("i1", leave)


def _static_size(ty: str) -> int:
    if ty.startswith("ptr") or ty == "double":
        return 8
    if ty == "float":
        return 4
    return int(ty[1:]) // 8
