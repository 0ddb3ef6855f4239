"""Random programs: one answer in every mode, and real Go's answer where Go is present.

    GOL_FUZZ=N              N programs drawn by hypothesis, which shrinks one that fails
    GOL_FUZZ_SECONDS=N      programs from fresh seeds for N seconds (3600: the long run)
    GOL_FUZZ_SEED=N         that one program

A program that fails is kept, and the failure names its file and its seed.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from gol.cache import Cache
from gol.launch import toolchain_id
from gol.program import compile_program
from tests.generator import Generator, as_go
from tests.harness import MODES, PATIENCE, run

EXAMPLES = int(os.environ.get("GOL_FUZZ", "12"))
SECONDS = float(os.environ.get("GOL_FUZZ_SECONDS", "0"))
PROGRAMS = 16  # of the first seeds, if no time is asked for
SEED = os.environ.get("GOL_FUZZ_SEED")
GO = shutil.which("go")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


def go_answer(text: str, folder: Path) -> str:
    source, exe = folder / "program.go", folder / "program-go"
    source.write_text(as_go(text), encoding="utf-8")
    env = dict(os.environ, GOFLAGS="-mod=mod", GO111MODULE="off")
    assert GO is not None
    command = [GO, "build", "-o", str(exe), str(source)]
    r = subprocess.run(command, env=env, capture_output=True, text=True)
    assert r.returncode == 0, f"not a Go program:\n{r.stderr}"
    r = subprocess.run([str(exe)], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 0, f"Go: exit code {r.returncode}\n{r.stderr[:2000]}"
    return r.stdout


def judge(text: str, folder: Path) -> None:
    """Assert that the program has one answer."""
    source, exe = folder / "program.gol", folder / "program"
    source.write_text(text, encoding="utf-8")
    image = compile_program([(str(source), text.encode())], Cache(), toolchain_id())
    assert image is not None, "does not compile"
    exe.unlink(missing_ok=True)
    exe.write_bytes(image)
    exe.chmod(0o755)
    answers: dict[str, str] = {}
    for name, mode in MODES.items():
        r = run(exe, mode)
        assert r.returncode == 0, f"{name}: exit code {r.returncode}\n{r.stderr[:2000]}"
        answers[name] = r.stdout
    assert set(answers.values()) == {answers["normal"]}, answers
    if GO is not None:
        assert answers["normal"] == go_answer(text, folder)


@pytest.mark.skipif(SEED is not None, reason="one seed is asked for")
@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 12,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_every_mode_gives_one_answer(data: st.DataObject, folder: Path) -> None:
    text = Generator(lambda n: data.draw(st.integers(0, n - 1))).program()
    note(text)
    judge(text, folder)


def seeds() -> Iterator[int]:
    """The one that is asked for; fresh ones, for as long as is asked for; or always the same."""
    if SEED is not None:
        yield int(SEED)
    elif SECONDS:
        end = time.monotonic() + SECONDS
        seed = (time.time_ns() ^ os.getpid() << 20) % (1 << 40)
        while time.monotonic() < end:
            yield (seed := seed + 1)
    else:
        yield from range(1, PROGRAMS + 1)


def test_programs_of_seeds(folder: Path) -> None:
    n = 0
    for seed in seeds():
        text = Generator(random.Random(seed).randrange).program()
        try:
            judge(text, folder)
        except (AssertionError, subprocess.TimeoutExpired) as e:
            kept = Path(os.environ.get("GOL_FUZZ_KEEP", ".")) / f"random-{seed}.gol"
            kept.write_text(text, encoding="utf-8")
            raise AssertionError(
                f"GOL_FUZZ_SEED={seed} gives this program again, kept in {kept}:\n{e}"
            ) from None
        n += 1
    print(f"{n} programs, one answer each")
