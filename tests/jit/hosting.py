"""Python programs that host gol, each in a process of its own, in the modes of the harness."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

from tests.harness import MODES, PATIENCE

_PRELUDE = '''\
import ctypes, gc, os, signal, sys, threading, time
from gol.cache import Cache
from gol.jit import build
from gol.jit.host import Host
from gol.launch import toolchain_id

def artifacts(source, path="host.gol"):
    diags, got = build.artifacts([(path, source.encode())], Cache(), toolchain_id())
    assert got is not None, [d.message for d in diags.sorted()]
    return got

host = Host.get()
host.load(artifacts(SOURCE))
assert host.call(host.address("main.init")).kind == "returned"

def call(name, *words, **options):
    """Call a gol function with a block of words; its outcome, and the block afterwards."""
    block = (ctypes.c_int64 * max(1, len(words)))(*words)
    outcome = host.call(host.address("main." + name), ctypes.addressof(block), **options)
    return outcome, list(block)
'''

# Declarations for sources: a callback that is called with a message in a frame n deep.
MESSAGES = """
type block struct {
	fn unsafe.Pointer // a func value
	n  int
}

type message struct {
	n    int
	text string
}

func (b *block) call(m *message) {
	fn := *(*func(unsafe.Pointer))(unsafe.Pointer(&b.fn))
	fn(unsafe.Pointer(m))
}

func deep(n int, b *block, m *message) int {
	var a [10]int
	a[n%10] = n
	if n == 0 {
		b.call(m)
		return m.n
	}
	return deep(n-1, b, m) + a[n%10] - n
}
"""


def run_host(
    source: str, program: str, mode: str = "normal"
) -> subprocess.CompletedProcess[str]:
    """Run a Python program that has the gol source loaded, ``host`` and ``call``."""
    code = f"SOURCE = {source!r}\n{_PRELUDE}{textwrap.dedent(program)}"
    env = {**os.environ, "GOLDEBUG": MODES[mode]}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, timeout=PATIENCE, capture_output=True, text=True
    )  # fmt: skip


def output(source: str, program: str, mode: str = "normal") -> str:
    """What the program prints; it must end well and say nothing on standard error."""
    r = run_host(source, program, mode)
    assert (r.returncode, r.stderr) == (0, ""), f"{r.returncode}\n{r.stdout}\n{r.stderr}"
    return r.stdout
