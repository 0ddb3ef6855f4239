"""Telling that memory ran out from a bug, by what C++, LLVM, Python and the dynamic linker
say when it does."""

from __future__ import annotations

import errno
import os
from typing import Optional

_SIGNS = (
    "MemoryError",
    "bad_alloc",
    "out of memory",
    "failed to map segment",
    os.strerror(errno.ENOMEM),
    # Python's, where it found no room for a frame, or for the MemoryError either
    "error return without exception set",
    "without setting an exception",
    "unmarshallable object",  # marshal's; what gol hands to it are plain values
)


def ran_out(text: str) -> bool:
    return any(sign in text for sign in _SIGNS)


def caused(e: Optional[BaseException]) -> bool:
    """Whether an exception, or what it was raised in the handling of, is about memory."""
    while e is not None:
        if isinstance(e, MemoryError) or ran_out(str(e)):
            return True
        e = e.__cause__ or e.__context__
    return False
