"""Completion: names, fields, methods, packages, commands, files.

What stands before a dot is given to the type checker, in its place: the text up to there is
completed by closing the brackets that are open, with the selector ``·`` at the cursor, and
checked without being run. So local variables and parameters are known too.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completion
from prompt_toolkit.completion import Completer as Base
from prompt_toolkit.document import Document

from gol.jit.packages import std_paths
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.check.entry import probe
from gol.lang.entry import HOLE, parse_hole
from gol.lang.imports import missing_imports
from gol.lang.lexer import KEYWORDS
from gol.lang.lookup import method_set
from gol.lang.objects import Builtin, Const, Func, Object, Package, PkgName, TypeName, Var
from gol.lang.types import type_string
from gol.lang.universe import UNIVERSE
from gol.lang.walk import walk

from ..session import Session
from .commands import COMMANDS
from .doc import exported

_re_word = re.compile(r"[^\W\d]\w*\Z|\Z")
_re_path = re.compile(r"\"[\w/]*\Z")


class Completer(Base):
    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        for start, name, meta in candidates(self.session, text):
            yield Completion(name, start_position=start - len(text), display_meta=meta)


def candidates(session: Session, text: str) -> list[tuple[int, str, str]]:
    """(where the replaced text begins, what to put there, what it is), in order."""
    try:
        return _candidates(session, text)
    except Exception:  # noqa: BLE001 (whatever is wrong, the user goes on typing)
        if os.environ.get("GOL_TRACEBACK"):
            raise
        return []


def _candidates(session: Session, text: str) -> list[tuple[int, str, str]]:
    if text.startswith(":"):
        command, space, rest = text[1:].partition(" ")
        if not space:
            return [(1, n, "") for n in COMMANDS if n.startswith(command)]
        if command in ("load", "save"):
            return list(_files(len(text) - len(rest), rest))
        at = len(text) - len(rest)
        return [(at + i, n, m) for i, n, m in _candidates(session, rest)]
    path = _re_path.search(text)
    if path is not None and _is_import(text[: path.start()]):
        begin = path.start() + 1
        found = sorted(p for ps in std_paths().values() for p in ps)
        return [(begin, p, "package") for p in found if p.startswith(text[begin:])]
    m = _re_word.search(text)
    assert m is not None
    word, begin = m.group(), m.start()
    if text[:begin].rstrip(" \t\n").endswith("."):
        names = dict(_members(session, text[:begin]))
    else:
        names = dict(_names(session, text[:begin]))
    return sorted(
        (begin, n, meta) for n, meta in names.items() if n.startswith(word) and n != word
    )


def _is_import(before: str) -> bool:
    tail = before.rpartition("import")
    return bool(tail[1]) and re.fullmatch(r"\s*(\w+\s+|\(.*)?", tail[2], re.S) is not None


def _files(begin: int, prefix: str) -> Iterator[tuple[int, str, str]]:
    home = os.path.expanduser(prefix)
    for path in sorted(glob.glob(glob.escape(home) + "*")):
        path = prefix + path[len(home) :]
        yield begin, path + ("/" if os.path.isdir(path) else ""), ""


# -------------------------------------------------------------------------- names
def _names(session: Session, before: str) -> Iterator[tuple[str, str]]:
    for word in KEYWORDS:
        yield word, "keyword"
    for name, paths in std_paths().items():
        if len(paths) == 1:
            yield name, "package"
    for name, obj in (UNIVERSE.names | session.names.scope.names).items():
        if name[:1].isalpha() or name[:1] == "_" and len(name) > 1:
            yield name, describe(obj)
    for word in re.findall(r"[^\W\d]\w*", before):  # what this entry declares itself
        if word not in KEYWORDS:
            yield word, ""


def describe(obj: Object) -> str:
    if isinstance(obj, PkgName):
        return f'package "{obj.imported.path}"'
    if isinstance(obj, TypeName):
        return "type"
    if isinstance(obj, Builtin):
        return "built-in function"
    if isinstance(obj, (Func, Var, Const)) and isinstance(obj.type, T.Type):
        return type_string(obj.type, _qualify)
    return ""


def _qualify(p: Package) -> str:
    return "" if p.path == "main" else p.name


# ------------------------------------------------------------------------ members
def _members(session: Session, before: str) -> Iterator[tuple[str, str]]:
    """What can stand after the dot that ``before`` ends in."""
    session.start()
    path = _package_before(session, before)
    if path:
        yield from _exported(session, path)
        return
    x = _operand(session, before)
    if x is None or x.type is None:
        return
    yield from _selectors(session, x.type, x.mode == A.MODE_TYPE)


def _exported(session: Session, path: str) -> Iterator[tuple[str, str]]:
    package = session.library.at_hand(path)
    if package is not None:
        for name, obj in package.scope.names.items():
            if obj.exported:
                yield name, describe(obj)
        return
    for d in exported(path):  # compiling it would take too long now
        for name in d.names:
            if "." not in name:
                yield name, d.text.partition("\n")[0]


def _package_before(session: Session, before: str) -> str:
    """The import path of the package that stands alone before the dot, or ""."""
    m = re.search(r"(?<![\w.])([^\W\d]\w*)\s*\.\s*\Z", before)
    if m is None:
        return ""
    obj = session.names.scope.lookup_outer(m.group(1))
    if isinstance(obj, PkgName):
        return obj.imported.path
    paths = std_paths().get(m.group(1), [])
    if obj is None and len(paths) == 1 and not re.search(rf"\b{m.group(1)}\b[^.]", before):
        return paths[0]
    return ""


def _operand(session: Session, before: str) -> A.Expr | None:
    """The operand of the selector at the end, checked."""
    for entry, diags in parse_hole(before):
        missing_imports(entry, session.names, std_paths())
        probe(session.names, entry, session.library.at_hand, diags)
        for tree in (*entry.decls, *entry.stmts):
            for n in _selectors_in(tree):
                if n.sel.name == HOLE:
                    return n.x if n.x.mode != A.MODE_INVALID else None
    return None


def _selectors_in(tree: A.Node) -> Iterator[A.SelectorExpr]:
    return (n for n in walk(tree) if isinstance(n, A.SelectorExpr))


def _selectors(session: Session, t: T.Type, is_type: bool) -> Iterator[tuple[str, str]]:
    """Fields (promoted ones too) and methods of a t."""
    mine = session.names.package
    seen: set[int] = set()

    def visible(obj: Object) -> bool:
        return obj.exported or obj.pkg is mine

    base = t.underlying()
    if isinstance(base, T.Pointer):
        base = base.elem
    elif not is_type and not isinstance(base, T.Interface):
        t = T.Pointer(t)  # of a variable the methods of its pointer can be called too
    if not is_type:
        level: list[T.Type] = [base]
        while level:
            below: list[T.Type] = []
            for s in level:
                u = s.underlying()
                if isinstance(u, T.Pointer):
                    u = u.elem.underlying()
                if not isinstance(u, T.Struct) or id(u) in seen:
                    continue
                seen.add(id(u))
                for f in u.fields:
                    if visible(f) and f.name != "_":
                        yield f.name, type_string(f.type, _qualify)
                    if f.embedded:
                        below.append(f.type)
            level = below
    for m in method_set(t):
        if visible(m.func):
            yield m.func.name, type_string(m.func.type, _qualify)
