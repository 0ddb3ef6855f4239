"""Escape analysis decides, and says, what Go's compiler does.

``data/escape.want`` is what ``go build -gcflags='-m -l'`` of Go 1.27.3 prints for
``data/escape.gol``, but for three optimisations of Go's that gol does not have: slices
made with a small variable size in the frame, devirtualised calls, and conversions between
strings and bytes that copy nothing.
"""

from __future__ import annotations

from pathlib import Path

from gol.lang import ast as A
from gol.lang import escape
from gol.lang.check import check_package
from gol.lang.diagnostics import Diagnostics
from gol.lang.objects import Func, Package
from gol.lang.parser import parse_file
from gol.lang.source import SourceSet

DATA = Path(__file__).parent / "data"


def analysed(text: str) -> tuple[SourceSet, Package, escape.Escapes]:
    sources = SourceSet()
    diags = Diagnostics(sources)
    file = parse_file(sources.add("escape.gol", text), diags)
    assert file is not None
    pkg = check_package("main", [file], lambda path: None, diags)
    assert not diags, [d.message for d in diags.sorted()]
    assert pkg is not None
    return sources, pkg, escape.analyse(pkg, explain=True)


def test_messages_are_those_of_go() -> None:
    sources, _, escapes = analysed((DATA / "escape.gol").read_text())
    got = []
    for pos, message in escapes.messages:
        p = sources.position(pos)
        got.append(f"{p.line}:{p.column}: {message}")
    assert sorted(got) == sorted((DATA / "escape.want").read_text().splitlines())


def heap_variables(body: str) -> set[str]:
    _, pkg, _ = analysed(f"package main\n\nvar sink any\n\n{body}\n\nfunc main() {{}}\n")
    out = set()
    for decl in pkg.funcs:
        todo: list[A.FuncInfo] = [decl.info]
        while todo:
            info = todo.pop()
            out |= {v.name for v in info.params + info.locals if v.heap}
            todo += info.literals
    return out


def test_pointer_kept_across_iterations_moves_the_variable() -> None:
    assert heap_variables(
        "func f() { var p *int; for i := 0; i < 3; i++ { v := i; w := i; p = &v; q := &w; _ = q };"
        " _ = p }"
    ) == {"v"}


def test_goto_backwards_is_a_loop() -> None:
    assert heap_variables(
        "func f(n int) { var p *int\nagain:\n\tv := n; n--\n"
        "\tif n > 0 { p = &v; goto again }\n\t_ = p }"
    ) == {"v"}


def test_cycle_of_functions_is_solved_together() -> None:
    assert (
        heap_variables(
            "func f(p *int, n int) { x := n; if n > 0 { g(&x, n-1) } }\n"
            "func g(p *int, n int) { y := n; if n > 0 { f(&y, n-1) } }"
        )
        == set()
    )
    assert heap_variables(
        "func f(p *int, n int) { x := n; if n > 0 { g(&x, n-1) } }\n"
        "func g(p *int, n int) { y := n; if n > 0 { f(&y, n-1) } else { sink = p } }"
    ) == {"x"}


def test_unknown_callee_lets_arguments_escape() -> None:
    assert heap_variables("func f(h func(*int)) { x := 1; h(&x) }") == {"x"}


def test_summary_tells_what_leaks() -> None:
    _, pkg, _ = analysed(
        "package main\n\nvar sink *int\n\n"
        "func f(a *int, b *int, c **int, n int) *int { sink = *c; return b }\n\nfunc main() {}\n"
    )
    f = pkg.scope.names["f"]
    assert isinstance(f, Func)
    a, b, c, n = f.escape
    assert (a.heap, a.results) == (-1, {})
    assert (b.heap, b.results) == (-1, {0: 0})
    assert (c.heap, c.results) == (1, {})
    assert n is None
