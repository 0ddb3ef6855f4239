"""The report as a page: one file that needs no network. Charts are plotly's."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from . import tables
from .events import Function
from .history import Change, Growth, History, Track
from .summary import Summary
from .tables import bytes_text, headline, place, plural, time_text

DRAWN = 20  # goroutines
LISTED = 100  # lines of the tables
BARS = 15  # functions

COLOURS = (
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#e377c2",
    "#7f7f7f", "#bcbd22",
)  # fmt: skip
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

STYLE = f"body {{ font: 15px/1.45 {FONT} }}" + """
body { color: #222; max-width: 1200px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em; margin-bottom: .2em } h2 { font-size: 1.15em; margin: 1.6em 0 .4em }
p { margin: .2em 0 } .note { color: #666; font-size: .9em }
table { border-collapse: collapse; font-size: .9em }
th { text-align: left; border-bottom: 2px solid #ccc; padding: .25em .8em }
td { border-bottom: 1px solid #eee; padding: .2em .8em; overflow-wrap: anywhere }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
"""  # fmt: skip


def write(path: str, summary: Summary, history: History, program: str) -> None:
    """Raises OSError."""
    text = render(summary, history, program)
    with open(path, "w", encoding="utf-8", errors="replace") as f:
        f.write(text)


def render(summary: Summary, history: History, program: str) -> str:
    tracks = history.drawn(DRAWN)
    title = escape(f"Stack report of {program}")
    sums = "".join(f"<p>{escape(line)}</p>" for line in headline(summary))
    notes = "".join(f'<p class="note">{escape(n)}</p>' for n in _notes(summary, history, tracks))
    parts = [
        f"<h1>{title}</h1>{sums}",
        _html(_timeline(summary, history, tracks), True),
        notes,
    ]
    by_function, *others = tables.listings(summary, LISTED)
    if by_function.rows:
        parts.append(_table(by_function, _html(_bars(summary), False)))
    parts += [_table(t) for t in others]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _html(figure: go.Figure, first: bool) -> str:
    """The first figure brings plotly along, and has its buttons."""
    config = {"displaylogo": False, "responsive": True, "displayModeBar": first}
    return figure.to_html(full_html=False, include_plotlyjs=first, config=config)


def _table(t: tables.Listing, chart: str = "") -> str:
    def cells(tag: str, row: tuple[str, ...] | list[str]) -> str:
        kinds = ("" if c in tables.LEFT else ' class="n"' for c in t.columns)
        return "".join(f"<{tag}{k}>{escape(x)}</{tag}>" for k, x in zip(kinds, row))

    head = f"<thead><tr>{cells('th', t.columns)}</tr></thead>"
    body = "".join(f"<tr>{cells('td', r)}</tr>\n" for r in t.rows)
    rest = f'<p class="note">… and {t.more:,} more</p>' if t.more else ""
    return f"<h2>{t.title}</h2>{chart}<table>{head}<tbody>\n{body}</tbody></table>{rest}"


def _notes(s: Summary, history: History, tracks: list[Track]) -> list[str]:
    out = [
        "Solid: the size of a goroutine's stack. Dotted: how much of it was in use, as far as that "
        "was seen: when the stack changed its size, and at collections. Click a goroutine in the "
        "legend to hide it, twice to see it alone."
    ]
    if s.goroutines > len(tracks):
        out.append(
            f"Of {plural(s.goroutines, 'goroutine')} {len(tracks)} are drawn: those with the "
            "largest stacks, and some of each starting function and size."
        )
    late = [t.goroutine.goid for t in tracks if t.late]
    if late:
        out.append(
            f"The beginning of {plural(len(late), 'goroutine')} was not kept, for there were too "
            f"many others: {', '.join(map(str, late))}."
        )
    lost = history.lost(tracks)
    if lost:
        out.append(
            f"Lines are thinned by {plural(lost, 'point')}: in each stretch of time the largest "
            "and the last are shown. The tables count everything."
        )
    return out


@dataclass(slots=True)
class Curve:
    """Points of one trace."""

    x: list[float | None] = field(default_factory=list)
    y: list[int | None] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    symbol: list[str] = field(default_factory=list)

    def add(self, x: float | None, y: int | None, text: str = "", symbol: str = "circle") -> None:
        self.x.append(x)
        self.y.append(y)
        self.text.append(text)
        self.symbol.append(symbol)


class Clock:
    """Times in the unit that suits the whole."""

    def __init__(self, last: int) -> None:
        units = ((10**9, "seconds"), (10**6, "milliseconds"), (10**3, "microseconds"))
        self.unit, self.name = next((u for u in units if last >= 2 * u[0]), units[-1])

    def __call__(self, ns: int) -> float:
        return round(ns / self.unit, 6)


def _timeline(s: Summary, history: History, tracks: list[Track]) -> go.Figure:
    clock = Clock(s.time)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.07, row_heights=[0.7, 0.3],
        specs=[[{}], [{"secondary_y": True}]],
        subplot_titles=("Stack of each goroutine", "All stacks together"),
    )  # fmt: skip
    sizes = [p.size for t in tracks for p in t.sizes.points] or [2048]
    uses = [p.size for t in tracks for p in t.uses.points]
    low, high = _axis(min(sizes + uses), max(sizes))
    _draw_collections(figure, history, clock, low, high)
    for i, t in enumerate(tracks):
        _draw_track(figure, t, clock, s.time, COLOURS[i % len(COLOURS)])
    _draw_totals(figure, history, clock, s.time)
    figure.update_layout(
        template="plotly_white", height=720, margin={"l": 90, "r": 70, "t": 50, "b": 55},
        hoverlabel={"align": "left"}, font={"family": FONT}, legend={"title": "goroutine"},
    )  # fmt: skip
    ticks = _ticks(low, high)
    figure.update_yaxes(
        type="log", tickvals=ticks, ticktext=[bytes_text(v) for v in ticks], title="stack size",
        range=[math.log10(low), math.log10(high)], row=1, col=1,
    )  # fmt: skip
    total = _linear_ticks(max((p.size for p in history.totals.points), default=2048))
    figure.update_yaxes(
        tickvals=total, ticktext=[bytes_text(v) for v in total], rangemode="tozero",
        title={"text": "bytes", "font": {"color": COLOURS[0]}}, row=2, col=1, secondary_y=False,
    )  # fmt: skip
    figure.update_yaxes(
        title={"text": "goroutines", "font": {"color": COLOURS[1]}}, rangemode="tozero",
        showgrid=False, tickmode="auto", nticks=5, row=2, col=1, secondary_y=True,
    )  # fmt: skip
    figure.update_xaxes(title=f"{clock.name} since the program began", row=2, col=1)
    return figure


def _axis(low: int, high: int) -> tuple[int, int]:
    """The powers of two around."""
    return 1 << max(low.bit_length() - 2, 5), 1 << (high.bit_length() + 1)


def _ticks(low: int, high: int) -> list[int]:
    powers = [1 << i for i in range(low.bit_length() - 1, high.bit_length())]
    return powers[:: len(powers) // 14 + 1]


def _linear_ticks(high: int) -> list[int]:
    step = 1 << max((high // 4).bit_length() - 1, 0)
    return list(range(0, high + step, step))


def _name(f: Function | None) -> str:
    if f is None:
        return "?"
    where = place(f)
    return escape(f.name) + (f" ({escape(where)})" if where else "")


def _hover(c: Change, goid: int) -> tuple[str, str]:
    """The text at a change of size, and the mark."""
    head = f"<b>goroutine {goid}</b> at {time_text(c.time)}<br>"
    if isinstance(c.why, Growth):
        g = c.why
        how = "in place"
        if g.segment:
            how = "by a segment"
        elif g.copied:
            how = f"{g.copied:,} bytes copied, {g.adjusted:,} words adjusted"
        caller = f"<br>called from {_name(g.caller)}" if g.caller is not None else ""
        return (
            f"{head}grows: {bytes_text(g.old)} → {bytes_text(c.size)}, {how}<br>"
            f"for {_name(g.fn)}{caller}<br>which needs {g.used:,} bytes in all",
            "triangle-up",
        )
    if c.why is not None:
        return f"{head}shrinks: {bytes_text(c.why)} → {bytes_text(c.size)}", "triangle-down"
    return f"{head}{bytes_text(c.size)}", "circle"


def _draw_track(figure: go.Figure, t: Track, clock: Clock, last: int, colour: str) -> None:
    g = t.goroutine
    created = f"<br>started at {_name(g.gopc)} by goroutine {g.parent}" if g.gopc else ""
    size = Curve()
    points = t.sizes.points
    for i, c in enumerate(points):
        text, symbol = _hover(c, g.goid)
        if i == 0 and c.time == g.began:
            text += f"<br>starts with {_name(g.fn)}{created}"
        elif c.time == g.ended:
            text, symbol = f"{text}<br>ends", "x"
        size.add(clock(c.time), c.size, text, symbol)
    if g.ended is None:
        size.add(clock(last), g.size, f"<b>goroutine {g.goid}</b> when the program ended", "circle")
    label = f"{g.goid} {g.fn.name}"
    line: dict[str, Any] = {"color": colour, "width": 2, "shape": "hv"}
    figure.add_trace(
        go.Scatter(
            x=size.x, y=size.y, name=escape(label), legendgroup=str(g.goid), mode="lines+markers",
            line=line, marker={"symbol": size.symbol, "size": 8}, text=size.text,
            hovertemplate="%{text}<extra></extra>",
        ),
        row=1, col=1,
    )  # fmt: skip
    if not t.uses.points:
        return
    use = Curve()
    for u in t.uses.points:
        text = f"<b>goroutine {g.goid}</b> at {time_text(u.time)}<br>{u.size:,} bytes in use"
        use.add(clock(u.time), u.size, text)
    figure.add_trace(
        go.Scatter(
            x=use.x, y=use.y, name=f"{escape(label)}: in use", legendgroup=str(g.goid),
            showlegend=False, mode="lines+markers", text=use.text,
            line={"color": colour, "width": 1, "dash": "dot"}, marker={"size": 4},
            hovertemplate="%{text}<extra></extra>",
        ),
        row=1, col=1,
    )  # fmt: skip


def _draw_collections(
    figure: go.Figure, history: History, clock: Clock, low: int, high: int
) -> None:
    marks = Curve()
    for c in history.collections.points:
        text = (
            f"<b>collection {c.number}</b> at {time_text(c.time)}, took {time_text(c.took)}<br>"
            f"heap {bytes_text(c.before)} → {bytes_text(c.live)}<br>"
            f"stacks of {plural(c.goroutines, 'goroutine')}: {bytes_text(c.size)}"
        )
        x = clock(c.time - c.took)
        marks.add(x, low, text)
        marks.add(x, high, text)
        marks.add(None, None)
    if marks.x:
        figure.add_trace(
            go.Scatter(
                x=marks.x, y=marks.y, name="collections", mode="lines+markers", text=marks.text,
                line={"color": "rgba(120,120,120,0.35)", "width": 1},
                marker={"symbol": "line-ns", "size": 9, "line": {"width": 1, "color": "#777"}},
                hovertemplate="%{text}<extra></extra>",
            ),
            row=1, col=1,
        )  # fmt: skip


def _draw_totals(figure: go.Figure, history: History, clock: Clock, last: int) -> None:
    points = history.totals.points
    if not points:
        return
    x = [*(clock(p.time) for p in points), clock(last)]
    size = [*(p.size for p in points), points[-1].size]
    count = [*(p.goroutines for p in points), points[-1].goroutines]
    figure.add_trace(
        go.Scatter(
            x=x, y=size, name="all stacks", mode="lines", fill="tozeroy",
            fillcolor="rgba(31,119,180,0.15)",
            line={"color": COLOURS[0], "width": 1, "shape": "hv"},
            text=[bytes_text(v) for v in size], showlegend=False,
            hovertemplate="all stacks: %{text}<extra></extra>",
        ),
        row=2, col=1, secondary_y=False,
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=x, y=count, name="goroutines", mode="lines", showlegend=False,
            line={"color": COLOURS[1], "width": 1, "shape": "hv"},
            hovertemplate="%{y} goroutines<extra></extra>",
        ),
        row=2, col=1, secondary_y=True,
    )  # fmt: skip


def _bars(s: Summary) -> go.Figure:
    order = tables.by_growth(s)[:BARS]
    order.reverse()  # plotly draws from below
    figure = go.Figure(
        go.Bar(
            x=[c.growths + c.segments for _, c in order],
            y=[f"{escape(f.name)} " for f, _ in order],
            orientation="h",
            text=[
                f"{plural(c.growths + c.segments, 'time')}, up to {bytes_text(c.high)}"
                for _, c in order
            ],
            hovertext=[
                f"{_name(f)}<br>{c.copied:,} bytes copied, {c.adjusted:,} words adjusted"
                for f, c in order
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"color": COLOURS[0]},
        )
    )
    figure.update_layout(
        template="plotly_white", height=90 + 28 * len(order), font={"family": FONT},
        margin={"l": 20, "r": 20, "t": 10, "b": 40},
    )  # fmt: skip
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(title="times that a stack grew")
    return figure
