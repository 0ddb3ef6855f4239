"""ruff and mypy are clean over every room."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def have(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@pytest.mark.skipif(not have("ruff"), reason="ruff is not installed")
def test_ruff() -> None:
    r = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert r.returncode == 0, r.stdout


@pytest.mark.skipif(not have("mypy"), reason="mypy is not installed")
def test_mypy(tmp_path: Path) -> None:
    # mypy wants the folders where the package has them once it is installed
    package = tmp_path / "gol"
    package.mkdir()
    for f in (ROOT / "gol").iterdir():
        (package / f.name).symlink_to(f)
    for room in ("lang", "jit", "runtime"):
        (package / room).symlink_to(ROOT / room)
    for room in ("tests", "bench"):
        (tmp_path / room).symlink_to(ROOT / room)
    r = subprocess.run(
        [
            sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"),
            "--cache-dir", str(ROOT / ".mypy_cache"), "-p", "gol", "-p", "tests", "-p", "bench",
        ],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert r.returncode == 0, r.stdout
