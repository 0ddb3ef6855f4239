"""From text to tokens: one compiled regular expression, automatic semicolons included.

Requires the text of a :class:`~gol.lang.source.Source` (undecodable bytes arrive as the
surrogates of ``surrogateescape``). Leaves a list of tokens that ends with ``$END``; every
lexical error has been reported, in Go's words and at Go's place, and the token it concerns
is in the list all the same, so that the parser goes on as Go's does.

A token is the tuple ``(kind, pos, text)``: ``kind`` a terminal of ``grammar.lark``, except
``LBRACE``, whose kind only the parser can tell. ``BAD`` is a literal that had an error.
The text of a ``SEMI`` is Go's name for it: "semicolon", "newline" or "EOF".

The quick path takes what is right; what looks wrong goes to :mod:`gol.lang.lexer_slow`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from . import lexer_slow
from .diagnostics import Diagnostics
from .source import Source

Token = tuple[str, int, str]

KEYWORDS: dict[str, str] = {
    word: word.upper()
    for word in (
        "break case chan const continue default defer else fallthrough for func go goto if "
        "import interface map package range return select struct switch type var"
    ).split()
}

OPERATORS: dict[str, str] = {
    ";": "SEMI", ",": "COMMA", ".": "DOT", ":": "COLON", "...": "ELLIPSIS",
    "(": "LPAREN", ")": "RPAREN", "[": "LBRACK", "]": "RBRACK", "{": "LBRACE", "}": "RBRACE",
    "=": "ASSIGN", ":=": "DEFINE", "++": "INCDEC", "--": "INCDEC", "<-": "ARROW",
    "*": "STAR", "|": "PIPE", "~": "TILDE", "!": "NOT",
    "+": "ADD", "-": "ADD", "^": "ADD", "&": "ADD",
    "||": "BINOP", "&&": "BINOP", "==": "BINOP", "!=": "BINOP", "<": "BINOP", "<=": "BINOP",
    ">": "BINOP", ">=": "BINOP", "/": "BINOP", "%": "BINOP", "<<": "BINOP", ">>": "BINOP",
    "&^": "BINOP",
    "+=": "OPASSIGN", "-=": "OPASSIGN", "*=": "OPASSIGN", "/=": "OPASSIGN", "%=": "OPASSIGN",
    "&=": "OPASSIGN", "|=": "OPASSIGN", "^=": "OPASSIGN", "<<=": "OPASSIGN", ">>=": "OPASSIGN",
    "&^=": "OPASSIGN",
}  # fmt: skip

# After these a newline becomes a semicolon.
_ENDS_KEYWORD = frozenset(("BREAK", "CONTINUE", "FALLTHROUGH", "RETURN"))
_ENDS_OPERATOR = frozenset(("INCDEC", "RPAREN", "RBRACK", "RBRACE"))

# The groups of _TOKEN, by number.
_NAME, _NEWLINE, _NUMBER, _COMMENT, _OP, _STRING, _ESCAPED, _CHAR, _ODD = range(1, 10)
# A name is of letters, digits, _ and all beyond ASCII: written as what it is not of, because
# compiling a range to the last character takes longer than all the rest.
_TOKEN = re.compile(
    r"""[ \t\r]*(?:
      ([^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*)
    | (\n)[ \t\r\n]*
    | (  0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?i?
       | (?:0[bBoO][0-9_]*|[0-9][0-9_]*)(?:\.[0-9_]*)?(?:[eEpP][+-]?[0-9_]*)?i?
       | \.[0-9][0-9_]*(?:[eEpP][+-]?[0-9_]*)?i?)
    | (//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|/\*)
    | (<<=|>>=|&\^=|\.\.\.|&&|\|\||<-|\+\+|--|==|!=|<=|>=|:=|<<|>>|&\^|[-+*/%&|^]=
       |[-+*/%&|^<>=!~:;,.()\[\]{}])
    | ("[^"\\\n]*"|`[^`]*`)
    | ("(?:[^"\\\n]|\\[^\n])*")
    | ('(?:[^'\\\n]|\\[^\n])')
    | ([^ \t\r])
    )""",
    re.VERBOSE,
)
_PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)\Z|(0|[1-9][0-9]*)?\.[0-9]+\Z")
_GOOD_STRING = re.compile(
    r"""(?: [^\\] | \\[abfnrtv\\"] | \\[0-3][0-7][0-7] | \\x[0-9a-fA-F]{2}
      | \\u(?![dD][89a-fA-F])[0-9a-fA-F]{4} | \\U00(?:0(?!0[dD][89a-fA-F])|10)[0-9a-fA-F]{4}
      )*\Z""",
    re.VERBOSE,
)
# Characters that Go reports and then reads past, wherever they stand.
_POISON = re.compile("[\x00\ufeff\udc80-\udcff]")


class Lexed(NamedTuple):
    tokens: list[Token]
    directives: list[tuple[int, str]]  # position and text of //go:... and //gol:... comments
    lines: list[tuple[int, str]]  # and of comments that begin as //line directives do


def tokenize(source: Source, diags: Diagnostics) -> Lexed:
    """The tokens of one source; errors go to ``diags``, //line directives to the source."""
    text = source.text
    if (text.isascii() and "\0" not in text) or not _POISON.search(text):
        lexed = _lex(text, source.base, diags)
    else:
        lexed = _lex_poisoned(text, source.base, diags)
    if lexed.lines:
        lexer_slow.line_directives(source, lexed.lines, diags)
    return lexed


def _lex_poisoned(text: str, base: int, diags: Diagnostics) -> Lexed:
    """As Go's reader does: report the character, then go on as if it were not there."""
    removed: list[int] = []  # offsets in the cleaned text, one per character taken out
    for m in _POISON.finditer(text):
        at = m.start()
        c = m.group()
        removed.append(at - len(removed))
        if c == "\0":
            diags.error(base + at, "invalid NUL character")
        elif c == "\ufeff":
            if at > 0:
                diags.error(base + at, "invalid BOM in the middle of the file")
        else:
            diags.error(base + at, "invalid UTF-8 encoding")

    def back(pos: int) -> int:
        return pos + bisect_right(removed, pos - base)

    first = len(diags.items)
    lexed = _lex(_POISON.sub("", text), base, diags)
    for i in range(first, len(diags.items)):
        d = diags.items[i]
        diags.items[i] = type(d)(back(d.pos), d.message)
    tokens = []
    for kind, pos, word in lexed.tokens:
        if word in KEYWORDS:
            inside = bisect_right(removed, pos - base)
            if inside < len(removed) and removed[inside] <= pos - base + len(word):
                kind = "NAME"  # for Go the character is still in the word
        tokens.append((kind, back(pos), word))
    return Lexed(
        tokens,
        [(back(pos), word) for pos, word in lexed.directives],
        [(back(pos), word) for pos, word in lexed.lines],
    )


def _lex(text: str, base: int, diags: Diagnostics) -> Lexed:
    tokens: list[Token] = []
    directives: list[tuple[int, str]] = []
    lines: list[tuple[int, str]] = []
    add = tokens.append
    keyword = KEYWORDS.get
    operator = OPERATORS
    ends_keyword, ends_operator = _ENDS_KEYWORD, _ENDS_OPERATOR
    semi = False  # would a newline be a semicolon here?
    at = 0
    size = len(text)
    while at < size:
        # The inner loop runs to the end of the text, unless a token was found to be
        # longer or shorter than the expression thinks: then it starts again at ``at``.
        for m in _TOKEN.finditer(text, at):
            group = m.lastindex
            if group is None:  # blanks at the end of the text
                at = size
                break
            word = m[group]
            pos = base + m.start(group)
            if group == _NAME:
                kind = keyword(word)
                if kind is None:
                    if not word.isascii():
                        lexer_slow.check_name(word, pos, diags)
                    add(("NAME", pos, word))
                    semi = True
                else:
                    add((kind, pos, word))
                    semi = kind in ends_keyword
            elif group == _OP:
                kind = operator[word]
                if kind == "RBRACK" and tokens and tokens[-1][0] == "LBRACK":
                    tokens[-1] = ("EMPTY", tokens[-1][1], "[")
                if kind == "SEMI":
                    word = "semicolon"
                add((kind, pos, word))
                semi = kind in ends_operator
            elif group == _NEWLINE:
                if semi:
                    add(("SEMI", pos, "newline"))
                    semi = False
            elif group == _NUMBER:
                kind = "INT"
                plain = _PLAIN_NUMBER.match(word)
                if plain is None:
                    errors = len(diags.items)
                    kind = lexer_slow.check_number(word, pos, diags)
                    if len(diags.items) > errors:
                        kind = "BAD"
                elif "." in word:
                    kind = "FLOAT"
                add((kind, pos, word))
                semi = True
            elif group == _STRING:
                add(("STRING", pos, word))
                semi = True
            elif group == _COMMENT:
                if word[1] == "/":
                    if word.startswith(("//go:", "//gol:")):
                        directives.append((pos, word.rstrip("\r")))
                    elif word.startswith("//line "):
                        lines.append((pos, word.rstrip("\r")))
                elif word == "/*":
                    diags.error(pos, "comment not terminated")
                    if semi and "\n" in text[pos - base :]:
                        add(("SEMI", pos, "newline"))
                        semi = False
                    at = size
                    break
                else:
                    if word.startswith("/*line "):
                        lines.append((pos, word))
                    if semi and "\n" in word:
                        add(("SEMI", pos, "newline"))
                        semi = False
            elif group == _ESCAPED:
                errors = len(diags.items)
                if not _GOOD_STRING.match(word):
                    lexer_slow.scan_string(text, pos - base, base, diags)
                add(("BAD" if len(diags.items) > errors else "STRING", pos, word))
                semi = True
            elif group == _CHAR and word[1] != "\\" and word[1] != "'":
                add(("CHAR", pos, word))
                semi = True
            else:
                start = pos - base
                c = text[start]
                errors = len(diags.items)
                if c == "'":
                    at = lexer_slow.scan_char(text, start, base, diags)
                    kind = "BAD" if len(diags.items) > errors else "CHAR"
                    add((kind, pos, text[start:at]))
                    semi = True
                elif c == '"' or c == "`":
                    at = lexer_slow.scan_string(text, start, base, diags)
                    kind = "BAD" if len(diags.items) > errors else "STRING"
                    add((kind, pos, text[start:at]))
                    semi = True
                else:
                    diags.error(pos, f"invalid character {lexer_slow.sharp_u(c)}")
                    at = start + 1
                if at != m.end():
                    break
        else:
            at = size
    end = base + size
    if semi:
        add(("SEMI", end, "EOF"))
    add(("$END", end, "EOF"))
    return Lexed(tokens, directives, lines)
