"""What a compiled module says of itself: plain data, kept in the cache beside its code.

Types are numbers: entries of the module's table ``tableㆍ`` (gol/api/thunks.py), which at
run time has their descriptors. Calls pass numbers in the words of a block: ``args`` and
``results`` list (type, struct code and offset of a number, or ``None`` and 0: written one
behind the other).
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

# struct codes, by kind, of what is passed as a number
CODES = {
    "bool": "?", "int": "q", "int8": "b", "int16": "h", "int32": "i", "int64": "q",
    "uint": "Q", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q", "uintptr": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
WORDS_BYTES = 64 * 8  # of a block, for numbers; behind them is room for what is written
Slot = tuple[int, Optional[str], int]  # type, struct code, offset in the words


class Call(NamedTuple):
    """How to call one function, method, or func value."""

    name: str  # as errors name it
    thunk: int  # entry of the table; -1: none
    params: tuple[str, ...]
    args: tuple[Slot, ...]
    results: tuple[Slot, ...]
    variadic: bool
    reads: tuple[bool, ...] = ()  # arguments that are slices and only read
    bound: bool = False  # the first argument is a receiver, or the func value
    doc: str = ""
    file: str = "<gol>"  # where it is declared
    line: int = 1


class Description(NamedTuple):
    name: str
    path: str
    functions: dict[str, Call]
    methods: dict[int, dict[str, Call]]  # by type T; the receiver, a *T, is the first argument
    funcs: dict[int, Call]  # by func type; the func value is the first argument
    variables: dict[str, int]
    constants: dict[str, Any]
    types: dict[str, int]
    refused: dict[str, str]  # name → why Python cannot use it
    docs: dict[str, str]  # of the package (""), and of its types

    def dump(self) -> tuple[Any, ...]:
        """For marshal, which knows no named tuples."""
        return (
            self.name, self.path, _calls(self.functions),
            {t: _calls(m) for t, m in self.methods.items()},
            _calls(self.funcs), self.variables, self.constants, self.types, self.refused,
            self.docs,
        )  # fmt: skip

    @staticmethod
    def load(data: Any) -> "Description":
        name, path, functions, methods, funcs, *rest = data
        return Description(
            name, path, _made(functions), {t: _made(m) for t, m in methods.items()},
            _made(funcs), *rest,
        )  # fmt: skip


def _calls(calls: dict[Any, Call]) -> dict[Any, tuple[Any, ...]]:
    return {k: tuple(c) for k, c in calls.items()}


def _made(calls: dict[Any, Any]) -> dict[Any, Call]:
    return {k: Call(*c) for k, c in calls.items()}
