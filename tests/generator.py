"""Random well-typed programs that make moving stacks hard.

Functions recurse into one another and pass pointers to their own variables, slices of
their own arrays, structs linked through frames, closures over their variables, and
interfaces; with few and with many arguments and results, in small and in large frames, while
deferred calls wait and panics go through them; some of it in goroutines that run side by side
(``generator_goroutines``), or called by C. All arithmetic wraps and every index is reduced,
and what goroutines tell one another is put together in ways that do not depend on who comes
first, so a program has one answer. What is drawn comes from a ``pick(n)`` function
(0 <= result < n), so that hypothesis can shrink a program by shrinking its picks, and a seed
names one.

Each goroutine has a ``task`` in its outermost frame, to which all that it calls has a pointer.

What leaks to the heap tests nothing: pointers are passed to functions that keep none, and a
goroutine's arguments are made in the goroutine.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.generator_goroutines import GOROUTINES

PRELUDE = """\
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// What a goroutine counts: no other one has to do with it.
type task struct {
	fuel   int // calls left: the recursion is as bushy as it likes until then
	guards int // functions on the stack that would recover
	global int
	node   *node
}

func (w *task) share(n int) int {
	fuel := w.fuel / n
	w.fuel -= fuel
	return fuel
}

type node struct {
	v    int
	next *node
	p    *int
	arr  [3]int
	s    []int
}

type adder interface{ add(int) int }

type byValue struct {
	a, b int
	p    *int
}

// A large value is passed by the address of a copy in the caller's frame.
type large struct {
	arr [3]int
	p   *int
	s   []int
	up  *large
}

func (v *large) sum() int {
	t := 0
	for q := v; q != nil; q = q.up {
		t = t*7 + q.arr[0] + q.arr[1]*2 + q.arr[2]*3
		if q.p != nil {
			t ^= *q.p
		}
		for _, x := range q.s {
			t = t*5 + x
		}
	}
	return t
}

type counter int

func (c *counter) add(n int) int { *c += counter(n); return int(*c) }

func (v byValue) add(n int) int {
	if v.p != nil {
		*v.p += n
	}
	return v.a*3 + v.b + n
}

func (n *node) sum() int {
	t := 0
	for q := n; q != nil; q = q.next {
		t = t*31 + q.v
		if q.p != nil {
			t += *q.p
		}
		for _, x := range q.arr {
			t ^= x
		}
		for _, x := range q.s {
			t = t*7 + x
		}
	}
	return t
}

func at(s []int, i int) *int {
	if len(s) == 0 {
		x := i
		return &x
	}
	return &s[uint(i)%uint(len(s))]
}

// walk yields the values of the list.
func (n *node) walk(yield func(int) bool) {
	for q := n; q != nil; q = q.next {
		if !yield(q.v) {
			return
		}
	}
}

func (n *node) bump(k int) int { n.v += k; return n.v }

func total(ps ...*int) int {
	t := 0
	for i, p := range ps {
		*p += i
		t = t*3 + *p
	}
	return t
}

func weigh(v any) int {
	switch t := v.(type) {
	case int:
		return t
	case string:
		return len(t)
	case byValue:
		if t.p != nil {
			*t.p ^= t.a
		}
		return t.a - t.b
	case *int:
		return *t
	case float64:
		return int(t)
	case error:
		return len(t.Error())
	case nil:
		return 1
	}
	return 2
}

// deep recurses n times; each activation points to a variable of its caller.
func deep(n int, up *int, f func(int) int) int {
	mine := n + *up&3
	if n == 0 {
		t := f(mine)
		return t + *up
	}
	t := deep(n-1, &mine, f)
	*up += mine & 1
	return t ^ mine
}

// unwind is deep, with deferred calls.
func unwind(n int, up *int, f func(int) int) (r int) {
	mine := n
	defer func() { *up ^= mine & 7; r += mine }()
	if n%5 == 4 {
		defer add(&mine, n)
	}
	if n == 0 {
		return f(mine)
	}
	return unwind(n-1, &mine, f)
}

func add(p *int, n int) { *p += n }

func collect(w *task) {
	if w.fuel > 0 {
		w.fuel -= 40
		runtime.GC()
	}
}

// later takes a nanosecond or more.
func later() { <-time.After(1) }

// alone does f while no other goroutine that uses the lock does.
func alone(mu *sync.Mutex, f func() int) int {
	mu.Lock()
	defer mu.Unlock()
	return f()
}

"""

# foreign calls f once, by way of C, with p twice; again may do so several times.
FOREIGN = """\
//gol:extern libc bsearch onstack 4096
func bsearch(key, base unsafe.Pointer, n, size uintptr, f func(a, b *int) int32) unsafe.Pointer

//gol:extern libc bsearch onstack 4096 idempotent
func bsearch2(key, base unsafe.Pointer, n, size uintptr, f func(a, b *int) int32) unsafe.Pointer

func foreign(p *int, f func(a, b *int) int32) {
	bsearch(unsafe.Pointer(p), unsafe.Pointer(p), 1, 8, f)
}

func again(p *int, f func(a, b *int) int32) {
	bsearch2(unsafe.Pointer(p), unsafe.Pointer(p), 1, 8, f)
}
"""
NOT_FOREIGN = """\
func foreign(p *int, f func(a, b *int) int32) { f(p, p) }
func again(p *int, f func(a, b *int) int32)   { f(p, p) }

var _ unsafe.Pointer
"""


def as_go(text: str) -> str:
    """The program that Go is to run: its functions of C are functions of Go."""
    return text.replace(FOREIGN, NOT_FOREIGN)


PARAMS = {
    "int": "int",
    "ptr": "*int",
    "ptrptr": "**int",
    "slice": "[]int",
    "node": "*node",
    "func": "func(int) int",
    "iface": "adder",
    "str": "string",
    "float": "float64",
    "value": "byValue",
    "large": "large",
    "any": "any",
}

RESULTS = [
    "int",
    "(int, int)",
    "(int, *int, int)",
    "(r int, s []int, t string, q *node)",
    "(r int, p *int, t string, n int, s []int, f float64)",
]


class Function:
    def __init__(self, name: str, params: list[str], results: int) -> None:
        self.name = name
        self.params = params
        self.results = results


class Generator:
    def __init__(self, pick: Callable[[int], int]) -> None:
        self.pick = pick
        self.functions: list[Function] = []
        self.foreign = False  # does it call C?

    def choose(self, options: list[str]) -> str:
        return options[self.pick(len(options))]

    def program(self) -> str:
        kinds = list(PARAMS)
        for i in range(2 + self.pick(4)):
            n = self.pick(7) + (0 if self.pick(3) else 3 + self.pick(8))
            params = [kinds[self.pick(len(kinds))] for _ in range(n)]
            self.functions.append(Function(f"f{i}", params, 1 + self.pick(len(RESULTS))))
        out = [self.function(f) for f in self.functions]
        out.append(self.main())
        return "\n".join([PRELUDE, FOREIGN if self.foreign else NOT_FOREIGN, *out])

    # -------------------------------------------------------------- functions
    def function(self, f: Function) -> str:
        own = [f"a{i} {PARAMS[k]}" for i, k in enumerate(f.params)]
        params = ", ".join(["w *task", "d int", *own])
        lines = [f"func {f.name}({params}) {RESULTS[f.results - 1]} {{"]
        self.lines = lines
        self.counter = 0
        self.f = f
        # variables in scope by kind
        self.env: dict[str, list[str]] = {k: [] for k in PARAMS}
        for i, k in enumerate(f.params):
            self.env[k].append(f"a{i}")
        lines.append("\tx := d*7 + 1")
        lines.append(f"\tvar arr [{3 + self.pick(6)}]int")
        lines.append("\t_ = arr")
        self.env["int"] += ["x", "d"]
        self.env["slice"].append("arr[:]")
        if f.results > 3 and self.pick(2):
            lines.append("\tdefer func() { r ^= x*3 + len(t) }()")
        lines.append("\tw.fuel--")
        lines.append("\tif d <= 0 || w.fuel < 0 {")
        lines += ["\t" + u for u in self.uses()]
        lines.append("\t\t" + self.returning())
        lines.append("\t}")
        for _ in range(3 + self.pick(8)):
            self.statement()
        lines += self.uses()
        lines.append("\t" + self.returning())
        lines.append("}\n")
        return "\n".join(lines)

    def returning(self) -> str:
        escaping = "new(int)"
        n = self.f.results
        if n == 1:
            return "return x"
        if n == 2:
            return "return x, x ^ arr[0]"
        if n == 3:
            return f"return x, {escaping}, arr[1]"
        if n == 4:
            return 'return x, []int{x, d}, fmt.Sprint("t", x%10), &node{v: x}'
        return f'return x, {escaping}, "abc"[:uint(x)%3], arr[2], []int{{d}}, float64(x%100) / 4'

    def uses(self) -> list[str]:
        """A statement for each variable, so that none is dead. What a call returns is kept
        before it is added: Go leaves open whether ``x += f()`` reads x before the call."""
        e = self.env
        out = [f"{v}" for v in e["int"] if v not in ("x", "d")]
        out += [f"*{v}" for v in e["ptr"]]
        out += [f"**{v}" for v in e["ptrptr"]]
        out += [f"*at({v}, d)" for v in e["slice"] if not v.startswith("arr")]
        out += [f"{v}.sum()" for v in e["node"]]
        out += [f"{v}(d)" for v in e["func"]]
        out += [f"{v}.add(d)" for v in e["iface"]]
        out += [f"len({v})" for v in e["str"]]
        out += [f"int({v})" for v in e["float"]]
        out += [f"{v}.add(1)" for v in e["value"]]
        out += [f"{v}.sum()" for v in e["large"]]
        out += [f"weigh({v})" for v in e["any"]]
        return [f"\t{{\n\t\tt := {u}\n\t\tx = x*5 + t\n\t}}" for u in out[:12]]

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def emit(self, line: str) -> None:
        self.lines.append("\t" + line)

    def value(self, kind: str, escaping: bool = False) -> str:
        """An expression of the kind; an escaping one may leave the frame."""
        have = self.env[kind]
        if have and self.pick(3) and not (kind == "slice" and escaping):
            return self.choose(have)
        if kind == "int":
            return str(self.pick(100))
        if kind == "ptr":
            return self.choose(["&x", "&arr[1]", "at(arr[:], d)", "new(int)", "&w.global"])
        if kind == "ptrptr":
            p = self.fresh("p")
            self.emit(f"{p} := {self.value('ptr')}")
            return f"&{p}"
        if kind == "slice":
            return self.choose(["arr[:]", "arr[1:]", "arr[:2]", "[]int{d, x, 3}", "make([]int, 4)"])
        if kind == "node":
            inner = self.choose(self.env["node"]) if self.env["node"] else "nil"
            fields = f"v: {self.value('int')}, next: {inner}, p: {self.value('ptr')}, s: arr[1:]"
            return "&node{" + fields + "}"
        if kind == "func":
            return self.choose(
                [
                    "func(y int) int { x += y; return x }",
                    "func(y int) int { arr[uint(y)%3] += y; return arr[0] }",
                    "func(y int) int { return y * 3 }",
                ]
            )
        if kind == "iface":
            return self.choose(
                [
                    "new(counter)",
                    f"byValue{{x, d, {self.value('ptr') if not self.pick(4) else 'nil'}}}",
                    "adder(byValue{1, 2, nil})",
                ]
            )
        if kind == "str":
            return self.choose(['"abc"', "fmt.Sprint(d)", '"x" + string(rune(65+d%26))'])
        if kind == "float":
            return self.choose(["1.5", "float64(x%1000)", "float64(d) / 3"])
        if kind == "any":
            boxed = self.choose(["int", "str", "value", "ptr", "float"])
            return f"any({self.value(boxed)})"
        if kind == "large":
            up = self.choose(["nil", *(f"&{v}" for v in have)])
            p, s = self.value("ptr"), self.value("slice")
            return f"large{{[3]int{{x, d, {self.value('int')}}}, {p}, {s}, {up}}}"
        return f"byValue{{{self.value('int')}, d, {self.value('ptr')}}}"

    def statement(self) -> None:
        name = self.choose(STATEMENTS)
        if name in GOROUTINES:
            GOROUTINES[name](self)
        else:
            getattr(self, "_" + name)()

    def call(self, depth: str = "d-1") -> None:
        """A call of one of the functions."""
        g = self.functions[self.pick(len(self.functions))]
        self._bind(g, f"{g.name}({self._args(g, depth)})")

    def _local(self) -> None:
        kind = self.choose(list(PARAMS))
        v = self.fresh("v")
        value = self.value(kind)
        if kind == "func":
            self.emit(f"{v} := {value}")
        else:
            self.emit(f"var {v} {PARAMS[kind]} = {value}")
        self.emit(f"_ = {v}")
        self.env[kind].append(v)

    def _store(self) -> None:
        p = self.value("ptr")
        if p.startswith("&"):
            p = f"({p})"
        self.emit(f"*{p} += {self.value('int')} + x%17")

    def _loop(self) -> None:
        i = self.fresh("i")
        self.emit(f"for {i} := 0; {i} < {1 + self.pick(4)}; {i}++ {{")
        self.emit(f"\tarr[{i}%3] += {i} + {self.value('int')}")
        if self.pick(2):
            self.emit(f"\tp := &{i}")
            self.emit("\tx += *p")
        self.emit("}")

    def _call(self) -> None:
        self.call()

    def _args(self, g: Function, depth: str) -> str:
        return ", ".join(["w", depth] + [self.value(k) for k in g.params])

    def _bind(self, g: Function, call: str) -> None:
        a, b, c, e = (self.fresh("r") for _ in range(4))
        if g.results == 1:
            self.emit(f"{a} := {call}")
            self.emit(f"x += {a}")
        elif g.results == 2:
            self.emit(f"{a}, {b} := {call}")
            self.emit(f"x += {a} - {b}")
        elif g.results == 3:
            self.emit(f"{a}, {b}, {c} := {call}")
            self.emit(f"x += {a} + *{b} + {c}")
            self.env["ptr"].append(b)
        elif g.results == 5:
            n, s, f = (self.fresh("r") for _ in range(3))
            self.emit(f"{a}, {b}, {c}, {n}, {s}, {f} := {call}")
            self.emit(f"x += {a} ^ *{b} + len({c}) - {n} + int({f}) + len({s})")
            self.env["ptr"].append(b)
            self.env["slice"].append(s)
        else:
            self.emit(f"{a}, {b}, {c}, {e} := {call}")
            self.emit(f"x += {a} + len({c})")
            self.emit(f"x += *at({b}, d) + {e}.sum()")
            self.env["slice"].append(b)
            self.env["node"].append(e)

    def _closure(self) -> None:
        f = self.fresh("g")
        self.emit(f"{f} := func(k int) int {{")
        self.emit(f"\tx += k*{self.pick(9)}")
        for v in self.env["ptr"][:2]:
            self.emit(f"\t*{v} ^= k")
        self.emit("\tarr[0]++")
        self.emit(f"\treturn x + {self.value('int')}")
        self.emit("}")
        for arg in ("d", "x%3"):
            r = self.fresh("r")
            self.emit(f"{r} := {f}({arg})")
            self.emit(f"x += {r}")
        self.env["func"].append(f)

    def _append(self) -> None:
        s = self.fresh("s")
        self.emit(f"{s} := append({self.value('slice')}, x, {self.value('int')})")
        self.emit(f"_ = {s}")
        self.env["slice"].append(s)

    def _ranging(self) -> None:
        self.emit(f"for i, v := range {self.value('slice')} {{")
        self.emit("\tx = x*3 + v + i")
        self.emit("}")

    def _garbage(self) -> None:
        self.emit(f"for i := 0; i < {1 + self.pick(5)}; i++ {{")
        self.emit("\tw.node = &node{v: i, next: w.node}")
        self.emit("}")
        self.emit("x += w.node.v")
        self.emit("w.node = nil")

    def _branch(self) -> None:
        self.emit(f"if x&{1 + self.pick(3)} == 0 {{")
        self.emit(f"\tx += {self.value('int')}")
        self.emit("} else {")
        self.emit("\tarr[2] -= x")
        self.emit("}")

    def _assertion(self) -> None:
        a = self.fresh("e")
        self.emit(f"var {a} any = {self.value('any')}")
        self._use(f"weigh({a})")
        self.env["any"].append(a)

    def _use(self, call: str) -> None:
        r = self.fresh("r")
        self.emit(f"{r} := {call}")
        self.emit(f"x = x*3 + {r}")

    def _deep(self) -> None:
        """A recursion that a stack of 2 KiB has no room for."""
        f = self.choose(["deep", "deep", "unwind"])
        self.emit("if w.fuel > 0 {")
        self.emit("\tw.fuel -= 20")
        n = 5 + self.pick(90)
        self._use(f"{f}({n}, {self.value('ptr')}, {self.value('func')})")
        self.emit("}")

    def _deferred(self) -> None:
        """Deferred calls see the frame as it is when the function returns."""
        p = self.value("ptr")
        how = self.pick(4)
        if how == 0:
            self.emit(f"defer add({p}, {self.value('int')})")
        elif how == 1:
            self.emit(f"for i := range {1 + self.pick(3)} {{")
            self.emit(f"\tdefer func() {{ arr[i%3] += x; add({p}, i) }}()")
            self.emit("}")
        elif how == 2:
            self.emit("if x&1 == 0 {")
            self.emit(f"\tdefer func() {{ add({p}, x%64) }}()")
            self.emit("}")
        else:
            f = self.value("func")
            self.emit(f"defer func(k int) {{\n\t\tt := ({f})(k)\n\t\tw.global += t\n\t}}(x)")

    def _guarded(self) -> None:
        """A call that may panic, and is recovered from."""
        g = self.functions[self.pick(len(self.functions))]
        r = self.fresh("r")
        self.emit(f"{r} := func(k int) (res int) {{")
        self.emit("\tsaved := w.guards")
        self.emit("\tw.guards++")
        self.emit("\tdefer func() {")
        self.emit("\t\tw.guards = saved")
        self.emit("\t\tif e := recover(); e != nil {")
        self.emit("\t\t\tx += k")
        self.emit("\t\t\tres += weigh(e)")
        self.emit("\t\t}")
        self.emit("\t}()")
        blanks = ", _" * RESULTS[g.results - 1].count(",")
        self.emit(f"\tres{blanks} = {g.name}({self._args(g, 'd-1')})")
        self.emit(f"\tif x&{1 + self.pick(7)} == 0 {{\n\t\t\tpanic(x & 0xfff)\n\t\t}}")
        self.emit("\treturn res")
        self.emit("}(d)")
        self.emit(f"x ^= {r}")

    def _panicking(self) -> None:
        self.emit(f"if w.guards > 0 && x&{1 + 2 * self.pick(4)} == {self.pick(2)} {{")
        self.emit(self.choose(["\tpanic(x % 1000)", "\tarr[uint(x)%9+uint(len(arr))]++"]))
        self.emit("}")

    def _method(self) -> None:
        """A method value: a closure with a pointer, or a value, in it."""
        m = self.fresh("m")
        if self.env["node"] and self.pick(2):
            self.emit(f"{m} := {self.choose(self.env['node'])}")
            self.emit(f"if {m} == nil {{\n\t\t{m} = &node{{v: d}}\n\t}}")
            self.env["func"].append(f"{m}.bump")
            self._use(f"{m}.bump(d)")
        else:
            self.emit(f"{m} := ({self.value('value')}).add")
            self.env["func"].append(m)
            self._use(f"{m}(d)")

    def _pointers(self) -> None:
        ps = self.fresh("ps")
        items = ", ".join(self.value("ptr") for _ in range(3))
        self.emit(f"{ps} := [3]*int{{{items}}}")
        self.emit(f"*{ps}[uint(x)%3] += d")
        self._use(f"total({ps}[0], &x, {ps}[2])" if self.pick(2) else f"total({ps}[:]...)")
        self.env["ptr"].append(f"{ps}[1]")

    def _big(self) -> None:
        """A frame that no small stack has room for."""
        b = self.fresh("big")
        n = 100 + 150 * self.pick(8)
        self.emit(f"var {b} [{n}]int")
        self.emit(f"{b}[uint(x)%{n}] = x")
        self.env["ptr"].append(f"&{b}[uint(x)%{n}]")
        self.env["slice"].append(f"{b}[{n - 3}:]")

    def _walk(self) -> None:
        n = self.value("node")
        n = f"({n})" if n.startswith("&") else n
        self.emit(f"for v := range {n}.walk {{")
        self.emit("\tx = x*3 + v")
        if self.pick(2):
            self.emit("\tif x&3 == 1 {\n\t\t\tbreak\n\t\t}")
        self.emit("}")

    def _map(self) -> None:
        m = self.fresh("m")
        self.emit(f"{m} := map[int]int{{x & 7: {self.value('int')}, 100 + d&3: x}}")
        self.emit(f"for k, v := range {m} {{")
        self.emit("\tarr[2] += k ^ v")
        self.emit("}")

    def _collect(self) -> None:
        """A collection, after which a stack that had to be large is to become smaller."""
        if self.pick(2):
            self._deep()
        self.emit("collect(w)")

    def _foreign(self) -> None:
        """A function that C calls: it does what others do, below frames that cannot move."""
        self.foreign = True
        p = self.value("ptr")
        if self.pick(4) == 0:
            last = self.fresh("t")
            self.emit(f"{last} := 0")
            self.emit(f"again({p}, func(a, b *int) int32 {{")
            self.emit("\ty := *a")
            self.emit(f"\t{last} = deep({self.pick(90)}, &y, func(k int) int {{ return k ^ *b }})")
            self.emit("\treturn int32(*b)")
            self.emit("})")
            self.emit(f"x += {last}")
            return
        self.emit(f"foreign({p}, func(a, b *int) int32 {{")
        outer = self.env
        self.env = {k: list(v) for k, v in outer.items()}
        self.env["ptr"] += ["a", "b"]
        for _ in range(1 + self.pick(3)):
            self.statement()
        self.emit("\t*b ^= *a >> 1")
        self.emit("\treturn int32(x)")
        self.emit("})")
        self.env = outer

    def main(self) -> str:
        f = self.functions[0]
        self.lines = lines = ["func main() {"]
        self.counter = 0
        self.f = Function("main", [], 1)
        self.env = {k: [] for k in PARAMS}
        lines += ["\td, x := 3, 1", "\tvar arr [4]int", "\t_, _, _ = d, x, arr"]
        lines += ["\tvar t task", "\tw := &t", "\tw.fuel = 3000"]
        for depth in (1, 3, 4 + self.pick(3)):
            args = ", ".join(["w", str(depth)] + [self.value(k) for k in f.params])
            self._bind(f, f"{f.name}({args})")
        lines += ['\tfmt.Println("x", x, "arr", arr, "global", w.global)', "}"]
        return "\n".join(lines) + "\n"


STATEMENTS = [
    "local", "local", "local", "store", "loop", "call", "call", "call", "goroutine", "channel",
    "closure", "append", "ranging", "garbage", "branch", "assertion", "deep", "deep", "deferred",
    "guarded", "panicking", "method", "pointers", "big", "walk", "map", "collect", "foreign",
    "crew", "crew", "locked", "relay", "merge", "dying", "later",
]  # fmt: skip
