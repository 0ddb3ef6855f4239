"""Exact constants: literals, rounding, and how messages show them."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gol.lang import constant as K
from gol.lang import types as T


@pytest.mark.parametrize(
    ("kind", "literal", "value"),
    [
        ("INT", "0", 0),
        ("INT", "017", 15),
        ("INT", "0o17", 15),
        ("INT", "0b1_01", 5),
        ("INT", "0X_ff", 255),
        ("FLOAT", "1.5", Fraction(3, 2)),
        ("FLOAT", "1e3", 1000),
        ("FLOAT", ".5e-1", Fraction(1, 20)),
        ("FLOAT", "0x1.8p1", 3),
        ("IMAG", "2i", K.Complex(0, 2)),
        ("IMAG", "010i", K.Complex(0, 10)),
        ("IMAG", "0x10i", K.Complex(0, 16)),
        ("CHAR", "'é'", 0xE9),
        ("CHAR", r"'\n'", 10),
        ("CHAR", r"'\''", 39),
        ("CHAR", r"'\x41'", 65),
        ("CHAR", r"'\101'", 65),
        ("CHAR", r"'\u00e9'", 0xE9),
        ("CHAR", r"'\U0001F600'", 0x1F600),
        ("STRING", r'"a\tb\xff\u00e9"', "a\tb\xff\xc3\xa9"),
        ("STRING", "`a\\n\rb`", "a\\nb"),
        ("STRING", '"日本"', "\xe6\x97\xa5\xe6\x9c\xac"),
    ],
)
def test_literals(kind: str, literal: str, value: object) -> None:
    assert K.from_literal(kind, literal) == value


def test_long_literals() -> None:
    assert K.from_literal("INT", "9" * 5000) == 10**5000 - 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float64_rounds_to_itself(x: float) -> None:
    assert K.round_float64(Fraction(x)) == Fraction(x)


@given(st.fractions())
def test_float32_rounds_as_the_machine_does(x: Fraction) -> None:
    got = K.round_float32(x)
    near = struct.unpack("f", struct.pack("f", float(x)))[0]
    error = abs(Fraction(near) - x)
    assert abs(Fraction(got) - x) <= error
    assert struct.unpack("f", struct.pack("f", float(got)))[0] == float(got)


def test_floats_overflow_and_underflow() -> None:
    assert K.round_float64(10**309) is None
    assert K.round_float32(Fraction(1 << 128)) is None
    assert K.round_float32(Fraction((1 << 128) - (1 << 103))) is None  # would round up
    assert K.round_float32(Fraction((1 << 128) - (1 << 104))) == (1 << 128) - (1 << 104)
    assert K.round_float64(Fraction(1, 10**400)) == 0
    assert K.round_float64(Fraction(5e-324)) == Fraction(5e-324)


def test_enormous_numbers_divide_exactly() -> None:
    n, d = K.from_literal("FLOAT", "1e646456992"), K.from_literal("FLOAT", "1e646456991")
    assert K.round_float64(K.binary("/", n, d, False)) == 10
    assert K.from_literal("FLOAT", "1e2147483647") is None
    assert K.round_float64(K.from_literal("FLOAT", "1e-779137")) == 0
    assert K.represent(n, T.FLOAT64) is None


@pytest.mark.parametrize(
    ("value", "basic", "result"),
    [
        (127, T.INT8, 127),
        (128, T.INT8, None),
        (-1, T.UINT, None),
        (Fraction(1, 2), T.INT, None),
        (K.Complex(3, 0), T.INT, 3),
        (1 << 64, T.UINT64, None),
        (Fraction(1, 10), T.FLOAT32, Fraction(13421773, 134217728)),
        (2, T.COMPLEX64, K.Complex(2, 0)),
        ("a", T.STRING_T, "a"),
        (1, T.STRING_T, None),
        (True, T.BOOL, True),
        (1, T.BOOL, None),
    ],
)
def test_representation(value: object, basic: T.Basic, result: object) -> None:
    assert K.represent(value, basic) == result


@given(st.integers(), st.integers().filter(bool))
def test_integers_divide_towards_zero(x: int, y: int) -> None:
    q, r = K.binary("/", x, y, True), K.binary("%", x, y, True)
    assert q * y + r == x and abs(r) < abs(y) and (r == 0 or (r < 0) == (x < 0))
    assert q == math.trunc(Fraction(x, y))


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("1.5", "1.5"), ("1e6", "1e+06"), ("1e7", "1e+07"), ("123456789.0", "1.23457e+08"),
        ("0.1", "0.1"), ("1e21", "1e+21"), ("3.14159265358979", "3.14159"), ("1e100", "1e+100"),
        ("100000.5", "100000.5"), ("1e1000", "1e+1000"), ("1.23456789e-10000", "1.23457e-10000"),
        ("2.0", "2"),
    ],
)  # fmt: skip
def test_real_constants_print_as_in_go(literal: str, text: str) -> None:
    assert K.text(K.from_literal("FLOAT", literal), False) == text


def test_other_constants_print_as_in_go() -> None:
    assert K.text(1 << 70, True) == "1180591620717411303424"
    assert K.text(K.Complex(0, Fraction(3, 2)), False) == "(0 + 1.5i)"
    assert K.text(K.to_bytes('h"é\n\x00'), False) == r'"h\"é\n\x00"'
    assert K.text("a" * 100, False) == '"' + "a" * 68 + "..."
    assert K.text("\xff", False) == r'"\xff"'
