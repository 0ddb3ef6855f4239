"""After the optimiser: no ``select`` may choose between two spill slots.

A relocated pointer is lowered to a load of its spill slot; instruction selection turns
``select c, (load a), (load b)`` into a load from a select of the two *slot addresses*,
which it may then keep in a register across a safepoint. A ``freeze`` of the operands
stops it. Only selects of pointers that come from a relocate (also through
insert/extractvalue and phi-free chains) are touched; most modules need no change.
"""

from __future__ import annotations

import re

from gol.jit.irtext import NAME, read_type

_re_select = re.compile(r"(  " + NAME + r" = select i1 [^,]+, )(.*)$")
_re_derived = re.compile(
    r"  (" + NAME + r") = (?:insertvalue|extractvalue|call ptr addrspace\(1\) "
    r"@llvm\.experimental\.gc\.(?:relocate|result))"
)


# arguments beyond the registers are loads from the caller's frame, with the same fate
_REGISTERS = 6
_re_param = re.compile(r"ptr addrspace\(1\)[^,()]*? (" + NAME + r")(?=[,)])")


def freeze_selects(text: str) -> str | None:
    """The text with such operands frozen; None when nothing had to change."""
    if "gc.relocate" not in text:
        return None
    out: list[str] = []
    changed = 0
    loaded: set[str] = set()
    pending: list[int] = []

    def settle() -> None:
        # a definition may stand behind its use in the text, so selects wait for the end
        nonlocal changed
        inserted: list[tuple[int, list[str]]] = []
        for at in pending:
            m = _re_select.match(out[at])
            assert m is not None
            t, e = read_type(m.group(2))
            a, rest = m.group(2)[e + 1 :].split(", " + t + " ", 1)
            b, comma, tail = rest.partition(", ")
            pre = []
            names = []
            for v in (a, b):
                if v in loaded:
                    changed += 1
                    pre.append(f"  %fz.{changed} = freeze {t} {v}")
                    v = f"%fz.{changed}"
                names.append(v)
            if pre:
                out[at] = f"{m.group(1)}{t} {names[0]}, {t} {names[1]}{comma}{tail}"
                inserted.append((at, pre))
        for at, pre in reversed(inserted):
            out[at:at] = pre
        pending.clear()
        loaded.clear()

    for line in text.split("\n"):
        out.append(line)
        if line.startswith("define ") and line.count(", ") >= _REGISTERS:
            loaded.update(_re_param.findall(line))
        if line[:2] == "  ":
            m = _re_derived.match(line)
            if m:
                loaded.add(m.group(1))
            elif " = select i1 " in line and "ptr addrspace(1)" in line:
                pending.append(len(out) - 1)
        elif line == "}":
            settle()
    return "\n".join(out) if changed else None
