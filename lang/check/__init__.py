"""The type checker: all of Go but generics, which it refuses as not supported yet.

:func:`check_package` takes the syntax trees of a package and fills what
:mod:`gol.lang.ast` has below its ``# checker`` lines, and the objects of
:mod:`gol.lang.objects`. It reports every error it finds, in the words of Go's compiler,
and leaves a package that later stages may use only if there was none.

``collect`` enters the package's objects into scopes; ``decl`` resolves them on demand;
``typexpr`` evaluates type expressions, ``expr`` and its neighbours expressions, ``stmt``
function bodies; ``initorder`` sorts the initialisers.
"""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import types as T
from ..deep import deep
from ..diagnostics import Diagnostics
from ..objects import Package, TypeName
from . import (
    collect,
    decl,
    expr,  # noqa: F401  (first: the rules' modules import each other)
    foreign,
    initorder,
)
from .state import Checker, Importer

__all__ = ["Importer", "check_package"]

def check_package(
    path: str, files: list[A.File], importer: Importer, diags: Diagnostics
) -> Package:
    """Check the package that these files make up.

    ``importer`` gives the checked package of an import path, None where there is none.
    """
    pkg = Package(path, files[0].package.name if files else path)
    c = Checker(pkg, importer, diags)
    c.files = pkg.files = [f for f in files if _of_package(c, f)]
    c.resolve = lambda obj: decl.obj_decl(c, obj)
    try:
        with deep():
            _check(c)
    except RecursionError:
        pos = files[0].package.pos if files else 0
        diags.error(pos, "program nests too deeply: not supported yet")
    return pkg


def _of_package(c: Checker, file: A.File) -> bool:
    if file.package.name == c.pkg.name:
        return True
    c.error(file.package, f"package {file.package.name}; expected package {c.pkg.name}")
    return False


def _check(c: Checker) -> None:
    collect.collect_objects(c)
    direct_cycles(c)
    resolve_all(c)
    c.process_delayed(0)
    initorder.init_order(c)
    collect.unused_imports(c)
    if not c.failed:
        for e, message in c.too_large:
            c.error(e, message)
    if not c.failed:
        _bodies(c)
    pkg = c.pkg
    for named in c.named:
        named.under = named.underlying()
    pkg.named = list(c.named)
    pkg.imports.sort(key=lambda p: p.path)
    pkg.complete = True


def resolve_all(c: Checker) -> None:
    """Types first, aliases after them, then everything else, in source order."""
    aliases = []
    others = []
    for obj in list(c.decls):
        if isinstance(obj, TypeName):
            if obj.alias:
                aliases.append(obj)
            else:
                decl.obj_decl(c, obj)
        else:
            others.append(obj)
    for alias in aliases:
        decl.obj_decl(c, alias)
    for other in others:
        decl.obj_decl(c, other)


def direct_cycles(c: Checker) -> None:
    """``type A B; type B A``: found before anybody asks what they are."""
    state: dict[TypeName, int] = {}  # index in the path that is being followed, -1: done
    for start in list(c.decls):
        if not isinstance(start, TypeName):
            continue
        path: list[TypeName] = []
        t: Optional[TypeName] = start
        while t is not None:
            i = state.get(t)
            if i is not None:
                if i >= 0:
                    t.type = T.INVALID
                    cycle = list(path[i:])
                    decl.cycle_error(c, cycle, decl.first_in_source(cycle))  # type: ignore[arg-type]
                break
            state[t] = len(path)
            path.append(t)
            spec = c.decls[t].tspec
            t = None
            if spec is not None and isinstance(spec.type_expr, A.Ident):
                o = c.pkg.scope.lookup(spec.type_expr.name)
                if isinstance(o, TypeName) and o in c.decls:
                    t = o
        for t in path:
            state[t] = -1


def _bodies(c: Checker) -> None:
    """Only foreign functions, and the library's own, may lack a body: it is elsewhere."""
    is_main = c.pkg.name == "main"
    foreign.check_bodies(c, c.pkg.funcs, needed=is_main)
    if is_main and c.pkg.scope.lookup("main") is None:
        c.error(0, "function main is undeclared in the main package")
