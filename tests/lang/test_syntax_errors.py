"""Syntax errors are reported as Go's compiler reports them: words, line, column, and which
further errors of a file are found.

``data/syntax/*.txt`` has what ``go tool compile -e`` of Go 1.27.3 prints; the cases of
``statements.txt`` stand in a function body, their first line being line 4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .parsing import Parsed, cases

DATA = Path(__file__).parent / "data" / "syntax"
FILES = cases((DATA / "files.txt").read_text())
STATEMENTS = cases((DATA / "statements.txt").read_text())


@pytest.mark.parametrize(("text", "want"), [c[1:] for c in FILES], ids=[c[0] for c in FILES])
def test_files(text: str, want: list[str]) -> None:
    assert Parsed(text).errors == want


@pytest.mark.parametrize(
    ("text", "want"), [c[1:] for c in STATEMENTS], ids=[c[0] for c in STATEMENTS]
)
def test_statements(text: str, want: list[str]) -> None:
    body = "".join("\t" + line + "\n" if line else "\n" for line in text.splitlines())
    assert Parsed("package p\n\nfunc f() {\n" + body + "}\n").errors == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "1:1: syntax error: package statement must be first"),
        ("package p\n\nvar x = ", "3:9: syntax error: unexpected EOF, expected expression"),
        ('package p\n\nvar x = "abc', "3:9: string not terminated"),
        ("package p\n\nvar x = 'a", "3:9: rune literal not terminated"),
    ],
)
def test_at_the_end_of_the_file(text: str, want: str) -> None:
    assert Parsed(text).errors == [want]


def test_one_syntax_error_per_line() -> None:
    assert len(Parsed("package p\nvar a = ); var b = ); var c = )\nvar d = )\n").errors) == 2


def test_errors_in_every_function_are_found() -> None:
    text = "package p\n" + "func f() {\n\tx := )\n}\n" * 30
    assert len(Parsed(text).errors) == 30


def test_no_tree_after_a_syntax_error() -> None:
    assert Parsed("package p\nvar x = )\n").tree is None


def test_an_error_inside_a_token_leaves_a_tree_to_check() -> None:
    p = Parsed("package p\nvar x, y = '', 1\n")
    assert p.errors == ["2:13: empty rune literal or unescaped '"]
    assert p.tree is not None


@pytest.mark.parametrize(
    "text",
    [
        "var x = " + "(" * 3000 + "1" + ")" * 3000,
        "var x = 1" + "+1" * 3000,
        "var x = f" + "()" * 3000,
        "var x " + "[]" * 3000 + "int",
        "func f() {" + "{" * 3000 + "}" * 3000 + "}",
        "func f() { if x {" + "} else if x {" * 3000 + "}}",
        "func f() {" + "func() {" * 5000,
        "type T[P *C" + "|C" * 3000 + "] int",
    ],
)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    (error,) = Parsed("package p\n" + text + "\n").errors
    assert error.startswith("2:")
    assert error.endswith(": nested more than 1000 levels deep: not supported yet")


def test_what_is_nested_deeply_is_not_refused() -> None:
    text = "package p\nvar x = " + "(" * 400 + "1" + "+1" * 400 + ")" * 400 + "\n"
    assert Parsed(text).errors == []
