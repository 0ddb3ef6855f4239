"""Equality and hash functions of types, as LLVM text.

``type:.eq.T`` is ``i1 (p, q)``, ``type:.hash.T`` is ``i64 (p, seed)`` (both pointers are
gcptr). They are system code: neither stack check nor safepoint. Those of *quiet* types,
which hold no interface, call only nosplit code. An interface inside is compared by
``runtime.efaceeq`` or ``runtime.ifaceeq``, hashed by ``runtime.nilinterhash`` or
``runtime.interhash``, which panic for the calling goroutine (panicg0) when the dynamic
type cannot be compared: such functions run on g0 only, as the map code does. Managed code
compares with ``runtime.typeequal``, or calls the function of a quiet type itself.

Fields are compared in source order, blank ones skipped, neighbours that compare as memory
taken together. All functions are ``linkonce_odr``; those of plain memory are shared by size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.jit.constants import sym
from gol.lang import types as T
from gol.lang.sizes import offsetsof, sizeof

if TYPE_CHECKING:
    from gol.jit.rtypes import TypeTable


class Module(Protocol):
    def define(self, symbol: str, text: str) -> None: ...
    def defined(self, symbol: str) -> bool: ...
    def runtime_code(self, name: str) -> str: ...


LEAF = '"gc-leaf-function"'  # never a safepoint
_LOADS = {1: "i8", 2: "i16", 4: "i32", 8: "i64"}
MAX_LOADS = 4  # memory of at most this many 8-byte loads is compared without a call


def comparable(t: T.Type) -> bool:
    u = t.underlying()
    if isinstance(u, (T.Slice, T.Map, T.Signature)):
        return False
    if isinstance(u, T.Array):
        return comparable(u.elem)
    if isinstance(u, T.Struct):
        return all(comparable(f.type) for f in u.fields)
    return True


def is_memory(t: T.Type) -> bool:
    """Equal exactly when all bytes are."""
    u = t.underlying()
    if isinstance(u, T.Basic):
        return not u.info & (T.STRING | T.FLOAT | T.COMPLEX)
    if isinstance(u, (T.Pointer, T.Chan)):
        return True
    if isinstance(u, T.Array):
        return u.len == 0 and comparable(u.elem) or is_memory(u.elem)
    if isinstance(u, T.Struct):
        at = 0
        for f, off in zip(u.fields, offsetsof(u), strict=True):
            if f.name == "_" or off != at or not is_memory(f.type):
                return False
            at = off + sizeof(f.type)
        return at == sizeof(u)
    return False


def _holds(t: T.Type, leaf: tuple[type, ...], info: int) -> bool:
    u = t.underlying()
    if isinstance(u, T.Array):
        return _holds(u.elem, leaf, info)
    if isinstance(u, T.Struct):
        return any(_holds(f.type, leaf, info) for f in u.fields)
    return isinstance(u, leaf) or (isinstance(u, T.Basic) and bool(u.info & info))


def irregular(t: T.Type) -> bool:
    """A key k of type t may differ from itself, or equal a key of other bits."""
    return _holds(t, (T.Interface,), T.FLOAT | T.COMPLEX)


def quiet(t: T.Type) -> bool:
    """Comparing two t's can neither panic nor leave nosplit code."""
    return not _holds(t, (T.Interface,), 0)


class Algorithms:
    """The functions that one module needs."""

    def __init__(self, module: Module, types: "TypeTable") -> None:
        self.module = module
        self.types = types

    # ------------------------------------------------------------------- references
    def equal_value(self, t: T.Type) -> str | None:
        """The func value for _type.equal, or None if t cannot be compared."""
        return self._func_value(self.equal(t)) if comparable(t) else None

    def hash_value(self, t: T.Type) -> str | None:
        return self._func_value(self.hash(t)) if comparable(t) else None

    def _func_value(self, code: str) -> str:
        symbol = code + "·f"
        self.module.define(
            symbol, f"@{sym(symbol)} = linkonce_odr constant {{ ptr }} {{ ptr @{sym(code)} }}"
        )
        return "@" + sym(symbol)

    def equal(self, t: T.Type) -> str:
        """The symbol of the equality function of a comparable type."""
        symbol = f"type:.eq.{_shape(t)}"
        if not self.module.defined(symbol):
            head = f"define linkonce_odr zeroext i1 @{sym(symbol)}({GCPTR} %p, {GCPTR} %q)"
            self.module.define(symbol, _function(t, head, _Equal(self).body(t)))
        return symbol

    def hash(self, t: T.Type) -> str:
        symbol = f"type:.hash.{_shape(t)}"
        if not self.module.defined(symbol):
            head = f"define linkonce_odr i64 @{sym(symbol)}({GCPTR} %p, i64 %h)"
            self.module.define(symbol, _function(t, head, _Hash(self).body(t)))
        return symbol

    def runtime(self, name: str) -> str:
        """The callee operand of a function of package runtime."""
        return self.module.runtime_code(name)


def _shape(t: T.Type) -> str:
    from gol.jit.rtypes import canonical

    if is_memory(t):
        return f"mem{sizeof(t)}"
    u = t.underlying()
    if isinstance(u, T.Interface):
        return "eface" if abi.is_eface(u) else "iface"
    # a defined type compares as what it is made of
    return canonical(u)


def _function(t: T.Type, head: str, body: list[str]) -> str:
    attrs = f'{LEAF} "gol-nosplit"' if quiet(t) else '"gol-system"'
    lines = "\n".join(body)
    return f"{head} nounwind {attrs} {{\nentry:\n{lines}\n}}"


class _Body:
    def __init__(self, algs: Algorithms) -> None:
        self.algs = algs
        self.lines: list[str] = []
        self.n = 0

    def ins(self, text: str) -> str:
        self.n += 1
        self.lines.append(f"  %t{self.n} = {text}")
        return f"%t{self.n}"

    def emit(self, text: str) -> None:
        self.lines.append("  " + text)

    def label(self) -> str:
        self.n += 1
        return f"b{self.n}"

    def start(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def at(self, p: str, off: int) -> str:
        if not off:
            return p
        return self.ins(f"getelementptr inbounds i8, {GCPTR} {p}, i64 {off}")

    def runs(self, u: T.Struct) -> list[tuple[int, int, T.Type | None]]:
        """(offset, size, type) of what is compared one after the other; type None: memory
        of several fields."""
        out: list[tuple[int, int, T.Type | None]] = []
        for f, off in zip(u.fields, offsetsof(u), strict=True):
            size = sizeof(f.type)
            if f.name == "_" or size == 0:
                continue
            if not is_memory(f.type):
                out.append((off, size, f.type))
            elif out and out[-1][2] is None and out[-1][0] + out[-1][1] == off:
                out[-1] = (out[-1][0], out[-1][1] + size, None)
            else:
                out.append((off, size, None))
        return out

    def loop(self) -> tuple[str, str, str]:
        """Open a loop: the labels of the block before it, of its head, of what follows."""
        before, head, after = self.label(), self.label(), self.label()
        self.emit(f"br label %{before}")
        self.start(before)
        self.emit(f"br label %{head}")
        self.start(head)
        return before, head, after


class _Equal(_Body):
    """Straight-line tests that leave for ``differ`` at the first difference."""

    def body(self, t: T.Type) -> list[str]:
        self.test(t, sizeof(t), "%p", "%q")
        self.emit("ret i1 true")
        self.start("differ")
        self.emit("ret i1 false")
        return self.lines if "%differ" in "".join(self.lines) else self.lines[:-2]

    def require(self, cond: str) -> None:
        go = self.label()
        self.emit(f"br i1 {cond}, label %{go}, label %differ")
        self.start(go)

    def test(self, t: T.Type | None, size: int, p: str, q: str) -> None:
        if t is None or is_memory(t):
            return self.memory(size, p, q)
        u = t.underlying()
        if isinstance(u, T.Struct):
            for off, n, ft in self.runs(u):
                self.test(ft, n, self.at(p, off), self.at(q, off))
        elif isinstance(u, T.Array):
            self.array(u, p, q)
        elif isinstance(u, T.Interface):
            self.interface(u, p, q)
        elif isinstance(u, T.Basic) and u.info & T.STRING:
            self.string(p, q)
        else:
            assert isinstance(u, T.Basic)
            self.floats(u, p, q)

    def memory(self, size: int, p: str, q: str) -> None:
        if size > MAX_LOADS * 8:
            f = self.algs.runtime("memequal")
            self.require(self.ins(f"call zeroext i1 {f}({GCPTR} {p}, {GCPTR} {q}, i64 {size})"))
            return
        off = 0
        while off < size:
            n = next(n for n in (8, 4, 2, 1) if off + n <= size)
            a = self.ins(f"load {_LOADS[n]}, {GCPTR} {self.at(p, off)}, align 1")
            b = self.ins(f"load {_LOADS[n]}, {GCPTR} {self.at(q, off)}, align 1")
            self.require(self.ins(f"icmp eq {_LOADS[n]} {a}, {b}"))
            off += n

    def string(self, p: str, q: str) -> None:
        n = self.ins(f"load i64, {GCPTR} {self.at(p, 8)}")
        m = self.ins(f"load i64, {GCPTR} {self.at(q, 8)}")
        self.require(self.ins(f"icmp eq i64 {n}, {m}"))
        a = self.ins(f"load {GCPTR}, {GCPTR} {p}")
        b = self.ins(f"load {GCPTR}, {GCPTR} {q}")
        f = self.algs.runtime("memequal")
        self.require(self.ins(f"call zeroext i1 {f}({GCPTR} {a}, {GCPTR} {b}, i64 {n})"))

    def floats(self, u: T.Basic, p: str, q: str) -> None:
        ty = "float" if u.kind in ("float32", "complex64") else "double"
        step = 4 if ty == "float" else 8
        for off in (0, step) if u.info & T.COMPLEX else (0,):
            a = self.ins(f"load {ty}, {GCPTR} {self.at(p, off)}")
            b = self.ins(f"load {ty}, {GCPTR} {self.at(q, off)}")
            self.require(self.ins(f"fcmp oeq {ty} {a}, {b}"))

    def interface(self, u: T.Interface, p: str, q: str) -> None:
        name = "efaceeq" if abi.is_eface(u) else "ifaceeq"
        ta = self.ins(f"load ptr, {GCPTR} {p}")
        tb = self.ins(f"load ptr, {GCPTR} {q}")
        if name == "efaceeq":
            self.require(self.ins(f"icmp eq ptr {ta}, {tb}"))
        a = self.ins(f"load {GCPTR}, {GCPTR} {self.at(p, 8)}")
        b = self.ins(f"load {GCPTR}, {GCPTR} {self.at(q, 8)}")
        ga = self.ins(f"addrspacecast ptr {ta} to {GCPTR}")
        args = f"{GCPTR} {ga}, "
        if name == "ifaceeq":
            gb = self.ins(f"addrspacecast ptr {tb} to {GCPTR}")
            args += f"{GCPTR} {gb}, "
        args += f"{GCPTR} {a}, {GCPTR} {b}"
        f = self.algs.runtime(name)
        self.require(self.ins(f"call zeroext i1 {f}({args})"))

    def array(self, u: T.Array, p: str, q: str) -> None:
        size = sizeof(u.elem)
        if not u.len or not size:
            return
        f = "@" + sym(self.algs.equal(u.elem))
        before, head, after = self.loop()
        step = self.label()
        self.n += 1
        i = f"%i{self.n}"
        self.lines.append(f"  {i} = phi i64 [ 0, %{before} ], [ {i}n, %{step} ]")
        off = self.ins(f"mul i64 {i}, {size}")
        a = self.ins(f"getelementptr inbounds i8, {GCPTR} {p}, i64 {off}")
        b = self.ins(f"getelementptr inbounds i8, {GCPTR} {q}, i64 {off}")
        same = self.ins(f"call zeroext i1 {f}({GCPTR} {a}, {GCPTR} {b})")
        self.emit(f"br i1 {same}, label %{step}, label %differ")
        self.start(step)
        self.emit(f"{i}n = add i64 {i}, 1")
        more = self.ins(f"icmp ult i64 {i}n, {u.len}")
        self.emit(f"br i1 {more}, label %{head}, label %{after}")
        self.start(after)


class _Hash(_Body):
    """The hash goes from part to part as the seed of the next."""

    def body(self, t: T.Type) -> list[str]:
        self.emit(f"ret i64 {self.part(t, sizeof(t), '%p', '%h')}")
        return self.lines

    def part(self, t: T.Type | None, size: int, p: str, h: str) -> str:
        if t is None or is_memory(t):
            if size == 0:
                return h
            f = self.algs.runtime("memhash")
            return self.ins(f"call i64 {f}({GCPTR} {p}, i64 {h}, i64 {size})")
        u = t.underlying()
        if isinstance(u, T.Struct):
            for off, n, ft in self.runs(u):
                h = self.part(ft, n, self.at(p, off), h)
            return h
        if isinstance(u, T.Array):
            return self.array(u, p, h)
        if isinstance(u, T.Interface):
            return self.call("nilinterhash" if abi.is_eface(u) else "interhash", p, h)
        assert isinstance(u, T.Basic)
        if u.info & T.STRING:
            return self.call("strhash", p, h)
        name = "f32hash" if u.kind in ("float32", "complex64") else "f64hash"
        h = self.call(name, p, h)
        if u.info & T.COMPLEX:
            h = self.call(name, self.at(p, 4 if name == "f32hash" else 8), h)
        return h

    def call(self, name: str, p: str, h: str) -> str:
        f = self.algs.runtime(name)
        return self.ins(f"call i64 {f}({GCPTR} {p}, i64 {h})")

    def array(self, u: T.Array, p: str, h: str) -> str:
        size = sizeof(u.elem)
        if not u.len or not size:
            return h
        f = "@" + sym(self.algs.hash(u.elem))
        before, head, after = self.loop()
        self.n += 1
        i, g = f"%i{self.n}", f"%h{self.n}"
        self.lines.append(f"  {i} = phi i64 [ 0, %{before} ], [ {i}n, %{head} ]")
        self.lines.append(f"  {g} = phi i64 [ {h}, %{before} ], [ {g}n, %{head} ]")
        off = self.ins(f"mul i64 {i}, {size}")
        a = self.ins(f"getelementptr inbounds i8, {GCPTR} {p}, i64 {off}")
        self.emit(f"{g}n = call i64 {f}({GCPTR} {a}, i64 {g})")
        self.emit(f"{i}n = add i64 {i}, 1")
        more = self.ins(f"icmp ult i64 {i}n, {u.len}")
        self.emit(f"br i1 {more}, label %{head}, label %{after}")
        self.start(after)
        return f"{g}n"
