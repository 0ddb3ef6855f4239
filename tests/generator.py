"""Random well-typed programs that make moving stacks hard.

Functions recurse into one another and pass pointers to their own variables, slices of
their own arrays, structs linked through frames, closures over their variables, and
interfaces; some of it in goroutines. All arithmetic wraps and every index is reduced, so a
program has one answer. What is drawn comes from a ``pick(n)`` function (0 <= result < n),
so that hypothesis can shrink a program by shrinking its picks.
"""

from __future__ import annotations

from collections.abc import Callable

PRELUDE = """\
package main

import "fmt"

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

var global int
var fuel = 3000 // calls left: the recursion is as bushy as it likes until then
var globalNode *node
"""

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
}


class Function:
    def __init__(self, name: str, params: list[str], results: int) -> None:
        self.name = name
        self.params = params
        self.results = results


class Generator:
    def __init__(self, pick: Callable[[int], int]) -> None:
        self.pick = pick
        self.functions: list[Function] = []

    def choose(self, options: list[str]) -> str:
        return options[self.pick(len(options))]

    def program(self) -> str:
        kinds = list(PARAMS)
        for i in range(2 + self.pick(4)):
            params = [kinds[self.pick(len(kinds))] for _ in range(self.pick(7))]
            self.functions.append(Function(f"f{i}", params, 1 + self.pick(4)))
        out = [PRELUDE]
        out += [self.function(f) for f in self.functions]
        out.append(self.main())
        return "\n".join(out)

    # -------------------------------------------------------------- functions
    def function(self, f: Function) -> str:
        params = ", ".join(["d int"] + [f"a{i} {PARAMS[k]}" for i, k in enumerate(f.params)])
        results = ["int", "(int, int)", "(int, *int, int)", "(r int, s []int, t string, q *node)"]
        lines = [f"func {f.name}({params}) {results[f.results - 1]} {{"]
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
        lines.append("\tfuel--")
        lines.append("\tif d <= 0 || fuel < 0 {")
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
        return 'return x, []int{x, d}, fmt.Sprint("t", x%10), &node{v: x}'

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
            return self.choose(["&x", "&arr[1]", "at(arr[:], d)", "new(int)", "&global"])
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
                    f"byValue{{x, d, {self.value('ptr')}}}",
                    "adder(byValue{1, 2, nil})",
                ]
            )
        if kind == "str":
            return self.choose(['"abc"', "fmt.Sprint(d)", '"x" + string(rune(65+d%26))'])
        if kind == "float":
            return self.choose(["1.5", "float64(x%1000)", "float64(d) / 3"])
        return f"byValue{{{self.value('int')}, d, {self.value('ptr')}}}"

    def statement(self) -> None:
        getattr(self, "_" + self.choose(STATEMENTS))()

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
        g = self.functions[self.pick(len(self.functions))]
        args = ", ".join(["d-1"] + [self.value(k) for k in g.params])
        call = f"{g.name}({args})"
        self._bind(g, call)

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
        else:
            self.emit(f"{a}, {b}, {c}, {e} := {call}")
            self.emit(f"x += {a} + len({c})")
            self.emit(f"x += *at({b}, d) + {e}.sum()")
            self.env["slice"].append(b)
            self.env["node"].append(e)

    def _goroutine(self) -> None:
        g = self.functions[self.pick(len(self.functions))]
        args = ", ".join(["d-2"] + [self.value(k, True) for k in g.params])
        c = self.fresh("c")
        blanks = ", _" * (g.results - 1)
        self.emit(f"{c} := make(chan int{self.choose(['', ', 1'])})")
        self.emit("go func() {")
        self.emit(f"\tv{blanks} := {g.name}({args})")
        self.emit(f"\t{c} <- v")
        self.emit("}()")
        r = self.fresh("r")
        self.emit(f"{r} := <-{c}")
        self.emit(f"x ^= {r}")

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
        self.env["slice"].append(s)

    def _ranging(self) -> None:
        self.emit(f"for i, v := range {self.value('slice')} {{")
        self.emit("\tx = x*3 + v + i")
        self.emit("}")

    def _garbage(self) -> None:
        self.emit(f"for i := 0; i < {1 + self.pick(5)}; i++ {{")
        self.emit("\tglobalNode = &node{v: i, next: globalNode}")
        self.emit("}")
        self.emit("x += globalNode.v")
        self.emit("globalNode = nil")

    def _branch(self) -> None:
        self.emit(f"if x&{1 + self.pick(3)} == 0 {{")
        self.emit(f"\tx += {self.value('int')}")
        self.emit("} else {")
        self.emit("\tarr[2] -= x")
        self.emit("}")

    def _assertion(self) -> None:
        a = self.fresh("e")
        self.emit(
            f"var {a} any = {self.value(self.choose(['int', 'str', 'value', 'ptr', 'float']))}"
        )
        self.emit(f"switch t := {a}.(type) {{")
        self.emit("case int:\n\t\tx += t")
        self.emit("case string:\n\t\tx += len(t)")
        self.emit("case byValue:\n\t\tx += t.a - t.b")
        self.emit("case *int:\n\t\tx += *t")
        self.emit("case float64:\n\t\tx += int(t)")
        self.emit("}")

    def main(self) -> str:
        f = self.functions[0]
        self.lines = lines = ["func main() {"]
        self.counter = 0
        self.f = Function("main", [], 1)
        self.env = {k: [] for k in PARAMS}
        lines += ["\td, x := 3, 1", "\tvar arr [4]int", "\t_, _, _ = d, x, arr"]
        for depth in (1, 3, 4 + self.pick(3)):
            args = ", ".join([str(depth)] + [self.value(k) for k in f.params])
            self._bind(f, f"{f.name}({args})")
        lines += ['\tfmt.Println("x", x, "arr", arr, "global", global)', "}"]
        return "\n".join(lines) + "\n"


STATEMENTS = [
    "local", "local", "store", "loop", "call", "call", "goroutine", "closure", "append", "ranging",
    "garbage", "branch", "assertion",
]  # fmt: skip
