"""From a source file to the running program when it was compiled before.

This is the path of every warm ``gol run``: read the sources, form the key, check the
cached image, become it. Nothing here imports the compiler (lark, llvmlite).
"""

from __future__ import annotations

import os
from typing import NoReturn

try:  # hashlib imports OpenSSL, which takes longer than all else here
    from _blake2 import blake2b
except ImportError:  # pragma: no cover
    from hashlib import blake2b

from . import __version__
from .cache import Cache


class UsageError(Exception):
    """Something about the command line or its files; the text is for the user."""


def source_files(operand: str) -> list[str]:
    """The source files that FILE or FOLDER stands for. Raises UsageError."""
    if os.path.isdir(operand):
        try:
            names = sorted(os.listdir(operand))
        except OSError as e:
            raise UsageError(f"open {operand}: {lower_strerror(e)}") from None
        files = [os.path.join(operand, n) for n in names if n.endswith(".gol")]
        if not files:
            raise UsageError(f"no gol files in {operand}")
        return files
    return [operand]


def read_sources(files: list[str]) -> list[tuple[str, bytes]]:
    """(path, content) of each file; ``-`` is standard input. Raises UsageError."""
    out = []
    for path in files:
        try:
            if path == "-":
                with open(0, "rb", closefd=False) as f:
                    out.append(("<stdin>", f.read()))
            else:
                with open(path, "rb") as f:
                    out.append((path, f.read()))
        except OSError as e:
            raise UsageError(f"open {path}: {lower_strerror(e)}") from None
    return out


def lower_strerror(e: OSError) -> str:
    text = e.strerror or str(e)
    return text[:1].lower() + text[1:]


def toolchain_id() -> str:
    """Changes whenever a file of the compiler, the runtime or the library does, or the
    processor: compiled code uses what the processor at hand offers."""
    h = blake2b(__version__.encode(), digest_size=16)
    here = os.path.dirname(os.path.abspath(__file__))
    for room in ("lang", "jit", "runtime"):
        folder = os.path.join(here, room)
        if not os.path.isdir(folder):  # a checkout: the rooms are beside this one
            folder = os.path.join(os.path.dirname(here), room)
        _stat_tree(h.update, folder)
    h.update(_cpu_flags())
    return h.hexdigest()


def _stat_tree(update, folder: str) -> None:  # type: ignore[no-untyped-def]
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith((".", "__pycache__")):
            continue
        if entry.is_dir():
            _stat_tree(update, entry.path)
        else:
            st = entry.stat()
            update(f"{entry.name}\0{st.st_size}\0{st.st_mtime_ns}\0".encode())


def _cpu_flags() -> bytes:
    try:
        with open("/proc/cpuinfo", "rb") as f:
            for line in f:
                if line.startswith((b"flags", b"Features")):
                    return line
    except OSError:
        pass
    return b""


def program_key(sources: list[tuple[str, bytes]], toolchain: str) -> str:
    """Paths are part of the key, for they stand in tracebacks."""
    h = blake2b(toolchain.encode(), digest_size=20)
    for path, content in sources:
        name = os.path.abspath(path) if path != "<stdin>" else path
        h.update(f"\0{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        h.update(content)
    return h.hexdigest()


def become(image: str | bytes, argv: list[str]) -> NoReturn:
    """Replace this process by a program: a file, or an image that has no file."""
    import signal
    import sys

    sys.stdout.flush()
    # Python ignores these two, and a program would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    if isinstance(image, str):
        os.execv(image, argv)
    fd = os.memfd_create("gol-program", os.MFD_CLOEXEC)
    view = memoryview(image)
    while view:
        view = view[os.write(fd, view) :]
    os.execve(fd, argv, os.environ)


def run_cached(cache: Cache, key: str, argv: list[str]) -> None:
    """Become the cached program; returns only if there is none that can be run."""
    payload = cache.get("exe", key)
    if payload is None:
        return
    path = cache.path("exe", key)
    try:
        become(path, argv)
    except OSError:  # a folder mounted noexec
        become(payload, argv)
