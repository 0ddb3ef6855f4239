"""Reading LLVM IR as printed: types, operand lists, layouts.

The safepoint pass works on the text that LLVM prints, which is regular: one instruction
per line (only ``switch`` spans several), operands separated by ", ", names quoted where
they must be. Nothing here understands more of IR than those passes need.
"""

from __future__ import annotations

import re
from functools import cache

GCPTR = "ptr addrspace(1)"
NAME = r'%(?:"[^"]*"|[-a-zA-Z$._0-9]+)'
GLOBAL = r'@(?:"[^"]*"|[-a-zA-Z$._0-9]+)'
re_name = re.compile(NAME)
re_global = re.compile(GLOBAL)
_re_special = re.compile(r'[(){}\[\]<>",]')
_re_scalar = re.compile(r"ptr(?: addrspace\(\d+\))?|[a-z][a-z0-9_]*")
_OPEN = frozenset("([{<")
_CLOSE = frozenset(")]}>")


class IRError(Exception):
    """IR that breaks one of the rules of the back end: always a compiler bug."""


def matching(s: str, i: int) -> int:
    """The index just after the bracket that closes the one at s[i]."""
    depth = 0
    quoted = False
    for m in _re_special.finditer(s, i):
        c = m.group()
        if c == '"':
            quoted = not quoted
        elif quoted or c == ",":
            continue
        elif c in _OPEN:
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return m.end()
    raise IRError(f"unbalanced: {s}")


def split_top(s: str) -> list[str]:
    """Split at the commas that are in no bracket and no string."""
    if not s:
        return []
    out = []
    depth = start = 0
    quoted = False
    for m in _re_special.finditer(s):
        c = m.group()
        if c == ",":
            if depth == 0 and not quoted:
                out.append(s[start : m.start()].strip())
                start = m.end()
        elif c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in _OPEN:
            depth += 1
        else:
            depth -= 1
    tail = s[start:].strip()
    if tail:
        out.append(tail)
    return out


def read_type(s: str, i: int = 0) -> tuple[str, int]:
    """The type that starts at s[i], and the index after it."""
    c = s[i]
    if c in "{[<":
        end = matching(s, i)
        return s[i:end], end
    if c == "%":
        m = re_name.match(s, i)
    else:
        m = _re_scalar.match(s, i)
    if m is None:
        raise IRError(f"no type: {s[i:]}")
    return m.group(), m.end()


class Types:
    """Layout and pointer words of first-class types; ``named`` are the module's %T."""

    def __init__(self, named: dict[str, str] | None = None) -> None:
        self.named = named or {}
        self._paths: dict[str, tuple[tuple[int, ...], ...]] = {GCPTR: ((),)}
        self._layout: dict[str, tuple[int, int, tuple[int, ...]]] = {}

    def resolve(self, t: str) -> str:
        return self.named[t] if t[0] == "%" else t

    def members(self, t: str) -> list[str]:
        """The member types of an aggregate (none for a scalar)."""
        t = self.resolve(t)
        if t[0] == "{":
            return split_top(t[1:-1].strip())
        if t.startswith("<{"):
            return split_top(t[2:-2].strip())
        if t[0] == "[":
            n, e = t[1:-1].split(" x ", 1)
            return [e] * int(n)
        return []

    def paths(self, t: str) -> tuple[tuple[int, ...], ...]:
        """The index paths of the gc pointers in a value of type t."""
        r = self._paths.get(t)
        if r is None:
            if t[0] in "{[%" or t.startswith("<{"):
                r = tuple((i, *p) for i, e in enumerate(self.members(t)) for p in self.paths(e))
            elif t[0] == "<" and "ptr addrspace(1)" in t:
                raise IRError(f"vector of pointers before the safepoint pass: {t}")
            else:
                r = ()
            self._paths[t] = r
        return r

    def scalars(self, t: str) -> list[str]:
        """t flattened, as arguments are."""
        t = self.resolve(t)
        if t[0] in "{[" or t.startswith("<{"):
            return [x for e in self.members(t) for x in self.scalars(e)]
        return [t]

    def layout(self, t: str) -> tuple[int, int, tuple[int, ...]]:
        """(size, alignment, offsets of the gc pointers) in memory."""
        r = self._layout.get(t)
        if r is None:
            r = self._layout[t] = self._compute(self.resolve(t))
        return r

    def _compute(self, u: str) -> tuple[int, int, tuple[int, ...]]:
        if u.startswith("ptr"):
            return 8, 8, (0,) if u == GCPTR else ()
        if u in _FLOATS:
            return _FLOATS[u], _FLOATS[u], ()
        if u[0] == "i" and u[1:].isdigit():
            size = 1
            while size * 8 < int(u[1:]):
                size *= 2
            return size, min(size, 16), ()
        if u[0] == "[":
            n, e = u[1:-1].split(" x ", 1)
            s, a, p = self.layout(e)
            return s * int(n), a, tuple(i * s + o for i in range(int(n)) for o in p) if p else ()
        if u[0] == "{" or u.startswith("<{"):
            packed = u[0] == "<"
            off, align = 0, 1
            ptrs: list[int] = []
            for e in self.members(u):
                s, a, p = self.layout(e)
                if not packed:
                    off = (off + a - 1) // a * a
                    align = max(align, a)
                ptrs.extend(off + o for o in p)
                off += s
            return (off + align - 1) // align * align, align, tuple(ptrs)
        if u[0] == "<":
            n, e = u[1:-1].split(" x ", 1)
            s = self.layout(e)[0] * int(n)
            return s, s, ()
        raise IRError(f"unknown type {u}")


_FLOATS = {"half": 2, "float": 4, "double": 8}


@cache
def mangle(t: str) -> str:
    """How LLVM mangles a type into an intrinsic's name."""
    if t == GCPTR:
        return "p1"
    if t == "ptr":
        return "p0"
    if t == "double":
        return "f64"
    if t == "float":
        return "f32"
    if t[0] == "i":
        return t
    if t[0] == "{":
        return "sl_" + "".join(mangle(e) for e in split_top(t[1:-1].strip())) + "s"
    if t[0] == "[":
        n, e = t[1:-1].split(" x ", 1)
        return "a" + n + mangle(e)
    if t[0] == "%":
        return "s_" + t[1:].strip('"') + "s"
    raise IRError(f"cannot mangle {t}")


def unquote(name: str) -> str:
    """A symbol without its sigil and quotes: '@"main.f"' -> 'main.f'."""
    name = name[1:]
    if name[:1] != '"':
        return name
    if "\\" not in name:
        return name[1:-1]
    # LLVM prints the bytes of a name's UTF-8 one by one
    raw = re.sub(
        rb"\\([0-9A-Fa-f]{2})",
        lambda m: bytes((int(m.group(1), 16),)),
        name[1:-1].encode(),
    )
    return raw.decode()
