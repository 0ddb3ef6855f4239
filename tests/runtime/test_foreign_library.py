"""Foreign functions of a library made for the purpose (``foreign/library.c``): every kind of
value both ways, C and gol calling each other a thousand deep, and C that uses all the stack
that it has asked for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness import MODES, build, run

FOLDER = Path(__file__).parent / "foreign"

OUTPUT = """-1 255 -2 65535 true 1 2 3 4 5 6 7 8
10.5 42
-128 false 7.5
84 84
0 57
511 511
-128 127 -1
{depth}
0
"""


OVERRUN = """package main

import "os"

//gol:extern LIB frames onstack 600000
func frames(f func() int, n int) int

//gol:extern LIB falls onstack 600000
func falls() int

//go:noinline
func down(n int) int {
	var pad [16]int
	pad[n%16] = n
	if n == 0 {
		return 0
	}
	return down(n-1) + pad[n%16] - n
}

func back() int { return down(2000) }

func main() {
	println(frames(nil, 1000), frames(back, 1000))
	switch os.Args[1] {
	case "return":
		frames(nil, 30000)
	case "callback":
		frames(back, 30000)
	case "fault":
		falls()
	}
	println("not reached")
}
"""

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")


def shared(folder: Path) -> Path:
    library = folder / "libtest.so"
    gcc = ["gcc", "-O2", "-shared", "-fPIC", "-fno-inline", "-fno-optimize-sibling-calls"]
    subprocess.run([*gcc, "-o", str(library), str(FOLDER / "library.c")], check=True)
    return library


@pytest.mark.parametrize("end", ["return", "callback", "fault"])
@pytest.mark.parametrize("mode", ["", "gcstress=1", "preemptstress=1"])
def test_c_that_uses_more_than_it_said_ends_the_program(
    tmp_path: Path, mode: str, end: str
) -> None:
    """When it returns, calls back, or comes to where there is no memory: nobody goes on with
    what it may have written over. Here that is nothing, since a stack of 1 MiB has free address
    space below it."""
    program = tmp_path / "prog.gol"
    program.write_text(OVERRUN.replace("LIB", str(shared(tmp_path))))
    r = run(build(program), mode, args=[end])
    assert r.returncode == 2, r.stderr
    said = r.stderr.splitlines()
    name = "main.falls" if end == "fault" else "main.frames"
    assert said[:3] == [
        "1000 1000",
        f"runtime: the directive of {name} gives it 600000 bytes of the stack",
        "fatal error: foreign function has used more of the stack than its directive gives it",
    ]
    assert [x for x in said if x.startswith("main.")] == [
        f"{name}()" if end == "fault" else f"{name}(...)",
        "main.main()",
    ]


@pytest.mark.parametrize("how", ["", " idempotent"])
@pytest.mark.parametrize("mode", MODES)
def test_library(tmp_path: Path, mode: str, how: str) -> None:
    library = shared(tmp_path)
    depth = 100 if mode == "gcstress" else 1000
    text = (FOLDER / "program.gol").read_text()
    text = text.replace("LIB", str(library)).replace("DEPTH", str(depth))
    text = text.replace("deeper onstack 4096", f"deeper onstack 4096{how}")
    program = tmp_path / "prog.gol"
    program.write_text(text)
    r = run(build(program), MODES[mode])
    assert (r.returncode, r.stderr, r.stdout) == (0, "", OUTPUT.format(depth=depth + 1))
