"""The checker says what Go's compiler says, where it says it.

``data/check/*.txt`` are programs with the errors that ``go tool compile -e`` of Go 1.27.3
prints for them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import Checked

DATA = Path(__file__).parent / "data" / "check"
NO_MAIN = "function main is undeclared in the main package"  # the linker's in Go


def programs() -> list[tuple[str, str, list[str]]]:
    out = []
    for path in sorted(DATA.glob("*.txt")):
        for part in ("\n" + path.read_text()).split("\n-- ")[1:]:
            name, _, rest = part.partition("\n")
            text, _, want = rest.partition("== errors\n")
            errors: list[str] = []
            for line in want.splitlines():
                if line.startswith("\t"):
                    errors[-1] += "\n" + line
                elif line:
                    errors.append(line)
            out.append((f"{path.stem}: {name}", text, errors))
    return out


@pytest.mark.parametrize(
    ("text", "want"), [p[1:] for p in programs()], ids=[p[0] for p in programs()]
)
def test_errors_are_those_of_go(text: str, want: list[str]) -> None:
    got = [e for e in Checked(text).errors if e != NO_MAIN]
    assert sorted(got) == sorted(want)


def test_generic_code_is_refused() -> None:
    text = """package main
func f[T any](x T) T { return x }
type L[T any] struct{ x T }
func (l *L[T]) m() T { return l.x }
type N interface{ ~int | ~string }
func main() {
	_ = f(1)
	_ = f[int](1)
	var l L[int]
	_ = l
}
"""
    assert Checked(text).errors == [
        "2:8: type parameters are not supported yet",
        "3:8: type parameters are not supported yet",
        "4:10: methods of generic types are not supported yet",
        "5:19: type constraints are not supported yet",
    ]


def test_main_is_needed() -> None:
    assert Checked("package main\nfunc f() {}\n").errors == [NO_MAIN]
    assert Checked("package other\nfunc f() {}\n", "other").errors == []


def test_only_libraries_have_functions_without_body() -> None:
    assert Checked("package main\nfunc f()\nfunc main() {}\n").errors == [
        "2:1: missing function body"
    ]
    assert Checked("package lib\nfunc f()\n", "lib").errors == []


@pytest.mark.parametrize(
    "text",
    [
        "var x = " + "(" * 3000 + "1" + ")" * 3000,
        "var x = " + "- " * 3000 + "1",
        "var x = 1" + " + 1" * 20000,
        "var x " + "[]" * 3000 + "int",
        "func f() { " + "{" * 2000 + "}" * 2000 + " }",
        "func f() { " + "if true { " * 1000 + "}" * 1000 + " }",
        "func f() { if true {} " + "else if true {}" * 3000 + " }",
        "var x = " + "func() any { return " * 500 + "1" + "}" * 500,
        "var x = " + "[]any{" * 2000 + "}" * 2000,
        "var x = f" + "(f" * 2000 + ")" * 2000 + "\nfunc f(any) any { return 1 }",
    ],
)
def test_deep_nesting_is_no_accident(text: str) -> None:
    errors = Checked("package lib\n" + text + "\n", "lib").errors
    assert errors == [] or "nest" in errors[0], errors[:3]
