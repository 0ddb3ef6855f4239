"""``gol`` from a pipe: what it reads, what goes where, and its exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

GOL = [sys.executable, "-m", "gol"]


def run(text: str | bytes, *args: str, cwd: Path | None = None) -> tuple[int, str, str]:
    r = subprocess.run(
        [*GOL, *args], input=text.encode() if isinstance(text, str) else text, cwd=cwd,
        capture_output=True, timeout=300,
    )  # fmt: skip
    return r.returncode, r.stdout.decode("utf-8", "replace"), r.stderr.decode("utf-8", "replace")


def test_values_and_errors_go_apart() -> None:
    assert run("x := 20\nx + 1\n") == (0, "21  int\n", "")
    assert run("x := 20\nx + y\nx + 1\n", "repl") == (
        1, "21  int\n", "<stdin>:2:5: undefined: y\n",
    )  # fmt: skip
    assert run("") == (0, "", "")
    assert run("// nothing\n\n  \n") == (0, "", "")
    assert run("1") == (0, "1  int\n", "")


def test_a_panic_is_an_error_and_ends_nothing() -> None:
    code, out, err = run('panic("so")\n"on"\n')
    assert (code, out) == (1, '"on"  string\n')
    assert err.startswith("panic: so\n\ngoroutine ")


def test_exit_code_of_the_program() -> None:
    assert run("1\nos.Exit(7)\n2\n") == (7, "1  int\n", "")


def test_what_is_not_complete_at_the_end_is_an_error() -> None:
    code, out, err = run("1\nfunc f() {\n")
    assert (code, out) == (1, "1  int\n")
    assert "syntax error: unexpected EOF" in err


def test_neighbouring_declarations_refer_to_each_other() -> None:
    text = """\
// even and odd.
func even(n int) bool { return n == 0 || odd(n-1) }

type T struct{ u *U }
type U struct{ t *T }

func odd(n int) bool { return n != 0 && even(n-1) }
func size(u U) int { return limit }

const limit = 3
even(10)
size(U{})
"""
    assert run(text) == (0, "true  bool\n3  int\n", "")


def test_one_wrong_declaration_does_not_spoil_its_neighbours() -> None:
    text = "func f() int { return 1 }\nfunc g() int { return nothing }\nfunc h() int { return 2 }\n"
    code, out, err = run(text + "f() + h()\n")
    assert (code, out, err) == (1, "3  int\n", "<stdin>:2:23: undefined: nothing\n")


def test_what_is_wrong_does_not_keep_others_from_each_other() -> None:
    text = """\
func even(n int) bool { return n == 0 || odd(n-1) }
func (p Nothing) Method() {}
func odd(n int) bool { return n != 0 && even(n-1) }

func wrong() {
    nothing()
}
even(7)
"""
    assert run(text) == (
        1, "false  bool\n", "<stdin>:2:9: undefined: Nothing\n<stdin>:6:5: undefined: nothing\n",
    )  # fmt: skip


def test_what_nests_too_deeply_is_refused() -> None:
    sum, negative = " + ".join(["x"] * 20_000), "- " * 20_000 + "x"
    code, out, err = run(f"x := 1\n{sum}\n{negative}\nx\n")
    why = "program nests too deeply: not supported yet"
    assert (code, out) == (1, "1  int\n")
    assert err == f"<stdin>:2:1: {why}\n<stdin>:3:1: {why}\n"


def test_a_name_declared_again_is_a_new_entry() -> None:
    f = "func f() int {{ return {} }}\n"
    text = f.format(1) + "func g() int { return f() }\n" + f.format(2) + "g()\n"
    assert run(text) == (0, "2  int\n", "")


PROGRAM = """\
package main

import "fmt"

var a = b + 1
var b = f()

func f() int { return 40 }

func init() { fmt.Println("init", a, b) }

func main() { fmt.Println("main") }
"""


def test_a_file_with_a_package_clause_is_one_entry(tmp_path: Path) -> None:
    (tmp_path / "prog.gol").write_text(PROGRAM)
    assert run(":load prog.gol\nmain()\na\n", cwd=tmp_path) == (
        0, "init 41 40\nmain\n41  int\n", "",
    )  # fmt: skip
    assert run(PROGRAM) == (0, "init 41 40\n", "")


def test_save_and_load(tmp_path: Path) -> None:
    text = 'x := 1\nfunc f() int {\n\treturn x\n}\nbad +\n1\nx = 5\nf()\n:save out.gol\n'
    code, out, _ = run(text, cwd=tmp_path)
    assert (code, out) == (1, "5  int\n")
    assert run(":load out.gol\nf() + 1\n", cwd=tmp_path) == (0, "5  int\n6  int\n", "")
    assert run((tmp_path / "out.gol").read_text()) == (0, "5  int\n", "")
    code, _, err = run(":load nosuch.gol\n", cwd=tmp_path)
    assert (code, err) == (1, "open nosuch.gol: no such file or directory\n")


SAVED = """\
// one entry each, as they are pasted; what they show is what matters
x := 1 // one
y := `raw
 /* string */`; x /* no comment */ ++

x
----
goto end
fmt.Println("not shown")
end:
fmt.Println("shown")
----
func f() int {
    return g() // declared below
}

func g() int { return 2 }
f();
----
type U int
----
func kind(u U) string { return fmt.Sprintf("%T", u) }
----
type U string
----
kind(1)
----
func len(n int) int { return n }
----
func call() int { return len(2) }
----
func len(n int) int { return 10 * n }
----
call()
----
package main

import "fmt"

var a, b = b + 1, 3

func init() { fmt.Println("init", a, b) }
----
const (
    c = iota
    d
)
d
----
failed()
----
a;
"""


def test_what_is_saved_is_loaded_as_the_same_entries(tmp_path: Path) -> None:
    script = f"""
from gol.repl.commands import Commands
from gol.session import Session
session = Session()
for text in {SAVED!r}.split("----\\n"):
    session.run(text)
Commands(session, print).run(":save saved.gol")
"""
    r = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert (r.returncode, r.stderr) == (0, "")
    assert r.stdout.splitlines() == [
        "2  int", "shown", '"main.U"  string', "20  int", "init 4 3", "1  int",
    ]  # fmt: skip
    assert run(":load saved.gol\na\n", cwd=tmp_path) == (0, r.stdout + "4  int\n", "")
    assert run((tmp_path / "saved.gol").read_text()) == (0, r.stdout, "")


def test_entries_read_standard_input_themselves() -> None:
    text = "var name string\nn, _ := fmt.Scanln(&name)\nGopher\nname\nn\n"
    assert run(text) == (0, '"Gopher"  string\n1  int\n', "")


def test_the_goroutine_of_an_entry_dies() -> None:
    code, out, err = run('go func() { panic("late") }()\nruntime.Gosched()\n1\n')
    assert (code, out) == (1, "1  int\n")
    assert err.startswith("panic: late\n\ngoroutine ")


def test_an_error_in_a_command_ends_nothing() -> None:
    deep = ":type " + "(" * 3000 + "1" + ")" * 3000
    code, out, err = run(f"{deep}\n:type 1 + x\n2\n")
    assert (code, out.splitlines()[-1]) == (1, "2  int")
    assert "Traceback" not in err and "internal" not in err
    assert "<stdin>" not in err and "undefined: x" in err


def test_a_file_cannot_load_itself(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text("1\n:load b.gol\n2\n")
    (tmp_path / "b.gol").write_text(":load ./a.gol\n:load a.gol\n3\n")
    assert run(":load a.gol\n:load b.gol\n", cwd=tmp_path) == (
        1,
        "".join(f"{n}  int\n" for n in (1, 3, 2, 1, 2, 1, 2, 3)),
        "./a.gol loads itself\na.gol loads itself\nb.gol loads itself\nb.gol loads itself\n",
    )


def test_the_home_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("1\n:save ~/saved.gol\n:load ~/saved.gol\n") == (0, "1  int\n1  int\n", "")
    assert (tmp_path / "saved.gol").exists()


RESET = """\
big := make([]byte, 100<<20)
begun := make(chan int)
func start(f func()) { go func() { begun <- 1; f() }(); <-begun }
start(func() { for { } })
start(func() { for { runtime.Gosched() } })
start(func() { for { func() { defer func() { recover() }(); panic(1) }() } })
start(func() { defer func() { select { } }(); select { } })
func waits() { defer fmt.Println("receives no more"); begun <- 1; <-make(chan int) }
func sleeps() {
    defer func() { time.Sleep(time.Millisecond); fmt.Println("awake") }()
    begun <- 1
    time.Sleep(time.Hour)
}
go waits(); <-begun;
go sleeps(); <-begun;
var mu sync.Mutex
mu.Lock()
start(func() { mu.Lock() })
time.AfterFunc(time.Hour, func() { });
var stats runtime.MemStats
runtime.GC(); runtime.ReadMemStats(&stats); stats.HeapAlloc > 100<<20
runtime.NumGoroutine()
:reset
runtime.NumGoroutine()
begun
var stats runtime.MemStats
runtime.ReadMemStats(&stats); stats.HeapAlloc < 50<<20
begun := make(chan int)
go func() { begun <- 3 }()
<-begun
func leave() { defer os.Exit(4); begun <- 1; select { } }
go leave(); <-begun;
:reset
"not reached"
"""


@pytest.mark.parametrize("mode", ["", "stackforcemove=1", "gcstress=1", "preemptstress=1"])
def test_reset_ends_all_goroutines(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDEBUG", mode)
    code, out, err = run(RESET)
    lines = out.splitlines()
    assert lines[:2] == ["true  bool", "8  int"]
    assert sorted(lines[2:4]) == ["awake", "receives no more"]
    assert lines[4:] == ["1  int", "true  bool", "3  int"]
    assert (code, err) == (4, "<stdin>:25:1: undefined: begun\n")


def test_the_limit_of_stacks_can_be_set() -> None:
    text = """\
import "runtime/debug"
func f(n int) int { if n == 0 { return 0 }; return f(n-1) + 1 }
f(1e5)
debug.SetMaxStack(1 << 16)
f(1e5)
"""
    code, out, err = run(text)
    assert (code, out) == (1, "100000  int\n256000000  int\n")
    assert err.startswith("runtime: goroutine stack exceeds 65536-byte limit\n")


def test_long_tracebacks_are_cut() -> None:
    code, _, err = run("func f(n int) int { return f(n+1) + 1 }\nf(0)\n")
    assert code == 1
    assert "fatal error: stack overflow" in err
    assert len(err.splitlines()) == 25
    assert re.search(r"^\t… \d+ lines$", err, re.M)


def test_any_bytes() -> None:
    code, out, err = run(b'"caf\xc3\xa9"\n"\xff"\n\x00\n1\n')
    assert (code, out) == (1, '"café"  string\n1  int\n')
    assert "<stdin>:2:2: invalid UTF-8 encoding" in err
    assert "<stdin>:3:1: invalid NUL character" in err


def test_closed_pipe_ends_it_quietly() -> None:
    p = subprocess.Popen(
        GOL, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert p.stdin and p.stdout and p.stderr
    p.stdin.write(b"1\n")
    p.stdin.flush()
    assert p.stdout.readline() == b"1  int\n"
    p.stdout.close()
    p.stdin.write(b"2\n" * 3)
    p.stdin.close()
    assert p.wait(300) == -signal.SIGPIPE
    assert p.stderr.read() == b""


def test_a_full_disk_is_an_error() -> None:
    with open("/dev/full", "wb") as full:
        r = subprocess.run(GOL, input=b"1\n", stdout=full, stderr=subprocess.PIPE, timeout=300)
    assert r.returncode == 1
    assert r.stderr.startswith(b"panic: write /dev/stdout: no space left on device\n")


def test_an_interrupt_ends_it() -> None:
    p = subprocess.Popen(GOL, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert p.stdin and p.stdout
    p.stdin.write(b'1\nfmt.Println("runs"); for { }\n2\n')
    p.stdin.close()
    assert p.stdout.readline() == b"1  int\n"
    assert p.stdout.readline() == b"runs\n"
    os.kill(p.pid, signal.SIGINT)
    assert p.wait(300) == -signal.SIGINT
    assert p.stdout.read() == b""


def test_bad_arguments() -> None:
    assert run("", "repl", "file") == (1, "", "gol: repl takes no arguments: file\n")


def test_a_finalizer_that_panics_does_not_keep_others_from_running() -> None:
    text = """\
type T struct { p *int }
func finalized(f func(*T)) { runtime.SetFinalizer(&T{new(int)}, f) }
finalized(func(*T) { panic("late") })
runtime.GC()
ran := make(chan int, 1)
finalized(func(*T) { ran <- 1 })
runtime.GC()
<-ran
"""
    code, out, err = run(text)
    assert (code, out) == (1, "1  int\n")
    assert err.startswith("panic: late\n\ngoroutine ")
