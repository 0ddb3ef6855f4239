"""Modules in the memory of a Python process: linked upon each other, many of them, stored."""

from __future__ import annotations

from pathlib import Path

from tests.jit.hosting import output

SOURCE = """
package main

import (
	"fmt"
	"unsafe"
)

func main() {}

type point struct{ x, y int }

var (
	last  any
	count int
)

//go:noinline
func version() int { return VERSION }

func remember(p unsafe.Pointer) {
	_, same := last.(point)
	_, sameMap := last.(map[string]point)
	if VERSION%2 == 1 {
		last = point{VERSION, 2}
	} else {
		last = map[string]point{"x": {VERSION, 3}}
	}
	count++
	fmt.Println(version(), count, same, sameMap, fmt.Sprintf("%T", last))
}
"""

def source(version: int) -> str:
    return SOURCE.replace("VERSION", str(version))


def test_the_newest_definition_wins_and_old_code_keeps_its_own() -> None:
    program = """
from gol.lang.record import replace
TEXT = SOURCE.replace("return 1", "return VERSION").replace("1%2", "VERSION%2")
def calls():
    for f in (first, host.address("main.remember")):
        host.call(f, 0)
first = host.address("main.remember")
calls()
new = artifacts(TEXT.replace("VERSION", "7"))[-1]
names = host.load([replace(new, name="newer")]).symbols
calls()
print("main.version" in names, "type:int" in names)
print(host.load([replace(new, name="newer")]).symbols)
"""
    assert output(source(1), program).splitlines() == [
        "1 1 false false main.point",
        "1 2 true false main.point",
        "1 3 true false main.point",
        "7 1 false false main.point",
        "True False",
        "{}",
    ]


def test_a_type_has_one_descriptor() -> None:
    program = """
from gol.lang.record import replace
other = '''
package main
import "fmt"
import "unsafe"
type pair struct{ a any }
func main() {}
func check(p unsafe.Pointer) {
	a := *(*any)(p)
	_, isMap := a.(map[string][]struct{ x int })
	e, isError := a.(error)
	_, isStringer := a.(fmt.Stringer)
	fmt.Println(isMap, isError, isStringer, e)
}
'''
values = ctypes.c_int64 * 2
*library, new = artifacts(other)
host.load([*library, replace(new, name="other")])
host.call(host.address("fmt.init"))
for name in ("amap", "anerror"):
    _, block = call(name, 0, 0)
    words = values(*block)
    host.call(host.address("main.check"), ctypes.addressof(words))
"""
    text = """
package main

import (
	"errors"
	"unsafe"
)

var keep any

func main() {}

func amap(p unsafe.Pointer) {
	keep = map[string][]struct{ x int }{"a": nil}
	*(*any)(p) = keep
}

func anerror(p unsafe.Pointer) {
	keep = errors.New("an error")
	*(*any)(p) = keep
}
"""
    assert output(text, program).splitlines() == [
        "true false false <nil>",
        "false true false an error",
    ]


def test_no_page_is_writable_and_executable() -> None:
    program = """
maps = [line.split() for line in open("/proc/self/maps")]
low, high = host.arena.base, host.arena.base + 3 * (256 << 20)
print(sorted({m[1] for m in maps if low <= int(m[0].split("-")[0], 16) < high}))
print(high < 1 << 31)
"""
    assert output(source(1), program).splitlines() == [
        "['r--s', 'r-xs', 'rw-p']",
        "True",
    ]


def test_a_thousand_modules() -> None:
    program = """
from gol.lang.record import replace
sys.stdout.flush()
new = artifacts(SOURCE)[-1]
def memory():
    gc.collect()
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0])
def load(n):
    for i in range(n):
        host.load([replace(new, name=f"{len(host._loaded)}")])
        o, b = call("double", 21, 0)
        assert o.kind == "returned" and b[1] == 42
load(100)
before, used = memory(), sum(host.arena.used())
load(1000)
print((memory() - before) / 1000 < 12, (sum(host.arena.used()) - used) / 1000 < 8000)
"""
    text = """
package main

import (
	"strconv"
	"unsafe"
)

type pair struct{ in, out int }

func (p *pair) String() string { return strconv.Itoa(p.in) }

func main() {}

func double(p unsafe.Pointer) {
	q := (*pair)(p)
	q.out, _ = strconv.Atoi(q.String())
	q.out *= 2
}
"""
    assert output(text, program) == "True True\n"


def test_calls_and_threads_leave_nothing_behind() -> None:
    program = """
def memory():
    gc.collect()
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0])
def work():
    call("twice", 1, 0)
def threads(n):
    for _ in range(n):
        t = threading.Thread(target=work)
        t.start()
        t.join()
def calls(n):
    for _ in range(n):
        call("twice", 1, 0)
        call("fails", 1, 0)
threads(50); calls(500)
before = memory()
threads(300)
after = memory()
calls(5000)
print((after - before) / 300 < 8, (memory() - after) / 10000 < 0.2)
"""
    text = """
package main

import "unsafe"

func main() {}

func twice(p unsafe.Pointer) { (*[2]int)(p)[1] = 2 * (*[2]int)(p)[0] }

func fails(p unsafe.Pointer) { panic("fails") }
"""
    assert output(text, program) == "True True\n"


def test_foreign_functions() -> None:
    text = """
package main

import "unsafe"

//gol:extern libm pow
func pow(x, y float64) float64

func main() {}

func power(p unsafe.Pointer) {
	q := (*[3]float64)(p)
	q[2] = pow(q[0], q[1])
}
"""
    program = """
block = (ctypes.c_double * 3)(2, 10)
print(host.call(host.address("main.power"), ctypes.addressof(block)).kind, block[2])
"""
    assert output(text, program) == "returned 1024.0\n"


def test_the_first_module_is_stored(tmp_path: Path) -> None:
    text = source(1)
    program = f"""
from gol.jit.module import Module
class Store(Cache):
    def get(self, kind, key):
        payload = super().get(kind, key)
        print("get", kind, payload is not None)
        return payload
    def put(self, kind, key, payload, **options):
        print("put", kind)
        return super().put(kind, key, payload, **options)
class First(Host):
    pass
# another runtime in this process: for looking at how it is linked, not for calling
second = First()
second.store = Store({str(tmp_path)!r})
second.arena = host.arena
second._register = lambda moduledata: None
second.load(artifacts(SOURCE))
for path in __import__("glob").glob({str(tmp_path)!r} + "/mod/*/*"):
    stored = Module.load(open(path, "rb").read())
    print(stored.symbols["main.remember"] == second.address("main.remember"))
print(Module.load(b""), Module.load(b"nonsense"), Module.load(None))
"""
    assert output(text, program).splitlines() == [
        "get mod False",
        "put mod",
        "True",
        "None None None",
    ]


def test_a_forked_child_has_a_runtime_of_its_own() -> None:
    program = """
call("remember")
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    try:
        call("remember")
    except RuntimeError as e:
        print(e)
    mine = Host.get()
    mine.load(artifacts(SOURCE))
    mine.call(mine.address("main.init"))
    mine.call(mine.address("main.remember"))
    sys.stdout.flush()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
call("remember")
"""
    assert output(source(1), program).splitlines() == [
        "1 1 false false main.point",
        "this runtime stayed in the process that was forked; here, load it anew",
        "1 1 false false main.point",
        "7",
        "1 2 true false main.point",
    ]
