"""Shared libraries of this machine: is there such a library, and such a function in it?

Asked when a foreign function is compiled, so that a slip of the pen is an error in the
source and not one that the dynamic linker finds in the program. Only the directories that
the dynamic linker searches by default, those of its configuration, and LD_LIBRARY_PATH are
looked at; what cannot be read is left to the dynamic linker.
"""

from __future__ import annotations

import os
import struct
from functools import cache
from typing import Optional

from gol.jit.elf import EHDR, SHDR, SHN_UNDEF, STT_FUNC, SYM
from gol.jit.target import ELF_MACHINE

_SHT_DYNSYM = 11
_CODE = (0, STT_FUNC, 10)  # what a symbol that can be called says it is; 10: GNU_IFUNC


@cache
def find(name: str) -> Optional[str]:
    """The file of a library, by soname or path; None if there is none."""
    if "/" in name:
        return name if os.path.exists(name) else None
    for folder in _folders():
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return None


@cache
def _folders() -> list[str]:
    out = [d for d in os.environ.get("LD_LIBRARY_PATH", "").split(":") if d]
    import glob

    for conf in ["/etc/ld.so.conf", *sorted(glob.glob("/etc/ld.so.conf.d/*.conf"))]:
        try:
            with open(conf, encoding="utf-8", errors="replace") as f:
                out += [line.strip() for line in f if line.startswith("/")]
        except OSError:
            continue
    return [*out, "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64",
            "/lib", "/usr/lib"]  # fmt: skip


@cache
def functions(path: str) -> Optional[frozenset[str]]:
    """The functions that a library defines; None if the file cannot be understood."""
    try:
        with open(path, "rb") as f:
            data = f.read()
        return _functions(data)
    except (OSError, struct.error, ValueError):
        return None


def _functions(data: bytes) -> frozenset[str]:
    head = EHDR.unpack_from(data, 0)
    if head[0][:6] != b"\x7fELF\x02\x01" or head[2] != ELF_MACHINE:
        raise ValueError("not a library of this machine")
    shoff, count = head[6], head[12]
    headers = [SHDR.unpack_from(data, shoff + i * SHDR.size) for i in range(count)]
    out = set()
    for h in headers:
        if h[1] != _SHT_DYNSYM:
            continue
        strings = headers[h[6]]
        for name, info, _, section, _, _ in SYM.iter_unpack(data[h[4] : h[4] + h[5]]):
            if section != SHN_UNDEF and info & 15 in _CODE:
                start = strings[4] + name
                out.add(data[start : data.index(b"\0", start)].decode("utf-8", "replace"))
    return frozenset(out)


def complaint(library: str, symbol: str) -> Optional[str]:
    """What is wrong with calling a library's function, or None."""
    path = find(library)
    if path is None:
        return f"there is no library {library} on this machine"
    known = functions(path)
    if known is not None and symbol not in known:
        return f"library {library} has no function {symbol}"
    return None
