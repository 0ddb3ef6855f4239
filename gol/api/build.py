"""Sources to a module's code: compiled, or taken from the cache.

A module is compiled as a package of its own (``py/<digest>/<name>``), so that types of two
sources, or of two versions of one, are different types in one process. The entry ``py`` of
the cache has its description, its artifact, and the keys of the packages that it needs; with
it neither the parser nor LLVM is imported.
"""

from __future__ import annotations

import gc
import marshal
import os
import threading
from collections.abc import Sequence
from typing import NamedTuple, Optional

from gol.jit.artifact import Artifact
from gol.jit.host import Host

from ..cache import Cache
from ..launch import UsageError, program_key, read_sources, source_files, toolchain_id
from .describe import Description
from .types import MODULES

Sources = list[tuple[str, bytes]]
Path = str | bytes | os.PathLike[str]


_known: dict[str, Artifact] = {}  # by the key of a package: placed already
_compiling = threading.RLock()  # meanwhile settings of the whole process are others


class Code(NamedTuple):
    """What is to be placed in memory, in dependency order."""

    description: Description
    packages: list[Artifact]  # of the library
    parts: list[Artifact]  # of the module


def build(sources: Sources) -> Code:
    """The code of the module that these sources are. Raises CompileError."""
    cache, toolchain = Cache(), toolchain_id()
    Host.get().keep_in(cache, toolchain)
    key = program_key(sources, f"{_thunks_id()}\0{toolchain}")
    code = _recall(cache, key)
    return code if code is not None else _compile(cache, toolchain, key, sources)


def _thunks_id() -> str:
    """Changes whenever a file does that says what is compiled with a module, and kept."""
    here = os.path.dirname(os.path.abspath(__file__))
    names = ("build", "compiler", "describe", "readonly", "spell", "thunks")
    files = [os.path.join(here, f"{n}.py") for n in (*names, "../declared")]
    return " ".join(f"{st.st_size} {st.st_mtime_ns}" for st in map(os.stat, files))


def _recall(cache: Cache, key: str) -> Optional[Code]:
    payload = cache.get("py", key)
    if payload is None:
        return None
    try:
        description, keys, parts = marshal.loads(payload)
        packages = []
        for k in keys:
            a = _package(cache, k)
            if a is None:
                return None
            packages.append(a)
        return Code(Description.load(description), packages, [Artifact.load(p) for p in parts])
    except Exception:  # noqa: BLE001 (whatever is wrong with an entry: compile anew)
        return None


def _package(cache: Cache, key: str) -> Optional[Artifact]:
    a = _known.get(key)
    if a is None:
        payload = cache.get("pkg", key)
        if payload is None:
            return None
        a = _known[key] = Artifact.load(payload)
    return a


def _compile(cache: Cache, toolchain: str, key: str, sources: Sources) -> Code:
    from .compiler import compile_module

    with _compiling:
        collecting = gc.isenabled()
        gc.disable()  # trees are built and thrown away
        try:
            d, artifacts, keys = compile_module(sources, cache, toolchain, f"{MODULES}{key[:12]}")
            code = Code(d, artifacts[: len(keys)], artifacts[len(keys) :])
        finally:
            if collecting:
                gc.enable()
    for part in code.parts:
        part.inline = {}  # nobody imports it
    if cache.put("py", key, marshal.dumps((d.dump(), keys, [p.dump() for p in code.parts]))):
        cache.prune()
    _known.update(zip(keys, code.packages))
    return code


def read(path: Path | Sequence[Path]) -> Sources:
    """The sources of a file, a folder, or several files. Raises OSError."""
    if isinstance(path, (str, bytes, os.PathLike)):
        path = [path]
    paths = [os.fsdecode(p) for p in path]
    if not paths:
        raise ValueError("no source files")
    for p in paths:
        os.stat(p)  # says what is wrong in Python's words
    try:
        return read_sources([f for p in paths for f in source_files(p)])
    except UsageError as e:
        raise OSError(str(e)) from None
