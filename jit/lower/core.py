"""What the parts of function lowering may ask of one another.

:class:`Core` is the base of every mixin that makes up
:class:`gol.jit.lower.function.FunctionLowering`. It holds the state of one function body
and declares the methods that cross files, each naming the file that implements it. Values
and addresses are those of :mod:`gol.jit.lower.emit`.

A construct that cannot be lowered calls :meth:`Core.unsupported`: it becomes a diagnostic
at its position and the statement that holds it is given up.
"""

from __future__ import annotations

from typing import Any, NoReturn, Optional

from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Func, Var

from .emit import Emitter, Value, layout

MANAGED, SYSTEM, NOSPLIT, INLINE = "managed", "system", "nosplit", "inline"


class Unsupported(Exception):
    """What cannot be compiled yet. The statements after it are still looked at."""

    def __init__(self, pos: int, what: str) -> None:
        super().__init__(what)
        self.pos = pos
        self.what = f"{what} not supported yet"


class BeyondLimit(Exception):
    """What exceeds a limit that Go has too. It ends the function."""

    def __init__(self, pos: int, what: str) -> None:
        super().__init__(what)
        self.pos = pos
        self.what = what


MAX_FRAME = 1 << 30  # bytes of the variables in a frame


class Core(Emitter):
    """State: ``info`` (the FuncInfo), ``name`` (its symbol), ``mode`` (of the code being
    made: managed, system or nosplit), ``addr_of`` (variables in memory: their address),
    ``value_of`` (variables that are one SSA value), ``context`` (the nest operand or "")."""

    info: A.FuncInfo
    name: str
    mode: str
    addr_of: dict[Var, str]
    value_of: dict[Var, Value]
    context: str
    escapes: Any
    nonnull: set[str]  # gcptr operands that cannot be nil
    appended: set[Var]  # slices whose first append has an array in the frame
    frame_bytes: int = 0  # of the variables in the frame so far

    def unsupported(self, pos: int, what: str) -> NoReturn:
        raise Unsupported(pos, what)

    def alloca(self, t: T.Type, hint: str = "v") -> str:
        self.frame_bytes += layout(t).size
        return super().alloca(t, hint)

    def check_frame(self) -> None:
        """Frames have a limit, which keeps their offsets far from the 32 bits that they have."""
        if self.frame_bytes > MAX_FRAME:
            size = f"{self.frame_bytes >> 20} MB locals + 0 MB args"
            pos = self.info.func.pos if self.info.func is not None else self.info.pos or self.pos
            self.frame_bytes = 0
            raise BeyondLimit(pos, f"stack frame too large (>1GB): {size}")

    # ---- expressions (expr.py, ops.py, convert.py)
    def expr(self, e: A.Expr) -> Value:
        """The value of e, of type e.type (not converted to an interface)."""
        raise NotImplementedError

    def expr_as(self, e: A.Expr, t: T.Type) -> Value:
        """The value of e assigned to a variable of type t (boxed if t is an interface)."""
        raise NotImplementedError

    def into(self, e: A.Expr, t: T.Type, addr: str) -> None:
        """Store e, as a t, at addr, which e does not refer to; builds literals in place."""
        raise NotImplementedError

    def addr(self, e: A.Expr) -> str:
        """The address of an addressable expression."""
        raise NotImplementedError

    def multi(self, e: A.Expr) -> list[tuple[T.Type, Value]]:
        """The results of a call, or value and ok of a comma-ok expression."""
        raise NotImplementedError

    def condition(self, e: A.Expr, yes: str, no: str) -> None:
        """Branch on a boolean expression."""
        raise NotImplementedError

    def constant(self, value: Any, t: T.Type) -> Value:
        raise NotImplementedError

    def convert(self, v: Value, src: T.Type, dst: T.Type, node: Optional[A.Expr] = None) -> Value:
        """``dst(v)``; node is the operand, asked for the place of a box."""
        raise NotImplementedError

    def nil_check(self, p: str, pos: int) -> None:
        """Panic (memory fault) if the gcptr operand p is nil; nothing in runtime code."""
        raise NotImplementedError

    def order(self, *exprs: A.Expr) -> None:
        """Make the calls of an expression list ahead, if one comes after other operands."""
        raise NotImplementedError

    def as_member(self, t: T.Type, value: Value) -> Value:
        """A value's words as they stand inside an aggregate (bool: i1 → i8)."""
        raise NotImplementedError

    # ---- calls (call.py)
    def call_code(
        self, fa: Any, code: str, args: list[tuple[T.Type, Value]], context: str = ""
    ) -> list[Value]:
        """Call with the ABI ``fa``: ``code`` is a callee operand (``@"f"`` or ``%p``),
        args are receiver and parameters; the results, one Value each."""
        raise NotImplementedError

    def runtime_call(self, name: str, *args: str) -> Value:
        """Call ``runtime.name`` with these argument words; all result words. Chooses the
        ``$sys`` stub when needed. Refused ("not supported yet") if it is not declared."""
        raise NotImplementedError

    def panic_block(self, name: str, *typed_args: str) -> str:
        """The label of a new cold block that calls the managed, never returning
        ``runtime.name`` with typed operands ("i64 %i")."""
        raise NotImplementedError

    # ---- allocation (literals.py)
    def new_object(self, t: T.Type, on_stack: bool) -> str:
        """A gcptr operand to a zeroed t, in the frame or on the heap."""
        raise NotImplementedError

    # ---- statements (stmt.py)
    def block(self, stmts: list[A.Stmt]) -> None:
        raise NotImplementedError

    def declare_var(self, v: Var, value: Optional[Value]) -> None:
        """Give v a home and its first value (None: zero)."""
        raise NotImplementedError

    def assign(self, lhs: A.Expr, t: T.Type, value: Value) -> None:
        """``lhs = value``, the value being of type t (converted to the type of lhs)."""
        raise NotImplementedError

    # ---- interfaces (iface.py)
    def to_iface(self, v: Value, src: T.Type, dst: T.Type, node: Optional[A.Expr]) -> Value:
        """Box a non-interface, or convert between interface types (always succeeds)."""
        self.unsupported(self.pos, "conversion to an interface")

    def type_assert(self, v: Value, src: T.Type, dst: T.Type, comma_ok: bool) -> tuple[Value, str]:
        """``v.(dst)`` of an interface value: the value and, with comma_ok, an i1 (else it
        panics and the second is "true")."""
        self.unsupported(self.pos, "type assertion")

    def type_matches(self, v: Value, src: T.Type, dst: T.Type) -> str:
        """Whether the dynamic type of v is dst, or implements the interface dst: i1."""
        self.unsupported(self.pos, "type switch")

    def unboxed(self, data: str, t: T.Type) -> Value:
        """The value of type t in the interface with that data word."""
        self.unsupported(self.pos, "type switch")

    def iface_method(self, v: Value, src: T.Type, method: Func) -> tuple[str, str]:
        """(code pointer, receiver word); panics on a nil interface."""
        self.unsupported(self.pos, "interface method call")

    def equal(self, t: T.Type, a: Value, b: Value) -> str:
        """``a == b`` for structs, arrays, interfaces (the scalars are in ops.py): i1."""
        self.unsupported(self.pos, "comparison")

    def equal_mixed(self, iface: T.Type, v: Value, t: T.Type, w: Value) -> str:
        """``v == w`` of an interface value and a value of the non-interface type t: i1."""
        self.unsupported(self.pos, "comparison with an interface")

    # ---- functions as values (closure.py)
    def closure(self, lit: A.FuncLit) -> Value:
        """A func value of a literal; lowers its body too (``module.lower_literal``)."""
        self.unsupported(lit.pos, "function literal")

    def func_value(self, f: Func) -> Value:
        """The static func value of a declared function or of a method expression."""
        self.unsupported(self.pos, "function value")

    def method_value(self, e: A.SelectorExpr) -> Value:
        self.unsupported(e.pos, "method value")

    def method_expr(self, e: A.SelectorExpr) -> Value:
        self.unsupported(e.pos, "method expression")

    def bind_captures(self) -> None:
        """At entry: addr_of or value_of for each of info.captures, from ``context``."""
        self.unsupported(self.pos, "function literal")

    def thunk(self, call: A.CallExpr, on_stack: bool) -> Value:
        """A func() value that makes the call with function and arguments evaluated now
        (for go and defer)."""
        self.unsupported(call.pos, "go and defer with arguments")

    # ---- maps (maps.py)
    def map_index(self, e: A.IndexExpr, comma_ok: bool) -> tuple[Value, str]:
        self.unsupported(e.pos, "map")

    def map_slot(self, t: T.Type, m: Value, key: Value) -> str:
        """The address of the element for key, made if absent (m[k] = v); panics on nil."""
        self.unsupported(self.pos, "map")

    def map_len(self, m: Value) -> Value:
        self.unsupported(self.pos, "map")

    def make_map(self, t: T.Type, hint: Optional[str], node: A.Expr) -> Value:
        self.unsupported(self.pos, "map")

    def map_literal(self, e: A.CompositeLit) -> Value:
        self.unsupported(self.pos, "map literal")

    def map_delete(self, t: T.Type, m: Value, key: Value) -> None:
        self.unsupported(self.pos, "map")

    def map_clear(self, t: T.Type, m: Value) -> None:
        self.unsupported(self.pos, "map")

    def range_map(self, s: A.RangeStmt) -> None:
        """Uses loop_labels / bind_range of range.py."""
        self.unsupported(s.pos, "range over a map")

    # ---- defer, panic, recover (defers.py)
    def defer_stmt(self, s: A.DeferStmt) -> None:
        self.unsupported(s.pos, "defer")

    def recover_value(self) -> Value:
        self.unsupported(self.pos, "recover")

    def defer_prologue(self) -> None:
        """In functions with defer, after parameters and results have their homes."""
        self.unsupported(self.pos, "defer")

    def defer_return(self) -> None:
        """In functions with defer, when the results are stored, before ret: run them."""
        self.unsupported(self.pos, "defer")
