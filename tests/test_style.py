"""The style of the house: ruff and mypy are clean, imports run one way, gol → jit → lang, each
room draws on no packages but its own, and the map of the rooms (docs/hacking.md) is true."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What a room may import besides the standard library.
IMPORTS = {
    "lang": {"gol.lang", "lark"},
    "jit": {"gol.lang", "gol.jit", "gol.runtime", "llvmlite"},
    "gol": {"gol", "platformdirs", "plotly", "prompt_toolkit", "pygments", "rich"},
}

HACKING = (ROOT / "docs" / "hacking.md").read_text(encoding="utf-8")
# What the first column of a table names: files, patterns of them, folders.
MAP = [
    name
    for line in HACKING.split("\n") if line.startswith("| `")
    for name in re.findall(r"`([\w*]+(?:\.(?:py|gol|lark|s)|/))`", line.split(" | ")[0])
]  # fmt: skip


def have(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@pytest.mark.skipif(not have("ruff"), reason="ruff is not installed")
def test_ruff() -> None:
    r = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert r.returncode == 0, r.stdout + r.stderr


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
    cache = (ROOT if os.access(ROOT, os.W_OK) else tmp_path) / ".mypy_cache"
    r = subprocess.run(
        [
            sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"),
            "--cache-dir", str(cache), "-p", "gol", "-p", "tests", "-p", "bench",
        ],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert r.returncode == 0, r.stdout + r.stderr


def imports(file: Path, module: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of whatever a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            name = ".".join(base + ([node.module] if node.module else []))
            yield from ((node.lineno, f"{name}.{x.name}") for x in node.names)


@pytest.mark.parametrize("room", IMPORTS)
def test_imports_run_one_way(room: str) -> None:
    known = {*sys.stdlib_module_names, *IMPORTS[room]}
    wrong = []
    for file in sorted((ROOT / room).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts if room == "gol" else ("gol", *parts))
        for line, name in imports(file, module):
            if not any(name == k or name.startswith(f"{k}.") for k in known):
                wrong.append(f"{file.relative_to(ROOT)}:{line}: {name}")
    assert wrong == []


def test_imports_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("import os.path\nfrom . import b\ndef f():\n    from ..c.d import e\n")
    assert list(imports(file, "gol.x.a")) == [
        (1, "os.path"), (2, "gol.x.b"), (4, "gol.c.d.e"),
    ]  # fmt: skip


@pytest.mark.parametrize("room", ["gol", "lang", "jit", "runtime"])
def test_the_map_has_every_file(room: str) -> None:
    for path in sorted((ROOT / room).iterdir()):
        name = f"{path.name}/" if path.is_dir() else path.name
        if name[:1] not in "._" and name not in ("py.typed", "gol"):
            assert any(fnmatch(name, known) for known in MAP), (
                f"docs/hacking.md has no row for {room}/{name}"
            )


def test_the_map_has_no_file_too_many() -> None:
    rooms = ("gol", "lang", "jit", "runtime")
    for name in set(MAP) - {f"{room}/" for room in rooms}:
        assert any(any((ROOT / room).glob(name.rstrip("/"))) for room in rooms), name
