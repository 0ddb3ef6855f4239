"""How a call of gol ended, when not by returning: the exception for it."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Optional

from gol.jit.host import Outcome

from .errors import Deadlock, Failure, FatalError, Goexit, Panic, StackOverflow

if TYPE_CHECKING:
    from .bridge import Block, Bridge

_word = struct.Struct("<Q").unpack_from
_re_path = re.compile(r"\bpy/[0-9a-f]+/")
_re_thunk = re.compile(r"^\S.*\n\t<python>:.*\n", re.M)


def of(bridge: "Bridge", outcome: Outcome, block: Optional["Block"]) -> BaseException:
    """The exception to raise; for a panic that a Python callable caused, what it raised."""
    kind = outcome.kind
    if outcome.error is not None:
        return outcome.error
    if kind == "interrupted":
        return KeyboardInterrupt()
    if kind == "exit":
        return SystemExit(outcome.code)
    message, traceback = split(outcome.text)
    if kind == "panic":
        return _panic(bridge, message.removeprefix("panic: "), traceback, block)
    if kind == "goexit":
        return Goexit("the function called runtime.Goexit")
    classes: dict[str, type[Failure]] = {"overflow": StackOverflow, "deadlock": Deadlock}
    return classes.get(kind, FatalError)(message.removeprefix("fatal error: "), traceback)


def _panic(
    bridge: "Bridge", message: str, traceback: str, block: Optional["Block"]
) -> BaseException:
    """With the value, which gol has kept in the block of the call."""
    value = None
    if block is not None:
        bridge.run(bridge.symbol("PanicValue"), block)
        (kind,) = _word(block.view, bridge.words)
        known = bridge.known[("any", "error", "string")[kind]]
        value = bridge.converters.of(known).get(bridge.read(block), 0)[0]
        if kind == 2:  # package internal/python could not convert something
            return ValueError(value)
    return Panic(message, traceback, value)


def split(text: str) -> tuple[str, str]:
    """(what happened, the traceback), without what the API itself adds to either."""
    text = _re_thunk.sub("", _re_path.sub("", text))
    message, gap, traceback = text.partition("\n\n")
    if not gap:
        message, traceback = text, ""
    lines = [x for x in message.split("\n") if not x.startswith(("runtime: ", "[signal "))]
    return "\n".join(lines).rstrip("\n"), traceback.rstrip("\n")
