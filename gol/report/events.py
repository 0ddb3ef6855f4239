"""The records of ``runtime/stackevents.gol``. Their layout is that file's: it comes from the
checked runtime (:mod:`gol.jit.layout`), and what is unpacked here by position is compared
with it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

Layout = dict[str, int]
Words = tuple[int, ...]

# The order in which handlers unpack the words of a record.
FIELDS: dict[str, str] = {
    "eventfunc": "kind code line name file",
    "eventstart": "kind time goid parent size fn gopc",
    "eventend": "kind time goid",
    "eventmove": "kind time goid old size used copied adjusted code caller",
    "eventuse": "kind time goid size used",
    "eventgc": "kind time took number before live goroutines inuse",
    "eventtotals": "kind time grows inplace moves shrinks copied adjusted segments high inuse",
}


def check_layout(layout: Layout) -> None:
    """Raises ValueError where FIELDS and the runtime's declarations differ."""
    for name, fields in FIELDS.items():
        offsets = {f: 8 * i for i, f in enumerate(fields.split())}
        prefix = name + "_"
        declared = {
            k[len(prefix) :]: v
            for k, v in layout.items()
            if k.startswith(prefix) and not k.endswith("__size")
        }
        if declared != offsets:
            raise ValueError(f"{name} is declared as {declared}, read as {offsets}")


@dataclass(frozen=True, slots=True)
class Function:
    """A position: a function that was entered, or a call in it."""

    name: str
    file: str
    line: int


class Handlers(dict[int, Callable[[Words], None]]):
    def __missing__(self, kind: int) -> Callable[[Words], None]:
        raise ValueError(f"no record of kind {kind}")


class Decoder:
    """Cuts a stream into records and hands each to the handler of its kind. Strings are put
    together here: handlers look positions up in ``functions``."""

    def __init__(self, layout: Layout, handlers: dict[str, Callable[[Words], None]]) -> None:
        check_layout(layout)
        self.functions: dict[int, Function] = {}
        self._words = layout["eventtext__size"] // 8
        self._record = struct.Struct(f"<{self._words}Q")
        self._text = struct.Struct(f"<{self._words - 1}Q")
        self._rest = b""
        self._pending: tuple[int, int, int, int] | None = None  # code, line, bytes of strings
        self._string = b""
        kinds = Handlers({layout[name]: handler for name, handler in handlers.items()})
        kinds[layout["eventFunc"]] = self._on_function
        kinds[layout["eventText"]] = self._on_text
        self._handlers = kinds

    def feed(self, data: bytes) -> None:
        """Take the next bytes; a record may come in pieces. Raises ValueError on garbage."""
        if self._rest:
            data = self._rest + data
        whole = len(data) - len(data) % self._record.size
        self._rest = data[whole:]
        handlers = self._handlers
        for words in self._record.iter_unpack(memoryview(data)[:whole]):
            handlers[words[0]](words)

    def _on_function(self, words: Words) -> None:
        _, code, line, name, file = words[:5]
        self._pending = (code, line, name, file)
        self._string = b""

    def _on_text(self, words: Words) -> None:
        if self._pending is None:
            return
        code, line, name, file = self._pending
        self._string += self._text.pack(*words[1:])
        if len(self._string) < name + file:
            return
        function = self._string[:name].decode("utf-8", "replace")
        path = self._string[name : name + file].decode("utf-8", "surrogateescape")
        # A go statement with arguments starts a function that the compiler made for the call.
        function = function.partition("·call(")[0]
        self.functions[code] = Function(function, path, line)
        self._pending = None
