"""The builder: one method per named alternative of ``grammar.lark``.

A method gets the values of the alternative's symbols: nodes, lists of nodes, and for
terminals the token ``(kind, pos, text)``, except that a NAME is an :class:`ast.Ident` and a
STRING an :class:`ast.BasicLit`. Nothing here recurses over the tree, so depth is no danger.

What Go's parser refuses although the grammar takes it is reported here.
"""

from __future__ import annotations

from typing import Optional

from . import ast
from .lexer import Token
from .parser_build_decls import MAX_NESTING, DeclBuilder, Exprs, at_level

__all__ = ["MAX_NESTING", "Builder"]

PRECEDENCE: dict[str, int] = {
    "||": 1, "&&": 2,
    "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
    "+": 4, "-": 4, "|": 4, "^": 4,
    "*": 5, "/": 5, "%": 5, "<<": 5, ">>": 5, "&": 5, "&^": 5,
}  # fmt: skip

Stmts = list[ast.Stmt]
# A header of if or switch: init, condition, the semicolon between them.
Header = tuple[Optional[ast.Stmt], Optional[ast.Stmt], Optional[Token]]
ForHeader = tuple[Optional[ast.Stmt], Optional[ast.Expr], Optional[ast.Stmt]]


class Builder(DeclBuilder):
    """Builds the tree of one file, and reports what only the tree shows to be wrong."""

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
    """The expression in one line, for an error message."""
    from .check.text import expr_string

    return "…" if at_level(x, MAX_NESTING) else expr_string(x)


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
