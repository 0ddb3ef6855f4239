"""What a program costs to compile grows in step with its size."""

from __future__ import annotations

import gc
import math
import resource
import secrets
from collections.abc import Callable, Iterator

import pytest

from bench import source
from gol.cache import Cache
from gol.jit.build import build
from gol.launch import toolchain_id


def _main(body: str, declarations: str = "", imports: str = "") -> str:
    return f"package main\n{imports}\n{declarations}\nfunc main() {{\n{body}}}\n"


def _repeat(n: int, line: str) -> str:
    """``line`` n times, @ replaced by the number."""
    return "".join(line.replace("@", str(i)) for i in range(n))


SHAPES: dict[str, tuple[int, Callable[[int], str]]] = {
    "lines": (400, source.program),
    "statements": (
        300,
        lambda n: _main("x := 1\n" + _repeat(n, "if x > @ {\nx += @\n}\n") + "println(x)\n"),
    ),
    "strings": (
        200,
        lambda n: _main(
            's := ""\n' + _repeat(n, 's += f("s@", s)\n') + "println(s)\n",
            "//go:noinline\nfunc f(a, b string) string { return a + b }\n",
        ),
    ),
    "addresses": (
        40,
        lambda n: _main(
            _repeat(n, "x@ := @\ng(&x@)\n") + _repeat(n, "println(x@)\n"),
            "//go:noinline\nfunc g(p *int) { *p++ }\n",
        ),
    ),
    "prints": (60, lambda n: _main(_repeat(n, 'fmt.Println(@, "a")\n'), imports='import "fmt"')),
    "defers": (50, lambda n: _main(_repeat(n, "defer println(@)\n"))),
    "types": (
        50,
        lambda n: _main(
            _repeat(n, "var v@ any = t@{}\nprintln(v@ != nil)\n"),
            _repeat(n, "type t@ struct { a int }\nfunc (t *t@) M(x int) int { return x + t.a }\n"),
        ),
    ),
    "literal": (
        5000,
        lambda n: _main("println(len(t))\n", "var t = []int{\n" + _repeat(n, "@,\n") + "}\n"),
    ),
    "closures": (
        60,
        lambda n: _main(
            "s := 0\n" + _repeat(n, "f@ := func() { s += @ }\nf@()\n") + "println(s)\n"
        ),
    ),
    "map": (
        2000,
        lambda n: _main(
            "println(len(t))\n",
            "type p struct { x, y int }\n"
            "var t = map[string]p{\n" + _repeat(n, '"@": {@, 1},\n') + "}\n",
        ),
    ),
}  # fmt: skip


def cpu_seconds(text: str) -> float:
    def now() -> float:
        who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))

    text += f"// not in the cache: {secrets.token_hex(8)}\n"
    start = now()
    result = build([("x.gol", text.encode())], Cache(), toolchain_id())
    assert result.image is not None, result.diags.sorted()[:1]
    return now() - start


@pytest.fixture
def alone() -> Iterator[None]:
    """What tests before this one have left is none of the collector's business here."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("shape", SHAPES)
def test_cost_grows_in_step_with_size(shape: str, alone: None) -> None:
    n, make = SHAPES[shape]
    texts = _main(""), make(n), make(4 * n)
    cpu_seconds(texts[1])  # the packages that it imports are compiled now
    costs = [math.inf] * 3
    for measured in range(1, 7):  # the least: what else the machine does can only add to it
        costs = [min(c, cpu_seconds(t)) for c, t in zip(costs, texts)]
        least, small, large = costs
        # four times as much; quadratic cost would be sixteen times
        if measured > 1 and large - least < 7 * max(small - least, 0.05):
            return
    raise AssertionError(f"{shape}: {n} cost {small - least:.3f} s, {4 * n} {large - least:.3f} s")
