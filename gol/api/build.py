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
from collections.abc import Sequence
from typing import Optional

from gol.jit.artifact import Artifact
from gol.jit.host import Host

from ..cache import Cache
from ..launch import UsageError, program_key, read_sources, source_files, toolchain_id
from .describe import Description
from .types import MODULES

Sources = list[tuple[str, bytes]]


_known: dict[str, Artifact] = {}  # by the key of a package: placed already


def build(sources: Sources) -> tuple[Description, list[Artifact]]:
    """The description, and the artifacts in dependency order. Raises CompileError."""
    cache, toolchain = Cache(), toolchain_id()
    Host.get().keep_in(cache, toolchain)
    key = program_key(sources, f"{_thunks_id()}\0{toolchain}")
    found = _recall(cache, key)
    if found is None:
        found = _compile(cache, toolchain, key, sources)
    return found


def _thunks_id() -> str:
    """Changes whenever a file does that says what is compiled with a module."""
    here = os.path.dirname(os.path.abspath(__file__))
    files = [os.path.join(here, f"{n}.py") for n in ("thunks", "spell", "readonly", "describe")]
    return " ".join(f"{st.st_size} {st.st_mtime_ns}" for st in map(os.stat, files))


def _recall(cache: Cache, key: str) -> Optional[tuple[Description, list[Artifact]]]:
    payload = cache.get("py", key)
    if payload is None:
        return None
    description, artifact, keys = marshal.loads(payload)
    artifacts = []
    for k in keys:
        a = _package(cache, k)
        if a is None:
            return None
        artifacts.append(a)
    return Description.load(description), [*artifacts, Artifact.load(artifact)]


def _package(cache: Cache, key: str) -> Optional[Artifact]:
    a = _known.get(key)
    if a is None:
        payload = cache.get("pkg", key)
        if payload is None:
            return None
        a = _known[key] = Artifact.load(payload)
    return a


def _compile(
    cache: Cache, toolchain: str, key: str, sources: Sources
) -> tuple[Description, list[Artifact]]:
    from .compiler import compile_module

    collecting = gc.isenabled()
    gc.disable()  # trees are built and thrown away
    try:
        d, artifacts, keys = compile_module(sources, cache, toolchain, f"{MODULES}{key[:12]}")
    finally:
        if collecting:
            gc.enable()
    cache.put("py", key, marshal.dumps((d.dump(), artifacts[-1].dump(), keys)))
    _known.update(zip(keys, artifacts))
    return d, artifacts


def read(path: "str | os.PathLike[str] | Sequence[str]") -> Sources:
    """The sources of a file, a folder, or several files. Raises OSError."""
    paths = [os.fspath(path)] if isinstance(path, (str, os.PathLike)) else list(path)
    for p in paths:
        os.stat(p)  # says what is wrong in Python's words
    try:
        return read_sources([f for p in paths for f in source_files(p)])
    except UsageError as e:
        raise OSError(str(e)) from None
