"""The builder's half for declarations, signatures and types; see :mod:`.parser_build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from . import ast
from .diagnostics import Diagnostics
from .lexer import Token
from .source import Source
from .walk import children

if TYPE_CHECKING:
    from .parser import Parser

# The rest of the compiler recurses over the tree; this is refused before it can hurt.
MAX_NESTING = 1000

# Without it, what a function's uintptrs point to could be freed while it runs.
_UNSUPPORTED = ("//go:uintptrescapes", "//go:uintptrkeepalive")

Exprs = list[ast.Expr]
Tag = Optional[ast.BasicLit]


def check_misplaced(directives: list[tuple[int, str]], diags: Diagnostics) -> None:
    """Refuse the foreign functions' directives among those that stand above no function."""
    for pos, text in directives:
        if text.split()[0] == "//gol:extern":
            diags.error(pos, "misplaced //gol:extern: its place is above a function without body")


class DeclBuilder:
    """Declarations, signatures and types of one file."""

    def __init__(
        self, source: Source, diags: Diagnostics, directives: list[tuple[int, str]]
    ) -> None:
        self.source = source
        self.diags = diags
        self.directives = directives  # those that no function has taken yet
        for pos, text in directives:
            if text.split()[0] in _UNSUPPORTED:
                diags.error(pos, f"{text.split()[0]} is not supported yet")
        self.decl_end = 0  # where the last top-level declaration ended
        self.decl_token = 0  # and at which token
        self.last_tok = "import"  # keyword of the last top-level declaration
        self.syntax_errors = False
        self._error_line = -1
        self.parser: Parser  # sets this itself

    def syntax_error(self, pos: int, message: str) -> None:
        """Reports it, unless the last syntax error was on the same line, or it only follows
        from others at the end of the file: as Go does."""
        if self.parser.current[0] == "$END" and self.parser.failed():
            return
        self.syntax_errors = True
        line = self.source.line_of(pos)
        if line != self._error_line:
            self._error_line = line
            self.diags.error(pos, "syntax error: " + message)

    def too_deep(self, pos: int) -> None:
        self.syntax_errors = True
        self.diags.error(pos, f"nested more than {MAX_NESTING} levels deep: not supported yet")

    # ------------------------------------------------------------ declarations
    def file(self, _kw: Token, name: ast.Ident, _semi: Token, decls: list[ast.Decl]) -> ast.File:
        imports = [
            spec
            for d in decls
            if isinstance(d, ast.GenDecl) and d.tok == "import"
            for spec in d.specs
            if isinstance(spec, ast.ImportSpec)
        ]
        return ast.File(_kw[1], name, decls, imports, self.source.path)

    def top_decl(self, decls: list[ast.Decl], decl: ast.Decl, semi: Token) -> list[ast.Decl]:
        """One more declaration of the file."""
        tok = decl.tok if isinstance(decl, ast.GenDecl) else "func"
        if tok == "import" and self.last_tok != "import":
            self.syntax_error(decl.pos, "imports must appear before other declarations")
        self.last_tok = tok
        self.decl_end = semi[1]
        # A declaration has at most as many levels as tokens.
        here = self.parser.i
        if here - self.decl_token > MAX_NESTING:
            deep = at_level(decl, MAX_NESTING)
            if deep:
                self.too_deep(deep.pos or decl.pos)
        self.decl_token = here
        decls.append(decl)
        return decls

    def gen_one(self, kw: Token, spec: ast.Spec) -> ast.GenDecl:
        return ast.GenDecl(kw[1], kw[2], [spec])

    def gen_none(self, kw: Token, _l: Token, _r: Token) -> ast.GenDecl:
        return ast.GenDecl(kw[1], kw[2], [])

    def gen_group(self, kw: Token, _l: Token, specs: list[ast.Spec], *_r: Token) -> ast.GenDecl:
        if kw[2] == "const":
            for i, spec in enumerate(specs):
                if isinstance(spec, ast.ValueSpec):
                    spec.iota = i
        return ast.GenDecl(kw[1], kw[2], specs)

    def import_plain(self, path: ast.BasicLit) -> ast.ImportSpec:
        return ast.ImportSpec(path.pos, None, path)

    def import_named(self, name: ast.Ident, path: ast.BasicLit) -> ast.ImportSpec:
        return ast.ImportSpec(name.pos, name, path)

    def import_dot(self, dot: Token, path: ast.BasicLit) -> ast.ImportSpec:
        return ast.ImportSpec(dot[1], ast.Ident(dot[1], "."), path)

    def spec_bare(self, names: list[ast.Ident]) -> ast.ValueSpec:
        return ast.ValueSpec(names[0].pos, names, None, [], 0)

    def spec_typed(self, names: list[ast.Ident], typ: ast.Expr) -> ast.ValueSpec:
        return ast.ValueSpec(names[0].pos, names, typ, [], 0)

    def spec_values(self, names: list[ast.Ident], _eq: Token, values: Exprs) -> ast.ValueSpec:
        return ast.ValueSpec(names[0].pos, names, None, values, 0)

    def spec_full(
        self, names: list[ast.Ident], typ: ast.Expr, _eq: Token, values: Exprs
    ) -> ast.ValueSpec:
        return ast.ValueSpec(names[0].pos, names, typ, values, 0)

    def tspec(self, name: ast.Ident, typ: ast.Expr) -> ast.TypeSpec:
        return ast.TypeSpec(name.pos, name, None, False, typ)

    def tspec_alias(self, name: ast.Ident, _eq: Token, typ: ast.Expr) -> ast.TypeSpec:
        return ast.TypeSpec(name.pos, name, None, True, typ)

    def tspec_array(
        self, name: ast.Ident, lbrack: Token, length: ast.Expr, _r: Token, elem: ast.Expr
    ) -> ast.TypeSpec:
        param = _as_type_param(length, False)
        if param is not None:
            return ast.TypeSpec(name.pos, name, [param], False, elem)
        return self.tspec(name, ast.ArrayType(lbrack[1], length, elem))

    def tspec_expr_c(
        self, name: ast.Ident, lbrack: Token, x: ast.Expr, _c: Token, _r: Token, elem: ast.Expr
    ) -> ast.TypeSpec:
        param = _as_type_param(x, True)
        if param is not None:
            return ast.TypeSpec(name.pos, name, [param], False, elem)
        self.syntax_error(_c[1], "unexpected comma; expected ]")
        return self.tspec(name, ast.ArrayType(lbrack[1], x, elem))

    def tspec_open(
        self, name: ast.Ident, lbrack: Token, dots: Token, _r: Token, elem: ast.Expr
    ) -> ast.TypeSpec:
        return self.tspec(name, self.array_open(lbrack, dots, _r, elem))

    def tspec_generic(
        self, name: ast.Ident, lbrack: Token, params: list[ast.Field], rbrack: Token, typ: ast.Expr
    ) -> ast.TypeSpec:
        fields = self._type_params(params, rbrack)
        return ast.TypeSpec(name.pos, name, fields, False, typ)

    def tspec_generic_c(
        self,
        name: ast.Ident,
        lbrack: Token,
        params: list[ast.Field],
        _comma: Token,
        rbrack: Token,
        typ: ast.Expr,
    ) -> ast.TypeSpec:
        return self.tspec_generic(name, lbrack, params, rbrack, typ)

    def tspec_generic_alias(
        self,
        name: ast.Ident,
        lbrack: Token,
        params: list[ast.Field],
        rbrack: Token,
        _eq: Token,
        typ: ast.Expr,
    ) -> ast.TypeSpec:
        spec = self.tspec_generic(name, lbrack, params, rbrack, typ)
        spec.alias = True
        return spec

    def tspec_generic_alias_c(
        self,
        name: ast.Ident,
        lbrack: Token,
        params: list[ast.Field],
        _comma: Token,
        rbrack: Token,
        _eq: Token,
        typ: ast.Expr,
    ) -> ast.TypeSpec:
        return self.tspec_generic_alias(name, lbrack, params, rbrack, _eq, typ)

    def tparam_name(self, name: ast.Ident) -> ast.Field:
        return ast.Field(name.pos, [name], ast.BadExpr(0), None)

    def tparam(self, name: ast.Ident, constraint: ast.Expr) -> ast.Field:
        return ast.Field(name.pos, [name], constraint, None)

    def tparams_first(self, name: ast.Ident, constraint: ast.Expr) -> list[ast.Field]:
        return [self.tparam(name, constraint)]

    def tparams_two(self, name: ast.Ident, _comma: Token, param: ast.Field) -> list[ast.Field]:
        return [self.tparam_name(name), param]

    def tparams_expr(self, x: ast.Expr, _comma: Token, param: ast.Field) -> list[ast.Field]:
        first = _as_type_param(x, True)
        if first is None:
            self.syntax_error(_comma[1], "unexpected comma; expected ]")
            first = ast.Field(x.pos, [ast.Ident(x.pos, "_")], x, None)
        return [first, param]

    def _type_params(self, params: list[ast.Field], rbrack: Token) -> list[ast.Field]:
        """``[P, Q any, R int]``: names without a constraint share the next one."""
        fields: list[ast.Field] = []
        waiting: list[ast.Ident] = []
        params = [p for p in params if p.pos]
        for p in params:
            waiting += p.names
            if not _missing(p.type_expr):
                fields.append(ast.Field(waiting[0].pos, waiting, p.type_expr, None))
                waiting = []
        if waiting:
            self.syntax_error(rbrack[1], "missing type constraint")
        return fields

    def tparam_list(self, lbrack: Token, params: list[ast.Field], *rest: Token) -> list[ast.Field]:
        return self._type_params(params, rest[-1])

    def func_decl(
        self,
        kw: Token,
        name: ast.Ident,
        sig: ast.FuncType,
        body: Optional[ast.BlockStmt] = None,
    ) -> ast.FuncDecl:
        above = [d for d in self.directives if self.decl_end < d[0] < kw[1]]
        for d in above:
            self.directives.remove(d)
        return ast.FuncDecl(kw[1], None, name, sig, body, [text for _, text in above])

    def func_generic(
        self,
        kw: Token,
        name: ast.Ident,
        params: list[ast.Field],
        sig: ast.FuncType,
        body: Optional[ast.BlockStmt] = None,
    ) -> ast.FuncDecl:
        sig.type_params = params
        return self.func_decl(kw, name, sig, body)

    def receiver(self, params: list[ast.Field]) -> list[ast.Field]:
        if sum(len(f.names) or 1 for f in params) != 1:
            problem = "multiple receivers" if params else "no receiver"
            self.diags.error(self.parser.current[1], f"method has {problem}")
        self._check_dots(params, False)
        return params

    def method_decl(
        self,
        kw: Token,
        recv: list[ast.Field],
        name: ast.Ident,
        sig: ast.FuncType,
        body: Optional[ast.BlockStmt] = None,
    ) -> ast.FuncDecl:
        decl = self.func_decl(kw, name, sig, body)
        if recv:
            decl.recv = recv[0]
        return decl

    def method_generic(
        self,
        kw: Token,
        recv: list[ast.Field],
        name: ast.Ident,
        params: list[ast.Field],
        sig: ast.FuncType,
        body: Optional[ast.BlockStmt] = None,
    ) -> ast.FuncDecl:
        sig.type_params = params
        return self.method_decl(kw, recv, name, sig, body)

    # -------------------------------------------------------------- signatures
    def sig_void(self, params: list[ast.Field]) -> ast.FuncType:
        return self._signature(params, [])

    def sig_params(self, params: list[ast.Field], results: list[ast.Field]) -> ast.FuncType:
        return self._signature(params, results)

    def sig_type(self, params: list[ast.Field], result: ast.Expr) -> ast.FuncType:
        return self._signature(params, [ast.Field(result.pos, [], result, None)])

    def _signature(self, params: list[ast.Field], results: list[ast.Field]) -> ast.FuncType:
        self._check_dots(params, True)
        self._check_dots(results, False)
        return ast.FuncType(0, None, params, results)

    def _check_dots(self, fields: list[ast.Field], variadic: bool) -> None:
        """``...T`` is for the last parameter; elsewhere it is made T."""
        reported = False
        for i, f in enumerate(fields):
            if not isinstance(f.type_expr, ast.Ellipsis):
                continue
            if isinstance(f.type_expr.elem, ast.BadExpr):
                continue
            if variadic and i + 1 == len(fields) and len(f.names) < 2:
                continue
            if not reported:
                reported = True
                message = "can only use ... with final parameter" if variadic else ""
                self.diags.error(f.type_expr.pos, message or "invalid use of ...")
            f.type_expr = f.type_expr.elem or ast.BadExpr(f.type_expr.pos)

    def params_none(self, lparen: Token, rparen: Token) -> list[ast.Field]:
        return []

    def params(self, lparen: Token, params: list[ast.Field], *rest: Token) -> list[ast.Field]:
        """Each entry is a type, or a name and a type; ``a, b int`` gives b's type to a.

        An entry that is a lone name came as a field with that name and no type; one
        without position stands for an error.
        """
        params = [p for p in params if p.pos]
        if not any(p.names and not _missing(p.type_expr) for p in params):
            for p in params:
                if p.names:  # a lone name, and so a type
                    p.type_expr = p.names[0]
                    p.names = []
            return params
        fields: list[ast.Field] = []
        waiting: list[ast.Ident] = []
        bad = -1
        for p in params:
            if not p.names:  # a type without a name among named ones
                bad = bad if bad >= 0 else p.type_expr.pos
                continue
            waiting += p.names
            if not _missing(p.type_expr):
                fields.append(ast.Field(waiting[0].pos, waiting, p.type_expr, None))
                waiting = []
        if bad >= 0:
            self.syntax_error(bad, "missing parameter name")
        elif waiting:
            self.syntax_error(rest[-1][1], "missing parameter type")
        return fields

    def param_name(self, name: ast.Ident) -> ast.Field:
        return ast.Field(name.pos, [name], ast.BadExpr(0), None)

    def param_named(self, name: ast.Ident, typ: ast.Expr) -> ast.Field:
        return ast.Field(name.pos, [name], typ, None)

    def param_type(self, typ: ast.Expr) -> ast.Field:
        return ast.Field(typ.pos, [], typ, None)

    def param_qual(self, pkg: ast.Ident, _dot: Token, name: ast.Ident) -> ast.Field:
        return self.param_type(self.selector(pkg, _dot, name))

    def param_qual_inst(
        self, pkg: ast.Ident, _dot: Token, name: ast.Ident, targs: tuple[Token, Exprs]
    ) -> ast.Field:
        return self.param_type(self.qual_instance(pkg, _dot, name, targs))

    def param_inst(self, name: ast.Ident, lbrack: Token, args: Exprs, *_rest: Token) -> ast.Field:
        return self.param_type(ast.IndexExpr(name.pos, name, args, lbrack[1]))

    def param_array(
        self, name: ast.Ident, lbrack: Token, length: Exprs, _r: Token, elem: ast.Expr
    ) -> ast.Field:
        return self.param_named(name, self._array(lbrack, length, elem))

    def param_open(
        self, name: ast.Ident, lbrack: Token, dots: Token, _r: Token, elem: ast.Expr
    ) -> ast.Field:
        return self.param_named(name, self.array_open(lbrack, dots, _r, elem))

    def ellipsis(self, dots: Token, elem: ast.Expr) -> ast.Expr:
        return ast.Ellipsis(dots[1], elem)

    # ------------------------------------------------------------------- types
    def selector(self, x: ast.Expr, _dot: Token, sel: ast.Ident) -> ast.Expr:
        return ast.SelectorExpr(x.pos, x, sel)

    def qual_instance(
        self, pkg: ast.Ident, _dot: Token, name: ast.Ident, targs: tuple[Token, Exprs]
    ) -> ast.Expr:
        x = ast.SelectorExpr(pkg.pos, pkg, name)
        return ast.IndexExpr(pkg.pos, x, targs[1], targs[0][1])

    def instance(self, name: ast.Ident, targs: tuple[Token, Exprs]) -> ast.Expr:
        return ast.IndexExpr(name.pos, name, targs[1], targs[0][1])

    def chan_recv(self, arrow: Token, _chan: Token, elem: ast.Expr) -> ast.Expr:
        return ast.ChanType(arrow[1], "recv", elem)

    def chan_both(self, chan: Token, elem: ast.Expr) -> ast.Expr:
        return ast.ChanType(chan[1], "both", elem)

    def chan_send(self, chan: Token, _arrow: Token, elem: ast.Expr) -> ast.Expr:
        return ast.ChanType(chan[1], "send", elem)

    def array_type(self, lbrack: Token, length: ast.Expr, _r: Token, elem: ast.Expr) -> ast.Expr:
        return ast.ArrayType(lbrack[1], length, elem)

    def array_open(self, lbrack: Token, dots: Token, _r: Token, elem: ast.Expr) -> ast.Expr:
        return ast.ArrayType(lbrack[1], ast.Ellipsis(dots[1], None), elem)

    def slice_type(self, lbrack: Token, _r: Token, elem: ast.Expr) -> ast.Expr:
        return ast.ArrayType(lbrack[1], None, elem)

    def _array(self, lbrack: Token, length: Exprs, elem: ast.Expr) -> ast.Expr:
        if len(length) > 1:
            self.syntax_error(length[1].pos, "unexpected comma; expected ]")
        return ast.ArrayType(lbrack[1], length[0], elem)

    def map_type(self, kw: Token, _l: Token, key: ast.Expr, _r: Token, elem: ast.Expr) -> ast.Expr:
        return ast.MapType(kw[1], key, elem)

    def struct_none(self, kw: Token, _l: Token, _r: Token) -> ast.Expr:
        return ast.StructType(kw[1], [])

    def struct_type(self, kw: Token, _l: Token, fields: list[ast.Field], *_r: Token) -> ast.Expr:
        return ast.StructType(kw[1], fields)

    def func_type(self, kw: Token, sig: ast.FuncType) -> ast.Expr:
        sig.pos = kw[1]
        return sig

    def iface_none(self, kw: Token, _l: Token, _r: Token) -> ast.Expr:
        return ast.InterfaceType(kw[1], [])

    def iface_type(self, kw: Token, _l: Token, elems: list[ast.Field], *_r: Token) -> ast.Expr:
        return ast.InterfaceType(kw[1], elems)

    def method_spec(self, name: ast.Ident, sig: ast.FuncType) -> ast.Field:
        sig.pos = name.pos
        return ast.Field(name.pos, [name], sig, None)

    def embedded_elem(self, typ: ast.Expr) -> ast.Field:
        return ast.Field(typ.pos, [], typ, None)

    def embedded(self, name: ast.Ident, tag: Tag) -> ast.Field:
        return ast.Field(name.pos, [], name, tag)

    def embedded_qual(self, pkg: ast.Ident, _dot: Token, name: ast.Ident, tag: Tag) -> ast.Field:
        return ast.Field(pkg.pos, [], ast.SelectorExpr(pkg.pos, pkg, name), tag)

    def embedded_qual_inst(
        self, pkg: ast.Ident, _d: Token, name: ast.Ident, targs: tuple[Token, Exprs], tag: Tag
    ) -> ast.Field:
        return ast.Field(pkg.pos, [], self.qual_instance(pkg, _d, name, targs), tag)

    def embedded_inst(
        self, name: ast.Ident, lbrack: Token, args: Exprs, _r: Token, tag: Tag
    ) -> ast.Field:
        return ast.Field(name.pos, [], ast.IndexExpr(name.pos, name, args, lbrack[1]), tag)

    def embedded_inst_c(
        self, name: ast.Ident, lbrack: Token, args: Exprs, _c: Token, _r: Token, tag: Tag
    ) -> ast.Field:
        return self.embedded_inst(name, lbrack, args, _r, tag)

    def embedded_star(self, star: Token, name: ast.Expr, tag: Tag) -> ast.Field:
        return ast.Field(star[1], [], ast.StarExpr(star[1], name), tag)

    def embedded_paren(self, lparen: Token, typ: ast.Expr, _r: Token, tag: Tag) -> ast.Field:
        self.syntax_error(lparen[1], "cannot parenthesize embedded type")
        return ast.Field(lparen[1], [], typ, tag)

    def embedded_star_paren(
        self, star: Token, lparen: Token, typ: ast.Expr, _r: Token, tag: Tag
    ) -> ast.Field:
        self.syntax_error(lparen[1], "cannot parenthesize embedded type")
        return ast.Field(star[1], [], ast.StarExpr(star[1], typ), tag)

    def field(self, name: ast.Ident, typ: ast.Expr, tag: Tag) -> ast.Field:
        return ast.Field(name.pos, [name], typ, tag)

    def field_many(
        self, name: ast.Ident, _c: Token, names: list[ast.Ident], typ: ast.Expr, tag: Tag
    ) -> ast.Field:
        return ast.Field(name.pos, [name, *names], typ, tag)

    def field_array(
        self, name: ast.Ident, lbrack: Token, length: Exprs, _r: Token, elem: ast.Expr, tag: Tag
    ) -> ast.Field:
        return ast.Field(name.pos, [name], self._array(lbrack, length, elem), tag)

    def field_open(
        self, name: ast.Ident, lbrack: Token, dots: Token, _r: Token, elem: ast.Expr, tag: Tag
    ) -> ast.Field:
        return ast.Field(name.pos, [name], self.array_open(lbrack, dots, _r, elem), tag)

    def union(self, x: ast.Expr, pipe: Token, y: ast.Expr) -> ast.Expr:
        return ast.BinaryExpr(x.pos, "|", x, y, pipe[1])


def at_level(root: ast.Node, level: int) -> Optional[ast.Node]:
    """Some node that many levels below the root."""
    nodes = [root]
    for _ in range(level):
        nodes = [child for node in nodes for child in children(node)]
        if not nodes:
            return None
    return nodes[0]


def _missing(x: ast.Expr) -> bool:
    return isinstance(x, ast.BadExpr) and x.pos == 0


def _as_type_param(x: ast.Expr, force: bool) -> Optional[ast.Field]:
    """``P *C`` and ``P (C)``, alone or first in a union, parsed as an expression: if that
    can only be a type parameter, or could be one and ``force`` says that a comma followed."""
    union: list[ast.BinaryExpr] = []  # from the outermost, which is the last "|"
    while isinstance(x, ast.BinaryExpr) and x.op == "|":
        union.append(x)
        force = force or _is_type_elem(x.y)
        x = x.x
    constraint: ast.Expr
    if isinstance(x, ast.BinaryExpr) and isinstance(x.x, ast.Ident) and x.op == "*":
        if not (force or _is_type_elem(x.y)):
            return None
        name, constraint = x.x, ast.StarExpr(x.op_pos, x.y)
    elif isinstance(x, ast.CallExpr) and isinstance(x.fun, ast.Ident):
        if len(x.args) != 1 or x.ellipsis >= 0 or not (force or _is_type_elem(x.args[0])):
            return None
        name, constraint = x.fun, x.args[0]
    else:
        return None
    for term in reversed(union):
        constraint = ast.BinaryExpr(constraint.pos, "|", constraint, term.y, term.op_pos)
    return ast.Field(x.pos, [name], constraint, None)


_TYPE_NODES = (
    ast.ArrayType, ast.StructType, ast.FuncType, ast.InterfaceType, ast.MapType, ast.ChanType,
)  # fmt: skip


def _is_type_elem(x: ast.Expr) -> bool:
    """Can this be nothing but a type element?"""
    todo = [x]
    while todo:
        e = todo.pop()
        if isinstance(e, _TYPE_NODES) or (isinstance(e, ast.UnaryExpr) and e.op == "~"):
            return True
        if isinstance(e, ast.BinaryExpr):
            todo += (e.x, e.y)
        elif isinstance(e, (ast.UnaryExpr, ast.StarExpr, ast.ParenExpr)):
            todo.append(e.x)
    return False
