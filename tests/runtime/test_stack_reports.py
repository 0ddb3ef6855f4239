"""What stackdebug prints: each level its own lines, all of known shape (docs/debug.md shows
samples); and what a move says of junk in a pointer slot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness import build, run

X = r"0x[0-9a-f]+"
SPAN = rf"\d+ \[{X},{X}\)"
SIZES = r"used=\d+ size=\d+ -> \d+"
BOUNDS = rf"\[{X} {X} {X}\]"
FRAME = rf"\[{X},{X}\) pc={X}"
KINDS = "slot|object|register argument|stack argument|context|deferred call|waiting value"

# The shapes of the lines that each level adds.
SHAPES = {
    1: [
        rf"stackalloc {SPAN}",
        rf"stackfree {SPAN}",
        rf"stack kept {SPAN}",
        rf"stack used again {SPAN}",
        rf"stackreserve {SPAN}",
        rf"stackunreserve {SPAN}",
        rf"stack grows in place {SPAN}",
        rf"stack shrinks in place {SPAN}",
        rf"newstack gp=\d+ .+ frame=\d+ {SIZES}",
        rf"shrinkstack gp=\d+ {SIZES}",
        rf"(?:newsegment|oldstack) gp=\d+ \[{X},{X}\) -> \[{X},{X}\)/\d+",
        rf"copystack gp=\d+ {BOUNDS} -> {BOUNDS}/\d+",
        r"copystack gp=\d+ adjusted \d+ words, \d+ frames",
    ],
    2: [
        rf"    adjusting .+ frame={FRAME} slots=\d+ objects=\d+",
        rf"    entering .+ args={FRAME} registers={X}",
    ],
    3: [rf"        (?:{kind}) {X}: {X} -> {X}" for kind in KINDS.split("|")],
    4: [rf"        (?:{KINDS}) {X}: {X}"],
}

EVERYTHING = """\
package main

import "runtime"

type big [20]*int

//go:noinline
func pad(n int) int {
	var room [100]int
	room[n%100] = n
	if n > 0 {
		return pad(n-1) + room[n%100]
	}
	return 0
}

//go:noinline
func huge(n int) int {
	var room [6000]int
	room[n] = n
	if n > 0 {
		return huge(n-1) + room[n]
	}
	return 0
}

//go:noinline
func many(a, b, c, d, e, f int, p *int, n int, g func()) int {
	var ps big
	for i := range ps {
		ps[i] = p
	}
	defer g()
	for range 2 {
		defer pad(2)
	}
	if n > 0 {
		many(a, b, c, d, e, f, p, n-1, func() { *p += n })
	}
	pad(3)
	*ps[n%20] += a
	return *p
}

func wait(c chan int, done chan bool) {
	v := <-c
	println("received", v)
	done <- true
}

func main() {
	x := 1
	many(1, 2, 3, 4, 5, 6, &x, 10, func() { x++ })
	println("many", x)
	huge(50)
	runtime.GC()
	runtime.GC()
	pad(1)
	c, done := make(chan int), make(chan bool)
	for range 2 {
		go func() {
			pad(10)
			done <- true
		}()
		<-done
		runtime.Gosched()
	}
	go wait(c, done)
	runtime.Gosched()
	runtime.GC()
	c <- 7
	<-done
	runtime.GC()
}
"""
SAID = ["many 68", "received 7"]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports") / "everything.gol"
    path.write_text(EVERYTHING, encoding="utf-8")
    return build(path)


def report(exe: Path, *modes: str) -> list[str]:
    r = run(exe, ",".join(["nopreempt=1", *modes]))
    assert r.returncode == 0, r.stderr
    return r.stderr.rstrip("\n").split("\n")


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_each_level_adds_lines_of_known_shape(everything: Path, level: int) -> None:
    lines = []
    for mode in ("stackinplace=1", "stackforcemove=1", "copystack=0"):
        lines += report(everything, f"stackdebug={level}", mode)
    shapes = [s for n in range(1, level + 1) for s in SHAPES[n]]
    unknown = [x for x in lines if not any(re.fullmatch(s, x) for s in shapes)]
    assert unknown == SAID * 3
    missing = [s for s in shapes if not any(re.fullmatch(s, x) for x in lines)]
    assert missing == []


def test_a_word_that_changes_changes_by_the_distance_of_the_move(everything: Path) -> None:
    delta = moves = 0
    words = frames = 0
    for line in report(everything, "stackdebug=4", "stackforcemove=1"):
        if m := re.fullmatch(rf"copystack gp=\d+ \[{X} {X} ({X})\] -> \[{X} {X} ({X})\]/\d+", line):
            delta = int(m[2], 16) - int(m[1], 16)
            words = frames = 0
        elif m := re.fullmatch(rf"        .* ({X}) -> ({X})", line):
            assert int(m[2], 16) - int(m[1], 16) == delta
            words += 1
        elif line.startswith("    adjusting "):
            frames += 1
        elif m := re.fullmatch(r"copystack gp=\d+ adjusted (\d+) words, (\d+) frames", line):
            assert (int(m[1]), int(m[2])) == (words, frames)
            moves += words > 0
    assert moves > 10


JUNK = """\
package main

import "unsafe"

//go:noinline
func junk() *int { return (*int)(unsafe.Pointer(uintptr(5))) }

//go:noinline
func deep(n int) int {
	var pad [50]int
	pad[n%50] = n
	if n > 0 {
		return deep(n-1) + pad[n%50]
	}
	return 0
}

//go:noinline
func local(p *int) *int {
	deep(20)
	return p
}

//go:noinline
func object(n int) *int {
	var ps [20]*int
	ps[n] = junk()
	deep(20)
	return ps[n-1]
}

//go:noinline
func register(n int, p *int) *int {
	var pad [1000]int
	pad[n] = n
	deep(pad[n])
	return p
}

//go:noinline
func memory(a, b, c, d, e, f int, p, q *int) *int {
	var pad [1000]int
	pad[a] = a
	deep(pad[a])
	return q
}

func main() {
	switch WHICH {
	case "local":
		local(junk())
	case "object":
		object(4)
	case "register":
		register(3, junk())
	case "memory":
		memory(1, 2, 3, 4, 5, 6, nil, junk())
	}
	println("not found")
}
"""


@pytest.mark.parametrize(
    ("which", "kind", "place"),
    [
        ("local", "", r" \(rsp\+\d+\)"),
        ("object", "", r" \(rsp\+\d+\)"),
        ("register", " argument", ""),
        ("memory", " argument", ""),
    ],
)
def test_junk_in_a_pointer_slot_ends_the_program(
    which: str, kind: str, place: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{which}.gol"
    path.write_text(JUNK.replace("WHICH", f'"{which}"'), encoding="utf-8")
    for mode in ("", "stackdebug=2", "stackfaultonfree=1"):
        r = run(build(path), mode)
        assert r.returncode == 2, r.stderr
        m = re.search(
            rf"^runtime: bad pointer in frame main\.(\w+) at {X}{kind} slot ({X}){place}: 0x5 "
            rf"stack \[({X}),({X})\)\nfatal error: invalid pointer found on stack\n\n"
            r"goroutine 1 \[running\]:\nmain\.",
            r.stderr,
            re.MULTILINE,
        )
        assert m, r.stderr
        slot, lo, hi = (int(x, 16) for x in m.groups()[1:])
        assert m[1] == which
        assert (lo <= slot < hi) == (which != "register")
        assert "not found" not in r.stderr
