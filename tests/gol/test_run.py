"""``gol run``: the program's exit codes, signals, streams and arguments are its own, and its
source may come from anywhere."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gol.command import GOL, HELLO, children, gol, running, wait_until
from tests.harness import PATIENCE

ARGS = """\
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println(len(os.Args), os.Args[1:])
	os.Exit(len(os.Args))
}
"""

LOOP = 'package main\n\nfunc main() {\n\tprint("on\\n")\n\tfor {\n\t}\n}\n'

INITIALISERS = """\
package main

var x = f()

func f() int {
	println("on")
	panic("p")
}

func main() {}
"""

ECHO = """\
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fmt.Println("got", in.Text())
	}
}
"""


def default_signals() -> None:
    """What runs in the background of a shell inherits that interrupts are ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def started(path: Path, before: Callable[[], None] = default_signals) -> subprocess.Popen[bytes]:
    """The program at ``path``, after its first line on standard error."""
    p = subprocess.Popen([*GOL, "run", str(path)], stderr=subprocess.PIPE, preexec_fn=before)
    assert p.stderr is not None
    assert p.stderr.readline() == b"on\n"
    return p


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.gol"
    path.write_text(LOOP)
    return path


# ---------------------------------------------------------------- exit codes, signals
def test_arguments_and_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "args.gol"
    path.write_text(ARGS)
    r = gol("run", str(path), "one", "-two", "three.txt")
    assert (r.returncode, r.stdout, r.stderr) == (4, b"4 [one -two three.txt]\n", b"")


def test_a_panic_is_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "p.gol"
    path.write_text('package main\n\nfunc main() {\n\tpanic("no")\n}\n')
    r = gol("run", str(path))
    assert (r.returncode, r.stdout) == (2, b"")
    assert r.stderr.startswith(b"panic: no\n\ngoroutine 1 [running]:\n")


def test_tracebacks_have_whole_paths_however_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    path = tmp_path / "p.gol"
    path.write_text('package main\n\nfunc main() {\n\tpanic("no")\n}\n')
    for name, cwd in (("p.gol", tmp_path), ("../p.gol", tmp_path / "sub")):
        assert f"\n\t{path}:4 +0x".encode() in gol("run", name, cwd=cwd).stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_signal_ends_the_program(name: str, loop: Path) -> None:
    p = started(loop)
    try:
        p.send_signal(signal.Signals[name])
        assert p.wait(PATIENCE) == -signal.Signals[name]
    finally:
        p.kill()


def _ignore(number: int) -> None:
    signal.signal(number, signal.SIG_IGN)


def test_an_ignored_signal_stays_ignored(loop: Path) -> None:
    p = started(loop, lambda: _ignore(signal.SIGHUP))
    try:
        p.send_signal(signal.SIGHUP)
        p.send_signal(signal.SIGTERM)
        assert p.wait(PATIENCE) == -signal.SIGTERM
    finally:
        p.kill()


def test_closed_pipe_ends_the_program(tmp_path: Path) -> None:
    path = tmp_path / "endless.gol"
    path.write_text(
        'package main\n\nimport "fmt"\n\nfunc main() {\n\tfor {\n\t\tfmt.Println("y")\n\t}\n}\n'
    )
    p = subprocess.Popen([*GOL, "run", str(path)], stdout=subprocess.PIPE)
    assert p.stdout is not None
    assert p.stdout.readline() == b"y\n"
    p.stdout.close()
    assert p.wait(PATIENCE) == -signal.SIGPIPE


# ---------------------------------------------------------------- streams
def test_standard_input_is_the_programs(tmp_path: Path) -> None:
    path = tmp_path / "echo.gol"
    path.write_text(ECHO)
    r = gol("run", str(path), stdin=b"one\ntwo")
    assert (r.returncode, r.stdout, r.stderr) == (0, b"got one\ngot two\n", b"")


def test_closed_streams_are_dev_null(tmp_path: Path) -> None:
    """A file that the program opens must not get number 1 or 2."""
    path = tmp_path / "create.gol"
    path.write_text("""\
package main

import (
	"fmt"
	"os"
)

func main() {
	f, err := os.Create("file")
	fmt.Println("to standard output", err)
	println("to standard error")
	fmt.Fprintln(f, "to the file")
}
""")
    script = f"'{sys.executable}' -m gol run {path} <&- >&- 2>&-"
    for _ in ("cold", "warm"):
        r = subprocess.run(["sh", "-c", script], cwd=tmp_path, timeout=300)
        assert r.returncode == 0
        assert (tmp_path / "file").read_text() == "to the file\n"


def test_compile_errors_with_standard_error_closed(tmp_path: Path) -> None:
    path = tmp_path / "bad.gol"
    path.write_text("package main\n\nfunc main() { x }\n")
    script = f"'{sys.executable}' -m gol run {path} 2>&-"
    r = subprocess.run(["sh", "-c", script], capture_output=True, timeout=300)
    assert (r.returncode, r.stdout, r.stderr) == (1, b"", b"")


def test_output_of_gol_that_cannot_be_written() -> None:
    r = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m gol env > /dev/full"], capture_output=True
    )
    assert (r.returncode, r.stderr) == (1, b"gol: write: no space left on device\n")


def test_output_of_gol_into_a_closed_pipe() -> None:
    read, write = os.pipe()
    os.close(read)
    r = subprocess.run([*GOL, "env"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (r.returncode, r.stderr) == (-signal.SIGPIPE, b"")


# ---------------------------------------------------------------- where the source comes from
def test_standard_input_as_source() -> None:
    r = gol("run", "-", "one", stdin=ARGS.encode())
    assert (r.returncode, r.stdout, r.stderr) == (2, b"2 [one]\n", b"")


def test_errors_in_standard_input() -> None:
    r = gol("run", "-", stdin=b"package main\n\nfunc main() { x() }\n")
    assert (r.returncode, r.stderr) == (1, b"<stdin>:3:15: undefined: x\n")


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """gol under a path of its own, as a #! line can name it."""
    path = tmp_path / "bin" / "gol"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m gol \"$@\"\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("line", ["/usr/bin/env gol", "/usr/bin/env -S gol run", "PATH"])
def test_a_source_that_is_a_command(line: str, command: Path, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!{line.replace('PATH', str(command))}\n{ARGS}")
    script.chmod(0o755)
    (tmp_path / "other.gol").write_text("an argument, not a source")
    env = dict(os.environ, PATH=f"{command.parent}:{os.environ['PATH']}")
    r = subprocess.run(
        ["./script", "other.gol", "-x"], cwd=tmp_path, env=env, capture_output=True, timeout=300
    )
    assert (r.returncode, r.stdout, r.stderr) == (3, b"3 [other.gol -x]\n", b"")


def test_a_command_named_gol_takes_no_sources_from_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "script.gol").write_text(f"#!/usr/bin/env gol\n{ARGS}")
    (tmp_path / "other.gol").write_text("an argument, not a source")
    r = gol("script.gol", "other.gol", cwd=tmp_path)
    assert (r.returncode, r.stdout, r.stderr) == (2, b"2 [other.gol]\n", b"")


def test_a_first_line_for_the_kernel_keeps_the_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/usr/bin/env gol\npackage main\n\nfunc main() { x() }\n")
    r = gol("script", cwd=tmp_path)
    assert (r.returncode, r.stderr) == (1, b"script:4:15: undefined: x\n")


def test_such_a_line_elsewhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text("package main\n#!/usr/bin/env gol\n\nfunc main() {}\n")
    r = gol("run", "a.gol", cwd=tmp_path)
    assert r.returncode == 1
    assert r.stderr.startswith(b"a.gol:2:1: invalid character U+0023 '#'")


def test_building_a_command_does_not_overwrite_it(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(HELLO)
    r = gol("build", "script", cwd=tmp_path)
    assert (r.returncode, b"name the output with -o" in r.stderr) == (1, True)
    assert (tmp_path / "script").read_text() == HELLO


def test_a_folder_without_its_tests_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text(HELLO)
    for name in ("a_test.gol", "_b.gol", ".c.gol"):
        (tmp_path / name).write_text("no source")
    (tmp_path / "folder.gol").mkdir()
    r = gol("run", str(tmp_path))
    assert (r.returncode, r.stderr) == (0, b"hello\n")


# ---------------------------------------------------------------- bad sources
def test_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.gol").symlink_to("/proc/self/mem")  # opens, even for root, but EIO
    r = gol("run", "a.gol", cwd=tmp_path)
    assert (r.returncode, r.stderr) == (1, b"gol: open a.gol: input/output error\n")


def test_a_source_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text(HELLO)
    (tmp_path / "a.gol").chmod(0)
    if os.access(tmp_path / "a.gol", os.R_OK):
        pytest.skip("root reads everything")
    r = gol("run", "a.gol", cwd=tmp_path)
    assert (r.returncode, r.stderr) == (1, b"gol: open a.gol: permission denied\n")


@pytest.mark.parametrize("endless", [False, True])
def test_a_huge_source_is_refused_before_it_fills_memory(endless: bool, tmp_path: Path) -> None:
    path = tmp_path / "huge.gol"
    if endless:
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 100 << 20)
    r = gol("run", "huge.gol", cwd=tmp_path, preexec_fn=limit_memory(256))
    assert (r.returncode, r.stderr) == (1, b"gol: huge.gol: more than 16 MiB of source\n")


def limit_memory(megabytes: int) -> Callable[[], None]:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return limit


@pytest.mark.parametrize("megabytes", [80, 100, 160, 220, 280])
def test_out_of_memory_while_compiling(megabytes: int, tmp_path: Path) -> None:
    """One clear error, wherever it strikes: in Python, in the dynamic linker, in LLVM. (In less
    than 70 MB Python itself may die where it has no room, before gol can say anything.)"""
    path = tmp_path / "large.gol"
    body = "".join(f"\tx = append(x, f{i}(x, {i})...)\n" for i in range(2000))
    funcs = "".join(f"func f{i}(x []int, n int) []int {{ return x[n:] }}\n" for i in range(2000))
    path.write_text(f"package main\n\nfunc main() {{\n\tvar x []int\n{body}}}\n\n{funcs}")
    r = gol("run", str(path), preexec_fn=limit_memory(megabytes))
    assert (r.returncode, r.stderr) == (2, b"gol: out of memory while compiling\n")


# ---------------------------------------------------------------- ending while compiling
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_signal_while_compiling_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hello.gol"
    path.write_text(HELLO)
    cache = tmp_path / "cache"  # empty: the runtime alone takes seconds
    p = subprocess.Popen(
        [*GOL, "run", str(path)], env={**os.environ, "GOLCACHE": str(cache)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=default_signals,
    )  # fmt: skip
    try:
        assert wait_until(lambda: children(p.pid)), "no worker process was started"
        workers = children(p.pid)
        p.send_signal(signal.Signals[name])
        out, err = p.communicate(timeout=PATIENCE)
        assert (p.returncode, out, err) == (-signal.Signals[name], b"", b"")
        assert wait_until(lambda: not any(map(running, workers))), "a worker goes on"
        if name != "SIGKILL":
            assert not [f for f in cache.rglob("*") if "tmp" in f.name]
    finally:
        p.kill()
    if name == "SIGKILL":  # which leaves things half done
        r = gol("run", str(path), env={"GOLCACHE": str(cache)})
        assert (r.returncode, r.stderr) == (0, b"hello\n")


def test_initialisers_have_a_place_in_tracebacks(tmp_path: Path) -> None:
    (tmp_path / "init.gol").write_text(INITIALISERS)
    r = gol("run", "init.gol", cwd=tmp_path)
    assert r.returncode == 2
    assert re.search(rb"main\.init\(\)\n\t.*init\.gol:3 \+0x", r.stderr), r.stderr.decode()
