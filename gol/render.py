"""Compile errors as people read them: Go's line, then on a terminal the source and a caret."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from gol.lang.diagnostics import Diagnostics


def coloured() -> bool:
    """Whether a terminal may be painted on."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str) -> str:
    """The text in a style (numbers of SGR)."""
    return f"\033[{style}m{text}\033[0m" if coloured() else text


def print_diagnostics(
    diags: Diagnostics, out: TextIO | None = None, *, plain: bool = False
) -> None:
    """The first ten errors to be found, sorted by position, then "too many errors"; as on no
    terminal, if ``plain``."""
    out = out if out is not None else sys.stderr
    fancy = out.isatty() and not plain
    items, too_many = diags.first()
    for d in items:
        p = diags.sources.position(d.pos)
        first, _, rest = d.message.partition("\n")
        where = f"{p}: " if p.line else ""
        if fancy:
            print(paint(where, "1") + paint(first, "1;31"), file=out)
        else:
            print(f"{where}{first}", file=out)
        if rest:
            print(rest, file=out)
        if fancy and p.line:
            _print_caret(diags, d.pos, out)
    if too_many:
        print(f"{diags.sources.position(too_many)}: too many errors", file=out)


def _print_caret(diags: Diagnostics, pos: int, out: TextIO) -> None:
    src = diags.sources.source_of(pos)
    if src is None:
        return
    p = src.position(pos)
    line = src.line_text(p.line)
    if len(line) > 400:
        return
    start = src.line_starts()[p.line - 1]
    before = line[: pos - src.base - start]
    pad = "".join("\t" if c == "\t" else " " for c in before)
    print(f"    {line}\n    {pad}{paint('^', '1;32')}", file=out)
