"""ELF64: reading relocatable objects, writing executables.

Only what LLVM emits for our modules is understood; the rest is refused.
"""

from __future__ import annotations

import struct

from gol.jit.target import ELF_MACHINE, PAGE
from gol.lang.record import field, record

SHT_PROGBITS, SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_GROUP = 1, 2, 4, 8, 17
SHF_WRITE, SHF_ALLOC, SHF_EXEC = 1, 2, 4
SHN_UNDEF, SHN_ABS = 0, 0xFFF1
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_OBJECT, STT_FUNC = 1, 2
PF_X, PF_W, PF_R = 1, 2, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_PHDR, PT_GNU_STACK = 1, 2, 3, 6, 0x6474E551

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")
RELA = struct.Struct("<QQq")
_PHDR = struct.Struct("<IIQQQQQQ")


class ELFError(Exception):
    pass


@record()
class Section:
    name: str
    type: int
    flags: int
    size: int
    align: int
    info: int
    link: int
    data: bytes
    relocs: list[tuple[int, int, int]] = field(default_factory=list)  # offset, r_info, addend


@record(frozen=True)
class Symbol:
    name: str
    bind: int
    type: int
    section: int
    value: int
    size: int


@record()
class ObjectFile:
    sections: list[Section]
    symbols: list[Symbol]
    groups: list[tuple[str, list[int]]]  # COMDAT: (signature, section indices)
    defined: set[str] | None = None  # names of its strong symbols, once asked for

    def section(self, name: str) -> Section | None:
        return next((s for s in self.sections if s.name == name), None)


def _string(table: bytes, at: int) -> str:
    return table[at : table.index(b"\0", at)].decode("utf-8")


def parse(data: bytes) -> ObjectFile:
    """A relocatable object."""
    head = EHDR.unpack_from(data, 0)
    if head[0][:6] != b"\x7fELF\x02\x01" or head[1] != 1 or head[2] != ELF_MACHINE:
        raise ELFError("not a relocatable object of this machine")
    shoff, shnum, shstrndx = head[6], head[12], head[13]
    raw = [SHDR.unpack_from(data, shoff + i * SHDR.size) for i in range(shnum)]
    names = data[raw[shstrndx][4] : raw[shstrndx][4] + raw[shstrndx][5]]
    sections = []
    for name, type_, flags, _, off, size, link, info, align, _ in raw:
        body = b"" if type_ in (0, SHT_NOBITS) else data[off : off + size]
        sections.append(
            Section(_string(names, name), type_, flags, size, max(1, align), info, link, body)
        )
    symbols: list[Symbol] = []
    groups: list[tuple[str, list[int]]] = []
    for s in sections:
        if s.type == SHT_SYMTAB:
            strs = sections[s.link].data
            for at, info, _, shndx, value, size in SYM.iter_unpack(s.data):
                symbols.append(Symbol(_string(strs, at), info >> 4, info & 15, shndx, value, size))
    for s in sections:
        if s.type == SHT_RELA:
            sections[s.info].relocs = list(RELA.iter_unpack(s.data))
        elif s.type == SHT_GROUP:
            words = [w for (w,) in struct.iter_unpack("<I", s.data)]
            if words[0] & 1:
                sym = symbols[s.info]
                name = sym.name or sections[sym.section].name
                groups.append((name, words[1:]))
    return ObjectFile(sections, symbols, groups)


@record()
class Segment:
    """Bytes for the addresses [address, address + memsize); the rest beyond data is zero."""

    address: int
    data: bytearray
    memsize: int
    flags: int


@record()
class Dynamic:
    """What the dynamic linker needs: made by :mod:`gol.jit.dynamic`."""

    base: int  # address of the page with the headers, which it reads
    segment: Segment  # interpreter's name, dynamic section, tables
    interpreter: tuple[int, int]  # address, size
    section: tuple[int, int]


def executable(
    segments: list[Segment],
    entry: int,
    symbols: list[tuple[str, int, int]],
    dynamic: Dynamic | None = None,
) -> bytes:
    """An ET_EXEC image. Segment addresses must be page-aligned. ``symbols`` (name, address,
    size) go into a symbol table for debuggers and profilers; it is not loaded."""
    if dynamic is not None:
        segments = [*segments, dynamic.segment]
    out = bytearray(PAGE)
    headers = []
    for seg in segments:
        if seg.address % PAGE:
            raise ELFError("segment not on a page")
        headers.append(_load(seg, len(out)))
        out += seg.data
        out += bytes(-len(out) % PAGE)
    if dynamic is not None:
        headers = _dynamic_headers(dynamic, headers, len(out))
    headers.append(_PHDR.pack(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16))  # not X
    n = len(headers)
    shoff, shnum, shstrndx = _symbol_table(out, segments, symbols) if symbols else (0, 0, 0)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = EHDR.pack(
        ident, 2, ELF_MACHINE, 1, entry, EHDR.size, shoff, 0, EHDR.size, _PHDR.size, n,
        SHDR.size if shnum else 0, shnum, shstrndx,
    )  # fmt: skip
    head += b"".join(headers)
    out[: len(head)] = head
    return bytes(out)


def _load(seg: Segment, offset: int) -> bytes:
    return _PHDR.pack(
        PT_LOAD, seg.flags, offset, seg.address, seg.address, len(seg.data), seg.memsize, PAGE
    )


def _dynamic_headers(d: Dynamic, loads: list[bytes], end: int) -> list[bytes]:
    """The program headers of an image whose last segment, up to ``end`` in the file, is d's.
    They lie in the image's first page, which is loaded too."""
    size = (len(loads) + 5) * _PHDR.size
    at = d.base + EHDR.size
    shift = d.segment.address - (end - len(d.segment.data) - (-len(d.segment.data) % PAGE))

    def part(kind: int, flags: int, where: tuple[int, int]) -> bytes:
        a, n = where
        return _PHDR.pack(kind, flags, a - shift, a, a, n, n, 8)

    return [
        _PHDR.pack(PT_PHDR, PF_R, EHDR.size, at, at, size, size, 8),
        part(PT_INTERP, PF_R, d.interpreter),
        _PHDR.pack(PT_LOAD, PF_R, 0, d.base, d.base, PAGE, PAGE, PAGE),
        *loads,
        part(PT_DYNAMIC, PF_R | PF_W, d.section),
    ]


def _symbol_table(
    out: bytearray, segments: list[Segment], symbols: list[tuple[str, int, int]]
) -> tuple[int, int, int]:
    """Append sections: null, one per segment, .symtab, .strtab, .shstrtab."""
    shstr = bytearray(b"\0")

    def name(s: str) -> int:
        at = len(shstr)
        shstr.extend(s.encode() + b"\0")
        return at

    headers = [bytes(SHDR.size)]
    offset = PAGE
    for i, seg in enumerate(segments):
        flags = SHF_ALLOC | (SHF_EXEC if seg.flags & PF_X else 0)
        flags |= SHF_WRITE if seg.flags & PF_W else 0
        kind = ".text" if seg.flags & PF_X else ".data" if seg.flags & PF_W else ".rodata"
        headers.append(
            SHDR.pack(
                name(kind if i < 3 else f"{kind}{i}"),
                SHT_PROGBITS,
                flags,
                seg.address,
                offset,
                len(seg.data),
                0,
                0,
                16,
                0,
            )  # fmt: skip
        )
        offset += (len(seg.data) + PAGE - 1) // PAGE * PAGE
    strs = bytearray(b"\0")
    table = bytearray(SYM.size)
    for symbol, address, size in symbols:
        index = next(
            (i for i, s in enumerate(segments) if s.address <= address < s.address + s.memsize), -1
        )
        is_code = index >= 0 and bool(segments[index].flags & PF_X)
        info = STB_GLOBAL << 4 | (STT_FUNC if is_code else STT_OBJECT)
        shndx = index + 1 if index >= 0 else SHN_ABS
        table += SYM.pack(len(strs), info, 0, shndx, address, size)
        strs += symbol.encode() + b"\0"
    n = len(headers)
    at = len(out)
    out += table
    headers.append(SHDR.pack(name(".symtab"), SHT_SYMTAB, 0, 0, at, len(table), n + 1, 1, 8, 24))
    at = len(out)
    out += strs
    headers.append(SHDR.pack(name(".strtab"), 3, 0, 0, at, len(strs), 0, 0, 1, 0))
    shname = name(".shstrtab")
    at = len(out)
    out += shstr
    headers.append(SHDR.pack(shname, 3, 0, 0, at, len(shstr), 0, 0, 1, 0))
    out += bytes(-len(out) % 8)
    shoff = len(out)
    out += b"".join(headers)
    return shoff, len(headers), n + 2
