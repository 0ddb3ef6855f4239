"""Write table.gol: the numbers that a seed is mixed with, found from what Go's generator
gives for the seed 1.

    python maketable.py > table.gol     (needs a go command)

The generator adds two of the last 607 numbers. From 607 results the state before them
follows by subtracting in reverse; what seeding mixes in is known.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

LENGTH, TAP = 607, 273
PER_LINE = 7  # numbers of 11 digits
PROGRAM = """package main

import (
	"fmt"
	"math/rand"
)

func main() {
	s := rand.NewSource(1).(rand.Source64)
	for i := 0; i < 607; i++ {
		fmt.Println(s.Uint64())
	}
}
"""
MASK = (1 << 64) - 1


def seed_numbers(seed: int) -> list[int]:
    """What Seed derives from the seed alone: a Lehmer generator, three numbers a word."""
    x = seed
    out: list[int] = []

    def step() -> int:
        nonlocal x
        x = 48271 * (x % 44488) - 3399 * (x // 44488)
        if x < 0:
            x += (1 << 31) - 1
        return x

    for _ in range(20):
        step()
    for _ in range(LENGTH):
        u = step() << 40
        u ^= step() << 20
        u ^= step()
        out.append(u & MASK)
    return out


def main() -> None:
    with tempfile.TemporaryDirectory() as tmp:
        path = Path(tmp) / "main.go"
        path.write_text(PROGRAM)
        run = subprocess.run(["go", "run", str(path)], capture_output=True, text=True, check=True)
    results = [int(line) for line in run.stdout.split()]
    taps = [(-1 - n) % LENGTH for n in range(LENGTH)]
    feeds = [(LENGTH - TAP - 1 - n) % LENGTH for n in range(LENGTH)]
    state = [0] * LENGTH
    for n in range(LENGTH):
        state[feeds[n]] = results[n]
    for n in reversed(range(LENGTH)):
        state[feeds[n]] = (results[n] - state[taps[n]]) & MASK
    table = [a ^ b for a, b in zip(state, seed_numbers(1), strict=True)]
    digits = "".join(chr(c) for c in range(0x20, 0x60))
    text = "".join(digits[n >> 6 * k & 63] for n in table for k in range(11))
    lines = [text[i : i + 11 * PER_LINE] for i in range(0, len(text), 11 * PER_LINE)]
    print("package rand\n\n// Made by maketable.py: 607 numbers of 11 digits, the lowest first.")
    print("const mixed = " + " +\n\t".join(f"`{line}`" for line in lines))


if __name__ == "__main__":
    main()
