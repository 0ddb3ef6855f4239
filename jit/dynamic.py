"""What a program with foreign functions has for the dynamic linker.

One segment behind the variables: the interpreter's name, the dynamic section, and its tables
(symbols, their names and hash, a relocation for each import slot). Every symbol is bound
before the program begins (BIND_NOW): compiled code must never meet the resolver, which needs
more stack than a goroutine has. libc is always among the libraries: the runtime leaves the
process through its exit.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from gol.jit.elf import PF_R, PF_W, RELA, STB_GLOBAL, SYM, Dynamic, Segment
from gol.jit.link import R_64, Import
from gol.jit.target import IMAGE_BASE, INTERPRETER, LIBC

DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA = 1, 4, 5, 6, 7
DT_RELASZ, DT_RELAENT, DT_STRSZ, DT_SYMENT, DT_DEBUG = 8, 9, 10, 11, 21
DT_FLAGS, DT_FLAGS_1 = 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW = 8, 1
_DYN = struct.Struct("<qQ")


def dynamic(imports: Sequence[Import], at: int) -> Dynamic:
    """The segment for ``imports``, at a page's address."""
    strs = bytearray(b"\0")

    def string(s: str) -> int:
        where = len(strs)
        strs.extend(s.encode("utf-8", "surrogateescape") + b"\0")
        return where

    libraries = [lib for lib in dict.fromkeys(i.library for i in imports) if lib != LIBC]
    needed = [string(lib) for lib in [*libraries, LIBC]]
    names = {n: k for k, n in enumerate(dict.fromkeys(i.symbol for i in imports), 1)}
    symbols = bytes(SYM.size)
    for n in names:
        symbols += SYM.pack(string(n), STB_GLOBAL << 4, 0, 0, 0, 0)
    relocs = b"".join(RELA.pack(i.address, names[i.symbol] << 32 | R_64, 0) for i in imports)
    # one bucket whose chain is empty: the image defines nothing that others look for
    table = struct.pack(f"<{len(names) + 4}I", 1, len(names) + 1, 0, *[0] * (len(names) + 1))

    data = bytearray(INTERPRETER.encode() + b"\0")
    interpreter = (at, len(data))

    def place(part: bytes) -> int:
        data.extend(bytes(-len(data) % 8))
        where = at + len(data)
        data.extend(part)
        return where

    entries = [
        *((DT_NEEDED, n) for n in needed),
        (DT_HASH, place(table)),
        (DT_SYMTAB, place(symbols)),
        (DT_SYMENT, SYM.size),
        (DT_STRTAB, place(bytes(strs))),
        (DT_STRSZ, len(strs)),
        (DT_RELA, place(relocs)),
        (DT_RELASZ, len(relocs)),
        (DT_RELAENT, RELA.size),
        (DT_FLAGS, DF_BIND_NOW),
        (DT_FLAGS_1, DF_1_NOW),
        (DT_DEBUG, 0),
        (0, 0),
    ]
    section = b"".join(_DYN.pack(tag, value) for tag, value in entries)
    where = place(section)
    segment = Segment(at, data, len(data), PF_R | PF_W)
    return Dynamic(IMAGE_BASE, segment, interpreter, (where, len(section)))
