"""Entries from a pipe or file: values go to standard output, errors to standard error.

No colours, no prompts. Goes on after an entry that fails; the exit code is then 1.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

from gol.lang.source import Position, decode

from ..session import Answer, Session
from .commands import Commands
from .outcome import report
from .reader import Chunk, chunks, joined


class Filter:
    def __init__(self) -> None:
        self.session = Session()
        self.commands = Commands(self.session, self.load, plain=True)
        self.failed = False
        self.session.host.report = self.goroutine_died

    def run(self) -> int:
        # a closed pipe ends it, as it ends any filter
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            self.read("<stdin>", _lines())
        except SystemExit as e:
            return int(e.code or 0)
        return 1 if self.failed else 0

    def goroutine_died(self, text: str) -> None:
        self.failed = True
        sys.stderr.write(text)
        sys.stderr.flush()

    def load(self, path: str) -> None:
        """Raises OSError."""
        self.read(path, lines_of(path))

    def read(self, name: str, lines: Iterator[str]) -> None:
        if not run_lines(self.session, self.commands, name, lines):
            self.failed = True


def run_lines(session: Session, commands: Commands, name: str, lines: Iterator[str]) -> bool:
    """Run the entries and commands of a text; True if none has failed. SystemExit ends the
    session."""
    fine = True
    for chunk in chunks(lines):
        if chunk.text.startswith(":"):
            fine = commands.run(chunk.text) and fine
        else:
            fine = _run_chunk(session, name, chunk, commands.plain) and fine
    return fine


def _run_chunk(session: Session, name: str, chunk: Chunk, plain: bool) -> bool:
    answer = session.run(chunk.text, Position(name, chunk.line, 1))
    if answer.kind == "error" and chunk.parts:
        # nothing of them has run: those that are to blame do not spoil the others
        return all([_run_chunk(session, name, part, plain) for part in _without(chunk, answer)])
    report(answer, plain)
    if answer.exits:
        raise SystemExit(answer.code)
    if answer.kind == "interrupted":
        raise KeyboardInterrupt
    return answer.ok


def _without(chunk: Chunk, failed: Answer) -> list[Chunk]:
    """The declarations that nothing is wrong with, as one, and each of the others."""
    assert failed.diags is not None
    places = failed.diags.sources
    lines = [places.position(d.pos).line for d in failed.diags.items]
    wrong = [
        part for part in chunk.parts
        if any(part.line <= n < part.line + len(part.text.splitlines()) for n in lines)
    ]  # fmt: skip
    others = [part for part in chunk.parts if part not in wrong]
    if not wrong or not others:
        return chunk.parts
    return sorted([joined(others), *wrong], key=lambda part: part.line)


def lines_of(path: str) -> Iterator[str]:
    """The lines of a file. Raises OSError."""
    with open(path, "rb") as f:
        return iter(decode(f.read()).splitlines(keepends=True))


def _lines() -> Iterator[str]:
    """The lines of standard input. Nothing is read ahead, for entries may read it too."""
    with open(0, "rb", buffering=0, closefd=False) as f:
        for line in iter(f.readline, b""):
            yield decode(line)
