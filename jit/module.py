"""A linked module: what :mod:`gol.jit.host` places in memory, and what can be kept of it.

Linking takes longer than all else when a process that hosts gol begins. The module that
brings the runtime lies at the same addresses each time, so it can be stored as it is.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from gol.jit.artifact import Artifact

CODE, CONSTANTS, VARIABLES = range(3)


class Piece(NamedTuple):
    """Bytes for the addresses [address, address + size); beyond them it is zero."""

    part: int
    address: int
    size: int
    data: bytes


class Module(NamedTuple):
    bases: tuple[int, int, int]  # of its parts
    pieces: list[Piece]
    symbols: dict[str, int]
    imports: list[tuple[int, str, str]]  # word, library, symbol: see gol.jit.link.Import
    tables: int  # its moduledata

    def dump(self) -> bytes:
        pieces = [tuple(p) for p in self.pieces]
        return marshal.dumps((self.bases, pieces, self.symbols, self.imports, self.tables))

    @staticmethod
    def load(payload: Optional[bytes]) -> Optional[Module]:
        """The module that was dumped; None if there is none, or it is another's."""
        try:
            bases, pieces, symbols, imports, tables = marshal.loads(payload or b"")
            return Module(bases, [Piece(*p) for p in pieces], symbols, imports, tables)
        except (EOFError, ValueError, TypeError):
            return None


def link(
    artifacts: list[Artifact],
    layout: dict[str, int],
    known: Mapping[str, int],
    bases: tuple[int, int, int],
) -> Module:
    """Link artifacts for given addresses, upon what is known."""
    from gol.jit import elf
    from gol.jit.link import BOUNDS, Linker
    from gol.jit.tables import Tables

    linker = Linker(known, bases)
    placed = [linker.add(a.name, elf.parse(a.object)) for a in artifacts]
    tables = Tables(layout)
    image = linker.link(lambda linker: tables.build(linker, artifacts, placed))
    pieces = []
    for s in image.segments:
        part = VARIABLES if s.flags & elf.PF_W else CODE if s.flags & elf.PF_X else CONSTANTS
        pieces.append(Piece(part, s.address, s.memsize, bytes(s.data)))
    for bound in BOUNDS:
        del image.symbols[bound]
    moduledata = image.symbols.pop("runtime.moduledata0")
    imports = [(i.address, i.library, i.symbol) for i in image.imports]
    return Module(bases, pieces, image.symbols, imports, moduledata)
