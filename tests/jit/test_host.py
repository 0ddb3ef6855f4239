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
	n := runtime.NumGoroutine()
	go func() {
		time.Sleep(time.Millisecond)
		panic("in the background")
	}()
	for runtime.NumGoroutine() > n {
		time.Sleep(time.Millisecond)
	}
}

func memory(p unsafe.Pointer) {
	s := make([]byte, (*pair)(p).in<<40)
	fmt.Println(len(s))
}

func exitElsewhere(p unsafe.Pointer) {
	go os.Exit((*pair)(p).in)
	select {}
}

func recovered(p unsafe.Pointer) {
	defer func() { fmt.Println("recovered", recover()) }()
	index(p)
}
"""


@pytest.mark.parametrize("mode", MODES)
def test_every_end_of_a_call_leaves_the_session_intact(mode: str) -> None:
    program = """
    import re
    reports = []
    host.report = reports.append
    for _ in range(2):
        for name in ("double", "index", "overflow", "deadlock", "exit", "goexit", "unlock",
                     "memory", "exitElsewhere", "recovered", "double"):
            o, block = call(name, 21, 0)
            line = re.sub("[0-9]+ in use", "… in use", o.text.split("\\n")[0])
            print(o.kind, o.code, line, block[1])
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
        "fatal 0 runtime: out of memory: cannot allocate 23089744183296-byte block (… in use) 0",
        "exit 21  0",
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


def test_a_deadlock_is_found_while_other_threads_drive() -> None:
    program = """
    stop = False
    def drive(early):
        while not stop:
            host.drive(0.03, early=early)
    threads = [threading.Thread(target=drive, args=(i % 2 == 0,)) for i in range(4)]
    for t in threads: t.start()
    kinds = {call("deadlock")[0].kind for _ in range(300)}
    stop = True
    for t in threads: t.join()
    print(kinds)
    """
    assert output(ENDS, program) == "{'deadlock'}\n"


def test_drive() -> None:
    program = """
    def timed(*args, **options):
        start = time.monotonic()
        host.drive(*args, **options)
        return time.monotonic() - start
    print(timed(60) < 30, timed(0.1, early=False) >= 0.1)
    reports = []
    host.report = reports.append
    call("later")
    print(len(reports), timed(60) < 30, len(reports))
    call("leaves")
    outcome = host.drive(60)
    print(outcome.kind, outcome.code, host.drive(0.01).kind)
    """
    source = ENDS + """
func later(p unsafe.Pointer) {
	go func() {
		time.Sleep(time.Second)
		panic("later")
	}()
}

func leaves(p unsafe.Pointer) {
	go func() {
		time.Sleep(time.Second)
		os.Exit(3)
	}()
}
"""
    assert output(source, program).splitlines() == [
        "True True",
        "0 True 1",
        "exit 3 returned",
    ]


def test_debug_switches_are_set_before_the_first_load() -> None:
    program = """
    try:
        host.debug("gcstress=1")
    except RuntimeError as e:
        print(e)
    other = Host()
    other.debug("stacktrace=1,stackforcemove=1")
    other.load(artifacts(SOURCE))
    block = (ctypes.c_int64 * 2)(4, 0)
    print(other.call(other.address("main.double"), ctypes.addressof(block)).kind, block[1])
    """
    assert output(ENDS, program).splitlines() == [
        "the runtime runs already",
        "double 4",
        "returned 8",
    ]
