"""gol as a guest in a Python process: loading, calling, and the ways in which calls end."""

from __future__ import annotations

import pytest

from tests.harness import MODES
from tests.jit.hosting import output, run_host

ENDS = """
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

func main() {}

type pair struct{ in, out int }

func double(p unsafe.Pointer) {
	q := (*pair)(p)
	q.out = 2 * q.in
	fmt.Println("double", q.in)
}

func index(p unsafe.Pointer) {
	var s []int
	s[(*pair)(p).in] = 1
}

func down(n int) int {
	var a [20]int
	a[n%20] = n
	return down(n+1) + a[(n+1)%20]
}

func overflow(p unsafe.Pointer) { down(0) }

func deadlock(p unsafe.Pointer) {
	defer fmt.Println("never")
	c := make(chan int)
	<-c
}

func exit(p unsafe.Pointer) { os.Exit((*pair)(p).in) }

func goexit(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	runtime.Goexit()
}

func unlock(p unsafe.Pointer) {
	var m sync.Mutex
	m.Unlock()
}

func background(p unsafe.Pointer) {
	go func() {
		time.Sleep(time.Millisecond)
		panic("in the background")
	}()
	time.Sleep(20 * time.Millisecond)
}

func recovered(p unsafe.Pointer) {
	defer func() { fmt.Println("recovered", recover()) }()
	index(p)
}
"""


@pytest.mark.parametrize("mode", MODES)
def test_every_end_of_a_call_leaves_the_session_intact(mode: str) -> None:
    program = """
    reports = []
    host.report = reports.append
    for _ in range(2):
        for name in ("double", "index", "overflow", "deadlock", "exit", "goexit", "unlock",
                     "recovered", "double"):
            o, block = call(name, 21, 0)
            print(o.kind, o.code, *o.text.split("\\n")[:1], block[1])
    o, _ = call("background")
    print(o, *reports[0].split("\\n")[:1], flush=True)
    """
    once = [
        "double 21",
        "returned 0  42",
        "panic 0 panic: runtime error: index out of range [21] with length 0 0",
        "overflow 0 runtime: goroutine stack exceeds 1000000000-byte limit 0",
        "deadlock 0 fatal error: all goroutines are asleep - deadlock! 0",
        "exit 21  0",
        "deferred",
        "goexit 0  0",
        "fatal 0 fatal error: sync: unlock of unlocked mutex 0",
        "recovered runtime error: index out of range [21] with length 0",
        "returned 0  0",
        "double 21",
        "returned 0  42",
    ]
    last = "Outcome(kind='returned', text='', code=0, error=None) panic: in the background"
    assert output(ENDS, program, mode).splitlines() == [*once, *once, last]


def test_a_panic_reads_as_in_a_program() -> None:
    text = run_host(ENDS, "o, _ = call('index', 5, 0); print(o.text)").stdout
    lines = text.splitlines()
    assert lines[:2] == ["panic: runtime error: index out of range [5] with length 0", ""]
    assert lines[2].endswith("[running]:")
    assert lines[3:5] == ["main.index(...)", lines[4]] and "host.gol:25 +0x" in lines[4]
