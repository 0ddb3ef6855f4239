"""The build cache: compiled packages and linked programs, addressed by content.

An entry is one file, written beside its place and renamed into it, so that concurrent
runs see it whole or not at all. It ends in a trailer with its length and checksum: one
that was truncated or damaged reads as absent. No failure of the cache is an error; the
work is then done again.

    <root>/<kind>/<first two digits>/<key>      payload, trailer
    trailer: "golcache", length of the payload, its CRC-32       (8 bytes each)

Beside the kinds lies what the parser keeps for itself (``grammar``).

Every warm ``gol run`` imports this module, so it imports next to nothing.
"""

from __future__ import annotations

import os
from _thread import get_ident
from zlib import crc32

from gol.lang.cachedir import cache_dir

TYPE_CHECKING = False  # what typing says, without importing it
if TYPE_CHECKING:
    from collections.abc import Callable

# packages, programs, the layout of stack reports, modules of the Python API, what a hosting
# process places first
KINDS = ("pkg", "exe", "layout", "py", "mod")
_FOLDERS = (*KINDS, "grammar")  # whatever else lies in the root is not ours
_MAGIC = b"golcache"
_TRAILER = len(_MAGIC) + 8 + 8
_UNFINISHED = ".tmp"
_ABANDONED = 3600.0  # seconds after which an unfinished entry has no writer any more
MAX_BYTES = 512 << 20  # beyond this the entries used longest ago go


def trailer(payload: bytes | memoryview) -> bytes:
    return _MAGIC + len(payload).to_bytes(8, "little") + crc32(payload).to_bytes(8, "little")


_writing: set[str] = set()  # files that are not complete


def abandon() -> None:
    """The process is about to be ended by a signal."""
    for path in list(_writing):
        _try(os.unlink, path)


def _try(do: Callable[..., object], *args: object) -> bool:
    try:
        do(*args)
    except OSError:
        return False
    return True


def write_whole(path: str, mode: int, *parts: bytes) -> None:
    """Write a file that is there whole or, after an error or interrupt, not at all. Raises
    OSError."""
    tmp = f"{path}.{os.getpid()}-{get_ident()}{_UNFINISHED}"
    _writing.add(tmp)
    try:
        with open(tmp, "wb") as f:
            f.writelines(parts)
        os.chmod(tmp, mode)
        os.replace(tmp, path)
    except BaseException:
        _try(os.unlink, tmp)
        raise
    finally:
        _writing.discard(tmp)


class Cache:
    def __init__(self, root: str | None = None) -> None:
        self.root = root if root is not None else cache_dir()
        self.error: OSError | None = None  # why the last entry could not be stored

    def path(self, kind: str, key: str) -> str:
        return f"{self.root}/{kind}/{key[:2]}/{key}"

    def get(self, kind: str, key: str) -> bytes | None:
        """The payload of an entry, or None where there is no sound one."""
        path = self.path(kind, key)
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError:
            return None
        payload = memoryview(data)[:-_TRAILER]
        if data[-_TRAILER:] != trailer(payload):
            _try(os.unlink, path)
            return None
        _try(os.utime, path)  # used now: pruning goes by this
        return payload.tobytes()

    def put(self, kind: str, key: str, payload: bytes, *, executable: bool = False) -> bool:
        """Store an entry; False (and nothing left behind) if that could not be done."""
        assert kind in KINDS, kind
        path = self.path(kind, key)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write_whole(path, 0o755 if executable else 0o644, payload, trailer(payload))
        except OSError as e:
            self.error = e
            return False
        return True

    def entries(self) -> list[tuple[float, int, str]]:
        """(time of last use, bytes, path) of every file in the cache."""
        out = []
        for kind in _FOLDERS:
            for folder, _, names in os.walk(os.path.join(self.root, kind)):
                for name in names:
                    path = os.path.join(folder, name)
                    try:
                        st = os.stat(path)
                    except OSError:  # another run was faster
                        continue
                    out.append((st.st_mtime, st.st_size, path))
        return out

    def prune(self, limit: int = MAX_BYTES) -> None:
        """Remove the entries used longest ago until at most ``limit`` bytes remain, and
        what runs that were killed did not finish."""
        from time import time

        entries = sorted(self.entries())
        total = sum(size for _, size, _ in entries)
        now = time()
        for used, size, path in entries:
            abandoned = path.endswith(_UNFINISHED) and now - used > _ABANDONED
            if (abandoned or total > limit) and _try(os.unlink, path):
                total -= size

    def clear(self) -> None:
        """Remove every entry. Raises OSError where that is not allowed."""
        from contextlib import suppress

        for _, _, path in self.entries():
            with suppress(FileNotFoundError):  # another run was faster
                os.unlink(path)
        for kind in _FOLDERS:
            for folder, _, _ in os.walk(os.path.join(self.root, kind), topdown=False):
                _try(os.rmdir, folder)  # but not if another run puts something there
        _try(os.rmdir, self.root)
