"""Type descriptors and itabs: constants of the structs that runtime/type.gol declares.

``type:T`` is one object per type of an image, so that types are compared by address. The
descriptor of a defined type T, and of \\*T, is emitted by the package that declares T (of
a predeclared type by package runtime) with the whole method set; every other descriptor is
``linkonce_odr`` in each module that needs it, and the linker keeps one. :class:`TypeTable`
emits what is asked for, and what that refers to, once per module.

Requires a ``module`` with

* ``package``: the :class:`~gol.lang.objects.Package` being lowered,
* ``runtime_type(name)``: a named type of the checked package runtime,
* ``define(symbol, text)``: adds a top-level definition unless the symbol has one,
* ``defined(symbol)``: whether it has,
* ``declare(symbol, text)``: a declaration, dropped if the module defines the symbol,
* ``runtime_code(name)``: the callee operand of a function of package runtime, declared,
* ``method_code(t, method)``: the symbol of the code that takes the data word of an
  interface holding a t as receiver, or None where there is none (runtime's own methods).

Symbols here are plain; :func:`sym` quotes them for IR text.
"""

from __future__ import annotations

from typing import Any, Protocol

from gol.jit import abi, alg
from gol.jit.constants import (
    cstring,
    initializer,
    pointer_to,
    slice_of,
    static_type,
    string_const,
    sym,
)  # fmt: skip
from gol.lang import types as T
from gol.lang.constant import quote
from gol.lang.digest import blake2b
from gol.lang.lookup import MethodEntry, interface_methods, method_set
from gol.lang.objects import Func, Package
from gol.lang.sizes import alignof, offsetsof, sizeof


class Module(Protocol):
    package: Package

    def runtime_type(self, name: str) -> T.Type: ...
    def define(self, symbol: str, text: str) -> None: ...
    def defined(self, symbol: str) -> bool: ...
    def declare(self, symbol: str, text: str) -> None: ...
    def runtime_code(self, name: str) -> str: ...
    def method_code(self, t: T.Type, method: MethodEntry) -> str | None: ...


# Kinds and flags as runtime/type.gol numbers them.
_KINDS = (
    "bool", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32",
    "uint64", "uintptr", "float32", "float64", "complex64", "complex128", "array", "chan",
    "func", "interface", "map", "pointer", "slice", "string", "struct", "unsafe.Pointer",
)  # fmt: skip
KIND = {name: i + 1 for i, name in enumerate(_KINDS)}
_KIND_OF_CLASS = {
    T.Array: "array",
    T.Chan: "chan",
    T.Signature: "func",
    T.Interface: "interface",
    T.Map: "map",
    T.Pointer: "pointer",
    T.Slice: "slice",
    T.Struct: "struct",
}
DIRECT, NAMED, MEMEQUAL, VARIADIC, NAN, EXPORTED = (1 << i for i in range(6))
_CHAN_DIR = {"recv": 1, "send": 2, "both": 3}
GCDATA_WORDS = 64  # arrays longer than this repeat their element's bitmap


def kind_of(t: T.Type) -> int:
    u = t.underlying()
    if isinstance(u, T.Basic):
        return KIND[u.kind.removeprefix("untyped ")]
    return KIND[_KIND_OF_CLASS[type(u)]]


# ---------------------------------------------------------------------------- notation
def _package_name(p: Package) -> str:
    return p.name


def _package_path(p: Package) -> str:
    return p.path


def type_string(t: T.Type) -> str:
    """As reflection and panics print it: package names, no parameter names."""
    return _notation(t, False)


def canonical(t: T.Type) -> str:
    """Equal for two types exactly when they are identical: full paths, local types apart."""
    return _notation(t, True)


def _notation(t: T.Type, full: bool) -> str:
    qualify = _package_path if full else _package_name

    def named(t: T.Named) -> str:
        obj = t.obj
        if obj.pkg is None:
            return obj.name
        if full and obj.link_name:
            return obj.link_name
        if full and obj.func_name:
            return f"{obj.func_name}.{obj.name}·{obj.local_index}"
        return f"{qualify(obj.pkg)}.{obj.name}"

    def member(name: str, pkg: Package | None) -> str:
        if full and pkg is not None and not name[:1].isupper():
            return f"{qualify(pkg)}.{name}"
        return name

    def write(t: T.Type) -> str:
        if isinstance(t, T.Named):
            return named(t)
        if isinstance(t, T.Basic):
            return t.kind
        if isinstance(t, T.Pointer):
            return "*" + write(t.elem)
        if isinstance(t, T.Slice):
            return "[]" + write(t.elem)
        if isinstance(t, T.Array):
            return f"[{t.len}]" + write(t.elem)
        if isinstance(t, T.Map):
            return f"map[{write(t.key)}]{write(t.elem)}"
        if isinstance(t, T.Chan):
            return chan(t)
        if isinstance(t, T.Signature):
            return "func" + signature(t)
        if isinstance(t, T.Struct):
            return struct(t)
        if isinstance(t, T.Interface):
            return interface(t)
        raise TypeError(f"no descriptor for {t}")

    def chan(t: T.Chan) -> str:
        prefix = {"send": "chan<- ", "recv": "<-chan ", "both": "chan "}[t.dir]
        elem = write(t.elem)
        if t.dir != "send" and isinstance(t.elem, T.Chan) and t.elem.dir == "recv":
            elem = f"({elem})" if t.dir == "both" else elem
        return prefix + elem

    def signature(s: T.Signature) -> str:
        params = [write(p.type) for p in s.params]
        if s.variadic:
            last = s.params[-1].type
            params[-1] = "..." + (write(last.elem) if isinstance(last, T.Slice) else "byte")
        results = [write(r.type) for r in s.results]
        tail = "" if not results else " " + results[0]
        if len(results) > 1:
            tail = " (" + ", ".join(results) + ")"
        return "(" + ", ".join(params) + ")" + tail

    def struct(t: T.Struct) -> str:
        parts = []
        for i, f in enumerate(t.fields):
            text = write(f.type)
            if not f.embedded:
                text = member(f.name, f.pkg) + " " + text
            elif full:
                text = f"{member(f.name, f.pkg)}: {text}"  # an alias may embed under its name
            if t.tags and t.tags[i]:
                text += " " + quote(t.tags[i])
            parts.append(text)
        return "struct { " + "; ".join(parts) + " }" if parts else "struct {}"

    def interface(t: T.Interface) -> str:
        methods = interface_methods(t)
        if not methods:
            return "interface {}"
        parts = []
        for m in methods:
            name = m.name
            if not m.exported and m.pkg is not None:
                name = f"{qualify(m.pkg)}.{name}"
            parts.append(name + signature(m.type))
        return "interface { " + "; ".join(parts) + " }"

    return write(t)


def type_symbol(t: T.Type) -> str:
    return "type:" + canonical(t)


def itab_symbol(t: T.Type, inter: T.Type) -> str:
    return f"itab:{canonical(t)},{canonical(inter)}"


def type_hash(t: T.Type) -> int:
    """FNV-1a of the canonical string."""
    h = 0x811C9DC5
    for b in canonical(t).encode():
        h = (h ^ b) * 0x01000193 & 0xFFFFFFFF
    return h


def home(t: T.Type) -> str | None:
    """The path of the package whose module holds t's descriptor; None: every user's."""
    base = t.elem if isinstance(t, T.Pointer) else t
    if isinstance(base, T.Named):
        return base.obj.pkg.path if base.obj.pkg is not None else "runtime"
    if isinstance(t, T.Basic):
        return "runtime"
    return None


def method_order(m: Func) -> tuple[str, str]:
    return (m.name, "" if m.exported or m.pkg is None else m.pkg.path)


# ----------------------------------------------------------------------- the descriptors
class TypeTable:
    """The descriptors and itabs of one module."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._seen: dict[str, T.Type] = {}
        self._pending: list[T.Type] = []
        self.algs = alg.Algorithms(module, self)

    def type_ref(self, t: T.Type) -> str:
        """``@"type:T"``, declared or to be emitted here."""
        symbol = type_symbol(t)
        if symbol not in self._seen:
            self._seen[symbol] = t
            if self.is_elsewhere(t):
                self.module.declare(symbol, f"@{sym(symbol)} = external global i8")
            else:
                self._pending.append(t)
        return "@" + sym(symbol)

    def is_elsewhere(self, t: T.Type) -> bool:
        """Whether another module holds t's descriptor."""
        where = home(t)
        return where is not None and where != self.module.package.path

    def itab_ref(self, t: T.Type, inter: T.Type) -> str:
        """``@"itab:T,I"``: t implements the non-empty interface inter."""
        symbol = itab_symbol(t, inter)
        if not self.module.defined(symbol):
            self._emit_itab(symbol, t, inter)
        return "@" + sym(symbol)

    def type_word(self, t: T.Type, inter: T.Type) -> str:
        """The first word of an interface value of type inter that holds a t."""
        return self.type_ref(t) if abi.is_eface(inter) else self.itab_ref(t, inter)

    def finish(self) -> None:
        """Emit everything that was asked for (which may ask for more)."""
        while self._pending:
            self._emit(self._pending.pop())

    def emit_home_types(self) -> None:
        """The descriptors that this package owes the others: its defined types."""
        for n in self.module.package.named:
            self.type_ref(n)
            self.type_ref(T.Pointer(n))
        if self.module.package.path == "runtime":
            for b in _predeclared():
                self.type_ref(b)

    # ------------------------------------------------------------------------ pieces
    def _emit(self, t: T.Type) -> None:
        symbol = type_symbol(t)
        u = t.underlying()
        values: dict[str, str] = {
            "size": str(sizeof(t)),
            "ptrdata": str(abi.ptrdata(t)),
            "hash": str(type_hash(t)),
            "kind": str(kind_of(t)),
            "align": str(alignof(t)),
            "fieldAlign": str(alignof(t)),
            "flags": str(self._flags(t)),
            "str": self._string(type_string(t)),
        }
        eq, hasher = self.algs.equal_value(t), self.algs.hash_value(t)
        if eq is not None and hasher is not None:
            values["equal"], values["hasher"] = eq, hasher
        values.update(self._gcdata(t))
        values.update(self._names(t))
        values.update(self._parts(u))
        if not isinstance(u, T.Interface):
            values["methods"] = self._methods(t, symbol)
        linkage = "linkonce_odr " if home(t) is None else ""
        struct = self.module.runtime_type("_type")
        self.module.define(
            symbol, f"@{sym(symbol)} = {linkage}global {initializer(struct, values)}, align 8"
        )

    def _flags(self, t: T.Type) -> int:
        u = t.underlying()
        flags = 0
        if abi.direct_iface(t):
            flags |= DIRECT
        if isinstance(t, (T.Named, T.Basic)):
            flags |= NAMED
            name = t.obj.name if isinstance(t, T.Named) else t.name
            predeclared = isinstance(t, T.Basic) or t.obj.pkg is None
            if predeclared or name[:1].isupper():
                flags |= EXPORTED
        if alg.is_memory(t):
            flags |= MEMEQUAL
        if isinstance(u, T.Signature) and u.variadic:
            flags |= VARIADIC
        if alg.irregular(t):
            flags |= NAN
        return flags

    def _gcdata(self, t: T.Type) -> dict[str, str]:
        bits_of = t
        while True:
            u = bits_of.underlying()
            if not (isinstance(u, T.Array) and sizeof(u) > GCDATA_WORDS * abi.WORD):
                break
            bits_of = u.elem
        bits = abi.ptr_bits(bits_of)
        if not bits or not sizeof(t):
            return {"gcperiod": str(sizeof(bits_of))}
        return {
            "gcdata": self.bitmap(bits, bits.bit_length()),
            "gcbits": str(bits.bit_length()),
            "gcperiod": str(sizeof(bits_of)),
        }

    def bitmap(self, bits: int, n: int) -> str:
        """A constant with that pointer bitmap, lowest bit first, whole 8-byte words."""
        size = (n + 63) // 64 * 8
        data = bits.to_bytes(size, "little")
        symbol = f"gcbits:{data.hex()}" if size <= 64 else f"gcbits:{hash_name(data)}"
        self.module.define(
            symbol,
            f"@{sym(symbol)} = linkonce_odr unnamed_addr constant [{size} x i8] "
            f"{cstring(data)}, align 8",
        )
        return "@" + sym(symbol)

    def _string(self, s: str) -> str:
        return string_const(self.module, s.encode())

    def _names(self, t: T.Type) -> dict[str, str]:
        if isinstance(t, T.Basic):
            return {"name": self._string("Pointer" if t is T.UNSAFE_POINTER else t.kind)}
        if not isinstance(t, T.Named):
            return {}
        out = {"name": self._string(t.obj.name)}
        if t.obj.pkg is not None:
            out["pkgpath"] = self._string(t.obj.pkg.path)
        return out

    def _parts(self, u: T.Type) -> dict[str, str]:
        if isinstance(u, (T.Pointer, T.Slice)):
            return {"elem": self.type_ref(u.elem)}
        if isinstance(u, T.Array):
            return {"elem": self.type_ref(u.elem), "len": str(u.len)}
        if isinstance(u, T.Chan):
            return {"elem": self.type_ref(u.elem), "len": str(_CHAN_DIR[u.dir])}
        if isinstance(u, T.Map):
            return self._map_parts(u)
        if isinstance(u, T.Signature):
            return {
                "in": self._type_list([p.type for p in u.params]),
                "out": self._type_list([r.type for r in u.results]),
            }
        if isinstance(u, T.Struct):
            return {"fields": self._fields(u)}
        if isinstance(u, T.Interface):
            return {"imethods": self._imethods(u)}
        return {}

    def _map_parts(self, u: T.Map) -> dict[str, str]:
        from gol.lang.objects import Var

        entry = T.Struct(
            [
                Var("K", None, 0, u.key, is_field=True),
                Var("V", None, 0, u.elem, is_field=True),
            ]
        )
        # an entry is storage only: no names, fields or equality of its own
        symbol = f"mapentry:{canonical(u)}"
        if not self.module.defined(symbol):
            values = {
                "size": str(sizeof(entry)),
                "ptrdata": str(abi.ptrdata(entry)),
                "kind": str(KIND["struct"]),
                "align": str(alignof(entry)),
                "fieldAlign": str(alignof(entry)),
                **self._gcdata(entry),
            }
            struct = self.module.runtime_type("_type")
            self.module.define(
                symbol,
                f"@{sym(symbol)} = linkonce_odr global {initializer(struct, values)}, align 8",
            )
        return {
            "key": self.type_ref(u.key),
            "elem": self.type_ref(u.elem),
            "entry": "@" + sym(symbol),
            "len": str(offsetsof(entry)[1]),
        }

    def _type_list(self, ts: list[T.Type]) -> str:
        if not ts:
            return "zeroinitializer"
        refs = [self.type_ref(t) for t in ts]
        symbol = "types:" + ",".join(canonical(t) for t in ts)
        text = ", ".join(f"ptr {r}" for r in refs)
        self.module.define(
            symbol,
            f"@{sym(symbol)} = linkonce_odr unnamed_addr constant [{len(refs)} x ptr] [{text}]",
        )
        return slice_of("@" + sym(symbol), len(refs))

    def _array(self, symbol: str, struct: T.Type, rows: list[dict[str, str]]) -> str:
        """A private table of structs, as a slice."""
        if not rows:
            return "zeroinitializer"
        inits = [initializer(struct, r) for r in rows]
        kind = static_type(struct)
        self.module.define(
            symbol,
            f"@{sym(symbol)} = private constant [{len(rows)} x {kind}] [{', '.join(inits)}]",
        )
        return slice_of("@" + sym(symbol), len(rows))

    def _fields(self, u: T.Struct) -> str:
        rows = []
        for i, (f, off) in enumerate(zip(u.fields, offsetsof(u), strict=True)):
            row = {
                "name": self._string(f.name),
                "typ": self.type_ref(f.type),
                "offset": str(off),
                "embedded": str(int(f.embedded)),
            }
            if not f.exported and f.pkg is not None:
                row["pkgpath"] = self._string(f.pkg.path)
            if u.tags and u.tags[i]:
                row["tag"] = string_const(self.module, u.tags[i].encode("latin-1", "replace"))
            rows.append(row)
        return self._array(
            f"fields:{canonical(u)}", self.module.runtime_type("structfield"), rows
        )

    def _method_row(self, m: Func) -> dict[str, str]:
        row = {"name": self._string(m.name), "typ": self.type_ref(without_receiver(m.type))}
        if not m.exported and m.pkg is not None:
            row["pkgpath"] = self._string(m.pkg.path)
        return row

    def _imethods(self, u: T.Interface) -> str:
        rows = [self._method_row(m) for m in sorted(interface_methods(u), key=method_order)]
        return self._array(
            f"imethods:{canonical(u)}", self.module.runtime_type("imethod"), rows
        )

    def _methods(self, t: T.Type, symbol: str) -> str:
        rows = []
        for m in sorted(method_set(t), key=lambda e: method_order(e.func)):
            code = self.module.method_code(t, m)
            if code is not None:
                row = self._method_row(m.func)
                row["ifn"] = pointer_to(code)
                rows.append(row)
        return self._array(f"methods:{symbol}", self.module.runtime_type("method"), rows)

    def _emit_itab(self, symbol: str, t: T.Type, inter: T.Type) -> None:
        have = {method_order(m.func): m for m in method_set(t)}
        u = inter.underlying()
        assert isinstance(u, T.Interface)
        codes = []
        for m in sorted(interface_methods(u), key=method_order):
            code = self.module.method_code(t, have[method_order(m)])
            codes.append(f"ptr @{sym(code)}" if code is not None else "ptr null")
        # inter, typ, hash, pad, fun...: runtime/type.gol's itab with its real length
        head = f"ptr {self.type_ref(inter)}, ptr {self.type_ref(t)}, i32 {type_hash(t)}, i32 0"
        self.module.define(
            symbol,
            f"@{sym(symbol)} = linkonce_odr constant {{ ptr, ptr, i32, i32, "
            f"[{len(codes)} x ptr] }} {{ {head}, [{len(codes)} x ptr] [{', '.join(codes)}] }}",
        )


def itab_method_index(inter: T.Type, method: Func) -> int:
    """Which entry of an itab's fun calls that method of the interface."""
    u = inter.underlying()
    assert isinstance(u, T.Interface)
    order = sorted(interface_methods(u), key=method_order)
    want = method_order(method)
    return next(i for i, m in enumerate(order) if method_order(m) == want)


ITAB_FUN = 24  # offset of fun[0] in an itab


def without_receiver(sig: Any) -> T.Signature:
    if sig.recv is None:
        return sig
    return T.Signature(sig.params, sig.results, sig.variadic)


def hash_name(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _predeclared() -> list[T.Type]:
    from gol.lang.universe import ERROR

    basics = [
        T.BOOL, T.INT, T.INT8, T.INT16, T.INT32, T.INT64, T.UINT, T.UINT8, T.UINT16, T.UINT32,
        T.UINT64, T.UINTPTR, T.FLOAT32, T.FLOAT64, T.COMPLEX64, T.COMPLEX128, T.STRING_T,
        T.UNSAFE_POINTER,
    ]  # fmt: skip
    pointers: list[T.Type] = [T.Pointer(b) for b in basics]
    return [*basics, *pointers, ERROR, T.Pointer(ERROR)]
