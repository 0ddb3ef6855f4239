"""The tables of an image, packed as ``runtime/symtab.gol`` declares them.

Called by the linker when the code has its addresses. Returns one more object: constants
(tables) and one variable, ``runtime.moduledata0``, with relocations for what has no address
yet. Everything about code is an offset from the start of the text.
"""

from __future__ import annotations

import struct

from gol.jit.artifact import Artifact
from gol.jit.elf import (
    SHF_ALLOC,
    SHF_WRITE,
    SHT_PROGBITS,
    STB_GLOBAL,
    STB_LOCAL,
    STT_OBJECT,
    ObjectFile,
    Section,
    Symbol,
)
from gol.jit.layout import Packer
from gol.jit.link import R_64, Linker, LinkError, Placed
from gol.jit.target import LIBC, import_symbol

_MAX_SLOTS_OF_OBJECT = 16  # objects with few pointer words are written as slots
_HASH = 0x9E3779B1

_FIELDS: dict[str, dict[str, int]] = {
    "pcent": {"pc": 4, "rec": 4},
    "pcrec": {"frame": 4, "site": 4, "fn": 4, "nslot": 2, "nobj": 2},
    "stackobj": {"off": 4, "bits": 4},
    "callsite": {"name": 4, "file": 4, "line": 4, "parent": 4},
    "_func": {
        "entry": 4, "end": 4, "name": 4, "file": 4, "line": 4, "regargs": 2, "flags": 2,
        "stkargs": 4,
    },
    "root": {"addr": 8, "bits": 4},
    "moduledata": dict.fromkeys(
        (
            "text", "etext", "rodata", "erodata", "data", "edata", "pchash", "pcmask", "recs",
            "functab", "nfunctab", "sites", "nsites", "strs", "bitmaps", "roots", "nroots",
            "mainInit", "mainMain", "exitSlot", "next",
        ),
        8,
    ),
}  # fmt: skip


class _Strings:
    """uint32 length, bytes; offset 0 is the empty string."""

    def __init__(self) -> None:
        self.data = bytearray(4)
        self._at: dict[str, int] = {"": 0}

    def __call__(self, s: str) -> int:
        at = self._at.get(s)
        if at is None:
            at = self._at[s] = len(self.data)
            raw = s.encode("utf-8", "surrogateescape")
            self.data += struct.pack("<I", len(raw)) + raw
        return at


class _Bitmaps:
    """uint32 number of words, bits; 4-aligned; offset 0 is "none"."""

    def __init__(self) -> None:
        self.data = bytearray(4)
        self._at: dict[tuple[int, ...], int] = {}

    def __call__(self, words: tuple[int, ...]) -> int:
        """``words``: the indices of the pointer words, ascending."""
        if not words:
            return 0
        at = self._at.get(words)
        if at is None:
            at = self._at[words] = len(self.data)
            n = words[-1] + 1
            bits = bytearray((n + 7) // 8)
            for w in words:
                bits[w >> 3] |= 1 << (w & 7)
            self.data += struct.pack("<I", n) + bits
            self.data += bytes(-len(self.data) % 4)
        return at


class Tables:
    """Collects the tables of several artifacts, then packs them."""

    def __init__(self, layout: dict[str, int]) -> None:
        self.pack = {n: Packer(layout, n, f) for n, f in _FIELDS.items()}
        self.strings = _Strings()
        self.bitmaps = _Bitmaps()
        self.sites = bytearray(self.pack["callsite"].size)  # site 0: none
        self._sites: dict[tuple[tuple[str, str, int], ...], int] = {(): 0}
        self._site = self.pack["callsite"].positional(("name", "file", "line", "parent"))

    def site(self, chain: tuple[tuple[str, str, int], ...]) -> int:
        """Index of a call site (innermost frame first); callers of an inlined call are
        shared by all that was inlined there."""
        at = self._sites.get(chain)
        if at is None:
            parent = self.site(chain[1:])
            name, file, line = chain[0]
            at = self._sites[chain] = len(self.sites) // self.pack["callsite"].size
            self.sites += self._site(self.strings(name), self.strings(file), line, parent)
        return at

    def build(self, linker: Linker, artifacts: list[Artifact], placed: list[Placed]) -> ObjectFile:
        text, etext = linker.text
        functab, index = self._functab(artifacts, placed, text)
        recs, pchash, mask = self._records(artifacts, placed, text, index)
        roots, root_relocs, nroots = self._roots(linker, artifacts)
        return self._object(
            linker, functab, len(index), recs, pchash, mask, roots, root_relocs, nroots
        )

    def _functab(
        self, artifacts: list[Artifact], placed: list[Placed], text: int
    ) -> tuple[bytes, dict[tuple[int, int], int]]:
        """(the table sorted by entry, (artifact, function) → index)."""
        rows = []
        for a, artifact in enumerate(artifacts):
            address = placed[a].address
            for i, f in enumerate(artifact.functions):
                base = address[f.section]
                if base is not None:
                    rows.append((base + f.offset - text, a, i, f))
        rows.sort(key=lambda r: r[:3])
        pack = self.pack["_func"].positional(
            ("entry", "end", "name", "file", "line", "regargs", "flags", "stkargs")
        )
        strings, bitmaps = self.strings, self.bitmaps
        out = []
        index = {}
        for n, (entry, a, i, f) in enumerate(rows):
            index[a, i] = n
            name, file, stack = strings(f.name), strings(f.file), bitmaps(f.stack)
            out.append(pack(entry, entry + f.size, name, file, f.line, f.regs, f.flags, stack))
        return b"".join(out), index

    def _records(
        self,
        artifacts: list[Artifact],
        placed: list[Placed],
        text: int,
        index: dict[tuple[int, int], int],
    ) -> tuple[bytes, bytes, int]:
        recs = bytearray()
        entries: list[tuple[int, int]] = []
        record = self.pack["pcrec"].positional(("frame", "site", "fn", "nslot", "nobj"))
        seen: dict[bytes, int] = {}
        for a, artifact in enumerate(artifacts):
            sites = [self.site(s) for s in artifact.sites]
            objects = [self._object_words(b) for b in artifact.bitmaps]
            address = placed[a].address
            for p in artifact.points:
                base = address[p.section]
                if base is None:
                    continue
                slots, objs = list(p.slots), []
                for off, b in p.objects:
                    words, bits = objects[b]
                    if bits:
                        objs += [off, bits]
                    else:
                        slots += [off + w for w in words]
                raw = record(
                    p.frame, sites[p.site], index[a, p.function], len(slots), len(objs) // 2
                ) + struct.pack(f"<{len(slots) + len(objs)}i", *slots, *objs)
                at = seen.get(raw)
                if at is None:
                    at = seen[raw] = len(recs)
                    recs += raw
                entries.append((base + p.offset - text, at))
        size = 16
        while size < 2 * len(entries):
            size *= 2
        table = [(0, 0)] * size
        mask = size - 1
        for pc, at in entries:
            i = (pc * _HASH & 0xFFFFFFFF) >> 8 & mask
            while table[i][0]:
                if table[i][0] == pc:
                    raise LinkError(f"two stack maps for the return address {pc:#x}")
                i = (i + 1) & mask
            table[i] = (pc, at)
        self.pack["pcent"].positional(("pc", "rec"))
        flat = [x for e in table for x in e]
        return bytes(recs), struct.pack(f"<{len(flat)}I", *flat), mask

    def _object_words(self, bitmap: tuple[int, tuple[int, ...]]) -> tuple[tuple[int, ...], int]:
        """(offsets, 0) of an object to be written as slots, ((), bitOff) of a larger one."""
        _, offsets = bitmap
        if len(offsets) <= _MAX_SLOTS_OF_OBJECT:
            return offsets, 0
        return (), self.bitmaps(tuple(o // 8 for o in offsets))

    def _roots(
        self, linker: Linker, artifacts: list[Artifact]
    ) -> tuple[bytes, list[tuple[int, str]], int]:
        pack = self.pack["root"]
        out = bytearray()
        relocs: list[tuple[int, str]] = []
        done: set[str] = set()
        for artifact in artifacts:
            for symbol, _, offsets in artifact.roots:
                if symbol in done or not linker.defines(symbol):
                    continue  # the optimiser removed it
                done.add(symbol)
                relocs.append((len(out) + pack.offsets["addr"], symbol))
                out += pack(addr=0, bits=self.bitmaps(tuple(o // 8 for o in offsets)))
        return bytes(out), relocs, len(relocs)

    def _object(
        self,
        linker: Linker,
        functab: bytes,
        nfunctab: int,
        recs: bytes,
        pchash: bytes,
        mask: int,
        roots: bytes,
        root_relocs: list[tuple[int, str]],
        nroots: int,
    ) -> ObjectFile:
        sections = [Section("", 0, 0, 0, 1, 0, 0, b"")]
        symbols = [Symbol("", STB_LOCAL, 0, 0, 0, 0)]
        blobs = {
            "pchash": pchash, "recs": recs, "functab": functab, "sites": bytes(self.sites),
            "strs": bytes(self.strings.data), "bitmaps": bytes(self.bitmaps.data), "roots": roots,
        }  # fmt: skip
        where: dict[str, int] = {}
        for name, data in blobs.items():
            where[name] = len(symbols)
            symbols.append(Symbol(f".{name}", STB_LOCAL, STT_OBJECT, len(sections), 0, len(data)))
            sections.append(
                Section(f".gol.{name}", SHT_PROGBITS, SHF_ALLOC, len(data), 64, 0, 0, data)
            )

        def external(symbol: str) -> int:
            symbols.append(Symbol(symbol, STB_GLOBAL, 0, 0, 0, 0))
            return len(symbols) - 1

        sections[where["roots"]].relocs = [
            (at, external(s) << 32 | R_64, 0) for at, s in root_relocs
        ]
        pack = self.pack["moduledata"]
        text, etext = linker.text
        md = pack(
            text=text, etext=etext, pcmask=mask, nfunctab=nfunctab,
            nsites=len(self.sites) // self.pack["callsite"].size, nroots=nroots,
        )  # fmt: skip
        relocs = [(pack.offsets[n], where[n] << 32 | R_64, 0) for n in blobs]
        for f, symbol in _BOUNDS:
            relocs.append((pack.offsets[f], external(symbol) << 32 | R_64, 0))
        for f, symbol in _OPTIONAL:
            if linker.defines(symbol):
                relocs.append((pack.offsets[f], external(symbol) << 32 | R_64, 0))
        symbols.append(
            Symbol("runtime.moduledata0", STB_GLOBAL, STT_OBJECT, len(sections), 0, len(md))
        )
        sections.append(
            Section(".data.moduledata", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, len(md), 64, 0, 0, md)
        )
        sections[-1].relocs = relocs
        return ObjectFile(sections, symbols, [])


_OPTIONAL = (
    ("mainInit", "main.init"),
    ("mainMain", "main.main"),
    ("exitSlot", import_symbol(LIBC, "exit")),
)

# defined by the linker once everything has its place
_BOUNDS = (
    ("rodata", "link.rodata"),
    ("erodata", "link.erodata"),
    ("data", "link.data"),
    ("edata", "link.edata"),
)
