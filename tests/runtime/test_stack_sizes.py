"""How large stacks are: from the first growth to what is given back, by what GOLDEBUG reports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import harness


def build(tmp_path: Path, body: str) -> Path:
    source = tmp_path / "main.gol"
    source.write_text("package main\n\n" + body, encoding="utf-8")
    return harness.build(source)


def stderr(exe: Path, debug: str) -> str:
    """What is reported of a run in which goroutines take turns by themselves alone: so they
    do the same each time."""
    r: subprocess.CompletedProcess[str] = harness.run(exe, f"{debug},nopreempt=1".lstrip(","))
    assert r.returncode == 0, r.stderr
    return r.stderr


def summary(text: str) -> dict[str, int]:
    """The counts of ``stacktrace=1``, by the word that follows each."""
    line = next(x for x in text.split("\n") if x.startswith("stacks: "))
    out: dict[str, int] = {}
    for count, word in re.findall(r"(\d+) (\w+)", line):
        out.setdefault(word, int(count))
    return out


# ------------------------------------------------------------------------ growing
LARGE_FRAME = """
//go:noinline
func large(n int) byte {
	var a [60 << 10]byte
	a[n] = byte(n)
	return a[n*3] + a[n]
}

func main() {
	println(large(7))
}
"""


def test_a_large_frame_needs_one_growth(tmp_path: Path) -> None:
    text = stderr(build(tmp_path, LARGE_FRAME), "stackdebug=1,stacktrace=1")
    assert summary(text)["growths"] == 1
    sizes = [int(x) for x in re.findall(r"^copystack .*/(\d+)$", text, re.M)]
    assert sizes == [64 << 10]


MANY_LARGE_FRAMES = """
//go:noinline
func large(n int) byte {
	var a [100 << 10]byte
	a[n] = byte(n)
	if n == 0 {
		return 1
	}
	return large(n-1) + a[n] - byte(n)
}

func main() { println(large(35)) }
"""


def test_frames_larger_than_the_stack_grow_in_place(tmp_path: Path) -> None:
    text = stderr(build(tmp_path, MANY_LARGE_FRAMES), "stackdebug=1")
    sizes = [int(x) for x in re.findall(r"^copystack .*/(\d+)$", text, re.M)]
    assert sizes == [128 << 10, 256 << 10, 512 << 10, 1 << 20]
    assert re.findall(r"^stack grows in place (\d+)", text, re.M) == [str(2 << 20), str(4 << 20)]


# ---------------------------------------------------------------------- shrinking
SHRINK = """
import "runtime"

//go:noinline
func deep(n int) int {
	var pad [16]int
	if n == 0 {
		return pad[n]
	}
	return deep(n-1) + pad[n&15] + 1
}

func main() {
	stop, sum := false, 0
	done := make(chan int)
	for i := 0; i < 5; i++ {
		go func() {
			n := deep(200)
			for !stop {
				runtime.Gosched()
				n += deep(0)
			}
			done <- n
		}()
	}
	for i := 0; i < 4; i++ {
		runtime.Gosched()
	}
	println("collect")
	runtime.GC()
	for i := 0; i < 4; i++ {
		runtime.Gosched()
	}
	stop = true
	for i := 0; i < 5; i++ {
		sum += <-done
	}
	println(sum)
}
"""


def test_goroutines_shrink_when_they_run_again(tmp_path: Path) -> None:
    text = stderr(build(tmp_path, SHRINK), "stackdebug=1,gctrace=1")
    before, _, rest = text.partition("collect\n")
    pause, _, after = rest.partition("gc 1 @")
    copies = r"^copystack gp=(\d+) .*/(\d+)$"
    grown = {g for g, n in re.findall(copies, before, re.M) if int(n) == 32 << 10}
    assert len(grown) == 5
    assert "copystack" not in pause
    assert {g for g, n in re.findall(copies, after, re.M) if int(n) == 16 << 10} == grown


# --------------------------------------------------------------- beginning and ending
SAME_FUNCTION = """
//go:noinline
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

func main() {
	done := make(chan int)
	sum := 0
	for i := 0; i < 1000; i++ {
		go func() { done <- deep(2000) }()
		sum += <-done
	}
	println(sum)
}
"""


def test_a_stack_is_used_again_by_the_same_function(tmp_path: Path) -> None:
    exe = build(tmp_path, SAME_FUNCTION)
    kept = summary(stderr(exe, "stacktrace=1"))
    assert kept["growths"] < 20
    assert kept["used"] > 990
    thrown_away = summary(stderr(exe, "stacktrace=1,stackcache=0"))
    assert thrown_away["used"] == 0
    assert thrown_away["growths"] >= 1000


COLLECTED = """
import "runtime"

//go:noinline
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

func main() {
	done := make(chan int)
	sum := 0
	for i := 0; i < 1000; i++ {
		go func() { done <- deep(2000) }()
		sum += <-done
		if i%100 == 99 {
			runtime.GC()
		}
	}
	println(sum)
}
"""


def test_a_collection_gives_kept_stacks_back(tmp_path: Path) -> None:
    text = stderr(build(tmp_path, COLLECTED), "stackdebug=1,adaptivestackstart=0")
    assert len(re.findall("^stack used again ", text, re.M)) == 990
    freed = text.split("stack used again")[-1]
    assert re.search(r"^stackfree 32768 ", freed, re.M)


ADAPTIVE = """
import "runtime"

//go:noinline
func deep(n int, in, out chan int) int {
	var pad [16]int
	if n == 0 {
		out <- 1
		return <-in + pad[0]
	}
	return deep(n-1, in, out) + pad[n&15] + 1
}

func round(n int) int {
	in, out := make(chan int), make(chan int)
	for i := 0; i < n; i++ {
		go func() { out <- deep(30, in, out) }()
	}
	for i := 0; i < n; i++ {
		<-out
	}
	runtime.GC()
	sum := 0
	for i := 0; i < n; i++ {
		in <- 1
		sum += <-out
	}
	return sum
}

func main() {
	sum := 0
	for i := 0; i < 4; i++ {
		sum += round(100)
	}
	println(sum)
}
"""


def test_stacks_begin_with_what_a_collection_saw_in_use(tmp_path: Path) -> None:
    exe = build(tmp_path, ADAPTIVE)
    # 30 frames of at least 128 bytes, 4 KiB and more: two growths each from 2 KiB
    fixed = summary(stderr(exe, "stacktrace=1,stackcache=0,adaptivestackstart=0"))
    assert fixed["growths"] >= 4 * 100 * 2
    adaptive = summary(stderr(exe, "stacktrace=1,stackcache=0"))
    assert 200 <= adaptive["growths"] <= 220  # the first round's
    text = stderr(exe, "stackdebug=1,stackcache=0")
    sizes = [int(x) for x in re.findall(r"^stackalloc (\d+) ", text, re.M)]
    assert sizes.count(8192) >= 400


# ------------------------------------------------------------------------- bounds
BOUNDS = """
import "runtime"

//go:noinline
func deep(n int, in, out chan int) int {
	if n == 0 {
		out <- 1
		return <-in
	}
	return deep(n-1, in, out) + 1
}

func stacks() (inuse, sys uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse, m.StackSys
}

func main() {
	in, out := make(chan int), make(chan int)
	for i := 0; i < GOROUTINES; i++ {
		go func() { out <- deep(DEPTH, in, out) }()
	}
	for i := 0; i < GOROUTINES; i++ {
		<-out
	}
	println(stacks())
	for i := 0; i < GOROUTINES; i++ {
		in <- 1
		<-out
	}
	println(stacks())
	runtime.GC()
	runtime.GC()
	println(stacks())
}
"""


@pytest.mark.parametrize(
    ("goroutines", "depth", "size"),
    [(20000, 100, 8 << 10), (4000, 1000, 64 << 10), (40, 300000, 16 << 20)],
    ids=["chunks", "pages", "ranges"],
)
def test_what_is_kept_is_bounded(tmp_path: Path, goroutines: int, depth: int, size: int) -> None:
    body = BOUNDS.replace("GOROUTINES", str(goroutines)).replace("DEPTH", str(depth))
    lines = stderr(build(tmp_path, body), "").split("\n")
    (grown, _), (ended, kept), (_, given_back) = ([int(x) for x in s.split()] for s in lines[:3])
    assert grown >= goroutines * size
    assert ended < 4 << 20
    if size >= 32 << 10:  # a function's stacks, free ones of a size, spare ranges
        assert kept <= (4 << 20) + (32 << 20) + (64 << 20)
    assert given_back < 4 << 20


GIGABYTES = """
import "runtime"
import "runtime/debug"

//go:noinline
func chain(up *int, n int) int {
	x := n
	*up++
	if n == 0 {
		return 0
	}
	r := chain(&x, n-1)
	if x != n+1 {
		panic("a write to the caller's frame was lost")
	}
	return r + 1
}

func main() {
	debug.SetMaxStack(6 << 30)
	z := 0
	println(chain(&z, 4500<<20/32), z)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	println(m.StackInuse)
}
"""


@pytest.mark.skipif("GOL_TEST_LARGE" not in os.environ, reason="needs 5 GB of memory")
def test_gigabytes(tmp_path: Path) -> None:
    n = (4500 << 20) // 32
    lines = stderr(build(tmp_path, GIGABYTES), "").split("\n")
    assert lines[0] == f"{n} 1"
    assert int(lines[1]) >= 4500 << 20


# A process's peak counts from the one that it was made from: that one must be small.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_memory_of_many_goroutines_that_grow(n: int) -> None:
    if n > 100_000 and "GOL_TEST_LARGE" not in os.environ:
        pytest.skip("needs 4 GB of memory")
    exe = harness.build(harness.PROGRAMS / "runtime" / "growth" / "million.gol")
    r = subprocess.run(
        [sys.executable, "-c", PEAK, str(exe), str(n)], capture_output=True, text=True, check=True
    )
    assert int(r.stdout) * 1024 < n * 4500 + (64 << 20)  # a stack of 4 KiB for each, and its g
