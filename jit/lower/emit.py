"""The emitter under every function body: instructions as text, blocks, frame slots, memory.

Vocabulary, used by all of ``jit/lower``:

*Value*
    a tuple of operand texts without types (``("%t3", "5")``): the words of the value exactly
    as ``abi.param_of(t).words`` lists them, so a string is ``(data, len)``, a bool one i1, a
    struct of two ints two words. Of a type whose words exceed ``abi.MAX_ARG_WORDS`` the
    value is one gcptr to memory which holds it and which nobody changes before the value
    has been used (``layout(t).by_ref``).
*address*
    an operand text *with* its type: ``ptr addrspace(1) %t3`` or ``ptr @"main.x"``.
*blocks*
    are labels. Between a terminator and the next :meth:`start` the emitter is ``dead``:
    what is emitted there is dropped, and a label that nobody branches to is not started.

No first-class aggregate is ever live longer than the ``extractvalue`` behind a call: the
safepoint pass must find every gcptr as a scalar. Pointer words are copied with their type.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from gol.jit import abi
from gol.jit.abi import GCPTR
from gol.lang import types as T
from gol.lang.constant import Big
from gol.lang.pointers import has_pointers
from gol.lang.record import record
from gol.lang.sizes import alignof, offsetsof, sizeof

Value = tuple[str, ...]

MAX_COPY_WORDS = 16  # more words than this are copied by memmove (or a call of it)


@record(frozen=True)
class Slot:
    """One word of a type in memory: ``reg`` is its LLVM type as an operand."""

    reg: str
    mem: str
    offset: int


@record(frozen=True)
class Layout:
    type: T.Type
    size: int
    align: int
    by_ref: bool
    words: tuple[str, ...]  # register types of the Value: (GCPTR,) when by_ref
    slots: tuple[Slot, ...]  # the words in memory; () when by_ref
    mem: str  # LLVM memory type
    pointers: bool


_layouts: dict[int, tuple[T.Type, Layout]] = {}


def layout(t: T.Type) -> Layout:
    hit = _layouts.get(id(t))
    if hit is not None:
        return hit[1]
    p = abi.param_of(t)
    slots: tuple[Slot, ...] = ()
    if not p.by_ref:
        slots = tuple(memory_slots(t))
    made = Layout(
        t, sizeof(t), alignof(t), p.by_ref, tuple(w.type for w in p.words), slots,
        abi.mem_type(t), has_pointers(t),
    )  # fmt: skip
    _layouts[id(t)] = (t, made)
    return made


def memory_slots(t: T.Type, base: int = 0, top: bool = True) -> list[Slot]:
    """Every word of t with its offset; a bool inside an aggregate stays an i8."""
    u = t.underlying()
    if isinstance(u, T.Struct):
        out: list[Slot] = []
        for f, off in zip(u.fields, offsetsof(u), strict=True):
            out += memory_slots(f.type, base + off, False)
        return out
    if isinstance(u, T.Array):
        size = sizeof(u.elem)
        out = []
        if size:
            for i in range(u.len):
                out += memory_slots(u.elem, base + i * size, False)
        return out
    mem = abi.mem_type(u)
    if mem[0] == "{":
        members = mem[2:-2].split(", ")
        step = 4 if members[0] == "float" else 8
        return [Slot(m, m, base + i * step) for i, m in enumerate(members)]
    return [Slot("i1" if top and abi.is_bool(u) else mem, mem, base)]


def count_words(t: T.Type, limit: int) -> int:
    """How many words t has; anything above limit once it is more than that."""
    u = t.underlying()
    if isinstance(u, T.Struct):
        n = 0
        for f in u.fields:
            n += count_words(f.type, limit)
            if n > limit:
                break
        return n
    if isinstance(u, T.Array):
        return 0 if sizeof(u.elem) == 0 else u.len * count_words(u.elem, limit)
    mem = abi.mem_type(u)
    return mem.count(",") + 1 if mem[0] == "{" else 1


def float_text(value: Any, bits: int) -> str:
    """An LLVM constant for a real (int, Fraction, float), rounded once to ``bits``."""
    if isinstance(value, float):
        f = value
    else:
        f = round_real(value, bits)
    if bits == 32:
        f = struct.unpack("<f", struct.pack("<f", f))[0] if abs(f) != float("inf") else f
    return f"0x{struct.unpack('<Q', struct.pack('<d', f))[0]:016X}"


def round_real(value: Any, bits: int) -> float:
    """The nearest float64 (or float32, as a float) of an exact real, ties to even."""
    if isinstance(value, Big):
        value = Fraction(value.mant) * Fraction(2) ** value.exp
    q = Fraction(value)
    if bits == 64:
        return q.numerator / q.denominator  # exact rounding of int division
    if q == 0:
        return 0.0
    sign = -1 if q < 0 else 1
    q = abs(q)
    exp = q.numerator.bit_length() - q.denominator.bit_length()
    if q < Fraction(2) ** exp:
        exp -= 1
    quantum = max(exp - 23, -149)
    scaled = q / (Fraction(2) ** quantum)
    n, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest
    if twice > scaled.denominator or (twice == scaled.denominator and n & 1):
        n += 1
    return sign * float(n) * 2.0**quantum


class Emitter:
    """Text of one function. ``module`` collects the symbols that the text refers to."""

    def __init__(self, module: Any) -> None:
        self.module = module  # gol.jit.lower.module.ModuleLowering
        self.entry: list[str] = []  # allocas and their zeroing, at the function's start
        self.out: list[str] = []
        self.cold: list[str] = []  # panic blocks, behind everything else
        self.pos = 0  # where the code being emitted comes from
        self.current = "entry"
        self.dead = False
        self._n = 0
        self._targets: set[str] = set()
        self._scratch_free: dict[str, list[str]] = {}
        self._scratch_used: list[tuple[str, str]] = []
        self._idle: dict[str, list[str]] = {}  # borrowed slots given back, by LLVM type

    # ---------------------------------------------------------------- instructions
    def emit(self, text: str) -> None:
        if not self.dead:
            self.out.append("  " + text)

    def fresh(self, hint: str = "t") -> str:
        self._n += 1
        return f"%{hint}{self._n}"

    def ins(self, text: str, hint: str = "t") -> str:
        """Emit ``%fresh = text`` and return the name."""
        self._n += 1
        name = f"%{hint}{self._n}"
        if not self.dead:
            self.out.append(f"  {name} = {text}")
        return name

    def dbg(self) -> str:
        """The suffix of a call instruction: its position (resolved by the module)."""
        return f", !dbg !@{self.pos}@"

    # ---------------------------------------------------------------------- blocks
    def label(self, hint: str = "b") -> str:
        self._n += 1
        return f"{hint}{self._n}"

    def start(self, label: str, force: bool = False) -> None:
        """Begin a block, falling into it when the previous one is open."""
        if not self.dead:
            self.br(label)
        if label not in self._targets and not force:
            return  # unreachable: stay dead
        self.out.append(f"{label}:")
        self.current = label
        self.dead = False

    def br(self, label: str) -> None:
        if self.dead:
            return
        self.out.append(f"  br label %{label}")
        self._targets.add(label)
        self.dead = True

    def cbr(self, cond: str, yes: str, no: str, weights: str = "") -> None:
        """Conditional branch; ``weights`` is "", "likely" or "unlikely"."""
        if self.dead:
            return
        if cond in ("true", "false"):
            self.br(yes if cond == "true" else no)
            return
        prof = f", !prof !@{weights}@" if weights else ""
        self.out.append(f"  br i1 {cond}, label %{yes}, label %{no}{prof}")
        self._targets.add(yes)
        self._targets.add(no)
        self.dead = True

    def unreachable(self) -> None:
        self.emit("unreachable")
        self.dead = True

    def phi(self, type_: str, incoming: Sequence[tuple[str, str]]) -> str:
        """Join operands of (value, block) pairs at the start of the current block."""
        if len(incoming) == 1:
            return incoming[0][0]
        arms = ", ".join(f"[ {v}, %{b} ]" for v, b in incoming)
        return self.ins(f"phi {type_} {arms}")

    # ------------------------------------------------------------------ the frame
    def alloca_ir(self, mem: str, hint: str = "v", align: int = 0) -> str:
        """A frame slot of an LLVM type; its address. What has pointers and is not promoted
        to registers is zeroed at entry by the safepoint pass."""
        self._n += 1
        name = f"%{hint}{self._n}"
        al = f", align {align}" if align else ""
        self.entry.append(f"  {name}.a = alloca {mem}{al}")
        self.entry.append(f"  {name} = addrspacecast ptr {name}.a to {GCPTR}")
        return f"{GCPTR} {name}"

    def borrow(self, mem: str, hint: str = "tmp") -> str:
        """A frame slot for as long as nothing else can point to it: until
        :meth:`give_back`. What it holds at first is undefined (its pointers are valid)."""
        idle = self._idle.get(mem)
        return idle.pop() if idle else self.alloca_ir(mem, hint)

    def give_back(self, mem: str, addr: str) -> None:
        self._idle.setdefault(mem, []).append(addr)

    def alloca(self, t: T.Type, hint: str = "v") -> str:
        lay = layout(t)
        return self.alloca_ir(lay.mem, hint, lay.align)

    def scratch(self, t: T.Type) -> str:
        """A frame slot that nothing refers to once the statement is over; not zeroed."""
        lay = layout(t)
        free = self._scratch_free.get(lay.mem)
        a = free.pop() if free else self.alloca(t, "scratch")
        self._scratch_used.append((lay.mem, a))
        return a

    def release_scratch(self, mark: int) -> None:
        for mem, a in self._scratch_used[mark:]:
            self._scratch_free.setdefault(mem, []).append(a)
        del self._scratch_used[mark:]

    # ------------------------------------------------------------------- addresses
    def offset(self, addr: str, n: int) -> str:
        """The address n bytes on, inside the same object."""
        if n == 0:
            return addr
        space, op = split_addr(addr)
        return f"{space} {self.ins(f'getelementptr inbounds i8, {space} {op}, i64 {n}')}"

    def runtime_field(self, addr: str, struct: str, name: str) -> str:
        """The address of a field of a struct of the runtime's that lies at addr."""
        return self.offset(addr, self.module.runtime_offset(struct, name))

    def element(self, t: T.Type, addr: str, index: str) -> str:
        """The address of element ``index`` (i64) of consecutive t's."""
        if index == "0" or layout(t).size == 0:
            return addr
        space, op = split_addr(addr)
        mem = layout(t).mem
        return f"{space} {self.ins(f'getelementptr inbounds {mem}, {space} {op}, i64 {index}')}"

    def gcptr(self, addr: str) -> str:
        """An address as a gcptr operand."""
        space, op = split_addr(addr)
        if space == GCPTR:
            return op
        if op[0] == "%":
            return self.ins(f"addrspacecast ptr {op} to {GCPTR}")
        return f"addrspacecast (ptr {op} to {GCPTR})"

    # ---------------------------------------------------------------------- memory
    def load(self, t: T.Type, addr: str) -> Value:
        """The value at addr. Of a by-ref type this is the address itself (a borrow)."""
        lay = layout(t)
        if lay.by_ref:
            return (self.gcptr(addr),)
        return tuple(self.load_word(s, addr) for s in lay.slots)

    def load_word(self, s: Slot, addr: str) -> str:
        v = self.ins(f"load {s.mem}, {self.offset(addr, s.offset)}")
        return self.ins(f"trunc nuw i8 {v} to i1") if s.reg == "i1" else v

    def store(self, t: T.Type, value: Value, addr: str) -> None:
        lay = layout(t)
        if lay.by_ref:
            self.copy(t, addr, f"{GCPTR} {value[0]}")
            return
        for s, v in zip(lay.slots, value, strict=True):
            self.store_word(s, v, addr)

    def store_word(self, s: Slot, v: str, addr: str) -> None:
        if s.reg == "i1":
            v = {"true": "1", "false": "0"}.get(v) or self.ins(f"zext i1 {v} to i8")
        self.emit(f"store {s.mem} {v}, {self.offset(addr, s.offset)}")

    def copy(self, t: T.Type, dst: str, src: str) -> None:
        """``*dst = *src``; the two may be the same or overlap."""
        lay = layout(t)
        if dst == src or lay.size == 0:
            return
        if count_words(t, MAX_COPY_WORDS) <= MAX_COPY_WORDS:
            slots = memory_slots(t, 0, False)
            got = [self.load_word(s, src) for s in slots]
            for s, v in zip(slots, got, strict=True):
                self.store_word(s, v, dst)
        else:
            self.move_bytes(dst, src, str(lay.size), lay.pointers)

    def move_bytes(self, dst: str, src: str, size: str, pointers: bool) -> None:
        """memmove; never LLVM's own where pointer words could become i64 copies."""
        d, s = self.gcptr(dst), self.gcptr(src)
        if pointers:
            f = self.module.memmove_symbol()
            self.emit(f"call void {f}({GCPTR} {d}, {GCPTR} {s}, i64 {size}){self.dbg()}")
        else:
            f = self.module.declare_intrinsic(
                "llvm.memmove.p1.p1.i64",
                f"declare void @llvm.memmove.p1.p1.i64({GCPTR}, {GCPTR}, i64, i1)",
            )
            self.emit(f"call void {f}({GCPTR} {d}, {GCPTR} {s}, i64 {size}, i1 false)")

    def zero(self, t: T.Type, addr: str) -> None:
        lay = layout(t)
        if lay.size == 0:
            return
        if not lay.pointers and lay.size > 128:
            f = self.module.declare_intrinsic(
                "llvm.memset.p1.i64", f"declare void @llvm.memset.p1.i64({GCPTR}, i8, i64, i1)"
            )
            self.emit(f"call void {f}({GCPTR} {self.gcptr(addr)}, i8 0, i64 {lay.size}, i1 false)")
        elif lay.pointers and lay.size > 1024:
            f = self.module.memclr_symbol()
            self.emit(f"call void {f}({GCPTR} {self.gcptr(addr)}, i64 {lay.size}){self.dbg()}")
        else:
            self.emit(f"store {lay.mem} {abi.zero_of(lay.mem)}, {addr}")

    def zero_value(self, t: T.Type) -> Value:
        lay = layout(t)
        if lay.by_ref:
            return (self.module.zero_cell(t),)
        return tuple(abi.zero_of(w) for w in lay.words)

    def temp(self, t: T.Type, value: Value) -> str:
        """A frame copy of a value; its address."""
        a = self.alloca(t, "tmp")
        self.store(t, value, a)
        return a

    def stable(self, t: T.Type, value: Value) -> Value:
        """The value, copied into the frame if it is a borrow of memory."""
        if not layout(t).by_ref:
            return value
        return (self.gcptr(self.temp(t, value)),)


def split_addr(addr: str) -> tuple[str, str]:
    """(pointer type, operand) of an address."""
    if addr.startswith(GCPTR):
        return GCPTR, addr[len(GCPTR) + 1 :]
    return "ptr", addr[4:]
