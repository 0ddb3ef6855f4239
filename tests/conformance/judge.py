"""Compiles one program of the corpus, runs it, and says what came of it.

Verdicts of a program that runs:

    pass      exit code 0, the output is the ``.out`` file's, and main ran
    refused   the compiler reports errors
    internal  the compiler failed: an internal error, or an exception of Python
    hang      the compiler or the program did not end in time
    signal    the program was killed by a signal
    exit      another exit code than 0
    output    another output
    absent    all is well, but main was not entered, or did not return

Most programs of the corpus pass by printing nothing. That ``main`` ran is therefore proven
for each: the runtime writes to a pipe when it calls main.main and when that returns
(``GOLDEBUG=maintrace``). A program that calls os.Exit(0) need only have entered.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from gol.jit import build as jit
from gol.jit.build import Store

from . import corpus, errorcheck, verdicts
from .corpus import Program

RUN_SECONDS = {"normal": 240.0, "stackforcemove=1": 240.0, "gcstress=1": 240.0}
ENTERED = "main entered\n"
RETURNED = ENTERED + "main returned\n"


@dataclass
class Judgement:
    verdict: str
    detail: str = ""
    matched: int = 0  # expectations of a program that must be rejected
    wanted: int = 0
    seconds: float = 0.0


@dataclass
class Outcome:
    """What a process did."""

    code: int
    output: bytes
    trace: str  # what the runtime said of main


class Judge:
    def __init__(self, root: Path, mode: str, store: Store, toolchain: str) -> None:
        self.root = root
        self.mode = mode
        self.store = store
        self.toolchain = toolchain

    def judge(self, program: Program, scratch: Path) -> Judgement:
        start = time.monotonic()
        try:
            out = self._judge(program, scratch)
        except (Exception, RecursionError):  # noqa: BLE001 (this is what is tested)
            out = Judgement("internal", traceback.format_exc())
        out.seconds = time.monotonic() - start
        return out

    def _judge(self, program: Program, scratch: Path) -> Judgement:
        source = (self.root / program.path).read_bytes()
        result = jit.build([(program.path, source)], self.store, self.toolchain)
        if program.rejected:
            return _rejected(program, source.decode("utf-8", "replace"), result)
        if result.image is None:
            lines = _messages(result)
            text = "\n".join(f"{line}: {message}" for line, message in lines)
            crashed = any("internal compiler error" in m for _, m in lines) or not lines
            return Judgement("internal" if crashed else "refused", text)
        exe = scratch / "program"
        exe.write_bytes(result.image)
        exe.chmod(0o755)
        arguments = corpus.ARGUMENTS.get(program.path, [])
        try:
            outcome = run(exe, self.root, arguments, self.mode)
        except subprocess.TimeoutExpired as e:
            return Judgement("hang", (e.output or b"").decode("utf-8", "replace")[:2000])
        wanted = (self.root / program.path).with_suffix(".out")
        output = modern(wanted.read_bytes()) if wanted.exists() else b""
        if program.path in corpus.LEAVES_IN_INIT and not outcome.trace:
            outcome.trace = RETURNED
        return settle(outcome, output, source)


_re_float = re.compile(rb"[+-]\d\.\d{6}e[+-]\d{3}")
_re_complex = re.compile(rb"\((%b)(%b)i\)" % (_re_float.pattern, _re_float.pattern))


def modern(output: bytes) -> bytes:
    """The output with floats as println has written them since Go 1.26: the shortest."""

    def shortest(text: bytes) -> bytes:
        return f"{float(text):.17g}".encode()

    def pair(m: re.Match[bytes]) -> bytes:
        sign = b"" if m[2].startswith(b"-") else b"+"
        return b"(" + shortest(m[1]) + sign + shortest(m[2]) + b"i)"

    output = _re_complex.sub(pair, output)
    return _re_float.sub(lambda m: shortest(m[0]), output)


def run(exe: Path, folder: Path, arguments: list[str], mode: str) -> Outcome:
    """Run an executable of ours. Raises subprocess.TimeoutExpired."""
    r, w = os.pipe()
    try:
        debug = ",".join(x for x in (verdicts.MODES[mode], f"maintrace={w}") if x)
        process = subprocess.run(
            [str(exe), *arguments],
            cwd=folder, env={**os.environ, "GOLDEBUG": debug}, pass_fds=[w],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=RUN_SECONDS[mode],
        )  # fmt: skip
        os.close(w)
        w = -1
        trace = os.read(r, 4096).decode()
    finally:
        os.close(r)
        if w >= 0:
            os.close(w)
    return Outcome(process.returncode, process.stdout, trace)


def settle(outcome: Outcome, wanted: bytes, source: bytes) -> Judgement:
    """The verdict over a program that ended; ``wanted`` is its output."""
    shown = outcome.output.decode("utf-8", "replace")
    if outcome.code < 0:
        return Judgement("signal", f"signal {-outcome.code}\n{shown}")
    if outcome.code:
        return Judgement("exit", f"exit code {outcome.code}\n{shown}")
    if outcome.output.replace(b"\r\n", b"\n") != wanted:
        return Judgement("output", _difference(shown, wanted.decode("utf-8", "replace")))
    ran = outcome.trace == RETURNED or (outcome.trace == ENTERED and b"os.Exit(" in source)
    if not ran:
        return Judgement("absent", repr(outcome.trace))
    return Judgement("pass")


def _difference(got: str, want: str) -> str:
    import difflib

    lines = difflib.unified_diff(want.split("\n"), got.split("\n"), "want", "got", lineterm="")
    return "\n".join(list(lines)[:60])


def _messages(result: jit.Result) -> list[errorcheck.Message]:
    sources = result.diags.sources
    return [(sources.position(d.pos).line, d.message) for d in result.diags.sorted()]


def _rejected(program: Program, source: str, result: jit.Result) -> Judgement:
    # Go's own driver compiles these as a package of another path, which needs no main.
    messages = [m for m in _messages(result) if not m[1].startswith("function main is undecl")]
    check = errorcheck.compare(source, program.path, messages)
    detail = "\n".join([f"missing {x}" for x in check.missing]
                       + [f"unexpected {x}" for x in check.unexpected])  # fmt: skip
    verdict = "pass" if check.passed else str(check)
    if any("internal compiler error" in m for _, m in messages):
        verdict = "internal"
    return Judgement(verdict, detail, check.matched, check.wanted)


def import_compiler() -> None:
    """Import everything that compiling needs, so that forked processes share it."""
    import gol.jit.compile  # noqa: F401
    import gol.jit.lower.module  # noqa: F401
    import gol.jit.pipeline  # noqa: F401
    import gol.lang.check  # noqa: F401
    import gol.lang.escape  # noqa: F401
    import gol.lang.export  # noqa: F401
    import gol.lang.parser_errors  # noqa: F401

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
