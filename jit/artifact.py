"""What compiling one module leaves: object bytes and everything the tables need.

Importing this (and linking) needs neither LLVM nor the parser. An artifact that was read
back unpacks its tables, and the functions that others may copy, when they are asked for: who
finds the linked module in a store needs neither.
"""

from __future__ import annotations

import marshal
import pickle
from typing import TYPE_CHECKING, Any

from gol.lang.record import field, record

if TYPE_CHECKING:
    from gol.jit.callsites import Site

FORMAT = 3  # part of every cache key: raise it when an Artifact's meaning changes

# flags of Function, as runtime/symtab.gol numbers them
HAS_ARGS, WRAPPER, NOSPLIT, SYSTEM, ASM = 1, 2, 4, 8, 16


@record()
class Function:
    """One function of the object, as tracebacks and copystack see it."""

    symbol: str
    section: int
    offset: int
    size: int
    name: str = ""
    file: str = ""
    line: int = 0
    regs: int = 0  # pointer arguments in registers, see target.argument_map
    stack: tuple[int, ...] = ()  # ... and in words of the stack
    flags: int = 0


@record()
class Point:
    """A return address: (section, offset), and the map of the frame that called."""

    section: int
    offset: int
    function: int  # index in Artifact.functions
    frame: int
    site: int
    slots: tuple[int, ...]
    objects: tuple[tuple[int, int], ...]


@record()
class Artifact:
    name: str
    object: bytes
    functions: list[Function]
    points: list[Point]
    sites: list[Site]
    bitmaps: list[tuple[int, tuple[int, ...]]]  # (size, pointer offsets), by id
    roots: list[tuple[str, int, tuple[int, ...]]] = field(default_factory=list)
    inline: dict[str, Any] = field(default_factory=dict)  # functions that others may copy
    export: bytes = b""  # the checked package, see gol.lang.export
    layout: dict[str, int] = field(default_factory=dict)  # runtime only, see gol.jit.layout
    times: dict[str, float] = field(default_factory=dict)
    packed: dict[str, bytes] = field(default_factory=dict, init=False)  # when loaded

    def dump(self) -> bytes:
        plain = [getattr(self, n) for n in _PLAIN]
        return marshal.dumps((FORMAT, plain, [self._pack(n) for n in _PACKED]))

    def _pack(self, name: str) -> bytes:
        """A field as it is in the store: still packed, if nobody has asked for it."""
        try:
            value = object.__getattribute__(self, name)
        except AttributeError:
            return self.packed[name]
        return pickle.dumps(value, protocol=5)

    @staticmethod
    def load(data: bytes) -> "Artifact":
        """Raises some exception if that is no artifact."""
        version, plain, packed = marshal.loads(data)
        if version != FORMAT:
            raise ValueError("an artifact of another version")
        a = object.__new__(Artifact)
        for name, value in zip(_PLAIN, plain):
            setattr(a, name, value)
        a.packed = dict(zip(_PACKED, packed))
        return a

    def unpack(self) -> None:
        """All that linking needs."""
        for name in _PACKED[:-1]:
            getattr(self, name)

    def __getattr__(self, name: str) -> Any:
        """Asked for a field that has no value yet."""
        if name not in _PACKED:
            raise AttributeError(name)
        value = pickle.loads(self.packed[name])
        setattr(self, name, value)
        return value


_PLAIN = ("name", "object", "export", "layout", "times")
_PACKED = ("functions", "points", "sites", "bitmaps", "roots", "inline")
