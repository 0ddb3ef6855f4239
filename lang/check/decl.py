"""Declarations: objects are resolved when they are first needed.

``Object.type`` is None until then. While an object is being resolved it lies on
``Checker.path``; meeting it there again is a cycle, which is fine through pointers,
function bodies and the like, and an error otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

from .. import ast as A
from .. import types as T
from ..constant import UNKNOWN
from ..lookup import method_key
from ..objects import Const, Func, Object, Scope, TypeName, Var
from . import assign, expr, funcs, stmt, typexpr
from .conversion import assignment
from .predicates import default_type, is_const_type, is_untyped
from .state import Checker


def declare(c: Checker, scope: Scope, ident: Optional[A.Ident], obj: Object) -> bool:
    """Enter obj into scope; an earlier declaration of the name there is an error."""
    if obj.name != "_":
        alt = scope.insert(obj)
        if alt is not None:
            redeclared(c, obj.pos, obj.name, alt)
            return False
    if ident is not None:
        ident.obj = obj
    return True


def redeclared(c: Checker, pos: int, name: str, alt: Object) -> None:
    more = [(alt.pos, f"other declaration of {alt.name}")] if alt.pos else []
    c.error_lines(pos, f"{name} redeclared in this block", more)


# ------------------------------------------------------------------ resolution
def obj_decl(c: Checker, obj: Object) -> None:
    """Make sure that obj has its type."""
    if obj in c.path_index:
        _cycle(c, obj)
        return
    if obj.type is not None:
        return
    d = c.decls.get(obj)
    if d is None:
        return
    c.push(obj)
    env = c.env()
    c.scope, c.decl, c.iota, c.error_pos, c.sig, c.info = d.scope, None, None, 0, None, None
    if type(obj) is Const:
        c.decl = d
        const_decl(c, obj, d.type_expr, d.init, d.inherited)
    elif type(obj) is Var:
        c.decl = d
        c.info = funcs.init_info(c)
        var_decl(c, obj, d.lhs, d.type_expr, d.init)
    elif type(obj) is TypeName:
        assert d.tspec is not None
        type_decl(c, obj, d.tspec)
        collect_methods(c, obj)
    else:
        assert type(obj) is Func
        func_decl(c, obj, d)
    c.restore(env)
    c.pop()


def _cycle(c: Checker, obj: Object) -> None:
    ok = valid_cycle(c, obj)
    if isinstance(obj, (Const, Var, TypeName)):
        if not ok or obj.type is None:
            obj.type = T.INVALID
    elif obj.type is None:
        obj.type = T.INVALID


def valid_cycle(c: Checker, obj: Object) -> bool:
    cycle = c.path[c.path_index[obj] :]
    values = sum(isinstance(o, (Const, Var)) for o in cycle)
    defs = sum(isinstance(o, TypeName) and not o.alias for o in cycle)
    # only values: initialisation order will see it; only types: a definition breaks it
    if values == len(cycle) or (values == 0 and defs > 0):
        return True
    cycle_error(c, cycle, first_in_source(cycle))
    return False


def first_in_source(cycle: list[Object]) -> int:
    return min(range(len(cycle)), key=lambda i: cycle[i].pos)


def cycle_error(c: Checker, cycle: list[Object], start: int) -> None:
    def name(o: Object) -> str:
        prefix = c.qualify(o.pkg) if o.pkg is not None else ""
        return f"{prefix}.{o.name}" if prefix else o.name

    obj = cycle[start]
    is_type = isinstance(obj, TypeName)
    if len(cycle) == 1:
        what = "invalid recursive type" if is_type else "invalid cycle in declaration"
        c.error(obj.pos, f"{what}: {name(obj)} refers to itself")
        return
    head = "invalid recursive type " if is_type else "invalid cycle in declaration of "
    lines = []
    o = obj
    for i in range(len(cycle)):
        nxt = cycle[(start + i + 1) % len(cycle)]
        lines.append((o.pos, f"{name(o)} refers to {name(nxt)}"))
        o = nxt
    c.error_lines(obj.pos, head + name(obj), lines)


def complete(c: Checker, t: T.Type) -> bool:
    """Values of t may be needed now: t must not be in the middle of its declaration."""
    while type(t) is T.Named:
        i = c.path_index.get(t.obj)
        if i is not None:
            cycle = c.path[i:]
            cycle_error(c, cycle, first_in_source(cycle))
            return False
        if t.under is None:
            return True
        t = t.under
    return True


def laid_out(c: Checker, t: T.Type) -> bool:
    """The size of t may be asked for: no type inside it is in the middle of its
    declaration."""
    seen: set[int] = set()

    def walk(t: T.Type) -> bool:
        if id(t) in seen:
            return True
        seen.add(id(t))
        if type(t) is T.Named:
            if not complete(c, t):
                return False
            return t.under is None or walk(t.under)
        if type(t) is T.Array:
            return walk(t.elem)
        if type(t) is T.Struct:
            return all(walk(f.type) for f in t.fields)
        return True

    return walk(t)


# ---------------------------------------------------------- constants, variables
def const_decl(
    c: Checker, obj: Const, te: Optional[A.Expr], init: Optional[A.Expr], inherited: bool
) -> None:
    iota, error_pos = c.iota, c.error_pos
    c.iota = obj.value
    c.error_pos = 0
    obj.value = UNKNOWN
    _const_value(c, obj, te, init, inherited)
    c.iota, c.error_pos = iota, error_pos


def _const_value(
    c: Checker, obj: Const, te: Optional[A.Expr], init: Optional[A.Expr], inherited: bool
) -> None:
    if te is not None:
        t = typexpr.type_of(c, te)
        if not is_const_type(t):
            if t.underlying() is not T.INVALID:
                c.error(te, f"invalid constant type {c.type_str(t)}")
            obj.type = T.INVALID
            return
        obj.type = t
    if init is None:
        if obj.type is None:
            obj.type = T.INVALID
        return
    if inherited:
        c.error_pos = obj.pos
    expr.expr(c, init)
    _init_const(c, obj, init)


def _init_const(c: Checker, obj: Const, x: A.Expr) -> None:
    if x.mode == A.MODE_INVALID or x.type is T.INVALID or obj.type is T.INVALID:
        if obj.type is None:
            obj.type = T.INVALID
        return
    if x.mode != A.MODE_CONST:
        c.error(x, f"{c.operand(x)} is not constant")
        if obj.type is None:
            obj.type = T.INVALID
        return
    if obj.type is None:
        obj.type = x.type
    assignment(c, x, obj.type, "constant declaration")
    if x.mode != A.MODE_INVALID:
        obj.value = x.value


def var_decl(
    c: Checker,
    obj: Var,
    lhs: Optional[list[Var]],
    te: Optional[A.Expr],
    init: Optional[A.Expr],
) -> None:
    if te is not None:
        obj.type = typexpr.type_of(c, te)
    if init is None:
        if te is None:
            obj.type = T.INVALID
        return
    if lhs is None or len(lhs) == 1:
        expr.expr(c, init)
        init_var(c, obj, init, "variable declaration")
        return
    if te is not None:
        for v in lhs:
            v.type = obj.type
    assign.init_vars(c, lhs, [init], None)


def init_var(c: Checker, v: Var, x: A.Expr, context: str) -> None:
    """v is declared with the value x (and x's type, if it has none of its own)."""
    if x.mode == A.MODE_INVALID or x.type is T.INVALID or v.type is T.INVALID:
        if v.type is None:
            v.type = T.INVALID
        x.mode = A.MODE_INVALID
        return
    if v.type is None:
        t = x.type
        if is_untyped(t):
            if t is T.UNTYPED_NIL:
                c.error(x, f"use of untyped nil in {context}")
                v.type = T.INVALID
                x.mode = A.MODE_INVALID
                return
            t = default_type(t)
        v.type = t
    assignment(c, x, v.type, context)


# ------------------------------------------------------------------------ types
def type_decl(c: Checker, obj: TypeName, spec: A.TypeSpec) -> None:
    if spec.type_params:
        c.error(spec.type_params[0].pos, "type parameters are not supported yet")
        c.generic = True
        obj.type = T.INVALID
        return
    c.later(lambda: _check_valid(c, obj))
    if spec.alias:
        t = typexpr.type_of(c, spec.type_expr, None)
        if obj.type is not T.INVALID:
            obj.type = t
        return
    named = T.Named(obj)
    obj.type = named
    c.named.append(named)
    rhs = typexpr.type_of(c, spec.type_expr, obj)
    if obj.type is named:
        named.under = rhs


def _check_valid(c: Checker, obj: TypeName) -> None:
    if isinstance(obj.type, T.Named) and obj.type.obj is obj:
        valid_type(c, obj.type, [])


def valid_type(c: Checker, t: T.Type, path: list[T.Named]) -> bool:
    """A type must not contain itself but through pointers, slices, functions …"""
    if type(t) is T.Array:
        return valid_type(c, t.elem, path)
    if type(t) is T.Struct:
        return all(valid_type(c, f.type, path) for f in t.fields)
    if type(t) is T.Interface:
        return all(valid_type(c, e, path) for e in t.embeds)
    if type(t) is T.Named:
        if t.obj.pkg is not c.pkg or t in c.invalid_types:
            return t not in c.invalid_types
        if t in c.valid_types:
            return True
        if t in path:
            cycle: list[Object] = [n.obj for n in path[path.index(t) :]]
            cycle_error(c, cycle, 0)
            t.under = T.INVALID
            c.invalid_types.add(t)
            return False
        path.append(t)
        ok = t.under is None or valid_type(c, t.under, path)
        path.pop()
        if ok:
            c.valid_types.add(t)
        return ok
    return True


def collect_methods(c: Checker, obj: TypeName) -> None:
    """Give a type the methods declared for it."""
    methods = c.methods.pop(obj, None)
    if not methods:
        return
    named = obj.type if isinstance(obj.type, T.Named) else None
    seen: dict[str, Func] = {}
    for m in methods:
        alt = seen.setdefault(m.name, m)
        if alt is not m:
            c.error(m.pos, f"method {obj.name}.{m.name} already declared at {c.where(alt.pos)}")
            continue
        if named is not None:
            named.methods.append(m)
    if named is not None:
        c.later(lambda: check_fields(c, named))


def check_fields(c: Checker, named: T.Named) -> None:
    """A field and a method cannot have the same name."""
    u = named.underlying()
    if type(u) is not T.Struct:
        return
    methods = {method_key(m): m for m in named.methods}
    for f in u.fields:
        exported = f.exported
        key = (not exported, f.name, "" if exported or f.pkg is None else f.pkg.path)
        alt = methods.get(key)
        if alt is not None and f.name != "_":
            c.error_lines(
                alt.pos,
                f"field and method with the same name {f.name}",
                [(f.pos, f"other declaration of {f.name}")],
            )


# -------------------------------------------------------------------- functions
def func_decl(c: Checker, obj: Func, d: Any) -> None:
    fdecl: A.FuncDecl = d.fdecl
    obj.type = T.Signature([], [])  # guards against cycles
    sig, scope = typexpr.signature(c, fdecl.sig, fdecl.recv)
    obj.type = sig
    fdecl.sig.mode, fdecl.sig.type = A.MODE_TYPE, sig
    info = funcs.decl_info(fdecl, obj, sig)
    fdecl.info = info
    body = fdecl.body
    if fdecl.sig.type_params:
        # it was refused: its uses say nothing more
        obj.type = T.INVALID  # type: ignore[assignment]
    elif body is not None:
        c.later(lambda: stmt.func_body(c, d, info, sig, scope, body, None))


# ---------------------------------------------------------- local declarations
def decl_stmt(c: Checker, g: A.GenDecl) -> None:
    if g.tok == "const":
        local_consts(c, g)
    elif g.tok == "var":
        for spec in g.specs:
            assert isinstance(spec, A.ValueSpec)
            _local_vars(c, spec)
    elif g.tok == "type":
        for spec in g.specs:
            assert isinstance(spec, A.TypeSpec)
            obj = TypeName(spec.name.name, c.pkg, spec.name.pos, None, spec.alias)  # type: ignore[arg-type]
            funcs.local_type(c, obj)
            declare(c, c.scope, spec.name, obj)
            c.push(obj)
            type_decl(c, obj, spec)
            c.pop()


def const_specs(
    g: A.GenDecl,
) -> Iterator[tuple[A.ValueSpec, Optional[A.Expr], list[A.Expr], bool]]:
    """Each line of a const declaration, with the type and the values that are its own or
    those of a line above, and whether it has inherited them."""
    last: Optional[A.ValueSpec] = None
    for spec in g.specs:
        assert isinstance(spec, A.ValueSpec)
        inherited = spec.type_expr is None and not spec.values
        if not inherited:
            last = spec
        if last is None:
            yield spec, None, [], False
        else:
            yield spec, last.type_expr, last.values, inherited


def local_consts(c: Checker, g: A.GenDecl) -> None:
    for spec, te, values, inherited in const_specs(g):
        top = len(c.delayed)
        objs = []
        for i, name in enumerate(spec.names):
            obj = Const(name.name, c.pkg, name.pos, None, spec.iota)  # type: ignore[arg-type]
            objs.append(obj)
            const_decl(c, obj, te, values[i] if i < len(values) else None, inherited)
        arity(c, spec, values, True, inherited)
        c.process_delayed(top)
        for name, obj in zip(spec.names, objs):
            declare(c, c.scope, name, obj)


def _local_vars(c: Checker, spec: A.ValueSpec) -> None:
    top = len(c.delayed)
    values = spec.values
    vars = [funcs.new_local(c, n.name, n.pos, None) for n in spec.names]
    for i, v in enumerate(vars):
        lhs = None
        init = None
        if len(values) == len(vars):
            init = values[i]
        elif len(values) == 1:
            lhs, init = vars, values[0]
        elif i < len(values):
            init = values[i]
        var_decl(c, v, lhs, spec.type_expr, init)
        if len(values) == 1:
            # the one value has been given to all of them, or was in error
            for w in vars:
                if w.type is None:
                    w.type = T.INVALID
            break
    if spec.type_expr is None or values:
        arity(c, spec, values, False, False)
    c.process_delayed(top)
    for name, v in zip(spec.names, vars):
        declare(c, c.scope, name, v)
        name.obj = v


def arity(
    c: Checker, spec: A.ValueSpec, values: list[A.Expr], const: bool, inherited: bool
) -> None:
    """As many values as names (but one call may give several)."""
    n, m = len(spec.names), len(values)
    if n < m:
        x = values[n]
        if inherited:
            c.error(spec.pos, f"extra init expr at {c.where(x.pos)}")
        else:
            c.error(x, f"extra init expr {c.expr_str(x)}")
    elif n > m and (const or m != 1):
        name = spec.names[m]
        c.error(name.pos, f"missing init expr for {name.name}")
