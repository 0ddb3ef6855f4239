"""Goroutines for random programs (``generator``).

Those that run side by side have variables of their own, and what they make is added up, or
arrives in the order of one channel: whoever is interrupted when, the outcome is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.generator import Generator

Env = dict[str, list[str]]


@contextmanager
def inside(g: Generator, env: Env) -> Iterator[None]:
    """What is drawn in this context sees these variables."""
    outer = g.env
    g.env = env
    yield
    g.env = outer


@contextmanager
def begin(g: Generator, params: str, args: str) -> Iterator[None]:
    """A goroutine that knows only its parameters, d among them, and shares w's fuel."""
    fuel = g.fresh("fuel")
    g.emit(f"{fuel} := w.share({2 + g.pick(6)})")
    g.emit(f"go func({params}, fuel int) {{")
    g.emit("\tt := task{fuel: fuel}")
    g.emit("\tw := &t")
    g.emit("\tx := d + 2")
    g.emit("\tvar arr [3]int")
    g.emit("\t_, _, _ = w, x, arr")
    env: Env = {k: [] for k in g.env}
    env["int"] = ["x", "d"]
    env["slice"] = ["arr[:]"]
    with inside(g, env):
        yield
    g.emit(f"}}({args}, {fuel})")


def goroutine(g: Generator) -> None:
    """A goroutine that is waited for; it may share its starter's variables."""
    c = g.fresh("c")
    g.emit(f"{c} := make(chan int{g.choose(['', ', 1'])})")
    if g.pick(6):
        with begin(g, f"d int, {c} chan int", f"d, {c}"):
            g.call("d-2")
            g.emit(f"\t{c} <- x + arr[1]")
    else:
        g.emit("go func(d, fuel int) {")
        g.emit("\tw := &task{fuel: fuel}")
        with inside(g, {k: list(v) for k, v in g.env.items()}):
            g.call("d-2")
            g.emit(f"\t{c} <- x + arr[1]")
        g.emit("}(d, w.share(2))")
    receive(g, c)


def receive(g: Generator, c: str) -> None:
    r = g.fresh("r")
    how = g.pick(4)
    if how == 0:
        g.emit(f"{r} := <-{c}")
        g.emit(f"x ^= {r}")
        return
    g.emit("select {")
    if how == 1:
        g.emit(f"case {r} := <-{c}:\n\t\tx ^= {r}")
    else:
        g.emit(f"case arr[{g.pick(3)}] = <-{c}:\n\t\tx ^= arr[1]")
    g.emit("case <-(chan int)(nil):")
    if how == 3:
        g.emit("case (chan [3]int)(nil) <- [3]int{d, 1}:")
    g.emit("}")


def channel(g: Generator) -> None:
    """Elements that are received into the frame, and sent from it, by a goroutine that waits
    while this one recurses."""
    a, b, t = g.fresh("c"), g.fresh("c"), g.fresh("t")
    g.emit(f"{a}, {b} := make(chan byValue), make(chan [3]int)")
    g.emit(f"go func(d int, more bool) {{\n\t\tv := <-{a}\n\t\tw := d\n\t\tt := 0")
    g.emit(f"\tif more {{\n\t\t\tt = deep({g.pick(60)}, &w, v.add)\n\t\t}}")
    g.emit(f"\tselect {{\n\t\tcase {b} <- [3]int{{t, w, v.a}}:\n\t\tcase <-{a}:\n\t\t}}")
    g.emit("}(d, w.fuel > 0)")
    g.emit(f"{a} <- byValue{{x, d, nil}}")
    if g.pick(2):
        g.call()
    g.emit(f"{t} := <-{b}")
    g.emit(f"x += {t}[0] ^ {t}[1] - {t}[2]")
    g.emit(f"arr[1] ^= {t}[uint(x)%3]")
    g.env["slice"].append(f"{t}[:]")


def crew(g: Generator) -> None:
    """Several goroutines that do different things at the same time, while this one goes on."""
    c = g.fresh("c")
    n = 2 + g.pick(3)
    g.emit(f"{c} := make(chan int{g.choose(['', ', 2'])})")
    for i in range(n):
        with begin(g, f"d int, {c} chan int", f"d-{i % 2}, {c}"):
            for _ in range(g.pick(2)):
                g.statement()
            g.call("d-2")
            g.emit(f"\t{c} <- x ^ w.global - arr[1]")
    if g.pick(3):
        g.call()
    total(g, c, n)


def total(g: Generator, c: str, n: int) -> None:
    """The sum of what n goroutines send."""
    g.emit(f"for range {n} {{\n\t\tr := <-{c}\n\t\tx += r\n\t}}")


def locked(g: Generator) -> None:
    """Goroutines that wait for a lock, and for one another."""
    mu, wg, sum_ = g.fresh("mu"), g.fresh("wg"), g.fresh("sum")
    g.emit(f"var {mu} sync.Mutex")
    g.emit(f"var {wg} sync.WaitGroup")
    g.emit(f"{sum_} := 0")
    for _ in range(2 + g.pick(2)):
        g.emit(f"{wg}.Add(1)")
        with begin(g, "d int", "d"):
            g.emit(f"\tdefer {wg}.Done()")
            if g.pick(2):
                g.call("d-2")
            depth = g.pick(60)
            g.emit(f"\tr := alone(&{mu}, func() int {{")
            g.emit(f"\t\tr := deep({depth}, &x, func(k int) int {{ return k + arr[1] }})")
            g.emit(f"\t\t{sum_} += r")
            g.emit("\t\treturn r")
            g.emit("\t})")
            g.emit(f"\t{mu}.Lock()\n\t\t{sum_} -= r >> 1\n\t\t{mu}.Unlock()")
    if g.pick(2):
        g.call()
    g.emit(f"{wg}.Wait()")
    g.emit(f"x += {sum_}")


def relay(g: Generator) -> None:
    """Values that go from one goroutine to the next, each of which works on them."""
    first, last, v = g.fresh("c"), g.fresh("c"), g.fresh("v")
    g.emit(f"{first} := make(chan byValue)")
    g.emit(f"{last} := {first}")
    g.emit(f"for i := range {1 + g.pick(3)} {{")
    g.emit(f"\tnext := make(chan byValue{g.choose(['', ', 1'])})")
    g.emit("\tgo func(from, to chan byValue) {")
    g.emit("\t\tdefer close(to)")
    g.emit("\t\tfor v := range from {")
    g.emit("\t\t\ty := v.a")
    g.emit(f"\t\t\tr := deep({g.pick(50)}+i, &y, v.add)")
    g.emit("\t\t\tto <- byValue{r, y, nil}")
    g.emit("\t\t}")
    g.emit(f"\t}}({last}, next)")
    g.emit(f"\t{last} = next")
    g.emit("}")
    g.emit("go func(x, d int) {")
    g.emit(f"\tfor i := range {1 + g.pick(4)} {{")
    g.emit(f"\t\t{first} <- byValue{{x + i, d, nil}}")
    g.emit("\t}")
    g.emit(f"\tclose({first})")
    g.emit("}(x, d)")
    if g.pick(2):
        g.call()
    g.emit(f"for {v} := range {last} {{\n\t\tx = x*3 + {v}.a - {v}.b\n\t}}")


def merge(g: Generator) -> None:
    """A select that takes what comes, from goroutines that select, too."""
    a, b = g.fresh("c"), g.fresh("c")
    g.emit(f"{a}, {b} := make(chan int), make(chan [3]int{g.choose(['', ', 1'])})")
    n = 0
    for _ in range(2 + g.pick(2)):
        k = 1 + g.pick(3)
        n += k
        with begin(g, "d int", "d"):
            if g.pick(2):
                g.call("d-2")
            g.emit(f"\tfor i := range {k} {{")
            g.emit(f"\t\tr := deep({g.pick(40)}, &arr[i%3], func(k int) int {{ return k ^ x }})")
            # the same sum, whichever case is taken
            g.emit("\t\tv := [3]int{r, r, r}")
            g.emit("\t\tselect {")
            g.emit(f"\t\tcase {a} <- r:")
            g.emit(f"\t\tcase {b} <- v:")
            g.emit("\t\t}")
            g.emit("\t}")
    if g.pick(2):
        g.call()
    g.emit(f"for range {n} {{")
    g.emit("\tvar v [3]int")
    g.emit("\tselect {")
    g.emit(f"\tcase r := <-{a}:\n\t\t\tx += r")
    g.emit(f"\tcase v = <-{b}:\n\t\t\tx += v[uint(d)%3]")
    g.emit("\t}")
    g.emit("}")


def dying(g: Generator) -> None:
    """Goroutines that end by Goexit, or by a panic that their outermost function recovers,
    deep in a recursion that has deferred calls."""
    c = g.fresh("c")
    g.emit(f"{c} := make(chan int)")
    n = 1 + g.pick(2)
    for _ in range(n):
        with begin(g, f"d int, {c} chan int", f"d, {c}"):
            g.emit("\tdefer func() {")
            g.emit("\t\te := recover()")
            g.emit(f"\t\t{c} <- x + weigh(e)")
            g.emit("\t}()")
            if g.pick(2):
                f = "func(k int) int { return k + arr[1] }"
                g.emit(f"\tdefer func() {{\n\t\tr := deep({g.pick(60)}, &x, {f})")
                g.emit("\t\tx ^= r\n\t\t}()")
            g.emit("\tw.guards = 1")
            if g.pick(2):
                g.call("d-2")
            end = g.choose(["runtime.Goexit()", "panic(k)", "panic(fmt.Sprint(k % 10))"])
            g.emit(f"\tunwind({g.pick(50)}, &arr[0], func(k int) int {{")
            g.emit(f"\t\tif k != 1<<40 {{\n\t\t\t\t{end}\n\t\t\t}}")
            g.emit("\t\treturn k")
            g.emit("\t})")
    if g.pick(2):
        g.call()
    total(g, c, n)


def later(g: Generator) -> None:
    """Others run."""
    g.emit(g.choose(["runtime.Gosched()", "runtime.Gosched()", "later()"]))


GOROUTINES: dict[str, Callable[[Generator], None]] = {
    f.__name__: f for f in (goroutine, channel, crew, locked, relay, merge, dying, later)
}
