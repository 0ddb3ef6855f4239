"""``gol repl``: on a terminal a prompt (:mod:`.prompt`), elsewhere a filter (:mod:`.filter`).

:mod:`.commands` are the lines that begin with a colon, :mod:`.outcome` says what went wrong,
:mod:`.complete` and :mod:`.doc` answer the Tab key and ``:doc``, :mod:`.above` keeps what
goroutines print apart from what is being typed.
"""

from __future__ import annotations

import sys


def main() -> int:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from .prompt import Prompt

        return Prompt().run()
    from .filter import Filter

    return Filter().run()
