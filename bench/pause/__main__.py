"""What shrinking stacks adds to the pause of a collection: ``python -m bench.pause``.

``parked.gol`` has 5,000 goroutines wait that have each used most of 32 KiB once, and collects
four times. It runs in turn as it is, and with stacks left as large as they are
(``gcshrinkstackoff=1``). All collections of all runs are counted: the first one finds the
stacks too large, the second one finds their owners still waiting, and so on.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROGRAM = Path(__file__).parent / "parked.gol"
ALIKE = "adaptivestackstart=0"  # all begin with 2 KiB
WAYS = {"shrinking": ALIKE, "not shrinking": f"{ALIKE},gcshrinkstackoff=1"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pause", description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=5, help="interleaved runs")
    args = parser.parse_args()
    pauses: dict[str, list[float]] = {way: [] for way in WAYS}  # ms
    stacks: dict[str, list[int]] = {}  # MiB, before and after
    with tempfile.TemporaryDirectory() as tmp:
        exe = Path(tmp) / "parked"
        build = [sys.executable, "-m", "gol", "build", "-o", str(exe), str(PROGRAM)]
        subprocess.run(build, check=True)
        for _ in range(args.runs):
            for way, debug in WAYS.items():
                env = dict(os.environ, GOLDEBUG=debug, GOGC="off")
                r = subprocess.run([exe], env=env, capture_output=True, text=True, check=True)
                *times, sizes = r.stdout.splitlines()
                pauses[way] += [int(ns) / 1e6 for ns in times]
                stacks[way] = [int(n) >> 20 for n in sizes.split()]
    table = Table(title="pause of a collection, ms")
    for column in ("", "least", "median", "most", "stacks, MiB"):
        table.add_column(column, justify="right")
    for way, ms in pauses.items():
        figures = [f"{x:.2f}" for x in (min(ms), statistics.median(ms), max(ms))]
        table.add_row(way, *figures, " → ".join(map(str, stacks[way])))
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
