"""The command as a process, for the tests of this room."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GOL = [sys.executable, "-m", "gol"]

HELLO = 'package main\n\nfunc main() {\n\tprint("hello\\n")\n}\n'

BUG_SIGNS = (b"Traceback", b"internal compiler error")


def gol(
    *args: str,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    **more: Any,
) -> subprocess.CompletedProcess[bytes]:
    r = subprocess.run(
        [*GOL, *args], input=stdin, env={**os.environ, **(env or {})}, cwd=cwd,
        capture_output=True, timeout=300, **more,
    )  # fmt: skip
    assert not any(sign in r.stderr for sign in BUG_SIGNS), r.stderr.decode()
    return r


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(x) for x in text.split()]


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object], seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
