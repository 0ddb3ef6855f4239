"""``gol run -S``, ``--emit-llvm``, ``--stackmaps``, ``-m``, ``--dump=PASS``: what the compiler
did, on standard output."""

from __future__ import annotations

from gol.jit.build import build as jit_build

from .cache import Cache
from .launch import UsageError, toolchain_id
from .program import Sources
from .render import print_diagnostics

# flag → the stage whose text is shown (gol.jit.pipeline.STAGES)
STAGES = {"-S": "asm", "--emit-llvm": "freeze", "--stackmaps": "stackmaps"}


def requested(flags: list[str]) -> list[str]:
    """The stages whose texts the flags ask for. Raises UsageError on unknown flags."""
    from gol.jit.pipeline import STAGES as known

    wanted = []
    for flag in flags:
        if flag in STAGES:
            wanted.append(STAGES[flag])
        elif flag.startswith("--dump=") and flag[7:] in known:
            wanted.append(flag[7:])
        elif flag.startswith("--dump="):
            raise UsageError(f"no pass {flag[7:]}; there are {', '.join(known)}")
        elif flag != "-m":
            raise UsageError(f"flag provided but not defined: {flag}")
    return wanted


def show(flags: list[str], sources: Sources) -> int:
    """Print what the flags ask for; the exit code. Raises UsageError on unknown flags."""
    wanted = requested(flags)
    explain = "-m" in flags
    texts: dict[str, str] = {}

    def keep(stage: str, text: str) -> None:
        texts[stage] = text

    result = jit_build(
        sources, Cache(), toolchain_id(), dump=keep if wanted else None, explain=explain
    )
    if result.image is None:
        print_diagnostics(result.diags)
        return 1
    if explain:
        for pos, message in result.messages:
            print(f"{result.diags.sources.position(pos)}: {message}")
    for stage in wanted:
        print(texts.get(stage, ""), end="")
    return 0
