"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gol.cache import default_root

HELLO = 'package main\n\nfunc main() {\n\tprint("hello\\n")\n}\n'

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


def gol(
    *args: str,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gol", *args],
        input=stdin, env={**os.environ, **(env or {})}, cwd=cwd, capture_output=True, timeout=300,
    )  # fmt: skip


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.gol"
    path.write_text(HELLO)
    return path


def test_version() -> None:
    r = gol("version")
    assert r.returncode == 0
    assert r.stdout.startswith(b"gol version gol0.")


def test_env_names_the_cache(tmp_path: Path) -> None:
    r = gol("env", "GOLCACHE", env={"GOLCACHE": str(tmp_path)})
    assert r.stdout.decode().strip() == str(tmp_path)


def test_usage() -> None:
    assert gol().returncode == 2
    assert gol("help").returncode == 0
    r = gol("frobnicate")
    assert (r.returncode, r.stdout) == (2, b"")
    assert b"unknown command" in r.stderr
    r = gol("run")
    assert (r.returncode, r.stderr) == (1, b"gol: no gol files listed\n")


def test_arguments_and_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "args.gol"
    path.write_text(ARGS)
    r = gol("run", str(path), "one", "-two", "three.txt")
    assert (r.returncode, r.stdout, r.stderr) == (4, b"4 [one -two three.txt]\n", b"")


def test_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text('package main\n\nfunc main() { print(name(), 1, "\\n") }\n')
    (tmp_path / "b.gol").write_text('package main\n\nfunc name() string { return "b" }\n')
    r = gol("run", str(tmp_path))
    assert (r.returncode, r.stderr) == (0, b"b1\n")


def test_standard_input_as_source() -> None:
    r = gol("run", "-", stdin=HELLO.encode())
    assert (r.returncode, r.stderr) == (0, b"hello\n")


def test_missing_file(tmp_path: Path) -> None:
    r = gol("run", "nowhere.gol", cwd=tmp_path)
    assert (r.returncode, r.stderr) == (1, b"gol: open nowhere.gol: no such file or directory\n")


def test_folder_without_sources(tmp_path: Path) -> None:
    r = gol("run", str(tmp_path))
    assert (r.returncode, b"no gol files in" in r.stderr) == (1, True)


def test_compile_errors_are_sorted_and_at_most_ten(tmp_path: Path) -> None:
    path = tmp_path / "bad.gol"
    lines = "".join(f"\tx{i} := {i}\n" for i in range(12))
    path.write_text(f"package main\n\nfunc main() {{\n{lines}}}\n")
    r = gol("run", "bad.gol", cwd=tmp_path)
    got = r.stderr.decode().splitlines()
    assert r.returncode == 1
    assert got[0] == "bad.gol:4:2: declared and not used: x0"
    assert got[9] == "bad.gol:13:2: declared and not used: x9"
    assert got[10].endswith("too many errors")
    assert len(got) == 11


@pytest.mark.parametrize(
    "source",
    [b"", b"\x00", b"\xff\xfe\x80", b"package", b"package main\n\nfunc main() { \"", b"(" * 100000,
     b"package main\nfunc main() {" + b"{" * 5000, b"package main\nvar x = " + b"-" * 5000 + b"1"],
    ids=["empty", "nul", "bytes", "half", "string", "parens", "braces", "minus"],
)  # fmt: skip
def test_any_bytes_give_an_error_and_no_traceback(source: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.gol"
    path.write_bytes(source)
    r = gol("run", str(path))
    assert r.returncode == 1
    assert r.stderr.startswith(str(path).encode() + b":")
    assert b"Traceback" not in r.stderr


def test_build_writes_an_executable(hello: Path, tmp_path: Path) -> None:
    out = tmp_path / "program"
    assert gol("build", "-o", str(out), str(hello)).returncode == 0
    r = subprocess.run([str(out)], capture_output=True)
    assert (r.returncode, r.stderr) == (0, b"hello\n")


@pytest.fixture
def cache(hello: Path, tmp_path: Path) -> Path:
    """A cache of the test's own that knows the runtime already."""
    assert gol("run", str(hello)).returncode == 0
    root = tmp_path / "cache"
    shutil.copytree(Path(default_root()) / "pkg", root / "pkg")
    return root


def test_warm_run_imports_no_compiler(hello: Path, cache: Path) -> None:
    env = {"GOLCACHE": str(cache)}
    assert gol("run", str(hello), env=env).returncode == 0
    r = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gol", "run", str(hello)],
        env={**os.environ, **env}, capture_output=True, text=True,
    )  # fmt: skip
    assert "hello" in r.stderr
    for module in ("lark", "llvmlite", "gol.lang", "gol.jit"):
        assert f"| {module}\n" not in r.stderr.replace(" ", "").replace("|", "| ")


def test_broken_cache_entries_are_rebuilt(hello: Path, cache: Path) -> None:
    env = {"GOLCACHE": str(cache)}
    assert gol("run", str(hello), env=env).stderr == b"hello\n"
    for path in cache.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2] if len(data) % 2 else b"junk" * 100)
    assert gol("run", str(hello), env=env).stderr == b"hello\n"
    assert gol("run", str(hello), env=env).stderr == b"hello\n"


def test_cache_that_cannot_be_written(hello: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    r = gol("run", str(hello), env={"GOLCACHE": str(blocker / "cache")})
    assert (r.returncode, r.stderr) == (0, b"hello\n")


def test_change_of_a_file_is_seen(hello: Path) -> None:
    assert gol("run", str(hello)).stderr == b"hello\n"
    hello.write_text(HELLO.replace("hello", "other"))
    assert gol("run", str(hello)).stderr == b"other\n"


def test_two_runs_of_one_new_program_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new.gol"
    path.write_text(HELLO.replace("hello", str(time.time_ns())))
    command = [sys.executable, "-m", "gol", "run", str(path)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    outs = [p.communicate(timeout=300)[1] for p in both]
    assert outs[0] == outs[1]
    assert [p.returncode for p in both] == [0, 0]


def test_interrupt_ends_the_program(tmp_path: Path) -> None:
    path = tmp_path / "loop.gol"
    path.write_text('package main\n\nfunc main() {\n\tprint("on\\n")\n\tfor {\n\t}\n}\n')
    p = subprocess.Popen(
        [sys.executable, "-m", "gol", "run", str(path)], stderr=subprocess.PIPE,
        # what runs in the background of a shell inherits that interrupts are ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        assert p.stderr is not None
        assert p.stderr.readline() == b"on\n"
        p.send_signal(signal.SIGINT)
        assert p.wait(timeout=30) in (-signal.SIGINT, 2)
    finally:
        p.kill()


def test_closed_pipe_ends_the_program(tmp_path: Path) -> None:
    path = tmp_path / "endless.gol"
    path.write_text(
        'package main\n\nimport "fmt"\n\nfunc main() {\n\tfor {\n\t\tfmt.Println("y")\n\t}\n}\n'
    )
    p = subprocess.Popen([sys.executable, "-m", "gol", "run", str(path)], stdout=subprocess.PIPE)
    assert p.stdout is not None
    assert p.stdout.readline() == b"y\n"
    p.stdout.close()
    assert p.wait(timeout=30) == -signal.SIGPIPE


def test_what_the_compiler_did(tmp_path: Path) -> None:
    path = tmp_path / "m.gol"
    path.write_text(
        "package main\n\nvar g *int\n\nfunc f(p *int) { g = p }\n\n"
        "func main() {\n\tx := 1\n\tf(&x)\n\tprintln(*g)\n}\n"
    )
    r = gol("run", "-m", str(path))
    assert "5:8: leaking param: p" in r.stdout.decode()
    assert "8:2: moved to heap: x" in r.stdout.decode()
    assert "main.main" in gol("run", "-S", str(path)).stdout.decode()
    assert "gc.statepoint" in gol("run", "--emit-llvm", str(path)).stdout.decode()
    assert "main.main" in gol("run", "--stackmaps", str(path)).stdout.decode()
    assert gol("run", "--nonsense", str(path)).returncode == 1
