"""``:doc``: how something was declared, and the comment above it, read from its source.

NAME is that of something declared here, a package of the library, ``package.Name``, or with a
further element a method: ``T.M``, ``package.T.M``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Optional

from gol.jit.packages import std_paths, std_sources
from gol.lang.objects import Builtin, Func, Object, PkgName, TypeName
from gol.lang.source import decode
from gol.lang.types import Named
from gol.lang.universe import UNIVERSE

from ..declared import Declared, comment_above, declarations
from ..session import Session

_BUILTINS = {
    "append": "func append(s []T, elems ...T) []T\n\ns with elems behind it; s's array is used if it has room.",  # noqa: E501
    "cap": "func cap(v T) int\n\nThe capacity of a slice, array or channel.",
    "clear": "func clear(v T)\n\nDelete all entries of a map, or zero all elements of a slice.",
    "close": "func close(c chan<- T)\n\nNothing more will be sent on c.",
    "complex": "func complex(r, i Float) Complex\n\nThe number r + i·1i.",
    "copy": "func copy(dst, src []T) int\n\nCopy as many elements as both have; their number.",
    "delete": "func delete(m map[K]V, key K)\n\nRemove the entry for key, if there is one.",
    "imag": "func imag(c Complex) Float\n\nThe imaginary part.",
    "len": "func len(v T) int\n\nThe length of a string, slice, array, map or channel.",
    "make": "func make(T type, size ...int) T\n\nA slice, map or channel.",
    "max": "func max(x T, y ...T) T\n\nThe largest of ordered values.",
    "min": "func min(x T, y ...T) T\n\nThe smallest of ordered values.",
    "new": "func new(T type) *T\n\nA pointer to a new variable, which is zero.",
    "panic": "func panic(v any)\n\nStop this function, run what was deferred, and so on in its callers.",  # noqa: E501
    "print": "func print(args ...T)\n\nWrite to standard error.",
    "println": "func println(args ...T)\n\nWrite to standard error, with spaces and a newline.",
    "real": "func real(c Complex) Float\n\nThe real part.",
    "recover": "func recover() any\n\nIn a deferred function: end the panic; its value.",
}


def document(session: Session, name: str) -> Optional[str]:
    """The documentation of something; None if there is none."""
    first, _, rest = name.partition(".")
    obj = session.names.scope.lookup_outer(first)
    if isinstance(obj, Builtin):
        return _BUILTINS.get(first)
    if isinstance(obj, PkgName):
        return _library(obj.imported.path, rest)
    if obj is None:
        paths = [p for p in std_paths().get(first, [])] or (
            [name] if std_sources(name) is not None else []
        )
        return _library(paths[0], rest if "/" not in name else "") if len(paths) == 1 else None
    if UNIVERSE.lookup(first) is obj:
        return f"{first} is predeclared"
    if rest:
        obj = _method(obj, rest)
    return _in_session(session, obj) if obj is not None else None


def _method(obj: Object, name: str) -> Optional[Func]:
    t = obj.type
    if isinstance(obj, TypeName) and isinstance(t, Named):
        for m in t.methods:
            if m.name == name:
                return m
    return None


def _in_session(session: Session, obj: Object) -> Optional[str]:
    source = session.sources.source_of(obj.pos)
    if source is None:
        return None
    at = obj.pos - source.base
    for d in declarations(source.text):
        if d.start <= at < d.end:
            return str(d)
    return None


def _library(path: str, name: str) -> Optional[str]:
    files = _parsed(path)
    if not name:
        comments = [c for c, _ in files if c]
        names = [n for d in exported(path) for n in d.names if n[:1].isupper()]
        listed = ", ".join(sorted(n for n in names if "." not in n))
        return "\n\n".join([f"package {path}", *comments, listed])
    for _, ds in files:
        for d in ds:
            if name in d.names and name.rpartition(".")[2][:1].isupper():
                return str(d)
    return None


def exported(path: str) -> Iterator[Declared]:
    """What a library package declares for others, from its source."""
    for _, ds in _parsed(path):
        for d in ds:
            if any(n[:1].isupper() for n in d.names):
                yield d


@lru_cache(maxsize=8)
def _parsed(path: str) -> list[tuple[str, list[Declared]]]:
    """(the package's comment, the declarations) of each file of a library package."""
    out = []
    for _, content in std_sources(path) or []:
        text = decode(content)
        out.append((comment_above(text, text.find("package ")), list(declarations(text))))
    return out
