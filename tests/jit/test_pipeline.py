"""Hand-written IR through the whole back end, to an executable that runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gol.jit import elf, pipeline, target
from gol.jit.link import Linker, LinkError
from tests.harness import PATIENCE

START = """
module asm ".text"
module asm ".globl _start"
module asm "_start:"
module asm "  movl $158, %eax"
module asm "  movl $0x1002, %edi"
module asm "  leaq tls(%rip), %rsi"
module asm "  syscall"
module asm "  movq $0, %fs:112"
module asm "  call test_main"
module asm "  movl %eax, %edi"
module asm "  movl $231, %eax"
module asm "  syscall"
module asm ".globl __morestack"
module asm "__morestack: ud2"
@tls = global [32 x i64] zeroinitializer
"""

ATTRS = """
attributes #0 = { "split-stack" "frame-pointer"="none" nounwind noinline }
"""

FIB = """
define i64 @fib(i64 %n) #0 gc "statepoint-example" {
  %c = icmp slt i64 %n, 2
  br i1 %c, label %a, label %b
a:
  ret i64 %n
b:
  %n1 = sub i64 %n, 1
  %r1 = call i64 @fib(i64 %n1)
  %n2 = sub i64 %n, 2
  %r2 = call i64 @fib(i64 %n2)
  %s = add i64 %r1, %r2
  ret i64 %s
}
define i64 @test_main() #0 gc "statepoint-example" {
  %r = call i64 @fib(i64 10)
  ret i64 %r
}
"""

FRAME = """
define void @set(ptr addrspace(1) %p, ptr addrspace(1) %q) #0 gc "statepoint-example" {
  store ptr addrspace(1) %q, ptr addrspace(1) %p
  ret void
}
define i64 @test_main() #0 gc "statepoint-example" {
entry:
  %x = alloca i64
  %x.p = addrspacecast ptr %x to ptr addrspace(1)
  %a = alloca [4 x ptr addrspace(1)]
  %a.p = addrspacecast ptr %a to ptr addrspace(1)
  store i64 42, ptr addrspace(1) %x.p
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %loop ]
  %e = getelementptr ptr addrspace(1), ptr addrspace(1) %a.p, i64 %i
  call void @set(ptr addrspace(1) %e, ptr addrspace(1) %x.p)
  %i1 = add i64 %i, 1
  %c = icmp eq i64 %i1, 4
  br i1 %c, label %done, label %loop
done:
  %last = getelementptr ptr addrspace(1), ptr addrspace(1) %a.p, i64 3
  %q = load ptr addrspace(1), ptr addrspace(1) %last
  %v = load i64, ptr addrspace(1) %q
  ret i64 %v
}
"""


def build(ir: str, tmp_path: Path) -> Path:
    artifact = pipeline.compile_ir(ir)
    linker = Linker()
    linker.add("test", elf.parse(artifact.object))
    image = linker.link()
    out = tmp_path / "prog"
    out.write_bytes(elf.executable(image.segments, image.symbols["_start"], []))
    os.chmod(out, 0o755)
    return out


def status(ir: str, tmp_path: Path) -> int:
    return subprocess.run([build(ir, tmp_path)], timeout=PATIENCE).returncode


def test_fib_runs(tmp_path: Path) -> None:
    assert status(START + FIB + ATTRS, tmp_path) == 55


def test_pointers_into_the_frame(tmp_path: Path) -> None:
    assert status(START + FRAME + ATTRS, tmp_path) == 42


def test_stack_map_of_a_frame_variable() -> None:
    a = pipeline.compile_ir(FRAME + ATTRS)
    point = a.points[0]
    ((_, bitmap),) = point.objects
    assert a.bitmaps[bitmap] == (32, (0, 8, 16, 24))
    assert a.functions[point.function].symbol == "test_main"


def test_argument_map_counts_registers_stack_and_nest() -> None:
    from gol.jit.irtext import Types

    line = (
        'define i64 @"main.f"(ptr addrspace(1) nest %c, ptr addrspace(1) %a, i64 %b, double %d,'
        " ptr %e, i64 %f, i64 %g, i64 %h, i64 %i, ptr addrspace(1) %j) #0"
    )
    assert target.argument_map(line, Types()) == ("main.f", 1 << 6 | 1, (1,))


def test_undefined_symbols_are_refused(tmp_path: Path) -> None:
    ir = START + FIB.replace("call i64 @fib(i64 10)", "call i64 @nowhere(i64 10)") + ATTRS
    try:
        build(ir + "declare i64 @nowhere(i64)\n", tmp_path)
    except LinkError as e:
        assert "undefined symbol nowhere" in str(e)
    else:
        raise AssertionError("linked")
