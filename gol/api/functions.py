"""The Python functions that stand for gol's.

Each has gol's parameters, so Python itself sees to the number and the names of arguments,
and :func:`help` and :mod:`inspect` can tell them; its documentation; and its place in the
source, where tracebacks show it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

from .describe import Call

Function = Callable[..., Any]
_CALL = "_gol_call"  # what a function calls, with a tuple of its arguments


def attribute(name: str) -> str:
    """A name of gol's as Python can write it."""
    return name + "_" if keyword.iskeyword(name) else name


def make(call: Call, module: str, annotations: Sequence[str], invoke: Function) -> Function:
    """A function that hands its arguments to ``invoke`` as one tuple, those of a variadic
    parameter as a tuple in it. ``annotations`` are the types of the parameters, the receiver
    left out, and of the result."""
    name = call.name.rpartition(".")[2]
    names = _parameters(call)
    given = ", ".join(names) + ("," if len(names) == 1 else "")
    if call.variadic:
        names[-1] = "*" + names[-1]
    defined = attribute(name) if name.isidentifier() else "function"
    text = f"def {defined}({', '.join(names)}): return {_CALL}(({given}))"
    space: dict[str, Any] = {_CALL: invoke, "__name__": module}
    exec(compile("\n" * (call.line - 1) + text, call.file, "exec"), space)
    function: Any = space[defined]
    function.__code__ = _without_columns(function.__code__)
    function.__name__ = name
    function.__qualname__ = call.name
    function.__doc__ = call.doc or None
    annotated = [n.lstrip("*") for n in names[call.bound :]] + ["return"]
    function.__annotations__ = dict(zip(annotated, annotations))
    return function  # type: ignore[no-any-return]


def _without_columns(code: CodeType) -> CodeType:
    """One that stands on its first line, nowhere in it: the line is gol's, the text ours.
    An entry of a line table is 1, 4 bits 13 (no columns), 3 bits length - 1; line delta."""
    units = len(code.co_code) // 2
    lengths = [8] * (units // 8) + [units % 8] * (units % 8 > 0)
    table = b"".join(bytes((0x80 | 13 << 3 | n - 1, 0)) for n in lengths)
    return code.replace(co_linetable=table)


def _parameters(call: Call) -> list[str]:
    """What Python calls the parameters: a receiver ``self``, those without a name by their
    number."""
    names: list[str] = []
    for i, p in enumerate(call.params):
        if call.bound and i == 0:
            p = "self"
        elif not p:
            p = f"_{i + 1 - call.bound}"
        if not p.isascii():  # Python takes two spellings of one letter for the same
            import unicodedata

            p = unicodedata.normalize("NFKC", p)
        p = attribute(p) if p.isidentifier() else f"_{i + 1 - call.bound}"
        while p in names or p == _CALL:
            p += "_"
        names.append(p)
    return names
