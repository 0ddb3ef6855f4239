"""The manual of GOLDEBUG lists exactly the switches that the runtime knows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_every_switch_is_documented() -> None:
    code = (ROOT / "runtime" / "debug.gol").read_text(encoding="utf-8")
    manual = (ROOT / "docs" / "debug.md").read_text(encoding="utf-8")
    known = set(re.findall(r'(?:case |item == )"(\w+)"', code.split("func tracebackinit")[0]))
    documented = set(re.findall(r"^\| `(\w+)=", manual, re.MULTILINE))
    assert known == documented
