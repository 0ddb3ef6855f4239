"""gol: a Go-like language on goroutine stacks that start tiny and grow by being copied."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # what typing says, without importing it: every warm start waits for it
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

# In a checkout the other rooms (lang, jit, runtime) stand beside this folder; installed,
# they are inside it.
if not os.path.isdir(os.path.join(os.path.dirname(__file__), "lang")):
    __path__.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The Python API is imported when first used: the command must not wait for it.
_API = frozenset(
    (
        "Channel", "CompileError", "Deadlock", "Diagnostic", "Error", "Failure", "FatalError",
        "Goexit", "Handle", "Module", "Panic", "Pointer", "StackOverflow", "compile", "load",
        "value", "view",
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _API:
        import importlib

        value = getattr(importlib.import_module("gol.api"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'gol' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_API})
