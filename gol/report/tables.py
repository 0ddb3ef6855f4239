"""The report as text, on standard error: standard output belongs to the program."""

from __future__ import annotations

import os
import sys
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .events import Function
from .summary import Goroutine, Started, Summary

SHOWN = 10  # lines of each table
WIDTH = 110  # where nobody has a terminal
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
    path = os.path.relpath(f.file) if f.file.startswith("/") else f.file
    return f"{f.file if path.startswith('..') else path}:{f.line}"


def plural(n: int, one: str) -> str:
    return f"{n:,} {one}" if n == 1 else f"{n:,} {one}s"


def headline(s: Summary) -> list[str]:
    """The sums, in sentences."""
    a = s.all
    forced = f", {plural(a.moves, 'forced move')}" if a.moves else ""
    out = [
        f"{plural(a.growths, 'growth')} ({a.inplace:,} in place){forced}, "
        f"{plural(a.shrinks, 'shrink')}; {a.copied:,} bytes copied, "
        f"{a.adjusted:,} words adjusted",
        f"{plural(s.goroutines, 'goroutine')}, {plural(s.collections, 'collection')} "
        f"in {time_text(s.time)}; largest stack {bytes_text(a.high)}",
    ]
    if s.totals is None:
        out.append("the program was killed: what it did last is not in this report")
    return out


COSTS = ("bytes copied", "words adjusted")
FUNCTIONS = ("function", "growths", "largest", *COSTS, "declared at")
GOROUTINES = (
    "goroutine", "started with", "largest", "most used", "growths", "shrinks", *COSTS, "grown by"
)  # fmt: skip
STARTED = ("started with", "goroutines", "largest", "most used", "growths", "shrinks", *COSTS)


def function_rows(s: Summary, n: int) -> tuple[list[Row], int]:
    """The functions with the most growths, and how many there are besides."""
    order = sorted(s.functions.items(), key=lambda i: (-i[1].growths, -i[1].high, i[0].name))
    rows = [
        [f.name, f"{c.growths:,}", bytes_text(c.high), f"{c.copied:,}", f"{c.adjusted:,}", place(f)]
        for f, c in order[:n]
    ]
    return rows, len(order) - len(rows)


def goroutine_row(g: Goroutine) -> Row:
    used = f"{g.used:,}" if g.used else "-"
    return [
        str(g.goid), g.fn.name, bytes_text(g.high), used, f"{g.growths:,}", f"{g.shrinks:,}",
        f"{g.copied:,}", f"{g.adjusted:,}", g.culprit.name if g.culprit else "",
    ]  # fmt: skip


def goroutine_rows(s: Summary, n: int) -> tuple[list[Row], int]:
    rows = [goroutine_row(g) for g in s.largest(n)]
    return rows, s.goroutines - len(rows)


def started_rows(s: Summary, n: int) -> tuple[list[Row], int]:
    """The functions that goroutines began with, those with most goroutines first."""

    def row(f: Function, c: Started) -> Row:
        used = f"{c.used:,}" if c.used else "-"
        return [
            f.name, f"{c.goroutines:,}", bytes_text(c.high), used, f"{c.growths:,}",
            f"{c.shrinks:,}", f"{c.copied:,}", f"{c.adjusted:,}",
        ]  # fmt: skip

    order = sorted(s.started.items(), key=lambda i: (-i[1].goroutines, -i[1].high, i[0].name))
    return [row(f, c) for f, c in order[:n]], max(len(order) - n, 0)


# Columns of text; the others are of numbers, and are never cut.
LEFT = {"function", "started with", "declared at", "grown by"}


def _table(
    console: Console, title: str, columns: tuple[str, ...], rows: list[Row], more: int
) -> None:
    if not rows:
        return
    console.print(Text(title, style="bold"))
    narrow = console.width < NARROW
    if narrow and columns is GOROUTINES:
        columns = columns[:-1]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0 if narrow else 1, 0, 0))
    for c in columns:
        if c in LEFT:
            table.add_column(c, overflow="fold")
        else:
            table.add_column(c.replace(" ", "\n"), justify="right", no_wrap=True, vertical="bottom")
    for r in rows:
        table.add_row(*[Text(x) for x in r[: len(columns)]])
    console.print(table)
    if more:
        console.print(f" … and {more:,} more\n")


def show(s: Summary, program: str, out: IO[str] | None = None) -> None:
    out = out if out is not None else sys.stderr
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
    _table(console, "Functions whose calls made a stack grow", FUNCTIONS, *function_rows(s, SHOWN))
    goroutines, more = goroutine_rows(s, SHOWN)
    _table(console, "Goroutines, by their largest stack", GOROUTINES, goroutines, more)
    if more:
        title = "Goroutines, by the function that they started with"
        _table(console, title, STARTED, *started_rows(s, SHOWN))
