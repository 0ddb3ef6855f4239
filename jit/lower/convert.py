"""Constants and conversions.

Numeric conversions are those of Go on amd64 to the bit, out-of-range floats included: the
processor's own truncating conversions are called by their intrinsics, since LLVM's
``fptosi`` leaves such results undefined.
"""

from __future__ import annotations

from typing import Any, Optional

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.constant import Complex

from .core import Core
from .emit import Value, float_text, layout

_CVTT = {
    (64, "double"): ("llvm.x86.sse2.cvttsd2si64", "<2 x double>"),
    (32, "double"): ("llvm.x86.sse2.cvttsd2si", "<2 x double>"),
    (64, "float"): ("llvm.x86.sse.cvttss2si64", "<4 x float>"),
    (32, "float"): ("llvm.x86.sse.cvttss2si", "<4 x float>"),
}


def int_bits(llvm: str) -> int:
    return int(llvm[1:])


def is_string(t: T.Type) -> bool:
    u = t.underlying()
    return isinstance(u, T.Basic) and bool(u.info & T.STRING)


def is_info(t: T.Type, flags: int) -> bool:
    u = t.underlying()
    return isinstance(u, T.Basic) and bool(u.info & flags)


class Convert(Core):
    # ------------------------------------------------------------------ constants
    def constant(self, value: Any, t: T.Type) -> Value:
        u = t.underlying()
        if isinstance(u, T.Interface):
            return self.unsupported(self.pos, "constant of interface type")
        if not isinstance(u, T.Basic):
            if isinstance(u, (T.Pointer, T.Signature, T.Map, T.Chan)):
                return (self.pointer_constant(int(value)),)
            return self.unsupported(self.pos, f"constant of type {t}")
        if u.info & T.BOOLEAN:
            return ("true" if value else "false",)
        if u.info & T.STRING:
            return self.string_constant(value)
        lay = layout(t)
        if u.info & T.INTEGER:
            bits = int_bits(lay.words[0])
            n = int(complex_parts(value)[0])
            n &= (1 << bits) - 1
            return (str(n - (1 << bits) if n >> (bits - 1) else n),)
        if u.info & T.FLOAT:
            return (float_text(complex_parts(value)[0], 64 if lay.size == 8 else 32),)
        if u.info & T.COMPLEX:
            bits = 32 if lay.size == 8 else 64
            re, im = complex_parts(value)
            return (float_text(re, bits), float_text(im, bits))
        if u is T.UNSAFE_POINTER:
            return (self.pointer_constant(int(value)),)
        return self.unsupported(self.pos, f"constant of type {t}")

    def pointer_constant(self, n: int) -> str:
        return "null" if n == 0 else f"inttoptr (i64 {n} to {GCPTR})"

    def string_constant(self, text: str) -> Value:
        if not text:
            return ("null", "0")
        return (self.module.string(text), str(len(text)))

    # ---------------------------------------------------------------- conversions
    def convert(self, v: Value, src: T.Type, dst: T.Type, node: Optional[A.Expr] = None) -> Value:
        s, d = src.underlying(), dst.underlying()
        if isinstance(d, T.Interface):
            if T.identical(src, dst):
                return v
            return self.to_iface(v, src, dst, node)
        if isinstance(s, T.Basic) and isinstance(d, T.Basic):
            return self._basic(v, s, d)
        if isinstance(s, T.Basic) and isinstance(d, T.Slice) and is_string(s):
            return self.string_to_slice(v, d)
        if isinstance(s, T.Slice) and isinstance(d, T.Basic):
            return self._slice_to_string(v, s)
        if isinstance(s, T.Slice) and isinstance(d, T.Array):
            p = self._slice_to_array_pointer(v, d)
            if d.len == 0:
                return self.zero_value(dst)
            return self.stable(dst, self.load(dst, f"{GCPTR} {p}"))
        if isinstance(s, T.Slice) and isinstance(d, T.Pointer):
            return (self._slice_to_array_pointer(v, d.elem.underlying()),)  # type: ignore[arg-type]
        return v  # same underlying type, or pointers and channels of such

    def _basic(self, v: Value, s: T.Basic, d: T.Basic) -> Value:
        if s.kind == d.kind:
            return v
        if d.info & T.STRING:
            if s.info & T.STRING:
                return v
            wide = self.int_to_int(v[0], s, T.INT64)
            if s.kind in ("uint64", "uint", "uintptr"):  # above 1<<63: not a rune either way
                wide = v[0]
            return self.runtime_call("intstring", wide)
        if s.info & T.INTEGER and d.info & T.INTEGER:
            return (self.int_to_int(v[0], s, d),)
        if s.info & T.INTEGER and d.info & T.FLOAT:
            op = "uitofp" if s.info & T.UNSIGNED else "sitofp"
            return (self.ins(f"{op} {layout(s).words[0]} {v[0]} to {layout(d).words[0]}"),)
        if s.info & T.FLOAT and d.info & T.INTEGER:
            return (self.float_to_int(v[0], s, d),)
        if s.info & T.FLOAT and d.info & T.FLOAT:
            return (self.float_to_float(v[0], s, d),)
        if s.info & T.COMPLEX and d.info & T.COMPLEX:
            fs, fd = complex_part(s), complex_part(d)
            return (self.float_to_float(v[0], fs, fd), self.float_to_float(v[1], fs, fd))
        if s is T.UNSAFE_POINTER and d.info & T.INTEGER:
            return (self.ins(f"ptrtoint {GCPTR} {v[0]} to i64"),)
        if d is T.UNSAFE_POINTER and s.info & T.INTEGER:
            return (self.ins(f"inttoptr i64 {v[0]} to {GCPTR}"),)
        return v

    def int_to_int(self, v: str, s: T.Basic, d: T.Basic) -> str:
        a, b = layout(s).words[0], layout(d).words[0]
        if a == b:
            return v
        if int_bits(a) > int_bits(b):
            op = "trunc"
        else:
            op = "zext" if s.info & T.UNSIGNED else "sext"
        if v.lstrip("-").isdigit():
            n = int(v) & ((1 << int_bits(b)) - 1 if op != "zext" else (1 << int_bits(a)) - 1)
            return str(n - (1 << int_bits(b)) if n >> (int_bits(b) - 1) else n)
        return self.ins(f"{op} {a} {v} to {b}")

    def float_to_float(self, v: str, s: T.Basic, d: T.Basic) -> str:
        a, b = layout(s).words[0], layout(d).words[0]
        if a == b:
            return v
        return self.ins(f"{'fptrunc' if a == 'double' else 'fpext'} {a} {v} to {b}")

    def float_to_int(self, v: str, s: T.Basic, d: T.Basic) -> str:
        ft, it = layout(s).words[0], layout(d).words[0]
        bits = int_bits(it)
        if d.info & T.UNSIGNED and bits == 64:
            return self._float_to_uint64(v, ft)
        wide = 64 if bits == 64 or (bits == 32 and d.info & T.UNSIGNED) else 32
        r = self._cvtt(v, ft, wide)
        return r if bits == wide else self.ins(f"trunc i{wide} {r} to {it}")

    def _cvtt(self, v: str, ft: str, bits: int) -> str:
        name, vec = _CVTT[bits, ft]
        f = self.module.declare_intrinsic(name, f"declare i{bits} @{name}({vec})")
        x = self.ins(f"insertelement {vec} zeroinitializer, {ft} {v}, i32 0")
        return self.ins(f"call i{bits} {f}({vec} {x})")

    def _float_to_uint64(self, v: str, ft: str) -> str:
        """Below 1<<63 as signed; above, shifted down by it and the bit put back."""
        limit = float_text(1 << 63, 64)  # the same constant text for float and double
        small = self.ins(f"fcmp olt {ft} {v}, {limit}")
        shifted = self.ins(f"fsub {ft} {v}, {limit}")
        x = self.ins(f"select i1 {small}, {ft} {v}, {ft} {shifted}")
        r = self._cvtt(x, ft, 64)
        flip = self.ins(f"select i1 {small}, i64 0, i64 {-(1 << 63)}")
        return self.ins(f"xor i64 {r}, {flip}")

    # ------------------------------------------------------------ strings and slices
    def string_to_slice(self, v: Value, d: T.Slice, e: Optional[A.CallExpr] = None) -> Value:
        """The conversion e. The capacity is Go's, which makes an array for a constant, and
        has 32 elements of room in the frame for a result that does not escape."""
        runes = layout(d.elem).size == 4
        how = ""
        if e is not None and e.args[0].value is not None:
            how = "full"
        elif e is not None and self.escapes.on_stack(e):
            how = "short"
        return self.runtime_call(f"stringtoslice{'rune' if runes else 'byte'}{how}", *v)

    def _slice_to_string(self, v: Value, s: T.Slice) -> Value:
        runes = layout(s.elem).size == 4
        return self.runtime_call("slicerunetostring" if runes else "slicebytetostring", *v[:2])

    def _slice_to_array_pointer(self, v: Value, d: T.Array) -> str:
        bad = self.panic_block("panicSliceConvert", f"i64 {v[1]}", f"i64 {d.len}")
        ok = self.label()
        self.cbr(self.ins(f"icmp slt i64 {v[1]}, {d.len}"), bad, ok, "unlikely")
        self.start(ok)
        return v[0]


def complex_part(t: T.Basic) -> T.Basic:
    return T.FLOAT32 if abi.mem_type(t) == "{ float, float }" else T.FLOAT64


def complex_parts(value: Any) -> tuple[Any, Any]:
    """Real and imaginary part of a constant."""
    return (value.re, value.im) if isinstance(value, Complex) else (value, 0)
