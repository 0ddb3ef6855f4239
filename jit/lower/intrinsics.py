"""Functions that are instructions: calls of them are lowered in place, by linker name.

An entry takes the function being lowered and the argument words, and returns the result
words. The table is consulted for functions without a body and for those marked
``//gol:intrinsic`` (see ``ModuleLowering.intrinsic_name``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gol.jit.abi import GCPTR
from gol.jit.target import G, thread_word

Words = tuple[str, ...]
Intrinsic = Callable[[Any, list[str]], Words]


def _llvm(name: str, ret: str, *params: str, extra: str = "") -> Intrinsic:
    """A call of an LLVM intrinsic with the same words; ``extra`` adds constant operands."""

    def lower(fn: Any, args: list[str]) -> Words:
        types = list(params) + ([extra.split()[0]] if extra else [])
        f = fn.module.declare_intrinsic(name, f"declare {ret} @{name}({', '.join(types)})")
        ops = [f"{t} {a}" for t, a in zip(params, args, strict=True)]
        if extra:
            ops.append(extra)
        return (fn.ins(f"call {ret} {f}({', '.join(ops)})"),)

    return lower


def _then(first: Intrinsic, op: str) -> Intrinsic:
    def lower(fn: Any, args: list[str]) -> Words:
        (v,) = first(fn, args)
        return (fn.ins(op.format(v)),)

    return lower


def _getg(fn: Any, args: list[str]) -> Words:
    # g objects lie outside the heap, but a *g is a language pointer like any other
    g = fn.ins(f"load ptr, {thread_word(G)}")
    p = fn.ins(f"addrspacecast ptr {g} to {GCPTR}")
    fn.nonnull.add(p)
    return (p,)


def _prefetch(fn: Any, args: list[str]) -> Words:
    f = fn.module.declare_intrinsic(
        "llvm.prefetch.p0", "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
    )
    p = fn.ins(f"inttoptr i64 {args[0]} to ptr")
    fn.emit(f"call void {f}(ptr {p}, i32 0, i32 3, i32 1)")
    return ()


def _mul64(fn: Any, args: list[str]) -> Words:
    a = fn.ins(f"zext i64 {args[0]} to i128")
    b = fn.ins(f"zext i64 {args[1]} to i128")
    p = fn.ins(f"mul nuw i128 {a}, {b}")
    hi = fn.ins(f"lshr i128 {p}, 64")
    return (fn.ins(f"trunc i128 {hi} to i64"), fn.ins(f"trunc i128 {p} to i64"))


def _bits(width: int, name: str, zero: str = "") -> Intrinsic:
    """A count over an integer of some width, widened to int."""
    ty = f"i{width}"
    extra = "i1 false" if zero else ""

    def lower(fn: Any, args: list[str]) -> Words:
        (v,) = _llvm(f"llvm.{name}.{ty}", ty, ty, extra=extra)(fn, args)
        return (v if width == 64 else fn.ins(f"zext {ty} {v} to i64"),)

    return lower


def _len(width: int) -> Intrinsic:
    def lower(fn: Any, args: list[str]) -> Words:
        (z,) = _bits(width, "ctlz", "zero")(fn, args)
        return (fn.ins(f"sub i64 {width}, {z}"),)

    return lower


def _rotate(width: int) -> Intrinsic:
    ty = f"i{width}"

    def lower(fn: Any, args: list[str]) -> Words:
        n = args[1] if width == 64 else fn.ins(f"trunc i64 {args[1]} to {ty}")
        name = f"llvm.fshl.{ty}"
        f = fn.module.declare_intrinsic(name, f"declare {ty} @{name}({ty}, {ty}, {ty})")
        return (fn.ins(f"call {ty} {f}({ty} {args[0]}, {ty} {args[0]}, {ty} {n})"),)

    return lower


def _unary(name: str, ty: str = "double") -> Intrinsic:
    suffix = {"double": "f64", "float": "f32"}[ty]
    return _llvm(f"llvm.{name}.{suffix}", ty, ty)


def _bitcast(a: str, b: str) -> Intrinsic:
    return lambda fn, args: (fn.ins(f"bitcast {a} {args[0]} to {b}"),)


def _atomic_load(ty: str) -> Intrinsic:
    return lambda fn, args: (
        fn.ins(f"load atomic {ty}, {GCPTR} {args[0]} seq_cst, align {_align(ty)}"),
    )


def _atomic_store(ty: str) -> Intrinsic:
    def lower(fn: Any, args: list[str]) -> Words:
        fn.emit(f"store atomic {ty} {args[1]}, {GCPTR} {args[0]} seq_cst, align {_align(ty)}")
        return ()

    return lower


def _atomic_rmw(op: str, ty: str, returns_new: bool = False) -> Intrinsic:
    def lower(fn: Any, args: list[str]) -> Words:
        old = fn.ins(f"atomicrmw {op} {GCPTR} {args[0]}, {ty} {args[1]} seq_cst")
        return (fn.ins(f"add {ty} {old}, {args[1]}") if returns_new else old,)

    return lower


def _atomic_cas(ty: str) -> Intrinsic:
    def lower(fn: Any, args: list[str]) -> Words:
        r = fn.ins(
            f"cmpxchg {GCPTR} {args[0]}, {ty} {args[1]}, {ty} {args[2]} seq_cst seq_cst"
        )
        return (fn.ins(f"extractvalue {{ {ty}, i1 }} {r}, 1"),)

    return lower


def _align(ty: str) -> int:
    return 8 if ty in (GCPTR, "i64") else 4


INTRINSICS: dict[str, Intrinsic] = {
    "runtime.getg": _getg,
    "runtime.prefetch": _prefetch,
    "runtime.ctz64": _bits(64, "cttz", "zero"),
    "runtime.clz64": _bits(64, "ctlz", "zero"),
    "runtime.popcount64": _bits(64, "ctpop"),
    "runtime.bswap64": _llvm("llvm.bswap.i64", "i64", "i64"),
    "runtime.mul64": _mul64,
    "math.Sqrt": _unary("sqrt"),
    "math.sqrt": _unary("sqrt"),
    "math.Abs": _unary("fabs"),
    "math.Floor": _unary("floor"),
    "math.Ceil": _unary("ceil"),
    "math.Trunc": _unary("trunc"),
    "math.RoundToEven": _unary("roundeven"),
    "math.FMA": _llvm("llvm.fma.f64", "double", "double", "double", "double"),
    "math.Copysign": _llvm("llvm.copysign.f64", "double", "double", "double"),
    "math.Float64bits": _bitcast("double", "i64"),
    "math.Float64frombits": _bitcast("i64", "double"),
    "math.Float32bits": _bitcast("float", "i32"),
    "math.Float32frombits": _bitcast("i32", "float"),
    "math/bits.TrailingZeros": _bits(64, "cttz", "zero"),
    "math/bits.LeadingZeros": _bits(64, "ctlz", "zero"),
    "math/bits.OnesCount": _bits(64, "ctpop"),
    "math/bits.Len": _len(64),
    "math/bits.RotateLeft": _rotate(64),
    "math/bits.ReverseBytes64": _llvm("llvm.bswap.i64", "i64", "i64"),
    "math/bits.ReverseBytes32": _llvm("llvm.bswap.i32", "i32", "i32"),
    "math/bits.ReverseBytes16": _llvm("llvm.bswap.i16", "i16", "i16"),
    "math/bits.Reverse64": _llvm("llvm.bitreverse.i64", "i64", "i64"),
    "math/bits.Reverse32": _llvm("llvm.bitreverse.i32", "i32", "i32"),
    "math/bits.Reverse16": _llvm("llvm.bitreverse.i16", "i16", "i16"),
    "math/bits.Reverse8": _llvm("llvm.bitreverse.i8", "i8", "i8"),
    "math/bits.Mul64": _mul64,
}
for _w in (8, 16, 32, 64):
    INTRINSICS[f"math/bits.TrailingZeros{_w}"] = _bits(_w, "cttz", "zero")
    INTRINSICS[f"math/bits.LeadingZeros{_w}"] = _bits(_w, "ctlz", "zero")
    INTRINSICS[f"math/bits.OnesCount{_w}"] = _bits(_w, "ctpop")
    INTRINSICS[f"math/bits.Len{_w}"] = _len(_w)
    INTRINSICS[f"math/bits.RotateLeft{_w}"] = _rotate(_w)
for _name, _ty in (
    ("Int32", "i32"), ("Uint32", "i32"), ("Int64", "i64"), ("Uint64", "i64"),
    ("Uintptr", "i64"), ("Pointer", GCPTR),
):  # fmt: skip
    INTRINSICS[f"sync/atomic.Load{_name}"] = _atomic_load(_ty)
    INTRINSICS[f"sync/atomic.Store{_name}"] = _atomic_store(_ty)
    INTRINSICS[f"sync/atomic.Swap{_name}"] = _atomic_rmw("xchg", _ty)
    INTRINSICS[f"sync/atomic.CompareAndSwap{_name}"] = _atomic_cas(_ty)
    if _ty != GCPTR:
        INTRINSICS[f"sync/atomic.Add{_name}"] = _atomic_rmw("add", _ty, True)
        INTRINSICS[f"sync/atomic.And{_name}"] = _atomic_rmw("and", _ty)
        INTRINSICS[f"sync/atomic.Or{_name}"] = _atomic_rmw("or", _ty)
