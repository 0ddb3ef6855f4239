"""Type expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..constant import UNKNOWN
from ..lookup import deref, interface_methods, method_key
from ..objects import Const, Func, Scope, TypeName, Var
from ..sizes import sizeof
from ..types import identical
from . import call, decl, expr, funcs
from .predicates import comparable, is_integer, is_untyped
from .state import Checker

ADDRESS_SPACE = 1 << 50  # bytes that no type may reach


def type_of(c: Checker, e: A.Expr, declared: Optional[TypeName] = None) -> T.Type:
    """The type that e denotes; INVALID after an error. ``declared``: e is the right-hand
    side of its declaration."""
    e.mode = A.MODE_TYPE
    rule = _RULES.get(type(e))
    if rule is None:
        c.error(e, f"{c.expr_str(e)} is not a type")
        expr.use(c, [e])
        t: T.Type = T.INVALID
    else:
        t = rule(c, e, declared)
    e.mode = A.MODE_TYPE if t is not T.INVALID else A.MODE_INVALID
    e.type = t
    e.value = None
    return t


def param(name: str, t: T.Type) -> Var:
    return Var(name, None, 0, t)


# ----------------------------------------------------------------------- rules
def _ident(c: Checker, e: A.Ident, declared: Optional[TypeName]) -> T.Type:
    e.mode, e.type, e.value = A.MODE_INVALID, T.INVALID, None
    expr.ident(c, e, True)
    return e.type if e.mode == A.MODE_TYPE else T.INVALID


def _selector(c: Checker, e: A.SelectorExpr, declared: Optional[TypeName]) -> T.Type:
    e.mode, e.type, e.value = A.MODE_INVALID, T.INVALID, None
    call.selector(c, e, True)
    if e.mode == A.MODE_TYPE:
        return e.type
    if e.mode != A.MODE_INVALID:
        c.error(e, f"{c.operand(e)} is not a type")
    return T.INVALID


def _index(c: Checker, e: A.IndexExpr, declared: Optional[TypeName]) -> T.Type:
    t = type_of(c, e.x)
    if t is not T.INVALID:
        args = ", ".join(map(c.expr_str, e.indices))
        c.error(
            e.x,
            f"invalid operation: {c.expr_str(e.x)}[{args}] ({c.type_str(t)} is not a generic type)",
        )
    return T.INVALID


def _paren(c: Checker, e: A.ParenExpr, declared: Optional[TypeName]) -> T.Type:
    return type_of(c, e.x, declared)


def _star(c: Checker, e: A.StarExpr, declared: Optional[TypeName]) -> T.Type:
    t = T.Pointer(T.INVALID)  # first: the type may be recursive
    t.elem = type_of(c, e.x)
    return t if t.elem is not T.INVALID else T.INVALID


def _array(c: Checker, e: A.ArrayType, declared: Optional[TypeName]) -> T.Type:
    if e.length is None:
        s = T.Slice(T.INVALID)
        s.elem = type_of(c, e.elem)
        return s
    n = -1
    if type(e.length) is A.Ellipsis:
        c.error(e, "invalid use of [...] array (outside a composite literal)")
    else:
        n = _array_length(c, e.length)
    elem = type_of(c, e.elem)
    u = elem.underlying()
    if isinstance(u, T.Basic) and u is not T.INVALID and n * sizeof(u) >= ADDRESS_SPACE:
        c.too_large.append((e, f"type [{n}]{c.type_str(elem)} larger than address space"))
        return T.INVALID
    return T.Array(elem, n) if n >= 0 else T.INVALID


def _array_length(c: Checker, e: A.Expr) -> int:
    if type(e) is A.Ident:
        obj = c.lookup(e.name)
        if obj is None:
            c.error(e, f"undefined array length {e.name} or missing type constraint")
            return -1
        if not isinstance(obj, Const):
            c.error(e, f"invalid array length {e.name}")
            return -1
    expr.expr(c, e)
    if e.mode != A.MODE_CONST:
        if e.mode != A.MODE_INVALID:
            c.error(e, f"array length {c.operand(e)} must be constant")
        return -1
    if e.value is UNKNOWN:
        return -1
    if is_untyped(e.type) or is_integer(e.type):
        n = constant.to_int(e.value)
        if n is not None and 0 <= n < 1 << 63:
            if is_untyped(e.type):
                e.type = T.INT
                e.value = n
            return n
    op = c.operand(e)
    c.error(
        e,
        f"invalid array length {op}"
        if is_integer(e.type)
        else f"array length {op} must be integer",
    )
    return -1


def _map(c: Checker, e: A.MapType, declared: Optional[TypeName]) -> T.Type:
    t = T.Map(T.INVALID, T.INVALID)
    t.key = type_of(c, e.key)
    t.elem = type_of(c, e.elem)

    def check_key() -> None:
        if t.key is not T.INVALID and not comparable(t.key):
            if t.key.underlying() is not T.INVALID:
                c.error(e.key, f"invalid map key type {c.type_str(t.key)}")

    c.later(check_key)
    return t


def _chan(c: Checker, e: A.ChanType, declared: Optional[TypeName]) -> T.Type:
    t = T.Chan(e.dir, T.INVALID)
    t.elem = type_of(c, e.elem)
    return t


def _func(c: Checker, e: A.FuncType, declared: Optional[TypeName]) -> T.Type:
    return signature(c, e, None)[0]


def _ellipsis(c: Checker, e: A.Ellipsis, declared: Optional[TypeName]) -> T.Type:
    c.error(e, "invalid syntax tree: invalid use of ...")
    return T.INVALID


def _bad(c: Checker, e: A.Expr, declared: Optional[TypeName]) -> T.Type:
    return T.INVALID


# --------------------------------------------------------------------- structs
def _struct(c: Checker, e: A.StructType, declared: Optional[TypeName]) -> T.Type:
    fields: list[Var] = []
    tags: list[str] = []
    seen: dict[str, Var] = {}

    def add(name: A.Ident, t: T.Type, embedded: bool, tag: str, obj_pos: int) -> None:
        f = Var(name.name, c.pkg, obj_pos, t, is_field=True, embedded=embedded)
        if f.name != "_":
            alt = seen.setdefault(f.name, f)
            if alt is not f:
                c.error_lines(
                    obj_pos, f"{f.name} redeclared", [(alt.pos, f"other declaration of {f.name}")]
                )
                return
        fields.append(f)
        tags.append(tag)
        if not embedded:
            name.obj = f

    for f in e.fields:
        t = type_of(c, f.type_expr)
        tag = constant.string_literal(f.tag.text) if f.tag is not None else ""
        if f.names:
            for name in f.names:
                add(name, t, False, tag, name.pos)
            continue
        embedded = _embedded_name(f.type_expr)
        if embedded is None:
            c.error(f, f"invalid embedded field type {c.expr_str(f.type_expr)}")
            continue
        add(embedded, t, True, tag, embedded.pos)
        _check_embedded(c, f.type_expr.pos, t)
    return T.Struct(fields, tags if any(tags) else None)


def _embedded_name(e: A.Expr) -> Optional[A.Ident]:
    """The name of an embedded field of this type: T, *T, p.T, *p.T."""
    if type(e) is A.StarExpr:
        e = e.x
        if type(e) is A.StarExpr:
            return None
    if type(e) is A.IndexExpr:
        e = e.x
    if type(e) is A.SelectorExpr:
        return e.sel
    return e if type(e) is A.Ident else None


def _check_embedded(c: Checker, pos: int, t: T.Type) -> None:
    def check() -> None:
        elem, is_ptr = deref(t)
        u = elem.underlying()
        if type(u) is T.Basic:
            if u.kind == "unsafe.Pointer":
                c.error(pos, "embedded field type cannot be unsafe.Pointer")
        elif type(u) is T.Pointer:
            c.error(pos, "embedded field type cannot be a pointer")
        elif type(u) is T.Interface and is_ptr:
            c.error(pos, "embedded field type cannot be a pointer to an interface")

    c.later(check)


# ------------------------------------------------------------------ interfaces
def _interface(c: Checker, e: A.InterfaceType, declared: Optional[TypeName]) -> T.Type:
    it = T.Interface([])
    recv_type: T.Type = it
    if declared is not None and isinstance(declared.type, T.Named):
        recv_type = declared.type
    positions: list[int] = []
    for f in e.methods:
        if not f.names:
            te = f.type_expr
            if type(te) is A.UnaryExpr or type(te) is A.BinaryExpr:
                c.error(te, "type constraints are not supported yet")
                continue
            t = type_of(c, te)
            if t is not T.INVALID:
                it.embeds.append(t)
                positions.append(te.pos)
            continue
        name = f.names[0]
        if name.name == "_":
            c.error(name.pos, "methods must have a unique non-blank name")
            continue
        sig = type_of(c, f.type_expr)
        if type(sig) is not T.Signature:
            continue
        sig.recv = Var("", c.pkg, name.pos, recv_type)
        m = Func(name.name, c.pkg, name.pos, sig)
        if declared is not None:
            m.link_name = f"{funcs.link_prefix(c.pkg)}.{declared.name}.{name.name}"
        name.obj = m
        it.methods.append(m)
    if not it.methods and not it.embeds:
        return it
    it.methods.sort(key=method_key)
    c.later(lambda: _check_method_set(c, it, positions))
    return it


def _check_method_set(c: Checker, it: T.Interface, positions: list[int]) -> None:
    """No two methods of one name, unless embedded ones of identical types; only
    interfaces are embedded."""
    seen: dict[tuple[bool, str, str], tuple[Func, int]] = {}
    for m in it.methods:
        alt = seen.setdefault(method_key(m), (m, m.pos))
        if alt[0] is not m:
            _duplicate_method(c, m.pos, m, alt[1])
    for t, pos in zip(it.embeds, positions):
        u = t.underlying()
        if type(u) is not T.Interface:
            if u is not T.INVALID:
                c.error(pos, "type constraints are not supported yet")
            continue
        for m in interface_methods(u):
            alt = seen.setdefault(method_key(m), (m, pos))
            if alt[0] is not m and not identical(alt[0].type, m.type):
                _duplicate_method(c, pos, m, alt[1])


def _duplicate_method(c: Checker, pos: int, m: Func, other_pos: int) -> None:
    c.error_lines(
        pos,
        f"duplicate method {m.name}",
        [(other_pos, f"other declaration of method {m.name}")],
    )


# ------------------------------------------------------------------ signatures
def signature(c: Checker, e: A.FuncType, recv: Optional[A.Field]) -> tuple[T.Signature, Scope]:
    """The function type, and the scope that its body continues, with the parameters."""
    scope = c.open_scope("func")
    if e.type_params:
        refuse_type_params(c, e.type_params)
    recv_var = _receiver(c, recv) if recv is not None else None
    params, variadic = _params(c, e.params, True)
    results, _ = _params(c, e.results, False)
    if recv is not None and recv_var is not None and recv_var.name:
        decl.declare(c, scope, recv.names[0], recv_var)
    for fields, vars in ((e.params, params), (e.results, results)):
        names: list[Optional[A.Ident]] = []
        for f in fields:
            names.extend(f.names or [None])
        for n, v in zip(names, vars):
            if n is not None:
                decl.declare(c, scope, n, v)
    sig = T.Signature(params, results, variadic, recv_var)
    c.close_scope()
    return sig, scope


def refuse_type_params(c: Checker, fields: list[A.Field]) -> None:
    """Generic code is not compiled yet. Its type parameters are declared as invalid
    types, about which nothing more is said."""
    c.error(fields[0].pos, "type parameters are not supported yet")
    c.generic = True
    for f in fields:
        for n in f.names:
            c.scope.insert(TypeName(n.name, c.pkg, n.pos, T.INVALID))


def _params(c: Checker, fields: list[A.Field], may_be_variadic: bool) -> tuple[list[Var], bool]:
    out: list[Var] = []
    variadic = False
    for i, f in enumerate(fields):
        te = f.type_expr
        if type(te) is A.Ellipsis:
            last = may_be_variadic and i == len(fields) - 1 and len(f.names) <= 1
            if not last:
                c.error(te, "can only use ... with final parameter")
            elem = type_of(c, te.elem) if te.elem is not None else T.INVALID
            t: T.Type = elem
            if last:
                variadic = True
                t = T.Slice(elem)
            te.mode, te.type = A.MODE_TYPE, t
        else:
            t = type_of(c, te)
        if f.names:
            out.extend(Var(n.name, c.pkg, n.pos, t) for n in f.names)
        else:
            out.append(Var("", c.pkg, f.pos, t))
    return out, variadic


def _receiver(c: Checker, f: A.Field) -> Var:
    base = expr.unparen(f.type_expr)
    if type(base) is A.StarExpr:
        base = expr.unparen(base.x)
    if type(base) is A.IndexExpr:
        c.error(base.pos, "methods of generic types are not supported yet")
        for arg in base.indices:
            if type(arg) is A.Ident:
                c.scope.insert(TypeName(arg.name, c.pkg, arg.pos, T.INVALID))
        t: T.Type = T.INVALID
    else:
        t = type_of(c, f.type_expr)
    name = f.names[0] if f.names else None
    v = Var(name.name if name else "", c.pkg, name.pos if name else f.pos, t)
    c.later(lambda: _check_receiver(c, base, v))
    return v


def _check_receiver(c: Checker, at: A.Expr, recv: Var) -> None:
    t, _ = deref(recv.type)
    if t is T.INVALID:
        return
    if isinstance(t, T.Named):
        if t.obj.pkg is not c.pkg:
            c.error(at, f"cannot define new methods on non-local type {c.type_str(t)}")
            return
        u = t.underlying()
        cause = ""
        if type(u) is T.Basic and u.kind == "unsafe.Pointer":
            cause = "unsafe.Pointer"
        elif type(u) in (T.Pointer, T.Interface):
            cause = "pointer or interface type"
        if cause:
            c.error(at, f"invalid receiver type {c.type_str(t)} ({cause})")
    elif isinstance(t, T.Basic):
        c.error(at, f"cannot define new methods on non-local type {c.type_str(t)}")
    else:
        c.error(at, f"invalid receiver type {c.type_str(recv.type)}")


_RULES: dict[type, Callable[[Checker, Any, Optional[TypeName]], T.Type]] = {
    A.BadExpr: _bad,
    A.Ident: _ident,
    A.SelectorExpr: _selector,
    A.IndexExpr: _index,
    A.ParenExpr: _paren,
    A.StarExpr: _star,
    A.ArrayType: _array,
    A.MapType: _map,
    A.ChanType: _chan,
    A.FuncType: _func,
    A.StructType: _struct,
    A.InterfaceType: _interface,
    A.Ellipsis: _ellipsis,
}
