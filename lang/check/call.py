"""Calls and selectors."""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import types as T
from ..lookup import interface_pointer_reason, is_interface_pointer, lookup
from ..objects import Builtin, Const, Func, Object, PkgName, Selection, TypeName, Var
from ..universe import BUILTINS, UNSAFE_BUILTINS
from . import builtins, decl, expr, funcs
from .conversion import assignment, conversion
from .positions import node_pos
from .state import Checker, invalidate
from .text import types_summary

NO_RESULT = T.Tuple([])


def call_expr(c: Checker, e: A.CallExpr, hint: Optional[T.Type]) -> str:
    f = e.fun
    expr.expr_or_type(c, f)
    if f.mode == A.MODE_INVALID:
        expr.use(c, list(e.args))
        return expr.STATEMENT
    if f.mode == A.MODE_TYPE:
        e.kind = "conversion"
        _conversion(c, e, f.type)
        return expr.CONVERSION
    if f.mode == A.MODE_BUILTIN:
        e.kind = "builtin"
        name = builtin_name(f)
        if not builtins.builtin_call(c, e, name):
            invalidate(e)
        elif e.mode != A.MODE_CONST:
            c.has_call = True
        spec = BUILTINS.get(name) or UNSAFE_BUILTINS[name]
        return expr.STATEMENT if spec[2] else expr.EXPRESSION
    u = f.type.underlying()
    if type(u) is not T.Signature:
        c.error(
            f,
            f"invalid operation: cannot call {c.operand(f)}: {c.type_str(f.type)} is not a"
            " function",
        )
        return expr.STATEMENT
    args = expr.expr_list(c, e.args)
    if len(args) > 1 and len(e.args) == 1:
        # f(g()): messages show each result as g()
        shown = c.expr_str(e.args[0])
        args = [expr.result_operand(c.start(e.args[0]), shown, a.type) for a in args]
    arguments(c, e, u, args)
    results = u.results
    if not results:
        e.mode = A.MODE_NOVALUE
        e.type = NO_RESULT
    elif len(results) == 1:
        t = results[0].type
        if not decl.complete(c, t):
            return expr.STATEMENT
        e.mode = A.MODE_VALUE
        e.type = t
    else:
        e.mode = A.MODE_VALUE
        e.type = T.Tuple([r.type for r in results])
    c.has_call = True
    return expr.STATEMENT


def builtin_name(f: A.Expr) -> str:
    f = expr.unparen(f)
    if type(f) is A.SelectorExpr:
        return f.sel.name
    assert type(f) is A.Ident
    return f.obj.name if f.obj is not None else f.name


def _conversion(c: Checker, e: A.CallExpr, t: T.Type) -> None:
    if not decl.complete(c, t):
        return
    if not e.args:
        c.error(e, f"missing argument in conversion to {c.type_str(t)}")
    elif len(e.args) > 1:
        expr.use(c, list(e.args))
        c.error(e.args[-1], f"too many arguments in conversion to {c.type_str(t)}")
    else:
        x = e.args[0]
        expr.expr(c, x)
        if x.mode == A.MODE_INVALID:
            return
        if e.ellipsis >= 0:
            c.error(x, f"invalid use of ... in conversion to {c.type_str(t)}")
            return
        conversion(c, x, t, e)


def arguments(c: Checker, e: A.CallExpr, sig: T.Signature, args: list[A.Expr]) -> None:
    """The checked operands args are passed to a function of type sig."""
    nargs, params = len(args), sig.params
    npars = len(params)
    types = [p.type for p in params]
    spread = e.ellipsis >= 0
    if sig.variadic:
        if spread:
            if len(e.args) == 1 and nargs > 1:
                c.error(e, f"cannot use ... with {nargs}-valued {c.expr_str(e.args[0])}")
                return
        elif nargs >= npars - 1:
            last = types.pop()
            elem = last.elem if type(last) is T.Slice else T.INVALID
            types.extend([elem] * (nargs - npars + 1))
            npars = nargs
        else:
            npars -= 1  # for the count in the message
    elif spread:
        c.error(e, f"cannot use ... in call to non-variadic {c.expr_str(e.fun)}")
        return
    if nargs != npars:
        at, word = e.pos, "not enough"
        if nargs > npars:
            at, word = args[npars].pos, "too many"
        elif nargs > 0:
            at = args[nargs - 1].pos
        have = types_summary(c.qualify, [a.type for a in args], False, spread)
        want = types_summary(c.qualify, [p.type for p in params], sig.variadic, False)
        c.error_lines(
            at,
            f"{word} arguments in call to {c.expr_str(e.fun)}",
            [(0, f"have {have}"), (0, f"want {want}")],
        )
        return
    if args:
        context = _ArgumentContext(c, e.fun)
        for a, t in zip(args, types):
            if a.type is t and a.mode != A.MODE_VALUE:
                continue  # of exactly the parameter's type: nothing to say or convert
            assignment(c, a, t, context)  # type: ignore[arg-type]


class _ArgumentContext:
    """``argument to f``, worked out only if an error needs it."""

    __slots__ = ("c", "fun")

    def __init__(self, c: Checker, fun: A.Expr) -> None:
        self.c = c
        self.fun = fun

    def __str__(self) -> str:
        return f"argument to {self.c.expr_str(self.fun)}"


# ------------------------------------------------------------------- selectors
def selector(c: Checker, e: A.SelectorExpr, want_type: bool = False) -> None:
    x = e.x
    name = e.sel.name
    if type(x) is A.Ident:
        obj = c.lookup(x.name)
        if type(obj) is PkgName:
            _qualified(c, e, x, obj)
            return
    expr.expr_or_type(c, x)
    if x.mode == A.MODE_BUILTIN:
        at = node_pos(e, c.diags.sources)
        c.error(at, f"invalid use of {c.operand(x)} in selector expression")
        return
    if x.mode == A.MODE_INVALID:
        return
    xt = x.type
    if not decl.complete(c, xt):
        return
    if want_type:
        c.error(e.sel.pos, f"{c.expr_str(e)} is not a type")
        return
    u = xt.underlying()
    if type(u) is T.Pointer and not decl.complete(c, u.elem):
        return
    found = lookup(xt, x.mode == A.MODE_VAR, c.pkg, name)
    obj2 = found.obj
    if obj2 is None:
        _no_member(c, e, name, found.index, found.indirect)
        return
    index = found.index or []
    e.sel.obj = obj2
    if type(obj2) is Var:
        if x.mode == A.MODE_TYPE:
            c.error(
                x,
                f"operand for field selector {name} must be value of type {c.type_str(xt)}",
            )
            return
        e.selection = Selection("field", xt, obj2, index, found.indirect)
        e.mode = A.MODE_VAR if x.mode == A.MODE_VAR or found.indirect else A.MODE_VALUE
        e.type = e.sel.type = obj2.type
        return
    assert type(obj2) is Func
    decl.obj_decl(c, obj2)
    if c.decl is not None and obj2 in c.decls:
        c.decl.deps[obj2] = None
    sig = obj2.type
    if type(sig) is not T.Signature:
        return
    e.mode = A.MODE_VALUE
    if x.mode == A.MODE_TYPE:
        e.selection = Selection("methodexpr", xt, obj2, index, found.indirect)
        recv_name = ""
        if sig.params and sig.params[0].name:
            recv_name = (sig.recv.name if sig.recv else "") or "_"
        recv = Var(recv_name, c.pkg, 0, xt)
        e.type = T.Signature([recv, *sig.params], sig.results, sig.variadic)
        return
    e.selection = Selection("method", xt, obj2, index, found.indirect)
    if obj2.ptr_recv and not found.indirect:
        funcs.address_taken(x)
    e.type = T.Signature(sig.params, sig.results, sig.variadic)
    e.sel.type = e.type


def _no_member(
    c: Checker, e: A.SelectorExpr, name: str, index: Optional[list[int]], indirect: bool
) -> None:
    x = e.x
    xt = x.type
    if xt.underlying() is T.INVALID:
        return
    at = e.sel.pos
    if index is not None:
        c.error(at, f"ambiguous selector {c.expr_str(x)}.{name}")
        return
    t = c.type_str(xt)
    if indirect:
        if x.mode == A.MODE_TYPE:
            c.error(
                at,
                f"invalid method expression {t}.{name} (needs pointer receiver (*{t}).{name})",
            )
        else:
            c.error(at, f"cannot call pointer method {name} on {t}")
        return
    if is_interface_pointer(xt):
        why = interface_pointer_reason(xt, c.qualify)
    else:
        alt = lookup(xt, x.mode == A.MODE_VAR, c.pkg, name, True).obj
        why = lookup_error(c, xt, name, alt, False)
    c.error(at, f"{c.expr_str(x)}.{name} undefined ({why})")


def _spelling(c: Checker, sel: str, alt: Optional[Object]) -> str:
    """What alt, which differs from sel at most in letter case, has to do with sel."""
    if alt is None:
        return "missing"
    if alt.pkg is c.pkg:
        return "misspelled"
    same_tail = sel[1:] == alt.name[1:]
    if sel[:1].isupper():
        if alt.exported:
            return "misspelled"
        return "unexported" if same_tail else "missing"
    if alt.exported:
        return "misspelled" if same_tail else "missing"
    return "inaccessible" if sel == alt.name else "missing"


def lookup_error(c: Checker, t: T.Type, sel: str, alt: Optional[Object], struct_lit: bool) -> str:
    """Why t has no sel; ``alt`` is a member of that name but for upper and lower case."""
    ts = c.type_str(t)
    case = _spelling(c, sel, alt)
    name = alt.name if alt is not None else ""
    if struct_lit:
        what, missing = "", f"unknown field {sel} in struct literal of type {ts}"
        hidden = f"cannot refer to unexported field {name} in struct literal of type {ts}"
    else:
        what = "field " if isinstance(alt, Var) else "method "
        missing = f"type {ts} has no field or method {sel}"
        hidden = f"cannot refer to unexported {what}{name}"
    if case == "missing":
        return missing
    if case == "misspelled":
        return f"{missing}, but does have {what}{name}"
    if case == "unexported":
        return f"{missing}, but does have unexported {what}{name}"
    return hidden


def _qualified(c: Checker, e: A.SelectorExpr, x: A.Ident, p: PkgName) -> None:
    """pkg.Name"""
    x.obj = p
    p.used = True
    pkg = p.imported
    name = e.sel.name
    obj = pkg.scope.lookup(name)
    if obj is None or not obj.exported:  # importers see exported names only
        if pkg.complete:
            alts = sorted(
                n for n in pkg.scope.names if n[:1].isupper() and n.casefold() == name.casefold()
            )
            but = f" (but have {alts[0]})" if alts else ""
            c.error(e.sel.pos, f"undefined: {c.expr_str(e)}{but}")
        return
    e.sel.obj = obj
    e.type = obj.type
    kind = type(obj)
    if kind is Const:
        e.mode = A.MODE_CONST
        e.value = obj.value  # type: ignore[attr-defined]
    elif kind is TypeName:
        e.mode = A.MODE_TYPE
    elif kind is Var:
        e.mode = A.MODE_VAR
    elif kind is Func:
        e.mode = A.MODE_VALUE
    elif kind is Builtin:
        e.mode = A.MODE_BUILTIN
    if e.type is T.INVALID and kind is not Builtin:
        invalidate(e)
    e.sel.mode, e.sel.type, e.sel.value = e.mode, e.type, e.value
