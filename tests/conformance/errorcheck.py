"""Programs that must be rejected: a line with ``// ERROR "regexp"`` must get a diagnostic
that the expression matches, and no other line may get one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_re_error = re.compile(r"// (?:GC_)?ERROR (.*)")
_re_quoted = re.compile(r'"([^"]*)"')
_re_line = re.compile(r"LINE([+-]\d+)?")
_re_unused = re.compile(r"(\w+) declared (?:but|and) not used")

Message = tuple[int, str]  # line, text


@dataclass
class Check:
    wanted: int = 0
    missing: list[str] = field(default_factory=list)  # expectations that nothing met
    unexpected: list[str] = field(default_factory=list)

    @property
    def matched(self) -> int:
        return self.wanted - len(self.missing)

    @property
    def passed(self) -> bool:
        return not self.missing and not self.unexpected

    def __str__(self) -> str:
        return f"{self.matched}/{self.wanted}+{len(self.unexpected)}"


def modern(pattern: str) -> str:
    """The expectation in the words that Go has used since 1.20."""
    pattern = _re_unused.sub(r"(?:\g<0>|declared and not used: \1)", pattern)
    return pattern.replace("declared but not used", "declared (?:but|and) not used")


def expectations(source: str, name: str) -> list[tuple[int, re.Pattern[str]]]:
    out = []
    for n, line in enumerate(source.split("\n"), 1):
        m = _re_error.search(line)
        if m is None or "////" in line:
            continue
        for quoted in _re_quoted.findall(m[1]):

            def place(found: re.Match[str], n: int = n) -> str:
                return f"{re.escape(name)}:{n + int(found[1] or 0)}"

            pattern = _re_line.sub(place, modern(quoted))
            try:
                out.append((n, re.compile(pattern)))
            except re.error:
                out.append((n, re.compile(re.escape(pattern))))
    return out


def compare(source: str, name: str, messages: list[Message]) -> Check:
    """As Go's own driver judges: an expectation takes all messages of its line that it
    matches; what nothing takes is unexpected."""
    check = Check()
    left = list(messages)
    for line, pattern in expectations(source, name):
        check.wanted += 1
        taken = [m for m in left if m[0] == line and pattern.search(m[1])]
        if taken:
            left = [m for m in left if m not in taken]
        else:
            check.missing.append(f"{line}: {pattern.pattern}")
    check.unexpected = [f"{line}: {text}" for line, text in left]
    return check
