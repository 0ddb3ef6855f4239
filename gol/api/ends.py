"""How a call of gol ended, when not by returning: the exception for it."""

from __future__ import annotations

import os
import re
import struct
import sys
from typing import TYPE_CHECKING, Optional

import gol.jit.host
from gol.jit.host import Outcome

from .errors import Deadlock, Failure, FatalError, Goexit, Panic, StackOverflow

if TYPE_CHECKING:
    from .bridge import Block, Bridge

_word = struct.Struct("<Q").unpack_from
_re_path = re.compile(r"\bpy/[0-9a-f]+/")
_re_thunk = re.compile(r"^(\S.*\n\t<python>:|internal/python\.\(.*\n\t).*\n", re.M)
_OURS = (os.path.dirname(os.path.abspath(__file__)), os.path.abspath(gol.jit.host.__file__))


def of(bridge: "Bridge", outcome: Outcome, block: Optional["Block"]) -> BaseException:
    """The exception to raise; for a panic that a Python callable caused, what it raised."""
    kind = outcome.kind
    if outcome.error is not None:
        return _raised(outcome.error, split(outcome.text)[1])
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
        bridge.clear(block)
        if kind == 2:  # package internal/python could not convert something
            return ValueError(value)
    return Panic(message, traceback, value)


def _raised(e: BaseException, traceback: str) -> BaseException:
    """What a callable has raised: its own frames, and what gol says of those between."""
    frames = e.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OURS):
        frames = frames.tb_next
    if frames is not None:
        e.__traceback__ = frames
    if traceback:
        e.add_note(traceback)
    return e


def report(text: str) -> None:
    """Print what a goroutine has said that ended on its own."""
    sys.stderr.write(own(text))
    sys.stderr.flush()


def own(text: str) -> str:
    """A text of gol's without what the API adds to it."""
    return _re_thunk.sub("", _re_path.sub("", text))


def split(text: str) -> tuple[str, str]:
    """(what happened, the traceback), without what the API itself adds to either."""
    text = own(text)
    message, gap, traceback = text.partition("\n\n")
    if not gap:
        message, traceback = text, ""
    lines = [x for x in message.split("\n") if not x.startswith(("runtime: ", "[signal "))]
    return "\n".join(lines).rstrip("\n"), traceback.rstrip("\n")
