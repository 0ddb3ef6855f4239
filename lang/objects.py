"""Declared things: what an identifier can denote, after go/types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .ast import FuncDecl, FuncInfo
    from .types import Signature, Type


class Object:
    __slots__ = ("name", "pkg", "pos", "type", "parent")

    def __init__(self, name: str, pkg: Optional["Package"], pos: int, type: "Type") -> None:
        self.name = name
        self.pkg = pkg  # None for the universe
        self.pos = pos  # 0 where there is none
        self.type = type
        self.parent: Optional["Scope"] = None

    @property
    def exported(self) -> bool:
        return self.name[:1].isupper()


class Var(Object):
    """A variable, parameter, result or struct field.

    ``owner`` is the FuncInfo whose activation holds it; None for package-level variables
    and fields. The checker sets ``captured`` (used by a function literal nested in owner),
    ``addrtaken`` (``&v``, ``v[:]`` of an array, or a pointer-receiver method called on it)
    and ``reassigned`` (assigned after its declaration, ++ and op= included). Escape
    analysis sets ``heap`` (it must live on the heap: "moved to heap: v").
    """

    __slots__ = (
        "is_field", "embedded", "owner", "used", "captured", "addrtaken", "reassigned", "heap",
        "is_param", "is_result",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        pkg: Optional["Package"],
        pos: int,
        type: "Type",
        *,
        is_field: bool = False,
        embedded: bool = False,
    ) -> None:
        super().__init__(name, pkg, pos, type)
        self.is_field = is_field
        self.embedded = embedded
        self.owner: Optional["FuncInfo"] = None
        self.used = False
        self.captured = False
        self.addrtaken = False
        self.reassigned = False
        self.heap = False
        self.is_param = False  # parameter or receiver
        self.is_result = False

    @property
    def captured_by_value(self) -> bool:
        """Whether function literals hold a copy of it rather than a pointer to it. Escape
        analysis and lowering must agree on this, so it is said once, here."""
        if self.reassigned or self.addrtaken or self.is_result:  # return assigns to results
            return False
        from .sizes import sizeof

        return sizeof(self.type) <= 128


class Const(Object):
    __slots__ = ("value",)

    def __init__(
        self, name: str, pkg: Optional["Package"], pos: int, type: "Type", value: Any
    ) -> None:
        super().__init__(name, pkg, pos, type)
        self.value = value


class TypeName(Object):
    """``type.obj is self`` for a defined type; otherwise an alias or a predeclared name.

    ``func_name`` is the linker name of the enclosing function for a type declared in one,
    ``local_index`` numbers those of one name in one function (1, 2 ...): together they
    make two local types of one name different symbols. ``link_name``, where it is set, is
    the whole symbol: a session (docs/repl.md) may declare several types of one name."""

    __slots__ = ("alias", "func_name", "local_index", "link_name")

    def __init__(
        self, name: str, pkg: Optional["Package"], pos: int, type: "Type", alias: bool = False
    ) -> None:
        super().__init__(name, pkg, pos, type)
        self.alias = alias
        self.func_name = ""
        self.local_index = 0
        self.link_name = ""


class Func(Object):
    """A function, method, or interface method (``type`` is its Signature).

    ``link_name`` is Go's linker name: ``main.f``, ``main.T.M``, ``main.(*T).M``.
    ``directives`` are its ``//go:`` and ``//gol:`` lines, without the slashes. ``cell`` is
    set in a session (docs/repl.md): the symbol of the variable that others call it through,
    since a later entry may put another function there. So nobody may rely on its body."""

    __slots__ = ("decl", "link_name", "ptr_recv", "directives", "escape", "cell")
    type: "Signature"

    def __init__(self, name: str, pkg: Optional["Package"], pos: int, type: "Type") -> None:
        super().__init__(name, pkg, pos, type)
        self.decl: Optional["FuncDecl"] = None  # None once read back from export data
        self.link_name = ""
        self.ptr_recv = False
        self.directives: list[str] = []
        # escape summary, one tag per receiver+parameter; see gol.lang.escape
        self.escape: Any = None
        self.cell = ""


class PkgName(Object):
    __slots__ = ("imported", "used")

    def __init__(
        self, name: str, pkg: Optional["Package"], pos: int, type: "Type", imported: "Package"
    ) -> None:
        super().__init__(name, pkg, pos, type)
        self.imported = imported
        self.used = False


class Label(Object):
    __slots__ = ("used", "stmt")

    def __init__(self, name: str, pkg: Optional["Package"], pos: int, type: "Type") -> None:
        super().__init__(name, pkg, pos, type)
        self.used = False
        self.stmt: Any = None


class Builtin(Object):
    """A predeclared function (``append`` ...) or one of package unsafe (``Sizeof`` ...)."""

    __slots__ = ()


class Nil(Object):
    __slots__ = ()


class Scope:
    __slots__ = ("outer", "names", "kind")

    def __init__(self, outer: Optional["Scope"], kind: str = "") -> None:
        self.outer = outer
        self.names: dict[str, Object] = {}
        self.kind = kind

    def lookup(self, name: str) -> Optional[Object]:
        return self.names.get(name)

    def lookup_outer(self, name: str) -> Optional[Object]:
        s: Optional[Scope] = self
        while s is not None:
            o = s.names.get(name)
            if o is not None:
                return o
            s = s.outer
        return None

    def insert(self, obj: Object) -> Optional[Object]:
        """Declare obj; returns the earlier object of that name, if any, unchanged."""
        old = self.names.get(obj.name)
        if old is not None:
            return old
        self.names[obj.name] = obj
        obj.parent = self
        return None


class Selection:
    """How ``x.f`` was resolved.

    kind     "field", "method" (method value or call), or "methodexpr" (T.f)
    recv     the type of x
    obj      the Var (field) or Func (method)
    index    path of field indices through embedded fields; for a field the last is the
             field itself, for a method only the embedded fields leading to its receiver
    indirect a pointer was followed on the way
    """

    __slots__ = ("kind", "recv", "obj", "index", "indirect")

    def __init__(
        self, kind: str, recv: "Type", obj: Object, index: list[int], indirect: bool
    ) -> None:
        self.kind = kind
        self.recv = recv
        self.obj = obj
        self.index = index
        self.indirect = indirect


class Initializer:
    """``lhs = rhs`` of package-level variables, in dependency order."""

    __slots__ = ("lhs", "rhs", "info")

    def __init__(self, lhs: list[Var], rhs: Any) -> None:
        self.lhs = lhs
        self.rhs = rhs
        # the FuncInfo (of a synthetic init) that owns literals in rhs
        self.info: Optional["FuncInfo"] = None


class Package:
    """A checked package. ``scope.names`` are the package-level objects."""

    __slots__ = (
        "path", "name", "scope", "files", "imports", "funcs", "init_order", "inits", "named",
        "complete",
    )  # fmt: skip

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        self.name = name
        self.scope = Scope(None, "package")
        self.files: list[Any] = []  # ast.File; empty when read back from export data
        self.imports: list["Package"] = []  # direct imports, sorted by path
        self.funcs: list["FuncDecl"] = []  # every FuncDecl with its info set, source order
        self.init_order: list[Initializer] = []
        self.inits: list["FuncDecl"] = []  # the init functions, in order
        self.named: list[Any] = []  # every Named type declared here, local ones too
        self.complete = False
