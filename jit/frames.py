"""Frame variables before the safepoint pass: every use through one gc-pointer cast.

SROA and simplifycfg leave raw (address space 0) uses of allocas behind: loads and stores of
a split variable, geps, phis and selects of addresses. A raw address may be kept in a
register across a safepoint; so here each use is retyped to ``ptr addrspace(1)`` and goes
through a cast of its alloca, which the safepoint pass replaces by the address-taking asm.

Leaves true: an alloca is used by ``addrspacecast`` alone; no lifetime markers remain.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gol.jit.irtext import GCPTR, GLOBAL, NAME, IRError, re_name

_re_alloca = re.compile(r"\s+(" + NAME + r") = alloca ")
_re_cast = re.compile(r"\s+(" + NAME + r") = addrspacecast ptr (" + NAME + r") to ")
_re_derived = re.compile(
    r"\s+("
    + NAME
    + r") = (?:getelementptr\b.*?, ptr (?=%|@)|(select|phi|freeze)\b.*?\bptr (?!addr))"
)
_re_raw_operand = re.compile(
    r"\bptr ((?:(?:noundef|nonnull|noalias|readonly|writeonly|align \d+|dereferenceable\(\d+\)"
    r"|captures\(none\)) )*)(" + NAME + r")"
)
_re_global = re.compile(r"(?<![\w.$%])" + GLOBAL)
_re_mem = re.compile(r"@llvm\.(memset|memcpy|memmove)(\.inline)?\.[^(]*")
_SPACE = {"ptr": "p0", GCPTR: "p1"}


def launder(body: list[str], declare: Callable[[str, str], None]) -> list[str]:
    """The lines of a function's body with every raw use of an alloca retyped."""
    body = [x for x in body if "call void @llvm.lifetime." not in x]
    allocas: dict[str, int] = {}
    for i, line in enumerate(body):
        if " = alloca " in line:
            m = _re_alloca.match(line)
            if m:
                allocas[m.group(1)] = i
    if not allocas or not _has_raw_use(body, allocas):
        return body
    raw = _derived(body, allocas)
    wanted: set[str] = set()
    alias: dict[str, str] = {}
    out: list[str] = []
    for line in body:
        if " = alloca " in line:
            out.append(line)
            continue
        m = _re_cast.match(line)
        if m:
            if m.group(2) in allocas or m.group(2) not in raw:
                out.append(line)
            else:
                alias[m.group(1)] = m.group(2)  # retyped: the cast has become a no-op
            continue
        if any(x in raw for x in re_name.findall(line)):
            line = _retype(line, raw, declare)

            def through_cast(m: re.Match[str]) -> str:
                x = m.group()
                if x not in allocas:
                    return x
                wanted.add(x)
                return _cast_name(x)

            line = re_name.sub(through_cast, line)
        out.append(line)
    if alias:

        def final(m: re.Match[str]) -> str:
            x = m.group()
            while x in alias:
                x = alias[x]
            return x

        out = [re_name.sub(final, x) for x in out]
    at = max(allocas.values()) + 1  # allocas of the entry block precede every use
    casts = [f"  {_cast_name(a)} = addrspacecast ptr {a} to {GCPTR}" for a in sorted(wanted)]
    return out[:at] + casts + out[at:]


def _cast_name(alloca: str) -> str:
    return "%rc." + alloca[1:].strip('"')


def _has_raw_use(body: list[str], allocas: dict[str, int]) -> bool:
    for line in body:
        if " = alloca " in line or " = addrspacecast ptr %" in line:
            continue
        for x in re_name.findall(line):
            if x in allocas:
                return True
    return False


def _derived(body: list[str], allocas: dict[str, int]) -> set[str]:
    """The names that hold raw frame addresses."""
    raw = set(allocas)
    candidates = []
    for line in body:
        m = _re_derived.match(line)
        if m:
            candidates.append((m.group(1), m.group(2), line))
    changed = True
    while changed:
        changed = False
        for name, op, line in candidates:
            if name in raw:
                continue
            if op is None:  # getelementptr: its base operand
                hit = any(m.group(2) in raw for m in _re_raw_operand.finditer(line))
            else:
                hit = any(x in raw for x in re_name.findall(line))
            if hit:
                raw.add(name)
                changed = True
    return raw


def _retype(line: str, raw: set[str], declare: Callable[[str, str], None]) -> str:
    m = _re_derived.match(line)
    if m and m.group(2) and m.group(1) in raw:
        if m.group(2) == "phi":
            line = line.replace("phi ptr ", f"phi {GCPTR} ", 1)
        else:
            line = re.sub(r"\bptr (?!addrspace)", GCPTR + " ", line)
        return _re_global.sub(lambda g: f"addrspacecast (ptr {g.group()} to {GCPTR})", line)

    def operand(m: re.Match[str]) -> str:
        return f"{GCPTR} {m.group(1)}{m.group(2)}" if m.group(2) in raw else m.group()

    line = _re_raw_operand.sub(operand, line)
    mem = _re_mem.search(line)
    if mem:
        spaces = re.findall(r"ptr addrspace\(1\)|\bptr\b", line[mem.end() :])
        kind = mem.group(1)
        spaces = spaces[: 1 if kind == "memset" else 2]
        symbol = f"@llvm.{kind}{mem.group(2) or ''}." + ".".join(_SPACE[s] for s in spaces) + ".i64"
        rest = "i8, i64, i1" if kind == "memset" else "i64, i1"
        declare(symbol, f"declare void {symbol}({', '.join(spaces)}, {rest})")
        line = line.replace(mem.group(), symbol, 1)
    elif " call " in line and " asm " not in line and "@llvm." not in line:
        raise IRError(f"raw frame address passed to a call: {line.strip()}")
    return line
