"""Signals while Python hosts gol: Ctrl-C wherever the call is, faults, Python's own handlers."""

from __future__ import annotations

import signal

import pytest

from tests.harness import MODES
from tests.jit.hosting import output, run_host

SOURCE = """
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"
)

func main() {}

var total int

// From here on an interrupt may come.
func begun(p unsafe.Pointer) { *(*int)(p)++ }

func counting(p unsafe.Pointer) {
	defer fmt.Println("not seen")
	begun(p)
	x := 1
	for i := 0; i < 1<<62; i++ {
		x = x*3 + i
	}
	total = x
}

func looping(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	begun(p)
	for {
	}
}

func calling(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	begun(p)
	for n := 0; ; n++ {
		_ = fmt.Sprint(n)
	}
}

func recursing(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	begun(p)
	for {
		deep(1000)
	}
}

func deep(n int) int {
	if n == 0 {
		return 1
	}
	return deep(n-1) + 1
}

func parked(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	go func() { time.Sleep(time.Hour) }()
	begun(p)
	<-make(chan int)
}

func selecting(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	begun(p)
	select {
	case <-make(chan int):
	case <-time.After(time.Hour):
	}
}

func sleeping(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	begun(p)
	time.Sleep(time.Hour)
}

func reading(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	var b [1]byte
	begun(p)
	os.Stdin.Read(b[:])
}

func stubborn(p unsafe.Pointer) {
	defer func() {
		begun(p)
		for {
			runtime.Gosched()
		}
	}()
	begun(p)
	for {
	}
}

func bystander(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	go func() {
		begun(p)
		for i := 0; i < 1<<62; i++ {
			total = total*3 + i
		}
	}()
	<-make(chan int)
}

func recovering(p unsafe.Pointer) {
	defer func() { fmt.Println("recovered", recover()) }()
	begun(p)
	for {
	}
}

type box struct{ v *int }

func fault(p unsafe.Pointer) {
	var q unsafe.Pointer = unsafe.Pointer(*(*uintptr)(p))
	fmt.Println(*(*int)(q))
}

func work(p unsafe.Pointer) {
	q := (*int)(p)
	s := make([]int, 1000)
	for i := range s {
		s[i] = i
		*q += s[i]
	}
}
"""

KILL = """
main = threading.main_thread().native_id
def kill(delay):
    def run():
        time.sleep(delay)
        os.kill(os.getpid(), signal.SIGINT)
    t = threading.Thread(target=run)
    t.start()
    return t
def interrupted(name, times=1, pause=0.03):
    # the outcome of a call that is interrupted once it has begun, and each time that it says
    # so again; what it does behind that takes less than the pause here, or more
    block = (ctypes.c_int64 * 1)()
    def run():
        for n in range(times):
            while block[0] == n:
                time.sleep(0.001)
            time.sleep(pause)
            os.kill(os.getpid(), signal.SIGINT)
    t = threading.Thread(target=run)
    t.start()
    outcome = host.call(host.address("main." + name), ctypes.addressof(block))
    t.join()
    return outcome
def check():
    o, b = call("work", 0)
    assert (o.kind, b) == ("returned", [499500]), (o, b)
check()
"""


@pytest.mark.parametrize("mode", MODES)
def test_interrupt_wherever_the_call_is(mode: str) -> None:
    program = KILL + """
read, write = os.pipe()
os.dup2(read, 0)
reports = []
host.report = reports.append
for name in ("counting", "looping", "calling", "recursing", "parked", "selecting", "sleeping",
             "reading", "bystander", "recovering"):
    for _ in range(2):
        start = time.monotonic()
        o = interrupted(name)
        took = time.monotonic() - start
        print(name, o.kind, o.text, took < 60, len(reports), flush=True)
        reports.clear()
        check()
print("stubborn", interrupted("stubborn", times=2).kind)
check()
"""
    want = []
    for name in (
        "counting looping calling recursing parked selecting sleeping reading bystander recovering"
    ).split():
        seen = {"counting": [], "recovering": ["recovered <nil>"]}.get(name, ["deferred"])
        reports = 1 if name == "bystander" else 0
        want += 2 * [*seen, f"{name} interrupted  True {reports}"]
    assert output(SOURCE, program, mode).splitlines() == [*want, "stubborn interrupted"]


def test_interrupts_at_any_moment() -> None:
    program = KILL + """
import random
random.seed(7)
kinds = {}
for i in range(150):
    name = random.choice(["calling", "recursing", "looping", "parked", "sleeping"])
    kind = "early"
    try:
        t = kill(random.random() * 0.01)
        kind = call(name)[0].kind
        t.join()
    except KeyboardInterrupt:   # it came before the call had begun
        pass
    kinds[kind] = kinds.get(kind, 0) + 1
    check()
print(sum(kinds.values()), set(kinds) <= {"interrupted", "early"})
"""
    r = run_host(SOURCE, program)
    assert (r.returncode, r.stderr) == (0, ""), r.stderr
    assert r.stdout.splitlines()[-1] == "150 True"


def test_python_handlers_run_off_the_goroutine_stack() -> None:
    program = KILL + """
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
o = interrupted("recursing", pause=0.3)
signal.setitimer(signal.ITIMER_REAL, 0)
print(o.kind, len(seen) > 0)
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
except KeyboardInterrupt:
    print("python's own")
def callback(address):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
"""
    assert output(SOURCE, program).splitlines() == [
        "deferred",
        "interrupted True",
        "python's own",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_ends_the_call(mode: str) -> None:
    program = KILL + """
for _ in range(2):
    o, _ = call("fault", 0x123456789000)
    lines = o.text.splitlines()
    print(o.kind, lines[0])
    print(lines[1].split(" pc=")[0])
    print(lines[4])
    check()
"""
    assert output(SOURCE, program, mode).splitlines() == 2 * [
        "fatal fatal error: unexpected signal during runtime execution",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x123456789000",
        "main.fault(...)",
    ]


def test_a_fault_of_python_is_python_s() -> None:
    r = run_host(SOURCE, "ctypes.string_at(16)")
    assert r.returncode == -signal.SIGSEGV and "unexpected signal" not in r.stderr
    r = run_host(SOURCE, "import faulthandler; faulthandler.enable(); ctypes.string_at(16)")
    assert r.returncode == -signal.SIGSEGV and "Current thread" in r.stderr
