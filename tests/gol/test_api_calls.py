"""The Python API: functions of functions, memory that is lent, and how calls end."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gol
from gol.api.bridge import Bridge

m = gol.load(Path(__file__).parent / "api" / "calls.gol")


def settle() -> None:
    """Let gol and Python forget what nobody has any more."""
    gc.collect()
    for _ in range(3):
        m.collect()
        m.sleep(2)
    Bridge.get().host.collect()


# ------------------------------------------------------------------ callables
def test_callables() -> None:
    assert m.apply(lambda x: x + 1, 41) == 42
    assert m.apply(abs, -5) == 5
    assert m.total(lambda i, s: i + len(s) / 10, 5) == 11.0
    assert m.sortBy(["b", "a", "c"], lambda a, b: a > b) == ["c", "b", "a"]
    assert m.spread(lambda s, *xs: len(s) + sum(xs)) == 7
    assert m.three(lambda: (1, "x", [2])) == "1x[2]"
    assert m.long(lambda: [1.0] * 10_000) == 10_000
    assert m.long(lambda: np.ones(7)) == 7
    assert m.mapped({"f": lambda x: x * 2}, 4) == 8
    assert m.same(lambda x: [x, x], {"a": None}) == [{"a": None}, {"a": None}]
    assert m.isNil(None) and not m.isNil(abs)
    assert m.handle(lambda s: s + "!", "a") == "a!!"


def test_callables_that_call_gol() -> None:
    def f(n: int) -> int:
        return m.fib(n, f)

    assert f(15) == 610


def test_callables_that_gol_keeps() -> None:
    m.keep(lambda x: x * 2)
    settle()
    assert m.callKept(21) == 42
    assert m.kept(4) == 8
    m.kept = None
    settle()
    assert not Bridge.get().callables.held


def test_functions_of_gol() -> None:
    f = m.adder(3)
    assert f(4) == 7
    assert m.apply(f, 5) == 8
    assert m.compose([f, lambda x: x * 10, m.adder(1)])(1) == 41
    with pytest.raises(TypeError, match=r"func\(int\) int takes 1 argument, got 2"):
        f(1, 2)
    with pytest.raises(TypeError, match=r"argument 1 of func\(int\) int: wanted int, got str"):
        f("x")


def test_callables_get_pointers() -> None:
    seen = []
    m.walk(m.chain(4), lambda n: seen.append(n.Value))
    assert seen == [3, 2, 1, 0]
    kept: list[Any] = []
    m.walk(m.chain(2), kept.append)
    settle()
    assert kept[0].Next == kept[1] and kept[1].Value == 0


def test_exceptions_go_through_gol() -> None:
    class Mine(Exception):
        pass

    raised = Mine("boom")

    def fail(*args: object) -> None:
        raise raised

    with pytest.raises(Mine) as e:
        m.nothing(fail)
    assert e.value is raised
    with pytest.raises(Mine):
        m.apply(fail, 1)
    assert m.recovered(fail) == "Mine: boom"
    before = m.deferred
    with pytest.raises(Mine):
        m.withDefer(fail)
    assert m.deferred == before + 1
    with pytest.raises(gol.Panic, match="another"):
        m.replaced(fail)
    with pytest.raises(KeyboardInterrupt):
        m.recovered(lambda: (_ for _ in ()).throw(KeyboardInterrupt()))


def test_errors_of_callables() -> None:
    def f(i: int, s: str) -> float:
        if i == 3:
            raise gol.Error("three")
        return 1.0

    with pytest.raises(gol.Error, match="total: three") as e:
        m.total(f, 5)
    assert e.value.results == 3.0
    with pytest.raises(ZeroDivisionError):
        m.total(lambda i, s: 1 // 0, 5)


def test_results_of_callables_are_checked() -> None:
    with pytest.raises(TypeError, match="result of <lambda>: wanted int, got str 's'"):
        m.apply(lambda x: "s", 1)
    with pytest.raises(OverflowError, match="result of <lambda>: .* does not fit in int"):
        m.apply(lambda x: 1 << 63, 1)
    with pytest.raises(TypeError, match="result of <lambda>: wanted None, got int"):
        m.nothing(lambda: 5)
    with pytest.raises(TypeError, match=r"result of <lambda>: wanted 3 values, got \(1, 2\)"):
        m.three(lambda: (1, 2))
    with pytest.raises(TypeError, match=r"takes 0 positional arguments"):
        m.apply(lambda: 1, 1)
    with pytest.raises(TypeError, match=r"argument 1 \(f\) of apply: wanted func\(int\) int, got"):
        m.apply(5, 1)


def test_callables_of_calls_that_fail_are_forgotten() -> None:
    class Odd:
        def __index__(self) -> int:
            raise ZeroDivisionError

    held = Bridge.get().callables.held
    settle()
    before = len(held)
    for wrong, why in ((Odd(), ZeroDivisionError), ("x", TypeError)):
        with pytest.raises(why):
            m.total(abs, wrong)
        with pytest.raises(TypeError):
            m.mapped({"f": abs, "g": wrong}, 1)
    with pytest.raises(TypeError, match="variable kept"):
        m.kept = 5
    assert m.Caller(abs) is abs
    settle()
    assert len(held) == before


def test_callables_that_call_gol_without_end() -> None:
    deepest = 0

    def f(x: int) -> int:
        nonlocal deepest
        deepest = max(deepest, x)
        return m.apply(f, x + 1)

    with pytest.raises(RecursionError):
        m.apply(f, 0)
    assert deepest > 50
    run_threads(1, lambda k: pytest.raises(RecursionError, m.apply, f, 0))
    assert m.apply(abs, -5) == 5


def test_callables_in_goroutines() -> None:
    assert m.inGoroutines(lambda i: i * i, 20) == sum(i * i for i in range(20))


# -------------------------------------------------------------------- buffers
def test_gol_writes_to_memory_of_python() -> None:
    a = np.arange(5.0)
    m.scale(a, 2.0)
    assert a.tolist() == [0, 2, 4, 6, 8]
    b = array("d", [1, 2])
    m.scale(b, 3.0)
    assert b.tolist() == [3, 6]
    c = bytearray(3)
    m.fill(memoryview(c)[1:])
    assert c == b"\0xx"
    d = np.zeros((2, 2))
    m.scale(d.reshape(-1), 1.0)
    assert m.row(d, 1) == (0.0, 0.0)


def test_what_must_not_change_is_copied() -> None:
    for f in (m.fill, m.fillIndirectly, m.alias, m.swap, m.element, m.appended):
        x = b"abc" * 1000
        f(x)
        assert x == b"abc" * 1000
    x, y = b"abc" * 1000, b"def" * 1000
    m.crossed(x, y, 0)
    m.crossed(x, y, 1)
    assert (x, y) == (b"abc" * 1000, b"def" * 1000)
    a = np.arange(1000.0)
    a.flags.writeable = False
    m.scale(a, 2.0)
    assert a[2] == 2.0


def test_what_is_only_read_is_not_copied() -> None:
    reads = {n: c.reads for n, c in m._gol_description.functions.items()}
    for name in ("sum", "checksum", "recursive", "indirect", "appended", "even", "odd"):
        assert reads[name] == (True,), name
    for name in ("fill", "fillIndirectly", "alias", "swap", "hold", "holdPart", "address", "grow"):
        assert reads[name] == (False,), name
    assert reads["element"] == (False,)
    assert reads["scale"] == (False, False)
    assert reads["crossed"] == (False, False, False)
    x = bytes(range(250)) * 100
    assert m.checksum(x) == sum(x)
    assert m.indirect(x) == sum(x) + len(x)
    assert m.recursive(x[:2000]) == sum(x[:2000])
    a = np.zeros(3, np.uint8)
    assert m.address(a) == hex(a.ctypes.data)


def test_memory_is_kept_while_gol_has_it() -> None:
    a = np.arange(1000.0)
    m.hold(a)
    a[0] = 1.5
    assert m.sumHeld() == 499500 + 1.5
    b = bytearray(800)
    view = np.frombuffer(b)
    m.holdPart(view)
    with pytest.raises(BufferError):
        b.extend(b"x")
    m.hold(a)
    del a
    m.churn(2000)
    settle()
    assert m.sumHeld() == 499500 + 1.5
    m.letGo()
    del view
    settle()
    assert not Bridge.get().host._owners
    b.extend(b"x")


def test_views() -> None:
    v = gol.view(m.squares)(1000)
    assert isinstance(v, memoryview) and v.format == "q"
    a = np.asarray(v)
    del v
    settle()
    m.churn(100)
    assert a[999] == 999**2 and a.sum() == sum(i * i for i in range(1000))
    a[0] = 7
    assert m.squares(3) == [0, 1, 4]
    assert list(gol.view(m.squares)(0)) == []
    x = np.asarray(gol.view(m.grow)(np.arange(3.0)))
    m.scale(x, 2.0)  # gol's own memory goes back to it
    assert x.tolist() == [0, 2, 4, 2]
    assert gol.view(m.apply)(abs, -1) == 1


# ----------------------------------------------------------------------- ends
def test_panics() -> None:
    with pytest.raises(gol.Panic) as e:
        m.index([1, 2], 5)
    assert str(e.value) == "runtime error: index out of range [5] with length 2"
    assert isinstance(e.value.value, gol.Error)
    assert "calls.index(" in e.value.traceback and "calls.gol:" in e.value.traceback
    assert "<python>" not in e.value.traceback and "py/" not in e.value.traceback
    assert any("calls.index(" in note for note in e.value.__notes__)
    with pytest.raises(gol.Panic, match="integer divide by zero"):
        m.divide(1, 0)
    for x in (5, "text", [1, "a"], {"k": None}, 2.5):
        with pytest.raises(gol.Panic) as e:
            m.say(x)
        assert e.value.value == x
    with pytest.raises(gol.Panic) as e:
        m.structPanic()
    assert e.value.value.Text == "three"
    with pytest.raises(gol.Panic, match="an error") as e:
        m.errorPanic()
    assert str(e.value.value) == "an error"


def test_other_ends() -> None:
    with pytest.raises(gol.StackOverflow, match="stack overflow") as e:
        m.down(0)
    assert "calls.down(" in e.value.traceback
    with pytest.raises(SystemExit) as x:
        m.exit(3)
    assert x.value.code == 3
    with pytest.raises(gol.Goexit):
        m.goexit()
    assert m.divide(6, 3) == 2


def test_a_thread_that_a_callable_starts_may_ready_the_call() -> None:
    """When the call begins there is no other thread."""
    threads = [threading.Thread(target=m.send, args=(k,)) for k in range(2)]
    assert m.afterwards(threads[0].start) == 0
    threads[0].join()
    with pytest.raises(gol.Deadlock):
        m.afterwards(lambda: None)
    assert m.apply(lambda x: m.afterwards(threads[1].start), 0) == 1
    threads[1].join()


def test_goroutines_report_what_they_panic_with(capfd: pytest.CaptureFixture[str]) -> None:
    m.panicking("at last")
    err = capfd.readouterr().err
    assert err.startswith("panic: at last\n\ngoroutine "), err
    assert "calls.panicking" in err and "py/" not in err, err


def test_finalizers_that_fail_stop_no_others(capfd: pytest.CaptureFixture[str]) -> None:
    settle()
    m.finalized(3)
    settle()
    assert capfd.readouterr().err.count("panic: finalized") == 3
    m.keep(abs)
    m.kept = None
    settle()
    assert not Bridge.get().callables.held


def test_interrupt() -> None:
    for wait in (m.spin, lambda: m.sleep(3_600_000)):
        t = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):  # also if it comes before the call has begun
            t.start()
            wait()
        t.join()
    assert m.divide(6, 3) == 2


def test_interrupt_in_a_callable() -> None:
    def f(x: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):
            time.sleep(0.01)
        return x

    with pytest.raises(KeyboardInterrupt):
        m.apply(f, 1)


# -------------------------------------------------------------------- threads
def run_threads(n: int, work: Any) -> None:
    failed: list[BaseException] = []

    def guarded(k: int) -> None:
        try:
            work(k)
        except BaseException as e:  # noqa: BLE001 (shown below)
            failed.append(e)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failed:
        raise failed[0]


def test_threads() -> None:
    def work(k: int) -> None:
        a = np.full(100, float(k))
        for i in range(50):
            assert m.apply(lambda x: x + k, i) == i + k
            assert m.sum(a) == 100 * k
            assert m.sortBy(["b", "a"], lambda a, b: a < b) == ["a", "b"]
            with pytest.raises(gol.Panic):
                m.index([k], 1)

    run_threads(4, work)


def test_threads_wait_for_each_other() -> None:
    got = []

    def work(k: int) -> None:
        if k == 0:
            got.append(m.receive())
        else:
            m.send(5)

    run_threads(2, work)
    assert got == [5]


def test_other_threads_run_while_gol_does() -> None:
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    def during_a_call() -> int:
        before = ticks
        m.sleep(100)
        return ticks - before

    t = threading.Thread(target=tick)
    t.start()
    try:  # where the machine is busy, not in the first one
        assert any(during_a_call() > 5 for _ in range(100))
    finally:
        done.set()
        t.join()


# ---------------------------------------------------------------------- leaks
def resident() -> int:
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_nothing_leaks() -> None:
    a = np.zeros(1000)
    x = {"k": list(range(10))}

    def some(n: int) -> None:
        for i in range(n):
            m.sum(a)
            m.apply(abs, i)
            m.same(lambda y: y, x)
            assert m.chain(2).Next.Value == 0
            m.adder(i)(1)
            with contextlib.suppress(gol.Panic):
                m.index([1], 2)

    some(1000)
    settle()
    before, objects = resident(), len(gc.get_objects())
    some(5000)
    settle()
    grown = resident() - before
    assert grown < 8 << 20, f"{grown} bytes more"
    assert len(gc.get_objects()) < objects + 500
    bridge = Bridge.get()
    assert len(bridge.callables.held) == 0 and len(bridge.host._owners) == 0
    assert m.goroutines() < 20


def test_large_arguments_need_no_collector() -> None:
    x = "x" * (16 << 20)
    assert m.length(x) == len(x)
    m.collect()
    gc.disable()
    try:
        before = resident()
        for _ in range(20):
            m.length(x)
            m.collect()
        grown = resident() - before
    finally:
        gc.enable()
    assert grown < 100 << 20, f"{grown} bytes more"


def test_handles_are_given_back() -> None:
    bridge = Bridge.get()

    def held() -> int:
        block = bridge.take()
        bridge.run(bridge.symbol("Held"), block)
        n = int.from_bytes(block.view[bridge.words : bridge.words + 8], sys.byteorder)
        bridge.give(block)
        return n

    settle()
    before = held()
    nodes = [m.chain(1) for _ in range(100)]
    assert held() == before + 100
    del nodes
    m.collect()
    assert held() == before
