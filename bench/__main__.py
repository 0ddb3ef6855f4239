"""gol against real Go on the same files, interleaved: ``python -m bench [NAME ...]``.

Each program in ``bench/programs`` is built by gol and, where ``go`` is found, by Go. The two
executables must print the same before anything is timed. Then they run in turn, A B A B,
so that a change in the machine's speed touches both; medians of wall time, CPU time and
peak memory are printed, with the ratio gol / Go and the bound that the project has set
itself. ``hello`` is timed as ``gol run`` against ``go run``, both warm; ``hello_cold`` and
``compile_1000`` (a thousand lines) the same after a change of the program each time, with
gol's runtime and the library compiled before. A second table has the ratios to others: C,
gol without the stack check, gol with switches of ``GOLDEBUG``.

Without Go the absolute figures are printed. What misses its bound is marked with ``!``.
Exit code 1 if an answer is wrong.
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

from bench.contestants import PROGRAMS, STARTS, Contestant, contestants

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
    "hello": 0.4,
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
    "stackcopy": 1.0,
    "stackcopyptr": 1.0,
    "stackcopynocache": 1.0,
    "stackcopyobj": 1.0,
    "stackgrowth": 1.0,
    "stackgrowthdeep": 1.0,
    "stackstart": 1.0,
    "stackcheck": 0.95,
}

SECONDS: dict[str, float] = {"compile_1000": 1.5}  # wall time, at most

_COLD = "stackcache=0,adaptivestackstart=0"

# program, one contestant, another, and the best wall time of the first / of the second, at most
COMPARISONS: list[tuple[str, str, str, float]] = [
    ("stackcheck", "checked", "unchecked", 1.1),
    ("chain_1e7", "gol", "C", 2.0),
    ("stackcopy", _COLD, "go", 1.0),
    ("stackcopyptr", _COLD, "go", 1.0),
    ("stackcopynocache", _COLD, "go", 1.0),
    ("stackcopyobj", _COLD, "go", 1.0),
    ("stackgrowth", _COLD, "go", 1.0),
    ("stackgrowthdeep", _COLD, "go", 1.0),
    ("stackgrowth", "gol", "stackcache=0", 1.0),
    ("stackgrowthdeep", "gol", "stackcache=0", 1.0),
    ("stackstart", "gol", "adaptivestackstart=0", 1.0),
    ("stackstart", "stackcache=0", _COLD, 1.0),
]


@dataclass(frozen=True)
class Figures:
    wall: float  # seconds
    cpu: float  # seconds, user and system
    memory: int  # peak resident bytes


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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="gol against Go")
    parser.add_argument("names", nargs="*", help="programs (default: all)")
    parser.add_argument("-n", "--runs", type=int, default=5, help="timed runs of each")
    parser.add_argument("--go", default=shutil.which("go"), help="the go command")
    args = parser.parse_args()
    names = args.names or sorted({*STARTS, *(p.stem for p in PROGRAMS.glob("*.gol"))})
    table = _table(f"medians of {args.runs} interleaved runs", TITLES)
    second = _table("best of these runs, beside others", OTHER_TITLES)
    wrong = 0
    with tempfile.TemporaryDirectory() as tmp:
        for name in names:
            compared = [c for c in COMPARISONS if c[0] == name]
            others = {who for _, one, other, _ in compared for who in (one, other)}
            try:
                field = contestants(name, others, Path(tmp), args.go)
                for c in field:
                    c.prepare(0)
                answers = [answer(c) for c in field]
                if any(a != answers[0] for a in answers) or answers[0][2] != 0:
                    print(f"{name}: wrong answer, not timed\n{answers}", file=sys.stderr)
                    wrong += 1
                    continue
                runs: dict[str, list[Figures]] = {c.name: [] for c in field}
                for edition in range(1, args.runs + 1):
                    for c in field:
                        c.prepare(edition)
                        runs[c.name].append(time_once(c))
            except (RuntimeError, subprocess.CalledProcessError) as e:
                print(f"{name}: {e}", file=sys.stderr)
                wrong += 1
                continue
            medians = {who: median(r) for who, r in runs.items()}
            table.add_row(name, *_row(name, medians["gol"], medians.get("go")))
            for _, one, other, bound in compared:
                if one in medians and other in medians:
                    second.add_row(name, *_beside(one, runs[one], other, runs[other], bound))
    console = Console(width=100)
    console.print(table)
    if second.row_count:
        console.print(second)
    return 1 if wrong else 0


TITLES = ("program", "gol s", "go s", "wall", "bound", "cpu", "gol MB", "go MB")
OTHER_TITLES = ("program", "one", "other", "one s", "other s", "wall", "bound", "cpu")


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title)
    for column in columns:
        left = column in ("program", "one", "other")
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    return table


def _ratio(ratio: float, bound: float | None) -> tuple[str, str]:
    mark = "" if bound is None or ratio <= bound else " !"
    return f"{ratio:.2f}{mark}", f"{bound:.2f}" if bound else ""


def _row(name: str, gol: Figures, go: Figures | None) -> list[str]:
    seconds = f"{gol.wall:.3f}" + (" !" if gol.wall > SECONDS.get(name, gol.wall) else "")
    if go is None:
        return [seconds, "", "", "", "", _memory(gol.memory), ""]
    return [
        seconds, f"{go.wall:.3f}", *_ratio(gol.wall / go.wall, BOUNDS.get(name)),
        f"{gol.cpu / max(go.cpu, 1e-3):.2f}", _memory(gol.memory), _memory(go.memory),
    ]  # fmt: skip


def _beside(one: str, a: list[Figures], other: str, b: list[Figures], bound: float) -> list[str]:
    """Of the best runs, because these ratios are closer to their bounds than the machine's
    noise is to nothing."""
    wall, other_wall = min(r.wall for r in a), min(r.wall for r in b)
    cpu = min(r.cpu for r in a) / max(min(r.cpu for r in b), 1e-3)
    return [
        one, other, f"{wall:.3f}", f"{other_wall:.3f}", *_ratio(wall / other_wall, bound),
        f"{cpu:.2f}",
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
