"""One module's IR text in several parts that can be compiled at the same time.

Requires lowered IR (before any pass), in which a definition without a linkage word is
visible to other modules. :func:`split` leaves the program as it was: each such function is
in one part, each such variable in the first; other parts declare what they refer to. What
has no home (``private``, ``internal``, ``linkonce_odr``, ``available_externally``) is copied
to every part that needs it, and so are functions that are to be inlined.

The passes after this one look at one function at a time (calls are statepoints, which LLVM
does not inline), so the parts lose nothing by not seeing each other.
"""

from __future__ import annotations

import re

from gol.jit.irtext import GLOBAL, matching, re_global, read_type
from gol.lang.record import field, record

PART = 150_000  # bytes of text for which a further process is worth its start

_re_definition = re.compile(rf"(define|declare) (.*?)({GLOBAL})\(")
_re_variable = re.compile(rf"({GLOBAL}) = (.*?)\b(global|constant) ")
_re_group = re.compile(r"#\d+")
_re_node = re.compile(r"!\d+")
_HOMELESS = ("private ", "internal ", "linkonce_odr ", "available_externally ")


@record()
class _Item:
    """A definition or declaration of the module."""

    text: str
    home: int = -1  # the part that defines it; -1: whichever needs it has a copy
    elsewhere: str = ""  # what the other parts have in its place
    refs: set[str] = field(default_factory=set)


def split(text: str, size: int) -> list[str]:
    """The parts: one for every ``size`` bytes of functions, about."""
    module = _Module(text)
    count = module.assign(size)
    return [text] if count == 1 else [module.part(k) for k in range(count)]


class _Module:
    def __init__(self, text: str) -> None:
        self.items: dict[str, _Item] = {}
        self.nodes: dict[str, str] = {}
        self.common: list[str] = []  # header, attributes, named metadata
        self.asm: list[str] = []
        lines = iter(text.split("\n"))
        for line in lines:
            if line.startswith("define "):
                body = [line]
                while body[-1] != "}":
                    body.append(next(lines))
                self._function(line, "\n".join(body))
            elif line.startswith("declare "):
                self._function(line, line)
            elif line[:1] == "@":
                self._variable(line)
            elif line[:1] == "!" and line[1:2].isdigit():
                self.nodes[line.split(" ", 1)[0]] = line
            elif line.startswith("module asm"):
                self.asm.append(line)
            else:
                self.common.append(line)
        inlined = {g for x in self.common if "alwaysinline" in x for g in _re_group.findall(x)}
        for item in self.items.values():
            if item.home == 0 and item.text.startswith("define ") and inlined & _groups(item.text):
                item.elsewhere = item.text.replace("define ", "define available_externally ", 1)

    def _function(self, head: str, text: str) -> None:
        m = _re_definition.match(head)
        assert m is not None, head
        item = _Item(text, refs=set(re_global.findall(text)))
        if m.group(1) == "define" and not m.group(2).startswith(_HOMELESS):
            item.home = 0
            declared = head.removesuffix(" {").replace("define ", "declare ", 1)
            item.elsewhere = re.sub(r" !dbg !\d+$", "", declared)
        self.items[m.group(3)] = item

    def _variable(self, text: str) -> None:
        m = _re_variable.match(text)
        assert m is not None, text
        item = _Item(text, refs=set(re_global.findall(text, m.end())))
        if not m.group(2).startswith((*_HOMELESS, "external ")):
            item.home = 0
            kind = read_type(text, m.end())[0]
            item.elsewhere = f"{m.group(1)} = external {m.group(2)}{m.group(3)} {kind}"
        self.items[m.group(1)] = item

    def assign(self, size: int) -> int:
        """Give every function with a home its part, neighbours together; the number of
        parts, which is even: so many cores are the rule."""
        homes = [x for x in self.items.values() if x.home == 0]
        functions = [x for x in homes if x.text.startswith("define ")]
        total = sum(len(x.text) for x in functions)
        if total < size:
            return 1
        count = max(2, 2 * round(total / size / 2))
        # the first part also has the variables, which are cheap for their length
        done = sum(len(x.text) for x in homes if x.text[:1] == "@") // 3
        total += done
        parts: dict[int, int] = {}  # without the gaps that functions larger than a part leave
        for f in functions:
            f.home = parts.setdefault(done * count // total, len(parts))
            done += len(f.text)
        return len(parts)

    def part(self, k: int) -> str:
        wanted = {name for name, item in self.items.items() if item.home == k}
        todo = list(wanted)
        while todo:
            item = self.items.get(todo.pop())
            if item is None:
                continue
            inlined = item.elsewhere.startswith("define ")
            new = (item.refs if item.home in (-1, k) or inlined else set()) - wanted
            wanted |= new
            todo += new
        out = [
            item.text if item.home in (-1, k) else item.elsewhere
            for name, item in self.items.items()
            if name in wanted
        ]
        return "\n".join([*self.common, *out, *self._metadata(out), *(self.asm if k == 0 else ())])

    def _metadata(self, texts: list[str]) -> list[str]:
        """The numbered nodes that the texts lead to."""
        todo = [n for t in (*texts, *self.common) for n in _re_node.findall(t)]
        seen: set[str] = set()
        while todo:
            n = todo.pop()
            if n not in seen:
                seen.add(n)
                todo += [x for x in _re_node.findall(self.nodes.get(n, "")) if x not in seen]
        return [text for n, text in self.nodes.items() if n in seen]


def _groups(define: str) -> set[str]:
    """The attribute groups of a definition."""
    head = define.split("\n", 1)[0]
    m = _re_definition.match(head)
    assert m is not None
    return set(_re_group.findall(head, matching(head, m.end() - 1)))
