"""What compiling one module leaves: object bytes and everything the tables need.

Importing this (and linking) needs neither LLVM nor the parser.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

from gol.jit.callsites import Site

FORMAT = 2  # part of every cache key: raise it when an Artifact's meaning changes

# flags of Function, as runtime/symtab.gol numbers them
HAS_ARGS, WRAPPER, NOSPLIT, SYSTEM, ASM = 1, 2, 4, 8, 16


@dataclass(slots=True)
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


@dataclass(slots=True)
class Point:
    """A return address: (section, offset), and the map of the frame that called."""

    section: int
    offset: int
    function: int  # index in Artifact.functions
    frame: int
    site: int
    slots: tuple[int, ...]
    objects: tuple[tuple[int, int], ...]


@dataclass(slots=True)
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

    def dump(self) -> bytes:
        return pickle.dumps(self, protocol=5)

    @staticmethod
    def load(data: bytes) -> "Artifact":
        got = pickle.loads(data)
        if not isinstance(got, Artifact):
            raise ValueError("not an artifact")
        return got
