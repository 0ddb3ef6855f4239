"""Entries as a text that :mod:`.reader` cuts into the same entries again.

A line with nothing but a colon ends a group of declarations, and a text that has a package
clause. Several statements of one entry are put on one line.
"""

from __future__ import annotations

from collections.abc import Iterable

from gol.jit.packages import std_paths
from gol.lang.entry import declared_names, is_file, one_line
from gol.lang.universe import UNIVERSE

from .reader import chunks

_END = ":\n"


def text_of(entries: Iterable[tuple[str, Iterable[str]]]) -> str:
    """``entries``: each with the names that it has declared."""
    out: list[str] = []
    known = {*UNIVERSE.names, *std_paths()}
    grouped = False  # is the entry before one declaration, to which others may be added?
    for text, declared in entries:
        text = text.strip("\n") + "\n"
        if is_file(text):
            out += [_END, text, _END]
            grouped = False
        else:
            if len(list(chunks(text.splitlines(keepends=True)))) != 1 and "\n" in text[:-1]:
                text = one_line(text) + "\n"
            alone = declared_names(text) is None
            if grouped and not alone and not known.isdisjoint(declared):
                out.append(_END)  # together, what came earlier would mean the new one
            out += [text, "\n"] if text.count("\n") > 1 else [text]
            grouped = not alone
        known.update(declared)
    return "".join(out)
