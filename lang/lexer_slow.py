"""What is odd in a token: exact scanning of names, numbers, runes and strings, for errors.

Called by :mod:`gol.lang.lexer` for the tokens that its regular expression did not find
plainly right; most of them turn out to be right (``'\\n'``, ``0x1F``). Each function
reports what Go reports, at Go's place.
"""

from __future__ import annotations

import os
import re
import unicodedata

from .diagnostics import Diagnostics
from .source import Position, Source

_BASE_NAMES = {2: "binary", 8: "octal", 10: "decimal", 16: "hexadecimal"}
_PREFIXES = {"x": 16, "o": 8, "b": 2}
_HEX = frozenset("0123456789abcdefABCDEF")
_DECIMAL = frozenset("0123456789")
_SIMPLE_ESCAPES = frozenset("abfnrtv\\")


def printable(c: str) -> bool:
    """Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, ASCII space."""
    return c == " " or unicodedata.category(c)[0] in "LMNPS"


def sharp_u(c: str) -> str:
    """Go's %#U of a character."""
    code = f"U+{ord(c):04X}"
    return f"{code} '{c}'" if printable(c) else code


def quoted_rune(c: str) -> str:
    """Go's %q of a character."""
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "'": "\\'", "\\": "\\\\", "\a": "\\a",
             "\b": "\\b", "\f": "\\f", "\v": "\\v"}  # fmt: skip
    if c in named:
        return f"'{named[c]}'"
    if printable(c):
        return f"'{c}'"
    code = ord(c)
    if code < 0x80:
        return f"'\\x{code:02x}'"
    return f"'\\u{code:04x}'" if code < 0x10000 else f"'\\U{code:08x}'"


def check_name(word: str, pos: int, diags: Diagnostics) -> None:
    """Beyond ASCII only letters, and digits after the first character, make a name."""
    for i, c in enumerate(word):
        if c.isascii():
            continue
        category = unicodedata.category(c)
        if category[0] == "L":
            continue
        if category == "Nd":
            if i == 0:
                diags.error(pos, f"identifier cannot begin with digit {sharp_u(c)}")
        else:
            diags.error(pos + i, f"invalid character {sharp_u(c)} in identifier")


def check_number(word: str, pos: int, diags: Diagnostics) -> str:
    """The kind of a number; reports the first thing that is wrong with it.

    Errors that Go finds while reading on stand where it had got to, those about a
    certain character at that character.
    """
    base, prefix, i = 10, "", 0
    digits = separators = False
    if word[0] == "0":
        prefix = word[1:2].lower()
        if prefix in _PREFIXES:
            base, i = _PREFIXES[prefix], 2
        else:
            base, prefix, digits = 8, "0", True
            i = 1
    valid = _HEX if base == 16 else _DECIMAL
    message = ""
    where = invalid = -1
    kind = "INT"

    def run(i: int, valid: frozenset[str], limit: int) -> int:
        nonlocal digits, separators, invalid
        while i < len(word) and (word[i] in valid or word[i] == "_"):
            if word[i] == "_":
                separators = True
            else:
                digits = True
                if limit < 10 and int(word[i]) >= limit and invalid < 0:
                    invalid = i
            i += 1
        return i

    i = run(i, valid, base)
    if i < len(word) and word[i] == ".":
        kind = "FLOAT"
        if prefix in ("o", "b"):
            message, where = f"invalid radix point in {_BASE_NAMES[base]} literal", i
        i = run(i + 1, valid, base)
    if not digits and not message:
        message, where = f"{_BASE_NAMES[base]} literal has no digits", i
    if i < len(word) and word[i] in "eEpP":
        e = word[i]
        if not message:
            if e in "eE" and prefix not in ("", "0"):
                message, where = f"'{e}' exponent requires decimal mantissa", i
            elif e in "pP" and prefix != "x":
                message, where = f"'{e}' exponent requires hexadecimal mantissa", i
        kind = "FLOAT"
        i += 1
        if word[i : i + 1] in ("+", "-"):
            i += 1
        digits = False
        i = run(i, _DECIMAL, 10)
        if not digits and not message:
            message, where = "exponent has no digits", i
    elif prefix == "x" and kind == "FLOAT" and not message:
        message, where = "hexadecimal mantissa requires a 'p' exponent", i
    if word.endswith("i"):
        kind = "IMAG"
    if kind == "INT" and invalid >= 0 and not message:
        message = f"invalid digit '{word[invalid]}' in {_BASE_NAMES[base]} literal"
        where = invalid
    if separators and not message:
        where = _invalid_separator(word)
        if where >= 0:
            message = "'_' must separate successive digits"
    if message:
        diags.error(pos + where, message)
    return kind


def _invalid_separator(word: str) -> int:
    """Index of the first "_" that is not between two digits, or -1. A prefix counts as one."""
    prefix = word[1:2].lower() if word[0] == "0" else ""
    digits = _HEX if prefix == "x" else _DECIMAL
    before, i = False, 0  # was the character before a digit?
    if prefix in _PREFIXES:
        before, i = True, 2
    last = ""
    while i < len(word):
        c = word[i]
        if c == "_":
            if not before:
                return i
            before = False
        elif c in digits:
            before = True
        else:
            if last == "_":
                return i - 1
            before = False
        last = c
        i += 1
    return len(word) - 1 if last == "_" else -1


def _escape(text: str, i: int, quote: str, base: int, diags: Diagnostics) -> tuple[int, bool]:
    """Reads the escape whose backslash is before ``i``; the end, and whether it was right."""
    if i >= len(text):
        return i, True
    c = text[i]
    if c == quote or c in _SIMPLE_ESCAPES:
        return i + 1, True
    if c in "01234567":
        n, radix = 3, 8
    elif c in "xuU":
        n, radix = {"x": 2, "u": 4, "U": 8}[c], 16
        i += 1
    else:
        diags.error(base + i, "unknown escape")
        return i, False
    top = 255 if radix == 8 or c == "x" else 0x10FFFF
    value = 0
    for _ in range(n):
        if i >= len(text):
            return i, True
        d = text[i]
        digit = int(d, 16) if d in _HEX else 16
        if digit >= radix:
            message = f"invalid character {quoted_rune(d)} in {_BASE_NAMES[radix]} escape"
            diags.error(base + i, message)
            return i, False
        value = value * radix + digit
        i += 1
    if radix == 8 and value > top:
        diags.error(base + i, f"octal escape value {value} > 255")
        return i, False
    if value > top or (c in "uU" and 0xD800 <= value < 0xE000):
        shown = f"U+{value:04X}"
        diags.error(base + i, f"escape is invalid Unicode code point {shown}")
        return i, False
    return i, True


def scan_string(text: str, start: int, base: int, diags: Diagnostics) -> int:
    """The end of the string that starts at ``start``."""
    quote = text[start]
    if quote == "`":
        end = text.find("`", start + 1)
        if end < 0:
            diags.error(base + start, "string not terminated")
            return len(text)
        return end + 1
    i = start + 1
    while i < len(text):
        c = text[i]
        if c == quote:
            return i + 1
        if c == "\n":
            diags.error(base + i, "newline in string")
            return i
        i += 1
        if c == "\\":
            i, _ = _escape(text, i, quote, base, diags)
    diags.error(base + start, "string not terminated")
    return i


def scan_char(text: str, start: int, base: int, diags: Diagnostics) -> int:
    """The end of the rune literal that starts at ``start``."""
    i = start + 1
    n = 0
    good = True
    while i < len(text):
        c = text[i]
        if c == "'":
            if good and n == 0:
                diags.error(base + i, "empty rune literal or unescaped '")
            elif good and n != 1:
                diags.error(base + start, "more than one character in rune literal")
            return i + 1
        if c == "\n":
            if good:
                diags.error(base + i, "newline in rune literal")
            return i
        i += 1
        if c == "\\":
            i, right = _escape(text, i, "'", base, diags)
            good = good and right
        n += 1
    if good:
        diags.error(base + start, "rune literal not terminated")
    return i


# What ends in :LINE or :LINE:COLUMN; the numbers may be wrong.
_PLACE = re.compile(r"(?P<file>.*?)(?::(?P<line>[0-9]+))?:(?P<last>[^:]*)\Z", re.DOTALL)
_MAX_LINE = 1 << 30


def line_directives(source: Source, comments: list[tuple[int, str]], diags: Diagnostics) -> None:
    """Notes in the source where it came from, as its //line directives have it.

    ``//line`` counts at the beginning of a line only, and is about the next; ``/*line`` is
    about what follows it directly.
    """
    for pos, comment in comments:
        if comment[1] == "/":
            if pos > source.base and source.text[pos - source.base - 1] != "\n":
                continue
            text = comment[len("//line ") :]
            end = source.text.find("\n", pos - source.base)
            follows = source.base + (end + 1 if end >= 0 else len(source.text))
        else:
            text = comment[len("/*line ") : -len("*/")]
            follows = pos + len(comment)
        found = _PLACE.match(text)
        if found is None:
            continue
        start = pos + len("//line ")
        line, last = found["line"], found["last"]
        column = 0
        if not last.isascii() or not last.isdigit():
            diags.error(start + found.start("last"), f"invalid line number: {last}")
            continue
        if line is None:
            line = last
            where = found.start("last")
        else:
            where = found.start("line")
            column = int(last)
            if not 0 < column <= _MAX_LINE:
                diags.error(start + found.start("last"), f"invalid column number: {last}")
                continue
        if not 0 < int(line) <= _MAX_LINE:
            diags.error(start + where, f"invalid line number: {line}")
            continue
        file = found["file"]
        if file:
            file = os.path.normpath(os.path.join(os.path.dirname(source.path), file))
        elif column:
            file = source.origins[-1][1].file if source.origins else source.path
        source.origins.append((follows, Position(file, int(line), column)))
