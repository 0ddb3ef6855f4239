"""Control flow: if, for, switch, type switch, select, labels and branches."""

from __future__ import annotations

from typing import Any

from gol.jit.abi import GCPTR
from gol.jit.target import GUARD, thread_word
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Label, Var
from gol.lang.walk import walk

from .core import MANAGED
from .emit import Value, layout
from .expr import unparen
from .stmt import Statements, is_blank

MIN_TABLE = 4  # fewer constant cases than this are compared one by one


class Control(Statements):
    labels: dict[str, str]
    fall_to: list[str]  # bodies of the next clauses, innermost switch last

    # ------------------------------------------------------------------------- if
    def _if(self, s: A.IfStmt) -> None:
        if s.init is not None:
            self.stmt(s.init)
        then, done = self.label("then"), self.label("fi")
        other = self.label("else") if s.else_ is not None else done
        self.condition(s.cond, then, other)
        self.start(then)
        self.block(s.body.stmts)
        self.br(done)
        if s.else_ is not None:
            self.start(other)
            self.stmt(s.else_)
            self.br(done)
        self.start(done)

    # ------------------------------------------------------------------------ for
    def _for(self, s: A.ForStmt) -> None:
        per_iteration: list[Var] = []
        if s.init is not None:
            self.stmt(s.init)
            per_iteration = self._renewed(s.init)
        head, body = self.label("for"), self.label("body")
        cont, exit_ = self.label("next"), self.label("end")
        self.break_to[s], self.continue_to[s] = exit_, cont
        self.start(head)
        if s.cond is not None:
            self.condition(s.cond, body, exit_)
        else:
            self.br(body)
        self.start(body)
        self.block(s.body.stmts)
        self.start(cont)
        for v in per_iteration:
            self._renew(v)
        if s.post is not None:
            self.stmt(s.post)
        elif not counts(s):
            self.preempt_check(s.pos)
        self.br(head)
        self.start(exit_)

    def _renewed(self, init: A.Stmt) -> list[Var]:
        """Heap variables of a for clause: each iteration has its own. From here on they
        are reached through a slot that holds the present one."""
        out = []
        if isinstance(init, A.AssignStmt) and init.op == ":=":
            for x in init.lhs:
                v = getattr(x, "obj", None)
                if isinstance(v, Var) and self.on_heap(v) and v in self.addr_of:
                    slot = self.alloca_ir(GCPTR, "cell")
                    self.emit(f"store {GCPTR} {self.gcptr(self.addr_of.pop(v))}, {slot}")
                    self.slot_of[v] = slot
                    out.append(v)
        return out

    def _renew(self, v: Var) -> None:
        old = self.var_addr(v, self.pos)
        p = self.new_object(v.type, False)
        self.copy(v.type, f"{GCPTR} {p}", old)
        self.emit(f"store {GCPTR} {p}, {self.slot_of[v]}")

    def preempt_check(self, pos: int) -> None:
        """On the back edge of a loop that counts nothing: yield if asked to."""
        if self.mode != MANAGED or self.dead:
            return
        self.pos = pos
        guard = self.ins(f"load volatile i64, {thread_word(GUARD)}")
        preempt = self.module.runtime_const("stackPreempt") - (1 << 64)
        asked = self.ins(f"icmp eq i64 {guard}, {preempt}")
        slow, on = self.label("yield"), self.label("on")
        self.cbr(asked, slow, on, "unlikely")
        self.start(slow)
        self.runtime_call("goschedguarded")
        self.start(on)

    # --------------------------------------------------------------------- switch
    def _switch(self, s: A.SwitchStmt) -> None:
        if s.init is not None:
            self.stmt(s.init)
        exit_ = self.label("end")
        self.break_to[s] = exit_
        bodies = [self.label("case") for _ in s.clauses]
        default = exit_
        for c, b in zip(s.clauses, bodies, strict=True):
            if c.exprs is None:
                default = b
        if s.tag is None:
            self._cases_bool(s, bodies)
            self.br(default)
        else:
            self._cases_tag(s, s.tag, bodies, default)
        for i, (c, b) in enumerate(zip(s.clauses, bodies, strict=True)):
            self.start(b)
            self.fall_to.append(bodies[i + 1] if i + 1 < len(bodies) else exit_)
            self.block(c.body)
            self.fall_to.pop()
            self.br(exit_)
        self.start(exit_)

    def _cases_bool(self, s: A.SwitchStmt, bodies: list[str]) -> None:
        for c, b in zip(s.clauses, bodies, strict=True):
            for x in c.exprs or ():
                more = self.label("test")
                self.pos = x.pos
                if isinstance(x.type.underlying(), T.Interface):  # true == x
                    self.cbr(self.equal_mixed(x.type, self.expr(x), T.BOOL, ("true",)), b, more)
                else:
                    self.condition(x, b, more)
                self.start(more)

    def _cases_tag(
        self, s: A.SwitchStmt, tag: A.Expr, bodies: list[str], default: str
    ) -> None:
        t = tag.type
        constant = all(x.value is not None for c in s.clauses for x in c.exprs or ())
        value = self.string_view(tag) if constant else self.stable(t, self.expr(tag))
        if self._jump_table(s, t, value, bodies, default):
            return
        for c, b in zip(s.clauses, bodies, strict=True):
            for x in c.exprs or ():
                more = self.label("test")
                self.pos = x.pos
                self.cbr(self.case_equal(t, value, x), b, more)
                self.start(more)
        self.br(default)

    def _jump_table(
        self, s: A.SwitchStmt, t: T.Type, value: Value, bodies: list[str], default: str
    ) -> bool:
        u = t.underlying()
        if not (isinstance(u, T.Basic) and u.info & T.INTEGER):
            return False
        arms: list[tuple[str, str]] = []
        for c, b in zip(s.clauses, bodies, strict=True):
            for x in c.exprs or ():
                if x.value is None:
                    return False
                arms.append((self.constant(x.value, t)[0], b))
        if len(arms) < MIN_TABLE or self.dead:
            return False
        ty = layout(u).words[0]
        seen: dict[str, str] = {}
        for k, b in arms:
            seen.setdefault(k, b)
        table = " ".join(f"{ty} {k}, label %{b}" for k, b in seen.items())
        self.emit(f"switch {ty} {value[0]}, label %{default} [ {table} ]")
        self._targets.update(seen.values())
        self._targets.add(default)
        self.dead = True
        return True

    def case_equal(self, t: T.Type, value: Value, x: A.Expr) -> str:
        """``tag == x`` for a case expression: an i1."""
        if x.mode == A.MODE_NIL:
            return self.compare_nil("==", t, value)
        ti = isinstance(t.underlying(), T.Interface)
        xi = isinstance(x.type.underlying(), T.Interface)
        if ti == xi:
            if ti and not T.identical(t, x.type):
                a = self.convert(value, t, T.ANY)
                return self.compare("==", T.ANY, a, self.convert(self.expr(x), x.type, T.ANY))
            return self.compare("==", t, value, self.expr_as(x, t))
        if ti:
            return self.equal_mixed(t, value, x.type, self.expr(x))
        return self.equal_mixed(x.type, self.expr(x), t, value)

    # ---------------------------------------------------------------- type switch
    def _type_switch(self, s: A.TypeSwitchStmt) -> None:
        if s.init is not None:
            self.stmt(s.init)
        exit_ = self.label("end")
        self.break_to[s] = exit_
        src = s.x.type
        v = self.expr(s.x)
        bodies = [self.label("case") for _ in s.clauses]
        default = exit_
        bound: dict[A.CaseClause, Value] = {}
        for c, b in zip(s.clauses, bodies, strict=True):
            if c.exprs is None:
                default = b
                continue
            for x in c.exprs:
                more = self.label("test")
                self.pos = x.pos
                self.cbr(self._type_case(c, x, v, src, bound), b, more)
                self.start(more)
        self.br(default)
        for c, b in zip(s.clauses, bodies, strict=True):
            self.start(b)
            if c.obj is not None:
                self._bind_case(c, v, bound)
            self.block(c.body)
            self.br(exit_)
        self.start(exit_)

    def _type_case(
        self, c: A.CaseClause, x: A.Expr, v: Value, src: T.Type, bound: dict[A.CaseClause, Value]
    ) -> str:
        if x.mode == A.MODE_NIL:
            return self.compare_nil("==", src, v)
        single = c.exprs is not None and len(c.exprs) == 1
        if c.obj is not None and single and isinstance(x.type.underlying(), T.Interface):
            bound[c], ok = self.type_assert(v, src, x.type, True)
            return ok
        return self.type_matches(v, src, x.type)

    def _bind_case(self, c: A.CaseClause, v: Value, bound: dict[A.CaseClause, Value]) -> None:
        assert c.obj is not None
        if c in bound:
            self.declare_var(c.obj, bound[c])
        elif c.exprs is not None and len(c.exprs) == 1 and c.exprs[0].mode != A.MODE_NIL:
            t = c.exprs[0].type
            self.declare_var(c.obj, self.unboxed(v[1], t))
        else:
            self.declare_var(c.obj, v)

    # ------------------------------------------------------------ labels, branches
    def _labeled(self, s: A.LabeledStmt) -> None:
        if s.label.name in self.goto_labels:
            self.start(self._goto_label(s.label.name), force=True)
        self.stmt(s.stmt)

    goto_labels: set[str]

    def _goto_label(self, name: str) -> str:
        if name not in self.labels:
            self.labels[name] = self.label("goto")
        return self.labels[name]

    def _branch(self, s: A.BranchStmt) -> None:
        if s.tok == "fallthrough":
            self.br(self.fall_to[-1])
        elif s.tok == "goto":
            assert s.label is not None
            self.jump("goto", s.target.name if isinstance(s.target, Label) else s.label.name)
        else:
            target: Any = s.target
            if isinstance(target, A.LabeledStmt):
                target = target.stmt
            self.jump(s.tok, target)

    def jump(self, kind: str, target: Any) -> None:
        """break or continue of a statement, goto a label's name."""
        if kind == "goto":
            self.br(self._goto_label(target))
        else:
            self.br((self.break_to if kind == "break" else self.continue_to)[target])

    # --------------------------------------------------------------------- select
    def _select(self, s: A.SelectStmt) -> None:
        exit_ = self.label("end")
        self.break_to[s] = exit_
        cases = [c for c in s.clauses if c.comm is not None]
        default = next((c for c in s.clauses if c.comm is None), None)
        if not cases and default is None:
            self.runtime_call("block")
            self.unreachable()
            self.start(exit_)
            return
        if not cases:
            assert default is not None
            self.block(default.body)
            self.start(exit_)
            return
        ready = self._select_operands(cases)
        index, received = self._select_wait(ready, default is None)
        bodies = {c: self.label("case") for c in s.clauses}
        arms = " ".join(f"i64 {i}, label %{bodies[c]}" for i, (c, *_) in enumerate(ready))
        self._targets.update(bodies.values())
        if not self.dead:
            if default is not None:
                other = bodies[default]
            else:
                other = self.label("none")
                self._targets.add(other)
            self.emit(f"switch i64 {index}, label %{other} [ {arms} ]")
            self.dead = True
            if default is None:
                self.start(other)
                self.unreachable()
        for c, _, place, ct in ready:
            self.start(bodies[c])
            self._select_bind(c, place, ct, received)
            self.block(c.body)
            self.br(exit_)
        if default is not None:
            self.start(bodies[default])
            self.block(default.body)
            self.br(exit_)
        self.start(exit_)

    def _select_operands(
        self, cases: list[A.CommClause]
    ) -> list[tuple[A.CommClause, str, str, T.Chan]]:
        """(clause, channel, address of the element, channel type), sends first; channels
        and values to send are evaluated in source order."""
        sends, receives = [], []
        for c in cases:
            if isinstance(c.comm, A.SendStmt):
                ct: Any = c.comm.chan.type.underlying()
                self.order(c.comm.chan, c.comm.value)
                ch = self.expr(c.comm.chan)[0]
                place = self.temp(ct.elem, self.expr_as(c.comm.value, ct.elem))
                sends.append((c, ch, place, ct))
            else:
                rx = receive_of(c.comm)
                ct = rx.x.type.underlying()
                ch = self.expr(rx.x)[0]
                receives.append((c, ch, self.alloca(ct.elem, "recv"), ct))
        return sends + receives

    def _select_wait(
        self, ready: list[tuple[A.CommClause, str, str, T.Chan]], block: bool
    ) -> tuple[str, str]:
        """(index of the chosen case, -1 for default; whether a value was received)"""
        n = len(ready)
        nsends = sum(isinstance(c.comm, A.SendStmt) for c, *_ in ready)
        cells = self.alloca_ir(f"[{n} x {{ {GCPTR}, {GCPTR} }}]", "cases")
        order = self.alloca_ir(f"[{2 * n} x i16]", "order")
        for i, (_, ch, place, _) in enumerate(ready):
            self.emit(f"store {GCPTR} {ch}, {self.offset(cells, 16 * i)}")
            self.emit(f"store {GCPTR} {self.gcptr(place)}, {self.offset(cells, 16 * i + 8)}")
        r = self.runtime_call(
            "selectgo", self.gcptr(cells), self.gcptr(order), str(nsends), str(n - nsends),
            "true" if block else "false",
        )  # fmt: skip
        return r[0], r[1]

    def _select_bind(self, c: A.CommClause, place: str, ct: T.Chan, received: str) -> None:
        comm = c.comm
        if not isinstance(comm, A.AssignStmt):
            return
        values: list[tuple[T.Type, Value]] = [
            (ct.elem, self.load(ct.elem, place)),
            (T.BOOL, (received,)),
        ]
        for x, (t, v) in zip(comm.lhs, values, strict=False):
            if is_blank(x):
                continue
            if comm.op == ":=":
                self._bind(x, t, v)
            else:
                self.assign(x, t, v)


def counts(s: A.ForStmt) -> bool:
    """Whether a loop without post statement counts all the same: each iteration steps a
    local variable one way, and the condition compares it or indexes with it."""
    if s.cond is None:
        return False
    steps: dict[Var, int] = {}
    up: dict[Var, bool] = {}
    for st in s.body.stmts:
        if isinstance(st, A.IncDecStmt):
            x = unparen(st.x)
            v = x.obj if isinstance(x, A.Ident) else None
            if isinstance(v, Var) and v.owner is not None and not (v.captured or v.addrtaken):
                steps[v] = 0
                up[v] = st.op == "++"
    if not steps:
        return False
    for n in walk(s.body):
        if isinstance(n, A.BranchStmt) and n.tok in ("continue", "goto"):
            return False
        targets: list[Any] = []
        if isinstance(n, A.IncDecStmt):
            targets = [n.x]
        elif isinstance(n, A.AssignStmt):
            targets = n.lhs
        elif isinstance(n, A.RangeStmt) and not n.define:
            targets = [n.key, n.value]
        for t in targets:
            t = unparen(t) if t is not None else None
            if isinstance(t, A.Ident) and t.obj in steps:
                steps[t.obj] += 1
    once = {v for v, n in steps.items() if n == 1}

    def limits(e: A.Expr) -> bool:
        e = unparen(e)
        if isinstance(e, A.BinaryExpr):
            if e.op == "&&":
                return limits(e.x) or limits(e.y)
            if e.op in ("<", "<="):
                return is_one(e.x, True) or is_one(e.y, False) or limits(e.x) or limits(e.y)
            if e.op in (">", ">="):
                return is_one(e.x, False) or is_one(e.y, True) or limits(e.x) or limits(e.y)
            return e.op in ("==", "!=") and (limits(e.x) or limits(e.y))
        if isinstance(e, A.IndexExpr) and not isinstance(e.x.type.underlying(), T.Map):
            return is_one(e.indices[0], True) or is_one(e.indices[0], False)
        return False

    def is_one(e: A.Expr, rises: bool) -> bool:
        e = unparen(e)
        return isinstance(e, A.Ident) and e.obj in once and up[e.obj] == rises

    return limits(s.cond)


def receive_of(comm: Any) -> A.UnaryExpr:
    """The receive expression of a select case."""
    x = unparen(comm.x if isinstance(comm, A.ExprStmt) else comm.rhs[0])
    assert isinstance(x, A.UnaryExpr)
    return x


Control._STMT = {
    **Statements._STMT,
    A.IfStmt: Control._if,
    A.ForStmt: Control._for,
    A.SwitchStmt: Control._switch,
    A.TypeSwitchStmt: Control._type_switch,
    A.LabeledStmt: Control._labeled,
    A.BranchStmt: Control._branch,
    A.SelectStmt: Control._select,
}
