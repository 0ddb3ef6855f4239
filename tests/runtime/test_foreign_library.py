"""Foreign functions of a library made for the purpose (``foreign/library.c``): every kind of
value both ways, C and gol calling each other a thousand deep, and C that uses all the stack
that it has asked for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness import MODES, build, run

FOLDER = Path(__file__).parent / "foreign"

OUTPUT = """-1 255 -2 65535 true 1 2 3 4 5 6 7 8
10.5 42
-128 false 7.5
84 84
0 57
511 511
-128 127 -1
{depth}
0
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
@pytest.mark.parametrize("how", ["", " idempotent"])
@pytest.mark.parametrize("mode", MODES)
def test_library(tmp_path: Path, mode: str, how: str) -> None:
    library = tmp_path / "libtest.so"
    gcc = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(FOLDER / "library.c")]
    subprocess.run(gcc, check=True)
    depth = 100 if mode == "gcstress" else 1000
    text = (FOLDER / "program.gol").read_text()
    text = text.replace("LIB", str(library)).replace("DEPTH", str(depth))
    text = text.replace("deeper onstack 4096", f"deeper onstack 4096{how}")
    program = tmp_path / "prog.gol"
    program.write_text(text)
    r = run(build(program), MODES[mode])
    assert (r.returncode, r.stderr, r.stdout) == (0, "", OUTPUT.format(depth=depth + 1))
