"""Which programs of the corpus are taken, and where the corpus lies.

``corpus.tsv`` names them (path, tier); the corpus itself, the ``test`` folder of Go, is no
part of this repository: ``$GOCORPUS``, or where Debian's golang-1.19-src puts it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DEFAULT = "/usr/share/go-1.19/test"

ARGUMENTS = {"args.go": ["arg1", "arg2"]}  # of programs that want some

LEAVES_IN_INIT = {"fixedbugs/issue5963.go"}  # main is never called
# What the language or its messages have changed since: Go itself fails these today.
CHANGED = {
    "closure2.go": "each iteration has its own variable",
    "convert4.go": "cannot convert slice ... to array or pointer to array",
    "escape.go": "each iteration has its own variable",
    "fixedbugs/issue29190.go": "growslice: len out of range",
}


@dataclass(frozen=True)
class Program:
    path: str  # below the corpus
    tier: str

    @property
    def rejected(self) -> bool:
        """Whether it tests what the compiler refuses."""
        return self.tier == "E"


def folder() -> Path | None:
    """The corpus, or None where there is none."""
    path = Path(os.environ.get("GOCORPUS", DEFAULT))
    return path if path.is_dir() else None


def programs() -> list[Program]:
    out = []
    for line in (HERE / "corpus.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            path, tier = line.split("\t")
            out.append(Program(path, tier))
    return out
