"""Tokens: kinds, automatic semicolons, positions, and errors inside tokens."""

from __future__ import annotations

import pytest

from gol.lang.diagnostics import Diagnostics
from gol.lang.lexer import KEYWORDS, OPERATORS, tokenize
from gol.lang.source import SourceSet, decode


def lex(text: str | bytes) -> tuple[list[tuple[str, str]], list[str]]:
    """(kind, text) of each token but the last, and the errors."""
    sources = SourceSet()
    diags = Diagnostics(sources)
    source = sources.add("p.go", decode(text) if isinstance(text, bytes) else text)
    tokens = tokenize(source, diags).tokens
    assert tokens[-1][0] == "$END"
    errors = []
    for d in diags.items:
        p = sources.position(d.pos)
        errors.append(f"{p.line}:{p.column}: {d.message}")
    return [(kind, word) for kind, _, word in tokens[:-1]], errors


def kinds(text: str) -> str:
    tokens, errors = lex(text)
    assert errors == []
    return " ".join(kind for kind, _ in tokens)


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_keyword(word: str) -> None:
    assert lex(word + " ")[0][0] == (word.upper(), word)
    assert lex(word + "x ")[0][0] == ("NAME", word + "x")


@pytest.mark.parametrize("word", sorted(OPERATORS))
def test_operator(word: str) -> None:
    ((kind, text), *_) = lex(word + " x")[0]
    assert (kind, text) == (OPERATORS[word], "semicolon" if word == ";" else word)


@pytest.mark.parametrize("name", ["x", "_", "été", "日本語", "x١", "αβγ9", "ǅ"])
def test_name(name: str) -> None:
    assert lex(name) == ([("NAME", name), ("SEMI", "EOF")], [])


@pytest.mark.parametrize(
    "text",
    ["x", "1", "1.5", "2i", "'a'", '"a"', "`a`", "break", "continue", "fallthrough", "return",
     "++", "--", ")", "]", "}"],
)  # fmt: skip
def test_semicolon_at_the_end_of_a_line(text: str) -> None:
    assert lex(text + "\n\n y")[0][1:] == [("SEMI", "newline"), ("NAME", "y"), ("SEMI", "EOF")]
    assert lex(text)[0][1:] == [("SEMI", "EOF")]
    assert lex(text + " // comment\ny")[0][1] == ("SEMI", "newline")
    assert lex(text + " /* a\nb */ y")[0][1] == ("SEMI", "newline")
    assert lex(text + " /* a */ /* b */ y")[0][1] == ("NAME", "y")


@pytest.mark.parametrize("text", ["if", "func", "+", "(", "{", ",", ";", ".", "=", "range", "!"])
def test_no_semicolon_at_the_end_of_a_line(text: str) -> None:
    assert lex(text + "\ny")[0][1] == ("NAME", "y")


def test_positions_are_those_of_the_first_character() -> None:
    sources = SourceSet()
    sources.add("other.go", "package other\n")
    source = sources.add("p.go", "a\té\r\n  := b")
    tokens = tokenize(source, Diagnostics(sources)).tokens
    got = [tuple(sources.position(pos)) for _, pos, _ in tokens]
    assert got == [
        ("p.go", 1, 1), ("p.go", 1, 3), ("p.go", 1, 6), ("p.go", 2, 3), ("p.go", 2, 6),
        ("p.go", 2, 7), ("p.go", 2, 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [(t, "INT") for t in ("0", "42", "017", "0o17", "0O17", "0b101", "0XfF", "1_000", "0_7")]
    + [(t, "FLOAT") for t in ("1.", ".5", "1.5", "1e9", "1E-9", "09.5", "0x1p-2", "0x1.8p1",
                              "1_0.2_5", "0x.8p0", "01e1")]
    + [(t, "IMAG") for t in ("0i", "1i", "1.5i", "0x1p0i", "0b1i", "099i", "1e3i")],
)  # fmt: skip
def test_number(text: str, kind: str) -> None:
    assert lex(text) == ([(kind, text), ("SEMI", "EOF")], [])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("089", "1:2: invalid digit '8' in octal literal"),
        ("0b102", "1:5: invalid digit '2' in binary literal"),
        ("0o8", "1:3: invalid digit '8' in octal literal"),
        ("0x", "1:3: hexadecimal literal has no digits"),
        ("0b", "1:3: binary literal has no digits"),
        ("1e", "1:3: exponent has no digits"),
        ("1e+", "1:4: exponent has no digits"),
        ("0x1.8", "1:6: hexadecimal mantissa requires a 'p' exponent"),
        ("1p3", "1:2: 'p' exponent requires hexadecimal mantissa"),
        ("0o1e3", "1:4: 'e' exponent requires decimal mantissa"),
        ("0b1.1", "1:4: invalid radix point in binary literal"),
        ("1__0", "1:3: '_' must separate successive digits"),
        ("10_", "1:3: '_' must separate successive digits"),
        ("1_.5", "1:2: '_' must separate successive digits"),
        ("1_e5", "1:2: '_' must separate successive digits"),
    ],
)
def test_bad_number(text: str, error: str) -> None:
    tokens, errors = lex(text)
    assert errors == [error]
    assert tokens[0][0] == "BAD"


@pytest.mark.parametrize(
    "text",
    ["'a'", "'é'", "'\\''", "'\"'", "'\\n'", "'\\\\'", "'\\000'", "'\\377'", "'\\x41'",
     "'\\u12e4'", "'\\U00101234'"],
)  # fmt: skip
def test_rune(text: str) -> None:
    assert lex(text) == ([("CHAR", text), ("SEMI", "EOF")], [])


@pytest.mark.parametrize(
    "text",
    ['""', '"a\'b"', '"\\""', '"\\a\\b\\f\\n\\r\\t\\v\\\\"', '"\\377\\xff\\u65e5\\U00008a9e"',
     "``", "`a\\`", "`a\nb\r\n\"`", '"日本語"', '"//"', '"/*"'],
)  # fmt: skip
def test_string(text: str) -> None:
    assert lex(text) == ([("STRING", text), ("SEMI", "EOF")], [])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("''", "1:2: empty rune literal or unescaped '"),
        ("'ab'", "1:1: more than one character in rune literal"),
        ("'a\n", "1:3: newline in rune literal"),
        ("'a", "1:1: rune literal not terminated"),
        ("'\\\"'", "1:3: unknown escape"),
        ("'\\400'", "1:6: octal escape value 256 > 255"),
        ("'\\08'", "1:4: invalid character '8' in octal escape"),
        ("'\\ud800'", "1:8: escape is invalid Unicode code point U+D800"),
        ("'\\U00110000'", "1:12: escape is invalid Unicode code point U+110000"),
        ('"\\q"', "1:3: unknown escape"),
        ('"\\\'"', "1:3: unknown escape"),
        ('"\\x1"', "1:5: invalid character '\"' in hexadecimal escape"),
        ('"\\u12\\n"', "1:6: invalid character '\\\\' in hexadecimal escape"),
        ('"abc\n', "1:5: newline in string"),
        ('"abc', "1:1: string not terminated"),
        ("`abc\n", "1:1: string not terminated"),
        ("/* abc\n", "1:1: comment not terminated"),
        ("@", "1:1: invalid character U+0040 '@'"),
        ("\x07", "1:1: invalid character U+0007"),
        ("x·y", "1:2: invalid character U+00B7 '·' in identifier"),
        ("“", "1:1: invalid character U+201C '“' in identifier"),
        ("٣", "1:1: identifier cannot begin with digit U+0663 '٣'"),
        ("a\0", "1:2: invalid NUL character"),
        ("a \ufeff", "1:3: invalid BOM in the middle of the file"),
    ],
)
def test_bad_token(text: str, error: str) -> None:
    assert lex(text)[1] == [error]


def test_byte_order_mark_at_the_beginning() -> None:
    assert lex("\ufeffx") == ([("NAME", "x"), ("SEMI", "EOF")], [])


def test_bytes_that_are_not_utf8() -> None:
    tokens, errors = lex(b'a \xff "\xc3" // \xed\xa0\x80\n')
    assert [kind for kind, _ in tokens] == ["NAME", "STRING", "SEMI"]
    assert errors == [f"1:{n}: invalid UTF-8 encoding" for n in (3, 6, 12, 13, 14)]


def test_line_feed_after_carriage_return() -> None:
    assert kinds("x\r\ny\r\n") == "NAME SEMI NAME SEMI"


def test_brackets_with_nothing_between() -> None:
    assert kinds("[]x[ /* */ ]") == "EMPTY RBRACK NAME EMPTY RBRACK SEMI"


def test_directives() -> None:
    sources = SourceSet()
    text = "//go:noinline\n// go:no\nx //gol:nosplit a b\r\n/*go:no*/"
    lexed = tokenize(sources.add("p.go", text), Diagnostics(sources))
    assert [word for _, word in lexed.directives] == ["//go:noinline", "//gol:nosplit a b"]


@pytest.mark.parametrize(
    ("directive", "place", "next_line"),
    [
        ("//line :10\n", ":10", ":11"),
        ("//line :10:4\n", "p.go:10:4", "p.go:11:1"),
        ("//line foo.go:10\n", "foo.go:10", "foo.go:11"),
        ("//line foo.go:10:4\n", "foo.go:10:4", "foo.go:11:1"),
        ("//line a:b.go:10\r\n", "a:b.go:10", "a:b.go:11"),
        ("//line a/../b.go:10\n", "b.go:10", "b.go:11"),
        ("/*line foo.go:10*/", "foo.go:10", "foo.go:11"),
        ("/*line foo.go:10:4*/", "foo.go:10:4", "foo.go:11:1"),
        ("// line foo.go:10\n", "p.go:2:1", "p.go:3:1"),
        (" //line foo.go:10\n", "p.go:2:1", "p.go:3:1"),
        ("//line foo.go\n", "p.go:2:1", "p.go:3:1"),
    ],
)
def test_line_directive(directive: str, place: str, next_line: str) -> None:
    sources = SourceSet()
    diags = Diagnostics(sources)
    source = sources.add("p.go", directive + "x\ny")
    positions = [pos for _, pos, _ in tokenize(source, diags).tokens]
    assert not diags
    assert [str(sources.position(p)) for p in (positions[0], positions[2])] == [place, next_line]


@pytest.mark.parametrize(
    ("directive", "error"),
    [
        ("//line foo.go:x\n", "1:15: invalid line number: x"),
        ("//line foo.go:\n", "1:15: invalid line number: "),
        ("//line foo.go:0\n", "1:15: invalid line number: 0"),
        ("//line foo.go:1:0\n", "1:17: invalid column number: 0"),
        ("//line foo.go:0:1\n", "1:15: invalid line number: 0"),
        ("/*line foo.go:1x*/", "1:15: invalid line number: 1x"),
    ],
)
def test_bad_line_directive(directive: str, error: str) -> None:
    assert lex(directive)[1] == [error]
