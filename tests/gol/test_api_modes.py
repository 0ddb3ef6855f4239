"""The Python API in the modes that find pointers which were missed, and in processes of its
own: loading, the cache, forks."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gol.cache import Cache
from tests.harness import MODES, seed_cache

HERE = Path(__file__).parent


def python(
    program: str, cwd: Path, env: dict[str, str] | None = None, args: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *args], cwd=cwd, env={**os.environ, **(env or {})},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def output(program: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    r = python(program, cwd, env)
    assert (r.returncode, r.stderr) == (0, ""), f"{r.returncode}\n{r.stdout}\n{r.stderr}"
    return r.stdout


@pytest.mark.parametrize("mode", MODES)
def test_stress(mode: str) -> None:
    r = subprocess.run(
        [sys.executable, str(HERE / "api" / "stress.py")],
        env={**os.environ, "GOLDEBUG": MODES[mode]}, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert (r.returncode, r.stdout, r.stderr) == (0, "ok\n", "")


ONE = "package one\n\nfunc F(x int) int { return x + 1 }\n\ntype T struct{ A int }\n\nvar V = 1\n"


def test_warm_load_needs_no_compiler(tmp_path: Path) -> None:
    (tmp_path / "one.gol").write_text(ONE)
    program = (
        "import sys, gol\nm = gol.load('one.gol')\nprint(m.F(1))\n"
        "small = {'gol.lang.' + n for n in ('cachefile', 'digest', 'record')}\n"
        "print([n for n in sys.modules if n.startswith(('lark', 'llvmlite', 'gol.lang.'))"
        " and n not in small])\n"
    )
    output(program, tmp_path)
    assert output(program, tmp_path) == "2\n[]\n"


def test_import_is_light(tmp_path: Path) -> None:
    program = "import sys, gol\nprint(sorted(n for n in sys.modules if n.startswith('gol')))\n"
    assert output(program, tmp_path).split("'")[1::2][0] == "gol"
    assert "gol.api" not in output(program, tmp_path)


def test_changed_sources_are_another_module(tmp_path: Path) -> None:
    path = tmp_path / "one.gol"
    path.write_text(ONE)
    program = f"""
import gol
a = gol.load("one.gol")
assert gol.load("one.gol") is a
open("one.gol", "w").write({ONE!r}.replace("x + 1", "x + 2"))
b = gol.load("one.gol")
a.V = 5
print(a.F(1), b.F(1), a.V, b.V, a.T is b.T, a.T(1) == b.T(1))
c = gol.compile(open("one.gol").read(), "other.gol")
print(c is b, c.F(1))
"""
    assert output(program, tmp_path) == "2 3 5 1 False False\nFalse 3\n"


def test_folders_and_lists_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    (folder / "a.gol").write_text("package two\n\nfunc A() int { return b() }\n")
    (folder / "b.gol").write_text("package two\n\nfunc b() int { return 7 }\n")
    (folder / "b_test.gol").write_text("package nonsense\n")
    program = """
import gol, pathlib
print(gol.load("two").A(), gol.load(pathlib.Path("two")).b())
print(gol.load(["two/a.gol", "two/b.gol"]).A())
for path in ("nowhere.gol", "."):
    try:
        gol.load(path)
    except OSError as e:
        print(type(e).__name__, e)
"""
    assert output(program, tmp_path) == (
        "7 7\n7\nFileNotFoundError [Errno 2] No such file or directory: 'nowhere.gol'\n"
        "OSError no gol files in .\n"
    )


def test_what_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "one.gol").write_text(ONE)
    program = """
import gol
print(gol.load(b"one.gol").F(1))
for f, x in ((gol.load, []), (gol.load, [5]), (gol.load, 5), (gol.compile, 5)):
    try:
        f(x)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
"""
    assert output(program, tmp_path).splitlines() == [
        "2",
        "ValueError no source files",
        "TypeError expected str, bytes or os.PathLike object, not int",
        "TypeError 'int' object is not iterable",
        "TypeError wanted the text of a source, got int",
    ]


def test_compiling_leaves_python_as_it_was(tmp_path: Path) -> None:
    """Its limit of recursion too: without it, this would end by a signal."""
    program = """
import sys, time, gol
before = sys.getrecursionlimit()
m = gol.compile("package p\\n// " + str(time.time_ns()) + "\\nfunc F(f func()) { f() }\\n")
print(before == sys.getrecursionlimit())
def r():
    m.F(r)
try:
    r()
except RecursionError as e:
    print(str(e)[:32])
"""
    assert output(program, tmp_path) == "True\nmaximum recursion depth exceeded\n"


def test_where_ended_children_are_not_waited_for(tmp_path: Path) -> None:
    program = """
import signal, time, gol
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
m = gol.compile("package p\\n// " + str(time.time_ns()) + "\\nfunc F() int { return 5 }\\n")
print(m.F())
"""
    assert output(program, tmp_path) == "5\n"


def test_main_packages(tmp_path: Path) -> None:
    program = '''
import gol
m = gol.compile("package main\\n\\nfunc f() int { return 1 }\\n")
print(m.f(), m.main())
m = gol.compile("""package main

import "fmt"

func init() { fmt.Println("init") }

func main() { fmt.Println("main") }
""")
m.main()
'''
    assert output(program, tmp_path) == "1 None\ninit\nmain\n"


def test_compile_errors(tmp_path: Path) -> None:
    program = '''
import gol
for text in ("package p\\nfunc f( {", "package p\\n\\nimport \\"nowhere\\"\\nvar x int = \\"s\\"\\n",
             "package p\\nfunc f()\\n", "package p\\nimport \\"internal/rtype\\"\\nvar _ = rtype.Int\\n",
             "package p\\nfunc F[T any](x T) T { return x }\\n", ""):
    try:
        gol.compile(text, "bad.gol")
    except gol.CompileError as e:
        print(e)
'''  # noqa: E501
    assert output(program, tmp_path).splitlines() == [
        "bad.gol:2:9: syntax error: unexpected {, expected )",
        "bad.gol:3:8: package nowhere is not in std",
        'bad.gol:4:13: cannot use "s" (untyped string constant) as int value in variable'
        " declaration",
        "bad.gol:2:6: missing function body",
        "bad.gol:2:8: use of internal package internal/rtype not allowed",
        "bad.gol:2:8: type parameters are not supported yet",
        "bad.gol:1:1: syntax error: package statement must be first",
    ]


def test_names_that_are_declared_anew(tmp_path: Path) -> None:
    """What thunks are written with does not mix with what the package declares."""
    program = '''
import gol
m = gol.compile("""package p

import "unsafe"

type int string
type string float64
type error struct{ A float64 }
func len(a int, any bool) int { return a }
func f(x string, b []string, v map[int]string) (string, []string) { return x, b }
func p(r0, a0, b, v float64) float64 { return r0 + a0 + b + v }
func python(x error) error { return x }
var init_ unsafe.Pointer
var table = 3.5
""")
print(m.len(2.5, True), m.f(1.5, [2.5], {}), m.p(1, 2, 3, 4), m.python({"A": 1}), m.table)
'''
    assert output(program, tmp_path) == "2.5 (1.5, [2.5]) 10.0 error(A=1.0) 3.5\n"


def test_what_has_no_name_is_refused(tmp_path: Path) -> None:
    program = '''
import gol
m = gol.compile("""package p

var Local = func() any { return nil }

func Ok(x int) int { return x }
""")
print(m.Ok(1), m.Local())
'''
    assert output(program, tmp_path) == "1 None\n"


def test_a_cache_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "one.gol").write_text(ONE)
    cache = tmp_path / "cache"
    seed_cache(cache)
    env = {"GOLCACHE": str(cache)}
    program = "import gol\nprint(gol.load('one.gol').F(1))\n"
    assert output(program, tmp_path, env) == "2\n"
    for path in cache.rglob("*"):
        if path.is_file() and "grammar" not in path.parts:
            path.write_bytes(path.read_bytes()[:-10])  # truncated
            break
    for path in (cache / "py").rglob("*"):
        if path.is_file():
            path.write_bytes(b"nonsense")
    assert output(program, tmp_path, env) == "2\n"
    for path in (cache / "py").rglob("*"):
        if path.is_file():  # whole, but written by what had another format
            assert Cache(str(cache)).put("py", path.name, marshal.dumps(("other", 1)))
    assert output(program, tmp_path, env) == "2\n"


def test_fork(tmp_path: Path) -> None:
    (tmp_path / "one.gol").write_text(ONE)
    program = """
import os, gol
m = gol.load("one.gol")
assert m.F(1) == 2
pid = os.fork()
if pid == 0:
    try:
        m.F(1)
    except RuntimeError as e:
        print(e, flush=True)
    print(gol.load("one.gol").F(5), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(m.F(2))
"""
    assert output(program, tmp_path) == (
        "this runtime stayed in the process that was forked; here, load it anew\n6\n3\n"
    )


def test_a_deadlock(tmp_path: Path) -> None:
    """If there is no other thread that could end it."""
    program = """
import gol
m = gol.compile("package p\\nfunc F() { <-make(chan int) }\\nfunc G() int { return 1 }\\n")
try:
    m.F()
except gol.Deadlock as e:
    print(e, m.G())
"""
    assert output(program, tmp_path) == "all goroutines are asleep - deadlock! 1\n"


def test_ends_of_the_process(tmp_path: Path) -> None:
    head = 'import gol\nm = gol.compile("""package p\n\nimport ("os"; "fmt")\n\n'
    program = head + 'func E() { fmt.Print("bye"); os.Exit(3) }\n""")\nm.E()\n'
    r = python(program, tmp_path)
    assert (r.returncode, r.stdout, r.stderr) == (3, "bye", "")
    program = head + 'func E() { fmt.Print("x"); os.Exit(0) }\nfunc P() { panic(1) }\n""")\nm.P()\n'
    r = python(program, tmp_path)
    assert r.returncode == 1
    assert "gol.Panic: 1" in r.stderr and "p.P(" in r.stderr
