"""The Python API: a Ctrl-C between any two steps of its own loses nothing that gol or Python
still needs to hear, and keeps nothing that nobody has any more.

Python raises KeyboardInterrupt where a function begins and where a call has returned. Here
that is done at each of these places in turn, once for each step of an operation.
"""

from __future__ import annotations

import gc
import os
import sys
import types
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gol
import gol.jit.host
from gol.api.bridge import Bridge

m = gol.load(Path(__file__).parent / "api" / "calls.gol")
_OURS = (os.path.dirname(os.path.abspath(gol.__file__)), os.path.dirname(gol.jit.host.__file__))


def interrupted(operation: Callable[[], object]) -> Iterator[int]:
    """Do it again and again, interrupted at the first place, at the second ... until it is
    not interrupted any more."""
    for n in range(1, 10_000):
        left = n

        def place(frame: types.FrameType, event: str, arg: object) -> None:
            nonlocal left
            if event == "c_call" or not frame.f_code.co_filename.startswith(_OURS):
                return
            if frame.f_code.co_name == "_called":
                return  # it is C that calls it, which takes an exception for a Ctrl-C
            left -= 1
            if left == 0:
                raise KeyboardInterrupt

        hook = sys.unraisablehook
        sys.unraisablehook = lambda what: None
        sys.setprofile(place)
        try:
            operation()
        except KeyboardInterrupt:
            pass
        else:
            return
        finally:
            sys.setprofile(None)
            sys.unraisablehook = hook
        yield n
    raise AssertionError("it is always interrupted")


def settle() -> None:
    gc.collect()
    for _ in range(3):
        m.collect()
        m.sleep(1)
    Bridge.get().host.collect()


def test_what_is_lent_and_held() -> None:
    bridge = Bridge.get()
    owners, held = bridge.host._owners, bridge.callables.held
    settle()
    a = array("d", range(10))
    steps = 0
    for n in interrupted(lambda: (m.sum(a), m.apply(lambda x: x + 1, 1), m.adder(1)(1))):
        steps = n
        assert m.sum(a) == 45
    assert steps > 100
    settle()
    assert (len(owners), len(held)) == (0, 0)
    a.append(1)  # nobody holds its memory


def test_handles_that_are_let_go() -> None:
    bridge = Bridge.get()
    settle()
    before = handles(bridge)
    nodes: list[Any] = []

    def let_go() -> None:
        nodes.clear()
        m.divide(1, 1)

    nodes += [m.chain(1) for _ in range(5)]
    for _ in interrupted(let_go):
        nodes += [m.chain(1) for _ in range(5)]
    settle()
    assert handles(bridge) == before
    assert not bridge.released
    mine = [m.chain(i) for i in range(1, 20)]  # none of these has a number that another has
    assert [p.Value for p in mine] == list(range(19))


def handles(bridge: Bridge) -> int:
    block = bridge.take()
    bridge.run(bridge.symbol("Held"), block)
    n = int.from_bytes(block.view[bridge.words : bridge.words + 8], sys.byteorder)
    bridge.give(block)
    return n


def test_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = Bridge.get()
    heard: list[str] = []
    monkeypatch.setattr(bridge.host, "report", heard.append)
    for n in interrupted(lambda: m.panicking("at last")):
        m.panicking(f"between {n}.")
        texts = "".join(heard)
        assert texts.count(f"panic: between {n}.\n") == 1, texts
        heard.clear()
    assert "".join(heard).count("panic: at last\n") == 1


def test_settings_of_variables() -> None:
    held = Bridge.get().callables.held
    settle()
    for _ in interrupted(lambda: setattr(m, "kept", abs)):
        m.kept = None
    assert m.callKept(-3) == 3
    m.kept = None
    settle()
    assert not held
