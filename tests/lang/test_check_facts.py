"""What the checker records for later stages: names, captures, types, order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.objects import Label, Package

from .checking import Checked


def checked(text: str, path: str = "main") -> Package:
    result = Checked(text, path)
    assert result.errors == []
    assert result.package is not None
    return result.package


def infos(pkg: Package) -> Iterator[A.FuncInfo]:
    def walk(info: A.FuncInfo) -> Iterator[A.FuncInfo]:
        yield info
        for lit in info.literals:
            yield from walk(lit)

    for d in pkg.funcs:
        yield from walk(d.info)
    for i in pkg.init_order:
        if i.info is not None:
            yield from walk(i.info)
            return


def nodes(n: Any) -> Iterator[A.Node]:
    """n and all nodes below it."""
    if isinstance(n, list):
        for x in n:
            yield from nodes(x)
    elif isinstance(n, A.Node):
        yield n
        for cls in type(n).__mro__:
            for field in getattr(cls, "__slots__", ()):
                if field not in ("obj", "info", "selection", "type", "target", "value"):
                    yield from nodes(getattr(n, field))


def find(pkg: Package, kind: type) -> list[Any]:
    return [n for n in nodes(pkg.files[0].decls) if type(n) is kind]


def test_functions_have_the_linker_names_of_go() -> None:
    pkg = checked("""package main
type T struct{}
func (*T) P() { _ = func() {} }
func (T) V() { _ = func() { _ = func() {}; _ = func() {} }; _ = func() {} }
var a, b = func() int { return 1 }, func() int { return func() int { return 2 }() }
func init() { _ = func() {} }
func init() { _ = func() {} }
func main() {}
""")
    assert [i.name for i in infos(pkg)] == [
        "main.(*T).P", "main.(*T).P.func1",
        "main.T.V", "main.T.V.func1", "main.T.V.func1.1", "main.T.V.func1.2", "main.T.V.func2",
        "main.init.0", "main.init.0.func1", "main.init.1", "main.init.1.func1", "main.main",
        "main.init", "main.init.func1", "main.init.func2", "main.init.func2.1",
    ]  # fmt: skip
    assert [d.name.name for d in pkg.inits] == ["init", "init"]


def test_link_names_escape_import_paths() -> None:
    pkg = checked("package b\nfunc F() {}\n", "example.com/a/b.v2")
    assert pkg.funcs[0].info.name == "example.com/a/b%2ev2.F"


def test_variables_know_how_they_are_used() -> None:
    pkg = checked("""package main
type S struct{ n int; a [2]int; p *S }
func (s *S) m() {}
func f(param int) (result int) {
	plain := 1
	captured := 2
	reassigned := 3
	reassigned++
	taken := 4
	_ = &taken
	field := S{}
	field.n = 1
	part := S{}
	_ = &part.a[0]
	sliced := [2]int{}
	_ = sliced[:]
	method := S{}
	method.m()
	through := &S{}
	through.n = 1
	through.p.m()
	_ = &through.n
	both := 5
	both, other := 6, 7
	for i := 0; i < 3; i++ {}
	_ = func() { _ = captured + param }
	_, _, _ = plain, both, other
	return
}
func main() { f(1) }
""")
    info = pkg.funcs[1].info
    marks = {
        v.name: "".join(
            letter
            for letter, on in (("c", v.captured), ("a", v.addrtaken), ("r", v.reassigned))
            if on
        )
        for v in info.locals + info.params
    }
    assert marks == {
        "plain": "", "captured": "c", "reassigned": "r", "taken": "a", "field": "r", "part": "a",
        "sliced": "a", "method": "a", "through": "", "both": "r", "other": "", "i": "r",
        "param": "c",
    }  # fmt: skip
    assert all(v.owner is info for v in info.locals + info.params + info.results)
    assert info.params[0].is_param and info.results[0].is_result


def test_captures_pass_through_the_literals_between() -> None:
    pkg = checked("""package main
var global int
func main() {
	x, y := 1, 2
	func() {
		z := x
		func() { _ = y + z + x + global }()
	}()
}
""")
    main, outer, inner = list(infos(pkg))
    assert [v.name for v in outer.captures] == ["x", "y"]
    assert [v.name for v in inner.captures] == ["y", "z", "x"]
    assert main.captures == []
    assert inner.outer is outer and outer.outer is main


def test_defer_and_recover_belong_to_their_own_function() -> None:
    pkg = checked("""package main
func main() {
	defer func() { recover() }()
}
""")
    main, lit = list(infos(pkg))
    assert (main.has_defer, main.has_recover) == (True, False)
    assert (lit.has_defer, lit.has_recover) == (False, True)


@pytest.mark.parametrize(
    ("declarations", "order"),
    [
        ("var a = b\nvar b = c\nvar c = 1", "c b a"),
        ("var a = f()\nfunc f() int { return g() }\nfunc g() int { return b }\nvar b = 2", "b a"),
        ("var x, y = 1, 2\nvar z = y", "x y z"),
        ("var a = func() int { return b }()\nvar b = 1", "b a"),
        ("type T struct{}\nfunc (T) m() int { return b }\nvar a = T.m(T{})\nvar b = 1", "b a"),
        ("var a, b = f()\nfunc f() (int, int) { return c, 1 }\nvar c = 3", "c a,b"),
        ("var a int\nvar b = a", "b"),
        ("var d = a + b\nvar c = 1\nvar b = c\nvar a = 1", "c b a d"),
        ("var _ = a\nvar a = 1", "a _"),
    ],
)
def test_initialisation_order(declarations: str, order: str) -> None:
    pkg = checked(f"package lib\n{declarations}\n", "lib")
    assert " ".join(",".join(v.name for v in i.lhs) for i in pkg.init_order) == order


@pytest.mark.parametrize(
    ("expression", "type_", "value"),
    [
        ("1 + 2", "int", 3),
        ("1 << 3.0", "int", 8),
        ("'a' + 1", "rune", 98),
        ("1.5 * 2", "float64", 3),
        ("1 / 2", "int", 0),
        ("-7 / 2", "int", -3),
        ("-7 % 3", "int", -1),
        ("1 / 2.0 + 1", "float64", 1.5),
        ('"a" + "é"', "string", "a\xc3\xa9"),
        ('"a" < "b"', "bool", True),
        ('len("é")', "int", 2),
        ("^0", "int", -1),
        ("^uint8(1)", "uint8", 254),
        ("uint8(255) &^ 15", "uint8", 240),
        ("float32(0.1) == 0.1", "bool", True),
        ("string(rune(65))", "string", "A"),
        ("min(3, 1, 2)", "int", 1),
        ("max(1, 2.5)", "float64", 2.5),
        ("real(3 + 4i)", "float64", 3),
        ("len([3]int{})", "int", 3),
        ("0x1p-2", "float64", 0.25),
        ("0b101 | 0o17 | 1_000", "int", 1007),
    ],
)
def test_constant_expressions(expression: str, type_: str, value: Any) -> None:
    pkg = checked(f"package lib\nvar x = {expression}\n", "lib")
    x = pkg.init_order[0].rhs
    assert (str(x.type), x.mode) == (type_, A.MODE_CONST)
    assert x.value == value


def test_untyped_operands_get_their_final_types() -> None:
    pkg = checked("""package lib
func f(s uint, x any, p *int) {
	var a int64 = 1 << s
	var b float32 = 1 + 2.5
	x = 1.5
	p = nil
	_ = p == nil
	var c any = 'a'
	println(1, s == 1)
	_, _, _ = a, b, c
}
""", "lib")  # fmt: skip
    literals = {lit.text: str(lit.type) for lit in find(pkg, A.BasicLit)}
    assert literals["1.5"] == "float64"
    assert literals["'a'"] == "rune"
    shift = next(b for b in find(pkg, A.BinaryExpr) if b.op == "<<")
    assert (str(shift.type), str(shift.x.type)) == ("int64", "int64")
    total = next(b for b in find(pkg, A.BinaryExpr) if b.op == "+")
    assert (str(total.type), total.value) == ("float32", 3.5)
    nils = [i for i in find(pkg, A.Ident) if i.name == "nil"]
    assert [(i.mode, str(i.type)) for i in nils] == [(A.MODE_NIL, "*int")] * 2
    equal = [b for b in find(pkg, A.BinaryExpr) if b.op == "=="]
    assert [str(b.type) for b in equal] == ["bool", "bool"]


def test_calls_are_told_apart() -> None:
    pkg = checked("package lib\nfunc f(x int) { f(1); _ = int8(x); println(x); (f)(2) }\n", "lib")
    kinds = [c.kind for c in find(pkg, A.CallExpr)]
    assert kinds == ["call", "conversion", "builtin", "call"]


def test_selections_give_the_path_through_embedded_fields() -> None:
    pkg = checked("""package lib
type A struct{ pad, x int }
func (*A) M() {}
type B struct{ pad int; *A }
type C struct{ B }
func f(c C) {
	_ = c.x
	c.M()
	_ = (*A).M
}
""", "lib")  # fmt: skip
    found = [
        (s.selection.kind, s.sel.name, s.selection.index, s.selection.indirect)
        for s in find(pkg, A.SelectorExpr)
    ]
    assert found == [
        ("field", "x", [0, 1, 1], True),
        ("method", "M", [0, 1], True),
        ("methodexpr", "M", [], True),
    ]


def test_branches_lead_to_their_statements() -> None:
    pkg = checked("""package lib
func f() {
L:
	for {
		switch {
		case true:
			break
		default:
			continue L
		}
		goto M
	}
M:
	println()
}
""", "lib")  # fmt: skip
    brk, cont, goto = find(pkg, A.BranchStmt)
    assert brk.target is find(pkg, A.SwitchStmt)[0]
    assert cont.target is find(pkg, A.ForStmt)[0]
    assert isinstance(goto.target, Label)
    assert goto.target.stmt is find(pkg, A.LabeledStmt)[1]


def test_type_switch_clauses_have_their_own_variables() -> None:
    pkg = checked("""package lib
func f(x any) {
	switch v := x.(type) {
	case int:
		_ = v
	case nil, string:
		_ = v
	}
}
""", "lib")  # fmt: skip
    clauses = find(pkg, A.CaseClause)
    assert [str(c.obj.type) for c in clauses] == ["int", "any"]
    assert pkg.funcs[0].info.locals == [c.obj for c in clauses]


def test_local_types_are_numbered() -> None:
    pkg = checked("""package lib
func f() {
	type T int
	{
		type T string
		_ = func() { type T bool }
	}
}
""", "lib")  # fmt: skip
    assert [(n.obj.func_name, n.obj.local_index, str(n.under)) for n in pkg.named] == [
        ("lib.f", 1, "int"),
        ("lib.f", 2, "string"),
        ("lib.f.func1", 1, "bool"),
    ]


def test_defined_types_share_the_underlying_type() -> None:
    pkg = checked(
        "package lib\ntype A B\ntype B struct{ a *A; c C }\ntype C D\ntype D int\n", "lib"
    )
    types = {n.obj.name: n for n in pkg.named}
    assert types["A"].under is types["B"].under
    assert isinstance(types["A"].under, T.Struct)
    assert types["C"].under is T.INT


def test_promoted_fields_in_literals_are_regrouped() -> None:
    pkg = checked("""package lib
type Z struct{ q int }
type A struct{ x, y int; Z }
type B struct{ A; z int }
var b = B{x: 1, z: 2, y: 3, q: 5}
""", "lib")  # fmt: skip

    def shape(e: A.Expr) -> Any:
        if isinstance(e, A.KeyValueExpr):
            assert isinstance(e.key, A.Ident)
            return (e.key.name, shape(e.value_expr))
        return [shape(x) for x in e.elts] if isinstance(e, A.CompositeLit) else e.value

    assert shape(pkg.init_order[0].rhs) == [
        ("A", [("x", 1), ("y", 3), ("Z", [("q", 5)])]),
        ("z", 2),
    ]
