"""The linker: relocatable objects → segments at fixed addresses.

Sections of one kind (code, constants, variables, zeroed variables) are laid out one behind
the other, code first: the tables (:mod:`gol.jit.tables`) need code offsets, and are then
added as one more object of constants. What comes out (:class:`Image`) is independent of
where it goes: an ELF file (:func:`gol.jit.elf.executable`), or memory of this process.

COMDAT groups are kept once; of several weak definitions the first wins. Every undefined
symbol is refused: compiled code may call nothing but gol and the runtime's assembly. What
foreign functions are called through are *imports*: one word each behind the GOT, which
whoever places the image fills with the address of a shared library's symbol.

What was linked before can be built upon (``known``): code that is added to a running image.
A weak definition of a symbol that is known gives way to the one that is there, so a type
descriptor has one address; a strong one is a new object of that name.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from gol.jit.elf import (
    PF_R,
    PF_W,
    PF_X,
    SHF_ALLOC,
    SHF_EXEC,
    SHF_WRITE,
    SHN_ABS,
    SHN_UNDEF,
    SHT_NOBITS,
    STB_GLOBAL,
    STB_LOCAL,
    STB_WEAK,
    ObjectFile,
    Segment,
)
from gol.jit.target import IMAGE_BASE, IMPORT, LIBC, PAGE, import_symbol
from gol.lang.record import field, record

R_64, R_PC32, R_PLT32, R_GOTPCREL, R_32, R_32S, R_PC64 = 1, 2, 4, 9, 10, 11, 24
R_GOTPCRELX, R_REX_GOTPCRELX = 41, 42
_GOT_TYPES = frozenset((R_GOTPCREL, R_GOTPCRELX, R_REX_GOTPCRELX))
_CODE, _CONST, _DATA, _BSS = range(4)
_UNLOADED = (".llvm_stackmaps", ".eh_frame", ".note", ".comment")
# symbols that the linker defines: where constants and variables begin and end
BOUNDS = ("link.rodata", "link.erodata", "link.data", "link.edata")


class LinkError(Exception):
    """What is wrong, all of it: one line per symbol."""


@record()
class Placed:
    """One object in the image: where each of its sections went (None: not loaded)."""

    name: str
    file: ObjectFile
    address: list[int | None]


@record(frozen=True)
class Import:
    """The word at ``address`` is to hold the address of a library's symbol."""

    address: int
    library: str  # soname or path
    symbol: str


@record()
class Image:
    segments: list[Segment]
    symbols: dict[str, int]  # global symbols
    objects: list[Placed]
    text: tuple[int, int] = (0, 0)
    rodata: tuple[int, int] = (0, 0)
    data: tuple[int, int] = (0, 0)
    imports: list[Import] = field(default_factory=list)


class Linker:
    """``bases``: where code, constants and variables begin; without it they follow one
    another from IMAGE_BASE on, on pages of their own."""

    def __init__(
        self, known: Mapping[str, int] | None = None, bases: tuple[int, int, int] | None = None
    ) -> None:
        self.known: Mapping[str, int] = known or {}
        self.bases = bases
        self.objects: list[Placed] = []
        self._groups: set[str] = set()
        self._symbols: dict[str, tuple[int, int, int, int]] = {}  # object, section, value, bind
        self._duplicates: list[str] = []
        self._values_of: dict[int, list[int]] = {}  # by object
        self._got = 0
        self._got_slots: dict[int, int] = {}  # address -> GOT slot
        self.imports: list[str] = []  # the symbols of import slots
        self.text = self.rodata = self.data = (0, 0)

    def add(self, name: str, file: ObjectFile) -> Placed:
        """One more object. Its COMDAT groups that are here already are dropped."""
        dropped: set[int] = set()
        for signature, sections in file.groups:
            if signature in self._groups or signature in self.known:
                dropped.update(sections)
            self._groups.add(signature)
        placed = Placed(name, file, [None] * len(file.sections))
        number = len(self.objects)
        self.objects.append(placed)
        table = self._symbols
        for s in file.symbols:
            if s.bind == STB_LOCAL or s.section == SHN_UNDEF or s.section in dropped:
                continue
            if s.bind == STB_WEAK and s.name in self.known and self._settled(s.name, file):
                continue
            old = table.get(s.name)
            if old is None or (old[3] == STB_WEAK and s.bind == STB_GLOBAL):
                table[s.name] = (number, s.section, s.value, s.bind)
            elif old[3] == STB_GLOBAL and s.bind == STB_GLOBAL:
                self._duplicates.append(s.name)
        for i in dropped:
            file.sections[i].flags = 0
        return placed

    # ------------------------------------------------------------------ layout
    def _parts(self, first: int) -> list[list[tuple[int, int]]]:
        kinds: list[list[tuple[int, int]]] = [[], [], [], []]
        for number in range(first, len(self.objects)):
            for i, s in enumerate(self.objects[number].file.sections):
                if not s.flags & SHF_ALLOC or not s.size or s.name.startswith(_UNLOADED):
                    continue
                if s.type == SHT_NOBITS:
                    kind = _BSS
                elif s.flags & SHF_WRITE:
                    kind = _DATA
                else:
                    kind = _CODE if s.flags & SHF_EXEC else _CONST
                kinds[kind].append((number, i))
        return kinds

    def _place(self, parts: list[tuple[int, int]], at: int) -> int:
        for number, i in parts:
            placed = self.objects[number]
            align = placed.file.sections[i].align
            at = (at + align - 1) // align * align
            placed.address[i] = at
            at += placed.file.sections[i].size
        return at

    def link(self, tables: Callable[[Linker], ObjectFile] | None = None) -> Image:
        """Lay everything out and relocate. ``tables`` is called once the code has its
        addresses (:attr:`text`); the object it returns holds constants and variables."""
        if self._duplicates:
            raise LinkError("\n".join(f"duplicate symbol {n}" for n in self._duplicates))
        kinds = self._parts(0)
        start = self.bases[0] if self.bases else IMAGE_BASE + PAGE
        # one byte more: the last instruction may be a call, whose return address is the end
        self.text = (start, self._place(kinds[_CODE], start) + 1)
        self._find_imports()
        if tables is not None:
            first = len(self.objects)
            self.add("tables", tables(self))
            for kind, more in zip(kinds, self._parts(first)):
                kind += more
        start = self.bases[1] if self.bases else _page(self.text[1])
        self.rodata = (start, self._place(kinds[_CONST], start))
        start = self.bases[2] if self.bases else _page(self.rodata[1])
        end = self._place(kinds[_DATA], start)
        self._got = (end + 7) // 8 * 8
        self._check_undefined()
        segments = [
            Segment(self.text[0], bytearray(self.text[1] - self.text[0]), 0, PF_R | PF_X),
            Segment(self.rodata[0], bytearray(self.rodata[1] - self.rodata[0]), 0, PF_R),
            Segment(start, bytearray(self._got - start), 0, PF_R | PF_W),
        ]
        # a GOT slot is 8 bytes behind the variables; .bss lies behind the GOT
        slots = self._count_got()
        imports = self._got + 8 * slots
        bss = imports + 8 * len(self.imports)
        segments[2].data += bytes(bss - self._got)
        self.data = (start, self._place(kinds[_BSS], bss))
        symbols = {n: self.address_of(n) for n in self._symbols}
        symbols |= zip(BOUNDS, (*self.rodata, *self.data))
        symbols |= zip(self.imports, range(imports, bss, 8))
        self._fill(segments, kinds)
        for of_kind, seg in zip(kinds, segments):
            for number, i in of_kind:
                self._relocate(number, i, seg, segments[2], symbols)
        for seg in segments:
            seg.memsize = len(seg.data)
        segments[2].memsize = self.data[1] - start
        return Image(
            [s for s in segments if s.memsize], symbols, self.objects, self.text, self.rodata,
            self.data, [_import(n, symbols[n]) for n in self.imports],
        )  # fmt: skip

    def address_of(self, name: str) -> int:
        number, section, value, _ = self._symbols[name]
        if section == SHN_ABS:
            return value
        return (self.objects[number].address[section] or 0) + value

    def _settled(self, name: str, file: ObjectFile) -> bool:
        """Whether the known definition of a weak symbol holds. The func value of a function
        that the object defines anew does not."""
        of, dot, tail = name.rpartition("\u00b7")
        if not dot or tail != "f":
            return True
        if file.defined is None:
            file.defined = {
                s.name for s in file.symbols if s.bind == STB_GLOBAL and s.section != SHN_UNDEF
            }
        return of not in file.defined

    def defines(self, name: str) -> bool:
        """Whether this image has the symbol (:attr:`known` ones not counted)."""
        return name in self._symbols or name in BOUNDS or name in self.imports

    def _find_imports(self) -> None:
        """The import slots that code refers to; with any, the runtime wants C's exit too."""
        found = {s.name for o in self.objects for s in o.file.symbols if s.name.startswith(IMPORT)}
        if found:
            self.imports = sorted(found | {import_symbol(LIBC, "exit")})

    def _found(self, name: str) -> bool:
        return self.defines(name) or name in self.known

    def _check_undefined(self) -> None:
        missing: dict[str, str] = {}
        for placed in self.objects:
            used = {info >> 32 for s in placed.file.sections if s.flags & SHF_ALLOC and
                    not s.name.startswith(_UNLOADED) for _, info, _ in s.relocs}  # fmt: skip
            for k in used:
                s = placed.file.symbols[k]
                if s.section == SHN_UNDEF and s.name and not self._found(s.name):
                    missing.setdefault(s.name, placed.name)
        if missing:
            raise LinkError(
                "\n".join(f"undefined symbol {n} (used by {w})" for n, w in missing.items())
            )

    def _count_got(self) -> int:
        """An upper bound: one slot per distinct symbol that a GOT relocation names."""
        seen = set()
        for number, placed in enumerate(self.objects):
            symbols = placed.file.symbols
            for s in placed.file.sections:
                for _, info, _ in s.relocs:
                    if info & 0xFFFFFFFF in _GOT_TYPES:
                        sym = symbols[info >> 32]
                        seen.add(sym.name if sym.bind != STB_LOCAL else (number, info >> 32))
        return len(seen)

    def _fill(self, segments: list[Segment], kinds: list[list[tuple[int, int]]]) -> None:
        for kind, seg in zip((_CODE, _CONST, _DATA), segments):
            if kind == _CODE:
                seg.data[:] = b"\xcc" * len(seg.data)
            for number, i in kinds[kind]:
                placed = self.objects[number]
                address = placed.address[i]
                assert address is not None
                at = address - seg.address
                s = placed.file.sections[i]
                seg.data[at : at + s.size] = s.data

    # ------------------------------------------------------------------ relocation
    def _relocate(
        self, number: int, index: int, seg: Segment, got: Segment, table: dict[str, int]
    ) -> None:
        placed = self.objects[number]
        section = placed.file.sections[index]
        if not section.relocs:
            return
        origin = placed.address[index]
        assert origin is not None
        values = self._values(number, table)
        data = seg.data
        delta = origin - seg.address
        pack = struct.pack_into
        for offset, info, addend in section.relocs:
            kind = info & 0xFFFFFFFF
            i = delta + offset
            s = values[info >> 32] + addend
            if kind in (R_PLT32, R_PC32):
                pack("<i", data, i, s - (origin + offset))
            elif kind == R_64:
                pack("<Q", data, i, s & 0xFFFFFFFFFFFFFFFF)
            elif kind in _GOT_TYPES:
                self._through_got(kind, data, i, origin + offset, s, addend, got)
            elif kind == R_32:
                pack("<I", data, i, s)
            elif kind == R_32S:
                pack("<i", data, i, s)
            elif kind == R_PC64:
                pack("<q", data, i, s - (origin + offset))
            else:
                raise LinkError(f"{placed.name}: relocation type {kind} in {section.name}")

    def _values(self, number: int, table: dict[str, int]) -> list[int]:
        """The address of every symbol of an object, by index."""
        placed = self.objects[number]
        cached = self._values_of.get(number)
        if cached is not None:
            return cached
        out = []
        for s in placed.file.symbols:
            if s.bind != STB_LOCAL and s.name in table:
                out.append(table[s.name])
            elif s.bind != STB_LOCAL and s.name in self.known:
                out.append(self.known[s.name])
            elif s.section == SHN_ABS:
                out.append(s.value)
            elif s.section < len(placed.address):
                out.append((placed.address[s.section] or 0) + s.value)
            else:
                out.append(0)
        self._values_of[number] = out
        return out

    def _through_got(
        self, kind: int, data: bytearray, i: int, at: int, target: int, addend: int, got: Segment
    ) -> None:
        """``mov sym@GOTPCREL(%rip), r`` becomes lea; calls and jumps become direct ones."""
        if kind != R_GOTPCREL:
            op, modrm = data[i - 2], data[i - 1]
            if op == 0x8B:
                data[i - 2] = 0x8D
                struct.pack_into("<i", data, i, target - at)
                return
            if kind == R_GOTPCRELX and op == 0xFF and modrm == 0x15:
                data[i - 2], data[i - 1] = 0x67, 0xE8  # addr32 call
                struct.pack_into("<i", data, i, target - at)
                return
            if kind == R_GOTPCRELX and op == 0xFF and modrm == 0x25:
                data[i - 2] = 0xE9  # jmp, one byte shorter
                struct.pack_into("<i", data, i - 1, target - at + 1)
                data[i + 3] = 0x90
                return
        address = target - addend
        slot = self._got_slots.get(address)
        if slot is None:
            slot = self._got_slots[address] = self._got + 8 * len(self._got_slots)
            struct.pack_into("<Q", got.data, slot - got.address, address)
        struct.pack_into("<i", data, i, slot + addend - at)


def _import(symbol: str, address: int) -> Import:
    library, _, name = symbol.removeprefix(IMPORT).rpartition(":")
    return Import(address, library, name)


def _page(at: int) -> int:
    return (at + PAGE - 1) // PAGE * PAGE
