"""jit/abi.py: layouts agree with Go's sizes, LLVM's own data layout and docs/hacking.md."""

from __future__ import annotations

import llvmlite.binding as llvm
import pytest

from gol.jit import abi
from gol.lang import types as T
from gol.lang.objects import Var
from gol.lang.pointers import has_pointers
from gol.lang.sizes import alignof, offsetsof, sizeof

LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128-ni:1"


def struct(*ts: T.Type) -> T.Struct:
    return T.Struct([Var(f"f{i}", None, 0, t, is_field=True) for i, t in enumerate(ts)])


def sig(params: list[T.Type], results: list[T.Type]) -> T.Signature:
    return T.Signature(
        [Var("", None, 0, t) for t in params], [Var("", None, 0, t) for t in results]
    )


EMPTY = struct()
TYPES = [
    T.BOOL,
    T.INT8,
    T.UINT16,
    T.INT32,
    T.FLOAT32,
    T.COMPLEX64,
    T.COMPLEX128,
    T.STRING_T,
    T.Slice(T.INT),
    T.ANY,
    T.Pointer(T.INT),
    EMPTY,
    T.Array(T.INT16, 3),
    struct(T.INT8, T.INT64, T.INT8),
    struct(T.INT64, EMPTY),
    struct(EMPTY, T.INT32),
    struct(T.INT8, struct(T.INT16, T.Array(T.STRING_T, 0))),
    T.Array(struct(T.STRING_T, T.BOOL), 4),
    struct(T.COMPLEX64, T.INT8, T.COMPLEX128),
]


@pytest.mark.parametrize("t", TYPES, ids=str)
def test_llvm_lays_out_as_go(t: T.Type) -> None:
    text = f'target datalayout = "{LAYOUT}"\n@x = global {abi.mem_type(t)} zeroinitializer\n'
    mod = llvm.parse_assembly(text)
    td = llvm.create_target_data(LAYOUT)
    ty = mod.get_global_variable("x").global_value_type
    assert td.get_abi_size(ty) == sizeof(t)
    assert td.get_abi_alignment(ty) == alignof(t)
    if isinstance(t, T.Struct):
        assert [td.get_element_offset(ty, i) for i in range(len(t.fields))] == offsetsof(t)


def test_structs_may_nest_deeply() -> None:
    """Measuring all below twice at each level would never end."""
    t: T.Type = T.INT
    for _ in range(100):
        t = struct(t)
    assert (sizeof(t), alignof(t), offsetsof(t)) == (8, 8, [0])


def test_arguments_flatten_up_to_four_words() -> None:
    p = T.Pointer(T.INT)
    assert abi.param_of(struct(T.STRING_T, p, T.BOOL)).types == [
        abi.GCPTR, "i64", abi.GCPTR, "i8 zeroext",
    ]  # fmt: skip
    assert abi.param_of(struct(T.STRING_T, T.Slice(T.INT))).by_ref
    assert abi.param_of(EMPTY).types == []
    assert abi.param_of(T.Array(T.INT, 5)).by_ref


def test_results_in_registers_or_by_out_pointer() -> None:
    f = abi.abi_of(sig([T.INT], [T.STRING_T, T.BOOL]))
    assert (f.out, f.ret) == (False, "{ ptr addrspace(1), i64, i1 }")
    f = abi.func_value_abi(sig([T.INT8], [T.STRING_T, T.STRING_T]))
    assert f.out and f.ret == "void"
    assert f.param_types == [abi.GCPTR + " nest", abi.GCPTR, "i8 signext"]
    f = abi.abi_of(sig([], [T.FLOAT64, T.FLOAT32, T.INT, T.INT, T.INT]))
    assert not f.out


def test_pointer_bitmaps() -> None:
    assert abi.ptr_bits(struct(T.INT, T.STRING_T, T.ANY)) == 0b10010
    assert abi.ptr_bits(T.Array(T.STRING_T, 3)) == 0b010101
    assert abi.ptrdata(T.Array(T.STRING_T, 3)) == 40
    assert abi.ptr_bits(T.Array(struct(T.INT, T.Pointer(T.INT)), 5)) == 0b1010101010
    assert not has_pointers(T.Array(T.INT, 1000))


def test_direct_interface_types() -> None:
    p = T.Pointer(T.INT)
    assert abi.direct_iface(struct(T.Array(p, 1)))
    assert not abi.direct_iface(struct(p, p))
    assert not abi.direct_iface(T.STRING_T)
