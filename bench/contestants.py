"""Who runs in a benchmark, and how each is built.

A contestant's name tells: ``gol`` and ``go`` are the program as each compiles it; ``C`` is
the ``.c`` file beside it, where there is gcc; ``unchecked`` is gol's without the stack check
of one function; a name with ``=`` in it is gol's, run with that ``GOLDEBUG``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"

UNCHECKED = {"fib": "main.fib"}  # the function without a check


@dataclass(frozen=True)
class Contestant:
    name: str
    argv: list[str]
    env: dict[str, str]


def contestants(name: str, others: set[str], work: Path, go: str | None) -> list[Contestant]:
    """gol's and Go's build of a program, and the others of those names that can be had."""
    env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off")
    env.pop("GOLDEBUG", None)
    program = PROGRAMS / f"{name}.gol"
    source = work / f"{name}.go"
    shutil.copy(program, source)
    if name == "hello":
        command = shutil.which("gol") or str(Path(sys.executable).with_name("gol"))
        out = [Contestant("gol", [command, "run", str(program)], env)]
        if go:
            out.append(Contestant("go", [go, "run", str(source)], env))
        return out

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
        elif other == "unchecked":
            python = [sys.executable, "-m", "bench.unchecked"]
            out.append(built(other, [*python, "--function", UNCHECKED[name]]))
        elif gcc:
            out.append(built(other, [gcc, "-O2"], program.with_suffix(".c")))
    return out
