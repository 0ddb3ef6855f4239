"""Exact constants, as the language defines them: no size, no rounding, until a type asks.

Values are plain Python ones: ``bool``, ``int``, ``fractions.Fraction`` (a real that is not
an integer), :class:`Complex`, and ``str`` for strings, each character one *byte*
(0..255). :data:`UNKNOWN` stands for the value of a constant whose computation was refused
(an error was reported); every operation on it gives UNKNOWN again.

Which of its several values a real constant prints as (``1e+06`` or ``1000000``) depends
on its type, so :func:`text` is told whether the type is an integer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Optional

from . import types as T


class Complex:
    __slots__ = ("re", "im")

    def __init__(self, re: Any, im: Any) -> None:
        self.re = re  # int or Fraction
        self.im = im

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Complex) and self.re == other.re and self.im == other.im

    def __hash__(self) -> int:
        return hash((self.re, self.im))

    def __repr__(self) -> str:
        return f"Complex({self.re!r}, {self.im!r})"


class _Unknown:
    __slots__ = ()

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()


class Big:
    """A real of enormous or tiny magnitude: mant * 2**exp, with PRECISION bits. Its
    arithmetic gives ordinary numbers again as soon as they are of reasonable size."""

    __slots__ = ("mant", "exp")

    def __init__(self, mant: int, exp: int) -> None:
        self.mant = mant
        self.exp = exp

    @staticmethod
    def make(mant: int, exp: int) -> Any:
        """mant * 2**exp, rounded; an int or Fraction if it is of reasonable size."""
        extra = mant.bit_length() - PRECISION
        if extra > 0:
            mant = (mant + (1 << extra - 1)) >> extra
            exp += extra
        magnitude = exp + mant.bit_length()
        if mant == 0 or magnitude < -_LARGEST_EXP2:
            return 0
        if magnitude > _LARGEST_EXP2:
            return UNKNOWN
        if abs(exp + mant.bit_length()) > _BIG_BITS:
            return Big(mant, exp)
        f = Fraction(mant << exp) if exp >= 0 else Fraction(mant, 1 << -exp)
        return f.numerator if f.denominator == 1 else f

    @staticmethod
    def of(x: Any) -> "Big":
        if isinstance(x, Big):
            return x
        f = _round_bits(Fraction(x), PRECISION) if x else 0
        f = Fraction(f)
        exp = 1 - f.denominator.bit_length()  # the denominator is 2**k
        extra = max(abs(f.numerator).bit_length() - PRECISION, 0)  # these bits are zeros
        return Big(f.numerator >> extra, exp + extra)

    def __mul__(self, other: Any) -> Any:
        o = Big.of(other)
        return Big.make(self.mant * o.mant, self.exp + o.exp)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        o = Big.of(other)
        return Big.make((self.mant << 2 * PRECISION) // o.mant, self.exp - o.exp - 2 * PRECISION)

    def __rtruediv__(self, other: Any) -> Any:
        return Big.of(other) / self

    def __add__(self, other: Any) -> Any:
        o = Big.of(other)
        a, b = (self, o) if self.exp >= o.exp else (o, self)
        d = a.exp - b.exp
        if d > 4 * PRECISION and a.mant:
            return Big.make(a.mant, a.exp)
        return Big.make((a.mant << d) + b.mant, b.exp)

    __radd__ = __add__

    def __neg__(self) -> "Big":
        return Big(-self.mant, self.exp)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def _sign_of_difference(self, other: Any) -> int:
        d = self - other
        m = d.mant if isinstance(d, Big) else d
        return (m > 0) - (m < 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Big) and self.mant == other.mant and self.exp == other.exp

    def __hash__(self) -> int:
        return hash((self.mant, self.exp))

    def __lt__(self, other: Any) -> bool:
        return self._sign_of_difference(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._sign_of_difference(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._sign_of_difference(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._sign_of_difference(other) >= 0

    def __abs__(self) -> "Big":
        return Big(abs(self.mant), self.exp)


def _scaled(m: int, base: int, e: int) -> Any:
    """m * base**e by repeated squaring, each step rounded."""
    result: Any = 1
    power: Any = base
    n = abs(e)
    while n:
        if n & 1:
            result = _big_mul(result, power)
        power = _big_mul(power, power)
        n >>= 1
    return Big.of(m) / result if e < 0 else Big.of(m) * result


def _big_mul(a: Any, b: Any) -> Any:
    return Big.of(a) * b


# Beyond this many bits a ratio is rounded to PRECISION bits, as Go does; literals with
# larger decimal exponents are refused.
_EXACT_BITS = 4096
PRECISION = 512
_BIG_BITS = 60_000  # a number of more (or fewer) binary orders of magnitude is a Big
_MAX_EXP10 = 10_000  # decimal exponent of a literal from which on it is computed as Big
_LARGEST_EXP2 = (1 << 31) - 1
_LARGEST_EXP10 = 646_456_992  # Go's limit: binary exponents have 32 bits


def _norm(x: Any) -> Any:
    """A Fraction that is an integer becomes an int; a monstrous one is rounded."""
    if type(x) is int or type(x) is Big or x is UNKNOWN:
        return x
    if x.denominator == 1:
        return x.numerator
    if x.numerator.bit_length() > _EXACT_BITS or x.denominator.bit_length() > _EXACT_BITS:
        return _round_bits(x, PRECISION)
    return x


def _round_bits(x: Fraction, bits: int) -> Any:
    """x rounded to ``bits`` bits of mantissa, ties to even."""
    num, den = abs(x.numerator), x.denominator
    shift = bits - (num.bit_length() - den.bit_length())
    for _ in range(2):  # the first guess may be one bit long or short
        if shift >= 0:
            q, r = divmod(num << shift, den)
            d = den
        else:
            d = den << -shift
            q, r = divmod(num, d)
        if q.bit_length() == bits:
            break
        shift += bits - q.bit_length()
    if 2 * r > d or (2 * r == d and q & 1):
        q += 1
    f = Fraction(q, 1 << shift) if shift >= 0 else Fraction(q << -shift)
    if x < 0:
        f = -f
    return f.numerator if f.denominator == 1 else f


# ------------------------------------------------------------------ literals
_SIMPLE_ESCAPES = {
    "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34,
}  # fmt: skip


def from_literal(kind: str, lit: str) -> Any:
    """The value of a literal as the lexer passed it, None where it is malformed."""
    try:
        if kind == "INT":
            return _int_literal(lit)
        if kind == "FLOAT":
            return _float_literal(lit)
        if kind == "IMAG":
            return _imag_literal(lit)
        if kind == "CHAR":
            return _char_literal(lit)
        return string_literal(lit)
    except (ValueError, IndexError):
        return None


def _int_literal(lit: str) -> int:
    s = lit.replace("_", "")
    if len(s) > 1 and s[0] == "0":
        base = {"x": 16, "b": 2, "o": 8}.get(s[1].lower())
        return int(s[2:], base) if base else int(s, 8)
    return _decimal(s)


def _decimal(s: str) -> int:
    """int(s) for any length (CPython refuses more than a few thousand digits)."""
    if len(s) <= 4000:
        return int(s)
    half = len(s) // 2
    return _decimal(s[:half]) * 10 ** (len(s) - half) + _decimal(s[half:])


def _float_literal(lit: str) -> Any:
    s = lit.replace("_", "").lower()
    if s.startswith("0x"):
        mant, _, exp = s[2:].partition("p")
        whole, _, frac = mant.partition(".")
        e = int(exp) - 4 * len(frac)
        m = int(whole + frac, 16)
        if abs(e) > 4 * _MAX_EXP10:
            return Big.make(m, e) if abs(e) < 1 << 31 else (None if e > 0 else 0)
        return _norm(Fraction(m << e) if e >= 0 else Fraction(m, 1 << -e))
    mant, _, exp = s.partition("e")
    whole, _, frac = mant.partition(".")
    m = _decimal(whole + frac or "0")
    e = (int(exp) if exp else 0) - len(frac)
    if m == 0:
        return 0
    if abs(e) > _MAX_EXP10:
        size = e + len(whole + frac)
        if abs(size) > _LARGEST_EXP10 + 1:
            return None if e > 0 else 0
        return _scaled(m, 10, e)
    return _norm(Fraction(m * 10**e) if e >= 0 else Fraction(m, 10**-e))


def _imag_literal(lit: str) -> Any:
    s = lit[:-1]
    if len(s) > 1 and s[0] == "0" and s[1] in "xXbBoO":
        v = _float_literal(s) if "p" in s.lower() and s[1] in "xX" else _int_literal(s)
    elif any(c in s for c in ".eE"):
        v = _float_literal(s)
    else:
        v = _decimal(s.replace("_", ""))  # 010i is 10i
    return None if v is None else Complex(0, v)


def _char_literal(lit: str) -> int:
    body = lit[1:-1]
    if body[0] == "\\":
        return _escape(body, 0)[0]
    if len(body) != 1:
        raise ValueError
    return ord(body)


def _escape(s: str, i: int) -> tuple[int, int, bool]:
    """The escape at s[i] == '\\': its value, where it ends, whether it is one raw byte."""
    c = s[i + 1]
    if c in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[c], i + 2, False
    if c == "x":
        return int(s[i + 2 : i + 4], 16), i + 4, True
    if c == "u":
        return int(s[i + 2 : i + 6], 16), i + 6, False
    if c == "U":
        return int(s[i + 2 : i + 10], 16), i + 10, False
    return int(s[i + 1 : i + 4], 8), i + 4, True


def string_literal(lit: str) -> str:
    """A quoted or raw string as bytes in a str."""
    body = lit[1:-1]
    if lit[0] == "`":
        return to_bytes(body.replace("\r", ""))
    if "\\" not in body:
        return to_bytes(body)
    out = []
    i = 0
    while True:
        j = body.find("\\", i)
        if j < 0:
            out.append(to_bytes(body[i:]))
            return "".join(out)
        out.append(to_bytes(body[i:j]))
        v, i, raw = _escape(body, j)
        out.append(chr(v & 0xFF) if raw else to_bytes(chr(v)))


def to_bytes(s: str) -> str:
    """The UTF-8 bytes of s as a str of code points 0..255."""
    return s if s.isascii() else s.encode("utf-8", "surrogateescape").decode("latin-1")


def rune_string(code: int) -> str:
    """string(rune): the replacement character for what is no code point."""
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return to_bytes(chr(code))


# --------------------------------------------------------------- conversions
def to_int(v: Any) -> Optional[int]:
    if type(v) is int:
        return v
    if type(v) is Complex and v.im == 0:
        v = v.re
        return v if type(v) is int else None
    return None


def to_real(v: Any) -> Any:
    """v as int or Fraction, None if it is no real number."""
    t = type(v)
    if t is int or t is Fraction or t is Big:
        return v
    if t is Complex and v.im == 0:
        return v.re
    return None


def to_complex(v: Any) -> Optional[Complex]:
    t = type(v)
    if t is int or t is Fraction or t is Big:
        return Complex(v, 0)
    return v if t is Complex else None


def real(v: Any) -> Any:
    return v.re if type(v) is Complex else v


def imag(v: Any) -> Any:
    return v.im if type(v) is Complex else (v if v is UNKNOWN else 0)


def is_zero_divisor(v: Any) -> bool:
    """Division by v is refused: a complex number is zero where its absolute value, as far
    as it can be told from zero, is."""
    if type(v) is Complex:
        try:
            return bool(v.re * v.re == 0 and v.im * v.im == 0)
        except TypeError:
            return False
    return bool(v == 0)


def _round_float(x: Any, bits: int, min_exp: int, max_exp: int) -> Any:
    """x as the nearest binary float with ``bits`` bits of mantissa; None on overflow."""
    if x == 0:
        return 0
    if type(x) is Big:
        return None if x.exp > 0 else 0
    f = Fraction(x)
    num, den = abs(f.numerator), f.denominator
    e = num.bit_length() - den.bit_length()  # 2**(e-1) < |f| < 2**(e+1)
    if e > max_exp + 1:
        return None
    if Fraction(num, den) < (Fraction(2) ** e):
        e -= 1  # now 2**e <= |f| < 2**(e+1)
    ulp = max(e, min_exp) - bits + 1
    if ulp >= 0:
        d = den << ulp
        q, r = divmod(num, d)
    else:
        d = den
        q, r = divmod(num << -ulp, den)
    if 2 * r > d or (2 * r == d and q & 1):
        q += 1
    if q.bit_length() + ulp > max_exp + 1:
        return None
    v = Fraction(q << ulp) if ulp >= 0 else Fraction(q, 1 << -ulp)
    if f < 0:
        v = -v
    return v.numerator if v.denominator == 1 else v


def round_float32(x: Any) -> Any:
    return _round_float(x, 24, -126, 127)


def round_float64(x: Any) -> Any:
    if type(x) is int and -(1 << 53) <= x <= 1 << 53:
        return x
    if type(x) is Big:
        return None if x.exp > 0 else 0
    try:
        f = x.numerator / x.denominator  # correctly rounded
    except OverflowError:
        return None
    if math.isinf(f):
        return None
    v = Fraction(f)
    return v.numerator if v.denominator == 1 else v


_INT_RANGE = {
    kind: (-(1 << bits - 1), (1 << bits - 1) - 1)
    for kind, bits in (("int", 64), ("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64))
} | {
    kind: (0, (1 << bits) - 1)
    for kind, bits in (
        ("uint", 64), ("uint8", 8), ("uint16", 16), ("uint32", 32), ("uint64", 64),
        ("uintptr", 64),
    )
}  # fmt: skip


def represent(v: Any, b: T.Basic) -> Any:
    """v as a value of type b, rounded where b rounds; None if b cannot hold it."""
    if v is UNKNOWN:
        return v
    info = b.info
    t = type(v)
    if info & T.INTEGER:
        x = v if t is int else to_int(v)
        if x is None or info & T.UNTYPED:
            return x
        lo, hi = _INT_RANGE[b.kind]
        return x if lo <= x <= hi else None
    if info & T.FLOAT:
        x = to_real(v)
        if x is None or info & T.UNTYPED:
            return x
        return round_float32(x) if b.kind == "float32" else round_float64(x)
    if info & T.COMPLEX:
        c = to_complex(v)
        if c is None or info & T.UNTYPED:
            return c
        rnd = round_float32 if b.kind == "complex64" else round_float64
        re, im = rnd(c.re), rnd(c.im)
        return None if re is None or im is None else Complex(re, im)
    if info & T.STRING:
        return v if t is str else None
    if info & T.BOOLEAN:
        return v if t is bool else None
    return None


# ---------------------------------------------------------------- operations
def unary(op: str, v: Any, unsigned_bits: int) -> Any:
    """``unsigned_bits`` limits ^ of an unsigned type; 0 for signed and untyped."""
    if v is UNKNOWN:
        return v
    if op == "+":
        return v
    if op == "-":
        return Complex(-v.re, -v.im) if type(v) is Complex else -v
    if op == "^":
        v = to_int(v)
        return v ^ ((1 << unsigned_bits) - 1) if unsigned_bits else ~v
    assert op == "!"
    return not v


def binary(op: str, x: Any, y: Any, integer_division: bool) -> Any:
    """x op y for every operator but shifts and comparisons. Division by zero is the
    caller's to refuse."""
    if x is UNKNOWN or y is UNKNOWN:
        return UNKNOWN
    if type(x) is Complex or type(y) is Complex:
        return _complex_binary(op, to_complex(x), to_complex(y))
    if op == "+":
        return x + y if type(x) is str else _norm(x + y)
    if op == "-":
        return _norm(x - y)
    if op == "*":
        return _norm(x * y)
    if op == "/":
        if integer_division:
            q = abs(x) // abs(y)
            return q if (x < 0) == (y < 0) else -q
        return _norm(x / y if type(x) is Big else Fraction(x) / y)
    if op == "%":
        r = abs(x) % abs(y)
        return -r if x < 0 else r
    if op == "&&":
        return x and y
    if op == "||":
        return x or y
    x, y = to_int(x), to_int(y)
    if op == "&":
        return x & y
    if op == "|":
        return x | y
    if op == "^":
        return x ^ y
    assert op == "&^"
    return x & ~y


def _complex_binary(op: str, x: Any, y: Any) -> Any:
    try:
        re, im = _COMPLEX_OPS[op](x.re, x.im, y.re, y.im)
    except TypeError:  # a part is too large to be known
        return UNKNOWN
    if re is UNKNOWN or im is UNKNOWN:
        return UNKNOWN
    return Complex(_norm(re), _norm(im))


def _complex_quotient(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    s = c * c + d * d
    if type(s) is int:
        s = Fraction(s)
    return (a * c + b * d) / s, (b * c - a * d) / s


_COMPLEX_OPS: dict[str, Callable[[Any, Any, Any, Any], tuple[Any, Any]]] = {
    "+": lambda a, b, c, d: (a + c, b + d),
    "-": lambda a, b, c, d: (a - c, b - d),
    "*": lambda a, b, c, d: (a * c - b * d, b * c + a * d),
    "/": _complex_quotient,
}


def shift(op: str, x: int, count: int) -> int:
    return x << count if op == "<<" else x >> count


def compare(op: str, x: Any, y: Any) -> bool:
    if type(x) is Complex or type(y) is Complex:
        x, y = to_complex(x), to_complex(y)
    if op == "==":
        return x == y
    if op == "!=":
        return x != y
    if op == "<":
        return x < y
    if op == "<=":
        return x <= y
    if op == ">":
        return x > y
    return x >= y


# ------------------------------------------------------------------ printing
def quote(s: str) -> str:
    """A byte string as Go's %q prints it."""
    out = ['"']
    text = s.encode("latin-1").decode("utf-8", "surrogateescape")
    short = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    for ch in text:
        o = ord(ch)
        if ch in '"\\':
            out.append("\\" + ch)
        elif ch.isprintable():
            out.append(ch)
        elif o in short:
            out.append(short[o])
        elif 0xDC80 <= o <= 0xDCFF:
            out.append(f"\\x{o - 0xDC00:02x}")
        elif o < 0x20 or o == 0x7F:
            out.append(f"\\x{o:02x}")
        elif o < 0x10000:
            out.append(f"\\u{o:04x}")
        else:
            out.append(f"\\U{o:08x}")
    return "".join(out) + '"'


def text(v: Any, integer: bool) -> str:
    """v as Go's messages show it: short. ``integer``: v's type is an integer type."""
    t = type(v)
    if v is UNKNOWN:
        return "unknown"
    if t is bool:
        return "true" if v else "false"
    if t is str:
        q = quote(v)
        if len(q) > 72:
            q = q[:69] + "..."
        return q
    if t is Complex:
        return f"({_float_text(v.re)} + {_float_text(v.im)}i)"
    if t is int and integer:
        return int_text(v)
    return _float_text(v)


def int_text(v: int) -> str:
    if v.bit_length() < 12_000:
        return str(v)
    digits = int(v.bit_length() * 0.30103) // 2
    hi, lo = divmod(abs(v), 10**digits)
    return ("-" if v < 0 else "") + int_text(hi) + int_text(lo).rjust(digits, "0")


def go_g(f: float, precision: Optional[int] = 6) -> str:
    """%.6g, or %g (shortest) for None, with Go's exponent of at least two digits."""
    if precision is None:
        s = repr(f)
        mant, _, exp = s.partition("e")
        digits = mant.replace("-", "").replace(".", "").strip("0")
        e10 = math.floor(math.log10(abs(f))) if f else 0
        if f and not -4 <= e10 < 21:
            s = f"{f:.{max(len(digits) - 1, 0)}e}"
        elif mant.endswith(".0") and not exp:
            s = mant[:-2]
        return s
    return f"{f:.{precision}g}"


def _float_text(v: Any) -> str:
    if type(v) is Big:
        m = math.log10(abs(v.mant) >> max(v.mant.bit_length() - 900, 0))
        m += (max(v.mant.bit_length() - 900, 0) + v.exp) * math.log10(2)
        e = math.floor(m)
        return f"{'-' if v.mant < 0 else ''}{go_g(10 ** (m - e))}e{e:+d}"
    f = Fraction(v)
    x = round_float64(v)
    if x is not None and (x == 0) == (v == 0):
        d = x.numerator / x.denominator
        s = go_g(d)
        if f.denominator != 1 and "." not in s:
            s = go_g(d, None)
        return s
    num, den = abs(f.numerator), f.denominator
    m = _log10(num) - _log10(den)
    e = math.floor(m)
    return f"{'-' if f < 0 else ''}{go_g(10 ** (m - e))}e{e:+d}"


def _log10(n: int) -> float:
    b = n.bit_length()
    if b <= 1000:
        return math.log10(n)
    return math.log10(n >> (b - 900)) + (b - 900) * math.log10(2)
