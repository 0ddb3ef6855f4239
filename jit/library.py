"""The packages of the library, for a process that compiles against them bit by bit.

:meth:`Library.need` brings in a package and what it imports, from the store or by compiling
it, once; :attr:`packages` are the checked packages, :attr:`inline` the functions that others
may copy.
"""

from __future__ import annotations

import threading
from typing import Any, Optional

from gol.jit import packages
from gol.jit.artifact import FORMAT, Artifact
from gol.jit.build import Clock, Progress, Store
from gol.jit.compile import Compiler
from gol.jit.packages import Unit
from gol.jit.workers import Workers
from gol.lang.diagnostics import Diagnostics
from gol.lang.objects import Package
from gol.lang.source import SourceSet


class LibraryError(Exception):
    """A library package cannot be compiled: a bug of gol's."""


class Library:
    def __init__(
        self, store: Store, toolchain: str, progress: Optional[Progress] = None
    ) -> None:
        self._toolchain = f"{toolchain}\0{FORMAT}"
        self._units: list[Unit] = []
        self._lock = threading.RLock()
        self.diags = Diagnostics(SourceSet())
        self._compiler = Compiler([], self.diags, store, Clock(), progress)

    @property
    def packages(self) -> dict[str, Package]:
        return self._compiler.packages

    @property
    def inline(self) -> dict[str, Any]:
        return self._compiler.inline

    def importer(self, path: str) -> Optional[Package]:
        """The checked package of an import path, compiled if need be."""
        with self._lock:
            got = self._compiler.importer(path)
            if got is None and packages.std_sources(path) is not None:
                self.need(path)
                got = self._compiler.importer(path)
            return got

    def at_hand(self, path: str) -> Optional[Package]:
        """The same, but None if it would have to be compiled."""
        with self._lock:
            got = self._compiler.importer(path)
            if got is None and packages.std_sources(path) and not self.missing(path):
                got = self.importer(path)
            return got

    def need(self, *paths: str) -> list[Artifact]:
        """Bring these packages in; the artifacts that are new, dependencies first."""
        with self._lock:
            have = {u.path for u in self._units}
            new = [u for u in packages.closure(paths) if u.path not in have]
            if not new:
                return []
            units = [*self._units, *new]
            packages.set_keys(units, self._toolchain)
            compiler = self._compiler
            compiler.units = [*new, Unit("main", [])]
            before = dict(compiler.packages), dict(compiler.artifacts), dict(compiler.inline)
            try:
                with Workers() as workers:
                    if compiler.libraries(new, workers):
                        while workers.busy:
                            compiler.keep(workers.ready(wait=True))
                if self.diags:
                    raise LibraryError(self.diags.items[0].message)
            except BaseException:  # whoever asks again begins anew
                compiler.packages, compiler.artifacts, compiler.inline = before
                self.diags.items.clear()
                raise
            self._units = units
            return [compiler.artifacts[u.path] for u in new]

    def tell(self, progress: Optional[Progress]) -> None:
        """Whom to tell what is compiled."""
        self._compiler.progress = progress

    def missing(self, *paths: str) -> bool:
        """Whether the store lacks any of these packages or what they import."""
        units = packages.closure(paths)
        packages.set_keys(units, self._toolchain)
        return any(self._compiler.store.get("pkg", u.key) is None for u in units)

    def artifact(self, path: str) -> Artifact:
        return self._compiler.artifacts[path]

    def closure(self, path: str) -> list[str]:
        """A package and all that it imports, dependencies first."""
        out: list[str] = []

        def visit(p: Package) -> None:
            if p.path in out or p.path == "unsafe":
                return
            for i in p.imports:
                visit(i)
            out.append(p.path)

        visit(self.packages[path])
        return out


__all__ = ["Library", "LibraryError"]
