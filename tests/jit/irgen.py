"""Random functions in the style of lowered code, full of pointers into callers' frames.

:func:`generate` gives IR that defines ``i64 @t(i64)``: a call tree of functions with frame
arrays, structs and slices that hold pointers to each other's elements, passed down, stored,
compared and returned. What it computes depends on nothing but the seed: every build of it,
whatever it does to the stack, must return the same number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

G = "ptr addrspace(1)"
SLICE = "{ ptr addrspace(1), i64, i64 }"
STRUCT = f"{{ i64, {G}, [2 x {{ {G}, i64 }}] }}"
RESULT = {"i64": "i64", "ptr": G, "slice": SLICE}
FUEL = 250  # calls of generated functions per run

ATTRIBUTES = """
attributes #0 = { "split-stack" "frame-pointer"="none" nounwind noinline }
attributes #1 = { "split-stack" "frame-pointer"="none" nounwind noinline optnone }
attributes #2 = { "split-stack" "frame-pointer"="none" nounwind alwaysinline }
"""


@dataclass
class Signature:
    pointers: int
    ints: int
    has_slice: bool
    result: str


class Function:
    def __init__(self, rnd: random.Random, sigs: list[Signature], index: int) -> None:
        self.rnd = rnd
        self.sigs = sigs
        self.index = index
        self.sig = sigs[index]
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.n = 0
        r = rnd
        self.ints = [self.var("i64") for _ in range(3)]
        self.arrays = [self.var("[8 x i64]") for _ in range(r.randint(1, 2))]
        if r.random() < 0.2:
            self.arrays.append(self.var("[700 x i64]"))
        self.cells = [self.var(G) for _ in range(3)]
        self.cell_arrays = [self.var(f"[4 x {G}]") for _ in range(r.randint(0, 2))]
        self.structs = [self.var(STRUCT) for _ in range(r.randint(0, 1))]
        self.slices = [self.var(SLICE) for _ in range(r.randint(1, 2))]
        self.outer = [f"%p{i}" for i in range(self.sig.pointers)]  # valid after returning

    # ---- text
    def ins(self, text: str) -> str:
        self.n += 1
        self.lines.append(f"  %v{self.n} = {text}")
        return f"%v{self.n}"

    def do(self, text: str) -> None:
        self.lines.append("  " + text)

    def label(self) -> str:
        self.n += 1
        return f"L{self.n}"

    def start(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def var(self, t: str) -> str:
        self.n += 1
        name = f"%v{self.n}"
        self.allocas += [
            f"  {name}.a = alloca {t}, align 8",
            f"  {name} = addrspacecast ptr {name}.a to {G}",
            f"  store {t} zeroinitializer, {G} {name}",
        ]
        return name

    # ---- values
    def integer(self) -> str:
        if self.rnd.random() < 0.3:
            return str(self.rnd.randint(-5, 40))
        return self.ins(f"load i64, {G} {self.rnd.choice(self.ints)}")

    def index_of(self, mask: int) -> str:
        return self.ins(f"and i64 {self.integer()}, {mask}")

    def element(self) -> str:
        array = self.rnd.choice(self.arrays)
        return self.ins(f"getelementptr i64, {G} {array}, i64 {self.index_of(7)}")

    def cell(self) -> str:
        """The address of a variable that holds a pointer."""
        c = self.rnd.random()
        if self.cell_arrays and c < 0.4:
            array = self.rnd.choice(self.cell_arrays)
            return self.ins(f"getelementptr {G}, {G} {array}, i64 {self.index_of(3)}")
        if self.structs and c < 0.7:
            base = f"getelementptr {STRUCT}, {G} {self.structs[0]}, i64 0"
            if self.rnd.random() < 0.5:
                return self.ins(f"{base}, i32 1")
            return self.ins(f"{base}, i32 2, i64 {self.index_of(1)}, i32 0")
        return self.rnd.choice(self.cells)

    def pointer(self) -> str:
        """A pointer to some i64."""
        c = self.rnd.random()
        if c < 0.25:
            return self.element()
        if c < 0.35:
            return self.rnd.choice(self.ints)
        if c < 0.5 and self.outer:
            return self.rnd.choice(self.outer)
        if c < 0.6:
            got = self.ins(f"extractvalue {SLICE} {self.slice()}, 0")
            other = self.rnd.choice(self.ints)
        else:
            got = self.ins(f"load {G}, {G} {self.cell()}")
            other = self.rnd.choice(self.ints + self.arrays)
        isnil = self.ins(f"icmp eq {G} {got}, null")
        return self.ins(f"select i1 {isnil}, {G} {other}, {G} {got}")

    def slice(self) -> str:
        if self.sig.has_slice and self.rnd.random() < 0.3:
            return "%s"
        return self.ins(f"load {SLICE}, {G} {self.rnd.choice(self.slices)}")

    def new_slice(self) -> str:
        array = self.rnd.choice(self.arrays)
        base = self.ins(f"getelementptr i64, {G} {array}, i64 {self.index_of(3)}")
        a = self.ins(f"insertvalue {SLICE} undef, {G} {base}, 0")
        b = self.ins(f"insertvalue {SLICE} {a}, i64 4, 1")
        return self.ins(f"insertvalue {SLICE} {b}, i64 5, 2")

    # ---- statements
    def call(self) -> None:
        r = self.rnd
        if self.index + 1 >= len(self.sigs):
            self.do("call void @poke()")
            return
        j = r.randint(self.index + 1, len(self.sigs) - 1)
        sig = self.sigs[j]
        args = [f"{G} {self.pointer()}" for _ in range(sig.pointers)]
        args += [f"i64 {self.integer()}" for _ in range(sig.ints)]
        if sig.has_slice:
            args.append(f"{SLICE} {r.choice([self.slice, self.new_slice])()}")
        got = self.ins(f"call {RESULT[sig.result]} @f{j}({', '.join(args)})")
        if sig.result == "i64":
            self.do(f"store i64 {got}, {G} {r.choice(self.ints)}")
        elif sig.result == "ptr":
            self.do(f"store {G} {got}, {G} {self.cell()}")
        else:
            self.do(f"store {SLICE} {got}, {G} {r.choice(self.slices)}")

    def compute(self) -> None:
        x, y = self.integer(), self.integer()
        op = self.rnd.choice(["add", "sub", "mul", "xor"])
        self.do(f"store i64 {self.ins(f'{op} i64 {x}, {y}')}, {G} {self.rnd.choice(self.ints)}")

    def update(self) -> None:
        p = self.pointer()
        old = self.ins(f"load i64, {G} {p}")
        self.do(f"store i64 {self.ins(f'add i64 {old}, {self.integer()}')}, {G} {p}")

    def compare(self) -> None:
        p, q = self.pointer(), self.pointer()
        same = self.ins(f"icmp eq {G} {p}, {q}")
        word = self.ins(f"zext i1 {same} to i64")
        self.do(f"store i64 {word}, {G} {self.rnd.choice(self.ints)}")

    def branch(self, depth: int) -> None:
        yes, no, end = self.label(), self.label(), self.label()
        c = self.ins(f"icmp slt i64 {self.integer()}, {self.rnd.randint(0, 30)}")
        self.do(f"br i1 {c}, label %{yes}, label %{no}")
        for label, least, most in ((yes, 1, 4), (no, 0, 3)):
            self.start(label)
            for _ in range(self.rnd.randint(least, most)):
                self.statement(depth - 1)
            self.do(f"br label %{end}")
        self.start(end)

    def loop(self, depth: int) -> None:
        counter, copy = self.var("i64"), self.var("i64")
        head, body, end = self.label(), self.label(), self.label()
        self.do(f"store i64 0, {G} {counter}")
        self.do(f"br label %{head}")
        self.start(head)
        i = self.ins(f"load i64, {G} {counter}")
        more = self.ins(f"icmp slt i64 {i}, {self.rnd.randint(2, 5)}")
        self.do(f"br i1 {more}, label %{body}, label %{end}")
        self.start(body)
        self.do(f"store i64 {self.ins(f'add i64 {i}, 1')}, {G} {counter}")
        self.do(f"store i64 {i}, {G} {copy}")  # the body may write to the copy only
        self.ints.append(copy)
        for _ in range(self.rnd.randint(1, 5)):
            self.statement(depth - 1)
        self.ints.pop()
        self.do(f"br label %{head}")
        self.start(end)

    def statement(self, depth: int) -> None:
        c = self.rnd.random()
        if c < 0.15:
            self.compute()
        elif c < 0.3:
            self.update()
        elif c < 0.42:
            self.do(f"store {G} {self.pointer()}, {G} {self.cell()}")
        elif c < 0.5:
            self.do(f"store {SLICE} {self.new_slice()}, {G} {self.rnd.choice(self.slices)}")
        elif c < 0.58:
            self.compare()
        elif c < 0.72:
            self.call()
        elif c < 0.76:
            self.do("call void @poke()")
        elif c < 0.88 and depth:
            self.branch(depth)
        elif depth:
            self.loop(depth)

    # ---- the whole
    def default_result(self) -> str:
        if self.sig.result == "ptr":
            return self.outer[0] if self.outer else "null"
        if self.sig.result == "slice":
            return "%s" if self.sig.has_slice else "zeroinitializer"
        return "7"

    def result(self) -> str:
        if self.sig.result == "slice":
            return self.default_result()
        if self.sig.result == "ptr":
            if len(self.outer) < 2:
                return self.default_result()
            c = self.ins(f"icmp slt i64 {self.integer()}, 3")
            return self.ins(f"select i1 {c}, {G} {self.outer[0]}, {G} {self.outer[1]}")
        acc = self.integer()
        for p in [*self.ints[:3], *self.arrays, self.pointer(), self.pointer()]:
            v = self.ins(f"load i64, {G} {p}")
            acc = self.ins(f"add i64 {self.ins(f'mul i64 {acc}, 31')}, {v}")
        return acc

    def text(self) -> str:
        sig = self.sig
        params = [f"{G} %p{i}" for i in range(sig.pointers)]
        params += [f"i64 %i{i}" for i in range(sig.ints)]
        params += [f"{SLICE} %s"] if sig.has_slice else []
        for i in range(min(sig.ints, 3)):
            self.do(f"store i64 %i{i}, {G} {self.ints[i]}")
        fuel = self.ins(f"sub i64 {self.ins('load i64, ptr @fuel')}, 1")
        self.do(f"store i64 {fuel}, ptr @fuel")
        stop, go = self.label(), self.label()
        self.do(f"br i1 {self.ins(f'icmp slt i64 {fuel}, 0')}, label %{stop}, label %{go}")
        self.start(stop)
        t = RESULT[sig.result]
        self.do(f"ret {t} {self.default_result()}")
        self.start(go)
        for _ in range(self.rnd.randint(6, 16)):
            self.statement(3)
        self.do(f"ret {t} {self.result()}")
        inlined = self.index and self.rnd.random() < 0.25
        return (
            f"define {'internal ' if self.index else ''}{t} @f{self.index}({', '.join(params)}) "
            f'#{2 if inlined else 0} gc "statepoint-example" {{\nentry:\n'
            + "\n".join(self.allocas + self.lines)
            + "\n}\n"
        )


def driver(sig: Signature) -> str:
    """``@t``: an array in the frame, passed to f0, and a digest of what became of it."""
    args = [f"{G} %p"] * sig.pointers + ["i64 %n"] * sig.ints
    args += [f"{SLICE} %s2"] if sig.has_slice else []
    first = "%r" if sig.result == "i64" else "0"
    numbers = ", ".join(f"i64 {i}" for i in range(1, 9))
    return f"""
define i64 @t(i64 %n) #0 gc "statepoint-example" {{
entry:
  store i64 {FUEL}, ptr @fuel
  %a = alloca [8 x i64], align 8
  %p = addrspacecast ptr %a to {G}
  store [8 x i64] [{numbers}], {G} %p
  %s0 = insertvalue {SLICE} undef, {G} %p, 0
  %s1 = insertvalue {SLICE} %s0, i64 4, 1
  %s2 = insertvalue {SLICE} %s1, i64 4, 2
  %r = call {RESULT[sig.result]} @f0({", ".join(args)})
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %acc = phi i64 [ {first}, %entry ], [ %sum, %loop ]
  %e = getelementptr i64, {G} %p, i64 %i
  %v = load i64, {G} %e
  %m = mul i64 %acc, 31
  %sum = add i64 %m, %v
  %next = add i64 %i, 1
  %c = icmp eq i64 %next, 8
  br i1 %c, label %exit, label %loop
exit:
  ret i64 %sum
}}
"""


def generate(seed: int) -> str:
    rnd = random.Random(seed)
    sigs = [
        Signature(
            rnd.randint(0, 9) if rnd.random() < 0.3 else rnd.randint(0, 3),
            rnd.randint(1, 3),
            rnd.random() < 0.4,
            rnd.choice(["i64", "i64", "ptr", "slice"]),
        )
        for _ in range(rnd.randint(3, 7))
    ]
    poke = (
        '\ndefine void @poke() #1 gc "statepoint-example" {\n  %a = alloca i64\n'
        "  store volatile i64 1, ptr %a\n  ret void\n}\n"
    )
    functions = [Function(rnd, sigs, i).text() for i in range(len(sigs))]
    return "@fuel = internal global i64 0\n" + poke + "\n".join(functions) + driver(sigs[0])


def plain(ir: str) -> str:
    """The same code without checks and safepoints."""
    return ir.replace('"split-stack" ', "").replace(' gc "statepoint-example"', "")
