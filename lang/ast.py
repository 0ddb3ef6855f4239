"""The syntax tree of gol: one dataclass per node, named after Go's own go/ast.

Positions are plain ints (see :mod:`gol.lang.source`): ``pos`` is the node's first
character, and where Go reports errors elsewhere the node carries that position too
(``op_pos``, ``lparen`` ...).

The parser fills every field above the line ``# checker``; the type checker fills the
fields below it, in place, so that later passes read one tree and look nothing up:

``Expr.mode``
    what the operand is, one of the ``MODE_*`` strings below;
``Expr.type``
    its final type (untyped operands have been given the type that Go gives them);
``Expr.value``
    its constant value, or None: bool, int, ``fractions.Fraction`` (any real that is not
    an int), ``complex`` as :class:`gol.lang.constant.Complex`, or ``str`` for strings
    (a Python str whose characters are *bytes*, i.e. code points 0..255).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union

from .record import field, record

if TYPE_CHECKING:
    from .objects import Func, Label, Object, PkgName, Selection, Var

MODE_INVALID = "invalid"
MODE_NOVALUE = "novalue"  # a call without result
MODE_BUILTIN = "builtin"
MODE_TYPE = "type"  # the expression denotes a type (Expr.type is that type)
MODE_CONST = "constant"
MODE_NIL = "nil"  # predeclared nil, its type set by context
MODE_VAR = "variable"  # addressable
MODE_MAPINDEX = "mapindex"  # m[k]: assignable, not addressable, comma-ok allowed
MODE_VALUE = "value"
MODE_COMMAOK = "commaok"  # value that allows v, ok :=  (receive, type assertion)

@record(eq=False)
class Node:
    pos: int


# ---------------------------------------------------------------- expressions
@record(eq=False)
class Expr(Node):
    # checker
    mode: str = field(default=MODE_INVALID, init=False)
    type: Any = field(default=None, init=False)  # Optional[Type]
    value: Any = field(default=None, init=False)


@record(eq=False)
class BadExpr(Expr):
    pass


@record(eq=False)
class Ident(Expr):
    name: str
    # checker: the object this name declares or uses
    obj: Optional["Object"] = field(default=None, init=False)


@record(eq=False)
class BasicLit(Expr):
    kind: str  # "INT" "FLOAT" "IMAG" "CHAR" "STRING"
    text: str  # as written in the source


@record(eq=False)
class CompositeLit(Expr):
    type_expr: Optional[Expr]  # None where elided: [][]int{{1}, {2}}
    elts: list[Expr]  # each an Expr or a KeyValueExpr
    lbrace: int
    rbrace: int


@record(eq=False)
class KeyValueExpr(Expr):
    key: Expr
    value_expr: Expr
    colon: int


@record(eq=False)
class FuncLit(Expr):
    sig: "FuncType"
    body: "BlockStmt"
    # checker
    info: "FuncInfo" = field(default=None, init=False)


@record(eq=False)
class ParenExpr(Expr):
    x: Expr


@record(eq=False)
class SelectorExpr(Expr):
    x: Expr
    sel: Ident
    # checker: how the selector was resolved; None for a qualified identifier pkg.Name
    # (then sel.obj is the package's object)
    selection: Optional["Selection"] = field(default=None, init=False)


@record(eq=False)
class IndexExpr(Expr):
    """``x[i]``; also ``f[T]`` and ``T[A, B]`` (generic instantiation, several indices)."""

    x: Expr
    indices: list[Expr]
    lbrack: int


@record(eq=False)
class SliceExpr(Expr):
    x: Expr
    low: Optional[Expr]
    high: Optional[Expr]
    max: Optional[Expr]
    three: bool
    lbrack: int


@record(eq=False)
class TypeAssertExpr(Expr):
    x: Expr
    type_expr: Optional[Expr]  # None: x.(type)


@record(eq=False)
class CallExpr(Expr):
    fun: Expr
    args: list[Expr]
    ellipsis: int  # position of "..." or -1
    lparen: int
    rparen: int
    # checker: "call" (function, method, closure), "conversion", or "builtin"
    kind: str = field(default="call", init=False)


@record(eq=False)
class StarExpr(Expr):
    x: Expr  # dereference, or pointer type


@record(eq=False)
class UnaryExpr(Expr):
    op: str  # + - ! ^ & <- ~ (tilde only in constraints)
    x: Expr


@record(eq=False)
class BinaryExpr(Expr):
    op: str
    x: Expr
    y: Expr
    op_pos: int


# type expressions (Expr.mode is MODE_TYPE after checking, Expr.type the denoted type)
@record(eq=False)
class ArrayType(Expr):
    length: Optional[Expr]  # None: slice; an Ellipsis: [...]T
    elem: Expr


@record(eq=False)
class Ellipsis(Expr):
    elem: Optional[Expr]  # ...T in a parameter list; None in [...]T


@record(eq=False)
class Field(Node):
    """One field/parameter/method declaration: several names may share a type."""

    names: list[Ident]  # empty: embedded field, unnamed parameter, embedded interface
    type_expr: Expr
    tag: Optional[BasicLit]


@record(eq=False)
class StructType(Expr):
    fields: list[Field]


@record(eq=False)
class FuncType(Expr):
    type_params: Optional[list[Field]]
    params: list[Field]
    results: list[Field]


@record(eq=False)
class InterfaceType(Expr):
    # names == [m] with type_expr FuncType: a method; names == []: embedded type or union
    methods: list[Field]


@record(eq=False)
class MapType(Expr):
    key: Expr
    elem: Expr


@record(eq=False)
class ChanType(Expr):
    dir: str  # "both" "send" "recv"
    elem: Expr


# ----------------------------------------------------------------- statements
@record(eq=False)
class Stmt(Node):
    pass


@record(eq=False)
class BadStmt(Stmt):
    pass


@record(eq=False)
class EmptyStmt(Stmt):
    implicit: bool


@record(eq=False)
class DeclStmt(Stmt):
    decl: "GenDecl"


@record(eq=False)
class LabeledStmt(Stmt):
    label: Ident
    stmt: Stmt


@record(eq=False)
class ExprStmt(Stmt):
    x: Expr


@record(eq=False)
class SendStmt(Stmt):
    chan: Expr
    value: Expr
    arrow: int


@record(eq=False)
class IncDecStmt(Stmt):
    x: Expr
    op: str  # "++" "--"
    op_pos: int


@record(eq=False)
class AssignStmt(Stmt):
    lhs: list[Expr]
    op: str  # "=" ":=" or an arithmetic op without its "=": "+" "<<" "&^" ...
    rhs: list[Expr]
    op_pos: int


@record(eq=False)
class GoStmt(Stmt):
    call: Expr  # CallExpr unless in error


@record(eq=False)
class DeferStmt(Stmt):
    call: Expr


@record(eq=False)
class ReturnStmt(Stmt):
    results: list[Expr]


@record(eq=False)
class BranchStmt(Stmt):
    tok: str  # "break" "continue" "goto" "fallthrough"
    label: Optional[Ident]
    # checker: the statement that break/continue leaves or continues, the label of goto
    target: Optional[Union[Stmt, "Label"]] = field(default=None, init=False)


@record(eq=False)
class BlockStmt(Stmt):
    stmts: list[Stmt]
    rbrace: int


@record(eq=False)
class IfStmt(Stmt):
    init: Optional[Stmt]
    cond: Expr
    body: BlockStmt
    else_: Optional[Stmt]  # IfStmt or BlockStmt


@record(eq=False)
class CaseClause(Stmt):
    exprs: Optional[list[Expr]]  # None: default
    body: list[Stmt]
    colon: int
    # checker: in a type switch with a bound name, this clause's variable
    obj: Optional["Var"] = field(default=None, init=False)


@record(eq=False)
class SwitchStmt(Stmt):
    init: Optional[Stmt]
    tag: Optional[Expr]
    clauses: list[CaseClause]
    rbrace: int


@record(eq=False)
class TypeSwitchStmt(Stmt):
    init: Optional[Stmt]
    bind: Optional[Ident]  # v in  switch v := x.(type)
    x: Expr  # the operand before .(type)
    clauses: list[CaseClause]
    rbrace: int


@record(eq=False)
class CommClause(Stmt):
    comm: Optional[Stmt]  # SendStmt, ExprStmt or AssignStmt of a receive; None: default
    body: list[Stmt]
    colon: int


@record(eq=False)
class SelectStmt(Stmt):
    clauses: list[CommClause]
    rbrace: int


@record(eq=False)
class ForStmt(Stmt):
    init: Optional[Stmt]
    cond: Optional[Expr]
    post: Optional[Stmt]
    body: BlockStmt


@record(eq=False)
class RangeStmt(Stmt):
    key: Optional[Expr]
    value: Optional[Expr]
    define: bool  # := rather than =
    x: Expr
    body: BlockStmt
    range_pos: int


# --------------------------------------------------------------- declarations
@record(eq=False)
class Spec(Node):
    pass


@record(eq=False)
class ImportSpec(Spec):
    name: Optional[Ident]
    path: BasicLit
    # checker
    obj: Optional["PkgName"] = field(default=None, init=False)


@record(eq=False)
class ValueSpec(Spec):
    names: list[Ident]
    type_expr: Optional[Expr]
    values: list[Expr]  # in a const group's implicit repetition: empty
    iota: int  # index in its const group


@record(eq=False)
class TypeSpec(Spec):
    name: Ident
    type_params: Optional[list[Field]]
    alias: bool
    type_expr: Expr


@record(eq=False)
class Decl(Node):
    pass


@record(eq=False)
class GenDecl(Decl):
    tok: str  # "import" "const" "type" "var"
    specs: list[Spec]


@record(eq=False)
class FuncDecl(Decl):
    recv: Optional[Field]
    name: Ident
    sig: FuncType
    body: Optional[BlockStmt]
    directives: list[str]  # "//go:noinline", "//gol:nosplit" ... directly above, as written
    # checker
    info: "FuncInfo" = field(default=None, init=False)


@record(eq=False)
class File(Node):
    package: Ident
    decls: list[Decl]
    imports: list[ImportSpec]
    path: str


# ---------------------------------------------------- what the checker says of functions
@record(eq=False)
class FuncInfo:
    """One function body: of a FuncDecl or a FuncLit.

    ``params``, ``results`` and ``recv`` are the Var objects in signature order (blank and
    unnamed ones included). ``locals`` are all variables declared in the body itself, those
    of nested function literals excluded. ``captures`` are the variables of enclosing
    functions that this one (or a literal inside it) uses, in order of first use.
    """

    name: str  # Go's linker name: main.f, main.(*T).M, main.f.func1, main.init.0
    sig: Any  # types.Signature
    body: Optional[BlockStmt]
    outer: Optional["FuncInfo"]
    func: Optional["Func"]  # the declared object, None for a literal
    recv: Optional["Var"] = None
    params: list["Var"] = field(default_factory=list)
    results: list["Var"] = field(default_factory=list)
    locals: list["Var"] = field(default_factory=list)
    captures: list["Var"] = field(default_factory=list)
    literals: list["FuncInfo"] = field(default_factory=list)
    has_defer: bool = False
    has_recover: bool = False
    pos: int = 0  # of the func keyword
    end: int = 0  # of the closing brace


def unparen(e: Any) -> Any:
    """The expression inside its parentheses."""
    while type(e) is ParenExpr:
        e = e.x
    return e
