"""Operators: arithmetic, shifts, comparisons.

Integer arithmetic wraps (no nsw or nuw). Division by zero, negative shift counts and the
one overflowing quotient are handled before the instruction that LLVM leaves undefined.
"""

from __future__ import annotations

from gol.jit.abi import GCPTR
from gol.lang import ast as A
from gol.lang import types as T

from .convert import Convert, complex_part, int_bits, is_info, is_string
from .emit import Value, layout

_INT = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor"}
_FLOAT = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
_SIGNED_CMP = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_UNSIGNED_CMP = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge"}
_FLOAT_CMP = {"==": "oeq", "!=": "une", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}


def is_unsigned(t: T.Type) -> bool:
    return is_info(t, T.UNSIGNED)


class Operators(Convert):
    def arithmetic(self, op: str, t: T.Type, a: Value, b: Value) -> Value:
        """``a op b`` of two values of type t; op is no shift and no comparison."""
        u = t.underlying()
        if not isinstance(u, T.Basic):
            self.unsupported(self.pos, f"operator {op} on {t}")
        if u.info & T.INTEGER:
            return (self.int_op(op, u, a[0], b[0]),)
        if u.info & T.FLOAT:
            return (self.ins(f"{_FLOAT[op]} {layout(u).words[0]} {a[0]}, {b[0]}"),)
        if u.info & T.STRING:
            return self.runtime_call("concatstring2", *a, *b)
        if u.info & T.COMPLEX:
            return self.complex_op(op, u, a, b)
        if u.info & T.BOOLEAN:  # & | of bools made by the compiler itself
            return (self.ins(f"{_INT[op]} i1 {a[0]}, {b[0]}"),)
        self.unsupported(self.pos, f"operator {op} on {t}")

    def int_op(self, op: str, t: T.Basic, a: str, b: str) -> str:
        ty = layout(t).words[0]
        if op in _INT:
            return self.ins(f"{_INT[op]} {ty} {a}, {b}")
        if op == "&^":
            if is_literal(b):
                return self.ins(f"and {ty} {a}, {~int(b)}")
            return self.ins(f"and {ty} {a}, {self.ins(f'xor {ty} {b}, -1')}")
        return self.divide(op, t, a, b)

    def divide(self, op: str, t: T.Basic, a: str, b: str) -> str:
        ty = layout(t).words[0]
        if not is_literal(b) or int(b) == 0:
            bad = self.panic_block("panicdivide")
            ok = self.label()
            self.cbr(self.ins(f"icmp eq {ty} {b}, 0"), bad, ok, "unlikely")
            self.start(ok)
        if is_literal(b) and int(b) == 0:  # a variable that is always 0
            return "0"
        if t.info & T.UNSIGNED:
            return self.ins(f"{'udiv' if op == '/' else 'urem'} {ty} {a}, {b}")
        if is_literal(b):
            if int(b) == -1:
                return self.ins(f"sub {ty} 0, {a}") if op == "/" else "0"
            return self.ins(f"{'sdiv' if op == '/' else 'srem'} {ty} {a}, {b}")
        minus = self.ins(f"icmp eq {ty} {b}, -1")
        safe = self.ins(f"select i1 {minus}, {ty} 1, {ty} {b}")
        if op == "%":
            return self.ins(f"srem {ty} {a}, {safe}")  # x % 1 == x % -1 == 0
        q = self.ins(f"sdiv {ty} {a}, {safe}")
        neg = self.ins(f"sub {ty} 0, {a}")
        return self.ins(f"select i1 {minus}, {ty} {neg}, {ty} {q}")

    def complex_op(self, op: str, t: T.Basic, a: Value, b: Value) -> Value:
        ty = layout(complex_part(t)).words[0]

        def f(name: str, x: str, y: str) -> str:
            return self.ins(f"{name} {ty} {x}, {y}")

        if op in "+-":
            return f(_FLOAT[op], a[0], b[0]), f(_FLOAT[op], a[1], b[1])
        if op == "*":
            re = f("fsub", f("fmul", a[0], b[0]), f("fmul", a[1], b[1]))
            im = f("fadd", f("fmul", a[0], b[1]), f("fmul", a[1], b[0]))
            return re, im
        # complex64 is divided in complex128, as Go does
        wide = complex_part(t)
        args = [self.float_to_float(x, wide, T.FLOAT64) for x in (*a, *b)]
        q = self.runtime_call("complex128div", *args)
        return tuple(self.float_to_float(x, T.FLOAT64, wide) for x in q)

    # -------------------------------------------------------------------- shifts
    def shift(self, op: str, t: T.Type, a: str, n: str, nt: T.Type, const: int | None) -> str:
        """``a op n``; nt is the type of the count, const its value if it has one."""
        ty, u = layout(t).words[0], t.underlying()
        bits = int_bits(ty)
        arith = op == ">>" and not is_unsigned(u)
        if const is not None:
            if const >= bits:
                return self.ins(f"ashr {ty} {a}, {bits - 1}") if arith else "0"
            name = "shl" if op == "<<" else "ashr" if arith else "lshr"
            return self.ins(f"{name} {ty} {a}, {const}")
        cty = layout(nt).words[0]
        cbits = int_bits(cty)
        if not is_unsigned(nt):
            bad = self.panic_block("panicshift")
            ok = self.label()
            self.cbr(self.ins(f"icmp slt {cty} {n}, 0"), bad, ok, "unlikely")
            self.start(ok)
        small = "true"
        if bits < (1 << cbits):
            small = self.ins(f"icmp ult {cty} {n}, {bits}")
        if arith:
            n = self.ins(f"select i1 {small}, {cty} {n}, {cty} {bits - 1}")
        if cbits > bits:
            n = self.ins(f"trunc {cty} {n} to {ty}")
        elif cbits < bits:
            n = self.ins(f"zext {cty} {n} to {ty}")
        if arith:
            return self.ins(f"ashr {ty} {a}, {n}")
        r = self.ins(f"{'shl' if op == '<<' else 'lshr'} {ty} {a}, {n}")
        return self.ins(f"select i1 {small}, {ty} {r}, {ty} 0")

    # --------------------------------------------------------------- comparisons
    def compare(self, op: str, t: T.Type, a: Value, b: Value) -> str:
        """``a op b`` of two values of one type: an i1."""
        u = t.underlying()
        if isinstance(u, T.Basic) and u.info & (T.STRING | T.COMPLEX | T.FLOAT):
            if u.info & T.STRING:
                return self.compare_strings(op, a, b)
            if u.info & T.FLOAT:
                return self.ins(f"fcmp {_FLOAT_CMP[op]} {layout(u).words[0]} {a[0]}, {b[0]}")
            ty = layout(complex_part(u)).words[0]
            re = self.ins(f"fcmp {_FLOAT_CMP[op]} {ty} {a[0]}, {b[0]}")
            im = self.ins(f"fcmp {_FLOAT_CMP[op]} {ty} {a[1]}, {b[1]}")
            return self.ins(f"{'and' if op == '==' else 'or'} i1 {re}, {im}")
        if isinstance(u, (T.Struct, T.Array, T.Interface)):
            eq = self.equal(t, a, b)
            return eq if op == "==" else self.negate(eq)
        table = _UNSIGNED_CMP if is_unsigned(u) else _SIGNED_CMP
        return self.ins(f"icmp {table[op]} {layout(u).words[0]} {a[0]}, {b[0]}")

    def negate(self, i1: str) -> str:
        known = {"true": "false", "false": "true"}.get(i1)
        return known if known is not None else self.ins(f"xor i1 {i1}, true")

    def compare_strings(self, op: str, a: Value, b: Value) -> str:
        if op in ("==", "!="):
            eq = self.strings_equal(a, b)
            return eq if op == "==" else self.negate(eq)
        r = self.runtime_call("cmpstring", *a, *b)
        return self.ins(f"icmp {_SIGNED_CMP[op]} i64 {r[0]}, 0")

    def strings_equal(self, a: Value, b: Value) -> str:
        if a[1] == "0" or b[1] == "0":
            return self.ins(f"icmp eq i64 {a[1]}, {b[1]}")
        same = self.ins(f"icmp eq i64 {a[1]}, {b[1]}")
        then, join = self.label("streq"), self.label("streq")
        before = self.current
        self.cbr(same, then, join)
        self.start(then)
        r = self.runtime_call("memequal", a[0], b[0], a[1])
        after = self.current
        self.start(join)
        return self.phi("i1", [("false", before), (r[0], after)])

    def compare_nil(self, op: str, t: T.Type, v: Value) -> str:
        """``v == nil`` or ``v != nil``."""
        ty = "ptr" if isinstance(t.underlying(), T.Interface) else GCPTR
        return self.ins(f"icmp {'eq' if op == '==' else 'ne'} {ty} {v[0]}, null")

    # --------------------------------------------------------------------- unary
    def unary(self, e: A.UnaryExpr) -> Value:
        v = self.expr(e.x)
        u = e.type.underlying()
        if e.op == "+":
            return v
        ty = layout(u).words[0]
        if e.op == "!":
            return (self.negate(v[0]),)
        if e.op == "^":
            return (self.ins(f"xor {ty} {v[0]}, -1"),)
        assert e.op == "-", e.op
        if u.info & T.INTEGER:
            return (self.ins(f"sub {ty} 0, {v[0]}"),)
        if u.info & T.COMPLEX:
            ty = layout(complex_part(u)).words[0]
        return tuple(self.ins(f"fneg {ty} {x}") for x in v)


def is_literal(text: str) -> bool:
    return text.lstrip("-").isdigit()


__all__ = ["Operators", "is_literal", "is_string", "is_unsigned"]
