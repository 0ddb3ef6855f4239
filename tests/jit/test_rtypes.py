"""jit/rtypes.py and jit/alg.py: the text is valid IR, laid out as runtime/type.gol says."""

from __future__ import annotations

import llvmlite.binding as llvm
import pytest

from gol.jit import alg, rtypes
from gol.jit.constants import sym
from gol.lang import types as T
from gol.lang.lookup import MethodEntry
from gol.lang.objects import Func, Package, TypeName, Var
from gol.lang.universe import ERROR

LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128-ni:1"


def fields(*pairs: tuple[str, T.Type]) -> T.Struct:
    return T.Struct([Var(n, None, 0, t, is_field=True) for n, t in pairs])


P = T.Pointer(T.INT)
STRUCTS: dict[str, T.Type] = {
    "structfield": fields(
        ("name", T.STRING_T), ("pkgpath", T.STRING_T), ("typ", P), ("offset", T.UINTPTR),
        ("tag", T.STRING_T), ("embedded", T.BOOL),
    ),
    "imethod": fields(("name", T.STRING_T), ("pkgpath", T.STRING_T), ("typ", P)),
    "method": fields(
        ("name", T.STRING_T), ("pkgpath", T.STRING_T), ("typ", P), ("ifn", T.UINTPTR)
    ),
}  # fmt: skip
STRUCTS["_type"] = fields(
    ("size", T.UINTPTR), ("ptrdata", T.UINTPTR), ("hash", T.UINT32), ("kind", T.UINT8),
    ("align", T.UINT8), ("fieldAlign", T.UINT8), ("flags", T.UINT8), ("equal", P),
    ("hasher", P), ("gcdata", P), ("gcbits", T.UINTPTR), ("gcperiod", T.UINTPTR),
    ("str", T.STRING_T), ("name", T.STRING_T), ("pkgpath", T.STRING_T), ("elem", P),
    ("key", P), ("len", T.UINTPTR), ("entry", P), ("in", T.Slice(P)), ("out", T.Slice(P)),
    ("fields", T.Slice(STRUCTS["structfield"])), ("imethods", T.Slice(STRUCTS["imethod"])),
    ("methods", T.Slice(STRUCTS["method"])), ("slot", T.UINT32), ("_", T.UINT32),
)  # fmt: skip


GC = "ptr addrspace(1)"
HASH = ("i64", f"{GC}, i64")
RUNTIME = {
    "memequal": ("zeroext i1", f"{GC}, {GC}, i64"),
    "memhash": ("i64", f"{GC}, i64, i64"),
    "efaceeq": ("zeroext i1", f"{GC}, {GC}, {GC}"),
    "ifaceeq": ("zeroext i1", f"{GC}, {GC}, {GC}, {GC}"),
    **dict.fromkeys(("strhash", "f32hash", "f64hash", "nilinterhash", "interhash"), HASH),
}


class Module:
    """The least that TypeTable asks of a module."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.defs: dict[str, str] = {}
        self.decls: dict[str, str] = {}

    def runtime_type(self, name: str) -> T.Type:
        return STRUCTS[name]

    def define(self, symbol: str, text: str) -> None:
        self.defs.setdefault(symbol, text)

    def defined(self, symbol: str) -> bool:
        return symbol in self.defs

    def declare(self, symbol: str, text: str) -> None:
        self.decls.setdefault(symbol, text)

    def runtime_code(self, name: str) -> str:
        symbol = f"runtime.{name}"
        ret, params = RUNTIME[name]
        self.declare(symbol, f"declare {ret} @{sym(symbol)}({params})")
        return f"@{sym(symbol)}"

    def method_code(self, t: T.Type, method: MethodEntry) -> str | None:
        symbol = f"{rtypes.canonical(t)}.{method.func.name}"
        self.declare(symbol, f"declare void @{sym(symbol)}()")
        return symbol

    def text(self) -> str:
        decls = [d for s, d in self.decls.items() if s not in self.defs]
        return "\n".join([f'target datalayout = "{LAYOUT}"', *decls, *self.defs.values()])


def named(pkg: Package, name: str, under: T.Type) -> T.Named:
    obj = TypeName(name, pkg, 0, under)
    n = T.Named(obj, under)
    obj.type = n
    pkg.named.append(n)
    return n


MAIN = Package("ex/main", "main")
OTHER = Package("ex/other", "other")
POINT = named(MAIN, "Point", fields(("X", T.INT), ("y", T.FLOAT64), ("_", T.INT8)))
FOREIGN = named(OTHER, "Foreign", fields(("e", T.ANY)))


def method(n: T.Named, name: str, ptr: bool = False) -> Func:
    f = Func(name, n.obj.pkg, 0, T.Signature([], [], recv=Var("", None, 0, n)))
    f.ptr_recv = ptr
    n.methods.append(f)
    return f


method(POINT, "Error")
POINT.methods[0].type = T.Signature([], [Var("", None, 0, T.STRING_T)])
method(POINT, "set", ptr=True)

TYPES = [
    POINT,
    FOREIGN,
    T.ANY,
    ERROR,
    T.Map(T.STRING_T, T.Slice(POINT)),
    T.Chan("recv", FOREIGN),
    T.Signature([Var("a", None, 0, T.INT), Var("b", None, 0, T.Slice(T.ANY))], [], True),
    T.Array(T.Array(T.STRING_T, 3), 100),
    T.Struct([Var("a", MAIN, 0, T.BYTE, is_field=True)], ['json:"a"']),
    fields(("a", T.COMPLEX128), ("b", T.Array(ERROR, 2)), ("c", T.FLOAT32), ("d", T.INT)),
    T.Array(T.UINT8, 5),
    T.Array(T.INT, 100),
]


def test_descriptors_and_algorithms_are_valid_ir() -> None:
    m = Module(MAIN)
    table = rtypes.TypeTable(m)
    for t in TYPES:
        table.type_ref(t)
    table.itab_ref(POINT, ERROR)
    table.emit_home_types()
    table.finish()
    text = m.text()
    llvm.parse_assembly(text).verify()
    assert '@"type:ex/other.Foreign" = external' in text
    assert '@"type:ex/main.Point" = global' in text
    assert '@"type:[]ex/main.Point" = linkonce_odr global' in text


@pytest.mark.parametrize(
    ("t", "short", "full"),
    [
        (T.BYTE, "uint8", "uint8"),
        (TYPES[4], "map[string][]main.Point", "map[string][]ex/main.Point"),
        (TYPES[6], "func(int, ...interface {})", "func(int, ...interface {})"),
        (
            TYPES[8],
            'struct { a uint8 "json:\\"a\\"" }',
            'struct { ex/main.a uint8 "json:\\"a\\"" }',
        ),  # noqa: E501
        (ERROR, "error", "error"),
        (ERROR.underlying(), "interface { Error() string }", "interface { Error() string }"),
    ],
)
def test_notation(t: T.Type, short: str, full: str) -> None:
    assert rtypes.type_string(t) == short
    assert rtypes.canonical(t) == full


def test_memory_and_quiet_types() -> None:
    assert alg.is_memory(T.Array(T.INT, 3)) and alg.quiet(T.STRING_T)
    assert not alg.is_memory(POINT)  # a float, a blank field
    assert not alg.comparable(T.Slice(T.INT)) and not alg.quiet(FOREIGN)
    assert not alg.is_memory(fields(("a", T.INT8), ("b", T.INT16)))  # padding
