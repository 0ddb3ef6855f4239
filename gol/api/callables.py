"""Func values: Python callables in gol, and gol functions in Python.

A callable that is passed to gol gets a number. gol calls it on the system stack of the
thread that called gol, and says when nothing holds it any more. What it raises goes through
gol as a panic and comes out of the call of gol as it was.
"""

from __future__ import annotations

import ctypes
import itertools
import struct
from typing import TYPE_CHECKING, Any

from .bridge import INLINE, Out
from .errors import Mismatch
from .handles import Handle, HandleConverter
from .plain import mismatch

if TYPE_CHECKING:
    from .bridge import Bridge
    from .call import Signature

_unpack = struct.Struct("<Q").unpack_from


class Callables:
    """The Python callables that gol holds."""

    def __init__(self, bridge: "Bridge") -> None:
        self.bridge = bridge
        self.held: dict[int, tuple[Any, "Signature"]] = {}
        self._numbers = itertools.count(1)
        bridge.host.write_word(bridge.symbol("Enter"), bridge.host.callback(self._enter))

    def hold(self, function: Any, signature: "Signature", out: Out) -> None:
        number = next(self._numbers)
        out.callables.append(number)  # first: a Ctrl-C may come between
        self.held[number] = (function, signature)
        out.word(INLINE)
        out.word(number)

    def drop(self, out: Out) -> None:
        """Those that were written there, and that gol will not read."""
        for number in out.callables:
            if number > out.taken:
                self.held.pop(number, None)

    def _enter(self, address: int) -> None:
        """Called by gol, with a block."""
        at = self.bridge.at
        (number,) = _unpack(ctypes.string_at(address + at["callable"], 8))
        if number:
            function, signature = self.held[number]
            signature.serve(function, address)
        else:  # gol lets go of one
            (number,) = _unpack(ctypes.string_at(address + at["words"], 8))
            self.held.pop(number, None)
            ctypes.memset(address + at["words"], 0, 8)


class Function(Handle):
    """A func value of gol."""

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        bridge = self._gol_bridge
        call = bridge.func_calls.get(self._gol_type.address)
        if call is None:
            raise TypeError(f"no module says how to call a {self._gol_type.str}")
        return call(self, *args)


class FuncConverter(HandleConverter):
    made = Function

    def put(self, v: Any, out: "Out") -> None:
        if v is None or isinstance(v, Function):
            super().put(v, out)
            return
        if not callable(v):
            raise mismatch(self.type, v)
        signature = self.bridge.func_signatures.get(self.type.address)
        if signature is None:
            raise Mismatch(TypeError, f"no module makes a {self.type.str} of a callable")
        self.bridge.callables.hold(v, signature, out)
