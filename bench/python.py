"""gol called from Python, against ctypes, numba and Python itself: ``python -m bench.python``.

Two things are measured: what a call costs (a function that adds two ints), and a kernel
over a numpy array (a step of examples/python/heat.gol, 1000 × 1000 cells). The contestants
take turns; the least CPU time of all rounds is printed. A contestant that cannot be had is
left out: ctypes needs a C compiler, numba an interpreter that has it (``--numba PYTHON``
names one: it pins llvmlite, so it is seldom the one at hand). Then, how long it takes from
``import gol`` to the end of the first call of a module that was compiled before, in processes
of their own. Exit code 1 if answers differ.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

EXAMPLES = Path(__file__).parent.parent / "examples" / "python"
N = 1000
ROUNDS = 5
CALLS = 20_000

ADD = "package add\n\nfunc Add(a, b int) int { return a + b }\n"

C = """
long add(long a, long b) { return a + b; }

double step(const double *from, double *to, long rows, long n) {
	double change = 0;
	for (long i = 1; i < rows - 1; i++)
		for (long j = 1; j < n - 1; j++) {
			long k = i * n + j;
			double x = (from[k - n] + from[k + n] + from[k - 1] + from[k + 1]) / 4;
			double d = x > from[k] ? x - from[k] : from[k] - x;
			if (d > change) change = d;
			to[k] = x;
		}
	return change;
}
"""

# Contestants of another interpreter read this, and print a line of JSON for each round.
NUMBA = """
import json, sys, time
import numba, numpy as np

@numba.njit
def add(a, b):
    return a + b

@numba.njit
def step(f, to, n):
    change = 0.0
    for i in range(1, len(f) // n - 1):
        for j in range(1, n - 1):
            k = i * n + j
            x = (f[k - n] + f[k + n] + f[k - 1] + f[k + 1]) / 4
            change = max(change, abs(x - f[k]))
            to[k] = x
    return change

N, CALLS = int(sys.argv[1]), int(sys.argv[2])
a = np.zeros((N, N)); a[0] = 100.0; a = a.reshape(-1); b = np.empty_like(a)
add(1, 2); step(a, b, N)
for _ in sys.stdin:
    t = time.process_time()
    for _ in range(CALLS):
        add(1, 2)
    call = (time.process_time() - t) / CALLS
    t = time.process_time()
    change = step(a, b, N)
    print(json.dumps([call, time.process_time() - t, add(1, 2), change]), flush=True)
"""

# What a process does that wants one call; it prints its seconds.
START = f"""
import time
began = time.perf_counter()
import gol
gol.compile({ADD!r}, "add.gol").Add(1, 2)
print(time.perf_counter() - began)
"""

Result = list[float]  # seconds of a call, seconds of a step, and what both return


def measure(add: Callable[[int, int], int], step: Callable[[], float], calls: int) -> Result:
    began = time.process_time()
    for _ in range(calls):
        add(1, 2)
    call = (time.process_time() - began) / calls
    began = time.process_time()
    change = step()
    return [call, time.process_time() - began, add(1, 2), change]


def contestants(numba: str, folder: Path) -> dict[str, Callable[[], Result]]:
    import numpy as np

    import gol

    grid = np.zeros((N, N))
    grid[0] = 100.0
    a, b = grid.reshape(-1), np.empty(N * N)
    module, heat = gol.compile(ADD, "add.gol"), gol.load(EXAMPLES / "heat.gol")
    out: dict[str, Callable[[], Result]] = {
        "gol": lambda: measure(module.Add, lambda: heat.Step(a, b, N), CALLS)
    }
    lib = c_library(folder)
    if lib is not None:
        p = ctypes.POINTER(ctypes.c_double)

        def c_step() -> float:
            return lib.step(a.ctypes.data_as(p), b.ctypes.data_as(p), N, N)

        out["C, by ctypes"] = lambda: measure(lib.add, c_step, CALLS)
    other = numba_process(numba)
    if other is not None:
        out["numba"] = other
    sys.path.insert(0, str(EXAMPLES))
    from heat import in_numpy, in_python  # type: ignore[import-not-found]

    def add(x: int, y: int) -> int:
        return x + y

    out["numpy"] = lambda: measure(add, lambda: in_numpy(a, b, N), CALLS)
    out["Python"] = lambda: measure(add, lambda: in_python(a, b, N), CALLS)
    return out


def c_library(folder: Path) -> Any:
    cc = shutil.which("cc") or shutil.which("gcc")
    if cc is None:
        return None
    (folder / "step.c").write_text(C)
    subprocess.run(
        [cc, "-O2", "-shared", "-fPIC", "-o", "step.so", "step.c"], cwd=folder, check=True
    )
    lib = ctypes.CDLL(str(folder / "step.so"))
    lib.add.restype, lib.add.argtypes = ctypes.c_long, (ctypes.c_long, ctypes.c_long)
    p = ctypes.POINTER(ctypes.c_double)
    lib.step.restype, lib.step.argtypes = ctypes.c_double, (p, p, ctypes.c_long, ctypes.c_long)
    return lib


def numba_process(python: str) -> Callable[[], Result] | None:
    if not python and importlib.util.find_spec("numba") is None:
        return None
    child = subprocess.Popen(
        [python or sys.executable, "-c", NUMBA, str(N), str(CALLS)], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def round() -> Result:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    return round


def first_call() -> float:
    """Seconds; the least of some processes."""
    command = [sys.executable, "-c", START]
    return min(float(subprocess.check_output(command)) for _ in range(2 * ROUNDS))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.python")
    parser.add_argument("--numba", default="", metavar="PYTHON", help="an interpreter with numba")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        all = contestants(args.numba, Path(folder))
        results: dict[str, list[Result]] = {name: [] for name in all}
        for _ in range(ROUNDS):
            for name, round in all.items():
                if name != "Python" or len(results[name]) < 2:
                    results[name].append(round())
    table = Table("", "call", "/ gol", "kernel", "/ gol", title="gol from Python")
    first = [min(r[i] for r in results["gol"]) for i in (0, 1)]
    wrong = False
    for name, rounds in results.items():
        call, step = (min(r[i] for r in rounds) for i in (0, 1))
        wrong = wrong or any(r[2:] != results["gol"][0][2:] for r in rounds)
        table.add_row(
            name, f"{call * 1e6:.2f} µs", f"{call / first[0]:.2f}", f"{step * 1e3:.2f} ms",
            f"{step / first[1]:.2f}",
        )  # fmt: skip
    Console().print(table)
    print(f"import, load and first call: {first_call() * 1e3:.0f} ms")
    if wrong:
        print("the answers differ")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
