"""Where gol keeps what it can compute again, and how such a file is written: parser tables
(:mod:`gol.lang.parser_tables`), compiled packages and programs (:mod:`gol.cache`).

A file is written beside its place and renamed into it, so that concurrent runs see it whole
or not at all. It ends in a trailer with its length and checksum: one that was truncated or
damaged is none.

    payload, trailer: "golcache", length of the payload, its CRC-32       (8 bytes each)

Every warm ``gol run`` imports this module, so it imports next to nothing.
"""

from __future__ import annotations

import os
from _thread import get_ident
from zlib import crc32

TYPE_CHECKING = False  # what typing says, without importing it
if TYPE_CHECKING:
    from collections.abc import Callable

NOWHERE = "/dev/null/gol"  # no file can be made in it, none is found there
UNFINISHED = ".tmp"
_MAGIC = b"golcache"
_TRAILER = len(_MAGIC) + 8 + 8


def cache_dir() -> str:
    """``$GOLCACHE``, or ``gol`` in the user's cache folder, which is where the XDG
    specification says; NOWHERE if that needs a home and there is none."""
    named = os.environ.get("GOLCACHE", "")
    if named:
        return os.path.abspath(named)
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if not folder.startswith("/"):
        folder = os.path.expanduser("~/.cache")
    return folder + "/gol" if folder.startswith("/") else NOWHERE


def attempt(do: Callable[..., object], *args: object) -> bool:
    """Whether it could be done."""
    try:
        do(*args)
    except OSError:
        return False
    return True


# ---------------------------------------------------------------- whole, or not at all
_writing: set[str] = set()  # files that are not complete


def abandon() -> None:
    """The process is about to be ended by a signal."""
    for path in list(_writing):
        attempt(os.unlink, path)


def write_whole(path: str, mode: int, *parts: bytes) -> None:
    """Write a file that is there whole or, after an error or interrupt, not at all. Raises
    OSError."""
    tmp = f"{path}.{os.getpid()}-{get_ident()}{UNFINISHED}"
    _writing.add(tmp)
    try:
        with open(tmp, "wb") as f:
            f.writelines(parts)
        os.chmod(tmp, mode)
        os.replace(tmp, path)
    except BaseException:
        attempt(os.unlink, tmp)
        raise
    finally:
        _writing.discard(tmp)


# ----------------------------------------------------------------------- the checksum
def _trailer(payload: bytes | memoryview) -> bytes:
    return _MAGIC + len(payload).to_bytes(8, "little") + crc32(payload).to_bytes(8, "little")


def store(path: str, payload: bytes, *, executable: bool = False) -> None:
    """Raises OSError."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_whole(path, 0o755 if executable else 0o644, payload, _trailer(payload))


def recall(path: str) -> bytes | None:
    """What was stored there; None if it is not sound. Raises OSError."""
    with open(path, "rb") as f:
        data = f.read()
    payload = memoryview(data)[:-_TRAILER]
    return payload.tobytes() if data[-_TRAILER:] == _trailer(payload) else None
