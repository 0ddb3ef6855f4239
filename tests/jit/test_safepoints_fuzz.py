"""Random functions full of pointers into callers' frames: whatever the stack does, and
whatever the collector does, they must compute what a plain build of them computes."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from gol.cache import Cache
from gol.jit import build, elf, image, lint, packages, pipeline, safepoints
from gol.jit.artifact import Artifact
from gol.jit.compile import Compiler
from gol.jit.link import Linker
from gol.lang.diagnostics import Diagnostics
from gol.lang.source import SourceSet
from gol.launch import toolchain_id
from tests.harness import PATIENCE
from tests.jit import irgen

SEEDS = range(int(os.environ.get("GOL_FUZZ_FROM", "0")), int(os.environ.get("GOL_FUZZ_TO", "12")))
MODES = (
    "",
    "stackforcemove=1",
    "stackforcemove=1,checkmaps=1,stackpoison=1",
    "stackforcemove=1,stackfromsystem=1,stackfaultonfree=1",
)

MAIN = """
declare void @"runtime.printint$sys"(i64)
declare void @"runtime.printnl$sys"()
define void @"main.init"() #0 gc "statepoint-example" {
  ret void
}
define void @"main.main"() #0 gc "statepoint-example" {
  %r = call i64 @t(i64 7)
  call void @"runtime.printint$sys"(i64 %r)
  call void @"runtime.printnl$sys"()
  ret void
}
"""

# the plain build: no runtime, the kernel's stack, the result written as 8 bytes
PLAIN = """
module asm ".globl _start"
module asm "_start:"
module asm "  movl $7, %edi"
module asm "  andq $-16, %rsp"
module asm "  call t"
module asm "  pushq %rax"
module asm "  movl $1, %eax"
module asm "  movl $1, %edi"
module asm "  movq %rsp, %rsi"
module asm "  movl $8, %edx"
module asm "  syscall"
module asm "  movl $231, %eax"
module asm "  xorl %edi, %edi"
module asm "  syscall"
module asm ".globl memset"
module asm "memset: movq %rdi, %r8; movl %esi, %eax; movq %rdx, %rcx; rep stosb"
module asm "movq %r8, %rax; ret"
module asm ".globl memcpy"
module asm "memcpy: movq %rdi, %rax; movq %rdx, %rcx; rep movsb; ret"
"""


@cache
def runtime() -> Artifact:
    diags = Diagnostics(SourceSet())
    units = packages.discover(
        [("main.gol", b"package main\nfunc main() {}\n")], diags.sources, diags
    )
    assert units is not None
    packages.set_keys(units, toolchain_id())
    artifacts = Compiler(units, diags, Cache(), build.Clock()).run()
    assert artifacts is not None, [d.message for d in diags.items]
    return artifacts[0]


def write(path: Path, program: bytes) -> Path:
    path.write_bytes(program)
    path.chmod(0o755)
    return path


def expected(ir: str, path: Path) -> int:
    artifact = pipeline.compile_ir(irgen.plain(PLAIN + ir + irgen.ATTRIBUTES))
    linker = Linker()
    linker.add("plain", elf.parse(artifact.object))
    program = write(path / "plain", image.executable(linker.link()))
    out = subprocess.run([program], capture_output=True, timeout=PATIENCE, check=True).stdout
    return int.from_bytes(out, "little", signed=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_moving_stacks_change_nothing(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # the variables of a frame are parts of one, as where there are many
        monkeypatch.setattr(safepoints, "_MANY_VARIABLES", 0)
    ir = irgen.generate(seed)
    want = expected(ir, tmp_path)
    kept: dict[str, str] = {}
    artifact = pipeline.compile_ir(
        ir + MAIN + irgen.ATTRIBUTES, dump=lambda stage, text: kept.update({stage: text})
    )
    assert lint.hidden_pointers(kept["asm"]) == []
    program = write(tmp_path / "prog", image.executable(image.link([runtime(), artifact])))
    for mode in MODES:
        env = {**os.environ, "GOLDEBUG": mode}
        run = subprocess.run([program], capture_output=True, text=True, timeout=PATIENCE, env=env)
        assert (run.returncode, run.stderr) == (0, f"{want}\n"), mode
