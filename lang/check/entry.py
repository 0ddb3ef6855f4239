"""Checking an entry of a session (:mod:`gol.lang.session`).

As :func:`gol.lang.check.check_package` for a package, but names may belong to earlier
entries, methods to their types, and the statements are checked as the body of a function
whose own variables are package variables.

A statement that is an expression is kept in a variable of its own, which ``_`` denotes from
then on, and handed to ``show.Values`` of package internal/show.
"""

from __future__ import annotations

import json
from typing import Optional

from .. import ast as A
from .. import types as T
from ..deep import deep
from ..diagnostics import Diagnostics
from ..entry import Entry
from ..objects import Func, Scope, TypeName, Var
from ..session import LAST, SHOW, Checked, Session
from . import (
    collect,
    decl,
    direct_cycles,
    expr,
    foreign,
    initorder,
    labels,
    resolve_all,
)
from . import stmt as statements
from .state import Checker, Importer

# results that nobody reads: calls of these are statements
_PRINTERS = frozenset(("Print", "Printf", "Println", "Fprint", "Fprintf", "Fprintln"))


def check_entry(
    session: Session, entry: Entry, importer: Importer, diags: Diagnostics
) -> Optional[Checked]:
    """Check an entry against its session; None after errors, the session unchanged."""
    checked = session.begin()
    c = _checker(session, importer, diags, checked.number)
    try:
        with deep():
            _check(c, session, entry, checked)
    except RecursionError:
        c.error(entry.source.base, "program nests too deeply: not supported yet")
    except BaseException:
        session.rollback(checked)
        raise
    if c.failed:
        session.rollback(checked)
        return None
    session.number = checked.number
    _name(c, session, checked)
    return checked


def _checker(session: Session, importer: Importer, diags: Diagnostics, number: int) -> Checker:
    c = Checker(session.package, importer, diags)
    c.resolve = lambda obj: decl.obj_decl(c, obj)
    c.init_info = A.FuncInfo(f"main.init·{number}", T.Signature([], []), None, None, None)
    return c


def _check(c: Checker, session: Session, entry: Entry, checked: Checked) -> None:
    methods = _collect(c, entry, checked)
    direct_cycles(c)
    _adopt(c, session, methods, checked)
    resolve_all(c)
    if entry.stmts:
        checked.entry = _function(c, entry, checked.number)
        _statements(c, entry, checked.entry)
    c.process_delayed(0)
    initorder.init_order(c)
    foreign.check_bodies(c, c.pkg.funcs, needed=True)
    if not c.failed:
        for e, message in c.too_large:
            c.error(e, message)
    for named in c.named:
        named.under = named.underlying()
    c.pkg.named = list(c.named)


def _collect(c: Checker, entry: Entry, checked: Checked) -> list[tuple[Func, bool, str]]:
    """Declare what the entry declares; the methods, with their receivers' names."""
    methods: list[tuple[Func, bool, str]] = []
    pos = entry.source.base
    file = A.File(pos, A.Ident(pos, "main"), [], [], entry.source.path)
    c.files = c.pkg.files = [file]
    file.decls = _imports(c, entry, checked)
    collect.collect_file(c, file, c.pkg.scope, methods)
    for name, obj in [(o.name, o) for o in c.decls]:
        if isinstance(obj, TypeName) and not obj.alias:
            obj.link_name = f"main.{name}·{checked.number}"
        elif isinstance(obj, Func):
            obj.link_name += f"·{checked.number}"
    return methods


def _imports(c: Checker, entry: Entry, checked: Checked) -> list[A.Decl]:
    """Import what the entry imports; its other declarations."""
    others: list[A.Decl] = []
    for d in entry.decls:
        if isinstance(d, A.GenDecl) and d.tok == "import":
            for spec in d.specs:
                assert isinstance(spec, A.ImportSpec)
                collect.import_spec(c, spec, checked.imports)
        else:
            others.append(d)
    return others


def _adopt(
    c: Checker, session: Session, methods: list[tuple[Func, bool, str]], checked: Checked
) -> None:
    """Give the methods to their types, those of earlier entries included."""
    for func, ptr, name in methods:
        checked.methods.append(func)
        base = collect.base_type(c, name, ptr)
        if base is not None:
            c.methods.setdefault(base, []).append(func)
            continue
        old = session.scope.lookup(name)
        if c.pkg.scope.lookup(name) is not None:
            old = None
            c.error(func.pos, f"methods of {name}: not supported yet where it is an alias")
        named = old.type if isinstance(old, TypeName) else None
        if isinstance(named, T.Named) and named.obj.pkg is c.pkg:
            before = checked.grown.setdefault(named, named.methods)
            if any(m.name == func.name and m not in before for m in named.methods):
                c.error(func.pos, f"method {name}.{func.name} already declared")
            named.methods = [m for m in named.methods if m.name != func.name] + [func]
            c.later(lambda named=named: decl.check_fields(c, named))  # type: ignore[misc]


def _name(c: Checker, session: Session, checked: Checked) -> None:
    """Symbols of variables, cells of functions."""
    for name, obj in checked.scope.names.items():
        if isinstance(obj, Var):
            if name != LAST:
                session.symbols[obj] = f"main.{name}·{checked.number}"
        elif isinstance(obj, Func):
            obj.cell = session.cell(name, obj.type)
    for m in checked.methods:
        if m.type.recv is not None:
            t = m.type.recv.type
            base = t.elem if isinstance(t, T.Pointer) else t
            assert isinstance(base, T.Named)
            pointer = "*" if m.ptr_recv else ""
            m.cell = session.cell(f"({pointer}{base.obj.link_name}).{m.name}", m.type)
    session.named += c.pkg.named


# ------------------------------------------------------------------ statements
def _function(c: Checker, entry: Entry, number: int) -> A.FuncDecl:
    """``func entry(unsafe.Pointer)``, whose body the statements are."""
    pos = entry.stmts[0].pos
    end = entry.source.base + len(entry.source.text)
    sig = T.Signature([Var("", c.pkg, pos, T.UNSAFE_POINTER)], [])
    func = Func("entry", c.pkg, pos, sig)
    func.link_name = f"main.entry·{number}"
    body = A.BlockStmt(pos, [], end)
    d = A.FuncDecl(pos, None, A.Ident(pos, "entry"), A.FuncType(pos, None, [], []), body, [])
    func.decl = d
    d.info = A.FuncInfo(func.link_name, sig, body, None, func)
    d.info.pos, d.info.end = pos, end
    d.info.params = sig.params
    for v in sig.params:
        v.owner, v.is_param = d.info, True
    c.pkg.funcs.append(d)
    return d


def _statements(c: Checker, entry: Entry, d: A.FuncDecl) -> None:
    assert d.body is not None
    env = c.env()
    c.decl, c.scope, c.iota, c.error_pos = None, c.pkg.scope, None, 0
    c.sig, c.info, c.has_call = d.info.sig, d.info, False
    labels.resolve(c, A.BlockStmt(d.pos, entry.stmts, d.body.rbrace))
    last = entry.stmts[-1]
    for s in entry.stmts:
        if isinstance(s, A.ExprStmt):
            d.body.stmts += _expression(c, s, entry.silent and s is last)
        else:
            statements.stmt(c, s)
            d.body.stmts.append(s)
    for v in d.info.locals:
        if not v.used and v.parent is not None:
            c.error(v.pos, f"declared and not used: {v.name}")
    c.restore(env)


def _expression(c: Checker, s: A.ExprStmt, silent: bool) -> list[A.Stmt]:
    """An expression as a statement: its values are kept, and shown unless ``silent``."""
    x = s.x
    top = len(c.delayed)
    expr.raw_expr(c, x)
    expr.exclude(c, x, frozenset((A.MODE_BUILTIN, A.MODE_TYPE)))
    c.process_delayed(top)
    if x.mode in (A.MODE_INVALID, A.MODE_NOVALUE) or _prints(x):
        return [s]
    types = x.type.types if type(x.type) is T.Tuple else [None]
    kept: list[Var] = []
    for t in types:
        name = f"·{sum(n[:1] == '·' for n in c.pkg.scope.names) + 1}"
        v = Var(name, c.pkg, x.pos, t)  # type: ignore[arg-type]
        if t is None:
            decl.init_var(c, v, x, "expression")
            if x.mode == A.MODE_INVALID:
                return [s]
        c.pkg.scope.insert(v)
        kept.append(v)
    lhs: list[A.Expr] = []
    for v in kept:
        ident = A.Ident(x.pos, v.name)
        ident.obj, ident.mode, ident.type = v, A.MODE_VAR, v.type
        lhs.append(ident)
    out: list[A.Stmt] = [A.AssignStmt(x.pos, lhs, ":=", [x], x.pos)]
    c.pkg.scope.names[LAST] = kept[0]
    if not silent:
        show = _show_call(c, x.pos, kept)
        statements.stmt(c, show)
        out.append(show)
    return out


def _prints(x: A.Expr) -> bool:
    x = A.unparen(x)
    fun = A.unparen(x.fun) if isinstance(x, A.CallExpr) else None
    f = fun.sel.obj if isinstance(fun, A.SelectorExpr) else None
    return isinstance(f, Func) and f.pkg is not None and f.pkg.path == "fmt" and (
        f.name in _PRINTERS
    )  # fmt: skip


def _show_call(c: Checker, pos: int, kept: list[Var]) -> A.ExprStmt:
    """``show.Values("type", v...)``"""
    types = ", ".join(c.type_str(v.type) for v in kept)
    if len(kept) != 1:
        types = f"({types})"
    text = A.BasicLit(pos, "STRING", json.dumps(types, ensure_ascii=False))
    fun = A.SelectorExpr(pos, A.Ident(pos, SHOW), A.Ident(pos, "Values"))
    args: list[A.Expr] = [text, *(A.Ident(pos, v.name) for v in kept)]
    return A.ExprStmt(pos, A.CallExpr(pos, fun, args, -1, pos, pos))


# ---------------------------------------------------------------- without running
def probe(session: Session, entry: Entry, importer: Importer, diags: Diagnostics) -> None:
    """Check an entry for what its tree then says of types; the session stays as it is."""
    checked = session.begin()
    c = _checker(session, importer, diags, checked.number)
    try:
        with deep():
            _check(c, session, entry, checked)
    finally:
        session.rollback(checked)


def check_expression(
    session: Session, e: A.Expr, entry: Entry, importer: Importer, diags: Diagnostics
) -> Optional[Checker]:
    """Check an expression or type alone, for its type; the checker, None after errors.
    ``entry`` holds the imports that it needs."""
    checked = session.begin()
    c = _checker(session, importer, diags, checked.number)
    try:
        _imports(c, entry, checked)
        c.scope = Scope(checked.scope, "expression")
        c.info = A.FuncInfo("main.type", T.Signature([], []), None, None, None)
        with deep():
            expr.raw_expr(c, e)
            c.process_delayed(0)
    except RecursionError:
        c.error(e, "expression nests too deeply: not supported yet")
    finally:
        session.rollback(checked)
    return None if c.failed else c


__all__ = ["check_entry", "check_expression", "probe"]
