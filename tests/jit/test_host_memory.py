"""Buffers of Python's as gol slices, and what loading and calling leave behind."""

from __future__ import annotations

import pytest

from tests.harness import MODES
from tests.jit.hosting import output

SOURCE = """
package main

import (
	"runtime"
	"unsafe"
)

func main() {}

type block struct {
	data []int
	fn   func(unsafe.Pointer)
	out  int
}

var kept [][]int

func deep(n int, s []int) int {
	var a [20]int
	a[n%20] = s[n%len(s)]
	if n == 0 {
		return s[0]
	}
	return deep(n-1, s[1:]) + a[n%20] - s[n%len(s)]
}

// Uses the slice from a growing stack, while garbage is made.
func sum(p unsafe.Pointer) {
	b := (*block)(p)
	for i := range b.data {
		b.out += b.data[i]
		if i%64 == 0 {
			_ = make([]*int, 10)
		}
	}
	b.out += deep(len(b.data)-1, b.data)
	b.data[0] = -1
}

func keep(p unsafe.Pointer) {
	b := (*block)(p)
	kept = append(kept, b.data[len(b.data)/2:])
}

func use(p unsafe.Pointer) {
	b := (*block)(p)
	for _, s := range kept {
		b.out += s[0]
	}
}

func drop(p unsafe.Pointer) { kept = nil }

func held(p unsafe.Pointer) {
	s := (*block)(p).data
	for i := 0; i < 5; i++ {
		runtime.GC()
		s[0]++
	}
}

var fns []func(unsafe.Pointer)

func keepfn(p unsafe.Pointer) { fns = append(fns, (*block)(p).fn) }

func usefns(p unsafe.Pointer) {
	for _, f := range fns {
		f(p)
	}
	fns = nil
}
"""

BUFFERS = """
import array, weakref

class Owner(array.array):
    pass

def block(a, fn=0):
    address, n = a.buffer_info() if a is not None else (0, 0)
    if a is not None:
        host.pin(address, 8 * n, a)
    return (address, n, n, fn, 0)
"""


@pytest.mark.parametrize("mode", MODES)
def test_a_buffer_lives_as_long_as_gol_points_to_it(mode: str) -> None:
    program = BUFFERS + """
a = Owner("q", range(1000))
o, b = call("sum", *block(a))
print(o.kind, b[4], a[0])
owners = []
for i in range(20):
    a = Owner("q", [i] * 100)
    owners.append(weakref.ref(a))
    assert call("keep" if i % 2 else "held", *block(a))[0].kind == "returned"
    del a
host.collect()
gc.collect()
print("".join(str(int(w() is not None)) for w in owners))
print(call("use", *block(None))[1][4])
call("drop")
host.collect()
print(sum(w() is not None for w in owners), len(host._owners))
"""
    assert output(SOURCE, program, mode).splitlines() == [
        "returned 500499 -1",
        "01" * 10,
        "100",
        "0 0",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_overlapping_buffers_and_pinned_callbacks(mode: str) -> None:
    program = BUFFERS + """
a = Owner("q", range(1000))
address, n = a.buffer_info()
w = weakref.ref(a)
for lo, hi in ((0, 1000), (10, 20), (400, 900), (450, 460), (990, 1000)):
    host.pin(address + 8 * lo, 8 * (hi - lo), (lo, hi))
call("keep", address + 8 * 400, 100, 100, 0, 0)   # its second half: from 450 on
host.collect()
print(sorted(host._owners.values()))
call("drop")
host.collect()
print(sorted(host._owners.values()))

seen = []
for i in range(10):
    call("keepfn", 0, 0, 0, host.callback(lambda address, i=i: seen.append(i), pinned=True), 0)
host.collect()
print(len(host._functions))
call("usefns", 0)
host.collect()
print(seen, len(host._functions))
"""
    assert output(SOURCE, program, mode).splitlines() == [
        "[(0, 1000), (400, 900), (450, 460)]",
        "[]",
        "10",
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] 0",
    ]


def test_buffers_are_let_go_without_being_asked() -> None:
    program = BUFFERS + """
most = 0
for i in range(3000):
    call("held" if i % 100 == 0 else "sum", *block(Owner("q", range(50))))
    most = max(most, len(host._owners))
for i in range(50):
    a = Owner("q", bytes(8 << 20))
    call("held", *block(a))
    most = max(most, len(host._owners))
print(most < 600, len(host._owners) < 30)
"""
    assert output(SOURCE, program) == "True True\n"


def test_ctrl_c_may_come_while_buffers_are_let_go() -> None:
    """The trip that brings the numbers of what is gone ends in a KeyboardInterrupt."""
    program = BUFFERS + """
enter = host._enter_main
def interrupted(thread, words):
    enter(thread, words)
    if words[host._at["op"]] == host._op["gone"] and lost:
        raise lost.pop()
host._enter_main = interrupted
lost = [KeyboardInterrupt(), KeyboardInterrupt()]
for i in range(3):
    try:
        call("sum", *block(Owner("q", [i])))
        host.collect()
        print("not interrupted", len(host._owners))
    except KeyboardInterrupt:
        print("interrupted", len(host._owners))
"""
    assert output(SOURCE, program).splitlines() == [
        "interrupted 1",
        "interrupted 2",
        "not interrupted 0",
    ]
