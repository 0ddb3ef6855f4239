"""Structs that the library declares after the runtime's must stay equal to those."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[2] / "runtime"


def fields(file: str, struct: str) -> list[tuple[str, str]]:
    """Names and types; pointers and code count as one kind, named types by their names."""
    text = (RUNTIME / file).read_text(encoding="utf-8")
    body = re.search(rf"^type {struct} struct {{\n(.*?)^}}", text, re.M | re.S)
    assert body is not None, f"{file} declares no struct {struct}"
    out: list[tuple[str, str]] = []
    for line in body[1].split("\n"):
        line = line.split("//")[0].strip()
        if not line:
            continue
        names, typ = re.match(r"((?:\w+, )*\w+)\s+(.*)", line).groups()  # type: ignore[union-attr]
        if typ.startswith(("func(p", "*hmap", "*g", "unsafe.Pointer")):
            typ = "word"
        typ = typ.replace("_type", "Type").replace("itab", "Itab")
        out += [(n, "word" if typ == "uintptr" else typ) for n in names.split(", ")]
    return out


@pytest.mark.parametrize(
    ("library", "name", "runtime", "original"),
    [
        ("std/internal/rtype/type.gol", "Type", "type.gol", "_type"),
        ("std/internal/rtype/type.gol", "structfield", "type.gol", "structfield"),
        ("std/internal/rtype/type.gol", "imethod", "type.gol", "imethod"),
        ("std/internal/rtype/type.gol", "method", "type.gol", "method"),
        ("std/internal/rtype/map.gol", "hiter", "mapiter.gol", "hiter"),
        ("std/internal/show/stacks.gol", "stackstat", "mstats.gol", "stackstat"),
        ("std/time/timer.gol", "runtimeTimer", "time.gol", "timer"),
    ],
)
def test_same_fields(library: str, name: str, runtime: str, original: str) -> None:
    assert fields(library, name) == fields(runtime, original)


def test_kinds_are_numbered_alike() -> None:
    mine = re.findall(
        r"^\t(\w+)(?: Kind = iota)?$", _const("std/internal/rtype/type.gol", "Invalid"), re.M
    )
    theirs = re.findall(r"^\tkind(\w+)(?: = iota)?$", _const("type.gol", "kindInvalid"), re.M)
    assert mine == theirs


def test_reasons_to_wait_are_numbered_alike() -> None:
    names = re.findall(r"^\twaitReason(\w+)", _const("waitreason.gol", "waitReasonZero"), re.M)
    text = (RUNTIME / "std/sync/mutex.gol").read_text(encoding="utf-8")
    first = re.search(r"waitCond = (\d+) \+ iota", text)
    assert first is not None
    assert names[int(first[1])] == "SyncCondWait"
    assert names[int(first[1]) + 1 :][:4] == [
        "SyncMutexLock", "SyncRWMutexRLock", "SyncRWMutexLock", "SyncWaitGroupWait",
    ]  # fmt: skip


def _const(file: str, first: str) -> str:
    text = (RUNTIME / file).read_text(encoding="utf-8")
    block = re.search(rf"^const \(\n(\t{first}\b.*?)^\)", text, re.M | re.S)
    assert block is not None
    return block[1]
