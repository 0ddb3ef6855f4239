"""Labels and branches: where break, continue, goto and fallthrough lead.

Go's parser reports what is wrong with them; here it is done when the body is checked.
"""

from __future__ import annotations

from typing import Any, Optional

from .. import ast as A
from .. import types as T
from ..objects import Label
from .state import Checker
from .text import expr_string


class _Block:
    __slots__ = ("outer", "start", "labeled")

    def __init__(
        self, outer: Optional["_Block"], start: int, labeled: Optional[A.LabeledStmt]
    ) -> None:
        self.outer = outer
        self.start = start
        self.labeled = labeled  # the labeled statement that this is (the body of)


class _LabelInfo:
    __slots__ = ("label", "block", "stmt")

    def __init__(self, label: Label, block: _Block, stmt: A.LabeledStmt) -> None:
        self.label = label
        self.block = block
        self.stmt = stmt


class _Targets:
    __slots__ = ("breaks", "continues", "case", "cases")

    def __init__(self, breaks: Any, continues: Any, case: int = -1, cases: int = 0) -> None:
        self.breaks = breaks
        self.continues = continues
        self.case = case  # index of the clause of a switch whose list this is, or -1
        self.cases = cases


_LOOPS = (A.ForStmt, A.RangeStmt)
_BREAKABLE = (A.ForStmt, A.RangeStmt, A.SwitchStmt, A.TypeSwitchStmt, A.SelectStmt)


def resolve(c: Checker, body: A.BlockStmt) -> None:
    """Set the target of every branch statement in a function body, nested function
    literals excepted."""
    _Resolver(c).run(body)


class _Resolver:
    def __init__(self, c: Checker) -> None:
        self.c = c
        self.labels: dict[str, _LabelInfo] = {}

    def error(self, pos: int, message: str) -> None:
        self.c.error(pos, message)

    def run(self, body: A.BlockStmt) -> None:
        top = _Targets(None, None)
        for jump in self.block(None, top, None, body.pos, body.stmts):
            assert jump.label is not None
            name = jump.label.name
            info = self.labels.get(name)
            if info is None:
                self.error(jump.label.pos, f"label {name} not defined")
            else:
                info.label.used = True
                start = self.c.where(info.block.start)
                self.error(jump.label.pos, f"goto {name} jumps into block starting at {start}")
        for info in self.labels.values():
            if not info.label.used:
                self.error(info.label.pos, f"label {info.label.name} defined and not used")

    def declare(self, b: _Block, s: A.LabeledStmt) -> _LabelInfo:
        name = s.label.name
        alt = self.labels.get(name)
        if alt is not None:
            where = self.c.where(alt.label.pos)
            self.error(s.label.pos, f"label {name} already defined at {where}")
            return alt
        label = Label(name, self.c.pkg, s.label.pos, T.INVALID)
        label.stmt = s
        s.label.obj = label
        info = self.labels[name] = _LabelInfo(label, b, s)
        return info

    def enclosing(self, b: Optional[_Block], name: str) -> tuple[bool, Optional[A.Stmt]]:
        """Is there a label of that name so far, and the statement it marks if that
        encloses b."""
        info = self.labels.get(name)
        if info is None:
            return False, None
        info.label.used = True
        while b is not None:
            if b.labeled is info.stmt:
                return True, info.stmt.stmt
            b = b.outer
        return True, None

    def block(
        self,
        outer: Optional[_Block],
        targets: _Targets,
        labeled: Optional[A.LabeledStmt],
        start: int,
        stmts: list[A.Stmt],
    ) -> list[A.BranchStmt]:
        """Resolve one statement list; the answer are the gotos whose label was not met."""
        b = _Block(outer, start, labeled)
        forward: list[A.BranchStmt] = []
        over: list[A.BranchStmt] = []  # gotos met before the latest variable declaration
        var_pos, var_name = 0, ""
        n = len(stmts)
        while n and type(stmts[n - 1]) is A.EmptyStmt:
            n -= 1
        for i in range(n):
            s: Any = stmts[i]
            lstmt: Optional[A.LabeledStmt] = None
            while type(s) is A.LabeledStmt:
                name = s.label.name
                if name != "_":
                    info = self.declare(b, s)
                    rest = []
                    for jump in forward:
                        if jump.label.name != name:  # type: ignore[union-attr]
                            rest.append(jump)
                            continue
                        info.label.used = True
                        jump.target = info.label
                        if jump in over:
                            self.error(
                                jump.label.pos,  # type: ignore[union-attr]
                                f"goto {name} jumps over declaration of {var_name} at"
                                f" {self.c.where(var_pos)}",
                            )
                    forward = rest
                    lstmt = s
                s = s.stmt
            k = type(s)
            if k is A.BranchStmt:
                self.branch(b, s, targets, i + 1 == n, forward)
            elif k is A.DeclStmt:
                if s.decl.tok == "var" and s.decl.specs:
                    spec = s.decl.specs[0]
                    var_pos, var_name = spec.pos, spec.names[0].name
                    over = list(forward)
            elif k is A.AssignStmt:
                if s.op == ":=":
                    var_pos = s.op_pos
                    var_name = ", ".join(map(expr_string, s.lhs))
                    over = list(forward)
            elif k in _NESTED:
                for t, pos, inner in _NESTED[k](s, targets):
                    forward.extend(self.block(b, t, lstmt, pos, inner))
        return forward

    def branch(
        self,
        b: _Block,
        s: A.BranchStmt,
        targets: _Targets,
        last: bool,
        forward: list[A.BranchStmt],
    ) -> None:
        if s.label is not None:
            self.labeled_branch(b, s, s.label, forward)
        elif s.tok == "break":
            s.target = targets.breaks
            if s.target is None:
                self.error(s.pos, "break is not in a loop, switch, or select")
        elif s.tok == "continue":
            s.target = targets.continues
            if s.target is None:
                self.error(s.pos, "continue is not in a loop")
        elif s.tok == "fallthrough":
            msg = "fallthrough statement out of place"
            if type(targets.breaks) is A.TypeSwitchStmt:
                msg = "cannot fallthrough in type switch"
            elif type(targets.breaks) is A.SwitchStmt and targets.case >= 0 and last:
                if targets.case + 1 < targets.cases:
                    return
                msg = "cannot fallthrough final case in switch"
            self.error(s.pos, msg)

    def labeled_branch(
        self, b: _Block, s: A.BranchStmt, label: A.Ident, forward: list[A.BranchStmt]
    ) -> None:
        name = label.name
        if s.tok == "goto":
            info = self.labels.get(name)
            if info is not None:
                info.label.used = True
                x: Optional[_Block] = b
                while x is not None:
                    if x is info.block:
                        s.target = label.obj = info.label
                        return
                    x = x.outer
            forward.append(s)
            return
        known, target = self.enclosing(b, name)
        wanted = _BREAKABLE if s.tok == "break" else _LOOPS
        if isinstance(target, wanted):
            s.target = target
            label.obj = self.labels[name].label
        elif known:
            self.error(label.pos, f"invalid {s.tok} label {name}")
        else:
            self.error(label.pos, f"{s.tok} label not defined: {name}")


def _inner_block(s: A.BlockStmt, t: _Targets) -> Any:
    return [(_Targets(t.breaks, t.continues), s.pos, s.stmts)]


def _inner_if(s: A.IfStmt, t: _Targets) -> Any:
    inner = _Targets(t.breaks, t.continues)
    out: list[Any] = [(inner, s.body.pos, s.body.stmts)]
    if s.else_ is not None:
        out.append((inner, s.else_.pos, [s.else_]))
    return out


def _inner_loop(s: Any, t: _Targets) -> Any:
    return [(_Targets(s, s), s.body.pos, s.body.stmts)]


def _inner_switch(s: Any, t: _Targets) -> Any:
    n = len(s.clauses)
    return [(_Targets(s, t.continues, i, n), cl.pos, cl.body) for i, cl in enumerate(s.clauses)]


_NESTED: dict[type, Any] = {
    A.BlockStmt: _inner_block,
    A.IfStmt: _inner_if,
    A.ForStmt: _inner_loop,
    A.RangeStmt: _inner_loop,
    A.SwitchStmt: _inner_switch,
    A.TypeSwitchStmt: _inner_switch,
    A.SelectStmt: _inner_switch,
}
