"""docs/language.md lists the packages of the library, and what they lack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gol.jit.packages import std_paths, std_sources

TEXT = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([\w/]+)` \| (.*)\|$", TEXT, re.M))


def test_every_package_has_a_row() -> None:
    assert sorted(ROWS) == sorted(p for paths in std_paths().values() for p in paths)


@pytest.mark.parametrize("package", ROWS)
def test_what_a_package_is_said_to_lack_it_lacks(package: str) -> None:
    source = b"\n".join(text for _, text in std_sources(package) or []).decode()
    for name in re.findall(r"`(\w+)`", ROWS[package]):
        declared = rf"^(?:func|type|var|const) {name}\b|^\t{name}\b.*="
        assert not re.search(declared, source, re.M), name
