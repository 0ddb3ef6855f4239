"""Rule 11: no stack address in a register but by the address-taking asm.

Reads emitted assembly. A ``lea off(%rsp)`` or ``mov %rsp`` outside inline asm is a hidden
stack pointer: it would go stale when the stack moves. The only other user is the check of
large frames (``leaq -N(%rsp), %r11`` before the comparison with the guard).
"""

from __future__ import annotations

import re

from gol.jit.target import GUARD

_re_address = re.compile(r"\tleaq\t-?\d*\(%rsp[^)]*\), %r(?!sp)|\tmovq\t%rsp, %r")
_re_check = re.compile(r"\tleaq\t-\d+\(%rsp\), %r1[01]$")


def hidden_pointers(assembly: str, managed: set[str] | None = None) -> list[tuple[str, str]]:
    """(function, instruction) of every stack address materialised outside inline asm.

    ``managed`` limits the search to these functions (runtime code on g0 may do as it likes)."""
    out: list[tuple[str, str]] = []
    function = ""
    lines = assembly.split("\n")
    in_asm = False
    for i, line in enumerate(lines):
        label = line.split("#")[0].rstrip()
        if label[-1:] == ":" and line[0] not in "\t.":
            function = label[:-1].strip('"')
        elif "#APP" in line:
            in_asm = True
        elif "#NO_APP" in line:
            in_asm = False
        elif not in_asm and _re_address.match(line):
            if managed is not None and function not in managed:
                continue
            if _re_check.match(line) and f"%fs:{GUARD}" in lines[i + 1]:
                continue
            out.append((function, line.strip()))
    return out
