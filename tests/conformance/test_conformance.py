"""A slice of the corpus, and proof that the judge tells good from bad."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gol.cache import Cache
from gol.launch import toolchain_id

from . import corpus, errorcheck, judge, verdicts
from .corpus import Program
from .judge import Judge
from .pool import judge_all

needs_corpus = pytest.mark.skipif(corpus.folder() is None, reason="no corpus")

# Every so manieth of the programs that are recorded as passing.
RUN_EVERY = 16
REJECTED_EVERY = 10


@pytest.fixture(scope="module")
def tools() -> tuple[Cache, str]:
    judge.import_compiler()
    return Cache(), toolchain_id()


def judge_source(tools: tuple[Cache, str], tmp_path: Path, text: str) -> str:
    (tmp_path / "p.go").write_text(text)
    judged = Judge(tmp_path, "normal", *tools)
    return judged.judge(Program("p.go", "T1a"), tmp_path).verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("", "pass"),
        ("os.Exit(0)", "pass"),
        ("os.Exit(1)", "exit"),
        ("panic(1)", "exit"),
        ("println(1)", "output"),
        ("x := 1", "refused"),
        ("go func() { os.Exit(0) }(); select {}", "pass"),
    ],
)
def test_judge(tools: tuple[Cache, str], tmp_path: Path, body: str, verdict: str) -> None:
    text = 'package main\nimport "os"\nvar _ = os.Args\nfunc main() { ' + body + " }\n"
    assert judge_source(tools, tmp_path, text) == verdict


def test_main_that_does_not_run(tools: tuple[Cache, str], tmp_path: Path) -> None:
    text = "package main\nfunc init() { leave() }\nfunc main() {}\n"
    text += "func leave() { os.Exit(0) }\n"
    text = text.replace("package main\n", 'package main\nimport "os"\n')
    assert judge_source(tools, tmp_path, text) == "absent"


def test_expectations() -> None:
    source = 'a // ERROR "x" "y.z"\nb\nc // ERROR "LINE-2|q"\n//// ERROR "no"'
    found = [(n, p.pattern) for n, p in errorcheck.expectations(source, "f.go")]
    assert found == [(1, "x"), (1, "y.z"), (3, re.escape("f.go") + ":1|q")]
    check = errorcheck.compare(source, "f.go", [(1, "x"), (1, "ybz"), (2, "w"), (3, "q")])
    assert (check.matched, check.wanted, check.unexpected) == (3, 3, ["2: w"])


@needs_corpus
def test_every_program_is_there() -> None:
    root = corpus.folder()
    assert root is not None
    assert [p.path for p in corpus.programs() if not (root / p.path).is_file()] == []


@needs_corpus
def test_slice_of_the_corpus(tools: tuple[Cache, str]) -> None:
    """What passed, passes."""
    root = corpus.folder()
    assert root is not None
    known = verdicts.load()
    passing = [p for p in corpus.programs() if known.get((p.path, "normal")) == "pass"]
    chosen = [p for p in passing if not p.rejected][::RUN_EVERY]
    chosen += [p for p in passing if p.rejected][::REJECTED_EVERY]
    failed: list[str] = []

    def report(program: Program, j: judge.Judgement) -> None:
        if j.verdict != "pass":
            failed.append(f"{program.path}: {j.verdict}: {j.detail}")

    judge_all(Judge(root, "normal", *tools), chosen, 2, report)
    assert failed == []
