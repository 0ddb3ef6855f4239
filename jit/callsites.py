"""Call sites: ``!dbg`` locations with their inlining chains, numbered.

A site is a tuple of frames, innermost first: ``(function, file, line)``. Its index is the
id of the statepoints at that position. Site 0 means "no site", as in the tables.
"""

from __future__ import annotations

import re

Frame = tuple[str, str, int]
Site = tuple[Frame, ...]

_re_meta = re.compile(r"(![0-9]+) = (?:distinct )?!(\w+)\((.*)\)$")
_re_field = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*"|![0-9]+|[^,]+)')
_KINDS = frozenset(("DILocation", "DISubprogram", "DIFile", "DILexicalBlock", "DILexicalBlockFile"))


def _text(quoted: str) -> str:
    s = quoted[1:-1] if quoted[:1] == '"' else quoted
    if "\\" in s:
        raw = re.sub(
            rb"\\([0-9A-Fa-f]{2}|\\)",
            lambda m: b"\\" if m.group(1) == b"\\" else bytes([int(m.group(1), 16)]),
            s.encode("utf-8"),
        )
        s = raw.decode("utf-8", "replace")
    return s


class SiteTable:
    def __init__(self, lines: list[str]) -> None:
        self.sites: list[Site] = [()]
        self._index: dict[Site, int] = {(): 0}
        self._by_dbg: dict[tuple[str, str], int] = {}
        self._nodes: dict[str, tuple[str, str]] = {}
        self._fields: dict[str, dict[str, str]] = {}
        self._function: dict[str, Frame] = {}
        for line in lines:
            if line[:1] == "!":
                m = _re_meta.match(line)
                if m and m.group(2) in _KINDS:
                    self._nodes[m.group(1)] = (m.group(2), m.group(3))

    def fields(self, node: str) -> dict[str, str]:
        got = self._fields.get(node)
        if got is None:
            _, text = self._nodes.get(node, ("", ""))
            got = self._fields[node] = dict(_re_field.findall(text))
        return got

    def function(self, scope: str) -> Frame:
        """(name, file, line of declaration) of the subprogram that ``scope`` lies in."""
        got = self._function.get(scope)
        if got is None:
            kind, _ = self._nodes.get(scope, ("", ""))
            f = self.fields(scope)
            if kind == "DISubprogram":
                file = _text(self.fields(f.get("file", "")).get("filename", '""'))
                got = (_text(f.get("name", '""')), file, int(f.get("line", "0")))
            elif kind:
                got = self.function(f.get("scope", ""))
            else:
                got = ("", "", 0)
            self._function[scope] = got
        return got

    def of(self, dbg: str, header: str) -> int:
        """The index of the site of a call with location ``dbg`` in the function ``header``."""
        key = (dbg, header if not dbg else "")
        got = self._by_dbg.get(key)
        if got is None:
            got = self._by_dbg[key] = self.add(self.chain(dbg) if dbg else self.head(header))
        return got

    def add(self, site: Site) -> int:
        got = self._index.get(site)
        if got is None:
            got = self._index[site] = len(self.sites)
            self.sites.append(site)
        return got

    def head(self, header: str) -> Site:
        k = header.find("!dbg !")
        if k < 0:
            return ()
        return (self.function(header[k + 5 :].split(" ", 1)[0]),)

    def chain(self, dbg: str) -> Site:
        out: list[Frame] = []
        while dbg:
            f = self.fields(dbg)
            name, file, _ = self.function(f.get("scope", ""))
            out.append((name, file, int(f.get("line", "0"))))
            dbg = f.get("inlinedAt", "")
        return tuple(out)
