"""Calls: of functions, methods, interface methods, func values, and of the runtime."""

from __future__ import annotations

from typing import Any, Optional

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Func

from .core import MANAGED
from .emit import Layout, Value, layout, memory_slots
from .expr import Expressions, unparen
from .intrinsics import INTRINSICS

Typed = tuple[T.Type, Value]

def _variadic_stays(f: Func) -> bool:
    """Does f forget its variadic arguments' array when it returns?"""
    if not f.type.variadic or not f.escape:
        return False
    leak = f.escape[-1]
    return leak is None or (leak.heap != 0 and all(d > 0 for d in leak.results.values()))


# What runtime code, which cannot panic, says instead.
_THROWS = {
    "panicIndex": "index out of range",
    "panicIndexU": "index out of range",
    "panicdivide": "integer divide by zero",
    "panicshift": "negative shift amount",
    "panicmem": "nil pointer dereference",
}


class Calls(Expressions):
    # ----------------------------------------------------------------- the callee
    def call_multi(self, e: A.CallExpr) -> list[Typed]:
        ready = self.memo.pop(e, None) if self.memo else None
        if ready is not None:
            return [(e.type, ready)]
        if e.kind == "conversion":
            return [(e.type, self.conversion(e))]
        if e.kind == "builtin":
            v = self.builtin(e)
            return [(e.type, v)] if v is not None else []
        fun = unparen(e.fun)
        if isinstance(fun, A.Ident) and isinstance(fun.obj, Func):
            return self._static(fun.obj, e, None)
        if isinstance(fun, A.SelectorExpr):
            sel = fun.selection
            if sel is None and isinstance(fun.sel.obj, Func):
                return self._static(fun.sel.obj, e, None)
            if sel is not None and sel.kind == "method":
                return self._method(fun, e)
        return self._func_value(fun, e)

    def _static(self, f: Func, e: A.CallExpr, recv: Optional[Typed]) -> list[Typed]:
        sig = f.type
        assert isinstance(sig, T.Signature)
        if recv is None:
            if f.link_name in INTRINSICS:
                args = self.arguments(e, sig)
                self.pos = e.pos
                words = INTRINSICS[f.link_name](self, [w for _, v in args for w in v])
                out: list[Typed] = []
                for r in sig.results:
                    n = len(layout(r.type).words)
                    out.append((r.type, words[:n]))
                    words = words[n:]
                return out
        lent: list[tuple[str, str]] = []
        args = self.arguments(e, sig, lent if _variadic_stays(f) else None)
        if recv is not None:
            args.insert(0, recv)
        self.pos = e.lparen
        values = self.call_func(f, args)
        for mem, slot in lent:
            self.give_back(mem, slot)
        return [(r.type, v) for r, v in zip(sig.results, values, strict=True)]

    def call_func(self, f: Func, args: list[Typed]) -> list[Value]:
        """A call of a declared function or method (receiver among args)."""
        code = self.module.callee(f)
        if f.cell and f is not self.info.func:  # (escape analysis makes the same exception)
            code = self.ins(f"load ptr, ptr {self.module.cell(f)}")
        fa = abi.abi_of(f.type, recv=args[0][0] if f.type.recv is not None else None)
        return self.call_code(fa, code, args)

    def _method(self, fun: A.SelectorExpr, e: A.CallExpr) -> list[Typed]:
        sel = fun.selection
        assert sel is not None
        f = sel.obj
        assert isinstance(f, Func)
        self.order(fun.x, *e.args)
        self.pos = fun.pos
        t, addr, value = self.receiver(fun.x, sel.index, fun.pos)
        if isinstance(t.underlying(), T.Interface):
            v = self.load(t, addr) if addr else value
            args = self.arguments(e, f.type)
            self.pos = e.lparen
            code, data = self.iface_method(v, t, f)
            fa = abi.iface_method_abi(f.type)
            out = self.call_code(fa, code, [(T.UNSAFE_POINTER, (data,)), *args])
            return [(r.type, x) for r, x in zip(f.type.results, out, strict=True)]
        return self._static(f, e, self.adapt_receiver(f, t, addr, value, fun.pos))

    def receiver(self, x: A.Expr, path: list[int], pos: int) -> tuple[T.Type, str, Value]:
        """The operand of a method selector after its embedded fields: type, and either
        an address or a value."""
        t, addr, value = self.operand(x)
        return self.walk_fields(t, addr, value, path, pos, False) if path else (t, addr, value)

    def adapt_receiver(self, f: Func, t: T.Type, addr: str, value: Value, pos: int) -> Typed:
        """The receiver as method f takes it."""
        pointer = isinstance(t.underlying(), T.Pointer) and not (
            isinstance(t, T.Named) and not f.ptr_recv
        )
        if f.ptr_recv:
            if pointer:
                return t, self.load(t, addr) if addr else value
            return T.Pointer(t), (self.gcptr(addr or self.temp(t, value)),)
        if pointer:
            p = self.load(t, addr)[0] if addr else value[0]
            self.nil_check(p, pos)
            t = t.underlying().elem  # type: ignore[attr-defined]
            addr = f"{GCPTR} {p}"
        v = self.load(t, addr) if addr else value
        return t, self.stable(t, v)

    def _func_value(self, fun: A.Expr, e: A.CallExpr) -> list[Typed]:
        sig = fun.type.underlying()
        assert isinstance(sig, T.Signature)
        self.order(fun, *e.args)
        c = self.expr(fun)[0]
        args = self.arguments(e, sig)
        values = self.call_closure(sig, c, args, e.lparen)
        return [(r.type, v) for r, v in zip(sig.results, values, strict=True)]

    def call_closure(self, sig: T.Signature, c: str, args: list[Typed], pos: int) -> list[Value]:
        """Call a func value: its code with the closure object as context."""
        self.nil_check(c, pos)
        self.pos = pos
        code = self.ins(f"load ptr, {GCPTR} {c}")
        return self.call_code(abi.func_value_abi(sig), code, args, context=c)

    # ------------------------------------------------------------------ arguments
    def arguments(
        self, e: A.CallExpr, sig: T.Signature, lent: Optional[list[tuple[str, str]]] = None
    ) -> list[Typed]:
        """The arguments of a call as values of the parameters' types. A slot that only the
        callee can refer to is borrowed, and added to ``lent``, if that is given."""
        types = [p.type for p in sig.params]
        args = e.args
        if len(args) == 1 and isinstance(args[0].type, T.Tuple):
            got = self.multi(args[0])
            given = [(t, self.stable(t, v)) for t, v in got]
            return self._spread(given, types, sig, e, lent)
        self.order(*args)
        fixed = len(types) - (1 if sig.variadic and e.ellipsis < 0 else 0)
        out = [(t, self.argument(a, t)) for a, t in zip(args[:fixed], types[:fixed], strict=True)]
        if fixed < len(types):
            elem = types[-1].elem  # type: ignore[attr-defined]
            rest = args[fixed:]
            if not rest:
                out.append((types[-1], ("null", "0", "0")))
            else:
                p = self._variadic_array(e, T.Array(elem, len(rest)), lent)
                size = layout(elem).size
                for i, a in enumerate(rest):
                    self.into(a, elem, self.offset(f"{GCPTR} {p}", i * size))
                out.append((types[-1], (p, str(len(rest)), str(len(rest)))))
        return out

    def _spread(
        self,
        given: list[Typed],
        types: list[T.Type],
        sig: T.Signature,
        e: A.CallExpr,
        lent: Optional[list[tuple[str, str]]],
    ) -> list[Typed]:
        """The results of one call as the arguments of another."""
        fixed = len(types) - (1 if sig.variadic else 0)
        out = [
            (t, self.convert_assign(v, gt, t))
            for (gt, v), t in zip(given[:fixed], types[:fixed], strict=True)
        ]
        if sig.variadic:
            rest = given[fixed:]
            if not rest:
                out.append((types[-1], ("null", "0", "0")))
            else:
                elem = types[-1].elem  # type: ignore[attr-defined]
                p = self._variadic_array(e, T.Array(elem, len(rest)), lent)
                size = layout(elem).size
                for i, (gt, v) in enumerate(rest):
                    v = self.convert_assign(v, gt, elem)
                    self.store(elem, v, self.offset(f"{GCPTR} {p}", i * size))
                out.append((types[-1], (p, str(len(rest)), str(len(rest)))))
        return out

    def _variadic_array(
        self, e: A.CallExpr, t: T.Array, lent: Optional[list[tuple[str, str]]]
    ) -> str:
        on_stack = self.escapes.on_stack(e)
        if lent is None or not on_stack or self.dead:
            return self.new_object(t, on_stack)
        lay = layout(t)
        slot = self.borrow(lay.mem, "args")
        lent.append((lay.mem, slot))
        return self.gcptr(slot)

    def convert_assign(self, v: Value, src: T.Type, dst: T.Type) -> Value:
        """A value assigned to a variable of type dst: only interfaces change it."""
        if isinstance(dst.underlying(), T.Interface) and not T.identical(src, dst):
            return self.convert(v, src, dst)
        return v

    def argument(self, a: A.Expr, t: T.Type) -> Value:
        """One argument; of a by-ref type a copy that the callee may keep as its own."""
        v = self.expr_as(a, t)
        if layout(t).by_ref and not _is_fresh(a):
            place = self.scratch(t)
            self.store(t, v, place)
            v = (self.gcptr(place),)
        return v

    # ------------------------------------------------------------------- the call
    def call_code(
        self, fa: Any, code: str, args: list[Typed], context: str = ""
    ) -> list[Value]:
        words: list[str] = []
        if fa.context:
            words.append(f"{GCPTR} nest {context or 'null'}")
        out = ""
        if fa.out:
            out = self.borrow(fa.out_type, "out")
            words.append(out)
        for p, (_, v) in zip(fa.params, args, strict=True):
            words += [f"{w.param} {x}" for w, x in zip(p.words, v, strict=True)]
        text = f"call {fa.ret_attr}{fa.ret} {code}({', '.join(words)}){self.dbg()}"
        if fa.out:
            self.emit(text)
            results = self.load_results(fa, out)
            if not any(layout(t).by_ref for t in fa.results):
                self.give_back(fa.out_type, out)
            return results
        if fa.ret == "void":
            self.emit(text)
            return [() for _ in fa.results]
        r = self.ins(text)
        flat = fa.result_words
        if len(flat) == 1:
            got = [r]
        else:
            got = [self.ins(f"extractvalue {fa.ret} {r}, {i}") for i in range(len(flat))]
        values: list[list[str]] = [[] for _ in fa.results]
        for (i, _), x in zip(flat, got, strict=True):
            values[i].append(x)
        return [self.returned(t, v) for t, v in zip(fa.results, values, strict=True)]

    def returned(self, t: T.Type, words: list[str]) -> Value:
        """Result words as a Value: a by-ref type of few result words is stored."""
        if not layout(t).by_ref:
            return tuple(words)
        a = self.alloca(t, "res")
        for s, w in zip(memory_slots(t, 0, False), words, strict=True):
            self.store_word(s, w, a)
        return (self.gcptr(a),)

    def load_results(self, fa: Any, out: str) -> list[Value]:
        return [
            self.load(t, self.offset(out, off))
            for t, off in zip(fa.results, result_offsets(fa.results), strict=True)
        ]

    def runtime_call(self, name: str, *args: str) -> Value:
        f = self.module.runtime_func(name)
        if f is None:
            self.unsupported(self.pos, f"(runtime.{name})")
        fa = self.module.runtime_abi(f)
        expected = [w for p in fa.params for w in p.words]
        if len(expected) != len(args):
            self.unsupported(self.pos, f"(runtime.{name} takes {len(expected)} words)")
        typed: list[Typed] = []
        at = 0
        for p in fa.params:
            typed.append((p.type, tuple(args[at : at + len(p.words)])))
            at += len(p.words)
        code = self.module.callee(f)
        values = self.call_code(fa, code, typed)
        return tuple(w for v in values for w in v)

    # -------------------------------------------------------------------- failure
    def panic_block(self, name: str, *typed_args: str) -> str:
        label = self.label("panic")
        if self.dead:
            return label
        if self.mode == MANAGED:
            code = self.module.callee(self._needed(name))
            args = ", ".join(typed_args)
        else:
            code = self.module.callee(self._needed("throw"))
            s = self.string_constant(_THROWS.get(name, "slice bounds out of range"))
            args = f"{GCPTR} {s[0]}, i64 {s[1]}"
        self.cold += [
            f"{label}:",
            f"  call void {code}({args}) #5{self.dbg()}",
            "  unreachable",
        ]
        return label

    def _needed(self, name: str) -> Func:
        f = self.module.runtime_func(name)
        if f is None:
            self.unsupported(self.pos, f"(runtime.{name})")
        return f

    # ---------------------------------------------------------------- conversions
    def conversion(self, e: A.CallExpr) -> Value:
        x = e.args[0]
        if x.mode == A.MODE_NIL:
            return self.zero_value(e.type)
        if x.value is not None and not isinstance(e.type.underlying(), T.Interface):
            u = e.type.underlying()
            if isinstance(u, T.Basic) and isinstance(x.type.underlying(), T.Basic):
                same = T.STRING | T.BOOLEAN | T.INTEGER | T.FLOAT | T.COMPLEX
                if x.type.underlying().info & u.info & same:
                    return self.constant(x.value, e.type)
        near = self.pointer_arithmetic(e)
        if near is not None:
            return near
        v = self.expr(x)
        self.pos = e.pos
        u = e.type.underlying()
        if isinstance(u, T.Slice) and isinstance(x.type.underlying(), T.Basic):
            return self.string_to_slice(v, u, e)
        return self.convert(v, x.type, e.type, x)

    def pointer_arithmetic(self, e: A.CallExpr) -> Optional[Value]:
        """``unsafe.Pointer(uintptr(p) ± n)`` as an address computation, which keeps the
        pointer a pointer."""
        if e.type.underlying() is not T.UNSAFE_POINTER:
            return None
        x = unparen(e.args[0])
        if not isinstance(x, A.BinaryExpr) or x.op not in "+-" or x.value is not None:
            return None
        c = unparen(x.x)
        if not (isinstance(c, A.CallExpr) and c.kind == "conversion" and c.value is None):
            return None
        if c.args[0].type.underlying() is not T.UNSAFE_POINTER:
            return None
        self.order(c.args[0], x.y)
        p = self.expr(c.args[0])[0]
        n = self.expr_as(x.y, T.UINTPTR)[0]
        if x.op == "-":
            n = self.ins(f"sub i64 0, {n}")
        return (self.ins(f"getelementptr i8, {GCPTR} {p}, i64 {n}"),)

    def builtin(self, e: A.CallExpr) -> Optional[Value]:
        raise NotImplementedError


def _is_fresh(e: A.Expr) -> bool:
    """Whether a by-ref value of e lies in memory that nothing else names."""
    e = unparen(e)
    return isinstance(e, A.CompositeLit) or (isinstance(e, A.CallExpr) and e.kind == "call")


def result_offsets(types: tuple[T.Type, ...]) -> list[int]:
    """Offsets of results in memory behind an out pointer."""
    out = []
    at = 0
    for t in types:
        lay: Layout = layout(t)
        at = -(-at // lay.align) * lay.align
        out.append(at)
        at += lay.size
    return out


__all__ = ["Calls", "Typed", "result_offsets"]
