"""Programs as tests: what a ``.gol`` file in ``tests/programs`` says about itself.

    // expect: TEXT            the next line of standard output
    // expect stderr: TEXT     a line of standard error (in this order, others between);
                               … in TEXT stands for anything
    // exit: N                 the exit code (0 where nothing is said)
    // args: A B               arguments of the program
    // args MODE: A B          in this mode, these instead
    // stdin: TEXT             a line of standard input
    // error: LINE:COL: TEXT   the program does not compile; one per message, in order
    // skip MODE: WHY          not run in this mode
    // env: NAME=VALUE         in the environment

A file without ``expect`` or ``error`` lines must print nothing. An example's closing
``// Output:`` block means the same as ``expect`` lines.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from gol.cache import Cache
from gol.launch import program_key, toolchain_id
from gol.program import check_program, compile_program

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "tests" / "programs"

# Seconds after which a program is taken to hang: the machine may be slow, and busy.
PATIENCE = 300.0

# Every program runs in each of these: the ways to find a pointer that was missed.
MODES: dict[str, str] = {
    "normal": "",
    "forcemove": "stackforcemove=1",
    "gcstress": "gcstress=1",
    "faultonfree": "stackfaultonfree=1,stackpoison=1,checkmaps=1",
    "fromsystem": "stackfromsystem=1,stackpoison=1",
    "moves": "stackforcemove=1,stackfaultonfree=1",
    "preempt": "preemptstress=1,checkmaps=1",
    "segments": "copystack=0,stackfaultonfree=1,stackpoison=1,checkmaps=1",
}


@dataclass
class Expectation:
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    exit: int = 0
    args: list[str] = field(default_factory=list)
    args_in: dict[str, list[str]] = field(default_factory=dict)
    stdin: str = ""
    env: dict[str, str] = field(default_factory=dict)
    skip: dict[str, str] = field(default_factory=dict)


def expectation(path: Path) -> Expectation:
    e = Expectation()
    lines = path.read_text(encoding="utf-8").split("\n")
    for i, line in enumerate(lines):
        _, found, comment = line.partition("// ")
        if not found:
            continue
        if comment == "Output:":
            rest = [x for x in lines[i + 1 :] if x.startswith("//")]
            e.stdout += [x[3:] for x in rest]
            break
        key, colon, value = comment.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if not colon:
            continue
        if key == "expect":
            e.stdout.append(value)
        elif key == "expect stderr":
            e.stderr.append(value)
        elif key == "exit":
            e.exit = int(value)
        elif key == "args":
            e.args += value.split()
        elif key.startswith("args "):
            e.args_in[key[5:]] = value.split()
        elif key == "stdin":
            e.stdin += value + "\n"
        elif key == "error":
            e.errors.append(value)
        elif key == "env":
            name, _, v = value.partition("=")
            e.env[name] = v
        elif key.startswith("skip "):
            e.skip[key[5:]] = value
    return e


def compile_library() -> None:
    """Put the runtime and every package of the library into the cache."""
    std = ROOT / "runtime" / "std"
    names = {str(f.parent.relative_to(std)) for f in std.rglob("*.gol")}
    imports = [f'\t_ "{n}"\n' for n in sorted(names) if "internal" not in n.split("/")]
    text = f"package main\n\nimport (\n{''.join(imports)})\n\nfunc main() {{}}\n"
    assert compile_program([("library.gol", text.encode())], Cache(), toolchain_id()) is not None


class _Copying(Cache):
    """A cache that takes what it has not from the one that the tests share."""

    def get(self, kind: str, key: str) -> bytes | None:
        found = super().get(kind, key)
        if found is None and (found := Cache().get(kind, key)) is not None:
            self.put(kind, key, found)
        return found


def seed_cache(root: Path) -> None:
    """Make a cache in which the runtime is, and nothing else, without compiling it anew."""
    sources = [("main.gol", b"package main\n\nfunc main() {}\n")]
    assert compile_program(sources, _Copying(str(root)), toolchain_id()) is not None
    shutil.copytree(Path(Cache().root) / "grammar", root / "grammar")


def build(path: Path) -> Path:
    """The executable of a program, through the cache. Raises AssertionError with the
    compiler's messages."""
    sources = [(str(path), path.read_bytes())]
    cache, toolchain = Cache(), toolchain_id()
    key = program_key(sources, toolchain)
    if cache.get("exe", key) is None:
        image = compile_program(sources, cache, toolchain)
        assert image is not None, f"{path} does not compile"
        assert cache.put("exe", key, image, executable=True)
    return Path(cache.path("exe", key))


def run(
    exe: Path, mode: str = "", *, args: list[str] | None = None, stdin: str = "",
    env: dict[str, str] | None = None, cpu: int | None = None,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run an executable of ours; killed after ``cpu`` seconds of the processor's time."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))) if cpu else None
    full = {**os.environ, **(env or {})}
    debug = ",".join(x for x in (full.pop("GOLDEBUG", ""), mode) if x)
    if debug:
        full["GOLDEBUG"] = debug
    return subprocess.run(
        [str(exe), *(args or [])], input=stdin, env=full, timeout=PATIENCE, preexec_fn=limit,
        capture_output=True, text=True, errors="backslashreplace",
    )  # fmt: skip


def normal(line: str) -> str:
    """A line of standard error without what differs from machine to machine."""
    return re.sub(r"\b(pc|addr)=(0x[1-9a-f][0-9a-f]*)", r"\1=...", line.rstrip())


def matches(want: str, got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in normal(want).split("…"))
    return re.fullmatch(pattern, normal(got)) is not None


def check(path: Path, mode: str) -> None:
    """Assert that the program does what it says, in this mode."""
    e = expectation(path)
    if e.errors:
        got = check_program([(str(path), path.read_bytes())])
        short = [m.split(":", 1)[1] for m in got]
        assert short == e.errors
        return
    args = e.args_in.get(mode, e.args)
    judge(e, run(build(path), MODES[mode], args=args, stdin=e.stdin, env=e.env))


def judge(e: Expectation, r: subprocess.CompletedProcess[str]) -> None:
    """Assert that a run went as expected."""
    shown = f"\n--- stdout\n{r.stdout}\n--- stderr\n{r.stderr}"
    assert r.returncode == e.exit, f"exit code {r.returncode}, want {e.exit}{shown}"
    got_lines = r.stdout.split("\n")
    if got_lines and got_lines[-1] == "":
        got_lines.pop()
    want = [x.rstrip() for x in e.stdout]
    assert [x.rstrip() for x in got_lines] == want, shown
    rest = iter(r.stderr.split("\n"))
    for line in e.stderr:
        assert any(matches(line, x) for x in rest), f"no line {line!r}{shown}"
    if not e.stderr and e.exit == 0:
        assert r.stderr == "", shown
