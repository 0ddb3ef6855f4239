"""Judges programs in forked processes, a few at a time.

The compiler is imported and the library is in the store before the first fork, so that a
program costs its own compilation only. Each has a process group, which is killed when its
time is over: what hangs, in the compiler or the program, is a verdict like the others.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from .corpus import Program
from .judge import RUN_SECONDS, Judge, Judgement

COMPILE_SECONDS = 300.0

Report = Callable[[Program, Judgement], None]


class _Child:
    def __init__(self, judge: Judge, program: Program) -> None:
        self.program = program
        self.deadline = time.monotonic() + COMPILE_SECONDS + RUN_SECONDS[judge.mode]
        self.data = b""
        self.scratch = Path(tempfile.mkdtemp(prefix="gol-conformance-"))
        self.fd, out = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.fd)
            _work(judge, program, self.scratch, out)
        os.close(out)

    def end(self) -> Judgement:
        os.close(self.fd)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self.data:
            return Judgement(**json.loads(self.data))
        if time.monotonic() > self.deadline:
            return Judgement("hang", "the compiler did not end")
        return Judgement("internal", f"the compiler ended with status {status:#x}")


def _work(judge: Judge, program: Program, scratch: Path, out: int) -> None:
    """The life of a child."""
    try:
        os.setpgid(0, 0)
        payload = json.dumps(asdict(judge.judge(program, scratch))).encode()
        while payload:
            payload = payload[os.write(out, payload) :]
    finally:
        os._exit(0)


def judge_all(judge: Judge, programs: Iterable[Program], jobs: int, report: Report) -> None:
    """``report`` hears of each program as it ends."""
    waiting = list(reversed(list(programs)))
    selector = selectors.DefaultSelector()
    running: dict[int, _Child] = {}
    gc.collect()
    gc.freeze()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                child = _Child(judge, waiting.pop())
                running[child.fd] = child
                selector.register(child.fd, selectors.EVENT_READ)
            ended = []
            for key, _ in selector.select(1.0):
                chunk = os.read(key.fd, 1 << 16)
                running[key.fd].data += chunk
                if not chunk:
                    ended.append(key.fd)
            now = time.monotonic()
            ended += [fd for fd, c in running.items() if now > c.deadline and fd not in ended]
            for fd in ended:
                selector.unregister(fd)
                child = running.pop(fd)
                report(child.program, child.end())
    finally:
        for child in running.values():
            child.end()
        gc.unfreeze()
