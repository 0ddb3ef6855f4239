"""The file of verdicts: what each program did when it was last recorded, in each mode.

``pass``; for a program that must be rejected also ``matched/wanted+unexpected``. What went
wrong otherwise is one word (see :mod:`tests.conformance.judge`), and ``-`` stands for a
mode in which the program was never run. A recorded pass may not be lost.
"""

from __future__ import annotations

from pathlib import Path

from .corpus import HERE, programs

FILE = HERE / "verdicts.tsv"
MODES = {"normal": "", "stackforcemove=1": "stackforcemove=1", "gcstress=1": "gcstress=1"}

Verdicts = dict[tuple[str, str], str]  # (path, mode) -> verdict


def load(file: Path = FILE) -> Verdicts:
    out: Verdicts = {}
    if not file.exists():
        return out
    names = list(MODES)
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        path, _, *columns = line.split("\t")
        for mode, verdict in zip(names, columns, strict=True):
            if verdict != "-":
                out[path, mode] = verdict
    return out


def save(verdicts: Verdicts, file: Path = FILE) -> None:
    lines = ["# path\ttier\t" + "\t".join(MODES)]
    for p in programs():
        columns = [verdicts.get((p.path, mode), "-") for mode in MODES]
        if any(c != "-" for c in columns):
            lines.append("\t".join([p.path, p.tier, *columns]))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def lost(old: Verdicts, new: Verdicts) -> list[tuple[str, str]]:
    """What passed and does not any more."""
    return [k for k, v in new.items() if v != "pass" and old.get(k) == "pass"]


def merge(old: Verdicts, new: Verdicts) -> Verdicts:
    """The better of both: a pass stays a pass, all else is what was seen last."""
    return old | {k: v for k, v in new.items() if old.get(k) != "pass"}
