"""Every program of ``tests/programs`` and ``examples`` means what real Go says it means:
the expectations written in the programs are compared with what Go prints. Skipped where
there is no ``go`` command, and unless asked for with ``GOL_ORACLE=1`` (Go takes a while to
compile them all)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness import expectation
from tests.programs.test_programs import FILES

GO = shutil.which("go")


@pytest.mark.skipif(GO is None, reason="no go command")
@pytest.mark.skipif(not os.environ.get("GOL_ORACLE"), reason="GOL_ORACLE is not set")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_go_agrees(path: Path, tmp_path: Path) -> None:
    e = expectation(path)
    text = path.read_text(encoding="utf-8")
    if "// oracle: no" in text:
        pytest.skip("says something that Go does not")
    source = tmp_path / f"{path.stem}.go"
    source.write_text(text, encoding="utf-8")
    env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off", **e.env)
    exe = tmp_path / "program"
    assert GO is not None
    r = subprocess.run([GO, "build", "-o", str(exe), str(source)], env=env, capture_output=True)
    if e.errors:
        got = [x.split(":", 1)[1] for x in r.stderr.decode().split("\n") if ".go:" in x]
        assert got == e.errors
        return
    assert r.returncode == 0, r.stderr.decode()
    p = subprocess.run([str(exe), *e.args], input=e.stdin, env=env, capture_output=True, text=True)
    lines = p.stdout.split("\n")
    if lines[-1] == "":
        lines.pop()
    assert p.returncode == e.exit
    assert [x.rstrip() for x in lines] == [x.rstrip() for x in e.stdout]
