"""The builder: one method per named alternative of ``grammar.lark``.

A method gets the values of the alternative's symbols: nodes, lists of nodes, and for
terminals the token ``(kind, pos, text)``, except that a NAME is an :class:`ast.Ident` and a
STRING an :class:`ast.BasicLit`. Nothing here recurses over the tree, so depth is no danger.

What Go's parser refuses although the grammar takes it is reported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from . import ast
from .diagnostics import Diagnostics
from .lexer import Token
from .source import Source
from .walk import children

if TYPE_CHECKING:
    from .parser import Parser

PRECEDENCE: dict[str, int] = {
    "||": 1, "&&": 2,
    "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
    "+": 4, "-": 4, "|": 4, "^": 4,
    "*": 5, "/": 5, "%": 5, "<<": 5, ">>": 5, "&": 5, "&^": 5,
}  # fmt: skip

# The rest of the compiler recurses over the tree; this is refused before it can hurt.
MAX_NESTING = 1000

Exprs = list[ast.Expr]
Stmts = list[ast.Stmt]
Tag = Optional[ast.BasicLit]
# A header of if or switch: init, condition, the semicolon between them.
Header = tuple[Optional[ast.Stmt], Optional[ast.Stmt], Optional[Token]]
ForHeader = tuple[Optional[ast.Stmt], Optional[ast.Expr], Optional[ast.Stmt]]


class Builder:
    """Builds the tree of one file, and reports what only the tree shows to be wrong."""

    def __init__(
        self, source: Source, diags: Diagnostics, directives: list[tuple[int, str]]
    ) -> None:
        self.source = source
        self.diags = diags
        self.directives = directives
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

    # ------------------------------------------------------------------- lists
    def nolist(self) -> list:
        return []

    def none(self) -> None:
        return None

    def list_one(self, x: object) -> list:
        return [x]

    def list_add(self, xs: list, x: object, _sep: object = None) -> list:
        xs.append(x)
        return xs

    def list_add_sep(self, xs: list, _sep: Token, x: object) -> list:
        xs.append(x)
        return xs

    def first(self, x: object, _y: object) -> object:
        return x

    def second(self, _open: object, x: object, *_rest: object) -> object:
        return x

    def targs(self, lbrack: Token, types: Exprs, *_rest: object) -> tuple[Token, Exprs]:
        return lbrack, types

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
            deep = _at_level(decl, MAX_NESTING)
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
            if fields:
                self.syntax_error(rbrack[1], "missing type constraint")
            else:
                message = "missing type parameter name"
                if len(params) == 1:
                    message += " or invalid array length"
                self.syntax_error(waiting[0].pos, message)
        return fields

    def tparam_list(
        self, lbrack: Token, params: list[ast.Field], *rest: Token
    ) -> list[ast.Field]:
        return self._type_params(params, rest[-1])

    def func_decl(
        self,
        kw: Token,
        name: ast.Ident,
        sig: ast.FuncType,
        body: Optional[ast.BlockStmt] = None,
    ) -> ast.FuncDecl:
        directives = [text for at, text in self.directives if self.decl_end < at < kw[1]]
        return ast.FuncDecl(kw[1], None, name, sig, body, directives)

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
        return ast.FuncType(0, None, params, [])

    def sig_params(self, params: list[ast.Field], results: list[ast.Field]) -> ast.FuncType:
        return ast.FuncType(0, None, params, results)

    def sig_type(self, params: list[ast.Field], result: ast.Expr) -> ast.FuncType:
        return ast.FuncType(0, None, params, [ast.Field(result.pos, [], result, None)])

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

    def param_inst(
        self, name: ast.Ident, lbrack: Token, args: Exprs, *_rest: Token
    ) -> ast.Field:
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

    def map_type(
        self, kw: Token, _l: Token, key: ast.Expr, _r: Token, elem: ast.Expr
    ) -> ast.Expr:
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

    def embedded_qual(
        self, pkg: ast.Ident, _dot: Token, name: ast.Ident, tag: Tag
    ) -> ast.Field:
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

    # ------------------------------------------------------------- expressions
    def binary(self, x: ast.Expr, op: Token, y: ast.Expr) -> ast.Expr:
        """Adds ``op y`` to the chain that is ``x``, at the depth that precedence asks for.

        ``x`` was built here from left to right, so only its right spine matters; that has
        at most one node per level of precedence.
        """
        level = PRECEDENCE[op[2]]
        if not isinstance(x, ast.BinaryExpr) or PRECEDENCE[x.op] >= level:
            return ast.BinaryExpr(x.pos, op[2], x, y, op[1])
        parent = x
        while isinstance(parent.y, ast.BinaryExpr) and PRECEDENCE[parent.y.op] < level:
            parent = parent.y
        left = parent.y
        parent.y = ast.BinaryExpr(left.pos, op[2], left, y, op[1])
        return x

    def unary(self, op: Token, x: ast.Expr) -> ast.Expr:
        return ast.UnaryExpr(op[1], op[2], x)

    def star(self, op: Token, x: ast.Expr) -> ast.Expr:
        return ast.StarExpr(op[1], x)

    def receive(self, op: Token, x: ast.Expr) -> ast.Expr:
        """``<-x``; but of a channel type the arrow makes a receive-only one.

        ``<-chan<- T`` then was ``<-chan (<-T)``: the arrows move one type to the right.
        """
        if not isinstance(x, ast.ChanType):
            return ast.UnaryExpr(op[1], "<-", x)
        t: ast.Expr = x
        while isinstance(t, ast.ChanType):
            direction, t.dir = t.dir, "recv"
            if direction == "both":
                break
            if direction == "recv":
                self.syntax_error(self.parser.current[1], "unexpected <-, expected chan")
                break
            t = t.elem
        else:
            message = f"unexpected {_show(t)}, expected chan"
            self.syntax_error(self.parser.current[1], message)
        x.pos = op[1]
        return x

    def literal(self, tok: Token) -> ast.Expr:
        return ast.BasicLit(tok[1], tok[0], tok[2])

    def bad_literal(self, tok: Token) -> ast.Expr:
        return ast.BadExpr(tok[1])

    def paren(self, lparen: Token, x: ast.Expr, _r: Token) -> ast.Expr:
        return ast.ParenExpr(lparen[1], x)

    def complit(self, typ: ast.Expr, lbrace: Token, elts: Exprs, rbrace: Token) -> ast.Expr:
        if isinstance(typ, ast.ParenExpr):
            self.syntax_error(lbrace[1], "cannot parenthesize type in composite literal")
        return ast.CompositeLit(typ.pos, typ, elts, lbrace[1], rbrace[1])

    def elided(self, lbrace: Token, elts: Exprs, rbrace: Token) -> ast.Expr:
        return ast.CompositeLit(lbrace[1], None, elts, lbrace[1], rbrace[1])

    def key_value(self, key: ast.Expr, colon: Token, value: ast.Expr) -> ast.Expr:
        return ast.KeyValueExpr(key.pos, key, value, colon[1])

    def func_lit(self, sig: ast.FuncType, lbrace: Token, stmts: Stmts, rbrace: Token) -> ast.Expr:
        return ast.FuncLit(sig.pos, sig, ast.BlockStmt(lbrace[1], stmts, rbrace[1]))

    def selector(self, x: ast.Expr, _dot: Token, sel: ast.Ident) -> ast.Expr:
        return ast.SelectorExpr(x.pos, x, sel)

    def type_assert(
        self, x: ast.Expr, _dot: Token, _l: Token, typ: ast.Expr, _r: Token
    ) -> ast.Expr:
        return ast.TypeAssertExpr(x.pos, x, typ)

    def type_guard(self, x: ast.Expr, _dot: Token, _l: Token, _t: Token, _r: Token) -> ast.Expr:
        return ast.TypeAssertExpr(x.pos, x, None)

    def index(self, x: ast.Expr, lbrack: Token, indices: Exprs, *_rest: Token) -> ast.Expr:
        return ast.IndexExpr(x.pos, x, indices, lbrack[1])

    def slice(self, x: ast.Expr, lbrack: Token, *_rest: Token) -> ast.Expr:
        return ast.SliceExpr(x.pos, x, None, None, None, False, lbrack[1])

    def slice_low(self, x: ast.Expr, lbrack: Token, low: ast.Expr, *_rest: Token) -> ast.Expr:
        return ast.SliceExpr(x.pos, x, low, None, None, False, lbrack[1])

    def slice_high(
        self, x: ast.Expr, lbrack: Token, _c: Token, high: ast.Expr, _r: Token
    ) -> ast.Expr:
        return ast.SliceExpr(x.pos, x, None, high, None, False, lbrack[1])

    def slice_both(
        self, x: ast.Expr, lbrack: Token, low: ast.Expr, _c: Token, high: ast.Expr, _r: Token
    ) -> ast.Expr:
        return ast.SliceExpr(x.pos, x, low, high, None, False, lbrack[1])

    def slice3_high(
        self,
        x: ast.Expr,
        lbrack: Token,
        _c: Token,
        high: ast.Expr,
        _d: Token,
        limit: ast.Expr,
        _r: Token,
    ) -> ast.Expr:
        return ast.SliceExpr(x.pos, x, None, high, limit, True, lbrack[1])

    def slice3(
        self,
        x: ast.Expr,
        lbrack: Token,
        low: ast.Expr,
        _c: Token,
        high: ast.Expr,
        _d: Token,
        limit: ast.Expr,
        _r: Token,
    ) -> ast.Expr:
        return ast.SliceExpr(x.pos, x, low, high, limit, True, lbrack[1])

    def call_none(self, fun: ast.Expr, lparen: Token, rparen: Token) -> ast.Expr:
        return ast.CallExpr(fun.pos, fun, [], -1, lparen[1], rparen[1])

    def call(self, fun: ast.Expr, lparen: Token, args: Exprs, *rest: Token) -> ast.Expr:
        return ast.CallExpr(fun.pos, fun, args, -1, lparen[1], rest[-1][1])

    def call_dots(
        self, fun: ast.Expr, lparen: Token, args: Exprs, dots: Token, *rest: Token
    ) -> ast.Expr:
        return ast.CallExpr(fun.pos, fun, args, dots[1], lparen[1], rest[-1][1])

    # -------------------------------------------------------------- statements
    def block(self, lbrace: Token, stmts: Stmts, rbrace: Token) -> ast.BlockStmt:
        return ast.BlockStmt(lbrace[1], stmts, rbrace[1])

    def decl_stmt(self, decl: ast.GenDecl) -> ast.Stmt:
        return ast.DeclStmt(decl.pos, decl)

    def label_empty(self, label: ast.Ident, colon: Token) -> ast.Stmt:
        return ast.LabeledStmt(label.pos, label, ast.EmptyStmt(colon[1] + 1, True))

    def labeled(self, label: ast.Ident, _colon: Token, stmt: ast.Stmt) -> ast.Stmt:
        return ast.LabeledStmt(label.pos, label, stmt)

    def go_stmt(self, kw: Token, call: ast.Expr) -> ast.Stmt:
        return ast.GoStmt(kw[1], self._call_of(kw, call))

    def defer_stmt(self, kw: Token, call: ast.Expr) -> ast.Stmt:
        return ast.DeferStmt(kw[1], self._call_of(kw, call))

    def _call_of(self, kw: Token, call: ast.Expr) -> ast.Expr:
        if isinstance(call, ast.ParenExpr):
            message = f"expression in {kw[2]} must not be parenthesized"
            self.diags.error(call.pos, message)
            while isinstance(call, ast.ParenExpr):
                call = call.x
        return call

    def return_none(self, kw: Token) -> ast.Stmt:
        return ast.ReturnStmt(kw[1], [])

    def return_stmt(self, kw: Token, results: Exprs) -> ast.Stmt:
        return ast.ReturnStmt(kw[1], results)

    def branch(self, kw: Token, label: Optional[ast.Ident] = None) -> ast.Stmt:
        return ast.BranchStmt(kw[1], kw[2], label)

    def expr_stmt(self, x: ast.Expr) -> ast.Stmt:
        return ast.ExprStmt(x.pos, x)

    def send(self, chan: ast.Expr, arrow: Token, value: ast.Expr) -> ast.Stmt:
        return ast.SendStmt(chan.pos, chan, value, arrow[1])

    def inc_dec(self, x: ast.Expr, op: Token) -> ast.Stmt:
        return ast.IncDecStmt(x.pos, x, op[2], op[1])

    def op_assign(self, x: ast.Expr, op: Token, y: ast.Expr) -> ast.Stmt:
        return ast.AssignStmt(x.pos, [x], op[2][:-1], [y], op[1])

    def assign(self, lhs: Exprs, op: Token, rhs: Exprs) -> ast.Stmt:
        return ast.AssignStmt(lhs[0].pos, lhs, op[2], rhs, op[1])

    def header_cond(self, cond: ast.Stmt) -> Header:
        return None, cond, None

    def header_semi_cond(self, semi: Token, cond: ast.Stmt) -> Header:
        return None, cond, semi

    def header_init(self, init: ast.Stmt, semi: Token) -> Header:
        return init, None, semi

    def header_semi(self, semi: Token) -> Header:
        return None, None, semi

    def header_both(self, init: ast.Stmt, semi: Token, cond: ast.Stmt) -> Header:
        return init, cond, semi

    def _condition(self, stmt: Optional[ast.Stmt], pos: int) -> ast.Expr:
        """The expression that a header's last statement has to be."""
        if isinstance(stmt, ast.ExprStmt):
            return stmt.x
        if stmt is not None:
            at, shown = _show_statement(stmt)
            self.syntax_error(at, f"cannot use {shown} as value")
        return ast.BadExpr(pos)

    def if_header(self, header: Header) -> tuple[Optional[ast.Stmt], ast.Expr]:
        init, cond, semi = header
        if cond is None and semi is not None:
            if semi[2] == "semicolon":
                self.syntax_error(semi[1], "missing condition in if statement")
            else:
                self.syntax_error(semi[1], f"unexpected {semi[2]}, expected {{ after if clause")
        return init, self._condition(cond, 0)

    def if_stmt(
        self, kw: Token, header: tuple[Optional[ast.Stmt], ast.Expr], body: ast.BlockStmt
    ) -> ast.Stmt:
        return ast.IfStmt(kw[1], header[0], header[1], body, None)

    def if_else(
        self,
        kw: Token,
        header: tuple[Optional[ast.Stmt], ast.Expr],
        body: ast.BlockStmt,
        _else: Token,
        other: ast.Stmt,
    ) -> ast.Stmt:
        return ast.IfStmt(kw[1], header[0], header[1], body, other)

    def switch_bare(
        self, kw: Token, _l: Token, clauses: list[ast.CaseClause], rbrace: Token
    ) -> ast.Stmt:
        return ast.SwitchStmt(kw[1], None, None, clauses, rbrace[1])

    def switch_header(self, header: Header) -> ast.SwitchStmt | ast.TypeSwitchStmt:
        """The switch statement as far as its header tells it."""
        init, tag, _semi = header
        if isinstance(tag, ast.ExprStmt):
            guard = tag.x
            if isinstance(guard, ast.TypeAssertExpr) and guard.type_expr is None:
                return ast.TypeSwitchStmt(0, init, None, guard.x, [], 0)
        elif isinstance(tag, ast.AssignStmt) and tag.op == ":=" and len(tag.lhs) == 1:
            name, guard = tag.lhs[0], tag.rhs[0]
            if isinstance(guard, ast.TypeAssertExpr) and guard.type_expr is None:
                if len(tag.rhs) == 1 and isinstance(name, ast.Ident):
                    return ast.TypeSwitchStmt(0, init, name, guard.x, [], 0)
        value = self._condition(tag, 0) if tag is not None else None
        return ast.SwitchStmt(0, init, value, [], 0)

    def switch_stmt(
        self,
        kw: Token,
        stmt: ast.SwitchStmt | ast.TypeSwitchStmt,
        _l: Token,
        clauses: list[ast.CaseClause],
        rbrace: Token,
    ) -> ast.Stmt:
        stmt.pos = kw[1]
        stmt.clauses = clauses
        stmt.rbrace = rbrace[1]
        return stmt

    def case(self, kw: Token, exprs: Exprs, colon: Token, body: Stmts) -> ast.CaseClause:
        return ast.CaseClause(kw[1], exprs, body, colon[1])

    def default(self, kw: Token, colon: Token, body: Stmts) -> ast.CaseClause:
        return ast.CaseClause(kw[1], None, body, colon[1])

    def select_stmt(
        self, kw: Token, _l: Token, clauses: list[ast.CommClause], rbrace: Token
    ) -> ast.Stmt:
        return ast.SelectStmt(kw[1], clauses, rbrace[1])

    def comm(self, kw: Token, comm: ast.Stmt, colon: Token, body: Stmts) -> ast.CommClause:
        return ast.CommClause(kw[1], comm, body, colon[1])

    def comm_default(self, kw: Token, colon: Token, body: Stmts) -> ast.CommClause:
        return ast.CommClause(kw[1], None, body, colon[1])

    def for_ever(self, kw: Token, body: ast.BlockStmt) -> ast.Stmt:
        return ast.ForStmt(kw[1], None, None, None, body)

    def for_cond(self, cond: ast.Stmt) -> ForHeader:
        return None, self._condition(cond, 0), None

    def for_clause(
        self,
        init: Optional[ast.Stmt],
        _s1: Token,
        cond: Optional[ast.Stmt],
        _s2: Token,
        post: Optional[ast.Stmt],
    ) -> ForHeader:
        if isinstance(post, ast.AssignStmt) and post.op == ":=":
            self.syntax_error(post.op_pos, "cannot declare in post statement of for loop")
        return init, self._condition(cond, 0) if cond is not None else None, post

    def for_stmt(self, kw: Token, header: ForHeader, body: ast.BlockStmt) -> ast.Stmt:
        init, cond, post = header
        return ast.ForStmt(kw[1], init, cond, post, body)

    def for_range(self, kw: Token, stmt: ast.RangeStmt, body: ast.BlockStmt) -> ast.Stmt:
        stmt.pos = kw[1]
        stmt.body = body
        return stmt

    def range_bare(self, kw: Token, x: ast.Expr) -> ast.RangeStmt:
        return ast.RangeStmt(0, None, None, False, x, _NO_BODY, kw[1])

    def range_assign(self, lhs: Exprs, op: Token, kw: Token, x: ast.Expr) -> ast.RangeStmt:
        if len(lhs) > 2:
            self.diags.error(lhs[2].pos, "range clause permits at most two iteration variables")
        value = lhs[1] if len(lhs) > 1 else None
        return ast.RangeStmt(0, lhs[0], value, op[2] == ":=", x, _NO_BODY, kw[1])


def _show(x: ast.Expr) -> str:
    from .check.text import expr_string  # only needed for errors

    return expr_string(x)


def _show_statement(stmt: ast.Stmt) -> tuple[int, str]:
    """Where Go says that a simple statement is, and the statement in one line."""

    def show(xs: Exprs) -> str:
        return ", ".join(map(_show, xs))

    if isinstance(stmt, ast.SendStmt):
        return stmt.arrow, f"{_show(stmt.chan)} <- {_show(stmt.value)}"
    if isinstance(stmt, ast.IncDecStmt):
        return stmt.op_pos, _show(stmt.x) + stmt.op
    assert isinstance(stmt, ast.AssignStmt)
    if stmt.op == "=":
        # Binary operands in parentheses, so that the "=" stands out.
        left, right = show(stmt.lhs), show(stmt.rhs)
        if len(stmt.lhs) == 1 and isinstance(stmt.lhs[0], ast.BinaryExpr):
            left = f"({left})"
        if len(stmt.rhs) == 1 and isinstance(stmt.rhs[0], ast.BinaryExpr):
            right = f"({right})"
        return stmt.op_pos, f"assignment {left} = {right}"
    op = stmt.op if stmt.op == ":=" else stmt.op + "="
    return stmt.op_pos, f"{show(stmt.lhs)} {op} {show(stmt.rhs)}"


_NO_BODY = ast.BlockStmt(0, [], 0)


def _at_level(root: ast.Node, level: int) -> Optional[ast.Node]:
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
    """``P *C`` and ``P (C)`` parsed as an expression, if that can only be a type parameter,
    or could be one and ``force`` says that a comma followed."""
    if isinstance(x, ast.Ident):
        return None
    if isinstance(x, ast.BinaryExpr) and isinstance(x.x, ast.Ident) and x.op == "*":
        if force or _is_type_elem(x.y):
            return ast.Field(x.pos, [x.x], ast.StarExpr(x.op_pos, x.y), None)
    elif isinstance(x, ast.BinaryExpr) and x.op == "|":
        first = _as_type_param(x.x, force or _is_type_elem(x.y))
        if first is not None:
            both = ast.BinaryExpr(first.type_expr.pos, "|", first.type_expr, x.y, x.op_pos)
            return ast.Field(x.pos, first.names, both, None)
    elif isinstance(x, ast.CallExpr) and isinstance(x.fun, ast.Ident):
        if len(x.args) == 1 and x.ellipsis < 0 and (force or _is_type_elem(x.args[0])):
            return ast.Field(x.pos, [x.fun], x.args[0], None)
    return None


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
