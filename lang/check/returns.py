"""Does a statement end its function? (The rules of terminating statements.)"""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .state import Checker


def terminating(c: Checker, s: Optional[A.Stmt], label: str) -> bool:
    while True:
        if isinstance(s, A.LabeledStmt):
            label = s.label.name
            s = s.stmt
            continue
        if isinstance(s, A.IfStmt) and s.else_ is not None:
            if not terminating(c, s.body, ""):
                return False
            s, label = s.else_, ""
            continue
        break
    if isinstance(s, A.ExprStmt):
        x = s.x
        while isinstance(x, A.ParenExpr):
            x = x.x
        return isinstance(x, A.CallExpr) and x in c.panics
    if isinstance(s, A.ReturnStmt):
        return True
    if isinstance(s, A.BranchStmt):
        return s.tok in ("goto", "fallthrough")
    if isinstance(s, A.BlockStmt):
        return _list(c, s.stmts)
    if isinstance(s, (A.SwitchStmt, A.TypeSwitchStmt)):
        default = False
        for cl in s.clauses:
            default = default or cl.exprs is None
            if not _list(c, cl.body) or _breaks_list(cl.body, label, True):
                return False
        return default
    if isinstance(s, A.SelectStmt):
        return all(_list(c, cl.body) and not _breaks_list(cl.body, label, True) for cl in s.clauses)
    if isinstance(s, A.ForStmt):
        return s.cond is None and not _breaks(s.body, label, True)
    return False


def _list(c: Checker, stmts: list[A.Stmt]) -> bool:
    for s in reversed(stmts):
        if not isinstance(s, A.EmptyStmt):
            return terminating(c, s, "")
    return False


def _breaks_list(stmts: list[A.Stmt], label: str, implicit: bool) -> bool:
    return any(_breaks(s, label, implicit) for s in stmts)


def _breaks(s: Optional[A.Stmt], label: str, implicit: bool) -> bool:
    """Is there a break in s that leaves the statement called label? ``implicit``: one
    without a label counts too."""
    while isinstance(s, A.LabeledStmt):
        s = s.stmt
    if isinstance(s, A.BranchStmt):
        if s.tok != "break":
            return False
        return implicit if s.label is None else s.label.name == label
    if isinstance(s, A.BlockStmt):
        return _breaks_list(s.stmts, label, implicit)
    if isinstance(s, A.IfStmt):
        return _breaks(s.body, label, implicit) or _breaks(s.else_, label, implicit)
    if label == "":
        return False
    if isinstance(s, (A.SwitchStmt, A.TypeSwitchStmt)):
        return any(_breaks_list(cl.body, label, False) for cl in s.clauses)
    if isinstance(s, A.SelectStmt):
        return any(_breaks_list(cl.body, label, False) for cl in s.clauses)
    if isinstance(s, (A.ForStmt, A.RangeStmt)):
        return _breaks(s.body, label, False)
    return False
