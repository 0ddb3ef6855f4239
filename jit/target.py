"""The machine: everything that is peculiar to x86-64 Linux stands in this module.

Requires llvmlite 0.50 (LLVM 22). :func:`prepare` must have run before any module is parsed;
every public function here sees to that itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from gol.jit.irtext import GCPTR, Types, matching, read_type, split_top, unquote

TRIPLE = "x86_64-unknown-linux-gnu"
# LLVM's own layout for the triple; address space 1 is non-integral (-ni:1), or LLVM folds
# a pointer store and an i64 load into a ptrtoint. prepare() checks that LLVM agrees.
LAYOUT_OF_LLVM = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
DATA_LAYOUT = LAYOUT_OF_LLVM + "-ni:1"

# Without the first, stack arguments are pushed and frame sizes in the stack map are wrong.
_OPTIONS = ("--no-x86-call-frame-opt",)

RSP = 7  # DWARF number of the stack pointer, as stack maps name it
INT_ARG_REGS = 6  # rdi rsi rdx rcx r8 r9
FLOAT_ARG_REGS = 8  # xmm0-7
NEST_BIT = 6  # bit of the closure context in an argument map
# Words of the block that FS leads to, as asm_amd64.s has them. LLVM's stack checks read the second.
G, GUARD = 0x68, 0x70
PAGE = 4096
IMAGE_BASE = 0x400000
ELF_MACHINE = 62  # EM_X86_64
INTERPRETER = "/lib64/ld-linux-x86-64.so.2"  # the dynamic linker
LIBC = "libc.so.6"
FOREIGN_FRAME = 512  # bytes that f·entered uses itself, at most
ENTERED = "·entered"  # "f·entered" is what follows the entry of f, which is assembly
IMPORT = "extern:"  # what the symbols of import slots begin with


@lru_cache(maxsize=1)
def prepare() -> Any:
    """llvmlite.binding, with our options set and the native target initialised."""
    import llvmlite.binding as llvm

    for option in _OPTIONS:
        llvm.set_option("", option)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    return llvm


@lru_cache(maxsize=1)
def host() -> tuple[str, str]:
    """(CPU name, feature list) of this machine: part of every cache key."""
    llvm = prepare()
    features = llvm.get_host_cpu_features()
    return llvm.get_host_cpu_name(), features.flatten()


@lru_cache(maxsize=2)
def machine(opt: int = 2) -> Any:
    """The target machine; code model small, relocation pic (externals go through the GOT)."""
    llvm = prepare()
    cpu, features = host()
    tm = llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu=cpu, features=features, opt=opt, codemodel="small", reloc="pic"
    )
    if str(tm.target_data) != LAYOUT_OF_LLVM:
        raise RuntimeError(f"LLVM's data layout has changed: {tm.target_data}")
    return tm


def module_header() -> str:
    """The two lines every module's text begins with."""
    return f'target datalayout = "{DATA_LAYOUT}"\ntarget triple = "{TRIPLE}"\n'


# ---------------------------------------------------------------- arguments
_re_define = re.compile(r'define .*?@("[^"]*"|[-a-zA-Z$._0-9]+)\(')


def argument_map(define: str, types: Types) -> tuple[str, int, tuple[int, ...]]:
    """(symbol, register bits, stack words) of the pointer arguments of a ``define`` line.

    Bits 0-5 are the integer registers, NEST_BIT the closure context; a stack word i lies at
    [rsp+16+8i] as ``__morestack`` sees it. To be asked of the final IR: passes may change
    signatures."""
    m = _re_define.match(define)
    if m is None:
        raise RuntimeError(f"not a definition: {define}")
    params = define[m.end() : matching(define, m.end() - 1) - 1]
    regs = ints = floats = words = 0
    stack: list[int] = []
    for p in split_top(params):
        t, e = read_type(p)
        if re.search(r"\bnest\b", p[e:].split("%", 1)[0]):
            regs |= 1 << NEST_BIT
            continue
        for s in types.scalars(t):
            if s in ("double", "float"):
                if floats < FLOAT_ARG_REGS:
                    floats += 1
                else:
                    words += 1
            elif ints < INT_ARG_REGS:
                if s == GCPTR:
                    regs |= 1 << ints
                ints += 1
            else:
                if s == GCPTR:
                    stack.append(words)
                words += 1
    return unquote("@" + m.group(1)), regs, tuple(stack)


def system_stub(name: str) -> str:
    """Assembly of ``name$sys``: enter the system function ``name`` from managed code."""
    return (
        f'.globl "{name}$sys"\n"{name}$sys":\n'
        f'\tleaq "{name}"(%rip), %rax\n\tjmp "runtime.systemcall"\n'
    )


def thread_word(offset: int) -> str:
    """G or GUARD as an operand of LLVM IR."""
    return f"ptr addrspace(257) inttoptr (i64 {offset} to ptr addrspace(257))"


def import_symbol(library: str, name: str) -> str:
    """The symbol of the word in which a function of a shared library finds its address."""
    return f"{IMPORT}{library}:{name}"


def foreign_stub(name: str, slot: str, enter: str) -> str:
    """Assembly of ``name``: go to ``enter`` with the C function's address in rax."""
    return f'.text\n.globl "{name}"\n"{name}":\n\tmovq "{slot}"(%rip), %rax\n\tjmp "{enter}"\n'


def foreign_entry(name: str, body: str, room: int) -> str:
    """Assembly of ``name``: ``body``, a managed function, after a check for ``room`` bytes."""
    return (
        f'.text\n.globl "{name}"\n.type "{name}", @function\n"{name}":\n'
        f'\tleaq -{room}(%rsp), %r11\n\tcmpq %fs:{GUARD}, %r11\n\tja "{body}"\n'
        f'\tmovl ${room}, %r10d\n\txorl %r11d, %r11d\n\tcall __morestack\n\tret\n'
        f'\tjmp "{body}"\n'
    )


def module_asm(text: str) -> str:
    """Assembly source as ``module asm`` lines."""
    out = []
    for line in text.split("\n"):
        if line.strip():
            raw = line.encode("utf-8")
            quoted = "".join(
                chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in raw
            )
            out.append(f'module asm "{quoted}"\n')
    return "".join(out)
