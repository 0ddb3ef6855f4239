"""Foreign functions: what a ``//gol:extern`` directive says (docs/foreign.md).

    //gol:extern LIBRARY SYMBOL [onstack [BYTES] [idempotent]]
"""

from __future__ import annotations

from typing import Optional

from .objects import Func
from .record import record

DIRECTIVE = "gol:extern"
DEFAULT_ROOM = 64 << 10
MIN_ROOM, MAX_ROOM = 4 << 10, 1 << 30  # the dynamic linker's resolver may run there, too
INT_ARGS, FLOAT_ARGS = 6, 8  # what C takes in registers
_SONAMES = {"libc": "libc.so.6", "libm": "libm.so.6"}


class ForeignError(Exception):
    """What is wrong with a directive."""


@record(frozen=True)
class Foreign:
    """A function of a shared library."""

    library: str  # its soname, or a path
    symbol: str
    room: int = 0  # bytes of the goroutine's stack that it may use; 0: runs on the system's
    idempotent: bool = False  # may be called again, if a callback needs the stack to move

    @property
    def onstack(self) -> bool:
        return self.room > 0


def is_directive(text: str) -> bool:
    return text.split()[:1] == [DIRECTIVE]


def directive_of(f: Func) -> Optional[str]:
    """The text of f's directive, or None."""
    return next((d for d in f.directives if is_directive(d)), None)


def foreign_of(f: Func) -> Optional[Foreign]:
    """What f's directive says, None without one. Raises ForeignError."""
    text = directive_of(f)
    return None if text is None else parse(text)


def parse(text: str) -> Foreign:
    words = text.split()[1:]
    if len(words) < 2:
        raise ForeignError(f"//{DIRECTIVE} wants a library and a symbol")
    library, symbol = _library(words[0]), words[1]
    if not symbol.replace("_", "x").isalnum() or not symbol.isascii() or symbol[0].isdigit():
        raise ForeignError(f"{symbol} is not the name of a C function")
    rest = words[2:]
    if not rest:
        return Foreign(library, symbol)
    if rest.pop(0) != "onstack":
        raise ForeignError(f"unknown word {words[2]} in //{DIRECTIVE}")
    room = _room(rest.pop(0)) if rest and rest[0][0].isdigit() else DEFAULT_ROOM
    idempotent = rest[:1] == ["idempotent"]
    if rest[idempotent:]:
        raise ForeignError(f"unknown word {rest[idempotent]} in //{DIRECTIVE}")
    return Foreign(library, symbol, room, idempotent)


def _library(name: str) -> str:
    if name in _SONAMES:
        return _SONAMES[name]
    if not name.isprintable() or '"' in name or "\\" in name:
        raise ForeignError(f"{name} is not the name of a library")
    if "/" not in name and ".so" not in name:
        raise ForeignError(f"unknown library {name}: give its file name, such as {name}.so.1")
    return name


def _room(word: str) -> int:
    if not (word.isascii() and word.isdigit()) or not MIN_ROOM <= int(word) <= MAX_ROOM:
        raise ForeignError(f"{word} is no number of bytes between {MIN_ROOM} and {MAX_ROOM}")
    return (int(word) + 15) & ~15
