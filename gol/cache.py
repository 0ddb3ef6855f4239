"""The build cache: compiled packages and linked programs, addressed by content.

An entry is one file, written beside its place and renamed into it, so that concurrent
runs see it whole or not at all. It ends in a trailer with its length and checksum: one
that was truncated or damaged reads as absent. No failure of the cache is an error; the
work is then done again.

    <root>/<kind>/<first two digits>/<key>      payload ... trailer (24 bytes)

Kinds in use: ``pkg`` (artifacts of packages), ``exe`` (linked programs).
"""

from __future__ import annotations

import contextlib
import os
import struct
from zlib import crc32

_TRAILER = struct.Struct("<8sQI4x")
_MAGIC = b"golcache"
MAX_BYTES = 512 << 20  # beyond this the entries used longest ago go


def default_root() -> str:
    """``$GOLCACHE``, or the user's cache folder."""
    root = os.environ.get("GOLCACHE")
    if root:
        return root
    from platformdirs import user_cache_dir

    return user_cache_dir("gol", appauthor=False)


def seal(payload: bytes) -> bytes:
    return payload + _TRAILER.pack(_MAGIC, len(payload), crc32(payload))


def _sound(data: bytes) -> bool:
    n = len(data) - _TRAILER.size
    if n < 0:
        return False
    magic, length, checksum = _TRAILER.unpack_from(data, n)
    return magic == _MAGIC and length == n and checksum == crc32(memoryview(data)[:n])


class Cache:
    def __init__(self, root: str | None = None) -> None:
        self.root = root if root is not None else default_root()

    def path(self, kind: str, key: str) -> str:
        return os.path.join(self.root, kind, key[:2], key)

    def get(self, kind: str, key: str) -> bytes | None:
        """The payload of an entry, or None where there is no sound one."""
        path = self.path(kind, key)
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError:
            return None
        if not _sound(data):
            with contextlib.suppress(OSError):
                os.unlink(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now: pruning goes by this
        return data[: -_TRAILER.size]

    def put(self, kind: str, key: str, payload: bytes, *, executable: bool = False) -> bool:
        """Store an entry; False (and nothing left behind) if that could not be done."""
        path = self.path(kind, key)
        tmp = f"{path}.{os.getpid()}.tmp"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(tmp, "wb") as f:
                f.write(seal(payload))
            os.chmod(tmp, 0o755 if executable else 0o644)
            os.replace(tmp, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(tmp)
            return False
        return True

    def entries(self) -> list[tuple[float, int, str]]:
        """(time of last use, bytes, path) of every entry."""
        out = []
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):
                    st = os.stat(path)
                    out.append((st.st_mtime, st.st_size, path))
        return out

    def prune(self, limit: int = MAX_BYTES) -> None:
        """Remove the entries used longest ago until at most ``limit`` bytes remain."""
        entries = self.entries()
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= limit:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                total -= size

    def clear(self) -> None:
        """Remove every entry. Raises OSError where that is not allowed."""
        import shutil

        if os.path.isdir(self.root):
            shutil.rmtree(self.root)
