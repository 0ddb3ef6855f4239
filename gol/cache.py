"""The build cache: compiled packages and linked programs, addressed by content.

An entry is one file (:mod:`gol.lang.cachefile`): one that was truncated or damaged reads
as absent. No failure of the cache is an error; the work is then done again.

    <root>/<kind>/<first two digits>/<key>

Beside the kinds lies what the parser keeps (``grammar``).

Every warm ``gol run`` imports this module, so it imports next to nothing.
"""

from __future__ import annotations

import os

from gol.lang.cachefile import UNFINISHED, attempt, cache_dir, recall, store

# packages, programs, the layout of stack reports, modules of the Python API, what a hosting
# process places first
KINDS = ("pkg", "exe", "layout", "py", "mod")
_FOLDERS = (*KINDS, "grammar")  # whatever else lies in the root is not ours
_ABANDONED = 3600.0  # seconds after which an unfinished entry has no writer any more
MAX_BYTES = 512 << 20  # beyond this the entries used longest ago go


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
            payload = recall(path)
        except OSError:
            return None
        # used now: pruning goes by this
        attempt(os.utime if payload is not None else os.unlink, path)
        return payload

    def put(self, kind: str, key: str, payload: bytes, *, executable: bool = False) -> bool:
        """Store an entry; False (and nothing left behind) if that could not be done."""
        assert kind in KINDS, kind
        path = self.path(kind, key)
        try:
            store(path, payload, executable=executable)
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
            abandoned = path.endswith(UNFINISHED) and now - used > _ABANDONED
            if (abandoned or total > limit) and attempt(os.unlink, path):
                total -= size

    def clear(self) -> None:
        """Remove every entry. Raises OSError where that is not allowed."""
        from contextlib import suppress

        for _, _, path in self.entries():
            with suppress(FileNotFoundError):  # another run was faster
                os.unlink(path)
        for kind in _FOLDERS:
            for folder, _, _ in os.walk(os.path.join(self.root, kind), topdown=False):
                attempt(os.rmdir, folder)  # but not if another run puts something there
        attempt(os.rmdir, self.root)
