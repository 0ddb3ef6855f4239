"""Walking the syntax tree without recursion. Which fields of a node are children is worked
out once per class, from the declarations in :mod:`gol.lang.ast`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import ast as A
from .record import fields

# Fields that the checker fills; they lead out of the tree (or back up in it).
_ANNOTATIONS = frozenset(("mode", "type", "obj", "selection", "info", "target", "kind"))


def _child_fields(cls: type) -> tuple[str, ...]:
    return tuple(
        f.name
        for f in fields(cls)
        if f.name not in _ANNOTATIONS
        and not (f.name == "value" and not f.init)  # Expr.value is the constant's value
        and f.type not in ("int", "str", "bool", "list[str]")
    )


_CHILDREN: dict[type, tuple[str, ...]] = {
    cls: _child_fields(cls)
    for cls in vars(A).values()
    if isinstance(cls, type) and issubclass(cls, A.Node)
}


def children(n: A.Node) -> list[Any]:
    """The nodes directly below n, in source order."""
    out: list[Any] = []
    for name in _CHILDREN[type(n)]:
        v = getattr(n, name)
        if v.__class__ is list:
            out.extend(v)
        elif v is not None:
            out.append(v)
    return out


def walk(root: A.Node) -> Iterator[Any]:
    """Every node at and below root, parents first, in source order."""
    todo = [root]
    while todo:
        n = todo.pop()
        yield n
        todo.extend(reversed(children(n)))
