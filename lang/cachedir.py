"""Where gol keeps what it can compute again: parser tables, compiled packages, programs.

Every warm ``gol run`` imports this module, so it imports next to nothing.
"""

from __future__ import annotations

import os

NOWHERE = "/dev/null/gol"  # no file can be made in it, none is found there


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
