"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.gol.command import HELLO, gol


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.gol"
    path.write_text(HELLO)
    return path


@pytest.mark.parametrize("command", ["version", "--version"])
def test_version(command: str) -> None:
    r = gol(command)
    assert r.returncode == 0
    assert r.stdout.startswith(b"gol version gol0.")


def test_env_names_the_cache(tmp_path: Path) -> None:
    r = gol("env", "GOLCACHE", env={"GOLCACHE": str(tmp_path)})
    assert r.stdout.decode().strip() == str(tmp_path)


def test_usage() -> None:
    r = gol("help")
    assert (r.returncode, r.stdout[:3]) == (0, b"gol")
    r = gol("frobnicate")
    assert (r.returncode, r.stdout) == (2, b"")
    assert b"unknown command" in r.stderr
    r = gol("run")
    assert (r.returncode, r.stderr) == (1, b"gol: no gol files listed\n")


@pytest.mark.parametrize("command", ["run", "build", "repl", "version", "env", "clean"])
def test_help_of_a_command_does_nothing_else(command: str, tmp_path: Path) -> None:
    kept = tmp_path / "pkg" / "00" / "kept"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"")
    for flag in ("-h", "--help"):
        r = gol(command, flag, env={"GOLCACHE": str(tmp_path)})
        assert (r.returncode, r.stdout, r.stderr) == (0, gol("help").stdout, b"")
    assert kept.exists()


def test_a_program_has_flags_of_its_own(tmp_path: Path) -> None:
    show = 'package main\n\nimport "os"\n\nfunc main() { print(os.Args[1], "\\n") }\n'
    r = gol("run", "-", "-h", stdin=show.encode())
    assert (r.returncode, r.stdout, r.stderr) == (0, b"", b"-h\n")


def test_flags_end(tmp_path: Path) -> None:
    (tmp_path / "-x.gol").write_text("package main\n\nfunc main() {}\n")
    assert gol("run", "--", "-x.gol", cwd=tmp_path).returncode == 0
    r = gol("run", "-x.gol", cwd=tmp_path)
    assert (r.returncode, r.stderr) == (1, b"gol: flag provided but not defined: -x.gol\n")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["clean", "all"], "clean takes no arguments: all"),
        (["clean", "-x"], "clean takes no arguments: -x"),
        (["version", "1"], "version takes no arguments: 1"),
        (["env", "-x"], "flag provided but not defined: -x"),
        (["run", "-x"], "flag provided but not defined: -x"),
        (["build", "-x", "nowhere.gol"], "flag provided but not defined: -x"),
        (["run", "--stack-report=page", "nowhere.gol"],
         "--stack-report=page: the page's name must end in .html"),
        (["build", "-o"], "flag needs an argument: -o"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(args: list[str], error: str) -> None:
    r = gol(*args)
    assert (r.returncode, r.stdout, r.stderr.decode()) == (1, b"", f"gol: {error}\n")


def test_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text('package main\n\nfunc main() { print(name(), 1, "\\n") }\n')
    (tmp_path / "b.gol").write_text('package main\n\nfunc name() string { return "b" }\n')
    r = gol("run", str(tmp_path))
    assert (r.returncode, r.stderr) == (0, b"b1\n")


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


def test_build_knows_where(hello: Path, tmp_path: Path) -> None:
    places = {"-o=one": "one", "-o=new/": "new/hello", "-o=new": "new/hello", "-o=a/b": "a/b"}
    for flag, place in places.items():
        assert gol("build", flag, "hello.gol", cwd=tmp_path).returncode == 0
        assert subprocess.run([tmp_path / place], capture_output=True).stderr == b"hello\n"
        (tmp_path / place).unlink()
    assert gol("build", "-o", "/dev/null", "hello.gol", cwd=tmp_path).returncode == 0
    assert not Path("/dev/null").is_file()


def test_build_replaces_a_program_that_runs(tmp_path: Path) -> None:
    source = tmp_path / "wait.gol"
    source.write_text(
        'package main\n\nimport "os"\n\nfunc main() { os.Stdin.Read(make([]byte, 1)) }\n'
    )
    assert gol("build", "wait.gol", cwd=tmp_path).returncode == 0
    with subprocess.Popen([tmp_path / "wait"], stdin=subprocess.PIPE) as running:
        assert gol("build", "wait.gol", cwd=tmp_path).returncode == 0
        assert running.poll() is None
        assert running.stdin is not None
        running.stdin.close()
    assert running.returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["wait", "wait.gol"]


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


def test_what_is_no_program_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "lib.gol"
    path.write_text("package lib\n\nfunc main() {}\n")
    for args in (["run"], ["build", "-o", str(tmp_path / "lib")], ["run", "--stack-report"]):
        r = gol(*args, "lib.gol", cwd=tmp_path)
        error = b"lib.gol:1:9: package lib is not a main package\n"
        assert (r.returncode, r.stdout, r.stderr) == (1, b"", error)
    assert not (tmp_path / "lib").exists()


def test_files_of_several_packages(tmp_path: Path) -> None:
    (tmp_path / "a.gol").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "b.gol").write_text("package other\n\nfunc main() {}\n")
    r = gol("run", ".", cwd=tmp_path)
    error = b"./b.gol:1:9: package other; expected package main\n"
    assert (r.returncode, r.stdout, r.stderr) == (1, b"", error)
