"""Segments are linked where a stack cannot move, and only there: counted by stacktrace=1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness import build, run

CALLBACKS = """package main

import "unsafe"

//gol:extern libc qsort onstack{how}
func qsort(base unsafe.Pointer, n, size uintptr, cmp func(a, b *int) int32)

//go:noinline
func down(n int) int {{
	var pad [16]int
	pad[n%16] = n
	if n == 0 {{
		return 0
	}}
	return down(n-1) + pad[n%16]
}}

var compared, sorts int

//go:noinline
func sort(depth int) {{
	a := [2]int{{2, 1}}
	sorts++
	qsort(unsafe.Pointer(&a), 2, 8, func(x, y *int) int32 {{
		compared++
		down(depth)
		if *x < *y {{
			return -1
		}}
		return 1
	}})
	if a[0] != 1 || a[1] != 2 {{
		panic("not sorted")
	}}
}}

func main() {{
	for i := 0; i < 100; i++ {{
		sort({depth})
	}}
	println(sorts, compared)
}}
"""

HOT = """package main

//go:noinline
func large(n int) int {
	var buf [400]int
	buf[n%400] = n
	return buf[(n+1)%400]
}

func main() {
	sum := 0
	for i := 0; i < 1000; i++ {
		sum += large(i)
	}
	println(sum)
}
"""


@dataclass
class Counts:
    growths: int
    segments: int
    raised: int
    retried: int
    said: str


def counts(source: str, where: Path, debug: str = "") -> Counts:
    path = where / "prog.gol"
    path.write_text(source)
    r = run(build(path), ",".join(x for x in ("stacktrace=1,nopreempt=1", debug) if x))
    assert r.returncode == 0, r.stderr
    said, _, summary = r.stderr.partition("stacks: ")
    numbers = re.match(
        r"(\d+) growths .*? shrinks"
        r"(?:, (\d+) segments, (\d+) growths after C, (\d+) calls of C retried)?;",
        summary,
    )
    assert numbers is not None, r.stderr
    growths, segments, raised, retried = (int(n or 0) for n in numbers.groups())
    return Counts(growths, segments, raised, retried, said.strip())


def test_no_segment_where_the_callback_fits(tmp_path: Path) -> None:
    c = counts(CALLBACKS.format(how="", depth=3), tmp_path)
    assert (c.said, c.segments, c.raised) == ("100 100", 0, 0)


def test_only_the_first_callback_gets_a_segment(tmp_path: Path) -> None:
    """Then the guard is raised: the next check in gol moves the stack to one that is large
    enough for the 99 calls that follow."""
    c = counts(CALLBACKS.format(how="", depth=3000), tmp_path)
    assert (c.said, c.segments, c.raised, c.retried) == ("100 100", 1, 1, 0)


def test_later_callbacks_of_one_call_get_as_much_as_the_first_had(tmp_path: Path) -> None:
    """Each has to have a segment, but only the first has to be moved to ever larger ones."""
    source = CALLBACKS.format(how="", depth=3000)
    source = source.replace("[2]int{2, 1}", "[16]int{2, 1}").replace("&a), 2, 8", "&a), 16, 8")
    source = source.replace("a[0] != 1 || a[1] != 2", "a[14] != 1 || a[15] != 2")
    source = source.replace("i < 100", "i < 1")
    c = counts(source, tmp_path)
    sorts, compared = map(int, c.said.split())
    assert sorts == 1
    assert c.segments == compared > 16
    assert c.growths < 16


def test_where_the_guard_is_not_raised_each_callback_gets_one(tmp_path: Path) -> None:
    c = counts(CALLBACKS.format(how="", depth=3000), tmp_path, "copystack=0")
    assert c.said == "100 100"
    assert c.segments >= 100
    assert c.raised == c.growths == 0


def test_idempotent_calls_are_made_again(tmp_path: Path) -> None:
    """The call is called off, the stack copied, the call made again, until it fits: C compares
    once more for each attempt, and no segment is linked."""
    c = counts(CALLBACKS.format(how=" idempotent", depth=3000), tmp_path)
    assert c.segments == 0
    assert c.retried >= 1
    assert c.said == f"100 {100 + c.retried}"
    assert c.growths >= c.retried


def test_idempotent_inside_a_call_that_is_not_gets_a_segment(tmp_path: Path) -> None:
    source = CALLBACKS.format(how=" idempotent", depth=3000).replace(
        "func main() {",
        """//gol:extern libc bsearch onstack
func bsearch(key, base unsafe.Pointer, n, size uintptr, cmp func(a, b *int) int32) *int

func main() {
	one := 1
	bsearch(unsafe.Pointer(&one), unsafe.Pointer(&one), 1, 8, func(x, y *int) int32 {
		sort(3000)
		return 0
	})""",
    )
    c = counts(source, tmp_path)
    assert c.segments > 0, "the outer call of C cannot be called off"
    assert c.said.startswith("101 ")


@pytest.mark.parametrize("cache", [0, 1])
def test_hot_split(tmp_path: Path, cache: int) -> None:
    """The cost that copying avoids: a segment each time round the loop."""
    assert counts(HOT, tmp_path).growths <= 2
    c = counts(HOT, tmp_path, f"copystack=0,segmentcache={cache}")
    assert c.segments >= 1000
    assert c.growths == 0


def test_a_panic_through_c_leaves_a_stack_that_moves(tmp_path: Path) -> None:
    source = CALLBACKS.format(how="", depth=3).replace(
        "down(3)", 'if sorts%2 == 1 { panic("odd") }'
    )
    source = source.replace(
        "	a := [2]int{2, 1}", "	a := [2]int{1, 2}\n	defer func() { recover() }()"
    )
    source = source.replace("println(", "down(5000)\n	println(")
    c = counts(source, tmp_path)
    assert (c.said, c.segments) == ("100 100", 0)
    assert c.growths >= 3
