"""What goroutines print while the prompt waits appears above it.

Meanwhile descriptors 1 and 2 are the end of a pipe. The prompt's event loop reads the other
end, has the prompt taken away, writes, and has it drawn again.
"""

from __future__ import annotations

import asyncio
import os
import select
from types import TracebackType

from prompt_toolkit.application import run_in_terminal

_REST = 0.05  # seconds that the rest of a line may take to come


class Above:
    """``with above: ask()``; :meth:`attach` is to be called in the event loop of ask."""

    def __init__(self) -> None:
        self.out = os.dup(1)  # the terminal
        self._err = os.dup(2)
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)

    def __enter__(self) -> Above:
        os.dup2(self._write, 1)
        os.dup2(self._write, 2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        os.dup2(self.out, 1)
        os.dup2(self._err, 2)
        while self.waits():
            _write_all(self.out, os.read(self._read, 1 << 16))

    def waits(self, seconds: float = 0) -> bool:
        return bool(select.select([self._read], [], [], seconds)[0])

    def attach(self) -> None:
        self._busy = False
        asyncio.get_running_loop().add_reader(self._read, self._arrived)

    def _arrived(self) -> None:
        if not self._busy:
            self._busy = True
            asyncio.ensure_future(self._show())

    async def _show(self) -> None:
        def write() -> None:
            data = b"\n"
            while self.waits(0 if data.endswith(b"\n") else _REST):
                data = os.read(self._read, 1 << 16)
                _write_all(self.out, data)
            if not data.endswith(b"\n"):
                _write_all(self.out, b"\n")

        try:
            await run_in_terminal(write)
        finally:
            self._busy = False


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
