"""What can go wrong, as Python sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Diagnostic(NamedTuple):
    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else ""
        return where + self.message


class CompileError(Exception):
    """The source does not compile; the text is what ``gol run`` prints."""

    def __init__(self, text: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(text)
        self.diagnostics = diagnostics


class Failure(RuntimeError):
    """A call of gol ended otherwise than by returning. ``traceback`` is what gol says of
    its goroutine."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback
        if traceback:
            self.add_note(traceback)


class Panic(Failure):
    """A panic that nobody recovered from. The text is what Go prints behind ``panic:``,
    ``value`` what was given to panic."""

    def __init__(self, message: str, traceback: str = "", value: Any = None) -> None:
        super().__init__(message, traceback)
        self.value = value


class StackOverflow(Failure):
    """A goroutine's stack exceeded the limit."""


class Deadlock(Failure):
    """The call waited for what nothing could bring about any more."""


class Goexit(Failure):
    """The function ended its goroutine by runtime.Goexit: there is no result."""


class FatalError(Failure):
    """The runtime gave up, as it does for concurrent map writes."""


class Error(Exception):
    """An error value of gol. A function whose last result is an error that is not nil
    raises it: ``results`` are then its other results.

    An exception of this class is also what Python gives where gol takes an error: the one
    that came from gol is the same value there, a new one has just the message.
    """

    results: Any = None
    _gol_value: Any = None  # keeps the value alive in gol

    @property
    def value(self) -> Any:
        """The error itself: for a pointer to a struct, say, its fields are attributes."""
        handle = self._gol_value
        return None if handle is None else handle._gol_bridge.value_of(handle._gol_handle)

    def __eq__(self, other: object) -> bool:
        """Pointers, as most errors are, are equal if they point to the same."""
        if not isinstance(other, Error) or self._gol_value is None:
            return self is other
        pointer = self._gol_value._gol_type.kind == "pointer"
        return self is other or pointer and self._gol_value == other._gol_value

    def __hash__(self) -> int:
        return object.__hash__(self) if self._gol_value is None else hash(self._gol_value)

    def __reduce__(self) -> Any:
        """Of a value of gol the message is left."""
        state = {k: v for k, v in self.__dict__.items() if k != "_gol_value"}
        return type(self), self.args, state

    def __copy__(self) -> "Error":
        return self


# as people know them, and as tracebacks name them
for _cls in (CompileError, Failure, Panic, StackOverflow, Deadlock, Goexit, FatalError, Error):
    _cls.__module__ = "gol"


class Mismatch(Exception):
    """A value cannot be converted; whoever knows what it was for raises ``kind``."""

    def __init__(self, kind: type[Exception], text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.index = 0  # of the argument

    def inside(self, where: str) -> "Mismatch":
        return Mismatch(self.kind, f"{where}: {self.text}")
