"""Plain calls become safepoints: ``gc.statepoint`` with every live pointer listed.

Requires: a module as LLVM prints it after stage 1 (always-inline, SROA, simplifycfg), its
managed functions marked ``gc "statepoint-example"``.

Leaves true, in every managed function:

* each call that may reach the runtime is a statepoint whose id is an index of
  ``Rewriter.sites``; it lists the gc pointers that are used after it, and later uses see
  only what it relocated. Intrinsics, inline asm, ``musttail`` calls and functions marked
  "gc-leaf-function" are no safepoints;
* a call of a system function (declared "gol-system") goes to its ``$sys`` stub and lists
  its own pointer arguments too, as the callee may collect while it uses them;
* the address of a frame variable exists only as the result of the ``lea`` asm, taken at
  entry and anew after each safepoint behind which it is used: never live across one;
* each frame variable that holds pointers is zeroed at entry and listed at every safepoint:
  ``"deopt"(i64 n, n times (ptr variable, i64 bitmap id), pointer arguments of a $sys call)``.
  If there are many they are parts of one variable, or the lists would grow as the square of
  the function.

Method: liveness of gc pointers by bitsets over blocks. A pointer that lives across some
safepoint gets a slot (an alloca that the optimiser promotes): each block loads it once,
follows it through its safepoints as SSA, and stores it if a successor wants it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gol.jit.callsites import SiteTable
from gol.jit.frames import launder
from gol.jit.irtext import (
    GCPTR,
    NAME,
    IRError,
    Types,
    mangle,
    matching,
    re_name,
    read_type,
    split_top,
    unquote,
)
from gol.lang.record import field, record

_re_def = re.compile(r"\s+(" + NAME + r") = (.*)", re.S)
_re_label = re.compile(r'("[^"]*"|[-a-zA-Z$._0-9]+):')
_re_target = re.compile(r'label %("[^"]*"|[-a-zA-Z$._0-9]+)')
_re_incoming = re.compile(r"\[ (.*?), %(\"[^\"]*\"|[-a-zA-Z$._0-9]+) \]")
_re_symbol = re.compile(r'@("[^"]*"|[-a-zA-Z$._0-9]+)\(')
_re_groups = re.compile(r"#\d+")
# between "call" and the result type
_re_call_flags = re.compile(
    r"(?:(?:fastcc|ccc|coldcc|zeroext|signext|noundef|nonnull|noalias|inreg|nnan|ninf|nsz|arcp"
    r"|contract|afn|reassoc|fast|align \d+|dereferenceable(?:_or_null)?\(\d+\)"
    r"|range\([^)]*\)|nofpclass\([^)]*\)) )*"
)
_re_arg_attrs = re.compile(
    r"(?: (?:zeroext|signext|nest|noundef|nonnull|noalias|inreg|returned|nofree|readonly|readnone"
    r"|writeonly|nocapture|align \d+|dereferenceable(?:_or_null)?\(\d+\)|captures\([^)]*\)"
    r"|range\([^)]*\)|nofpclass\([^)]*\)))*"
)
_re_phi_type = re.compile(r"phi (?:nnan |ninf |nsz |arcp |contract |afn |reassoc |fast )*")
_TERMINATORS = frozenset(("br", "switch", "ret", "unreachable", "indirectbr"))
_STATEPOINT = (
    "call token (i64, i32, ptr, i32, i32, ...) @llvm.experimental.gc.statepoint.p0"
    "(i64 {id}, i32 0, ptr elementtype({type}) {callee}, i32 {n}, i32 0{args}, i32 0, i32 0)"
)
_WHOLE = "%sp.variables"
RETURNS_TWICE = "@runtime.deferenter"  # see docs/defer.md
_FEW_POINTERS = 8  # at most so many in a large variable are zeroed one by one
_MANY_VARIABLES = 32  # at most so many are listed
_MEMSET_ABOVE = 128  # bytes: larger variables are zeroed by memset, not by stores


@record()
class Call:
    """A call that is a safepoint."""

    result: str
    callee: str
    types: list[str]
    args: list[str]  # as text, with type and the attributes that matter
    dbg: str
    system: bool


@record()
class Inst:
    text: str
    op: str
    name: str | None  # what it defines
    uses: int = 0  # bitset of gc values
    call: Call | None = None


@record()
class Block:
    label: str | None
    insts: list[Inst] = field(default_factory=list)
    succ: list[int] = field(default_factory=list)
    # (index of the phi's value, incoming (operand, predecessor block))
    phis: list[tuple[Inst, list[tuple[str, int]]]] = field(default_factory=list)
    gen: int = 0
    kill: int = 0
    phiuse: int = 0
    livein: int = 0
    liveout: int = 0
    across: dict[int, int] = field(default_factory=dict)  # inst index -> live after that call


def _bits(x: int) -> list[int]:
    out = []
    while x:
        low = x & -x
        out.append(low.bit_length() - 1)
        x ^= low
    return out


class Rewriter:
    """Rewrites one module. Afterwards ``sites`` and ``bitmaps`` describe the ids used."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.bitmaps: list[tuple[int, tuple[int, ...]]] = []  # (size, pointer offsets) by id
        self._bitmap_id: dict[tuple[int, tuple[int, ...]], int] = {}
        self.decls: dict[str, str] = {}
        self.statepoints = 0
        self.sites = SiteTable(self.lines)
        named: dict[str, str] = {}
        leaf_groups: set[str] = set()
        system_groups: set[str] = set()
        heads: list[str] = []
        for line in self.lines:
            if line.startswith(("declare", "define")):
                heads.append(line)
            elif line.startswith("attributes #"):
                group = line.split(" ", 2)[1]
                if '"gc-leaf-function"' in line:
                    leaf_groups.add(group)
                if '"gol-system"' in line:
                    system_groups.add(group)
            elif line[:1] == "%" and " = type " in line:
                name, t = line.split(" = type ", 1)
                named[name] = t
        self.types = Types(named)
        self.leaf_groups = leaf_groups
        self.leaf: set[str] = set()
        self.system: set[str] = set()
        self.declared: set[str] = set()
        for line in heads:
            m = _re_symbol.search(line)
            assert m is not None
            symbol = "@" + m.group(1)
            self.declared.add(symbol)
            groups = _re_groups.findall(line)
            if not leaf_groups.isdisjoint(groups) or '"gc-leaf-function"' in line:
                self.leaf.add(symbol)
            if not system_groups.isdisjoint(groups) or '"gol-system"' in line:
                self.system.add(symbol)

    def run(self) -> str:
        out: list[str] = []
        lines = self.lines
        i, n = 0, len(lines)
        while i < n:
            line = lines[i]
            if line.startswith("define") and ' gc "statepoint-example"' in line:
                j = lines.index("}", i)
                out.append(line)
                _Function(self, line, lines[i + 1 : j]).rewrite(out)
                out.append("}")
                i = j + 1
            else:
                out.append(line)
                i += 1
        out += [d for s, d in self.decls.items() if s not in self.declared]
        return "\n".join(out)

    def declare(self, symbol: str, text: str) -> None:
        self.decls.setdefault(symbol, text)

    def bitmap(self, t: str) -> int:
        size, _, ptrs = self.types.layout(t)
        key = (size, ptrs)
        got = self._bitmap_id.get(key)
        if got is None:
            got = self._bitmap_id[key] = len(self.bitmaps)
            self.bitmaps.append(key)
        return got

    # ------------------------------------------------------------------ calls
    def parse_call(self, rhs: str) -> tuple[str, Call | None]:
        """(result type, the Call if it is a safepoint)."""
        start = rhs.index("call ") + 5
        m = _re_call_flags.match(rhs, start)
        assert m is not None
        result, i = read_type(rhs, m.end())
        i += 1
        if rhs[i] == "(":  # explicit function type of a varargs callee
            i = matching(rhs, i) + 1
        if rhs.startswith("asm ", i) or rhs.startswith("musttail"):
            return result, None
        if rhs[i] == "@":
            m = _re_symbol.match(rhs, i)
        else:
            m = None
        if m is not None:
            callee, p = rhs[i : m.end() - 1], m.end() - 1
            if callee.startswith("@llvm.") or callee in self.leaf:
                return result, None
        else:
            p = rhs.index("(", i)
            callee = rhs[i:p]
        end = matching(rhs, p)
        tail = rhs[end:]
        if tail and not self.leaf_groups.isdisjoint(_re_groups.findall(tail)):
            return result, None
        types, args = [], []
        for a in split_top(rhs[p + 1 : end - 1]):
            t, e = read_type(a)
            m = _re_arg_attrs.match(a, e)
            assert m is not None
            attrs = m.group()
            keep = "".join(f" {k}" for k in ("zeroext", "signext", "nest") if f" {k}" in attrs)
            types.append(t)
            args.append(f"{t}{keep}{a[m.end() :]}")
        k = tail.find("!dbg !")
        dbg = tail[k + 5 :].split(",", 1)[0].split(" ", 1)[0] if k >= 0 else ""
        system = callee in self.system
        if system:
            callee = self.stub_of(callee)
        elif callee.endswith('$sys"'):
            system = True
        return result, Call(result, callee, types, args, dbg, system)

    def stub_of(self, callee: str) -> str:
        stub = f'@"{unquote(callee)}$sys"'
        self.declare(stub, f"declare void {stub}()")
        return stub


class _Function:
    def __init__(self, module: Rewriter, header: str, body: list[str]) -> None:
        self.m = module
        self.header = header
        self.num: dict[str, int] = {}  # gc value -> bit; the casts of one alloca share one
        self.values: list[str] = []  # bit -> name
        self.type_of: list[str] = []  # bit -> type
        self.allocas: dict[str, str] = {}
        self.overaligned: set[str] = set()  # more than a word
        self.parts: dict[str, int] = {}  # allocas that have become parts of _WHOLE: their offsets
        self.frame: dict[int, str] = {}  # bit of a frame address -> its alloca
        self.uid = 0
        self.has_calls = False
        m = _re_symbol.search(header)
        assert m is not None
        self.symbol = m.group(1)
        self.params = header[m.end() : matching(header, m.end() - 1) - 1]
        self.body = launder(body, module.declare)

    def define(self, name: str, t: str) -> None:
        self.num[name] = len(self.values)
        self.values.append(name)
        self.type_of.append(t)

    # ------------------------------------------------------------------ reading
    def rewrite(self, out: list[str]) -> None:
        for p in split_top(self.params):
            if "addrspace(1)" in p or p[0] == "%":
                t, _ = read_type(p)
                if self.m.types.paths(t):
                    self.define(re_name.findall(p)[-1], t)
        self.params_end = len(self.values)
        blocks = self.read_blocks()
        if not self.has_calls and not self.allocas:
            out += self.body
            return
        self.gather()
        self.link(blocks)
        self.solve(blocks)
        self.emit(blocks, out)

    def read_blocks(self) -> list[Block]:
        blocks: list[Block] = []
        cur: Block | None = None
        lines = iter(self.body)
        for line in lines:
            if not line or line[0] == ";":
                continue
            if line[0] != " ":
                m = _re_label.match(line)
                assert m is not None
                cur = Block(m.group(1))
                blocks.append(cur)
                continue
            if cur is None:
                cur = Block(None)
                blocks.append(cur)
            if line[-1] == "[" and line.lstrip().startswith("switch"):
                for more in lines:
                    line += "\n" + more
                    if more.lstrip()[:1] == "]":
                        break
            cur.insts.append(self.read_inst(line))
        return blocks

    def read_inst(self, line: str) -> Inst:
        m = _re_def.match(line)
        if m is None:
            rhs = line.lstrip()
            op = rhs.split(" ", 1)[0].rstrip(",")
            if op in ("call", "tail", "notail", "musttail"):
                _, call = self.m.parse_call(rhs)
                self.has_calls |= call is not None
                return Inst(line, "call", None, 0, call)
            return Inst(line, op, None)
        name, rhs = m.group(1), m.group(2)
        op = rhs.split(" ", 1)[0]
        call = None
        t = ""
        if op in ("call", "tail", "notail", "musttail"):
            op = "call"
            t, call = self.m.parse_call(rhs)
            self.has_calls |= call is not None
        elif op == "alloca":
            t = read_type(rhs, 7)[0]
            self.check_alloca(name, rhs)
            self.allocas[name] = t
            return Inst(line, op, name)
        elif op == "addrspacecast":
            src = re_name.search(rhs)
            if src is not None and src.group() in self.allocas:
                self.alias_frame(name, src.group())
                return Inst(line, "framecast", name)
            t = GCPTR if rhs.endswith(f"to {GCPTR}") or f"to {GCPTR}," in rhs else "i64"
        elif "addrspace(1)" in rhs or self.m.types.named:
            t = self.result_type(op, rhs)
        if t and t != "void" and self.m.types.paths(t):
            self.define(name, t)
        return Inst(line, op, name, 0, call)

    def check_alloca(self, name: str, rhs: str) -> None:
        rest = rhs[6 + len(read_type(rhs, 7)[0]) + 1 :]
        m = re.search(r"align (\d+)", rest)
        if (m and int(m.group(1)) >= 32) or re.match(r", i\d+ ", rest):
            raise IRError(f"{self.symbol}: dynamic or over-aligned alloca: {rhs}")
        if m and int(m.group(1)) > 8:
            self.overaligned.add(name)

    def gather(self) -> None:
        """Make one variable of those with pointers, if they are many."""
        layout = self.m.types.layout
        many = {
            a: t for a, t in self.allocas.items() if layout(t)[2] and a not in self.overaligned
        }
        if len(many) <= _MANY_VARIABLES:
            return
        size = 0
        for a, t in many.items():
            length, align, _ = layout(t)
            self.parts[a] = -(-size // align) * align
            size = self.parts[a] + length
            del self.allocas[a]
        self.allocas[_WHOLE] = "{ " + ", ".join(many.values()) + " }"

    def alias_frame(self, cast: str, alloca: str) -> None:
        address = "%fp." + alloca[1:].strip('"')
        if address not in self.num:
            self.define(address, GCPTR)
            self.frame[self.num[address]] = alloca
        self.num[cast] = self.num[address]

    def result_type(self, op: str, rhs: str) -> str:
        types = self.m.types
        if op == "load":
            i = 5
            for word in ("atomic ", "volatile "):
                if rhs.startswith(word, i):
                    i += len(word)
            return read_type(rhs, i)[0]
        if op == "getelementptr":
            return GCPTR if f", {GCPTR} " in rhs else "i8"
        if op == "phi":
            m = _re_phi_type.match(rhs)
            assert m is not None
            return read_type(rhs, m.end())[0]
        if op == "select":
            return read_type(split_top(rhs[7:])[1])[0]
        if op in ("insertvalue", "freeze"):
            return read_type(rhs, len(op) + 1)[0]
        if op == "extractvalue":
            t, e = read_type(rhs, 13)
            for k in split_top(rhs[e:])[1:]:
                if not k.isdigit():
                    break
                t = types.members(t)[int(k)]
            return t
        if op in ("inttoptr", "bitcast"):
            return read_type(rhs, rhs.rindex(" to ") + 4)[0]
        if op == "atomicrmw":
            return GCPTR if GCPTR in rhs.split(",", 1)[1] else "i64"
        if op == "cmpxchg":
            t, _ = read_type(split_top(rhs)[1])
            return f"{{ {t}, i1 }}"
        return "i64"

    # ------------------------------------------------------------------ flow
    def link(self, blocks: list[Block]) -> None:
        """Uses, successors, phi operands; gen and kill of every block."""
        num = self.num
        # an unlabelled entry block is called by a number that no other block has
        index = self.index = {b.label or "": i for i, b in enumerate(blocks)}
        self.blocks = blocks
        frame_mask = self.frame_mask = sum(1 << i for i in self.frame)

        def at(label: str) -> int:
            return index.get(label, 0)

        for b in blocks:
            gen = kill = 0
            for inst in reversed(b.insts):
                name, text = inst.name, inst.text
                if inst.op == "phi":
                    if name in num:
                        kill |= 1 << num[name]
                        gen &= ~(1 << num[name])
                        b.phis.append((inst, [(v, at(p)) for v, p in _re_incoming.findall(text)]))
                    continue
                if inst.op in ("alloca", "framecast"):
                    continue
                uses = 0
                for x in re_name.findall(text):
                    k = num.get(x)
                    if k is not None and x != name:
                        uses |= 1 << k
                inst.uses = uses
                if inst.call is not None:
                    gen &= ~frame_mask
                    kill |= frame_mask
                if name in num:
                    gen &= ~(1 << num[name])
                    kill |= 1 << num[name]
                gen |= uses
            b.gen, b.kill = gen, kill
            if b.insts and b.insts[-1].op in ("br", "switch", "indirectbr"):
                b.succ = list(dict.fromkeys(map(at, _re_target.findall(b.insts[-1].text))))
        for b in blocks:
            for _, incoming in b.phis:
                for v, p in incoming:
                    if v in num:
                        blocks[p].phiuse |= 1 << num[v]

    def solve(self, blocks: list[Block]) -> None:
        preds: list[list[int]] = [[] for _ in blocks]
        for i, b in enumerate(blocks):
            for s in b.succ:
                preds[s].append(i)
        work = list(range(len(blocks)))
        queued = [True] * len(blocks)
        while work:
            i = work.pop()
            queued[i] = False
            b = blocks[i]
            live = b.phiuse
            for s in b.succ:
                live |= blocks[s].livein
            b.liveout = live
            livein = b.gen | (live & ~b.kill)
            if livein != b.livein:
                b.livein = livein
                for p in preds[i]:
                    if not queued[p]:
                        queued[p] = True
                        work.append(p)
        frame = self.frame_mask
        slotted = frame
        num = self.num
        for b in blocks:
            live = b.liveout
            for k in range(len(b.insts) - 1, -1, -1):
                inst = b.insts[k]
                if inst.name in num and inst.op != "framecast":
                    live &= ~(1 << num[inst.name])
                if inst.call is not None:
                    b.across[k] = live
                    slotted |= live & ~frame
                    live &= ~frame
                live |= inst.uses
        self.slotted = slotted

    # ------------------------------------------------------------------ writing
    def emit(self, blocks: list[Block], out: list[str]) -> None:
        m = self.m
        self.deopt = [
            f"ptr {a}, i64 {m.bitmap(t)}" for a, t in self.allocas.items() if m.types.layout(t)[2]
        ]
        bodies = [_BlockWriter(self, b, i == 0) for i, b in enumerate(blocks)]
        for w in bodies:
            w.write()
        for w in bodies:
            w.join(bodies)
        entry = self.prologue(blocks[0])
        for w in bodies:
            if w.block.label is not None:
                out.append(w.block.label + ":")
            if w is bodies[0]:
                out += entry
            out += w.out

    def prologue(self, entry: Block) -> list[str]:
        """Frame variables, slots, and the first address of each variable."""
        types = self.m.types
        out = [i.text for i in entry.insts if i.op == "alloca" and i.name not in self.parts]
        if self.parts:
            out.append(f"  {_WHOLE} = alloca {self.allocas[_WHOLE]}, align 8")
        out += [
            f"  {self.slot(k)} = alloca {self.type_of[k]}, align 8"
            for k in _bits(self.slotted)
            if k not in self.frame or self.frame_slotted >> k & 1
        ]
        wanted = {self.frame[k]: k for k in self.frame}
        # all addresses first: what LLVM finds side by side it can merge, but no asm is
        # known not to read memory
        zeroed: list[str] = []
        for a, t in self.allocas.items():
            k = wanted.get(a, -1)
            size, _, ptrs = types.layout(t)
            if not ptrs and not (k >= 0 and entry.livein >> k & 1):
                continue
            fp = self.values[k] if k >= 0 else "%fp." + a[1:].strip('"')
            out.append(self.lea(fp, a))
            if ptrs:
                zeroed += self.zero(fp, t, size, ptrs)
        starts = [k for a, k in wanted.items() if a in self.parts and entry.livein >> k & 1]
        return out + zeroed + [self.lea(self.values[k], self.frame[k]) for k in starts]

    def zero(self, fp: str, t: str, size: int, ptrs: Sequence[int]) -> list[str]:
        """Make a variable's pointers nil."""
        if len(ptrs) * 16 < size and len(ptrs) <= _FEW_POINTERS:
            lines = []
            for i, offset in enumerate(ptrs):
                at = "%sp.z." + fp[1:].strip('"') + f".{i}"
                lines.append(f"  {at} = getelementptr i8, {GCPTR} {fp}, i64 {offset}")
                lines.append(f"  store {GCPTR} null, {GCPTR} {at}, align 8")
            return lines
        if size <= _MEMSET_ABOVE:
            return [f"  store {t} zeroinitializer, {GCPTR} {fp}, align 8"]
        self.m.declare(
            "@llvm.memset.p1.i64", f"declare void @llvm.memset.p1.i64({GCPTR}, i8, i64, i1)"
        )
        return [
            f"  call void @llvm.memset.p1.i64({GCPTR} align 8 {fp}, i8 0, i64 {size}, i1 false)"
        ]

    frame_slotted = 0  # frame addresses that some block passes on in a slot

    def lea(self, name: str, alloca: str) -> str:
        if alloca in self.parts:
            whole = self.fresh("w")
            at = f"  {name} = getelementptr i8, {GCPTR} {whole}, i64 {self.parts[alloca]}"
            return f"{self.lea(whole, _WHOLE)}\n{at}"
        t = self.allocas[alloca]
        return (
            f'  {name} = call {GCPTR} asm sideeffect "leaq $1, $0", "=r,*m"'
            f"(ptr elementtype({t}) {alloca})"
        )

    def slot(self, k: int) -> str:
        return "%sp.s." + self.values[k][1:].strip('"')

    def fresh(self, hint: str) -> str:
        self.uid += 1
        return f"%sp.{hint}{self.uid}"


class _BlockWriter:
    """The new text of one block; ``now`` maps a slotted value to its current SSA name."""

    def __init__(self, f: _Function, block: Block, entry: bool) -> None:
        self.f = f
        self.block = block
        self.out: list[str] = []
        self.now: dict[int, str] = {}
        self.dirty: set[int] = set()
        self.entry = entry
        self.phi_at: list[tuple[int, Inst]] = []
        if entry:
            for k, v in enumerate(f.values):
                if f.slotted >> k & 1 and (k in f.frame or k < f.params_end):
                    self.now[k] = v
                    self.dirty.add(k)

    def use(self, k: int) -> str:
        name = self.now.get(k)
        if name is None:
            f = self.f
            name = f.fresh("l")
            self.out.append(f"  {name} = load {f.type_of[k]}, ptr {f.slot(k)}, align 8")
            self.now[k] = name
            if k in f.frame:
                f.frame_slotted |= 1 << k
        return name

    def substitute(self, text: str, own: str | None) -> str:
        f = self.f
        num, slotted = f.num, f.slotted

        def name(m: re.Match[str]) -> str:
            x = m.group()
            k = num.get(x)
            if k is None or x == own or not slotted >> k & 1:
                return x
            return self.use(k)

        return re_name.sub(name, text)

    def write(self) -> None:
        f, out = self.f, self.out
        for k, inst in enumerate(self.block.insts):
            op = inst.op
            if op in ("alloca", "framecast"):
                if op == "alloca" and not self.entry:
                    raise IRError(f"{f.symbol}: alloca outside the entry block")
                continue
            if op == "phi":
                self.phi_at.append((len(out), inst))
                out.append(inst.text)
                self.defined(inst)
                continue
            if op in _TERMINATORS:
                text = self.substitute(inst.text, None) if inst.uses & f.slotted else inst.text
                self.leave()
                out.append(text)
                continue
            if inst.call is not None:
                self.safepoint(inst, inst.call, self.block.across[k])
                continue
            if inst.uses & f.slotted:
                out.append(self.substitute(inst.text, inst.name))
            else:
                out.append(inst.text)
            self.defined(inst)

    def defined(self, inst: Inst) -> None:
        k = self.f.num.get(inst.name) if inst.name else None
        if k is not None and self.f.slotted >> k & 1:
            assert inst.name is not None
            self.now[k] = inst.name
            self.dirty.add(k)

    def leave(self) -> None:
        """Before the terminator: what phis of successors read, then the slots."""
        f = self.f
        for k in _bits(self.block.phiuse & f.slotted):
            self.use(k)
        live = self.block.liveout
        for k in sorted(self.dirty):
            # phi operands are live out, but a slot is needed only for who loads it
            if live >> k & 1 and self.wanted(k):
                if k in f.frame:
                    f.frame_slotted |= 1 << k
                self.out.append(f"  store {f.type_of[k]} {self.now[k]}, ptr {f.slot(k)}, align 8")

    def wanted(self, k: int) -> bool:
        return any(self.f.blocks[s].livein >> k & 1 for s in self.block.succ)

    def join(self, all_: list[_BlockWriter]) -> None:
        """Phi operands become what their value is called at the end of the predecessor."""
        f = self.f
        for at, inst in self.phi_at:

            def arm(m: re.Match[str]) -> str:
                v, label = m.group(1), m.group(2)
                k = f.num.get(v)
                if k is not None and f.slotted >> k & 1:
                    v = all_[f.index.get(label, 0)].now[k]
                return f"[ {v}, %{label} ]"

            if inst.name in f.num:
                self.out[at] = _re_incoming.sub(arm, inst.text)

    def safepoint(self, inst: Inst, call: Call, across: int) -> None:
        f, out, m = self.f, self.out, self.f.m
        callee, args = call.callee, call.args
        if inst.uses & f.slotted:
            callee = self.substitute(callee, None)
            args = [self.substitute(a, None) for a in args]
        kept = self.system_args(call) if call.system else []
        token = f.fresh("t")
        live: list[str] = []
        after: list[str] = []
        for k in _bits(across & ~f.frame_mask):
            current, t = self.use(k), f.type_of[k]
            for path in m.types.paths(t):
                i = len(live)
                moved = f.fresh("r")
                relocate = (
                    f"  {moved} = call {GCPTR} @llvm.experimental.gc.relocate.p1"
                    f"(token {token}, i32 {i}, i32 {i})"
                )
                if not path:
                    live.append(f"{GCPTR} {current}")
                    after.append(relocate)
                    current = moved
                    continue
                words = ", ".join(map(str, path))
                part, whole = f.fresh("x"), f.fresh("i")
                out.append(f"  {part} = extractvalue {t} {self.now[k]}, {words}")
                live.append(f"{GCPTR} {part}")
                after.append(relocate)
                after.append(f"  {whole} = insertvalue {t} {current}, {GCPTR} {moved}, {words}")
                current = whole
            self.now[k] = current
            self.dirty.add(k)
        bundles = []
        if f.deopt or kept:
            bundles.append(f'"deopt"({", ".join([f"i64 {len(f.deopt)}", *f.deopt, *kept])})')
        if live:
            bundles.append(f'"gc-live"({", ".join(live)})')
        site = m.sites.of(call.dbg, f.header)
        text = _STATEPOINT.format(
            id=site,
            type=f"{call.result} ({', '.join(call.types)})",
            callee=callee,
            n=len(args),
            args="".join(f", {a}" for a in args),
        )
        if callee.replace('"', "") == RETURNS_TWICE:  # then no spill slot serves two values
            text += " returns_twice"
        out.append(
            f"  {token} = {text}"
            + (f" [ {', '.join(bundles)} ]" if bundles else "")
            + (f", !dbg {call.dbg}" if call.dbg else "")
        )
        m.statepoints += 1
        if inst.name is not None:
            g = mangle(call.result)
            symbol = f"@llvm.experimental.gc.result.{g}"
            m.declare(symbol, f"declare {call.result} {symbol}(token)")
            out.append(f"  {inst.name} = call {call.result} {symbol}(token {token})")
            self.defined(inst)
        out += after
        for k in f.frame:
            self.now.pop(k, None)
            self.dirty.discard(k)
        for k in _bits(across & f.frame_mask):
            name = f.fresh("f")
            out.append(f.lea(name, f.frame[k]))
            self.now[k] = name
            self.dirty.add(k)

    def system_args(self, call: Call) -> list[str]:
        """The pointer arguments of a $sys call, for its deopt bundle."""
        f = self.f
        kept = []
        for t, a in zip(call.types, call.args, strict=True):
            value = a.rsplit(" ", 1)[1]
            k = f.num.get(value)
            if t == GCPTR and k is not None and k not in f.frame:
                kept.append(f"{GCPTR} {self.now.get(k, value)}")
        return kept
