"""Export data: what is read back means what was written, and refers to the same things."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gol.lang import export
from gol.lang import types as T
from gol.lang.constant import Complex
from gol.lang.objects import Const, Func, Package, TypeName, Var
from gol.lang.universe import ERROR

from .checking import Checked

TEXT = """package lib
import "fmt"
import "unsafe"
type Node struct { Next, prev *Node; Items []Item `json:"items"`; fmt.Stringer }
type Item map[string]chan<- func(n *Node, rest ...any) (Item, error)
func (n *Node) Walk(f func(*Node) bool) (count int) { return 0 }
func (n Node) value() [4]complex64 { return [4]complex64{} }
type Walker interface { fmt.Stringer; Walk(f func(*Node) bool) (count int); hidden() Walker }
type Alias = []Node
type Number int
type P = unsafe.Pointer
const Big = 1 << 100
const Ratio = 1.0 / 3
const Typed Number = 7
const Text = "é\\xff"
const Yes = 1 < 2
const Im = 1.5 + 2i
var Default, other = &Node{}, 1
//go:noinline
func New(items ...Item) (*Node, error) { type local struct{ n Number }; return nil, nil }
func helper(x struct{ A, b int }) <-chan (chan int)
"""


def written() -> tuple[Package, Package]:
    result = Checked(TEXT, "lib")
    assert result.errors == []
    assert result.package is not None
    for d in result.package.funcs:
        d.name.obj.escape = [d.name.name]  # type: ignore[union-attr]
    from gol.lang.universe import UNSAFE

    packages: dict[str, Any] = {"fmt": result.importer("fmt"), "unsafe": UNSAFE}
    return result.package, export.load(export.dump(result.package), packages.get)


def describe(pkg: Package) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, o in pkg.scope.names.items():
        facts: list[Any] = [type(o).__name__, str(o.type)]
        if isinstance(o, Func):
            directives = [d for d in o.directives if d != "gol:bodyless"]
            facts += [o.link_name, directives, o.escape]
        if isinstance(o, Const):
            facts.append(o.value)
        if isinstance(o, TypeName):
            facts += [o.alias, str(o.type.underlying())]
            if isinstance(o.type, T.Named):
                facts += [
                    (m.name, str(m.type), m.ptr_recv, m.link_name, m.escape) for m in o.type.methods
                ]
        out[name] = facts
    return out


def test_objects_come_back_as_they_were() -> None:
    before, after = written()
    assert describe(after) == describe(before)
    assert (after.path, after.name, after.complete) == ("lib", "lib", True)
    assert [p.path for p in after.imports] == ["fmt", "unsafe"]
    assert [n.obj.name for n in after.named] == [n.obj.name for n in before.named]
    assert after.named[-1].obj.func_name == "lib.New"
    assert after.files == []


def test_constants_are_exact() -> None:
    _, pkg = written()
    values = {n: o.value for n, o in pkg.scope.names.items() if isinstance(o, Const)}
    assert values == {
        "Big": 1 << 100, "Ratio": Fraction(1, 3), "Typed": 7, "Text": "\xc3\xa9\xff",
        "Yes": True, "Im": Complex(Fraction(3, 2), 2),
    }  # fmt: skip


def test_types_of_others_are_the_same_objects() -> None:
    before, after = written()
    node = after.scope.names["Node"].type
    assert isinstance(node, T.Named)
    assert node is not before.scope.names["Node"].type
    under = node.underlying()
    assert isinstance(under, T.Struct)
    fmt = after.imports[0]
    assert under.fields[3].type is fmt.scope.names["Stringer"].type
    assert under.fields[3].embedded and under.fields[1].pkg is after
    new = after.scope.names["New"]
    assert isinstance(new.type, T.Signature)
    assert new.type.results[1].type is ERROR
    pointer = new.type.results[0].type
    assert isinstance(pointer, T.Pointer) and pointer.elem is node
    default = after.scope.names["Default"]
    assert isinstance(default, Var) and default.type.elem is node  # type: ignore[attr-defined]


def test_importers_cannot_tell_the_difference() -> None:
    _, lib = written()
    user = Checked(
        """package main
import "lib"
type w struct{}
func (w) String() string { return "" }
func main() {
	n, err := lib.New(nil)
	_ = n.Walk(func(*lib.Node) bool { return err == nil })
	var x lib.Number = lib.Typed + 1
	_ = [lib.Typed]int{}
	var s lib.Walker = n
	_ = lib.Alias{*n}
	_ = x
	n.value()
}
""",
        library={"lib": lib},
    )
    assert user.errors == [
        "10:6: declared and not used: s",
        "10:21: cannot use n (variable of type *lib.Node) as lib.Walker value in variable"
        " declaration: *lib.Node does not implement lib.Walker (missing method hidden)",
        "13:4: n.value undefined (cannot refer to unexported method value)",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"garbage", b"\\x80\\x04.", export.dump(Package("a", "a"))[:20]]
)
def test_broken_data_is_refused(data: bytes) -> None:
    with pytest.raises(export.ExportError):
        export.load(data, lambda path: None)


def test_a_missing_import_is_refused() -> None:
    before, _ = written()
    with pytest.raises(export.ExportError):
        export.load(export.dump(before), lambda path: None)
