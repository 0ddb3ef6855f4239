"""Trees: what the parser makes of right programs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gol.lang import ast, parser_tables

from .parsing import Parsed, decl, expr, show, stmts


# ---------------------------------------------------------------- expressions
@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a || b && c == d + e * f", "(a || (b && (c == (d + (e * f)))))"),
        ("a * b == c && d || e", "((((a * b) == c) && d) || e)"),
        ("a << b + c &^ d | e", "(((a << b) + (c &^ d)) | e)"),
        ("-a * +b", "((- a) * (+ b))"),
        ("!a == b", "((! a) == b)"),
        ("^a & b", "((^ a) & b)"),
        ("&a.b", "(& SelectorExpr(a b))"),
        ("*p.x", "(* SelectorExpr(p x))"),
        ("*p * *q", "((* p) * (* q))"),
        ("<-c + 1", "((<- c) + 1)"),
        ("a < b == c", "((a < b) == c)"),
        ("(a + b) * c", "(ParenExpr((a + b)) * c)"),
    ],
)
def test_operators(text: str, want: str) -> None:
    assert expr(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("f(a, b...)", "CallExpr(f [a b] ...)"),
        ("f(a,\n)", "CallExpr(f [a])"),
        ("x.f()(1).g", "SelectorExpr(CallExpr(CallExpr(SelectorExpr(x f) []) [1]) g)"),
        ("x[1]", "IndexExpr(x [1])"),
        ("f[int, []T](x)", "CallExpr(IndexExpr(f [int ArrayType(- T)]) [x])"),
        ("x[:]", "SliceExpr(x - - - False)"),
        ("x[1:]", "SliceExpr(x 1 - - False)"),
        ("x[:2]", "SliceExpr(x - 2 - False)"),
        ("x[1:2]", "SliceExpr(x 1 2 - False)"),
        ("x[:2:3]", "SliceExpr(x - 2 3 True)"),
        ("x[1:2:3]", "SliceExpr(x 1 2 3 True)"),
        ("x.(T)", "TypeAssertExpr(x T)"),
        ("x.(*p.T)", "TypeAssertExpr(x (* SelectorExpr(p T)))"),
        ("T.M", "SelectorExpr(T M)"),
        ("(*T).M", "SelectorExpr(ParenExpr((* T)) M)"),
        ("interface{ M() }.M", None),
        ("[]byte(s)", "CallExpr(ArrayType(- byte) [s])"),
        ("(func())(x)", "CallExpr(ParenExpr(FuncType(- [] [])) [x])"),
        ("chan int(x)", "CallExpr(ChanType(both int) [x])"),
        ("<-chan int(x)", "(<- CallExpr(ChanType(both int) [x]))"),
        ("(<-chan int)(x)", "CallExpr(ParenExpr(ChanType(recv int)) [x])"),
        ("(<-chan<- chan int)(x)",
         "CallExpr(ParenExpr(ChanType(recv ChanType(recv int))) [x])"),
        ("make(chan<- int, 1)", "CallExpr(make [ChanType(send int) 1])"),
        ("make(map[string][]int)", "CallExpr(make [MapType(string ArrayType(- int))])"),
        ("new(struct{})", "CallExpr(new [StructType([])])"),
        ("func(a, b int) (c T) { return }(1)",
         "CallExpr(FuncLit(FuncType(- [Field([a b] int -)] [Field([c] T -)]) "
         "BlockStmt([ReturnStmt([])])) [1])"),
    ],
)  # fmt: skip
def test_operands(text: str, want: str | None) -> None:
    assert want is None or expr(text) == want
    if want is None:
        assert Parsed(text, "expr").errors == []


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("T{}", "CompositeLit(T [])"),
        ("p.T{1, 2}", "CompositeLit(SelectorExpr(p T) [1 2])"),
        ("&T{a: 1,\n}", "(& CompositeLit(T [KeyValueExpr(a 1)]))"),
        ("[]T{{1}, {}}", "CompositeLit(ArrayType(- T) [CompositeLit(- [1]) CompositeLit(- [])])"),
        ("[...]int{5: 1, 2}",
         "CompositeLit(ArrayType(Ellipsis(-) int) [KeyValueExpr(5 1) 2])"),
        ("[2]*T{{}, nil}", "CompositeLit(ArrayType(2 (* T)) [CompositeLit(- []) nil])"),
        ("map[K]V{{1}: {2}}",
         "CompositeLit(MapType(K V) [KeyValueExpr(CompositeLit(- [1]) CompositeLit(- [2]))])"),
        ("struct{ a int }{1}", "CompositeLit(StructType([Field([a] int -)]) [1])"),
        ("T[int]{1}", "CompositeLit(IndexExpr(T [int]) [1])"),
        ("T{1}.a", "SelectorExpr(CompositeLit(T [1]) a)"),
        ("[]func() T{nil}", "CompositeLit(ArrayType(- FuncType(- [] [Field([] T -)])) [nil])"),
    ],
)  # fmt: skip
def test_composite_literals(text: str, want: str) -> None:
    assert expr(text) == want


@pytest.mark.parametrize(
    "header",
    [
        "if x == (T{1}) {",
        "if x {",
        "if f() {",
        "if x.y {",
        "if a[i] {",
        "if x.(bool) {",
        "if v, ok := m[T{1}]; ok {",
        "if f(T{1}) {",
        "if []int{1}[0] == 1 {",
        "if x == struct{}{} {",
        "if f := func() T { return T{} }; f() == y {",
        "if func() bool { return true }() {",
        "if x == [2]int{1, 2} {",
        "for x {",
        "for range f() {",
        "for _, x := range []T{{1}, {2}} {",
        "for _, x := range xs {",
        "for k := range map[string]T{} {",
        "for i := 0; i < n; i++ {",
        "for ; ; i = (T{1}).n {",
        "for ;; {",
        "for {",
        "switch x := y.(type) {",
        "switch x {",
        "switch f() {",
        "switch {",
        "switch x := f(); x {",
        "switch x := f(); {",
        "select {",
    ],
)
def test_the_brace_after_a_header_opens_its_block(header: str) -> None:
    body = "" if header.startswith(("switch", "select")) else "y = T{2}"
    p = Parsed(f"{header}\n{body}\n}}\nz = T{{3}}", "entry")
    assert p.errors == []
    assert show(p.tree[-1]) == "AssignStmt([z] = [CompositeLit(T [3])])"
    assert len(p.tree) == 2


# ----------------------------------------------------------------- statements
@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "[]"),
        (";;", "[]"),
        ("x", "[ExprStmt(x)]"),
        ("a, b = b, a", "[AssignStmt([a b] = [b a])]"),
        ("a := 1; b := 2", "[AssignStmt([a] := [1]) AssignStmt([b] := [2])]"),
        ("a <<= 1", "[AssignStmt([a] << [1])]"),
        ("a &^= 1", "[AssignStmt([a] &^ [1])]"),
        ("a++", "[IncDecStmt(a ++)]"),
        ("*p--", "[IncDecStmt((* p) --)]"),
        ("c <- <-d", "[SendStmt(c (<- d))]"),
        ("go f()", "[GoStmt(CallExpr(f []))]"),
        ("defer func() {}()", "[DeferStmt(CallExpr(FuncLit(FuncType(- [] []) BlockStmt([])) []))]"),
        ("return", "[ReturnStmt([])]"),
        ("return a, b", "[ReturnStmt([a b])]"),
        ("break; continue L; goto L; fallthrough",
         "[BranchStmt(break -) BranchStmt(continue L) BranchStmt(goto L) "
         "BranchStmt(fallthrough -)]"),
        ("{ x }", "[BlockStmt([ExprStmt(x)])]"),
        ("L: x", "[LabeledStmt(L ExprStmt(x))]"),
        ("{ L: }", "[BlockStmt([LabeledStmt(L EmptyStmt(True))])]"),
        ("L: M: for {}", "[LabeledStmt(L LabeledStmt(M ForStmt(- - - BlockStmt([]))))]"),
        ("var a, b int = 1, 2", "[DeclStmt(GenDecl(var [ValueSpec([a b] int [1 2] 0)]))]"),
        ("type T = []int", "[DeclStmt(GenDecl(type [TypeSpec(T - True ArrayType(- int))]))]"),
        ("if a {} else if b {} else {}",
         "[IfStmt(- a BlockStmt([]) IfStmt(- b BlockStmt([]) BlockStmt([])))]"),
        ("if x := 1; x > 0 {}",
         "[IfStmt(AssignStmt([x] := [1]) (x > 0) BlockStmt([]) -)]"),
        ("if ; x {}", "[IfStmt(- x BlockStmt([]) -)]"),
        ("for a {}", "[ForStmt(- a - BlockStmt([]))]"),
        ("for i := 0; ; i++ {}",
         "[ForStmt(AssignStmt([i] := [0]) - IncDecStmt(i ++) BlockStmt([]))]"),
        ("for range 10 {}", "[RangeStmt(- - False 10 BlockStmt([]))]"),
        ("for k, v := range m {}", "[RangeStmt(k v True m BlockStmt([]))]"),
        ("for a[0] = range m {}", "[RangeStmt(IndexExpr(a [0]) - False m BlockStmt([]))]"),
        ("switch x { case 1, 2: f(); fallthrough; default: }",
         "[SwitchStmt(- x [CaseClause([1 2] [ExprStmt(CallExpr(f [])) "
         "BranchStmt(fallthrough -)]) CaseClause(- [])])]"),
        ("switch x := y.(type) { case int, []T, func(): }",
         "[TypeSwitchStmt(- x y [CaseClause([int ArrayType(- T) FuncType(- [] [])] [])])]"),
        ("switch a := f(); a.(type) {}",
         "[TypeSwitchStmt(AssignStmt([a] := [CallExpr(f [])]) - a [])]"),
        ("select { case x, ok := <-c: case c <- 1: default: y }",
         "[SelectStmt([CommClause(AssignStmt([x ok] := [(<- c)]) []) "
         "CommClause(SendStmt(c 1) []) CommClause(- [ExprStmt(y)])])]"),
        ("select { case <-c: }", "[SelectStmt([CommClause(ExprStmt((<- c)) [])])]"),
    ],
)  # fmt: skip
def test_statements(text: str, want: str) -> None:
    assert stmts(text) == want


# --------------------------------------------------------------- declarations
@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('import "fmt"', 'GenDecl(import [ImportSpec(- "fmt")])'),
        ('import (\n\tm "math"\n\t. "os"\n\t_ "x"\n)',
         'GenDecl(import [ImportSpec(m "math") ImportSpec(. "os") ImportSpec(_ "x")])'),
        ("const (\n\ta = iota\n\tb\n\tc, d T = 1, 2\n)",
         "GenDecl(const [ValueSpec([a] - [iota] 0) ValueSpec([b] - [] 1) "
         "ValueSpec([c d] T [1 2] 2)])"),
        ("var ()", "GenDecl(var [])"),
        ("var x [3]int", "GenDecl(var [ValueSpec([x] ArrayType(3 int) [] 0)])"),
        ("type (\n\tA int\n\tB = A\n)",
         "GenDecl(type [TypeSpec(A - False int) TypeSpec(B - True A)])"),
        ("type T struct { a, b int `t`; *P; q.Q; n [2]T; f func(); G[int]; _ []x }",
         "GenDecl(type [TypeSpec(T - False StructType([Field([a b] int `t`) Field([] (* P) -) "
         "Field([] SelectorExpr(q Q) -) Field([n] ArrayType(2 T) -) "
         "Field([f] FuncType(- [] []) -) Field([] IndexExpr(G [int]) -) "
         "Field([_] ArrayType(- x) -)]))])"),
        ("type I interface { M(int) string; E; p.F; ~int | string; G[int] }",
         "GenDecl(type [TypeSpec(I - False InterfaceType([Field([M] "
         "FuncType(- [Field([] int -)] [Field([] string -)]) -) Field([] E -) "
         "Field([] SelectorExpr(p F) -) Field([] ((~ int) | string) -) "
         "Field([] IndexExpr(G [int]) -)]))])"),
        ("type T [n]int", "GenDecl(type [TypeSpec(T - False ArrayType(n int))])"),
        ("type T [n * 2]int", "GenDecl(type [TypeSpec(T - False ArrayType((n * 2) int))])"),
        ("type T [2]int", "GenDecl(type [TypeSpec(T - False ArrayType(2 int))])"),
        ("type T []int", "GenDecl(type [TypeSpec(T - False ArrayType(- int))])"),
        ("type T[P any] int", "GenDecl(type [TypeSpec(T [Field([P] any -)] False int)])"),
        ("type T[P, Q any, R ~[]P] int",
         "GenDecl(type [TypeSpec(T [Field([P Q] any -) Field([R] (~ ArrayType(- P)) -)] "
         "False int)])"),
        ("type T[P *C,] int", "GenDecl(type [TypeSpec(T [Field([P] (* C) -)] False int)])"),
        ("type T[P *int|string] int", "GenDecl(type [TypeSpec(T - False "
         "ArrayType(((P * int) | string) int))])"),
        ("type T[P *C|~int, Q any] int",
         "GenDecl(type [TypeSpec(T [Field([P] ((* C) | (~ int)) -) Field([Q] any -)] "
         "False int)])"),
        ("type T[P []int] int",
         "GenDecl(type [TypeSpec(T [Field([P] ArrayType(- int) -)] False int)])"),
        ("type T[P interface{}] = int",
         "GenDecl(type [TypeSpec(T [Field([P] InterfaceType([]) -)] True int)])"),
    ],
)  # fmt: skip
def test_declarations(text: str, want: str) -> None:
    assert decl(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("func f()", "[] []"),
        ("func f(int, p.T, []x, ...y)",
         "[Field([] int -) Field([] SelectorExpr(p T) -) Field([] ArrayType(- x) -) "
         "Field([] Ellipsis(y) -)] []"),
        ("func f(a, b int, c T, d ...U)",
         "[Field([a b] int -) Field([c] T -) Field([d] Ellipsis(U) -)] []"),
        ("func f(a, b)", "[Field([] a -) Field([] b -)] []"),
        ("func f(a [n]int, b []T, c [...]x)",
         "[Field([a] ArrayType(n int) -) Field([b] ArrayType(- T) -) "
         "Field([c] ArrayType(Ellipsis(-) x) -)] []"),
        ("func f(G[int], H[a, b])",
         "[Field([] IndexExpr(G [int]) -) Field([] IndexExpr(H [a b]) -)] []"),
        ("func f(x G[int],\n)", "[Field([x] IndexExpr(G [int]) -)] []"),
        ("func f(c <-chan int, d chan<- chan int)",
         "[Field([c] ChanType(recv int) -) Field([d] ChanType(send ChanType(both int)) -)] []"),
        ("func f() int", "[] [Field([] int -)]"),
        ("func f() (int, error)", "[] [Field([] int -) Field([] error -)]"),
        ("func f() (n int, err error)", "[] [Field([n] int -) Field([err] error -)]"),
        ("func f() func() []T",
         "[] [Field([] FuncType(- [] [Field([] ArrayType(- T) -)]) -)]"),
        ("func f() <-chan T", "[] [Field([] ChanType(recv T) -)]"),
    ],
)  # fmt: skip
def test_signatures(text: str, want: str) -> None:
    assert decl(text) == f"FuncDecl(- f FuncType(- {want}) - [])"


def test_methods_and_type_parameters() -> None:
    assert decl("func (t *T) m() { x }") == (
        "FuncDecl(Field([t] (* T) -) m FuncType(- [] []) BlockStmt([ExprStmt(x)]) [])"
    )
    assert decl("func (T[P]) m()") == (
        "FuncDecl(Field([] IndexExpr(T [P]) -) m FuncType(- [] []) - [])"
    )
    assert decl("func f[P, Q any, S ~[]E | *E](x P)") == (
        "FuncDecl(- f FuncType([Field([P Q] any -) Field([S] ((~ ArrayType(- E)) | (* E)) -)] "
        "[Field([x] P -)] []) - [])"
    )


def test_directives_belong_to_the_next_function() -> None:
    text = """package p
//go:noinline
// comment

//gol:nosplit
func f() {
	//go:inside
}
//go:late
var x int
func g() {}
//go:noescape
func h() //go:after
"""
    directives = {d.name.name: d.directives for d in Parsed(text).tree.decls[:1]}
    assert directives == {"f": ["//go:noinline", "//gol:nosplit"]}
    assert [d.directives for d in Parsed(text).tree.decls[2:]] == [[], ["//go:noescape"]]


def test_imports_are_collected() -> None:
    tree = Parsed('package p\nimport "a"\nimport (\n"b"; c "d"\n)\n').tree
    assert [spec.path.text for spec in tree.imports] == ['"a"', '"b"', '"d"']
    assert (tree.package.name, tree.path) == ("p", "p.go")


# ------------------------------------------------------------------- positions
def test_positions() -> None:
    p = Parsed("a.b[1] + f(x, y...) == T{\n}", "expr")
    x = p.tree
    assert isinstance(x, ast.BinaryExpr)
    assert (p.at(x.pos), p.at(x.op_pos)) == ((1, 1), (1, 21))
    assert isinstance(x.x, ast.BinaryExpr) and isinstance(x.y, ast.CompositeLit)
    call = x.x.y
    assert isinstance(call, ast.CallExpr)
    at = [p.at(n) for n in (call.pos, call.lparen, call.ellipsis, call.rparen)]
    assert at == [(1, 10), (1, 11), (1, 16), (1, 19)]
    assert [p.at(n) for n in (x.y.pos, x.y.lbrace, x.y.rbrace)] == [(1, 24), (1, 25), (2, 1)]


def test_positions_of_statements() -> None:
    p = Parsed("a, b := c\nfor i := range x {\n}\nL:\n{}", "entry")
    assign, loop, labeled = p.tree
    assert (p.at(assign.pos), p.at(assign.op_pos)) == ((1, 1), (1, 6))
    assert (p.at(loop.pos), p.at(loop.range_pos), p.at(loop.body.rbrace)) == (
        (2, 1), (2, 10), (3, 1),
    )  # fmt: skip
    assert (p.at(labeled.pos), p.at(labeled.stmt.pos)) == ((4, 1), (5, 1))


# ---------------------------------------------------------------------- tables
def test_tables_come_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLCACHE", str(tmp_path))
    monkeypatch.setattr(parser_tables, "_loaded", None)
    made = parser_tables.load()
    (file,) = (tmp_path / "grammar").iterdir()
    monkeypatch.setattr(parser_tables, "_loaded", None)
    monkeypatch.setattr(parser_tables, "compute", None)  # must not be needed
    assert parser_tables.load() == made
    assert parser_tables.load() is parser_tables.load()
    file.write_bytes(b"broken")
    monkeypatch.undo()


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 100])
def test_a_broken_cache_does_not_matter(
    damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLCACHE", str(tmp_path))
    monkeypatch.setattr(parser_tables, "_loaded", None)
    parser_tables.load()
    (file,) = (tmp_path / "grammar").iterdir()
    file.write_bytes(damage)
    monkeypatch.setattr(parser_tables, "_loaded", None)
    assert parser_tables.load().starts
    assert len(file.read_bytes()) > 1000  # mended


def test_an_unwritable_cache_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("GOLCACHE", os.fspath(blocked / "below"))
    monkeypatch.setattr(parser_tables, "_loaded", None)
    assert parser_tables.load().starts
