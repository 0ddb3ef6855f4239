"""The table that closes docs/stacks.md: eighteen rows, and every test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "stacks.md").read_text(encoding="utf-8")
TABLE = TEXT.split("\n## What proves it\n")[1]
ROWS = [[c.strip() for c in line.split("|")[1:-1]] for line in TABLE.split("\n") if line[:1] == "|"]


def test_the_table_has_eighteen_rows() -> None:
    assert [row[0] for row in ROWS[2:]] == [str(n) for n in range(1, 19)]
    assert {len(row) for row in ROWS} == {4}
    assert all(all(row) for row in ROWS), "a row without a place, or without a test"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"tests/[\w./:]+\w", TEXT))))
def test_every_test_it_names_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert (ROOT / path).exists()
    if function:
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("row", ROWS[2:], ids=lambda row: f"row{row[0]}")
def test_the_code_it_points_to_exists(row: list[str]) -> None:
    """A name in backquotes stands in one of the runtime's files."""
    names = re.findall(r"`(\w[\w.]*)`", row[2])
    files = [*(ROOT / "runtime").glob("*.gol"), *(ROOT / "runtime").glob("*.s")]
    code = {p.name: p.read_text(encoding="utf-8") for p in files}
    for name in names:
        assert name in code or any(re.search(rf"\b{name}\b", text) for text in code.values())
