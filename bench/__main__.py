"""gol against real Go on the same files, interleaved: ``python -m bench [NAME ...]``.

Each program in ``bench/programs`` is built by gol and, where ``go`` is found, by Go. The two
executables must print the same before anything is timed. Then they run in turn, A B A B,
so that a change in the machine's speed touches both; medians of wall time, CPU time and
peak memory are printed, with the ratio gol / Go and the bound that the project has set
itself. ``hello`` is timed as ``gol run`` against ``go run``, both warm.

Without Go the absolute figures are printed. Exit code 1 if an answer is wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROGRAMS = Path(__file__).parent / "programs"

# gol / Go in wall time, at most
BOUNDS: dict[str, float] = {
    "fib": 0.95,
    "chain_1e5": 1.0,
    "chain_1e7": 1.0,
    "hotsplit": 1.0,
    "nbody": 1.0,
    "spectralnorm": 1.0,
    "matmul": 1.0,
    "sieve": 1.0,
    "goroutines": 1.5,
    "pingpong": 1.5,
    "binarytrees": 2.0,
    "hello": 1.5,
    "mapint": 1.2,
    "mapstring": 1.2,
    "strbuild": 1.2,
    "quicksort": 1.2,
    "sortslice": 1.2,
    "ifacecall": 1.2,
    "closurecall": 1.2,
    "deferloop": 1.2,
    "panicrecover": 1.2,
    "fannkuch": 1.2,
    "primesieve": 1.2,
}


@dataclass(frozen=True)
class Figures:
    wall: float  # seconds
    cpu: float  # seconds, user and system
    memory: int  # peak resident bytes


@dataclass(frozen=True)
class Contestant:
    name: str
    argv: list[str]
    env: dict[str, str]


def time_once(c: Contestant) -> Figures:
    """One run, its output thrown away. Raises RuntimeError if it fails."""
    import time

    null = os.open(os.devnull, os.O_RDWR)
    start = time.perf_counter()
    pid = os.posix_spawn(
        c.argv[0], c.argv, c.env,
        file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)],
    )  # fmt: skip
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    os.close(null)
    if status != 0:
        raise RuntimeError(f"{c.name}: {' '.join(c.argv)} failed with status {status}")
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def answer(c: Contestant) -> tuple[bytes, bytes, int]:
    r = subprocess.run(c.argv, env=c.env, stdin=subprocess.DEVNULL, capture_output=True)
    return r.stdout, r.stderr, r.returncode


def median(runs: list[Figures]) -> Figures:
    return Figures(
        statistics.median(r.wall for r in runs),
        statistics.median(r.cpu for r in runs),
        int(statistics.median(r.memory for r in runs)),
    )


def contestants(program: Path, work: Path, go: str | None) -> list[Contestant]:
    env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off")
    env.pop("GOLDEBUG", None)
    name = program.stem
    gol = [sys.executable, "-m", "gol"]
    source = work / f"{name}.go"
    if name == "hello":
        command = shutil.which("gol") or str(Path(sys.executable).with_name("gol"))
        out = [Contestant("gol", [command, "run", str(program)], env)]
        if go:
            shutil.copy(program, source)
            out.append(Contestant("go", [go, "run", str(source)], env))
        return out
    exe = work / f"{name}.gol.exe"
    subprocess.run([*gol, "build", "-o", str(exe), str(program)], check=True, env=env)
    out = [Contestant("gol", [str(exe)], env)]
    if go:
        shutil.copy(program, source)
        goexe = work / f"{name}.go.exe"
        subprocess.run([go, "build", "-o", str(goexe), str(source)], check=True, env=env)
        out.append(Contestant("go", [str(goexe)], env))
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="gol against Go")
    parser.add_argument("names", nargs="*", help="programs (default: all)")
    parser.add_argument("-n", "--runs", type=int, default=5, help="timed runs of each")
    parser.add_argument("--go", default=shutil.which("go"), help="the go command")
    args = parser.parse_args()
    names = args.names or sorted(p.stem for p in PROGRAMS.glob("*.gol"))
    table = Table(title=f"medians of {args.runs} interleaved runs")
    for column in ("program", "gol s", "go s", "wall", "bound", "cpu", "gol MB", "go MB"):
        table.add_column(column, justify="left" if column == "program" else "right")
    wrong = 0
    with tempfile.TemporaryDirectory() as tmp:
        for name in names:
            program = PROGRAMS / f"{name}.gol"
            try:
                pair = contestants(program, Path(tmp), args.go)
                answers = [answer(c) for c in pair]
                if any(a != answers[0] for a in answers) or answers[0][2] != 0:
                    print(f"{name}: wrong answer, not timed\n{answers}", file=sys.stderr)
                    wrong += 1
                    continue
                runs: list[list[Figures]] = [[] for _ in pair]
                for _ in range(args.runs):
                    for i, c in enumerate(pair):
                        runs[i].append(time_once(c))
            except (RuntimeError, subprocess.CalledProcessError) as e:
                print(f"{name}: {e}", file=sys.stderr)
                wrong += 1
                continue
            table.add_row(name, *_row(name, [median(r) for r in runs]))
    Console(width=100).print(table)
    return 1 if wrong else 0


def _row(name: str, m: list[Figures]) -> list[str]:
    gol = m[0]
    if len(m) == 1:
        return [f"{gol.wall:.3f}", "", "", "", "", _memory(gol.memory), ""]
    go = m[1]
    ratio = gol.wall / go.wall
    bound = BOUNDS.get(name)
    mark = "" if bound is None or ratio <= bound else " !"
    return [
        f"{gol.wall:.3f}", f"{go.wall:.3f}", f"{ratio:.2f}{mark}",
        f"{bound:.2f}" if bound else "", f"{gol.cpu / max(go.cpu, 1e-3):.2f}",
        _memory(gol.memory), _memory(go.memory),
    ]  # fmt: skip


def _memory(n: int) -> str:
    """The kernel counts a process's peak from the moment it is spawned, when it still has
    this program's memory: less than that cannot be seen."""
    return "small" if n <= 1.02 * floor() else f"{n / 1e6:.1f}"


@cache
def floor() -> int:
    return time_once(Contestant("nothing", ["/bin/true"], dict(os.environ))).memory


if __name__ == "__main__":
    sys.exit(main())
