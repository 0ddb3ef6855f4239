"""Which slice parameters a function only reads: Python may then pass memory that must not
change, such as a bytes object, without copying it.

A parameter is one of those if every use of it in the body is on the short list below. All
else (it is stored, returned, handed to another package) counts as writing.
"""

from __future__ import annotations

from typing import Optional

from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.ast import unparen
from gol.lang.objects import Builtin, Func, Var
from gol.lang.walk import children

Parents = dict[int, A.Node]
Reached = list[tuple[A.FuncDecl, int]]  # functions, and which parameter of them


def only_read(decl: A.FuncDecl, sig: T.Signature) -> tuple[bool, ...]:
    return tuple(_reads(decl, i) for i in range(len(sig.params)))


def _reads(decl: A.FuncDecl, index: int) -> bool:
    reached = [(decl, index)]
    return all(_reads_itself(decl, index, reached) for decl, index in reached)


def _reads_itself(decl: A.FuncDecl, index: int, reached: Reached) -> bool:
    """Whether this function does, if those do that it hands the slice to: they are added."""
    param: Var = decl.info.params[index]
    u = param.type.underlying()
    if not isinstance(u, T.Slice) or not isinstance(u.elem.underlying(), T.Basic):
        return False
    if decl.body is None:
        return False
    parents: Parents = {}
    uses: list[A.Ident] = []
    todo: list[A.Node] = [decl.body]
    while todo:
        n = todo.pop()
        if isinstance(n, A.Ident) and n.obj is param:
            uses.append(n)
        for child in children(n):
            parents[id(child)] = n
            todo.append(child)
    return all(_harmless(use, param, parents, reached) for use in uses)


def _harmless(e: A.Expr, param: Var, parents: Parents, reached: Reached) -> bool:
    """Whether nothing is written through e, the parameter or a slice of it."""
    p = parents.get(id(e))
    while isinstance(p, A.ParenExpr) or isinstance(p, A.SliceExpr) and p.x is e:
        e, p = p, parents.get(id(p))
    if isinstance(p, A.IndexExpr) and p.x is e:
        return not _is_variable(p, parents)
    if isinstance(p, A.RangeStmt):
        return p.x is e
    if isinstance(p, A.BinaryExpr):
        return True  # compared with nil
    if isinstance(p, A.AssignStmt):
        if p.op == "=" and len(p.lhs) == len(p.rhs):
            for target, value in zip(p.lhs, p.rhs):
                if target is e:
                    return isinstance(e, A.Ident)
                if value is e:
                    t = unparen(target)
                    return isinstance(t, A.Ident) and (t.obj is param or t.name == "_")
        return False
    if isinstance(p, A.CallExpr):
        return _read_by_call(p, e, reached)
    return False


def _is_variable(e: A.Expr, parents: Parents) -> bool:
    """Whether the element e is assigned to, or its address taken."""
    p = parents.get(id(e))
    while isinstance(p, A.ParenExpr):
        e, p = p, parents.get(id(p))
    if isinstance(p, A.AssignStmt):
        return any(x is e for x in p.lhs)
    if isinstance(p, A.RangeStmt):
        return p.key is e or p.value is e
    if isinstance(p, A.UnaryExpr):
        return p.op == "&"
    return isinstance(p, (A.IncDecStmt, A.SelectorExpr))


def _read_by_call(call: A.CallExpr, e: A.Expr, reached: Reached) -> bool:
    at = next((i for i, a in enumerate(call.args) if a is e), -1)
    if at < 0:
        return False
    if call.kind == "conversion":
        u = call.type.underlying() if call.type is not None else None
        return isinstance(u, T.Basic)
    fun = unparen(call.fun)
    obj = fun.obj if isinstance(fun, A.Ident) else None
    if isinstance(obj, Builtin):
        if obj.name in ("len", "cap"):
            return True
        if obj.name == "append":
            return at > 0 and call.ellipsis >= 0  # else it is an element
        return obj.name == "copy" and at == 1
    called = _declaration(obj)
    if called is None or called.recv is not None:
        return False
    sig = called.info.sig
    if sig.variadic and at >= len(sig.params) - 1 and call.ellipsis < 0:
        return False
    if (called, at) not in reached:
        reached.append((called, at))
    return True


def _declaration(obj: object) -> Optional[A.FuncDecl]:
    return obj.decl if isinstance(obj, Func) else None
