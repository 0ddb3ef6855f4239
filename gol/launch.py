"""From a source file to the running program when it was compiled before.

This is the path of every warm ``gol run``: read the sources, form the key, check the
cached image, become it. Half of the time that takes is Python's own start; so nothing
here imports the compiler, nor a module that Python has not loaded anyway, if it is in Python.
"""

from __future__ import annotations

import os
import sys

from gol.lang.digest import blake2b

from . import __version__
from .cache import Cache

TYPE_CHECKING = False  # what typing says, without importing it
if TYPE_CHECKING:
    import signal as _signal
    from typing import NoReturn
else:
    import _signal  # signal without its enumerations


MAX_SOURCE = 16 << 20  # bytes of one file


class UsageError(Exception):
    """Something about the command line or its files; the text is for the user."""


def standard_streams() -> None:
    """Those of the three that are closed become /dev/null, as in a Go program: no other file
    may get their numbers, and messages must find something to be written to."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: fd
            os.set_inheritable(null, True)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def die(name: str) -> NoReturn:
    """End as a process does that does not handle the signal: shells look at that."""
    number = getattr(_signal, name)
    _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # it is blocked


def source_files(operand: str) -> list[str]:
    """The source files that FILE or FOLDER stands for. Raises UsageError."""
    if os.path.isdir(operand):
        try:
            names = sorted(os.listdir(operand))
        except OSError as e:
            raise UsageError(f"open {operand}: {lower_strerror(e)}") from None
        files = [os.path.join(operand, n) for n in names if _belongs(n)]
        files = [f for f in files if not os.path.isdir(f)]
        if not files:
            raise UsageError(f"no gol files in {operand}")
        return files
    return [operand]


def _belongs(name: str) -> bool:
    """Whether a file of a folder is part of its program: as with Go, tests are not."""
    return name.endswith(".gol") and not name.startswith((".", "_")) and name[-9:] != "_test.gol"


def read_sources(files: list[str]) -> list[tuple[str, bytes]]:
    """(path, content) of each file; ``-`` is standard input. Raises UsageError."""
    out = []
    for path in files:
        try:
            if path == "-":
                out.append(("<stdin>", _read(0)))
            else:
                out.append((path, _read(path)))
        except OSError as e:
            raise UsageError(f"open {path}: {lower_strerror(e)}") from None
        if len(out[-1][1]) > MAX_SOURCE:
            raise UsageError(f"{path}: more than {MAX_SOURCE >> 20} MiB of source")
    return out


def _read(file: str | int) -> bytes:
    """What a file holds, to one byte beyond what is accepted. A first line that begins with
    ``#!`` is for the kernel: it becomes an empty line, for Go has no such thing."""
    with open(file, "rb", closefd=file != 0) as f:
        content = f.read(MAX_SOURCE + 1)
    if content.startswith(b"#!"):
        _, newline, rest = content.partition(b"\n")
        content = newline + rest
    return content


def lower_strerror(e: OSError | None) -> str:
    """Why, in the words of Go: "no such file or directory"."""
    text = (e.strerror or str(e)) if e else "unknown error"
    return text[:1].lower() + text[1:]


def toolchain_id() -> str:
    """Changes whenever a file of the compiler, the runtime or the library does, LLVM, Python
    (whose formats entries are in), or the processor: compiled code uses what it offers."""
    here = os.path.dirname(os.path.abspath(__file__))
    facts = [__version__, str(sys.implementation.cache_tag), _llvm()]
    for room in ("lang", "jit", "runtime"):
        folder = f"{here}/{room}"
        if not os.path.isdir(folder):  # a checkout: the rooms are beside this one
            folder = f"{os.path.dirname(here)}/{room}"
        _stat_tree(facts, folder)
    h = blake2b("\0".join(facts).encode("utf-8", "surrogateescape"), digest_size=16)
    h.update(_cpu_flags())
    return h.hexdigest()


def _stat_tree(facts: list[str], folder: str) -> None:
    """The name, size and time of change of every file."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = f"{folder}/{name}"
        if "." not in name and name != "__pycache__" and os.path.isdir(path):
            facts.append(name)
            _stat_tree(facts, path)
        elif name.endswith((".py", ".gol", ".s", ".lark")):
            st = os.stat(path)
            facts.append(f"{name} {st.st_size} {st.st_mtime_ns}")


def _llvm() -> str:
    """The size and time of change of llvmlite's library, which is not imported for that."""
    for folder in sys.path:
        try:
            st = os.stat(f"{folder}/llvmlite/binding/libllvmlite.so")
        except OSError:
            continue
        return f"{st.st_size} {st.st_mtime_ns}"
    return ""


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
    sys.stdout.flush()
    file: str | int = image if isinstance(image, str) else _memory_file(image)
    # Python ignores these two, and a program would inherit that.
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
    os.execve(file, argv, os.environ)


def _memory_file(image: bytes) -> int:
    fd = os.memfd_create("gol-program", os.MFD_CLOEXEC)
    view = memoryview(image)
    while view:
        view = view[os.write(fd, view) :]
    return fd


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
