"""Whole programs, entered declaration by declaration: they print what they print when they
are compiled at once, though their functions then call one another through cells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOL = [sys.executable, "-m", "gol"]
PROGRAMS = (
    "closures_all", "defer_recover", "embedding", "interfaces", "methods_embedded",
    "range_func", "closures", "types_and_keys",
)  # fmt: skip


@pytest.mark.parametrize("mode", ["", "stackforcemove=1,checkmaps=1"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_by_entries(name: str, mode: str) -> None:
    path = ROOT / "tests" / "programs" / "lang" / f"{name}.gol"
    at_once = subprocess.run(
        [*GOL, "run", str(path)], capture_output=True, stdin=subprocess.DEVNULL, timeout=300
    )
    assert at_once.returncode == 0
    text = re.sub(r"^package main$", "", path.read_text(encoding="utf-8"), count=1, flags=re.M)
    entered = subprocess.run(
        GOL, input=f"{text}\nmain()\n".encode(), capture_output=True, timeout=300,
        env={**os.environ, "GOLDEBUG": mode},
    )  # fmt: skip
    assert (entered.stdout, entered.stderr) == (at_once.stdout, at_once.stderr)
    assert entered.returncode == 0
