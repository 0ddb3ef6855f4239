"""The process that hosts gol (:mod:`gol.jit.host`): what it must be, what the runtime is told
of it, and its streams."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any, Optional


class Quiet:
    """Says nothing of a Ctrl-C that came before a callback could catch it: gol takes it that
    way when a callback does not answer."""

    def __init__(self, called: object) -> None:
        self.called = called
        self.before = sys.unraisablehook

    def __call__(self, what: Any) -> None:
        if what.object != self.called or not issubclass(what.exc_type, KeyboardInterrupt):
            self.before(what)


def check_libc() -> None:
    """gol keeps two words in what %fs points to, where glibc leaves room."""
    try:
        if os.confstr("CS_GNU_LIBC_VERSION"):
            return
    except (OSError, ValueError):
        pass
    raise RuntimeError("gol needs the GNU C library to run inside Python")


def print_report(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def flush() -> None:
    """What Python has printed comes before what gol prints."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):  # closed: not our affair
                continue


def initial_stack(debug: Optional[str]) -> list[Any]:
    """What the kernel would put on a program's stack (argc, argv, envp, auxv), first, and
    what must be kept with it."""
    arguments = [os.fsencode(a) for a in sys.orig_argv[:1] + sys.argv[1:]]
    environment = dict(os.environb)
    if debug is not None:
        environment[b"GOLDEBUG"] = debug.encode()
    strings = [k + b"=" + v for k, v in environment.items()]
    keep = [ctypes.create_string_buffer(s) for s in arguments + strings]
    where = [ctypes.addressof(b) for b in keep]
    n = len(arguments)
    try:
        with open("/proc/self/auxv", "rb") as f:
            auxv = f.read()
    except OSError:
        auxv = bytes(16)
    aux = [int.from_bytes(auxv[i : i + 8], sys.byteorder) for i in range(0, len(auxv), 8)]
    block = [n, *where[:n], 0, *where[n:], 0, *aux, 0, 0]
    return [(ctypes.c_uint64 * len(block))(*block), keep]
