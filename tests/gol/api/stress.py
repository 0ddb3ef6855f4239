"""Run by test_api_modes.py in a process of its own, under the switches of GOLDEBUG: stacks
move and collections happen while Python's memory is lent, callables are called, and threads
take turns. Prints "ok"."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import numpy as np

import gol
from gol.api.bridge import Bridge

here = Path(__file__).parent
calls = gol.load(here / "calls.gol")
values = gol.load(here / "values.gol")


def buffers(k: int) -> None:
    a = np.arange(200.0)
    want = float(a.sum())
    for i in range(6):
        assert calls.deepSum(a, 30 + 5 * i) >= want  # the stack moves under the slice
        calls.hold(a)
        calls.churn(20)
        assert calls.sum(np.full(50, float(k))) == 50 * k
        b = bytearray(1000)
        calls.fill(b)
        assert b == b"x" * 1000
        assert calls.checksum(bytes(b)) == 1000 * ord("x")
    v = np.asarray(gol.view(calls.squares)(300))
    calls.churn(20)
    assert v[299] == 299 * 299


def callables(k: int) -> None:
    def fib(n: int) -> int:
        return calls.fib(n, fib)

    assert fib(7) == 13
    for i in range(5):
        assert calls.apply(lambda x: x + k, i) == i + k
        assert calls.total(lambda i, s: float(len(s)), 6) == 15.0
        assert calls.sortBy(["c", "a", "b"], lambda a, b: a < b) == ["a", "b", "c"]
        assert calls.long(lambda: [0.5] * 2000) == 1000.0
        assert calls.compose([calls.adder(k), lambda x: x * 2])(3) == (3 + k) * 2
        assert calls.recovered(lambda: 1 // 0).startswith("ZeroDivisionError")
        try:
            calls.apply(lambda x: [][x], 1)
        except IndexError:
            pass
        else:
            raise AssertionError("no IndexError")


def conversions(k: int) -> None:
    x: Any = {"a": [1, 2.5, "x", None, b"b"], "b": {"c": [True] * 5}, "c": values.Point(k, 1)}
    people = [values.Person("Ann", k, ["a@b"] * 3, values.Point(1, 2), {"x": 0.5})] * 3
    for _ in range(5):
        assert values.anything(x) == x
        assert values.people(people) == people
        assert values.grid({values.Point(i, k): "v" * i for i in range(20)})[values.Point(3, k)]
        n = calls.chain(10)
        seen: list[Any] = []
        calls.walk(n, seen.append)
        assert [s.Value for s in seen] == list(range(9, -1, -1))
        p = values.newPoint(1, k)
        p.Move(1, 1)
        assert gol.value(p) == values.Point(2, k + 1)
        try:
            calls.index([1, 2], 7)
        except gol.Panic as e:
            assert "index out of range [7] with length 2" in str(e)
        try:
            values.root(-1.0)
        except gol.Error as e:
            assert values.isNegative(e)


def main() -> None:
    for work in (buffers, callables, conversions):
        work(1)
    failed: list[BaseException] = []

    def guarded(work: Any, k: int) -> None:
        try:
            work(k)
        except BaseException as e:  # noqa: BLE001 (shown below)
            failed.append(e)

    threads = [
        threading.Thread(target=guarded, args=(w, k))
        for k, w in enumerate((buffers, callables, conversions))
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failed:
        raise failed[0]
    calls.letGo()
    gc.collect()
    for _ in range(3):
        calls.collect()
        calls.sleep(1)
    bridge = Bridge.get()
    bridge.host.collect()
    assert not bridge.host._owners, "memory is still lent"
    assert not bridge.callables.held, "callables are still held"
    print("ok")


if __name__ == "__main__":
    main()
