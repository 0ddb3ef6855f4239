"""Every line that corrects a pointer when a stack moves, or keeps what a stack points to from
being collected, is missed by some program: what happens if it is left out.

The lines bear names (``// mutant:``, see tests/mutants.py). Each entry of the table leaves one
of them out, for the frames or the arguments of one function, and names the program that must
then fail: fault, stop, or print something wrong. With nothing left out it passes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gol.cache import Cache
from tests.harness import PROGRAMS, expectation, judge, run
from tests.mutants import build_mutable, mutations

MOVES = PROGRAMS / "runtime" / "moves"
# In none of these does it matter how fast the machine is: nobody is interrupted.
QUIET = "nopreempt=1"
MOVE = f"stackforcemove=1,stackfaultonfree=1,{QUIET}"
REPORT = f"{MOVE},stackdebug=2"
CHECK = f"checkmaps=1,{QUIET}"
ENTRY = f"preemptstress=1,{CHECK}"
SEGMENTS = f"copystack=0,{QUIET}"
COLLECT = f"gcstress=1,{CHECK}"


# What is left out may make a program run for ever: those that are whole take less than two of
# these seconds, which count what the program itself uses, however busy the machine is.
ENDLESS = 8


class Mutant(NamedTuple):
    what: str  # what points into the stack
    program: str
    mutation: str
    of: str = ""  # the functions whose frame or argument it is
    mode: str = MOVE


TABLE = [
    Mutant("local variable", "locals", "slots", "main.hold"),
    Mutant("local variable, reported", "locals", "slots-reported", "main.hold", REPORT),
    Mutant("array of pointers", "objects", "objects", "main.array"),
    Mutant("array of pointers, reported", "objects", "objects-reported", "main.array", REPORT),
    Mutant("structs", "objects", "objects", "main.structs"),
    Mutant("argument in a register", "arguments", "register-arguments", "main.registers"),
    Mutant("argument in a register, kept", "arguments", "slots", "main.registers"),
    Mutant("argument in memory", "arguments", "stack-arguments", "main.memory"),
    Mutant("out pointer at entry", "results", "register-arguments", "main.produce"),
    Mutant("out pointer, kept", "results", "slots", "main.produce"),
    Mutant("box in any", "interfaces", "slots", "main.empty"),
    Mutant("box in any at entry", "interfaces", "register-arguments", "main.empty"),
    Mutant("box in an interface with methods", "interfaces", "slots", "main.method"),
    Mutant("array of boxes", "interfaces", "objects", "main.array"),
    Mutant("closure", "closures", "slots", "main.hold"),
    Mutant("closure being entered", "closures", "context", "main.captured.func1"),
    Mutant("closure that runs", "closures", "slots", "main.captured.func1"),
    Mutant("captured variable", "closures", "slots", "main.captured"),
    Mutant("deferred closure", "deferred", "slots", "main.closure"),
    Mutant("deferred call's arguments", "deferred", "slots", "main.arguments"),
    Mutant("deferred call behind those of a loop", "deferred", "deferred-link"),
    Mutant("deferred closure, record in the heap", "deferred", "deferred-function"),
    Mutant("deferred closure being entered", "deferred", "context", "main.closure.func1"),
    Mutant("list of deferred calls", "panics", "defer-list"),
    Mutant("frame that panics go through", "panics", "slots", "main.fail"),
    Mutant("deferred call during a panic", "panics", "slots", "main.fail.func1"),
    Mutant("frame that panics again", "panics", "slots", "main.again.func1"),
    Mutant("frame that recovers", "panics", "slots", "main.catch"),
    Mutant("frame that Goexit leaves", "panics", "slots", "main.leave"),
    Mutant("value waited for", "waiters", "sudogs"),
    Mutant("place of a value to send", "waiters", "register-arguments", "runtime.chansend1"),
    Mutant("cases of a select", "waiters", "slots", "main.selector"),
    Mutant("cases of a select at entry", "waiters", "register-arguments", "runtime.selectgo"),
    Mutant("slice that is ranged over", "ranges", "slots", "main.slice"),
    Mutant("array that is ranged over", "ranges", "slots", "main.pointer"),
    Mutant("string that is ranged over", "ranges", "slots", "main.text"),
    Mutant("iterator of a map, begun", "ranges", "register-arguments", "runtime.mapiterinit"),
    Mutant("iterator of a map, next", "ranges", "register-arguments", "runtime.mapiternext"),
    Mutant("function that is ranged over", "ranges", "slots", "main.upto"),
    Mutant("slice", "headers", "slots", "main.slice"),
    Mutant("string", "headers", "slots", "main.text"),
    Mutant("large value", "headers", "slots", "main.value"),
    Mutant("large value at entry", "headers", "register-arguments", "main.value"),
    Mutant("slice of a variadic call", "headers", "slots", "main.total"),
    # What is in another segment, or above frames of C.
    Mutant("arguments in memory", "runtime/segments_results", "segment-arguments", mode=SEGMENTS),
    Mutant("calls of C that a panic leaves", "foreign/panics", "foreign-frames", mode=COLLECT),
    Mutant("deferred calls of a callback", "foreign/idempotent", "foreign-deferred", mode=CHECK),
    # What only a stack keeps alive.
    Mutant("goroutine that has not begun", "starts", "gc-start", mode=QUIET),
    Mutant("arguments in registers", "interrupted", "gc-register-arguments", mode=ENTRY),
    Mutant("arguments in memory", "interrupted", "gc-stack-arguments", mode=ENTRY),
    Mutant("closure being entered", "interrupted", "gc-context", mode=ENTRY),
    Mutant("locals", "roots", "gc-slots", "main.slots", COLLECT),
    Mutant("arrays", "roots", "gc-objects", "main.objects", COLLECT),
    Mutant("iterator of a map", "roots", "gc-slots", "main.iterator", COLLECT),
    Mutant("body of a range over a function", "roots", "gc-slots", "main.body", COLLECT),
    Mutant("panics", "roots", "gc-slots", "runtime.rundefers runtime.gopanic", COLLECT),
    # What else the collector begins with.
    Mutant("package variables", "records", "gc-variables", mode=QUIET),
    Mutant("timers", "records", "gc-timers", mode=QUIET),
    Mutant("functions of finalizers", "records", "gc-finalizers", mode=QUIET),
    Mutant("objects of finalizers that are due", "records", "gc-due-objects", mode=COLLECT),
    Mutant("finalizers that are due", "records", "gc-due-finalizers", mode=COLLECT),
    Mutant("order of finalizers", "runtime/finalizers", "gc-finalizer-order", mode=QUIET),
]


def source(program: str) -> Path:
    return (PROGRAMS if "/" in program else MOVES) / f"{program}.gol"


@cache
def exe(program: str) -> Path:
    out = Path(Cache().root) / "mutants" / program.replace("/", "-")
    out.parent.mkdir(parents=True, exist_ok=True)
    build_mutable(source(program), out)
    return out


def passes(program: str, mode: str, mutation: str, of: str = "") -> bool:
    e = expectation(source(program))
    env = {"GOLMUTANT": mutation, "GOLMUTANTOF": of}
    try:
        judge(e, run(exe(program), mode, env=env, cpu=ENDLESS if mutation else None))
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(
    ("program", "mode"), sorted({(m.program, m.mode) for m in TABLE}), ids=lambda x: x or "normal"
)
def test_passes_with_nothing_left_out(program: str, mode: str) -> None:
    assert passes(program, mode, "")


@pytest.mark.parametrize("m", TABLE, ids=lambda m: f"{m.what}, {m.mutation} {m.of}".rstrip())
def test_is_missed(m: Mutant) -> None:
    assert not passes(m.program, m.mode, m.mutation, m.of), (
        f"{m.program}.gol does not miss {m.mutation} {m.of}: the line, or the test, does nothing"
    )


def test_every_mutation_is_in_the_table() -> None:
    assert {m.mutation for m in TABLE} == set(mutations())
