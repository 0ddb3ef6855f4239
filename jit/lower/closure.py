"""Functions as values: literals, declared functions, method values, method expressions.

A func value is a gcptr to a closure object, a struct ``{ code, captured... }`` whose gol
type :func:`object_type` makes up, so that it is allocated and scanned like any other. What
captures nothing is the static ``"name·f"``. A variable is captured by value when
``Var.captured_by_value``, else as a pointer to it.
"""

from __future__ import annotations

from typing import Optional

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.jit.constants import sym
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Func, Var
from gol.lang.sizes import offsetsof

from .call import Calls, Typed
from .emit import Value, layout
from .iface import gc


def object_type(fields: list[T.Type]) -> T.Struct:
    """The struct of a closure object that holds values of those types."""
    named = [Var(f"X{i}", None, 0, t, is_field=True) for i, t in enumerate(fields)]
    return T.Struct([Var("F", None, 0, T.UINTPTR, is_field=True), *named])


def capture_type(v: Var) -> T.Type:
    return v.type if v.captured_by_value else T.Pointer(v.type)


class Closures(Calls):
    last_object: tuple[str, str] = ("", "")  # of closure_object: code operand, gcptr
    code_of: dict[str, tuple[str, bool]]  # closure object: its code, whether it has a context

    # ------------------------------------------------------------------- literals
    def closure(self, lit: A.FuncLit) -> Value:
        info = lit.info
        self.module.lower_literal(lit, self)
        if not info.captures:
            p = gc(self.module.static_func_value(info.name))
            self.code_of[p] = (f"@{sym(info.name)}", False)
            return (p,)
        values = [self.capture(v, lit.pos) for v in info.captures]
        return (self.closure_object(f"@{sym(info.name)}", values, self.escapes.on_stack(lit)),)

    def capture(self, v: Var, pos: int) -> Typed:
        if v.captured_by_value:
            value = self.value_of.get(v)
            if value is None:
                value = self.load(v.type, self.var_addr(v, pos))
            return v.type, value
        return T.Pointer(v.type), (self.gcptr(self.var_addr(v, pos)),)

    def closure_object(self, code: str, values: list[Typed], on_stack: bool) -> str:
        t = object_type([vt for vt, _ in values])
        p = self.gcptr(self.alloca(t, "clos")) if on_stack else self.new_object(t, False)
        self.last_object = (code, p)
        self.code_of[p] = (code, True)
        self.emit(f"store ptr {code}, {GCPTR} {p}")
        for (vt, v), off in zip(values, offsetsof(t)[1:], strict=True):
            self.store(vt, v, self.offset(f"{GCPTR} {p}", off))
        return p

    def call_closure(self, sig: T.Signature, c: str, args: list[Typed], pos: int) -> list[Value]:
        known = self.code_of.get(c)
        if known is None:
            return super().call_closure(sig, c, args, pos)
        code, context = known
        fa = abi.func_value_abi(sig)
        self.pos = pos
        if context:
            return self.call_code(fa, code, args, context=c)
        return self.call_code(abi.FuncABI(fa.params, fa.results), code, args)

    def captured(self, types: list[T.Type]) -> list[str]:
        """At entry: the address of each captured value in the context."""
        t = object_type(types)
        base = f"{GCPTR} {self.context}"
        return [self.offset(base, off) for off in offsetsof(t)[1:]]

    def bind_captures(self) -> None:
        captures = self.info.captures
        if not captures:
            return
        for v, at in zip(
            captures, self.captured([capture_type(v) for v in captures]), strict=True
        ):
            if not v.captured_by_value:
                p = self.load(T.Pointer(v.type), at)[0]
                self.nonnull.add(p)
                self.addr_of[v] = f"{GCPTR} {p}"
            elif layout(v.type).by_ref:
                self.addr_of[v] = at  # in the object, which nobody writes to
            else:
                self.value_of[v] = self.load(v.type, at)

    # ---------------------------------------------------------- declared functions
    def func_value(self, f: Func) -> Value:
        self.module.callee(f)
        return (gc(self.module.static_func_value(f.link_name)),)

    # -------------------------------------------------------------------- methods
    def method_value(self, e: A.SelectorExpr) -> Value:
        """``x.M``: the receiver is evaluated and kept now."""
        sel = e.selection
        assert sel is not None and isinstance(sel.obj, Func)
        f = sel.obj
        t, addr, value = self.receiver(e.x, sel.index, e.pos)
        if isinstance(t.underlying(), T.Interface):
            v = self.load(t, addr) if addr else value
            self._check_iface(v)
            recv: Typed = (t, v)
        else:
            recv = self.adapt_receiver(f, t, addr, value, e.pos)
        code = self.module.wrappers.bound_method(recv[0], f)
        return (self.closure_object(f"@{sym(code)}", [recv], self.escapes.on_stack(e)),)

    def _check_iface(self, v: Value) -> None:
        if self.checks_nil:
            bad, ok = self.panic_block("panicmem"), self.label()
            self.cbr(self.ins(f"icmp eq ptr {v[0]}, null"), bad, ok, "unlikely")
            self.start(ok)

    def method_expr(self, e: A.SelectorExpr) -> Value:
        """``T.M``: a function whose first parameter is the receiver."""
        sel = e.selection
        assert sel is not None and isinstance(sel.obj, Func)
        code = self.module.wrappers.method_function(sel.recv, sel.obj)
        return (gc(self.module.static_func_value(code)),)

    # --------------------------------------------------------------------- thunks
    def thunk(self, call: A.CallExpr, on_stack: bool) -> Value:
        """A func() that makes the call, with everything evaluated now."""
        from .expr import unparen

        fun = unparen(call.fun)
        if call.kind == "call" and not call.args and isinstance(fun, A.FuncLit):
            if not fun.info.sig.results:
                return self.closure(fun)
        if call.kind == "builtin":
            return self._builtin_thunk(call, on_stack)
        if call.kind == "conversion":
            self.expr(call)
            return (gc(self.module.static_func_value(self.module.wrappers.nothing())),)
        if isinstance(fun, A.SelectorExpr) and fun.selection is not None:
            if fun.selection.kind == "method":
                return self._method_thunk(fun, call, on_stack)
        direct = self._direct(fun)
        sig = fun.type.underlying()
        assert isinstance(sig, T.Signature)
        self.order(fun, *call.args)
        if direct is not None:
            if not sig.params and not sig.results:
                return self.func_value(direct)
            kept = self.arguments(call, sig)
            code = self.module.wrappers.call_thunk(direct, None, kept)
        else:
            c = self.expr(fun)
            if not sig.params and not sig.results and isinstance(call, A.CallExpr):
                return c
            kept = [(fun.type, c), *self.arguments(call, sig)]
            code = self.module.wrappers.call_thunk(None, sig, kept)
        return (self.closure_object(f"@{sym(code)}", kept, on_stack),)

    def _direct(self, fun: A.Expr) -> Optional[Func]:
        obj = None
        if isinstance(fun, A.Ident):
            obj = fun.obj
        elif isinstance(fun, A.SelectorExpr) and fun.selection is None:
            obj = fun.sel.obj
        return obj if isinstance(obj, Func) else None

    def _method_thunk(self, fun: A.SelectorExpr, call: A.CallExpr, on_stack: bool) -> Value:
        sel = fun.selection
        assert sel is not None and isinstance(sel.obj, Func)
        f = sel.obj
        self.order(fun.x, *call.args)
        t, addr, value = self.receiver(fun.x, sel.index, fun.pos)
        if isinstance(t.underlying(), T.Interface):
            v = self.load(t, addr) if addr else value
            self._check_iface(v)
            recv: Typed = (t, v)
        else:
            recv = self.adapt_receiver(f, t, addr, value, fun.pos)
            recv = (recv[0], self.stable(*recv))
        kept = [recv, *self.arguments(call, f.type)]
        code = self.module.wrappers.call_thunk(f, None, kept)
        return (self.closure_object(f"@{sym(code)}", kept, on_stack),)

    def _builtin_thunk(self, call: A.CallExpr, on_stack: bool) -> Value:
        """``go`` and ``defer`` of a builtin: its arguments kept, the call made later."""
        kept = [(a.type, self.expr_as(a, self.default_type(a))) for a in call.args]
        kept = [(self.default_type(a), v) for a, (_, v) in zip(call.args, kept, strict=True)]
        code = self.module.wrappers.builtin_thunk(call, kept)
        if not kept:
            return (gc(self.module.static_func_value(code)),)
        return (self.closure_object(f"@{sym(code)}", kept, on_stack),)

    def default_type(self, a: A.Expr) -> T.Type:
        u = a.type
        if a.mode == A.MODE_NIL or not isinstance(u, T.Basic) or not u.info & T.UNTYPED:
            return u
        return {
            "untyped bool": T.BOOL,
            "untyped int": T.INT,
            "untyped rune": T.INT32,
            "untyped float": T.FLOAT64,
            "untyped complex": T.COMPLEX128,
            "untyped string": T.STRING_T,
        }.get(u.kind, u)


__all__ = ["Closures", "capture_type", "object_type", "abi"]
