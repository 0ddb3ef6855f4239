"""The state of one run of the checker over one package.

Rules are plain functions in the sibling modules that take the Checker first. An
expression *is* its operand: checking it fills ``mode``, ``type`` and ``value`` of the
node, and later conversions of untyped operands update them in place.

The *environment* (scope, function, declaration, iota …) belongs to what is being checked
now; :meth:`Checker.env` takes a copy that :meth:`Checker.restore` puts back. Bodies of
functions are not checked where they stand but queued with :meth:`Checker.later`, because
they may use types that are still being declared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Union

from .. import ast as A
from .. import types as T
from ..diagnostics import Diagnostics
from ..objects import (
    Builtin,
    Const,
    Func,
    Nil,
    Object,
    Package,
    PkgName,
    Scope,
    TypeName,
    Var,
)
from .positions import start_pos
from .text import expr_string, operand_string

Importer = Callable[[str], Optional[Package]]


class DeclInfo:
    """A package-level declaration: where it stands and what it uses."""

    __slots__ = (
        "scope",
        "lhs",
        "type_expr",
        "init",
        "inherited",
        "tspec",
        "fdecl",
        "deps",
        "order",
    )

    def __init__(self, scope: Scope) -> None:
        self.scope = scope  # of its file
        self.lhs: Optional[list[Var]] = None  # of an n:1 variable declaration
        self.type_expr: Optional[A.Expr] = None
        self.init: Optional[A.Expr] = None
        self.inherited = False  # init repeats an earlier constant's
        self.tspec: Optional[A.TypeSpec] = None
        self.fdecl: Optional[A.FuncDecl] = None
        self.deps: dict[Object, None] = {}
        self.order = 0


class Checker:
    def __init__(self, pkg: Package, importer: Importer, diags: Diagnostics) -> None:
        self.pkg = pkg
        self.importer = importer
        self.diags = diags
        self.files: list[A.File] = []
        # decl.obj_decl: completes an object whose declaration has not been seen yet
        self.resolve: Callable[[Object], None] = lambda obj: None
        self.failed = False  # an error was reported
        self.generic = False  # generic code was refused, and not looked into
        # package-level objects (and methods), in source order
        self.decls: dict[Object, DeclInfo] = {}
        self.methods: dict[TypeName, list[Func]] = {}
        self.imports: list[PkgName] = []
        self.dot_imports: dict[tuple[int, str], PkgName] = {}
        self.path: list[Object] = []  # objects whose declaration is being resolved
        self.path_index: dict[Object, int] = {}
        self.delayed: list[Callable[[], None]] = []
        self.shift_operands: set[A.Expr] = set()  # left operands of untyped shifts
        self.named: list[T.Named] = []
        self.embed_pos: dict[int, list[int]] = {}  # id(Interface): positions of embeds
        self.interfaces: list[T.Interface] = []
        self.regrouped: dict[A.Expr, T.Type] = {}  # literals whose elements were regrouped
        self.panics: set[A.CallExpr] = set()  # calls of the built-in panic
        self.local_types: dict[tuple[str, str], int] = {}
        self.init_info: Optional[A.FuncInfo] = None
        # Go lays types out after it has checked them: said if nothing else is wrong
        self.too_large: list[tuple[A.Expr, str]] = []
        self.invalid_types: set[T.Type] = set()  # contain themselves
        self.valid_types: set[T.Type] = set()
        self._names: Optional[dict[str, set[str]]] = None
        # environment
        self.scope: Scope = pkg.scope
        self.decl: Optional[DeclInfo] = None
        self.iota: Optional[int] = None
        self.error_pos = 0  # errors in a repeated constant expression are reported here
        self.sig: Optional[T.Signature] = None
        self.info: Optional[A.FuncInfo] = None
        self.has_call = False  # a call or receive was seen

    # -------------------------------------------------------------- environment
    def env(self) -> tuple[Any, ...]:
        return (
            self.scope, self.decl, self.iota, self.error_pos, self.sig, self.info, self.has_call,
        )  # fmt: skip

    def restore(self, env: tuple[Any, ...]) -> None:
        (
            self.scope, self.decl, self.iota, self.error_pos, self.sig, self.info, self.has_call,
        ) = env  # fmt: skip

    def open_scope(self, kind: str = "") -> Scope:
        self.scope = Scope(self.scope, kind)
        return self.scope

    def close_scope(self) -> None:
        assert self.scope.outer is not None
        self.scope = self.scope.outer

    def later(self, action: Callable[[], None]) -> None:
        self.delayed.append(action)

    def process_delayed(self, top: int) -> None:
        delayed = self.delayed
        i = top
        while i < len(delayed):
            delayed[i]()  # may add more
            i += 1
        del delayed[top:]

    def lookup(self, name: str) -> Optional[Object]:
        return self.scope.lookup_outer(name)

    def push(self, obj: Object) -> None:
        self.path_index[obj] = len(self.path)
        self.path.append(obj)

    def pop(self) -> None:
        del self.path_index[self.path.pop()]

    # ------------------------------------------------------------------- errors
    def error(self, at: Union[int, A.Node], message: str) -> None:
        """Report an error at a position or at the start of an expression."""
        # a message that shows an invalid operand or type follows from an earlier error
        if self.failed and ("invalid operand" in message[1:] or "invalid type" in message[1:]):
            return
        self.failed = True
        pos = at if isinstance(at, int) else start_pos(at, self.diags.sources)
        self.diags.error(self.error_pos or pos, message)

    def error_lines(
        self, at: Union[int, A.Node], message: str, more: list[tuple[int, str]]
    ) -> None:
        """An error with further lines, each with a position of its own (or 0)."""
        lines = [message]
        for p, text in more:
            lines.append(f"\t{self.where(p)}: {text}" if p else f"\t{text}")
        self.error(at, "\n".join(lines))

    def start(self, e: A.Node) -> int:
        return start_pos(e, self.diags.sources)

    def where(self, pos: int) -> str:
        return str(self.diags.sources.position(pos))

    # ------------------------------------------------------------------ printing
    def qualify(self, pkg: Package) -> str:
        if pkg is self.pkg:
            return ""
        if self._names is None:
            self._names = {}
            self._collect_names(self.pkg, set())
        if len(self._names.get(pkg.name, ())) > 1:
            return f'"{pkg.path}"'
        return pkg.name

    def _collect_names(self, pkg: Package, seen: set[str]) -> None:
        if pkg.path in seen:
            return
        seen.add(pkg.path)
        assert self._names is not None
        self._names.setdefault(pkg.name, set()).add(pkg.path)
        for p in pkg.imports:
            self._collect_names(p, seen)

    def type_str(self, t: T.Type) -> str:
        return T.type_string(t, self.qualify)

    def operand(self, x: A.Expr, integer: bool = False) -> str:
        return operand_string(x, self.qualify, integer)

    def expr_str(self, e: A.Node) -> str:
        return expr_string(e)


def invalidate(x: A.Expr) -> None:
    x.mode = A.MODE_INVALID


def object_kind(obj: Object) -> str:
    if isinstance(obj, Const):
        return "constant"
    if isinstance(obj, Var):
        if obj.is_param:
            return "parameter"
        if obj.is_result:
            return "result variable"
        return "local variable" if obj.owner is not None else "package-level variable"
    if isinstance(obj, TypeName):
        return "type alias" if obj.alias else "defined type"
    return _KINDS.get(type(obj), "unknown symbol")


_KINDS: dict[type, str] = {
    PkgName: "package name",
    Func: "function",
    Builtin: "built-in function",
    Nil: "untyped nil",
}
