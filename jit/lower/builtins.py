"""Calls of the predeclared functions, and of those of package unsafe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Var

from .call import Calls
from .convert import complex_part
from .core import MANAGED
from .emit import Value, layout
from .expr import unparen
from .ops import is_literal


class Builtins(Calls):
    def builtin(self, e: A.CallExpr) -> Optional[Value]:
        if e.value is not None:
            return self.constant(e.value, e.type)
        fun = unparen(e.fun)
        if isinstance(fun, A.SelectorExpr):
            name = "unsafe." + fun.sel.name
        else:
            assert isinstance(fun, A.Ident)
            obj: Any = fun.obj
            name = obj.name if obj is not None else fun.name
        method = self._BUILTINS.get(name)
        if method is None:
            self.unsupported(e.pos, f"builtin {name}")
        self.pos = e.pos
        if len(e.args) == 1 and isinstance(e.args[0].type, T.Tuple):
            return self._spread_builtin(e, method)
        return method(self, e)

    def _spread_builtin(
        self, e: A.CallExpr, method: Callable[[Any, Any], Optional[Value]]
    ) -> Optional[Value]:
        """``copy(f())``: the results stand in for arguments while it is lowered."""
        given, args = e.args, []
        for t, v in self.multi(e.args[0]):
            stand_in = A.Ident(e.args[0].pos, "")
            stand_in.mode, stand_in.type = A.MODE_VALUE, t
            self.memo[stand_in] = self.stable(t, v)
            args.append(stand_in)
        e.args = list(args)
        try:
            return method(self, e)
        finally:
            e.args = given

    # ------------------------------------------------------------------ len, cap
    def _len(self, e: A.CallExpr) -> Value:
        x = e.args[0]
        u = x.type.underlying()
        if isinstance(u, (T.Pointer, T.Array)):
            # not constant: the operand holds a call or receive, so it is evaluated
            arr = u.elem.underlying() if isinstance(u, T.Pointer) else u
            self.expr(x)
            assert isinstance(arr, T.Array)
            return (str(arr.len),)
        v = self.expr(x)
        if isinstance(u, T.Map):
            return self.map_len(v)
        if isinstance(u, T.Chan):
            return self.runtime_call("chanlen", *v)
        return (v[1],)

    def _cap(self, e: A.CallExpr) -> Value:
        u = e.args[0].type.underlying()
        if isinstance(u, T.Slice):
            return (self.expr(e.args[0])[2],)
        if isinstance(u, T.Chan):
            return self.runtime_call("chancap", *self.expr(e.args[0]))
        return self._len(e)

    # -------------------------------------------------------------------- append
    def _append(self, e: A.CallExpr) -> Value:
        st = e.type.underlying()
        assert isinstance(st, T.Slice)
        self.order(*e.args)
        s = self.expr_as(e.args[0], e.type)
        if len(e.args) == 1:
            return s
        if e.ellipsis >= 0:
            return self._append_slice(e, st, s)
        elem = st.elem
        extra = e.args[1:]
        values: list[Value] = []
        for x in extra:
            v = self.expr_as(x, elem)
            values.append(v)
        n = len(extra)
        self.pos = e.pos
        ptr, cap, new_len = self._room(st, s, str(n), e)
        size = layout(elem).size
        base = f"{GCPTR} {ptr}"
        first = self.element(elem, base, s[1])
        for i, v in enumerate(values):
            self.store(elem, v, self.offset(first, i * size))
        return (ptr, new_len, cap)

    def _first_array(self, e: A.CallExpr, elem: T.Type, n: int) -> Optional[T.Array]:
        """The array in the frame that an append to an empty slice fills before it asks for
        memory: 32 bytes, as Go has it (cap shows it), if the result does not escape. Of the
        appends to one variable the first has one."""
        size = layout(elem).size
        if self.mode != MANAGED or not 0 < size <= 32 or n > 32 // size:
            return None
        if not self.escapes.on_stack(e):
            return None
        x = unparen(e.args[0])
        if isinstance(x, A.Ident) and isinstance(x.obj, Var):
            v = x.obj
            if v.heap or v.addrtaken or (v.captured and not v.captured_by_value):
                return None
            if v in self.appended:
                return None
            self.appended.add(v)
        return T.Array(elem, 32 // size)

    def _room(
        self, st: T.Slice, s: Value, n: str, e: Optional[A.CallExpr] = None
    ) -> tuple[str, str, str]:
        """Room for n more elements behind s: pointer, capacity, new length. ``e`` is the
        append of single values."""
        steps = e is not None and self.mode == MANAGED and self.escapes.steps(e)
        first = self._first_array(e, st.elem, int(n)) if e is not None and not steps else None
        ptr, length, cap = s
        new_len = self.ins(f"add i64 {length}, {n}")
        fits = self.ins(f"icmp ule i64 {new_len}, {cap}")
        grow, join = self.label("grow"), self.label("grown")
        ways = [(ptr, cap, self.current)]
        self.cbr(fits, join, grow, "likely")
        self.start(grow)
        if first is not None:
            used = self.alloca_ir("i8", "used")
            self.entry.append(f"  store i8 0, {used}")
            array = self.alloca(first, "first")
            was = self.ins(f"load i8, {used}")
            fresh = self.ins(f"icmp eq i8 {was}, 0")
            empty = self.ins(f"icmp eq i64 {length}, 0")
            take = self.ins(f"and i1 {fresh}, {empty}")
            mine, ask = self.label("first"), self.label("ask")
            self.cbr(take, mine, ask)
            self.start(mine)
            if not layout(first).pointers:
                self.zero(first, array)
            self.emit(f"store i8 1, {used}")
            ways.append((self.gcptr(array), str(first.len), self.current))
            self.br(join)
            self.start(ask)
        et = self.module.type_descriptor(st.elem)
        grower = "growslicebuf" if steps else "growslice"
        r = self.runtime_call(grower, ptr, new_len, cap, n, et)
        ways.append((r[0], r[2], self.current))
        self.start(join)
        new_ptr = self.phi(GCPTR, [(p, block) for p, _, block in ways])
        new_cap = self.phi("i64", [(c, block) for _, c, block in ways])
        return new_ptr, new_cap, new_len

    def _append_slice(self, e: A.CallExpr, st: T.Slice, s: Value) -> Value:
        y = e.args[1]
        if y.mode == A.MODE_NIL:
            return s
        t = self.expr(y)
        self.pos = e.pos
        ptr, cap, new_len = self._room(st, s, t[1])
        size = layout(st.elem).size
        if size:
            at = self.element(st.elem, f"{GCPTR} {ptr}", s[1])
            count = t[1] if size == 1 else self.ins(f"mul i64 {t[1]}, {size}")
            self.move_bytes(at, f"{GCPTR} {t[0]}", count, layout(st.elem).pointers)
        return (ptr, new_len, cap)

    def _copy(self, e: A.CallExpr) -> Value:
        dst, src = e.args
        self.order(dst, src)
        d, s = self.expr(dst), self.expr(src)
        elem = dst.type.underlying().elem
        n = self.minimum(d[1], s[1])
        size = layout(elem).size
        self.pos = e.pos
        if size:
            count = n if size == 1 else self.ins(f"mul nuw nsw i64 {n}, {size}")
            to, source = f"{GCPTR} {d[0]}", f"{GCPTR} {s[0]}"
            self.move_bytes(to, source, count, layout(elem).pointers)
        return (n,)

    def minimum(self, a: str, b: str) -> str:
        less = self.ins(f"icmp slt i64 {a}, {b}")
        return self.ins(f"select i1 {less}, i64 {a}, i64 {b}")

    def _clear(self, e: A.CallExpr) -> None:
        x = e.args[0]
        u = x.type.underlying()
        v = self.expr(x)
        if isinstance(u, T.Map):
            self.map_clear(x.type, v)
            return
        assert isinstance(u, T.Slice)
        size = layout(u.elem).size
        if size:
            n = self.ins(f"mul nuw nsw i64 {v[1]}, {size}")
            self.runtime_call("memclr", v[0], n)

    # ----------------------------------------------------------------- make, new
    def _make(self, e: A.CallExpr) -> Value:
        u = e.type.underlying()
        sizes = e.args[1:]
        self.order(*sizes)
        if isinstance(u, T.Map):
            hint = self.size_word(sizes[0]) if sizes else None
            return self.make_map(e.type, hint, e)
        if isinstance(u, T.Chan):
            n = self.size_word(sizes[0]) if sizes else "0"
            return self.runtime_call("makechan", self.module.type_descriptor(e.type), n)
        assert isinstance(u, T.Slice)
        n = self.size_word(sizes[0])
        cap = self.size_word(sizes[1]) if len(sizes) > 1 else n
        self.pos = e.pos
        # literals may come from variables that never change: not checked by the checker
        known = is_literal(cap) and is_literal(n) and 0 <= int(n) <= int(cap)
        if known and self.escapes.on_stack(e):
            arr = T.Array(u.elem, int(cap))
            if layout(arr).size <= 65536:
                return (self.new_object(arr, True), n, cap)
        et = self.module.type_descriptor(u.elem)
        p = self.runtime_call("makeslice", et, n, cap)
        return (p[0], n, cap)

    def size_word(self, x: A.Expr) -> str:
        """A size argument as an int; what does not fit becomes -1, which is refused."""
        if x.value is not None:
            return self.constant(x.value, T.INT)[0]
        return self.index_word(x)[0]  # above 1<<63 it reads as negative: refused as well

    def _new(self, e: A.CallExpr) -> Value:
        x = e.args[0]
        pt = e.type.underlying()
        assert isinstance(pt, T.Pointer)
        if x.mode == A.MODE_TYPE:
            return (self.new_object(pt.elem, self.escapes.on_stack(e)),)
        v = self.expr_as(x, pt.elem)
        p = self.new_object(pt.elem, self.escapes.on_stack(e))
        self.store(pt.elem, v, f"{GCPTR} {p}")
        return (p,)

    # ----------------------------------------------------------------- min, max
    def _extreme(self, e: A.CallExpr, op: str) -> Value:
        self.order(*e.args)
        u = e.type.underlying()
        values = [self.expr_as(x, e.type) for x in e.args]
        acc = values[0]
        for v in values[1:]:
            acc = self._pick(u, op, acc, v)
        return acc

    def _pick(self, u: T.Type, op: str, a: Value, b: Value) -> Value:
        assert isinstance(u, T.Basic)
        ty = layout(u).words[0]
        if u.info & T.FLOAT:
            name = "llvm.minimum." if op == "<" else "llvm.maximum."
            name += "f64" if ty == "double" else "f32"
            f = self.module.declare_intrinsic(name, f"declare {ty} @{name}({ty}, {ty})")
            return (self.ins(f"call {ty} {f}({ty} {a[0]}, {ty} {b[0]})"),)
        if u.info & T.STRING:  # the first of equals stays
            better = self.compare(op, u, b, a)
            return tuple(
                self.ins(f"select i1 {better}, {w} {y}, {w} {x}")
                for w, x, y in zip(layout(u).words, a, b, strict=True)
            )
        better = self.compare(op, u, a, b)
        return (self.ins(f"select i1 {better}, {ty} {a[0]}, {ty} {b[0]}"),)

    # ------------------------------------------------------------------- complex
    def _complex(self, e: A.CallExpr) -> Value:
        part = complex_part(e.type)
        self.order(*e.args)
        return (self.expr_as(e.args[0], part)[0], self.expr_as(e.args[1], part)[0])

    # --------------------------------------------------------------------- print
    def _print(self, e: A.CallExpr, line: bool) -> None:
        if len(e.args) == 1 and isinstance(e.args[0].type, T.Tuple):
            values = self.multi(e.args[0])
        else:
            self.order(*e.args)
            values = [
                (x.type, self.expr(x) if x.mode != A.MODE_NIL else self.zero_value(x.type))
                for x in e.args
            ]
        self.pos = e.pos
        self.runtime_call("printlock")
        for i, (t, v) in enumerate(values):
            if line and i:
                self.runtime_call("printsp")
            self._print_one(t, v)
        if line:
            self.runtime_call("printnl")
        self.runtime_call("printunlock")

    def _print_one(self, t: T.Type, v: Value) -> None:
        u = t.underlying()
        call = self.runtime_call
        if isinstance(u, T.Basic):
            if u.info & T.BOOLEAN:
                call("printbool", *v)
            elif u.info & T.UNSIGNED:
                call("printuint", self.int_to_int(v[0], u, T.UINT64))
            elif u.info & T.INTEGER:
                call("printint", self.int_to_int(v[0], u, T.INT64))
            elif u.info & T.FLOAT:
                call("printfloat32" if u.kind == "float32" else "printfloat", *v)
            elif u.info & T.COMPLEX:
                call("printcomplex64" if u.kind == "complex64" else "printcomplex", *v)
            elif u.info & T.STRING:
                call("printstring", *v)
            else:
                call("printpointer", *v)
        elif isinstance(u, T.Slice):
            call("printslice", *v)
        elif isinstance(u, T.Interface):
            word = self.ins(f"addrspacecast ptr {v[0]} to {GCPTR}")
            call("printeface", word, v[1])
        else:
            call("printpointer", v[0])

    # ------------------------------------------------------------ panic, recover
    def _panic(self, e: A.CallExpr) -> Value:
        v = self.expr_as(e.args[0], T.ANY)
        self.pos = e.pos
        self.runtime_call("gopanic", *v)
        self.unreachable()
        return ()

    def _close(self, e: A.CallExpr) -> None:
        v = self.expr(e.args[0])
        self.pos = e.pos
        self.runtime_call("closechan", *v)

    def _delete(self, e: A.CallExpr) -> None:
        m, k = e.args
        self.order(m, k)
        mt = m.type.underlying()
        mv = self.expr(m)
        key = self.expr_as(k, mt.key)
        self.pos = e.pos
        self.map_delete(m.type, mv, key)

    # -------------------------------------------------------------------- unsafe
    def _unsafe_add(self, e: A.CallExpr) -> Value:
        self.order(*e.args)
        p = self.expr(e.args[0])[0]
        n, _ = self.index_word(e.args[1])
        return (self.ins(f"getelementptr i8, {GCPTR} {p}, i64 {n}"),)

    def _unsafe_slice(self, e: A.CallExpr) -> Value:
        self.order(*e.args)
        p = self.expr(e.args[0])[0]
        n, _ = self.index_word(e.args[1])
        elem = e.type.underlying().elem
        self._check_unsafe_len(p, n, layout(elem).size, "panicunsafeslice")
        return (p, n, n)

    def _unsafe_string(self, e: A.CallExpr) -> Value:
        self.order(*e.args)
        p = self.expr(e.args[0])[0]
        n, _ = self.index_word(e.args[1])
        self._check_unsafe_len(p, n, 1, "panicunsafestring")
        return (p, n)

    def _check_unsafe_len(self, p: str, n: str, size: int, name: str) -> None:
        """Panic unless n elements from p on are memory: n is not negative, and 0 for nil;
        they do not reach beyond the last address. Runtime code is trusted but for the sign."""
        if self.module.runtime_func(name + "len") is None:
            return
        if not is_literal(n):
            self._panic_if(self.ins(f"icmp slt i64 {n}, 0"), name + "len")
        if self.mode != MANAGED or n == "0":
            return
        none = self.ins(f"icmp eq {GCPTR} {p}, null")
        some = self.ins(f"icmp ne i64 {n}, 0")
        self._panic_if(self.ins(f"and i1 {none}, {some}"), name + "nilptr")
        if size > 1:
            limit = (1 << 64) // size - 1
            self._panic_if(self.ins(f"icmp ugt i64 {n}, {limit}"), name + "len")
        mem = self.ins(f"mul i64 {n}, {size}")
        room = self.ins(f"sub i64 0, {self.ins(f'ptrtoint {GCPTR} {p} to i64')}")
        wide = self.ins(f"icmp ugt i64 {mem}, {room}")
        some = self.ins(f"icmp ne i64 {mem}, 0")
        self._panic_if(self.ins(f"and i1 {wide}, {some}"), name + "len")

    def _panic_if(self, condition: str, name: str) -> None:
        bad, ok = self.panic_block(name), self.label()
        self.cbr(condition, bad, ok, "unlikely")
        self.start(ok)

    _BUILTINS: dict[str, Callable[[Any, Any], Optional[Value]]] = {
        "append": _append,
        "cap": _cap,
        "clear": _clear,
        "close": _close,
        "complex": _complex,
        "copy": _copy,
        "delete": _delete,
        "imag": lambda self, e: (self.expr(e.args[0])[1],),
        "len": _len,
        "make": _make,
        "max": lambda self, e: self._extreme(e, ">"),
        "min": lambda self, e: self._extreme(e, "<"),
        "new": _new,
        "panic": _panic,
        "print": lambda self, e: self._print(e, False),
        "println": lambda self, e: self._print(e, True),
        "real": lambda self, e: (self.expr(e.args[0])[0],),
        "recover": lambda self, e: self.recover_value(),
        "unsafe.Add": _unsafe_add,
        "unsafe.Slice": _unsafe_slice,
        "unsafe.SliceData": lambda self, e: (self.expr(e.args[0])[0],),
        "unsafe.String": _unsafe_string,
        "unsafe.StringData": lambda self, e: (self.expr(e.args[0])[0],),
    }
