"""A gol kernel on numpy arrays: heat spreads over a plate.

    python examples/python/heat.py
"""

import time
from pathlib import Path

import numpy as np

import gol

heat = gol.load(Path(__file__).with_name("heat.gol"))


def in_python(plate: np.ndarray, room: np.ndarray, n: int) -> float:
    """What heat.Step does, in plain Python."""
    a, out = plate.tolist(), room
    change = 0.0
    for i in range(1, len(a) // n - 1):
        for j in range(1, n - 1):
            k = i * n + j
            x = (a[k - n] + a[k + n] + a[k - 1] + a[k + 1]) / 4
            change = max(change, abs(x - a[k]))
            out[k] = x
    return change


def in_numpy(plate: np.ndarray, room: np.ndarray, n: int) -> float:
    """The same with whole arrays."""
    a, out = plate.reshape(-1, n), room.reshape(-1, n)
    out[1:-1, 1:-1] = (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]) / 4
    return float(np.abs(out - a)[1:-1, 1:-1].max())


def plate(n: int) -> np.ndarray:
    p = np.zeros((n, n))
    p[0] = 100.0
    return p.reshape(-1)


def main() -> None:
    n = 300
    for step in (heat.Step, in_numpy, in_python):
        a, b = plate(n), plate(n)
        times = 1 if step is in_python else 100
        began = time.perf_counter()
        for _ in range(times):
            change = step(a, b, n)
            a, b = b, a
        ms = (time.perf_counter() - began) * 1000 / times
        print(f"{step.__name__:10} {ms:8.3f} ms a step")
    a = plate(50)
    steps = heat.Run(a, np.empty_like(a), 50, 0.01, lambda s, c: print(f"step {s}: {c:.4f}"))
    print(f"{steps} steps; the middle has {a[25 * 50 + 25]:.3f} degrees")
    assert change >= 0


if __name__ == "__main__":
    main()
