"""Who runs in a benchmark, and how each is built.

A contestant's name tells: ``gol`` and ``go`` are the program as each compiles it; ``C`` is
the ``.c`` file beside it, where there is gcc; ``checked`` and ``unchecked`` are gol's with and
without stack checks, by unchecked.py; a name with ``=`` in it is gol's, run with that
``GOLDEBUG``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import source as sources

PROGRAMS = Path(__file__).parent / "programs"



def _hello(edition: int) -> str:
    text = (PROGRAMS / "hello.gol").read_text()
    return text.replace('"hello"', f'"hello", {edition}')


# Timed as ``gol run`` against ``go run``, warm or (after a change of the source each time)
# cold; the runtime and the library are compiled already.
STARTS: dict[str, Callable[[int], str]] = {
    "hello": lambda edition: (PROGRAMS / "hello.gol").read_text(),
    "hello_cold": _hello,
    "compile_1000": lambda edition: sources.program(1000, edition),
}


@dataclass(frozen=True)
class Contestant:
    name: str
    argv: list[str]
    env: dict[str, str]
    source: Path | None = None  # to be written anew before each run:
    text: Callable[[int], str] | None = None

    def prepare(self, edition: int) -> None:
        if self.source is not None and self.text is not None:
            self.source.write_text(self.text(edition))


def _starts(name: str, work: Path, go: str | None, env: dict[str, str]) -> list[Contestant]:
    gol = shutil.which("gol") or str(Path(sys.executable).with_name("gol"))
    out = []
    for who, command in (("gol", gol), ("go", go)):
        if command:
            source = work / f"{name}.{who}"
            out.append(Contestant(who, [command, "run", str(source)], env, source, STARTS[name]))
    return out


def contestants(name: str, others: set[str], work: Path, go: str | None) -> list[Contestant]:
    """gol's and Go's build of a program, and the others of those names that can be had."""
    env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off")
    env.pop("GOLDEBUG", None)
    if name in STARTS:
        return _starts(name, work, go, env)
    program = PROGRAMS / f"{name}.gol"
    source = work / f"{name}.go"
    shutil.copy(program, source)

    def built(who: str, command: list[str], source: Path = program) -> Contestant:
        exe = str(work / f"{name}.{who}.exe")
        subprocess.run([*command, "-o", exe, str(source)], check=True, env=env)
        return Contestant(who, [exe], env)

    out = [built("gol", [sys.executable, "-m", "gol", "build"])]
    if go:
        out.append(built("go", [go, "build"], source))
    gcc = shutil.which("gcc")
    for other in sorted(others - {"gol", "go"}):
        if "=" in other:
            out.append(Contestant(other, out[0].argv, {**env, "GOLDEBUG": other}))
        elif other in ("checked", "unchecked"):
            python = [sys.executable, "-m", "bench.unchecked"]
            out.append(built(other, python + ["--check"] * (other == "checked")))
        elif gcc:
            out.append(built(other, [gcc, "-O2"], program.with_suffix(".c")))
    return out
