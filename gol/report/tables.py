"""The report as text, on standard error: standard output belongs to the program."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .events import Function
from .summary import Counts, Summary

SHOWN = 10  # lines of each table
WIDTH = 120  # where nobody has a terminal
NARROW = 100  # below this the goroutines' last column is left out

Row = list[str]


def bytes_text(n: int) -> str:
    """A size of a stack: these are powers of two, mostly."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if n >= unit and n % (unit // 64) == 0:
            return f"{n / unit:.4g} {name}"
    return f"{n:,} B"


def time_text(ns: int) -> str:
    for unit, name in ((10**9, "s"), (10**6, "ms"), (10**3, "µs")):
        if ns >= unit:
            return f"{ns / unit:.3g} {name}"
    return f"{ns} ns"


def place(f: Function | None) -> str:
    """Where it is, as short as the reader can still open it."""
    if f is None or not f.file:
        return ""
    path = f.file
    if path.startswith("/"):
        with contextlib.suppress(OSError):  # this folder was removed
            path = os.path.relpath(path)
    return f"{f.file if path.startswith('..') else path}:{f.line}"


def plural(n: int, one: str) -> str:
    return f"{n:,} {one}" if n == 1 else f"{n:,} {one}s"


def headline(s: Summary) -> list[str]:
    """The sums, in sentences."""
    a = s.all
    forced = f", {plural(a.moves, 'forced move')}" if a.moves else ""
    segments = f", {plural(a.segments, 'segment')}" if a.segments else ""
    out = [
        f"{plural(a.growths, 'growth')} ({a.inplace:,} in place){forced}, "
        f"{plural(a.shrinks, 'shrink')}{segments}; {a.copied:,} bytes copied, "
        f"{a.adjusted:,} words adjusted",
        f"{plural(s.goroutines, 'goroutine')}, {plural(s.collections, 'collection')} "
        f"in {time_text(s.time)}; largest stack {bytes_text(a.high)}",
    ]
    if s.totals is None:
        out.append("the last records are missing, as after SIGKILL: this is not all")
    return out


@dataclass(frozen=True, slots=True)
class Listing:
    """A table, text or page."""

    title: str
    columns: tuple[str, ...]
    rows: list[Row]
    more: int  # lines that are left out

    def without(self, column: str) -> Listing:
        if column not in self.columns:
            return self
        i = self.columns.index(column)
        rows = [r[:i] + r[i + 1 :] for r in self.rows]
        return Listing(self.title, self.columns[:i] + self.columns[i + 1 :], rows, self.more)


# Columns of text; the others are of numbers, and are never cut.
LEFT = {"function", "started with", "declared at", "grown by"}
WHAT = ("growths", "shrinks", "segments", "bytes copied", "words adjusted")


def _what(c: Counts) -> Row:
    return [f"{n:,}" for n in (c.growths, c.shrinks, c.segments, c.copied, c.adjusted)]


def _high(c: Counts) -> Row:
    return [bytes_text(c.high), f"{c.used:,}" if c.used else "-"]


def by_growth(s: Summary) -> list[tuple[Function, Counts]]:
    """The functions that made stacks grow, the most often first."""
    return sorted(
        s.functions.items(),
        key=lambda i: (-i[1].growths - i[1].segments, -i[1].high, i[0].name),
    )


def functions(s: Summary, n: int) -> Listing:
    order = by_growth(s)
    columns = ("function", "largest", "most used", *WHAT, "declared at")
    rows = [[f.name, *_high(c), *_what(c), place(f)] for f, c in order[:n]]
    title = "Functions whose calls made a stack grow"
    return Listing(title, columns, rows, len(order) - len(rows)).without("shrinks")


def goroutines(s: Summary, n: int) -> Listing:
    columns = ("goroutine", "started with", "largest", "most used", *WHAT, "grown by")
    rows = [
        [str(g.goid), g.fn.name, *_high(g), *_what(g), g.culprit.name if g.culprit else ""]
        for g in s.largest(n)
    ]
    return Listing("Goroutines, by their largest stack", columns, rows, s.goroutines - len(rows))


def started(s: Summary, n: int) -> Listing:
    columns = ("started with", "goroutines", "largest", "most used", *WHAT)
    order = sorted(s.started.items(), key=lambda i: (-i[1].goroutines, -i[1].high, i[0].name))
    rows = [[f.name, f"{c.goroutines:,}", *_high(c), *_what(c)] for f, c in order[:n]]
    title = "Goroutines, by the function that they started with"
    return Listing(title, columns, rows, len(order) - len(rows))


def listings(s: Summary, n: int) -> list[Listing]:
    """All tables, without the column of what hardly any program has."""
    found = [functions(s, n), goroutines(s, n), started(s, n)]
    return found if s.all.segments else [t.without("segments") for t in found]


def _print_table(console: Console, listing: Listing) -> None:
    console.print(Text(listing.title, style="bold"))
    narrow = console.width < NARROW
    if narrow:
        listing = listing.without("grown by")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0 if narrow else 1, 0, 0))
    for c in listing.columns:
        if c in LEFT:
            table.add_column(c, overflow="fold")
        else:
            table.add_column(c.replace(" ", "\n"), justify="right", no_wrap=True, vertical="bottom")
    for r in listing.rows:
        table.add_row(*[Text(x) for x in r])
    console.print(table)
    if listing.more:
        console.print(f" … and {listing.more:,} more\n")


def show(s: Summary, program: str, out: IO[str] | None = None) -> None:
    out = out if out is not None else sys.stderr
    if out is None:  # it is closed
        return
    console = Console(
        file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False, emoji=False
    )
    with console.capture() as text:
        _print(console, s, program)
    lines = [line.rstrip() for line in text.get().rstrip().split("\n")]
    out.write("\n".join(lines) + "\n")
    out.flush()


def _print(console: Console, s: Summary, program: str) -> None:
    console.print(Text(f"stack report of {program}", style="bold"))
    for line in headline(s):
        console.print(f" {line}")
    console.print()
    by_function, by_goroutine, by_start = listings(s, SHOWN)
    if by_function.rows:
        _print_table(console, by_function)
    _print_table(console, by_goroutine)
    if by_goroutine.more:
        _print_table(console, by_start)
