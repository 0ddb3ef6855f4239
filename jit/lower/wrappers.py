"""Functions that the compiler makes up: method wrappers and thunks.

All are ``linkonce_odr``, managed, flagged "gol-wrapper" (tracebacks leave them out), made
once per module that refers to them:

* ``T.M`` and ``(*T).M`` for methods that are promoted through embedded fields, and
  ``(*T).M`` for a method M of T: what itabs, method tables and method expressions call;
* ``…M-fm``, the code of a method value's closure object;
* ``…·call``, the code of a ``go`` or ``defer`` statement's closure object.

:meth:`Wrappers.method_code` answers for :mod:`gol.jit.rtypes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.jit.rtypes import canonical
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.lookup import MethodEntry, lookup
from gol.lang.objects import Func

from .call import Typed
from .emit import Value

Body = Callable[[Any, list[Value]], list[Value]]  # (function, parameters) -> results


def method_symbol(recv: T.Type, name: str) -> str:
    """Go's linker name of a method with that receiver."""
    if isinstance(recv, T.Pointer):
        base = recv.elem
        inner = canonical(base)
        if isinstance(base, T.Named):
            pkg, _, local = inner.rpartition(".")
            return f"{pkg}.(*{local}).{name}"
        return f"(*{inner}).{name}"
    return f"{canonical(recv)}.{name}"


def versioned(symbol: str, f: Func) -> str:
    """In a session a type may have methods of one name and several signatures, one after
    the other: their wrappers are told apart by the cells that they call through."""
    return f"{symbol}·{f.cell}" if f.cell else symbol


class Wrappers:
    def __init__(self, module: Any) -> None:
        self.module = module

    # ------------------------------------------------------------ methods in itabs
    def method_code(self, t: T.Type, m: MethodEntry) -> str | None:
        """The symbol that takes an interface's data word, holding a t, as receiver."""
        recv = t if abi.direct_iface(t) else T.Pointer(t)
        if not self.module.is_managed(m.func):
            return None
        return self.method(recv, m.func)

    def method(self, recv: T.Type, f: Func) -> str:
        """The symbol of method f taking a receiver of exactly type recv."""
        base = recv.elem if isinstance(recv, T.Pointer) else recv
        found = lookup(recv, False, f.pkg, f.name)
        entry_index = found.index or []
        f = found.obj if isinstance(found.obj, Func) else f
        declared = isinstance(base, T.Named) and any(m is f for m in base.methods)
        direct = declared and not entry_index and f.ptr_recv == isinstance(recv, T.Pointer)
        if direct and not f.cell:
            self.module.callee(f)
            return str(f.link_name)
        symbol = versioned(method_symbol(recv, f.name), f)
        if not f.exported and f.pkg is not None and not isinstance(base, T.Named):
            symbol += f"·{f.pkg.path}"
        if not self.module.defined(symbol):
            sig = f.type
            assert isinstance(sig, T.Signature)
            fa = abi.abi_of(sig, recv=recv)

            def body(fn: Any, params: list[Value]) -> list[Value]:
                return self._forward(fn, recv, entry_index, f, params)

            self.module.synthesize(symbol, fa, body)
        return symbol

    def _forward(
        self, fn: Any, recv: T.Type, path: list[int], f: Func, params: list[Value]
    ) -> list[Value]:
        sig = f.type
        assert isinstance(sig, T.Signature)
        args: list[Typed] = [
            (p.type, v) for p, v in zip(sig.params, params[1:], strict=True)
        ]
        value = params[0]
        if isinstance(recv, T.Pointer) and not path and not f.ptr_recv:
            self._check_wrapped(fn, recv, value[0], f)
        addr = ""
        if not isinstance(recv, T.Pointer) and fn.is_by_ref(recv):
            addr = f"{GCPTR} {value[0]}"
        t, addr, value = fn.walk_fields(recv, addr, value, path, 0, False)
        if isinstance(t.underlying(), T.Interface):
            code, data = fn.iface_method(value, t, f)
            fa = abi.iface_method_abi(sig)
            return fn.call_code(fa, code, [(T.UNSAFE_POINTER, (data,)), *args])
        target = fn.adapt_receiver(f, t, addr, value, 0)
        return fn.call_func(f, [target, *args])

    def _check_wrapped(self, fn: Any, recv: T.Pointer, p: str, f: Func) -> None:
        """A value method called through a nil pointer panics with its name."""
        base = recv.elem
        assert isinstance(base, T.Named) and base.obj.pkg is not None
        words: list[str] = []
        for s in (base.obj.pkg.path, base.obj.name, f.name):
            data, n = fn.string_constant(s.encode().decode("latin-1"))
            words += [f"{GCPTR} {data}", f"i64 {n}"]
        bad, ok = fn.panic_block("panicwrap", *words), fn.label()
        fn.cbr(fn.ins(f"icmp eq {GCPTR} {p}, null"), bad, ok, "unlikely")
        fn.start(ok)
        fn.nonnull.add(p)

    # ------------------------------------------------------------- method values
    def method_function(self, recv: T.Type, f: Func) -> str:
        """``T.M``: the symbol of a function with the receiver as first parameter."""
        if not isinstance(recv.underlying(), T.Interface):
            return self.method(recv, f)
        symbol = method_symbol(recv, f.name)
        if not self.module.defined(symbol):
            sig = f.type
            assert isinstance(sig, T.Signature)

            def body(fn: Any, params: list[Value]) -> list[Value]:
                return self._forward(fn, recv, [], f, params)

            self.module.synthesize(symbol, abi.abi_of(sig, recv=recv), body)
        return symbol

    def bound_method(self, recv: T.Type, f: Func) -> str:
        """The code of ``x.M`` as a value: the closure object holds the receiver."""
        symbol = versioned(method_symbol(recv, f.name), f) + "-fm"
        if not self.module.defined(symbol):
            sig = f.type
            assert isinstance(sig, T.Signature)

            def body(fn: Any, params: list[Value]) -> list[Value]:
                (at,) = fn.captured([recv])
                kept = fn.load(recv, at)
                return self._forward_direct(fn, recv, f, [kept, *params])

            self.module.synthesize(symbol, abi.func_value_abi(sig), body)
        return symbol

    def _forward_direct(
        self, fn: Any, recv: T.Type, f: Func, params: list[Value]
    ) -> list[Value]:
        """Call f with a receiver that it takes as it is."""
        sig = f.type
        assert isinstance(sig, T.Signature)
        args = [(p.type, v) for p, v in zip(sig.params, params[1:], strict=True)]
        if isinstance(recv.underlying(), T.Interface):
            code, data = fn.iface_method(params[0], recv, f)
            fa = abi.iface_method_abi(sig)
            return fn.call_code(fa, code, [(T.UNSAFE_POINTER, (data,)), *args])
        return fn.call_func(f, [(recv, fn.stable(recv, params[0])), *args])

    # -------------------------------------------------------------------- thunks
    def _thunk(self, what: str, kept: list[Typed], body: Callable[[Any, list[Value]], None]) -> str:
        types = [t for t, _ in kept]
        symbol = f"{what}·call({','.join(canonical(t) for t in types)})"
        if not self.module.defined(symbol):

            def whole(fn: Any, _: list[Value]) -> list[Value]:
                at = fn.captured(types) if types else []
                values = [
                    fn.stable(t, fn.load(t, a)) for t, a in zip(types, at, strict=True)
                ]
                body(fn, values)
                return []

            fa = abi.FuncABI((), (), bool(types))
            self.module.synthesize(symbol, fa, whole)
        return symbol

    def call_thunk(
        self, f: Optional[Func], sig: Optional[T.Signature], kept: list[Typed]
    ) -> str:
        """The code of a closure object that keeps a call's operands: of the function or
        method f, or (f None) of a func value of type sig, which comes first in ``kept``."""
        types = [t for t, _ in kept]

        def call(fn: Any, values: list[Value]) -> None:
            operands = list(zip(types, values, strict=True))
            if f is None:
                assert sig is not None
                fn.call_closure(sig, values[0][0], operands[1:], 0)
            elif f.type.recv is not None:
                self._forward_direct(fn, types[0], f, values)
            else:
                fn.call_func(f, operands)

        what = "func" if f is None else str(f.link_name) or f"{types[0]}.{f.name}"
        return self._thunk(what, kept, call)

    def builtin_thunk(self, call: A.CallExpr, kept: list[Typed]) -> str:
        """The code for ``go`` or ``defer`` of a builtin: the call again, on kept operands."""
        types = [t for t, _ in kept]

        def again(fn: Any, values: list[Value]) -> None:
            saved = [(a, a.mode, a.type, a.value) for a in call.args]
            for a, t, v in zip(call.args, types, values, strict=True):
                a.mode, a.type, a.value = A.MODE_VALUE, t, None
                fn.memo[a] = v
            fn.builtin(call)
            for a, mode, ty, value in saved:
                a.mode, a.type, a.value = mode, ty, value

        name = getattr(call.fun, "name", "builtin")
        return self._thunk(f"{self.module.package.path}.{name}.{call.pos}", kept, again)

    def nothing(self) -> str:
        symbol = "runtime.nothing"
        if not self.module.defined(symbol):
            self.module.synthesize(symbol, abi.FuncABI((), ()), lambda fn, params: [])
        return symbol
