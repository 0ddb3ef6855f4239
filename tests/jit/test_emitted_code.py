"""What is emitted for the runtime and the library: no hidden stack pointers in managed
code, and nosplit chains that fit under the guard."""

from __future__ import annotations

import pytest

from gol.jit import build, lint, nosplit, packages
from gol.jit.artifact import ASM, NOSPLIT, SYSTEM
from gol.jit.compile import Compiler, Job
from gol.lang.diagnostics import Diagnostics
from gol.lang.source import SourceSet

PROGRAM = b'package main\nimport "fmt"\nfunc main() { fmt.Println() }\n'


@pytest.fixture(scope="module")
def jobs() -> dict[str, Job]:
    """The lowered packages, runtime first."""
    diags = Diagnostics(SourceSet())
    units = packages.discover([("main.gol", PROGRAM)], diags.sources, diags)
    assert units is not None
    packages.set_keys(units, "")
    compiler = Compiler(units, diags, build.NoStore(), build.Clock())
    out = {}
    for u in units:
        job = compiler.front(u)
        assert job is not None, [d.message for d in diags.items]
        out[u.path] = job
    return out


@pytest.mark.parametrize("package", ["runtime", "strconv", "fmt", "internal/rtype", "io"])
def test_package(jobs: dict[str, Job], package: str) -> None:
    kept: dict[str, str] = {}
    artifact = jobs[package].run(lambda stage, text: kept.update({stage: text}))
    unchecked = ASM | NOSPLIT | SYSTEM
    managed = {f.symbol for f in artifact.functions if not f.flags & unchecked}
    assert managed
    assert lint.hidden_pointers(kept["asm"], managed) == []
    if package == "runtime":
        names = {f.symbol for f in artifact.functions if f.flags & (ASM | NOSPLIT)}
        limit = artifact.layout["stackNosplit"]
        assert nosplit.too_deep(nosplit.frames(kept["asm"], names), limit) == []


def test_a_wrong_module_is_reported_not_died_of() -> None:
    from gol.jit.child import Failure
    from gol.jit.workers import Workers

    with Workers() as workers:
        workers.submit("bad", "define void @f() { ret i32 0 }", [])
        ((name, got),) = workers.ready(wait=True)
    assert name == "bad" and isinstance(got, Failure)


def test_a_bug_of_the_compiler_is_a_diagnostic(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise KeyError("surprise")

    monkeypatch.delenv("GOL_TRACEBACK", raising=False)
    monkeypatch.setattr(packages, "discover", broken)
    result = build.build([("main.gol", PROGRAM)])
    assert result.image is None
    (d,) = result.diags.sorted()
    assert d.message.startswith("internal compiler error: KeyError: 'surprise' (test_emitted")
