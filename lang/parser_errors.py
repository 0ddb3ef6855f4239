"""Syntax errors: what was expected where, in Go's words, and how to go on.

Go's parser descends recursively: at an error each of its functions reports what it wants,
skips to a token that may follow, and pretends to have found it. This module does the same
to the LALR stack. ``Recovery.at(i)`` is called when token ``i`` cannot be handled; it looks
up the state's items in ``_RULES``, the first match wins. A rule says what Go would say,
which tokens end the skipping, and which symbol is pushed in place of what is missing. A
state without a rule was at the end of something: that is reduced and the search goes on.
The tree is thrown away afterwards, so the values pushed only have to suit the builder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from . import ast
from .lexer import Token
from .parser import GiveUp

if TYPE_CHECKING:
    from .parser import Parser

# Keywords that start a statement: inside functions, skipping stops at them.
_STOP = frozenset(
    "BREAK CONST CONTINUE DEFER FALLTHROUGH FOR GO GOTO IF RETURN SELECT SWITCH TYPE VAR".split()
)
_KEYWORDS = _STOP | frozenset(
    "CASE CHAN DEFAULT ELSE FUNC IMPORT INTERFACE MAP PACKAGE RANGE STRUCT".split()
)
# A statement begins after these.
_BEGIN = frozenset(("SEMI", "LBRACE", "COLON", "LBLOCK", "LBODY", "stmts"))
_LITERALS = frozenset(("INT", "FLOAT", "IMAG", "CHAR", "STRING", "BAD"))
_SPELLING = {
    "LPAREN": "(", "RPAREN": ")", "LBRACK": "[", "RBRACK": "]", "RBRACE": "}", "LTYPE": "{",
    "LBLOCK": "{", "COLON": ":", "SEMI": "semicolon or newline", "NAME": "name",
    "COMMA": "comma", "ASSIGN": "=", "CHAN": "keyword chan", "RANGE": "keyword range",
}  # fmt: skip

ONE = ("ONE",)  # skip one token
NONE: tuple[str, ...] = ()  # skip nothing
FATAL = ("FATAL",)  # give up
CLOSE = ("RPAREN", "RBRACK", "RBRACE")
TOP = ("IMPORT", "CONST", "TYPE", "VAR", "FUNC")
TYPE_END = ("COMMA", "COLON", "SEMI", "RPAREN", "RBRACK", "RBRACE")
CLAUSE = ("COLON", "CASE", "DEFAULT", "RBRACE")
UNION_END = ("PIPE", "BINOP", "ADD", "NOT", "TILDE", "SEMI", "RPAREN", "RBRACK", "RBRACE")


class _Rule(NamedTuple):
    items: re.Pattern[str]  # searched in the state's items, joined by " | "
    tokens: frozenset[str]  # the offending token must be one of these; empty: any
    message: str
    skip: tuple[str, ...]
    push: str  # symbols to push afterwards, or the name of a method


def _rule(
    items: str, message: str, skip: tuple[str, ...], push: str = "", tokens: str = ""
) -> _Rule:
    pattern = re.escape(items).replace(r"\*", "[^|]*").replace(r"\ ", " ")
    if items[-1].isalpha():
        pattern += r"\b"
    return _Rule(re.compile(pattern), frozenset(tokens.split()), message, skip, push)


# "*" in the items stands for anything within one item.
_RULES = [
    # ---- the file
    _rule("$root_file: . file", "package statement must be first", FATAL),
    _rule("file: PACKAGE . NAME", "expected name", ONE, "package_name"),
    _rule("file: PACKAGE NAME . SEMI", "expected semicolon or newline", FATAL),
    _rule("decls: decls decl . SEMI", "", NONE, "SEMI", tokens="$END"),
    _rule("decls: decls decl . SEMI", "after top level declaration", TOP, "SEMI"),
    _rule("file: PACKAGE NAME SEMI decls .", "", TOP, "not_a_declaration"),
    _rule("file: PACKAGE NAME SEMI . decls", "", NONE, "decls"),
    # ---- lists at the end of the file
    *(
        _rule(items, f"expected {_SPELLING[close]}", NONE, close, tokens="$END")
        for items, close in (
            ("exprs COMMA . RPAREN", "RPAREN"),
            ("primary: primary LPAREN . ", "RPAREN"),
            ("params: LPAREN . ", "RPAREN"),
            ("params: LPAREN param_list COMMA . ", "RPAREN"),
            ("elem_list: elem_list COMMA . elem", "RBRACE"),
            ("LLIT . elems", "RBRACE"),
            ("LLITX . elems", "RBRACE"),
            ("type_lit: STRUCT LTYPE . ", "RBRACE"),
            ("fields: fields SEMI . field", "RBRACE"),
            ("type_iface: INTERFACE LTYPE . ", "RBRACE"),
            ("ielems: ielems SEMI . ielem", "RBRACE"),
            ("_decl: * LPAREN . RPAREN", "RPAREN"),
            ("_specs SEMI . ", "RPAREN"),
        )
    ),
    # ---- declarations
    _rule("import_decl: * LPAREN import_specs . RPAREN", "grouped", CLOSE, "RPAREN"),
    _rule("_decl: * LPAREN *_specs . RPAREN", "grouped", CLOSE, "RPAREN"),
    _rule(
        "import_spec", "import path must be a string", ONE, "import_spec",
        tokens="INT FLOAT IMAG CHAR",
    ),
    _rule("import_spec", "", ONE, "bad_path", tokens="BAD"),
    _rule("import_spec: * . STRING", "missing import path", ("SEMI", "RPAREN"), "STRING"),
    _rule("import_decl: IMPORT .", "missing import path", ("SEMI", "RPAREN"), "import_spec"),
    _rule(
        "import_decl: IMPORT LPAREN .", "missing import path", ("SEMI", "RPAREN"), "import_spec"
    ),
    _rule("import_specs SEMI .", "missing import path", ("SEMI", "RPAREN"), "import_spec"),
    _rule("_spec: names . ASSIGN", "expected =", ONE, "ASSIGN", tokens="DEFINE"),
    _rule("_spec: names type . ASSIGN", "expected =", ONE, "ASSIGN", tokens="DEFINE"),
    _rule("type_spec: NAME . ASSIGN", "expected =", ONE, "ASSIGN", tokens="DEFINE"),
    _rule("var_spec: names . type", "expected type", TYPE_END, "type_name"),
    _rule("type_spec: NAME . type_nobrack", "in type declaration", ("SEMI", "RPAREN"), "type_name"),
    _rule("type_spec: NAME ASSIGN . type", "in type declaration", ("SEMI", "RPAREN"), "type_name"),
    _rule("type_spec: * ASSIGN . type", "in type declaration", ("SEMI", "RPAREN"), "type_name"),
    _rule("tparams0 RBRACK . ", "in type declaration", ("SEMI", "RPAREN"), "type_name"),
    _rule("_decl: CONST . ", "expected name", ONE, "NAME"),
    _rule("_decl: VAR . ", "expected name", ONE, "NAME"),
    _rule("_decl: TYPE . ", "expected name", ONE, "NAME"),
    _rule("_decl: * LPAREN . RPAREN", "expected name", ONE, "NAME"),
    _rule("_specs SEMI . ", "expected name", ONE, "NAME"),
    _rule("func_decl: FUNC . NAME", "expected name or (", ("LBRACE", "SEMI"), "NAME sig"),
    _rule("func_decl: FUNC receiver . NAME", "expected name", ("LBRACE", "SEMI"), "NAME sig"),
    _rule("func_decl: FUNC * . sig", "expected (", ONE, "LPAREN"),
    # ---- signatures and type parameters
    _rule(
        "type_func: FUNC . sig", "function type must have no type parameters", NONE,
        "skip_brackets", tokens="LBRACK EMPTY",
    ),
    _rule("type_func: FUNC . sig", "expected (", ONE, "LPAREN"),
    _rule("params: LPAREN . ", "expected )", ("COMMA", "RPAREN"), "param"),
    _rule("params: LPAREN param_list COMMA . ", "expected )", ("COMMA", "RPAREN"), "param"),
    _rule(
        "params: LPAREN param_list . ", "in parameter list; possibly missing comma or )", CLOSE,
        "RPAREN",
    ),
    _rule("dots: ELLIPSIS . type", "... is missing type", NONE, "type_name"),
    _rule(
        "tparam_list: LBRACK . tparams", "empty type parameter list", NONE, "empty_brackets",
        tokens="RBRACK",
    ),
    _rule("tparam_list: LBRACK . tparams", "expected ]", ("COMMA", "RBRACK"), "tparam"),
    _rule("tparams COMMA . tparam", "expected ]", ("COMMA", "RBRACK"), "tparam"),
    _rule("COMMA . tparam", "expected ]", ("COMMA", "RBRACK"), "tparam"),
    _rule(
        "tparam_list: LBRACK tparams . ", "in parameter list; possibly missing comma or ]",
        CLOSE, "RBRACK",
    ),
    _rule(
        "type_spec: NAME LBRACK tparams0 . ", "in parameter list; possibly missing comma or ]",
        CLOSE, "RBRACK",
    ),
    # ---- struct and interface
    _rule("type_lit: STRUCT . LTYPE", "expected {", ONE, "LTYPE"),
    _rule("type_iface: INTERFACE . LTYPE", "expected {", ONE, "LTYPE"),
    _rule(
        "type_lit: STRUCT LTYPE . ", "expected field name or embedded type", ("SEMI", "RBRACE"),
        "field",
    ),
    _rule(
        "fields: fields SEMI . field", "expected field name or embedded type",
        ("SEMI", "RBRACE"), "field",
    ),
    _rule(
        "type_lit: STRUCT LTYPE fields . ",
        "in struct type; possibly missing semicolon or newline or }", CLOSE, "RBRACE",
    ),
    _rule("field: NAME LBRACK exprs . ", "expected ]", ONE, "RBRACK"),
    _rule("field: STAR . ", "expected name", ("DOT", "SEMI", "RBRACE"), "type_name"),
    _rule(" . tag", "", NONE, "tag_of_any_kind", tokens="INT FLOAT IMAG CHAR BAD"),
    _rule("field: NAME . COMMA", "expected type", TYPE_END, "type_name"),
    _rule(" . tag", "", NONE, "tag"),
    _rule(
        "type_iface: INTERFACE LTYPE ielems . ",
        "in interface type; possibly missing semicolon or newline or }", CLOSE, "RBRACE",
    ),
    _rule("type_iface: INTERFACE LTYPE . ", "expected ~ term or type", UNION_END, "ielem"),
    _rule("ielems: ielems SEMI . ielem", "expected ~ term or type", UNION_END, "ielem"),
    _rule("PIPE . term", "expected ~ term or type", UNION_END, "type_name"),
    # ---- types
    _rule("type_chan: CHAN ARROW . type", "missing channel element type", NONE, "type_name"),
    _rule("type_chan: CHAN . ", "missing channel element type", NONE, "type_name"),
    _rule("type_recv: ARROW CHAN . type", "missing channel element type", NONE, "type_name"),
    _rule("type_recv: ARROW . CHAN", "expected keyword chan", ONE, "CHAN"),
    _rule("type_lit: MAP . LBRACK", "expected [", ONE, "LBRACK"),
    _rule("type_lit: MAP LBRACK type . RBRACK", "expected ]", ONE, "RBRACK"),
    _rule(
        "type_brack: LBRACK expr . RBRACK", "unexpected comma; expected ]", ONE, "",
        tokens="COMMA",
    ),
    _rule("LBRACK expr . RBRACK", "expected ]", ONE, "RBRACK"),
    _rule("LBRACK ELLIPSIS . RBRACK", "expected ]", ONE, "RBRACK"),
    _rule("param: NAME LBRACK exprs . ", "expected ]", ONE, "RBRACK"),
    _rule("exprs COMMA . RBRACK", "expected type", TYPE_END, "primary"),
    _rule(
        "targs: LBRACK . types", "expected type argument list", NONE, "type_name",
        tokens="RBRACK",
    ),
    _rule("targs: LBRACK types . ", "", NONE, "targs_end"),
    _rule("type_paren: LPAREN type . RPAREN", "expected )", ONE, "RPAREN"),
    _rule("LPAREN type . RPAREN tag", "", NONE, "RPAREN"),
    # ---- statement lists; "at end of statement" and the like are found by the method
    _rule("block: LBLOCK . stmts", "", NONE, "stmts"),
    _rule("body: LBODY . stmts", "", NONE, "stmts"),
    _rule("LBODY . stmts", "", NONE, "stmts"),
    _rule("COLON . stmts", "", NONE, "stmts"),
    _rule("$root_entry: . entry", "", NONE, "stmts"),
    _rule("stmts: stmts . SEMI", "", NONE, "in_statements"),
    # ---- statements
    _rule("stmt: NAME COLON . ", "", NONE, "no_statement"),
    _rule("if_stmt: IF . if_header", "missing condition in if statement", NONE, "if_header",
          tokens="LBRACE"),
    _rule("if_stmt: IF . if_header", "", ONE, "var_not_allowed", tokens="VAR"),
    _rule("switch_stmt: SWITCH . switch_header", "", ONE, "var_not_allowed", tokens="VAR"),
    _rule("for_stmt: FOR . for_header", "", ONE, "var_not_allowed", tokens="VAR"),
    _rule("for_stmt: FOR . for_header", "expected expression", CLOSE, "primary"),
    _rule("for_header: simple .", "expected {", ONE, "header_end"),
    _rule("header: simple . SEMI", "expected {", ONE, "header_end"),
    _rule("for_header: opt_simple SEMI . opt_simple", "expected for loop condition", NONE,
          "opt_simple SEMI opt_simple", tokens="LBRACE"),
    _rule("for_header: opt_simple SEMI opt_simple . SEMI", "expected semicolon or newline",
          ONE, "SEMI"),
    _rule("for_header: opt_simple SEMI opt_simple SEMI . ", "", NONE, "opt_simple",
          tokens="LBRACE"),
    _rule("if_stmt: IF if_header . block", "expected { after if clause", ("NAME", "RBRACE"),
          "LBLOCK"),
    _rule("for_stmt: * . block", "expected { after for clause", ("NAME", "RBRACE"), "LBLOCK"),
    _rule("switch_stmt: SWITCH switch_header . LBLOCK", "missing { after switch clause",
          ("CASE", "DEFAULT", "RBRACE"), "LBLOCK"),
    _rule("select_stmt: SELECT . LBLOCK", "missing { after select clause",
          ("CASE", "DEFAULT", "RBRACE"), "LBLOCK"),
    _rule("clauses: clauses . clause", "expected }", NONE, "RBRACE", tokens="$END"),
    _rule("comms: comms . comm", "expected }", NONE, "RBRACE", tokens="$END"),
    _rule("clauses: clauses . clause", "expected case or default or }", CLAUSE, "DEFAULT"),
    _rule("comms: comms . comm", "expected case or default or }", CLAUSE, "DEFAULT"),
    _rule("LBLOCK . clauses", "", NONE, "clauses"),
    _rule("LBLOCK . comms", "", NONE, "comms"),
    _rule(" . COLON stmts", "expected :", ONE, "COLON"),
    _rule("if_stmt: IF if_header block ELSE . ", "else must be followed by if or statement block",
          ("NAME", "RBRACE"), "block"),
    _rule("simple: exprs . ASSIGN", "expected := or = or comma", ("SEMI", "RBRACE"),
          "first_alone"),
    _rule("stmt: GOTO . NAME", "expected name", ONE, "NAME"),
    # ---- expressions
    _rule("primary: primary DOT . ", "expected name or (", ("SEMI", "RPAREN"), "drop"),
    _rule("primary: primary LBRACK . ", "expected operand", NONE, "primary", tokens="RBRACK"),
    _rule("primary: primary LBRACK expr . COLON", "expected comma, : or ]",
          ("COMMA", "COLON", "RBRACK"), "COLON"),
    _rule("primary: primary LBRACK exprs . ", "expected ]", ONE, "RBRACK"),
    _rule("primary: primary LBRACK COLON . ", "!middle index required in 3-index slice", NONE,
          "primary", tokens="COLON"),
    _rule("primary: primary LBRACK expr COLON . ", "!middle index required in 3-index slice",
          NONE, "primary", tokens="COLON"),
    _rule("COLON expr COLON . expr RBRACK", "!final index required in 3-index slice", NONE,
          "primary", tokens="RBRACK"),
    _rule("primary: primary LBRACK * expr . RBRACK", "expected ]", ONE, "RBRACK"),
    _rule("primary: primary LPAREN exprs . ", "in argument list; possibly missing comma or )",
          CLOSE, "RPAREN"),
    _rule("primary: primary LPAREN exprs ELLIPSIS . ",
          "in argument list; possibly missing comma or )", CLOSE, "RPAREN"),
    _rule("primary: primary LPAREN exprs ELLIPSIS COMMA . ", "expected )", ONE, "RPAREN"),
    _rule("elems . RBRACE", "in composite literal; possibly missing comma or }", CLOSE,
          "RBRACE"),
    _rule("primary: LPAREN expr . RPAREN", "expected )", ONE, "RPAREN"),
    _rule("DOT LPAREN type . RPAREN", "expected )", ONE, "RPAREN"),
    _rule("DOT LPAREN TYPE . RPAREN", "expected )", ONE, "RPAREN"),
    _rule("line: expr . SEMI", "at end of expression", ("$END",), "SEMI"),
    _rule("stmt: RETURN . exprs", "expected expression", CLOSE, "primary"),
    _rule("header: simple SEMI . simple", "expected expression", CLOSE, "primary"),
    _rule("header: SEMI . simple", "expected expression", CLOSE, "primary"),
    _rule("elem_list COMMA . elem", "expected expression", CLOSE, "primary"),
]  # fmt: skip
# What begins with an expression, a type or a name; where nothing ends that could.
_BEGINNINGS = [
    *(
        _rule(f" . {symbol}", "expected expression", CLOSE, "primary")
        for symbol in (
            "primary",
            "unary",
            "exprs",
            "expr",
            "simple",
            "elems",
            "elem",
            "value",
            "header",
            "if_header",
            "switch_header",
            "opt_simple",
            "line",
        )
    ),
    *(
        _rule(f" . {symbol}", "expected type", TYPE_END, "type_name")
        for symbol in "types type_norecv type_nobrack type_name type".split()
    ),
    _rule(" . names", "expected name", ONE, "NAME"),
    _rule(" . NAME", "expected name", ONE, "NAME"),
]
_GROUPED = "in grouped declaration; possibly missing semicolon or newline or )"


class Recovery:
    """Gets one parser past its errors."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.tables = parser.tables
        self.tokens = parser.tokens
        self.builder = parser.builder
        self.i = 0  # the offending token
        self._last = -1
        self._tries = 0
        self._resumed = -1  # where parsing went on after the last error
        self._pushed = ""  # the last symbol that was pushed there

    def at(self, i: int) -> int:
        """Reports the error at token ``i``; where parsing can go on."""
        self.i = i
        self._tries = self._tries + 1 if i == self._last else 0
        self._last = i
        if self._tries > 40:
            raise GiveUp
        if self.parser.too_deep():
            self.builder.too_deep(self.tokens[i][1])
            raise GiveUp
        kind = self.tokens[i][0]
        if kind == "EMPTY" and self.parser.can_shift("LBRACK"):
            self.tokens[i] = ("LBRACK", self.tokens[i][1], "[")
            return i
        for _ in range(len(self.parser.states) + 10):
            state = self.parser.states[-1]
            rule = self._rule_for(" | ".join(self.tables.items[state]), kind)
            if rule is not None:
                self._apply(rule)
                self._resumed = self.i
                return self.i
            reduction = self._reduction(state)
            if reduction is None:
                break
            self.parser.reduce(reduction)
        self._report("")
        raise GiveUp

    def _rule_for(self, items: str, kind: str) -> Optional[_Rule]:
        at_end = items.endswith(" .") or " . |" in items
        for rule in _RULES if at_end else _RULES + _BEGINNINGS:
            if (not rule.tokens or kind in rule.tokens) and rule.items.search(items):
                return rule
        return None

    def _reduction(self, state: int) -> Optional[int]:
        """The rule whose end has been reached; a statement rather than a list."""
        found = None
        for action in self.tables.actions[state].values():
            if action < 0 and self.tables.rules[~action][0] > 0:
                if found is None or self.tables.rules[~action][1] == "simple":
                    found = ~action
        return found

    def _apply(self, rule: _Rule) -> None:
        if rule.message:
            self._report(_GROUPED if rule.message == "grouped" else rule.message)
        self.skip(rule.skip)
        special: Optional[Callable[[], None]] = getattr(self, "_" + rule.push, None)
        if special is not None:
            special()
            return
        symbols = rule.push.split()
        if rule.skip is CLOSE and symbols and symbols[0] == self.tokens[self.i][0]:
            return  # it was found
        for symbol in symbols:
            self.push(symbol)

    # -------------------------------------------------------------- the tools
    def _report(self, message: str) -> None:
        """As Go words it: some messages begin with the unexpected token."""
        self._report_at(self.tokens[self.i][1], message)

    def _report_at(self, pos: int, message: str) -> None:
        tok = self.tokens[self.i]
        self.parser.i = self.i
        if message.startswith("!"):
            self.builder.diags.error(pos, message[1:])
            return
        if message.startswith(("in ", "at ", "after ")):
            message = f"unexpected {spell(tok)} {message}"
        elif message.startswith("expected "):
            message = f"unexpected {spell(tok)}, {message}"
        self.builder.syntax_error(pos, message or f"unexpected {spell(tok)}")

    def skip(self, follow: tuple[str, ...]) -> None:
        """Go's advance: to a token of ``follow``, or inside functions a statement keyword."""
        if follow is FATAL:
            raise GiveUp
        if follow is NONE:
            return
        if follow is ONE:
            if self.tokens[self.i][0] != "$END":
                self.i += 1
            return
        stop = _STOP if self.in_function() else frozenset()
        while True:
            kind = self.tokens[self.i][0]
            if kind in follow or kind in stop or kind == "$END":
                return
            self.i += 1

    def in_function(self) -> bool:
        return any(isinstance(v, tuple) and v[0] == "LBODY" for v in self.parser.values)

    def push(self, symbol: str) -> None:
        """Pretends that ``symbol`` was found here."""
        self._pushed = symbol
        self.parser.push(symbol, self._dummy(symbol))

    def _dummy(self, symbol: str) -> Any:
        pos = self.tokens[self.i][1]
        make = _DUMMIES.get(symbol)
        return make(pos) if make else (symbol, pos, "")

    def drop_value(self) -> Any:
        self.parser.states.pop()
        return self.parser.values.pop()

    # ----------------------------------------------------- what needs more than a rule
    def _not_a_declaration(self) -> None:
        """Something between declarations; ``skip`` has gone past it already."""
        here, self.i = self.i, self._last
        decls = self.parser.values[-1]
        last = decls[-1] if decls else None
        if (
            self.tokens[self.i][0] == "LBRACE"
            and isinstance(last, ast.FuncDecl)
            and last.body is None
        ):
            self._report("unexpected semicolon or newline before {")
        else:
            self._report("non-declaration statement outside function body")
        self.i = here

    def _skip_brackets(self) -> None:
        """Past the "[" here to after its "]"."""
        depth = 0
        while self.tokens[self.i][0] != "$END":
            kind = self.tokens[self.i][0]
            depth += kind in ("LBRACK", "EMPTY")
            depth -= kind == "RBRACK"
            self.i += 1
            if depth == 0:
                break

    def _empty_brackets(self) -> None:
        """``func f[]``: forget the "[" on the stack and the "]" here."""
        self.drop_value()
        self.i += 1

    def _tag_of_any_kind(self) -> None:
        """Any literal is a tag for Go's parser."""
        _, pos, text = self.tokens[self.i]
        self.tokens[self.i] = ("STRING", pos, text)
        self.builder.syntax_errors = True

    def _bad_path(self) -> None:
        self.builder.syntax_errors = True
        self.push("import_spec")

    def _in_statements(self) -> None:
        """A token after a statement that neither ends the list nor goes on with it."""
        state = self.parser.states[-1]
        tok = self.tokens[self.i]
        # What was last put on the stack: have we begun a statement, or ended one?
        before = self._pushed if self.i == self._resumed else self.tokens[self.i - 1][0]
        items = " | ".join(self.tables.items[state])
        if before not in _BEGIN and tok[0] != "$END":
            self._report("at end of statement")
            self.skip(("SEMI", "RBRACE", "CASE", "DEFAULT"))
            if self.tokens[self.i][0] == "SEMI":
                self.i += 1
            self.push("SEMI")
            # Where there is nothing after it, the list ends as after "}" or ";".
        elif "stmts . RBRACE" in items:
            self._report("expected }")
            self.skip(ONE)
            self.push("RBRACE")
        elif "$root" in items or "entry:" in items:
            self._report("unexpected " + spell(tok))
            self.skip(ONE)
        else:  # the end of a clause
            reduction = self._reduction(state)
            assert reduction is not None
            self.parser.reduce(reduction)

    def _package_name(self) -> None:
        if self.tokens[self.i][0] != "SEMI":
            self._report("expected semicolon or newline")
        raise GiveUp

    def _var_not_allowed(self) -> None:
        for value in reversed(self.parser.values):
            if isinstance(value, tuple) and value[0] in ("IF", "FOR", "SWITCH"):
                self._report(f"var declaration not allowed in {value[2]} initializer")
                return

    def _targs_end(self) -> None:
        """``T[A b``; in an interface ``m[A b](...)`` is a method with type parameters."""
        states = self.parser.states
        if len(states) > 3 and self.tables.items[states[-3]][0].startswith("ielem: NAME"):
            lbrack = self.parser.values[-2]
            self._report_at(lbrack[1], "!interface method must have no type parameters")
            self.drop_value()
            self.drop_value()
            depth = 1
            while depth and self.tokens[self.i][0] != "$END":
                kind = self.tokens[self.i][0]
                depth += (kind in ("LBRACK", "EMPTY")) - (kind == "RBRACK")
                self.i += 1
            return
        self._report("expected ]")
        self.skip(ONE)
        self.push("RBRACK")

    def _no_statement(self) -> None:
        colon = self.parser.values[-1]
        self.builder.syntax_error(colon[1], "missing statement after label")
        reduction = self._reduction(self.parser.states[-1])
        assert reduction is not None
        self.parser.reduce(reduction)
        self._pushed = "SEMI"  # no statement has begun

    def _header_end(self) -> None:
        """Something after the first statement of a header: on to the block, or further
        in the header."""
        if self.tokens[self.i][0] != "LBRACE":
            self.skip(("LBRACE", "RBRACE"))
        in_for = "for_header" in self.tables.items[self.parser.states[-1]][0]
        if in_for or self.tokens[self.i][0] != "LBRACE":
            self.push("SEMI")

    def _first_alone(self) -> None:
        """``a, b`` as a statement: make the best of it."""
        exprs = self.drop_value()
        self.parser.push("simple", ast.ExprStmt(exprs[0].pos, exprs[0]))

    def _drop(self) -> None:
        """``x.`` without a name: x."""
        self.drop_value()


def spell(tok: Token) -> str:
    """Go's name for a token."""
    kind, _, text = tok
    if kind == "NAME":
        return "name " + text
    if kind in _LITERALS:
        return "literal " + text
    if kind in _KEYWORDS:
        return "keyword " + text
    return "comma" if kind == "COMMA" else text


def _bad_field(pos: int) -> ast.Field:
    return ast.Field(pos, [], ast.BadExpr(pos), None)


_DUMMIES: dict[str, Callable[[int], Any]] = {
    "NAME": lambda pos: ast.Ident(pos, "_"),
    "STRING": lambda pos: ast.BasicLit(pos, "STRING", '""'),
    "primary": ast.BadExpr,
    "type_name": ast.BadExpr,
    "tag": lambda pos: None,
    "decls": lambda pos: [],
    "stmts": lambda pos: [],
    "clauses": lambda pos: [],
    "comms": lambda pos: [],
    "block": lambda pos: ast.BlockStmt(pos, [], pos),
    "if_header": lambda pos: (None, ast.BadExpr(pos)),
    "opt_simple": lambda pos: None,
    "param": lambda pos: ast.Field(0, [], ast.BadExpr(pos), None),
    "field": _bad_field,
    "ielem": _bad_field,
    "tparam": lambda pos: ast.Field(0, [], ast.BadExpr(pos), None),
    "sig": lambda pos: ast.FuncType(pos, None, [], []),
    "import_spec": lambda pos: ast.ImportSpec(pos, None, ast.BasicLit(pos, "STRING", '""')),
}
