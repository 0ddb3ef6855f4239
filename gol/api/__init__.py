"""gol from Python: ``import gol; m = gol.load("file.gol"); m.f(1, 2.5, "x", [1, 2, 3])``.

    errors       what can go wrong
    build        sources to code, through the cache; compiler, thunks, spell, readonly: the cold
                 path, with the compiler; describe: what is known of a module afterwards
    module       the object with the module's names
    bridge       blocks, through which arguments and results go; call: one call
    registry     the converters: plain, convert, structs, pointers, handles,
                 channels, callables, buffers
    types        gol's type descriptors
    ends         how a call ended
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import build, module
from .channels import Channel
from .errors import (
    CompileError,
    Deadlock,
    Diagnostic,
    Error,
    Failure,
    FatalError,
    Goexit,
    Panic,
    StackOverflow,
)
from .handles import Handle
from .module import Module
from .pointers import Pointer, read

__all__ = [
    "Channel", "CompileError", "Deadlock", "Diagnostic", "Error", "Failure", "FatalError", "Goexit",
    "Handle", "Module", "Panic", "Pointer", "StackOverflow", "compile", "load", "value", "view",
]  # fmt: skip


def load(path: build.Path | Sequence[build.Path]) -> Module:
    """The module of a source file, of all .gol files of a folder, or of several files. What
    has not changed is compiled once, and is the same module."""
    return module.load(build.read(path))


def compile(source: str | bytes, name: str = "<string>") -> Module:
    """The module of a source text; ``name`` stands in errors and tracebacks."""
    if not isinstance(source, (str, bytes)):
        raise TypeError(f"wanted the text of a source, got {type(source).__name__}")
    raw = source.encode("utf-8", "surrogateescape") if isinstance(source, str) else source
    return module.load([(name, raw)])


def value(pointer: Pointer) -> Any:
    """A copy of what a pointer points to."""
    if not isinstance(pointer, Pointer):
        raise TypeError(f"wanted a pointer of gol, got {type(pointer).__name__}")
    return read(pointer._gol_bridge, pointer._gol_type.elem, pointer._gol_address)


def view(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but slices of numbers among its results are memoryviews of gol's
    memory, not lists."""
    return getattr(function, "_gol_view", function)
