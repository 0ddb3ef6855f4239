"""Artifacts → tables → :class:`Image` → ELF (dynamically linked if it imports foreign
functions)."""

from __future__ import annotations

from gol.jit import elf
from gol.jit.artifact import Artifact
from gol.jit.dynamic import dynamic
from gol.jit.link import Image, Linker, Placed
from gol.jit.tables import Tables
from gol.jit.target import PAGE


class Linking:
    """Linking of a program, which can begin before its last packages are compiled."""

    def __init__(self) -> None:
        self._linker = Linker()
        self._placed: list[Placed] = []

    def add(self, artifacts: list[Artifact]) -> None:
        for a in artifacts[len(self._placed) :]:
            self._placed.append(self._linker.add(a.name, elf.parse(a.object)))
            a.unpack()

    def finish(self, artifacts: list[Artifact]) -> Image:
        """All of them, the runtime's among them; those that were added come first."""
        self.add(artifacts)
        tables = Tables(runtime_layout(artifacts))
        return self._linker.link(lambda linker: tables.build(linker, artifacts, self._placed))


def link(artifacts: list[Artifact]) -> Image:
    return Linking().finish(artifacts)


def runtime_layout(artifacts: list[Artifact]) -> dict[str, int]:
    return next(a.layout for a in artifacts if a.layout)


def executable(image: Image) -> bytes:
    symbols = []
    for p in image.objects:
        for s in p.file.symbols:
            if s.type in (elf.STT_FUNC, elf.STT_OBJECT) and s.section < len(p.address):
                address = p.address[s.section]
                if address is not None and s.name[:1] not in ("", "."):
                    symbols.append((s.name, address + s.value, s.size))
    last = image.segments[-1]
    end = (last.address + last.memsize + PAGE - 1) // PAGE * PAGE
    needed = dynamic(image.imports, end) if image.imports else None
    return elf.executable(image.segments, image.symbols["_start"], symbols, needed)
