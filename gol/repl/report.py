"""What is said when an entry does not end well. All of it goes to standard error."""

from __future__ import annotations

import sys

from ..render import print_diagnostics
from ..session import Answer

_LINES = 24  # of a traceback, on a terminal


def report(answer: Answer, plain: bool = False) -> None:
    """Say why an entry has failed; nothing if it has not. ``plain``: not as to a terminal."""
    if answer.kind == "error":
        assert answer.diags is not None
        print_diagnostics(answer.diags, plain=plain)
    elif not answer.ok and not answer.exits:
        fancy = sys.stderr.isatty() and not plain
        text = answer.text.rstrip("\n") or answer.kind
        if answer.kind == "interrupted" and fancy:
            sys.stderr.write("\n")  # behind the ^C that the terminal shows
        sys.stderr.write(_painted(text) if fancy else text + "\n")
    sys.stderr.flush()


def _painted(text: str) -> str:
    lines = text.split("\n")
    if len(lines) > _LINES:
        left_out = len(lines) - _LINES
        half = _LINES // 2
        lines = [*lines[:half], f"\t… {left_out} lines", *lines[-half:]]
    lines[0] = f"\033[1;31m{lines[0]}\033[0m"
    return "\n".join(lines) + "\n"
