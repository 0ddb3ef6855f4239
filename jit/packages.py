"""Finding, parsing and ordering the packages that a program is made of.

``runtime`` lies in the folder of package gol.runtime, every other import path under its
``std/``. The program itself is package ``main``, from sources that the caller has read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from typing import Optional

from gol.lang import ast as A
from gol.lang.diagnostics import Diagnostics
from gol.lang.digest import blake2b
from gol.lang.record import field, record
from gol.lang.source import SourceSet

Sources = list[tuple[str, bytes]]  # (path as shown to the user, content)


@record()
class Unit:
    """One package: its sources, and its tree once parsed."""

    path: str
    sources: Sources
    files: list[A.File] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)  # direct ones, sorted
    key: str = ""  # content hash over itself and everything that it is compiled against


def runtime_folder() -> str:
    import gol.runtime

    return os.path.dirname(os.path.abspath(gol.runtime.__file__))


def std_sources(path: str) -> Optional[Sources]:
    """The sources of a library package, or None if there is none of that path."""
    folder = runtime_folder()
    if path != "runtime":
        folder = os.path.join(folder, "std", *path.split("/"))
    if path.startswith(("/", ".")) or ".." in path.split("/") or not os.path.isdir(folder):
        return None
    out: Sources = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".gol"):
            file = os.path.join(folder, name)
            with open(file, "rb") as f:
                out.append((file, f.read()))
    return out or None


@cache
def std_paths() -> dict[str, list[str]]:
    """The import paths of the library that programs may use, by their last element."""
    root = os.path.join(runtime_folder(), "std")
    out: dict[str, list[str]] = {"runtime": ["runtime"], "unsafe": ["unsafe"]}
    for folder, _, names in os.walk(root):
        path = os.path.relpath(folder, root).replace(os.sep, "/")
        if "internal" in path.split("/") or not any(n.endswith(".gol") for n in names):
            continue
        out.setdefault(path.rpartition("/")[2], []).append(path)
    return out


def assembly() -> str:
    with open(os.path.join(runtime_folder(), "asm_amd64.s"), encoding="utf-8") as f:
        return f.read()


def parse_unit(unit: Unit, sources: SourceSet, diags: Diagnostics) -> bool:
    """Parse every file; False if there were errors."""
    from gol.lang.parser import parse_file

    ok = True
    for path, content in unit.sources:
        text = content.decode("utf-8", "surrogateescape")
        if path[:1] != "<":
            sources.full_paths[path] = os.path.abspath(path)
        file = parse_file(sources.add(path, text), diags)
        if file is None:
            ok = False
        else:
            unit.files.append(file)
    return ok


# Library sources are ours and well-formed: their imports can be read without parsing, so
# that a package which is in the store needs no parser.
_re_import = re.compile(r'^import\s+(?:\w+\s+|\.\s+)?"([^"]+)"|^import\s*\(([^)]*)\)', re.M)
_re_path = re.compile(r'^\s*(?:\w+\s+|\.\s+)?"([^"]+)"', re.M)


def scan_imports(content: bytes) -> set[str]:
    out: set[str] = set()
    for one, group in _re_import.findall(content.decode("utf-8", "replace")):
        out.update(_re_path.findall(group) if group else [one])
    return out - {"unsafe"}


def discover(
    main: Sources, sources: SourceSet, diags: Diagnostics, extra: tuple[str, ...] = ()
) -> Optional[list[Unit]]:
    """The program (parsed) and all that it and ``extra`` need, dependencies first; runtime is
    always the first. None after a syntax error. Imports that do not exist are left to the
    checker."""
    program = Unit("main", main)
    if not parse_unit(program, sources, diags):
        return None
    paths = {s.path.text[1:-1] for f in program.files for s in f.imports}
    program.imports = sorted(p for p in paths if p and p not in ("unsafe", "C"))
    return [*closure((*extra, *program.imports)), program]


def closure(paths: Iterable[str]) -> list[Unit]:
    """Library packages and what they import, dependencies first; runtime is always the
    first. Paths that do not exist are left out."""
    seen: set[str] = set()
    order: list[Unit] = []

    def visit(path: str) -> None:
        seen.add(path)
        found = std_sources(path)
        if found is None:
            return
        unit = Unit(path, found)
        unit.imports = sorted(set().union(*(scan_imports(c) for _, c in found)))
        for p in unit.imports:
            if p not in seen:
                visit(p)
        order.append(unit)

    for path in ("runtime", *paths):
        if path not in seen:
            visit(path)
    return order


def set_keys(units: list[Unit], toolchain: str) -> None:
    """Give each unit its key; ``units`` in dependency order."""
    keys: dict[str, str] = {}
    runtime_key = ""
    for u in units:
        h = blake2b(f"{toolchain}\0{u.path}\0{runtime_key}".encode(), digest_size=20)
        for path, content in u.sources:
            h.update(f"\0{path}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
            h.update(content)
        if u.path == "runtime":
            h.update(assembly().encode())
        for p in u.imports:
            h.update(keys.get(p, "").encode())
        u.key = keys[u.path] = h.hexdigest()
        if u.path == "runtime":
            runtime_key = u.key
