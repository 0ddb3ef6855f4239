"""The transcripts in docs/repl.md, typed at a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_docs import matches, normal

from .terminal import Terminal
from .transcript import turns

TEXT = (Path(__file__).parents[2] / "docs" / "repl.md").read_text(encoding="utf-8")


def sections() -> list[tuple[str, list[tuple[int, str]]]]:
    """(heading, transcripts with the lines that they begin at) of the page."""
    out: list[tuple[str, list[tuple[int, str]]]] = []
    for part in re.split(r"^(?=#+ )", TEXT, flags=re.M):
        blocks = [
            (TEXT[: TEXT.index(b)].count("\n") + 1, b)
            for b in re.findall(r"^```repl\n(.*?)^```", part, re.M | re.S)
        ]
        if blocks:
            out.append((part.split("\n")[0].strip("# "), blocks))
    return out


@pytest.mark.parametrize(
    "blocks", [b for _, b in sections()], ids=[heading for heading, _ in sections()]
)
def test_section(blocks: list[tuple[int, str]], tmp_path: Path) -> None:
    wrong = []
    with Terminal(tmp_path) as t:
        for line, block in blocks:
            for turn in turns(block, line):
                # the prompt indents by itself
                typed = "\n".join(x.strip() for x in turn.entry.split("\n"))
                got = normal(t.enter(typed).rstrip("\n"))
                if not matches(turn.output, got):
                    shown = "".join(f"{x}\n" for x in turn.output)
                    wrong.append(f"repl.md:{turn.line}: {typed}\n--- shown\n{shown}--- is\n{got}")
    assert not wrong, "\n".join(wrong)


def test_there_are_transcripts() -> None:
    assert len(sections()) >= 4
