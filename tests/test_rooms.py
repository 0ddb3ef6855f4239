"""Imports run one way, gol → jit → lang, and each room draws on no packages but its own."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What may be imported besides the standard library.
ALLOWED = {
    "lang": {"gol.lang", "lark"},
    "jit": {"gol.lang", "gol.jit", "gol.runtime", "llvmlite"},
    "gol": {"gol", "platformdirs", "plotly", "prompt_toolkit", "pygments", "rich"},
}


def imports(file: Path, module: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of whatever a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            name = ".".join(base + ([node.module] if node.module else []))
            yield from ((node.lineno, f"{name}.{x.name}") for x in node.names)


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_run_one_way(room: str) -> None:
    wrong = []
    for file in sorted((ROOT / room).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts if room == "gol" else ("gol", *parts))
        for line, name in imports(file, module):
            known = {*sys.stdlib_module_names, *ALLOWED[room]}
            if not any(name == k or name.startswith(f"{k}.") for k in known):
                wrong.append(f"{file.relative_to(ROOT)}:{line}: {name}")
    assert wrong == []


def test_imports_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("import os.path\nfrom . import b\ndef f():\n    from ..c.d import e\n")
    assert list(imports(file, "gol.x.a")) == [
        (1, "os.path"), (2, "gol.x.b"), (4, "gol.c.d.e"),
    ]  # fmt: skip
