"""Every program below this folder, and every example, in every mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import MODES, PROGRAMS, ROOT, check, expectation

FILES = sorted(PROGRAMS.rglob("*.gol")) + sorted((ROOT / "examples").glob("*.gol"))


def _cases() -> list[object]:
    out: list[object] = []
    for f in FILES:
        e = expectation(f)
        name = str(f.relative_to(PROGRAMS) if f.is_relative_to(PROGRAMS) else f.relative_to(ROOT))
        for mode in ["normal"] if e.errors else MODES:
            why = e.skip.get(mode)
            marks = [pytest.mark.skip(reason=why)] if why else []
            out.append(pytest.param(f, mode, id=f"{name}-{mode}", marks=marks))
    return out


@pytest.mark.parametrize(("path", "mode"), _cases())
def test_program(path: Path, mode: str) -> None:
    check(path, mode)
