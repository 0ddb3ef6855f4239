"""No source, whatever its bytes, makes the front end's first stage fail: it has a tree, or
errors at places inside the file."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from gol.lang.diagnostics import Diagnostics
from gol.lang.lexer import KEYWORDS, OPERATORS
from gol.lang.parser import parse_entry, parse_expr, parse_file
from gol.lang.source import SourceSet, decode

PROGRAM = """package main

import ( "fmt"; m "math" )

type ( T struct { a, b int `tag`; *U; p.Q }; L [n]T; G[P any, Q ~[]P | *C] map[P]Q )
type I interface { M(x int, y ...string) (z error); fmt.Stringer; ~int | float64 }
const ( a, b = iota, 1 << iota; c; d string = "x" + `y` )
var f, g func(int) <-chan T = nil, func(x int) <-chan T { return make(chan T, 'x') }

//go:noinline
func (t *T) m(i, j int, xs ...[]int) (n int, err error) {
	if v, ok := t.x.(*T); ok && v == (&T{1, b: 2}) { return 0x1F + 1.5e3i, nil } else if !ok {}
L:	for i := 0; i < 10; i++ { continue L }
	for k, v := range map[string][]int{"a": {1}, "b": {}} { x[k][1:2:3], y = v, -k }
	switch t := x.(type) { case int, []T: goto L; default: }
	switch { case a < b: fallthrough; case <-c <= 1: }
	select { case x, ok := <-ch: break; case ch <- f(xs...): default: defer func() {}() }
	go g(1)(2); var z [3]struct{}; type Y = Z; i += 1; *p &^= 3
	return
}
"""

WORDS = [
    *KEYWORDS, *OPERATORS, "x", "T", "1", "0x", "1.5", "'a'", '"s"', "`r`", "\n", ";", "_",
    "'", '"', "`", "//", "/*", "\\", "é", "\ufeff", "\0", "@",
]  # fmt: skip


def check(text: str) -> None:
    for parse in (parse_file, parse_entry, parse_expr):
        sources = SourceSet()
        diags = Diagnostics(sources)
        source = sources.add("p.go", text)
        tree = parse(source, diags)
        assert tree is not None or diags
        for d in diags.sorted():
            assert source.base <= d.pos <= source.base + len(text)
            assert d.message
            assert sources.position(d.pos).line >= 1


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(decode(data))


@given(st.text(max_size=100))
def test_any_text_in_a_function(text: str) -> None:
    # text may have lone surrogates, as decoded sources do
    check(f"package p\nfunc f() {{\n{text}\n}}\n")


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_tokens(words: list[str]) -> None:
    check("package p\n" + " ".join(words))
    check("package p\nfunc f() {\n" + " ".join(words) + "\n}\n")


@settings(max_examples=200)
@given(
    st.integers(0, len(PROGRAM)),
    st.integers(0, 30),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.integers(0, len(PROGRAM)),
)
def test_a_program_with_a_piece_replaced(at: int, n: int, words: list[str], end: int) -> None:
    text = PROGRAM[:at] + " ".join(words) + PROGRAM[at + n :]
    check(text)
    check(text[:end])


def test_the_program_itself() -> None:
    sources = SourceSet()
    diags = Diagnostics(sources)
    assert parse_file(sources.add("p.go", PROGRAM), diags) is not None
    assert not diags
