"""Where the history of the prompt is kept."""

from __future__ import annotations

import os


def history_file() -> str:
    """``$GOLHISTORY``, or a file in the user's data folder."""
    named = os.environ.get("GOLHISTORY")
    if named is not None:
        return named
    from platformdirs import user_data_dir

    return os.path.join(user_data_dir("gol", appauthor=False), "history")
