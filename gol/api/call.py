"""Calls: arguments into a block, results out of it."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import Any, Optional, cast

from gol.jit.host import RETURNED

from . import ends, functions
from .bridge import Bridge, Out, put
from .describe import Call, Slot
from .errors import Error, Mismatch
from .plain import Number
from .pointers import PointerConverter, Receiver
from .types import Type

Function = Callable[..., Any]


def _numbers(slots: Sequence[Slot]) -> struct.Struct:
    """Reads or writes the numbers among slots, from the first word on."""
    format, at = "<", 0
    for _, code, offset in slots:
        if code is not None:
            format += f"{offset - at}x{code}"
            at = offset + struct.calcsize("<" + code)
    return struct.Struct(format)


class Signature:
    """The parameters and results of one function, with their converters."""

    def __init__(self, bridge: Bridge, call: Call, types: Callable[[int], Type]) -> None:
        self.bridge = bridge
        self.call = call
        of = bridge.converters.of
        self.args = [of(types(s[0])) for s in call.args]
        self.results = [of(types(s[0])) for s in call.results]
        if call.bound and isinstance(self.args[0], PointerConverter):
            self.args[0] = Receiver(self.args[0].type, bridge.converters)
        self.numbers_in, self.numbers_out = _numbers(call.args), _numbers(call.results)
        last = self.results[-1].type if self.results else None
        self.fails = last is not None and last.str == "error" and not last.pkgpath

    # ------------------------------------------------------- Python calls gol
    def invoker(self, address: int) -> Function:
        """What calls the thunk at an address, with a tuple of arguments."""
        call = self.call
        if all(s[1] is not None for s in call.args + call.results):
            return self._fast(address)
        return lambda args: self._call(address, args, False)

    def viewer(self, address: int) -> Optional[Function]:
        """The same, but slices of numbers are views; None if no result is one."""
        if any(c.type.kind == "slice" and c.type.elem.flat for c in self.results):
            return lambda args: self._call(address, args, True)
        return None

    def _fast(self, address: int) -> Function:
        """Nothing but numbers."""
        bridge = self.bridge
        checks = [cast(Number, c).check for c in self.args]
        words = bridge.words
        pack_into, unpack_from = self.numbers_in.pack_into, self.numbers_out.unpack_from
        take, pool, call = bridge.take, bridge.pool, bridge.host.call
        single = len(self.results) == 1

        def invoke(args: Any) -> Any:
            try:
                numbers = [c(a) for c, a in zip(checks, args)]
            except Mismatch:
                raise self.explain(args) from None
            block = take()
            try:
                pack_into(block.view, words, *numbers)
                outcome = call(address, block.address, alone=None)
                if outcome is not RETURNED:
                    raise ends.of(bridge, outcome, block)
                values = unpack_from(block.view, words)
            finally:
                pool.append(block)
            if single:
                return values[0]
            return values or None

        return invoke

    def _call(self, address: int, args: Any, view: bool) -> Any:
        bridge = self.bridge
        out = Out()
        block = bridge.take()
        try:
            numbers = self._put_all(self.args, self.call.args, args, out, self.call.reads)
            self.numbers_in.pack_into(block.view, bridge.words, *numbers)
            bridge.write(block, out, view)
            bridge.run(address, block)
            numbers_out = self.numbers_out.unpack_from(block.view, bridge.words)
            data = bridge.read(block)
            values, at = self._get_all(self.results, self.call.results, numbers_out, data, view)
            for converter, v in out.inlined:
                update = getattr(converter, "update", None)
                at = update(v, data, at) if update is not None else converter.get(data, at)[1]
        except BaseException as e:
            bridge.finish(block, out)
            bridge.callables.drop(out)
            bridge.disown(block.address)
            if isinstance(e, Mismatch):
                raise e.kind(f"{self._argument(e.index)}: {e.text}") from None
            raise
        finally:
            bridge.give(block)
        return self._result(values)

    def _result(self, values: list[Any]) -> Any:
        if self.fails:
            error = values.pop()
            if error is not None:
                error.results = tuple(values) if len(values) != 1 else values[0]
                raise error
        if not values:
            return None
        return values[0] if len(values) == 1 else tuple(values)

    @staticmethod
    def _put_all(
        converters: list[Any], slots: Sequence[Slot], values: Sequence[Any], out: Out,
        reads: Sequence[bool] = (),
    ) -> list[Any]:  # fmt: skip
        numbers = []
        i = 0
        try:
            for i, (c, slot, v) in enumerate(zip(converters, slots, values)):
                if slot[1] is not None:
                    numbers.append(c.check(v))
                else:
                    out.reads = i < len(reads) and reads[i]
                    put(c, v, out)
        except Mismatch as e:
            e.index = i
            raise
        return numbers

    @staticmethod
    def _get_all(
        converters: list[Any], slots: Sequence[Slot], numbers: Sequence[Any], data: bytes,
        view: bool = False,
    ) -> tuple[list[Any], int]:  # fmt: skip
        values = []
        given = iter(numbers)
        at = 0
        for c, slot in zip(converters, slots):
            if slot[1] is not None:
                values.append(next(given))
            elif view and c.type.kind == "slice" and c.type.elem.flat:
                v, at = c.get_view(data, at)
                values.append(v)
            else:
                v, at = c.get(data, at)
                values.append(v)
        return values, at

    # --------------------------------------------------------- what is wrong
    def arrange(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of a func value, those of a variadic parameter as one tuple."""
        call = self.call
        n = len(call.params)
        if call.variadic and len(args) >= n - 1:
            return (*args[: n - 1], args[n - 1 :])
        if len(args) != n:
            wanted = n - 1 - call.variadic
            plural = "" if wanted == 1 else "s"
            least = "at least " if call.variadic else ""
            raise TypeError(
                f"{call.name} takes {least}{wanted} argument{plural}, got {len(args) - 1}"
            )
        return args

    def explain(self, args: Sequence[Any]) -> Exception:
        """The error for the first of these numbers that does not fit."""
        for i, (c, v) in enumerate(zip(self.args, args)):
            try:
                cast(Number, c).check(v)
            except Mismatch as e:
                return e.kind(f"{self._argument(i)}: {e.text}")
        raise AssertionError("every argument fits")

    def _argument(self, i: int) -> str:
        call = self.call
        if call.bound and i == 0:
            return f"receiver of {call.name}"
        name = f" ({call.params[i]})" if call.params[i] else ""
        return f"argument {i + 1 - call.bound}{name} of {call.name}"

    # ------------------------------------------------------- gol calls Python
    def serve(self, function: Function, address: int) -> None:
        """Call a Python function with the arguments in a block, and put its results there.
        The slots are those of this signature without its first, the func value."""
        bridge = self.bridge
        call = self.call
        words = address + bridge.words
        fmt = self.numbers_in
        numbers = fmt.unpack(ctypes.string_at(words, fmt.size)) if fmt.size else ()
        try:
            data = bridge.read_at(address)
            args, _ = self._get_all(self.args[1:], call.args[1:], numbers, data)
        except BaseException:
            bridge.disown(address)
            raise
        if call.variadic and args[-1] is not None:
            args[-1:] = args[-1]
        elif call.variadic:
            args.pop()
        out = Out()
        values = self._returned(function, args)
        try:
            given = self._put_all(self.results, call.results, values, out)
        except BaseException as e:
            bridge.callables.drop(out)
            if isinstance(e, Mismatch):
                name = getattr(function, "__name__", type(function).__name__)
                raise e.kind(f"result of {name}: {e.text}") from None
            raise
        if given:
            ctypes.memmove(words, self.numbers_out.pack(*given), self.numbers_out.size)
        if out:
            bridge.write_at(address, out)

    def _returned(self, function: Function, args: list[Any]) -> list[Any]:
        """The results, an error that is raised or returned among them."""
        n = len(self.results) - self.fails
        error = None
        try:
            got = function(*args)
        except Error as e:
            if not self.fails:
                raise
            got, error = e.results, e
            if got is None:
                return [*[c.zero() for c in self.results[:n]], error]
        if n == 0:
            values = []
            if got is not None:
                raise self._wrong(function, f"wanted None, got {type(got).__name__}")
        elif n == 1:
            values = [got]
        else:
            if not isinstance(got, (tuple, list)) or len(got) != n:
                raise self._wrong(function, f"wanted {n} values, got {got!r}")
            values = list(got)
        return [*values, error] if self.fails else values

    @staticmethod
    def _wrong(function: Function, text: str) -> TypeError:
        name = getattr(function, "__name__", type(function).__name__)
        return TypeError(f"result of {name}: {text}")


    @property
    def annotations(self) -> list[str]:
        """The types of the parameters but a receiver, and of what Python gets."""
        args = [c.type.str for c in self.args[self.call.bound :]]
        if self.call.variadic:
            args[-1] = self.args[-1].type.elem.str
        results = [c.type.str for c in self.results[: len(self.results) - self.fails]]
        returned = ", ".join(results) or "None"
        return [*args, f"({returned})" if len(results) > 1 else returned]


def bind(
    bridge: Bridge, call: Call, types: Callable[[int], Type], address: int, module: str
) -> Function:
    """The Python function for one entry of a module's description."""
    signature = Signature(bridge, call, types)
    names = signature.annotations
    function = functions.make(call, module, names, signature.invoker(address))
    viewer = signature.viewer(address)
    if viewer is not None:
        view = functions.make(call, module, names, viewer)
        function._gol_view = view  # type: ignore[attr-defined]
    return function


def bind_value(signature: Signature, address: int) -> Function:
    """The same for the func values of a type: the value itself is the first argument."""
    invoke = signature.invoker(address)
    return lambda *args: invoke(signature.arrange(args))
