"""The stream of GOLDEBUG=stackevents: it tells exactly what stacktrace=1 sums up, in every mode,
and its last block is written however the program ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gol.cache import Cache
from gol.report.command import image_and_layout
from gol.report.events import Layout
from gol.report.summary import Counts, Summary
from tests.harness import MODES, PATIENCE, ROOT

GROWS = """\
package main

import (
	"fmt"
	"os"
	"runtime"
)

type node struct{ up *node }

// Every frame has a pointer into its caller's.
func chain(n int, up *node) int {
	here := node{up}
	if n == 0 {
		k := 0
		for p := &here; p != nil; p = p.up {
			k++
		}
		return k
	}
	return chain(n-1, &here)
}

//go:noinline
func large(n int) int {
	var a [5000]int
	a[n] = n
	return chain(10, nil) + a[n]
}

func main() {
	done := make(chan int)
	for i := 1; i <= 5; i++ {
		go func() { done <- chain(i*1000, nil) }()
	}
	sum := 0
	for i := 0; i < 5; i++ {
		sum += <-done
	}
	sum += large(7)
	runtime.GC()
	runtime.GC()
	sum += chain(100000, nil)
	fmt.Println(sum)
	END
	os.Exit(0)
}
"""

PHRASES = {
    "growths": r"(\d+) growths \(",
    "inplace": r"(\d+) in place",
    "moves": r"(\d+) forced moves",
    "shrinks": r"(\d+) shrinks",
    "segments": r"(\d+) segments",
    "copied": r"(\d+) bytes copied",
    "adjusted": r"(\d+) words adjusted",
    "high": r"largest (\d+) bytes",
}


def summed(stderr: str) -> Counts:
    """What stacktrace=1 has printed; it leaves out what did not happen."""
    line = re.search(r"^stacks: .*$", stderr, re.M)
    assert line is not None, stderr
    found = {name: re.search(phrase, line[0]) for name, phrase in PHRASES.items()}
    assert all(found[name] for name in ("growths", "shrinks", "copied", "adjusted", "high"))
    return Counts(**{name: int(m[1]) if m else 0 for name, m in found.items()})


def program(path: Path) -> tuple[str, Layout]:
    image, layout = image_and_layout([(str(path), path.read_bytes())], Cache())
    assert isinstance(image, str) and layout is not None
    return image, layout


def ending(folder: Path, end: str = "", top: str = "") -> Path:
    path = folder / "grows.gol"
    path.write_text(GROWS.replace("\tEND\n", f"\t{end}\n") + top)
    return path


def record(
    path: Path, mode: str = "", sig: signal.Signals | None = None
) -> tuple[int, str, Summary]:
    """Run a program; its exit code, its standard error, and what its records say. A signal
    is sent when it has printed a line."""
    image, layout = program(path)
    reader, writer = os.pipe()
    debug = ",".join(x for x in (mode, "stacktrace=1", f"stackevents={writer}") if x)
    p = subprocess.Popen(
        [image], env={**os.environ, "GOLDEBUG": debug}, pass_fds=[writer], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    if sig is not None:
        assert p.stdout is not None
        p.stdout.readline()
        p.send_signal(sig)
    summary = Summary(layout)
    with open(reader, "rb", buffering=0) as f:
        while data := f.read(1000):  # records come in pieces
            summary.feed(data)
    _, stderr = p.communicate(timeout=PATIENCE)
    return p.returncode, stderr, summary


def agree(stderr: str, s: Summary) -> Counts:
    """Assert that records, totals and stacktrace=1 say the same."""
    want = summed(stderr)
    assert s.totals == want
    assert replace(s.all, used=0, high=0) == replace(want, high=0)
    by_function = list(s.functions.values())
    assert sum(c.growths for c in by_function) == want.growths
    assert max((c.high for c in by_function), default=0) == want.high
    for parts in (list(s.started.values()), s.largest(s.goroutines)):
        for name in set(PHRASES) - {"high"}:
            assert sum(getattr(c, name) for c in parts) == getattr(s.all, name), name
    return s.all


@pytest.mark.parametrize("mode", [*MODES, "shrinking", "inplace"])
def test_records_agree_with_the_sums(mode: str, tmp_path: Path) -> None:
    switches = {**MODES, "shrinking": "gcstress=1,stackfromsystem=1", "inplace": "stackinplace=0"}
    code, stderr, s = record(ending(tmp_path), switches[mode])
    assert code == 0
    c = agree(stderr, s)
    if mode == "segments":
        assert (c.growths, c.adjusted, c.shrinks) == (0, 0, 0) and c.segments > 100
    else:
        assert c.growths > 10 and c.adjusted > 1000 and c.shrinks > 0 and c.segments == 0
    assert (c.moves > 0) == ("stackforcemove" in switches[mode])
    assert s.goroutines == 6 and s.collections >= 2
    names = {f.name: c for f, c in s.functions.items()}
    assert names["main.chain"].high == c.high
    if mode != "segments":
        assert names["main.large"].high == 64 << 10  # at once: the frame has 40,000 bytes


@pytest.mark.parametrize(
    "name",
    [
        "tests/programs/runtime/stack_pointers_follow.gol",
        "tests/programs/foreign/qsort.gol",
        "tests/programs/foreign/panics.gol",
        "examples/mutual.gol",
    ],
)
@pytest.mark.parametrize("mode", ["normal", "forcemove", "faultonfree", "segments"])
def test_programs_agree_with_the_sums(name: str, mode: str) -> None:
    code, stderr, s = record(ROOT / name, MODES[mode])
    assert code == 0
    c = agree(stderr, s)
    assert c.growths + c.segments > 5


def test_goroutines_are_told_apart(tmp_path: Path) -> None:
    _, _, s = record(ending(tmp_path))
    main, *others = sorted(s.largest(100), key=lambda g: g.goid)
    assert (main.fn.name, main.parent, main.ended, main.high) == ("runtime.main", 0, None, 2 << 20)
    assert main.culprit is not None and main.culprit.name == "main.chain"
    assert [g.fn.name for g in others] == ["main.main.func1"] * 5
    assert all(g.parent == main.goid and g.ended for g in others)
    line = GROWS.split("\n").index("\t\tgo func() { done <- chain(i*1000, nil) }()") + 1
    assert {(g.gopc.name, g.gopc.line) for g in others if g.gopc} == {("main.main", line)}
    highs = [g.high for g in others]
    assert highs == sorted(highs) and highs[-1] > highs[0]
    for g in (main, *others):
        assert g.high / 8 < g.used <= g.high


ENDINGS = {
    "exit": ("os.Exit(3)", 3),
    "panic": ('panic("over")', 2),
    "deadlock": ("<-done", 2),
    "overflow": ("chain(1<<40, nil)", 2),
    "goexit": ("runtime.Goexit()", 2),
    "return": ("return", 0),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_last_block_is_written(how: str, tmp_path: Path) -> None:
    end, want = ENDINGS[how]
    code, stderr, s = record(ending(tmp_path, end))
    assert code == want, stderr
    agree(stderr, s)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_ends_the_program_after_the_last_block(
    sig: signal.Signals, tmp_path: Path
) -> None:
    code, stderr, s = record(ending(tmp_path, "for {\n\t}"), sig=sig)
    assert (code, stderr) == (-sig, "")
    assert s.totals is not None
    assert (s.all.growths, s.all.copied) == (s.totals.growths, s.totals.copied)


def test_sigquit_shows_goroutines_and_writes(tmp_path: Path) -> None:
    code, stderr, s = record(ending(tmp_path, "for {\n\t}"), sig=signal.SIGQUIT)
    assert code == 2 and "SIGQUIT: quit" in stderr
    agree(stderr, s)


def test_after_sigkill_whole_records_remain(tmp_path: Path) -> None:
    busy = "for {\n\t\tchain(300, nil)\n\t\truntime.GC()\n\t\truntime.GC()\n\t}"
    image, layout = program(ending(tmp_path, busy))
    reader, writer = os.pipe()
    env = {**os.environ, "GOLDEBUG": f"stackevents={writer}"}
    p = subprocess.Popen([image], env=env, pass_fds=[writer], stdout=subprocess.DEVNULL)
    os.close(writer)
    s = Summary(layout)
    with open(reader, "rb", buffering=0) as f:
        while s.all.growths < 500:
            s.feed(f.read(1 << 16))
        p.kill()
        while data := f.read(1 << 16):
            s.feed(data)
    assert p.wait() == -signal.SIGKILL
    assert s.totals is None and s.all.growths >= 500


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    wait = "for start := time.Now(); time.Since(start) < time.Second/2; {\n\t}"
    path = ending(tmp_path, wait)
    path.write_text(path.read_text().replace('"runtime"\n', '"runtime"\n\t"time"\n'))
    image, _ = program(path)
    with open(tmp_path / "events", "wb") as out:
        fd = out.fileno()
        p = subprocess.Popen(
            ["/bin/sh", "-c", f"trap '' HUP; exec {image}"], pass_fds=[fd],
            env={**os.environ, "GOLDEBUG": f"stackevents={fd}"}, stdout=subprocess.PIPE,
        )  # fmt: skip
    assert p.stdout is not None
    p.stdout.readline()
    p.send_signal(signal.SIGHUP)
    assert p.wait(PATIENCE) == 0


def test_a_reader_that_goes_away_changes_nothing(tmp_path: Path) -> None:
    busy = (
        "for i := 0; i < 2000; i++ {\n\t\tchain(300, nil)\n\t\truntime.GC()\n\t\truntime.GC()\n\t}"
    )
    image, _ = program(ending(tmp_path, busy + '\n\tfmt.Println("done")'))
    reader, writer = os.pipe()
    env = {**os.environ, "GOLDEBUG": f"stackevents={writer}"}
    p = subprocess.Popen([image], env=env, pass_fds=[writer], stdout=subprocess.PIPE, text=True)
    os.close(writer)
    os.read(reader, 100)
    os.close(reader)
    out, _ = p.communicate(timeout=PATIENCE)
    assert p.returncode == 0 and out.endswith("done\n")


def test_a_closed_descriptor_is_said(tmp_path: Path) -> None:
    image, _ = program(ending(tmp_path))
    r = subprocess.run(
        [image], env={**os.environ, "GOLDEBUG": "stackevents=77"}, capture_output=True, text=True
    )
    assert r.returncode == 0
    assert r.stderr == "runtime: stackevents: file descriptor 77 is not open\n"


def test_records_carry_rising_times(tmp_path: Path) -> None:
    before = time.monotonic_ns()
    _, _, s = record(ending(tmp_path))
    assert 0 < s.time < time.monotonic_ns() - before
    for g in s.largest(100):
        assert g.began <= (g.ended or s.time) <= s.time


def test_a_guest_writes_none() -> None:
    """In a Python process nobody would write the last block."""
    from tests.jit.hosting import run_host

    program = 'print(call("f", 1)[1])'
    source = "package main\n\nfunc main() {}\n\nfunc f(block *[1]int) { block[0]++ }\n"
    MODES["recorded"] = "stackevents=1"  # standard output, where it would be seen
    try:
        r = run_host(source, program, "recorded")
    finally:
        del MODES["recorded"]
    assert (r.returncode, r.stdout, r.stderr) == (0, "[2]\n", "")
