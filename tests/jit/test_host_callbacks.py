"""gol calls Python, which calls gol: on one thread, on several, and with exceptions."""

from __future__ import annotations

import pytest

from tests.harness import MODES
from tests.jit.hosting import MESSAGES, output

SOURCE = """
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

func main() {}

// Calls the func value with a message in a frame n deep; the answer comes back in it.
func ask(p unsafe.Pointer) {
	b := (*block)(p)
	m := message{n: b.n, text: fmt.Sprint("message ", b.n)}
	junk := make([]*message, 100)
	for i := range junk {
		junk[i] = &message{i, fmt.Sprint(i)}
	}
	got := deep(b.n, b, &m)
	runtime.GC()
	for i := range junk {
		if junk[i].n != i || junk[i].text != fmt.Sprint(i) {
			panic("lost")
		}
	}
	if m.text != fmt.Sprint("message ", b.n) {
		panic("text changed: " + m.text)
	}
	b.n = got
}

func safely(p unsafe.Pointer) {
	defer func() {
		e := recover()
		var is error
		is, _ = e.(error)
		fmt.Println("recovered:", e, is != nil, errors.Unwrap(is) == nil)
	}()
	ask(p)
}

func again(p unsafe.Pointer) {
	defer func() { panic(recover()) }()
	ask(p)
}

func other(p unsafe.Pointer) {
	defer func() { panic(fmt.Sprint("other: ", recover())) }()
	ask(p)
}

func deferred(p unsafe.Pointer) {
	defer fmt.Println("deferred")
	ask(p)
}

var (
	mu    sync.Mutex
	cond  = sync.NewCond(&mu)
	count int
	c     = make(chan int)
)

func arrive(p unsafe.Pointer) {
	mu.Lock()
	count++
	cond.Broadcast()
	for count < (*block)(p).n {
		cond.Wait()
	}
	mu.Unlock()
}

func send(p unsafe.Pointer) { c <- (*block)(p).n }

func receive(p unsafe.Pointer) { (*block)(p).n = <-c }

func spin(p unsafe.Pointer) {
	b := (*block)(p)
	m := map[int]int{}
	for i := 0; i < b.n; i++ {
		m[i%50] += i
		if i%100 == 0 {
			runtime.Gosched()
		}
	}
	b.n = len(m)
}

func many(p unsafe.Pointer) {
	b := (*block)(p)
	var wg sync.WaitGroup
	total := 0
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			m := message{n: i}
			total += deep(i, b, &m)
		}()
	}
	wg.Wait()
	b.n = total
}
""" + MESSAGES

ASK = """
class Message(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int64)]

def answer(address):
    m = Message.from_address(address)
    m.n *= 10
"""


@pytest.mark.parametrize("mode", MODES)
def test_nested_calls(mode: str) -> None:
    program = ASK + """
def nest(address):
    m = Message.from_address(address)
    n = m.n
    if n > 0:
        o, b = call("ask", fn, n - 1)
        assert o.kind == "returned", o
        m.n = n + b[1]

fn = host.callback(nest)
print(call("ask", fn, 12)[1][1])
fn = host.callback(answer)
print(call("ask", fn, 500)[1][1])
print(call("many", fn, 0)[1][1])
"""
    assert output(SOURCE, program, mode).split() == ["78", "5000", "1900"]


@pytest.mark.parametrize("mode", MODES)
def test_exceptions_pass_through_gol(mode: str) -> None:
    program = """
class Odd(Exception):
    pass

def fail(address):
    raise error

fn = host.callback(fail)
for error in (Odd("seven"), KeyboardInterrupt("stop"), SystemExit(3)):
    for name in ("ask", "deferred", "safely", "again", "other"):
        o, _ = call(name, fn, 30)
        print(name, o.kind, o.error is error, *o.text.split("\\n")[:1])
print(len(host._errors))
"""
    again = "again panic True panic: Odd: seven [recovered, repanicked]"
    assert output(SOURCE, program, mode).splitlines() == [
        "ask panic True panic: Odd: seven",
        "deferred",
        "deferred panic True panic: Odd: seven",
        "recovered: Odd: seven true true",
        "safely returned False ",
        again,
        "other panic False panic: Odd: seven [recovered]",
        *[
            line
            for _ in range(2)
            for line in (
                "ask interrupted True ",
                "deferred",
                "deferred interrupted True ",
                "recovered: <nil> false true",
                "safely interrupted True ",
                "again interrupted True panic: runtime error: panic called with nil argument",
                "other interrupted True panic: other: <nil>",
            )
        ],
        "0",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_threads_take_turns(mode: str) -> None:
    program = ASK + """
def at_home(address):
    answer(address)
    if Message.from_address(address).n // 1000 != int(threading.current_thread().name):
        failures.append("on another thread")

fn = host.callback(at_home)
n = 5 if os.environ["GOLDEBUG"].startswith("gcstress") else 40
failures = []

def work(i):
    for k in range(n):
        o, b = call("ask", fn, 100 * i + k)
        if (o.kind, b[1]) != ("returned", 10 * (100 * i + k)):
            failures.append((i, k, o, b))
        o, b = call("spin", 0, 300)
        if (o.kind, b[1]) != ("returned", 50):
            failures.append((i, k, o, b))

threads = [threading.Thread(target=work, args=(i,), name=str(i)) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(failures)
"""
    assert output(SOURCE, program, mode) == "[]\n"


@pytest.mark.parametrize("mode", MODES)
def test_threads_wait_for_each_other(mode: str) -> None:
    program = """
# a call that waits for calls of other threads
results = []
def run(name, *words):
    results.append((name, call(name, *words, alone=False)))
threads = [threading.Thread(target=run, args=("arrive", 0, 5)) for _ in range(5)]
threads.append(threading.Thread(target=run, args=("receive", 0, 0)))
for t in threads: t.start()
time.sleep(0.05)
print(call("send", 0, 77, alone=False)[0].kind)
for t in threads: t.join()
print(sorted((name, o.kind, b[1]) for name, (o, b) in results)[-1], len(results))

# a callback that waits for a call of another thread, which needs the lock
def wait(address):
    t = threading.Thread(target=run, args=("spin", 0, 5000))
    t.start()
    t.join()
o, _ = call("ask", host.callback(wait), 3)
print(o.kind)

# a goroutine that waits for a thread in a callback is not in a deadlock
inside = threading.Event()
def slow(address):
    inside.set()
    while "chan receive" not in host.goroutines():
        time.sleep(0.001)
    call("send", 0, 5)
t = threading.Thread(target=call, args=("ask", host.callback(slow), 3))
t.start()
inside.wait()
print(call("receive", 0, 0)[1][1])
t.join()
print(call("receive", 0, 0)[0].kind)
"""
    assert output(SOURCE, program, mode).splitlines() == [
        "returned",
        "('receive', 'returned', 77) 6",
        "returned",
        "5",
        "deadlock",
    ]


def test_the_process_ends_while_threads_are_in_gol() -> None:
    program = """
def answer(address):
    time.sleep(0.001)
def work():
    while True:
        call("ask", fn, 3, alone=False)
fn = host.callback(answer)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
print("end")
"""
    for _ in range(3):
        assert output(SOURCE, program) == "end\n"
