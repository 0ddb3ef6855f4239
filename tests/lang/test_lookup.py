"""Method sets and what implements what."""

from __future__ import annotations

from gol.lang import lookup
from gol.lang import types as T

from .checking import Checked

TEXT = """package lib
type A struct{ n int }
func (A) V() {}
func (*A) P() {}
type B struct{ A; pad int }
type C struct{ *A }
type I interface{ V(); p() }
type J interface{ I; Z(); error }
type D struct{ I; B }
type E struct{ B; C }
type N int
func (N) String() string { return "" }
type Ptr *A
"""


def types() -> dict[str, T.Type]:
    result = Checked(TEXT, "lib")
    assert result.errors == []
    assert result.package is not None
    return {n: o.type for n, o in result.package.scope.names.items()}


def methods(t: T.Type) -> list[str]:
    return [f"{m.func.name}{m.index}{'*' if m.indirect else ''}" for m in lookup.method_set(t)]


def test_method_sets() -> None:
    ts = types()
    assert methods(ts["A"]) == ["V[]"]
    assert methods(T.Pointer(ts["A"])) == ["P[]*", "V[]*"]
    assert methods(ts["B"]) == ["V[0]"]
    assert methods(T.Pointer(ts["B"])) == ["P[0]*", "V[0]*"]
    assert methods(ts["C"]) == ["P[0]*", "V[0]*"]
    assert methods(ts["J"]) == ["Error[]", "V[]", "Z[]", "p[]"]
    assert methods(ts["D"]) == ["V[0]", "p[0]"]
    assert methods(ts["E"]) == []  # ambiguous
    assert methods(ts["N"]) == ["String[]"]
    assert methods(ts["Ptr"]) == []
    assert methods(T.Pointer(ts["I"])) == []
    assert methods(T.INT) == []


def test_implementation() -> None:
    ts = types()
    i, j = ts["I"], ts["J"]
    assert lookup.implements(j, i) and not lookup.implements(i, j)
    missing = lookup.missing_method(ts["A"], i, True)
    assert missing is not None and missing[1] == "(missing method p)"
    assert lookup.implements(ts["D"], i)


def test_lookup_follows_embedded_fields() -> None:
    ts = types()
    found = lookup.lookup(ts["B"], False, None, "V")
    assert found.index == [0] and not found.indirect
    hidden = lookup.lookup(ts["B"], False, None, "P")
    assert hidden.obj is None and hidden.indirect
    ambiguous = lookup.lookup(ts["E"], True, None, "V")
    assert ambiguous.obj is None and ambiguous.index is not None
