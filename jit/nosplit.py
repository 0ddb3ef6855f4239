"""The proof that nosplit code fits under the guard.

Nosplit functions and assembly run on a goroutine's stack without a check, so the longest
chain of them must fit into ``stackNosplit`` bytes. Frame sizes and calls are read from the
assembly that LLVM prints for the module (hand-written assembly is part of that text).
Indirect calls in such code are taken to stay within it (they switch stacks first).
"""

from __future__ import annotations

import re

from gol.lang.record import field, record

_re_sub = re.compile(r"\tsubq\t\$(\d+), %rsp")
_re_call = re.compile(r'\t(call|callq|jmp)\t"?([^"\s@*.][^"\s@]*)"?')
_re_switch = re.compile(r"\tmovq\t[^,]*, %rsp|\tleaq\t[^%]*%r\w+\), %rsp")
RETURN = 8  # the return address


@record()
class Frame:
    size: int = 0
    calls: set[str] = field(default_factory=set)


def frames(assembly: str, names: set[str]) -> dict[str, Frame]:
    """The frames of the functions ``names``, up to where they leave this stack."""
    out: dict[str, Frame] = {}
    current: Frame | None = None
    for line in assembly.split("\n"):
        if line[:1] not in ("\t", "", "#", "."):
            label = line.split("#")[0].split(":")[0].strip().strip('"')
            if label in names:
                current = out.setdefault(label, Frame())
            elif label and label[0] != ".":
                current = None
            continue
        if current is None:
            continue
        if line.startswith("\tpush"):
            current.size += 8
            continue
        m = _re_sub.match(line)
        if m:
            current.size += int(m.group(1))
            continue
        m = _re_call.match(line)
        if m:
            current.calls.add(m.group(2))
        elif _re_switch.match(line):
            current = None
    return out


def longest(table: dict[str, Frame]) -> list[tuple[int, list[str]]]:
    """(bytes, chain) for each function nobody in the table calls, the largest first.
    Recursion counts as endless (bytes = -1 comes first)."""
    memo: dict[str, tuple[int, list[str]]] = {}
    active: set[str] = set()

    def depth(name: str) -> tuple[int, list[str]]:
        got = memo.get(name)
        if got is not None:
            return got
        if name in active:
            return 1 << 30, [name]
        active.add(name)
        best: tuple[int, list[str]] = (0, [])
        for callee in sorted(table[name].calls):
            if callee in table:
                best = max(best, depth(callee), key=lambda x: x[0])
        active.discard(name)
        memo[name] = (best[0] + table[name].size + RETURN, [name, *best[1]])
        return memo[name]

    called = {c for f in table.values() for c in f.calls}
    chains = [depth(n) for n in table if n not in called]
    return sorted(chains, key=lambda x: -x[0])


def too_deep(table: dict[str, Frame], limit: int) -> list[str]:
    """A line for every chain that does not fit."""
    return [
        f"nosplit stack overflow: {size} bytes of {limit}: {' > '.join(chain)}"
        for size, chain in longest(table)
        if size > limit
    ]
