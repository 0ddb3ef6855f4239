"""A terminal for tests: a program on a pseudo-terminal, and the screen that it paints."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ
from types import TracebackType

import pyte

ROWS, COLUMNS = 50, 120
_PATIENCE = 180.0  # seconds; the machine may be busy


class Terminal:
    """``with Terminal(tmp_path) as t: t.type("1+2\\r"); t.expect("3  int")``"""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.screen = pyte.HistoryScreen(COLUMNS, ROWS, history=5000)
        self.stream = pyte.ByteStream(self.screen)
        env = {**os.environ, "TERM": "xterm-256color", "GOLHISTORY": str(folder / "history")}
        env.pop("GOLDEBUG", None)
        env.update(environment or {})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(sys.executable, [sys.executable, "-m", "gol"], env)
        ioctl(self.fd, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # the prompt asks where the cursor is
        self.screen.write_process_input = self._answer  # type: ignore[method-assign]
        self.status: int | None = None

    def _answer(self, data: str) -> None:
        os.write(self.fd, data.encode())

    def __enter__(self) -> Terminal:
        self.expect("gol>")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    # ---------------------------------------------------------------------- output
    def read(self, seconds: float) -> bool:
        """Take what the program writes in that time at most; False at its end."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # the other end is closed
            return False
        if data:
            self.stream.feed(data)
        return bool(data)

    def text(self) -> str:
        """All that was painted, the lines that have left the screen included."""
        above = [
            "".join(line[x].data for x in range(COLUMNS)) for line in self.screen.history.top
        ]
        return "\n".join(line.rstrip() for line in [*above, *self.screen.display]).rstrip()

    def wait(self, there: Callable[[str], bool], what: str) -> str:
        end = time.monotonic() + _PATIENCE
        while True:
            text = self.text()
            if there(text):
                return text
            if not self.read(0.05) or time.monotonic() > end:
                raise AssertionError(f"no {what} on the screen:\n{self.text()}")

    def expect(self, part: str) -> str:
        """Wait until the screen shows this."""
        return self.wait(lambda text: part in text, repr(part))

    def expect_line(self, line: str) -> str:
        """Wait until the screen shows this line: printed, not typed behind a prompt."""
        return self.wait(lambda text: line in text.split("\n"), f"line {line!r}")

    # ----------------------------------------------------------------------- input
    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def prompts(self) -> int:
        return sum(line.startswith("gol>") for line in self.text().split("\n"))

    def enter(self, text: str) -> str:
        """Type an entry; what was printed for it, when the prompt is back."""
        at = self.prompts()
        self.type(text.replace("\n", "\r") + "\r")
        whole = self.wait(
            lambda t: sum(x.startswith("gol>") for x in t.split("\n")) > at
            and t.split("\n")[-1].strip() == "gol>",
            f"prompt after {text!r}",
        )
        lines = whole.split("\n")
        starts = [i for i, x in enumerate(lines) if x.startswith("gol>")]
        block = lines[starts[-2] + 1 : starts[-1]]
        return "\n".join(x for x in block if x != "..." and not x.startswith("...  "))

    def leave(self) -> int:
        """Ctrl-D; the exit code."""
        self.type("\x04")
        return self.ended()

    def ended(self) -> int:
        end = time.monotonic() + _PATIENCE
        while self.read(1):
            if time.monotonic() > end:
                raise AssertionError(f"it has not ended:\n{self.text()}")
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status
