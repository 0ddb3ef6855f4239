"""Random functions full of pointers into callers' frames, through the back end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from gol.jit import lint, pipeline

sys.path.insert(0, str(Path(__file__).parent))
import irgen  # noqa: E402


@pytest.mark.parametrize("seed", range(6))
def test_no_hidden_stack_pointers(seed: int) -> None:
    kept: dict[str, str] = {}
    pipeline.compile_ir(
        irgen.generate(seed) + irgen.ATTRIBUTES, dump=lambda stage, text: kept.update({stage: text})
    )
    assert lint.hidden_pointers(kept["asm"]) == []
