"""Imports that a session makes by itself.

``strings.ToUpper(s)`` at a prompt means package strings, if nothing of that name is declared
and the library has one such package. It is then imported as if the entry had said so.
"""

from __future__ import annotations

from . import ast as A
from .entry import Entry
from .session import Session
from .walk import walk


def missing_imports(entry: Entry, session: Session, known: dict[str, list[str]]) -> list[str]:
    """Add import declarations to an entry; their paths. ``known``: the import paths of the
    library by the last element."""
    plain: set[str] = set()  # names that are not before a dot somewhere
    bases: dict[str, int] = {}
    skip: set[int] = set()
    for tree in (*entry.decls, *entry.stmts):
        for n in walk(tree):
            if isinstance(n, A.SelectorExpr):
                if isinstance(n.x, A.Ident):
                    bases.setdefault(n.x.name, n.x.pos)
                    skip.add(id(n.x))
                skip.add(id(n.sel))
            elif isinstance(n, A.ImportSpec):
                path = n.path.text[1:-1]
                plain.add(n.name.name if n.name else path.rpartition("/")[2])
    for tree in (*entry.decls, *entry.stmts):
        for n in walk(tree):
            if isinstance(n, A.Ident) and id(n) not in skip:
                plain.add(n.name)
    out = []
    for name, pos in bases.items():
        paths = known.get(name, [])
        if name in plain or len(paths) != 1 or session.scope.lookup_outer(name) is not None:
            continue
        spec = A.ImportSpec(pos, None, A.BasicLit(pos, "STRING", f'"{paths[0]}"'))
        entry.decls.insert(0, A.GenDecl(pos, "import", [spec]))
        out.append(paths[0])
    return out
