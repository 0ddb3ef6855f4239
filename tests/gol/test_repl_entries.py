"""Sessions given to the filter, in every stress mode: values and what is said of errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_docs import matches, normal

from .transcript import filtered, turns

DATA = Path(__file__).parent / "data" / "repl"
MODES = ("", "stackforcemove=1,stackpoison=1,checkmaps=1", "gcstress=1")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", sorted(DATA.glob("*.txt")), ids=lambda p: p.stem)
def test_transcript(path: Path, mode: str) -> None:
    script = turns(path.read_text(encoding="utf-8"))
    outputs = filtered(script, mode)
    wrong = []
    for turn, output in zip(script, [*outputs, *[""] * len(script)], strict=False):
        got = normal(output.rstrip("\n"))
        if not matches(turn.output, got):
            shown = "".join(f"{x}\n" for x in turn.output)
            wrong.append(
                f"{path.name}:{turn.line}: {turn.entry}\n--- expected\n{shown}--- printed\n{got}"
            )
    assert not wrong, "\n".join(wrong)
