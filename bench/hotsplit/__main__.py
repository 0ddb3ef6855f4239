"""What a call costs that crosses the end of a stack, copied or of segments.

``python -m bench.hotsplit`` runs one program (``calls.gol``) three ways: with stacks that are
copied, with segments (``copystack=0``), and with segments of which none is kept for the next
time. At each of 620 depths it times a call in a loop. Around each size that a stack may have
the fastest and the slowest depth are shown: a copied stack knows no slow one; with segments
the loop is slow wherever the callee's frame falls into the next segment (the hot split).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROGRAM = Path(__file__).parent / "calls.gol"
WAYS = {
    "copied": "nopreempt=1",
    "segments": "nopreempt=1,copystack=0",
    "none kept": "nopreempt=1,copystack=0,segmentcache=0",
}
SIZES = [2048 << i for i in range(6)]  # 2 KiB ... 64 KiB
WINDOW = 2048  # bytes to either side of a size

Times = list[float]  # ns a call, by depth


def measure(exe: Path, debug: str) -> tuple[list[int], Times]:
    """(bytes in use, ns a call) at each depth."""
    env = dict(os.environ, GOLDEBUG=debug)
    r = subprocess.run([str(exe)], env=env, capture_output=True, text=True, check=True)
    rows = [line.split() for line in r.stdout.splitlines()]
    return [int(used) for used, _ in rows], [int(ps) / 1000 for _, ps in rows]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.hotsplit", description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=3, help="interleaved runs; best counts")
    args = parser.parse_args()
    best: dict[str, Times] = {}
    used: list[int] = []
    with tempfile.TemporaryDirectory() as tmp:
        exe = Path(tmp) / "calls"
        build = [sys.executable, "-m", "gol", "build", "-o", str(exe), str(PROGRAM)]
        subprocess.run(build, check=True)
        for _ in range(args.runs):
            for way, debug in WAYS.items():
                where, times = measure(exe, debug)
                if way == "copied":
                    used = where  # addresses in one piece
                best[way] = [min(p) for p in zip(best.get(way, times), times, strict=True)]
    table = Table(title="ns a call: fastest and slowest depth")
    table.add_column("stack in use", justify="right")
    for way in WAYS:
        table.add_column(way, justify="right")
    table.add_column("depths that split", justify="right")
    for size in SIZES:
        here = [i for i, u in enumerate(used) if abs(u - size) <= WINDOW]
        table.add_row(f"{size >> 10} KiB", *_row(best, here))
    Console(width=100).print(table)
    return 0


def _row(best: dict[str, Times], here: list[int]) -> list[str]:
    cells = []
    for times in best.values():
        t = [times[i] for i in here]
        cells.append(f"{min(t):.1f} … {max(t):.1f}")
    slow = 3 * min(best["copied"][i] for i in here)
    split = sum(best["segments"][i] > slow for i in here)
    return [*cells, f"{split} of {len(here)}"]


if __name__ == "__main__":
    sys.exit(main())
