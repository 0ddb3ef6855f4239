"""Random programs: one answer in every mode, and real Go's answer where Go is present.

``GOL_FUZZ=N`` runs N programs instead of the few of an ordinary test run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.generator import Generator
from tests.harness import MODES, build, run

EXAMPLES = int(os.environ.get("GOL_FUZZ", "12"))
GO = shutil.which("go")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


def go_answer(text: str, folder: Path) -> str:
    source = folder / "program.go"
    source.write_text(text, encoding="utf-8")
    env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off")
    assert GO is not None
    r = subprocess.run([GO, "run", str(source)], env=env, capture_output=True, text=True)
    assert r.returncode == 0, f"not a Go program:\n{r.stderr}\n{text}"
    return r.stdout


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 12,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_every_mode_gives_one_answer(data: st.DataObject, folder: Path) -> None:
    text = Generator(lambda n: data.draw(st.integers(0, n - 1))).program()
    note(text)
    source = folder / "program.gol"
    source.write_text(text, encoding="utf-8")
    exe = build(source)
    answers: dict[str, str] = {}
    for name, mode in MODES.items():
        r = run(exe, mode)
        assert r.returncode == 0, f"{name}: exit code {r.returncode}\n{r.stderr}"
        answers[name] = r.stdout
    assert set(answers.values()) == {answers["normal"]}, answers
    if GO is not None:
        assert answers["normal"] == go_answer(text, folder)
