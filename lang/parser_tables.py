"""The LALR tables of ``grammar.lark``: lark makes them once, a file in the cache keeps them.

``load()`` gives :class:`Tables`, from the cache without importing lark, in a few
milliseconds. A cache that is missing, stale, broken or unwritable only means that lark is
run (0.3 s).

Beyond what lark computes, chains of pure unit reductions (``type: type_word:
type_func ...``, no action of their own) are short-circuited: where every action of a state
is the reduction of one unnamed one-symbol rule, transitions lead straight to where that
reduction would.
"""

from __future__ import annotations

import marshal
import os
import sys
from typing import Any, NamedTuple

from .cachefile import attempt, cache_dir, recall, store
from .digest import blake2b

GRAMMAR = os.path.join(os.path.dirname(__file__), "grammar.lark")
STARTS = ("file", "entry", "line")
_FORMAT = 4  # of the cached data; raise it when Tables or what computes it changes
_STATEMENT_ENDS = ("stmts: stmt .", "stmts: stmts SEMI stmt .", "stmt: NAME COLON .")


class Tables(NamedTuple):
    """``actions[state][terminal]``: the next state, or ``~rule`` to reduce.

    ``rules[i]`` is (number of symbols, nonterminal, name of the builder's method or "").
    ``starts`` and ``ends`` map a start symbol to its first and accepting state. For error
    messages: ``items[state]`` are the kernel items ("nonterminal: symbols . symbols").
    """

    actions: list[dict[str, int]]
    gotos: list[dict[str, int]]
    rules: list[tuple[int, str, str]]
    starts: dict[str, int]
    ends: dict[str, int]
    items: list[list[str]]


_loaded: Tables | None = None


def load() -> Tables:
    """The tables, computed at most once per process."""
    global _loaded
    if _loaded is None:
        with open(GRAMMAR, "rb") as f:
            text = f.read()
        version = repr((_FORMAT, sys.version_info[:2])).encode()
        key = blake2b(text + version, digest_size=16).hexdigest()
        file = f"{cache_dir()}/grammar/{key}.tables"
        _loaded = _read(file)
        if _loaded is None:
            _loaded = compute(text.decode())
            attempt(store, file, marshal.dumps(tuple(_loaded)))
    return _loaded


def _read(file: str) -> Tables | None:
    try:
        body = recall(file)
    except OSError:
        return None
    return Tables(*marshal.loads(body)) if body is not None else None


def compute(grammar: str) -> Tables:
    """Has lark compile the grammar."""
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

    class NoLexer(Lexer):
        """The tokens come from gol.lang.lexer; lark is asked for tables alone."""

        __future_interface__ = 2

        def __init__(self, conf: Any) -> None:
            pass

        def lex(self, lexer_state: Any, parser_state: Any) -> Any:
            return iter(())

    lark = Lark(grammar, parser="lalr", lexer=NoLexer, start=list(STARTS))
    conf = lark.parser.parser_conf
    # In debug mode lark keeps the item sets, which error messages are made from.
    analyzer = LALR_Analyzer(conf, debug=True)
    analyzer.compute_lalr()
    table = analyzer.parse_table
    number = {state: i for i, state in enumerate(table.states)}
    kernels = {s.closure: s.kernel for s in analyzer.lr0_itemsets}
    nonterminals = {r.origin.name for r in conf.rules}

    tables = Tables([], [], [], {}, {}, [])
    rule_index: dict[Any, int] = {}
    for state, row in table.states.items():
        actions: dict[str, int] = {}
        gotos: dict[str, int] = {}
        for symbol, (action, arg) in row.items():
            if action is Shift:
                (gotos if symbol in nonterminals else actions)[sys.intern(symbol)] = number[arg]
                continue
            rule = rule_index.setdefault(arg, len(rule_index))
            if rule == len(tables.rules):
                origin = sys.intern(str(arg.origin.name))
                tables.rules.append((len(arg.expansion), origin, arg.alias or ""))
            actions[sys.intern(symbol)] = ~rule
        tables.actions.append(actions)
        tables.gotos.append(gotos)
        tables.items.append(sorted(map(_item, kernels[state])))
    tables.starts.update((name, number[s]) for name, s in table.start_states.items())
    tables.ends.update((name, number[s]) for name, s in table.end_states.items())
    _skip_units(tables)
    _separate_clauses(tables)
    return tables


def _separate_clauses(tables: Tables) -> None:
    """What the grammar cannot say without doubling the rules of statements: a statement
    before ``case`` or ``default`` ends in a semicolon, a label there has a statement."""
    for items, row in zip(tables.items, tables.actions, strict=True):
        if any(item in _STATEMENT_ENDS for item in items):
            row.pop("CASE", None)
            row.pop("DEFAULT", None)
        if any(". stmt" in item for item in items):
            row.pop("TILDE", None)  # begins an operand, but no statement


def _item(pointer: Any) -> str:
    names = [symbol.name for symbol in pointer.rule.expansion]
    names.insert(pointer.index, ".")
    return f"{pointer.rule.origin.name}: {' '.join(names)}"


def _skip_units(tables: Tables) -> None:
    """Leads transitions past states that only reduce an unnamed one-symbol rule."""
    unit: dict[int, str] = {}  # such a state: the nonterminal it reduces to
    for state, row in enumerate(tables.actions):
        if len(set(row.values())) == 1 and state not in tables.ends.values():
            (action,) = set(row.values())
            if action < 0 and not tables.gotos[state]:
                size, origin, name = tables.rules[~action]
                if size == 1 and not name:
                    unit[state] = origin
    for rows in (tables.actions, tables.gotos):
        for state, row in enumerate(rows):
            for symbol, target in row.items():
                while target >= 0 and target in unit:
                    target = tables.gotos[state][unit[target]]
                row[symbol] = target
