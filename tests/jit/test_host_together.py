"""Everything at once: threads that call, callbacks that call back, panics, buffers, collections,
goroutines in the background, Ctrl-C on the main thread, and a timer's signal handler."""

from __future__ import annotations

import pytest

from tests.harness import MODES
from tests.jit.hosting import MESSAGES, output

SOURCE = """
package main

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
	"unsafe"
)

func main() {}

func ask(p unsafe.Pointer) {
	b := (*block)(p)
	m := message{n: b.n, text: fmt.Sprint("message ", b.n)}
	got := deep(b.n, b, &m)
	if m.text != fmt.Sprint("message ", b.n) {
		panic("text changed: " + m.text)
	}
	b.n = got
}

var (
	mu     sync.Mutex
	counts = map[string]int{}
)

func count(key string) {
	mu.Lock()
	defer mu.Unlock()
	counts[key]++
}

func work(p unsafe.Pointer) {
	var wg sync.WaitGroup
	res := make(chan string, 3)
	for i := 0; i < 5; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var s []string
			for k := 0; k < 30; k++ {
				s = append(s, strings.Repeat(fmt.Sprint(k*i%7), k))
			}
			sort.Strings(s)
			count(s[29][:1])
			res <- s[29]
		}()
	}
	go func() {
		wg.Wait()
		close(res)
	}()
	for range res {
		runtime.Gosched()
	}
}

func sleep(p unsafe.Pointer) { time.Sleep(time.Duration((*block)(p).n) * time.Microsecond) }

func forever(p unsafe.Pointer) {
	m := map[int]string{}
	for i := 0; ; i++ {
		m[i%100] = fmt.Sprint(i)
	}
}

func tick(p unsafe.Pointer) {
	go func() {
		for {
			time.Sleep(500 * time.Microsecond)
			count("tick")
		}
	}()
}

func boom(p unsafe.Pointer) {
	defer count("boom")
	fall(50, nil)
}

func fall(n int, s []int) int {
	if n == 0 {
		return s[n]
	}
	return fall(n-1, s) + 1
}

func background(p unsafe.Pointer) { go boom(nil) }
""" + MESSAGES

PROGRAM = """
import random
random.seed(1)
SECONDS = 4

class Message(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int64)]

class Stop(Exception):
    pass

def ok(name, *words, kind="returned"):
    o, b = call(name, *words, alone=False)
    assert o.kind == kind, (name, o)
    return o, b

def answer(address):
    m = Message.from_address(address)
    r = random.random()
    if r < 0.1:
        raise Stop
    if r < 0.2:
        time.sleep(0.0005)
    if r < 0.4:
        ok("work", 0, 0)
    if r < 0.45:
        a = (ctypes.c_char * 1000)()
        host.pin(ctypes.addressof(a), 1000, a)
    m.n += 1

def ask(rnd):
    n = rnd.randrange(300)
    o, b = call("ask", fn, n, alone=False)
    if o.kind == "panic":
        assert isinstance(o.error, Stop), o
    else:
        assert (o.kind, b[1]) == ("returned", n + 1), (o, b, n)

def fail(rnd):
    ok("boom", 0, 0, kind="panic")
    ok("background", 0, 0)

def dump(rnd):
    assert "goroutine" in host.goroutines()

ACTIONS = [
    ask, ask, fail, dump,
    lambda rnd: ok("work", 0, 0),
    lambda rnd: ok("sleep", 0, rnd.randrange(2000)),
    lambda rnd: host.drive(0.002),
    lambda rnd: host.collect(),
]

def thread(i):
    rnd = random.Random(i)
    try:
        while (time.monotonic() < end or not done[i]) and not errors:
            rnd.choice(ACTIONS)(rnd)
            done[i] += 1
    except BaseException as e:
        errors.append(e)

def interrupt():
    while not over:
        time.sleep(random.random() * 0.1)
        os.kill(os.getpid(), signal.SIGINT)

errors, done, over, reports, kinds = [], [0] * 4, False, [], set()
host.report = reports.append
fn = host.callback(answer)
ok("tick", 0, 0)
end = time.monotonic() + SECONDS
threads = [threading.Thread(target=thread, args=(i,)) for i in range(4)]
threads.append(threading.Thread(target=interrupt))
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
for t in threads:
    t.start()
while time.monotonic() < end:
    try:
        kinds.add(call("forever", 0, 0, alone=False)[0].kind)
        kinds.add("work " + call("work", 0, 0, alone=False)[0].kind)
    except KeyboardInterrupt:
        pass
while any(t.is_alive() for t in threads):
    try:
        over = True
        for t in threads:
            t.join()
    except KeyboardInterrupt:
        pass
signal.setitimer(signal.ITIMER_REAL, 0, 0)
host.collect()
host.collect()
print(errors, all(done), kinds <= {"interrupted", "work returned", "work interrupted"})
print(all(r.startswith("panic: runtime error: index out of range [0]") for r in reports))
print(len(host._owners))
"""


@pytest.mark.parametrize("mode", MODES)
def test_together(mode: str) -> None:
    assert output(SOURCE, PROGRAM, mode).splitlines() == ["[] True True", "True", "0"]
