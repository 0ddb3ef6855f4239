"""Which functions are copied into their callers, and their IR for other packages.

The choice is made on lowered text, before LLVM sees it: small functions that do not call
themselves through others that are copied too. The cost of a function includes what is
copied into it, so growth is bounded.
"""

from __future__ import annotations

import re
from typing import Any, Optional

from gol.jit.constants import sym
from gol.lang.record import record, replace

from .core import INLINE, MANAGED, NOSPLIT, SYSTEM
from .function import GC, LoweredFunction

MAX_COST = 40  # instructions of one function, all that is copied into it included
CALL_COST = 3

# A small function that calls itself gets its own body copied into those calls once: half
# of the calls, stack checks and frames of a recursion go away.
SELF_COST = 30
SELF_CALLS = 3

_re_symbol = re.compile(r'@("(?:[^"\\]|\\.)*"|llvm\.[A-Za-z0-9_.]+)')
_re_pos = re.compile(r"!@([0-9]+)@")


@record()
class InlineFunction:
    """IR that other packages' modules copy: ``text`` with line markers, and the symbols
    that it refers to with their declarations or (linkonce) definitions."""

    name: str
    text: str
    file: str
    line: int
    refs: dict[str, str]
    inlines: list[str]


def decide(functions: dict[str, LoweredFunction], enabled: bool) -> None:
    """Set ``inline`` on the functions to copy."""
    if not enabled:
        return
    by_symbol = {sym(n): f for n, f in functions.items()}
    done: dict[str, Optional[int]] = {}  # total cost; None: not to be copied
    active: set[str] = set()

    def total(f: LoweredFunction) -> Optional[int]:
        if f.name in done:
            return done[f.name]
        if f.name in active or not f.may_inline or not f.text or f.cost > MAX_COST:
            return None
        if "\n  ret " not in f.text:
            return None  # it only panics: its callers stay small
        active.add(f.name)
        cost: Optional[int] = f.cost
        for c in f.callees:
            g = by_symbol.get(c)
            if g is f:
                cost = None
                break
            extra = total(g) if g is not None and g.mode == MANAGED else None
            if g is not None and g.name in active:
                cost = None
                break
            assert cost is not None
            cost += extra if extra is not None else CALL_COST
        active.discard(f.name)
        if cost is not None and cost > MAX_COST:
            cost = None
        done[f.name] = cost
        return cost

    for f in functions.values():
        if f.name.endswith((".main", ".init")):
            continue
        f.inline = total(f) is not None
    for f in list(functions.values()):
        _unroll_recursion(functions, f)


def _unroll_recursion(functions: dict[str, LoweredFunction], f: LoweredFunction) -> None:
    symbol = sym(f.name)
    calls = f.callees.count(symbol)
    if f.inline or not f.may_inline or not f.text or f.wrapper or f.mode != MANAGED:
        return
    if not 1 <= calls <= SELF_CALLS or f.cost > SELF_COST:
        return
    inner = f.name + "·again"
    copy = replace(f, text=f.text, symbol=inner, inline=True)
    copy.text = copy.text.replace("define ", "define internal ", 1)
    copy.text = copy.text.replace(f"@{symbol}(", f"@{sym(inner)}(", 1)
    head, body = f.text.split("\n", 1)
    f.text = head + "\n" + body.replace(f"@{symbol}(", f"@{sym(inner)}(")
    functions[inner] = copy


def export(module: Any, f: LoweredFunction) -> Optional[InlineFunction]:
    """The IR of f for other modules; None if it refers to something private."""
    attr = "#7" if f.mode == INLINE else "#1" + GC
    text = f.text.replace("{attr}", attr, 1)
    text = text.replace("define ", "define available_externally ", 1)

    def line_of(m: re.Match[str]) -> str:
        file, line = module.place(int(m.group(1)))
        return f"!@l:{line if file == f.file else f.line}@"

    text = _re_pos.sub(line_of, text)
    refs: dict[str, str] = {}
    inlines: list[str] = []
    todo = [text]
    own = {sym(f.name)}
    while todo:
        for quoted in _re_symbol.findall(todo.pop()):
            if quoted in own:
                continue
            own.add(quoted)
            name = unquote(quoted)
            g = module.functions.get(name)
            if g is not None:
                if g.inline or g.mode == INLINE:
                    inlines.append(name)
                refs[name] = declaration(g)
                continue
            if name in module.imports:
                inlines.append(name)
                continue
            known = module.known_text(name)
            if known is None:
                return None
            if " private " in known:
                return None
            if known.startswith("define") or " linkonce_odr " not in known:
                known = outside(known) if known.startswith("@") else known
            else:
                todo.append(known)
            refs[name] = known
    return InlineFunction(f.name, text, f.file, f.line, refs, inlines)


def outside(definition: str) -> str:
    """An external declaration for a variable's definition."""
    m = re.match(r'(@"(?:[^"\\]|\\.)*") = (?:external )?(?:global|constant) ', definition)
    if m is None:
        return definition
    if " = external " in definition:
        return definition
    return f"{m.group(1)} = external global i8"


def declaration(f: LoweredFunction) -> str:
    head = f.text.split(" {attr}", 1)[0].replace("define ", "declare ", 1)
    head = re.sub(r" %[A-Za-z0-9_.]+", "", head).replace("declare linkonce_odr ", "declare ", 1)
    attr = {SYSTEM: " #3", NOSPLIT: " #6", INLINE: " #6"}.get(f.mode, " #0")
    return head + attr


def unquote(quoted: str) -> str:
    if not quoted.startswith('"'):
        return quoted
    return re.sub(r"\\([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), quoted[1:-1])
