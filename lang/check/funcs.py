"""What later stages want to know of functions: names, variables, captures.

A FuncInfo is made for every function body. Literals are numbered in the order in which
they are met, which is source order: f.func1, f.func2; nested ones f.func1.1; those of
package-level initialisers belong to one synthetic function, pkg.init.
"""

from __future__ import annotations

from typing import Any, Optional

from .. import ast as A
from .. import types as T
from ..objects import Func, Package, TypeName, Var
from .state import Checker


def path_prefix(path: str) -> str:
    """An import path as it stands in linker names: dots of the last element and odd
    characters as %xx."""
    slash = path.rfind("/")
    out: list[str] = []
    for i, ch in enumerate(path):
        o = ord(ch)
        if o <= 0x20 or (ch == "." and i > slash) or ch in '%"' or o >= 0x7F:
            out.extend(f"%{b:02x}" for b in ch.encode("utf-8", "surrogateescape"))
        else:
            out.append(ch)
    return "".join(out)


def link_prefix(pkg: Package) -> str:
    return path_prefix(pkg.path)


def method_link_name(pkg: Package, recv: str, ptr: bool, name: str) -> str:
    r = f"(*{recv})" if ptr else recv
    return f"{link_prefix(pkg)}.{r}.{name}"


def literal_info(c: Checker, e: A.FuncLit, sig: T.Signature) -> A.FuncInfo:
    """The FuncInfo of a function literal in the current function."""
    outer = c.info if c.info is not None else init_info(c)
    # the counter of a declared function's literals starts .func1, of a literal's .1
    is_literal = outer.func is None and outer is not c.init_info
    n = len(outer.literals) + 1
    info = A.FuncInfo(
        f"{outer.name}.{n}" if is_literal else f"{outer.name}.func{n}",
        sig,
        e.body,
        outer,
        None,
    )
    info.pos = e.pos
    info.end = e.body.rbrace
    outer.literals.append(info)
    own_params(info, sig)
    return info


def init_info(c: Checker) -> A.FuncInfo:
    """The synthetic function that runs the package's initialisers."""
    if c.init_info is None:
        sig = T.Signature([], [])
        c.init_info = A.FuncInfo(f"{link_prefix(c.pkg)}.init", sig, None, None, None)
    return c.init_info


def own_params(info: A.FuncInfo, sig: T.Signature) -> None:
    info.params = sig.params
    info.results = sig.results
    info.recv = sig.recv
    for v in sig.params:
        v.owner = info
        v.is_param = True
    for v in sig.results:
        v.owner = info
        v.is_result = True
    if sig.recv is not None:
        sig.recv.owner = info
        sig.recv.is_param = True


def decl_info(d: A.FuncDecl, func: Func, sig: T.Signature) -> A.FuncInfo:
    info = A.FuncInfo(func.link_name, sig, d.body, None, func)
    info.pos = d.pos
    info.end = d.body.rbrace if d.body is not None else d.pos
    own_params(info, sig)
    return info


def new_local(c: Checker, name: str, pos: int, t: Any) -> Var:
    """A variable of the current function (t may be filled in later)."""
    v = Var(name, c.pkg, pos, t)
    info = c.info
    # (the statements of a session's entry declare package variables)
    if info is not None and c.scope is not c.pkg.scope:
        v.owner = info
        if name != "_":
            info.locals.append(v)
    return v


def local_type(c: Checker, obj: TypeName) -> None:
    """Number a type that is declared in a function."""
    assert c.info is not None
    obj.func_name = c.info.name
    key = (obj.func_name, obj.name)
    c.local_types[key] = obj.local_index = c.local_types.get(key, 0) + 1


def capture(c: Checker, v: Var) -> None:
    """v is used here, in a function literal inside the function that owns it."""
    v.captured = True
    i: Optional[A.FuncInfo] = c.info
    while i is not None and i is not v.owner:
        if v in i.captures:
            break
        i.captures.append(v)
        i = i.outer


def root_var(x: A.Expr) -> Optional[Var]:
    """The variable that x is a part of: v, v.f, v[i] of an array; no pointer followed."""
    while True:
        k = type(x)
        if k is A.ParenExpr:
            x = x.x  # type: ignore[attr-defined]
        elif k is A.SelectorExpr:
            s = x.selection  # type: ignore[attr-defined]
            if s is None:
                o = x.sel.obj  # type: ignore[attr-defined]
                return o if type(o) is Var else None
            if s.indirect:
                return None
            x = x.x  # type: ignore[attr-defined]
        elif k is A.IndexExpr:
            x = x.x  # type: ignore[attr-defined]
            if x.type is None or type(x.type.underlying()) is not T.Array:
                return None
        elif k is A.Ident:
            o = x.obj  # type: ignore[attr-defined]
            return o if type(o) is Var else None
        else:
            return None


def address_taken(x: A.Expr) -> None:
    v = root_var(x)
    if v is not None:
        v.addrtaken = True


def assigned(x: A.Expr) -> None:
    v = root_var(x)
    if v is not None:
        v.reassigned = True
