"""Transcripts of sessions: what was entered after ``gol> `` (and ``...  ``), and under it all
that was printed, with ``…`` for what may differ (as in tests/test_docs.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field

PROMPT, CONTINUED = "gol> ", "...  "


@dataclass
class Turn:
    line: int
    entry: str
    output: list[str] = field(default_factory=list)


def turns(text: str, first: int = 1) -> list[Turn]:
    out: list[Turn] = []
    for number, line in enumerate(text.split("\n"), first):
        if line.startswith(PROMPT):
            out.append(Turn(number, line[len(PROMPT) :]))
        elif line.startswith(CONTINUED.rstrip()) and out and not out[-1].output:
            out[-1].entry += "\n" + line[len(CONTINUED) :]
        elif line.startswith("#"):
            continue
        elif out:
            out[-1].output.append(line.rstrip())
    for turn in out:
        while turn.output and not turn.output[-1]:
            turn.output.pop()
    return out


def filtered(script: list[Turn], debug: str = "") -> list[str]:
    """What the filter prints for each turn, standard output and error together."""
    env = {**os.environ, "GOLDEBUG": debug}
    text = "".join(f'{t.entry}\nprintln("--- end of turn")\n' for t in script)
    r = subprocess.run(
        [sys.executable, "-m", "gol", "repl"], input=text.encode(), env=env, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return r.stdout.decode("utf-8", "replace").split("--- end of turn\n")
