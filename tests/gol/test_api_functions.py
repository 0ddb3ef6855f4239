"""The Python API: what functions and modules say of themselves, and where tracebacks show them."""

from __future__ import annotations

import inspect
import pydoc
import sys
import traceback
from pathlib import Path

import pytest

import gol

SOURCE = '''\
// Package words has what people ask about.
// It goes on.
package words

import "errors"

// A Point is a place.
type Point struct{ X, Y int }

// Move adds to both.
func (p *Point) Move(dx, dy int) { p.X += dx; p.Y += dy }

type Named struct{ Point }

// Color has a comment.
type Color int

// Div divides.
//
//go:noinline
func Div(a, b int) (int, error) {
	if b == 0 {
		return 0, errors.New("zero")
	}
	return a / b, nil
}

func All(first string, more ...[]float64) (int, string) { return len(more), first }

func blank(_ int, b bool) {}

func words(self, def, _gol_call, été int) int { return self + 10*def + 100*_gol_call + 1000*été }

func class(lambda int) int { return lambda }

var with = 5

func apply(f func(int) int, x int) int {
	return f(x)
}

func index(xs []int, i int) int {
	return xs[i]
}

func join(f func(string, ...int) int) int { return f("a", 1, 2) }

func sep(s string, xs ...int) int { return len(xs) }

func take() func(string, ...int) int { return sep }
'''


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    p = tmp_path_factory.mktemp("words") / "words.gol"
    p.write_text(SOURCE)
    return p


@pytest.fixture(scope="module")
def m(path: Path) -> gol.Module:
    return gol.load(path)


def test_signatures(m: gol.Module) -> None:
    for name, want in (
        ("Div", "(a: 'int', b: 'int') -> 'int'"),
        ("All", "(first: 'string', *more: '[]float64') -> '(int, string)'"),
        ("blank", "(_1: 'int', b: 'bool') -> 'None'"),
        ("words", "(self: 'int', def_: 'int', _gol_call_: 'int', été: 'int') -> 'int'"),
        ("class_", "(lambda_: 'int') -> 'int'"),
        ("take", "() -> 'func(string, ...int) int'"),
    ):
        assert str(inspect.signature(getattr(m, name))) == want
    assert str(inspect.signature(m.Point.Move)) == "(self, dx: 'int', dy: 'int') -> 'None'"
    assert str(inspect.signature(m.Point(1, 2).Move)) == "(dx: 'int', dy: 'int') -> 'None'"


def test_names_that_mean_something_in_python(m: gol.Module) -> None:
    assert m.words(1, def_=2, _gol_call_=3, été=4) == 4321
    assert m.class_(lambda_=3) == getattr(m, "class")(3) == 3
    assert m.with_ == 5
    m.with_ = 6
    assert m.with_ == getattr(m, "with") == 6
    assert {"class_", "with_", "Div"} <= set(dir(m)) and "class" not in dir(m)


def test_documentation(m: gol.Module) -> None:
    assert m.__doc__ == "Package words has what people ask about.\nIt goes on."
    assert m.Div.__doc__ == "func Div(a, b int) (int, error)\n\nDiv divides."
    assert m.class_.__doc__ == "func class(lambda int) int"
    assert m.Point.__doc__ == "type Point struct{ X, Y int }\n\nA Point is a place."
    assert m.Point.Move.__doc__ == "func (p *Point) Move(dx, dy int)\n\nMove adds to both."
    assert m.Named.Move.__doc__ == m.Point.Move.__doc__
    assert m.Color.__doc__ == "type Color int\n\nColor has a comment."
    assert m.Div.__module__ == m.Point.__module__ == m.__name__ == "words"
    text = pydoc.plain(pydoc.render_doc(m))
    for part in ("Div(a: 'int', b: 'int') -> 'int'", "Div divides.", "class Point", "It goes on."):
        assert part in text, text


def test_func_values_say_how_many_arguments_they_take(m: gol.Module) -> None:
    f = m.take()
    assert f("a") == 0 and f("a", 1, 2) == 2 and m.join(f) == 2
    with pytest.raises(TypeError, match=r"\.\.\.int\) int takes at least 1 argument, got 0"):
        f()


def test_tracebacks_show_both(m: gol.Module, path: Path) -> None:
    def fail(x: int) -> int:
        raise LookupError("no such thing")

    with pytest.raises(LookupError) as e:
        m.apply(lambda x: m.apply(fail, x), 1)
    text = "".join(traceback.format_exception(e.value))
    line = SOURCE[: SOURCE.index("func apply")].count("\n") + 1
    places = [(f.name, Path(f.filename).name) for f in traceback.extract_tb(e.value.__traceback__)]
    ours = [p for p in places if p[1] in ("callables.py", "host.py")]
    assert not ours, text
    here = [p for p in places if p[1] not in ("call.py", "bridge.py")]
    file, name = Path(__file__).name, path.name
    assert here == [
        ("test_tracebacks_show_both", file),
        ("apply", name),
        ("<lambda>", file),
        ("apply", name),
        ("fail", file),
    ]
    shown = f'File "{path}", line {line}, in apply\n    func apply(f func(int) int, x int) int {{\n'
    assert text.count(shown) == 2, text
    if sys.version_info < (3, 13):
        assert f"{shown}  File" in text, text  # nothing is underlined there
    notes = e.value.__notes__
    assert len(notes) == 2
    for note in notes:
        lines = note.split("\n")
        assert lines[0].startswith("goroutine ") and lines[1].startswith("words.apply("), note
        assert lines[2].startswith(f"\t{path}:{line + 1}") and len(lines) == 3, note

    with pytest.raises(gol.Panic) as panic:
        m.index([1], 2)
    frames = traceback.extract_tb(panic.value.__traceback__)
    assert ("index", str(path)) in [(f.name, f.filename) for f in frames]


def test_errors_have_values() -> None:
    m = gol.compile("""
package codes

import (
	"errors"
	"fmt"
)

type Code struct {
	N    int
	Text string
}

func (c *Code) Error() string { return c.Text }

type Small int

func (s Small) Error() string { return "small" }

var Gone = errors.New("gone")
var Known = &Code{5, "five"}

func gone() error         { return Gone }
func known() error        { return Known }
func other() error        { return &Code{5, "five"} }
func small() (int, error) { return 1, Small(3) }
func wrapped() error      { return fmt.Errorf("so: %w", Known) }
""")

    def error(f: object) -> gol.Error:
        with pytest.raises(gol.Error) as e:
            f()  # type: ignore[operator]
        return e.value

    known, gone = error(m.known), error(m.gone)
    assert (known.value.N, known.value.Text) == (5, "five")
    known.value.N = 6
    assert m.Known.N == 6
    assert error(m.small).value == 3 and error(m.small).results == 1
    assert gone == m.Gone == error(m.gone) and hash(gone) == hash(m.Gone)
    assert known == error(m.known) and known not in (gone, error(m.other), error(m.wrapped))
    assert error(m.small) != error(m.small)
    mine = gol.Error("mine")
    assert mine == mine and mine != gol.Error("mine") and mine.value is None
    assert len({mine, gone, m.Gone, known}) == 3


def test_initialisers_that_fail() -> None:
    source = "package fails\n\nvar n = f()\n\nfunc f() int { panic(5) }\n"
    with pytest.raises(gol.Panic) as e:
        gol.compile(source)
    assert e.value.value == 5
    with pytest.raises(RuntimeError, match="initialisation of module fails has failed") as again:
        gol.compile(source)
    assert again.value.__cause__ is e.value
