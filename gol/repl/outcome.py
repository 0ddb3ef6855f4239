"""What is said when an entry does not end well. All of it goes to standard error."""

from __future__ import annotations

import sys

from ..render import paint, print_diagnostics
from ..session import Answer

_LINES = 24  # of a traceback


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
        lines = _shortened(text)
        if fancy:
            lines[0] = paint(lines[0], "1;31")
        sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def _shortened(text: str) -> list[str]:
    lines = text.split("\n")
    if len(lines) > _LINES:
        left_out = len(lines) - _LINES
        half = _LINES // 2
        lines = [*lines[:half], f"\t… {left_out} lines", *lines[-half:]]
    return lines
