"""The compiler of modules: as of programs, but the last package gets thunks."""

from __future__ import annotations

import io
from typing import Optional

from gol.jit import packages
from gol.jit.artifact import FORMAT, Artifact
from gol.jit.build import Clock
from gol.jit.compile import Compiler, Job
from gol.jit.packages import Sources, Unit
from gol.lang import ast as A
from gol.lang.check import check_package
from gol.lang.diagnostics import Diagnostics
from gol.lang.foreign import directive_of
from gol.lang.objects import Func
from gol.lang.source import SourceSet, decode

from ..cache import Cache
from ..declared import Declared, declarations
from ..program import Progress
from ..render import print_diagnostics
from .describe import Description
from .errors import CompileError, Diagnostic
from .spell import HELPERS
from .thunks import FILE, generate

_MAIN = b"package main\n\nfunc main() {}\n"


def compile_module(
    sources: Sources, cache: Cache, toolchain: str, folder: str
) -> tuple[Description, list[Artifact], list[str]]:
    """The description of the module; the artifacts of the packages that it needs, in
    dependency order, and of its own parts; the keys of those packages. ``folder`` goes
    before the package's name in its path. Raises CompileError."""
    diags = Diagnostics(SourceSet())
    units = packages.discover(sources, diags.sources, diags, (HELPERS,))
    if units is None:
        raise _failed(diags)
    packages.set_keys(units, f"{toolchain}\0{FORMAT}")
    with Progress() as progress:
        compiler = ModuleCompiler(units, diags, cache, Clock(), progress)
        compiler.path = f"{folder}/{units[-1].files[0].package.name}"
        artifacts = compiler.run()
    if artifacts is None or compiler.description is None:
        raise _failed(diags)
    return compiler.description, artifacts, [u.key for u in units[:-1]]


def _failed(diags: Diagnostics) -> CompileError:
    out = io.StringIO()
    print_diagnostics(diags, out)
    items = []
    for d in diags.sorted():
        p = diags.sources.position(d.pos)
        items.append(Diagnostic(p.file, p.line, p.column, d.message))
    return CompileError(out.getvalue().rstrip("\n"), items)


class ModuleCompiler(Compiler):
    path = ""  # of the package that the module is
    description: Optional[Description] = None

    def front(self, u: Unit) -> Optional[Job]:
        if u is not self.units[-1]:
            return super().front(u)
        diags = self.diags
        sources = list(u.sources)
        if u.files[0].package.name == "main" and not _declares(u, "main"):
            sources.append((FILE, _MAIN))  # a module is no program
            u = Unit(u.path, sources)
            packages.parse_unit(u, diags.sources, diags)
        # first as what it is, for its signatures and its errors
        pkg = check_package("main", u.files, self.packages.get, diags)
        for d in pkg.funcs:
            if d.body is None and pkg.name != "main" and not _is_foreign(d):
                diags.error(d.name.pos, "missing function body")
        if diags:
            return None
        declared, doc = _documentation(sources)
        text, self.description = generate(pkg, self.path, diags.sources, declared, doc)
        whole = Unit(self.path, [*sources, (FILE, text.encode())], imports=u.imports)
        self.units[-1] = whole
        if not packages.parse_unit(whole, diags.sources, diags):
            return None
        return super().front(whole)


def _documentation(sources: Sources) -> tuple[dict[str, Declared], str]:
    """What the sources declare, by its name, and the comment of the package."""
    declared: dict[str, Declared] = {}
    comments = []
    for _, content in sources:
        text = decode(content)
        for d in declarations(text):
            declared |= dict.fromkeys(d.names, d)
            if d.text.startswith("package "):
                comments.append(d.comment)
    return declared, "\n\n".join(filter(None, comments))


def _is_foreign(d: A.FuncDecl) -> bool:
    f = d.name.obj
    return isinstance(f, Func) and directive_of(f) is not None


def _declares(u: Unit, name: str) -> bool:
    return any(
        isinstance(d, A.FuncDecl) and d.recv is None and d.name.name == name
        for f in u.files
        for d in f.decls
    )
