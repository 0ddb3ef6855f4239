"""The corpus from the command line:

python -m tests.conformance [--tier T1a] [--mode MODE] [-j N] [--record] [--details FILE] [PATH…]

Without tiers or paths T1a and T1b are taken. Fails when a program that is recorded as
passing does not pass. ``--record`` writes the verdicts; ``--recorded VERDICT`` takes the
programs that have this one (``fail``: all but those that pass).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from gol.cache import Cache
from gol.launch import toolchain_id
from tests import harness

from . import corpus, judge, verdicts
from .corpus import Program
from .judge import Judge, Judgement
from .pool import judge_all


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--tier", action="append", default=[])
    parser.add_argument("--mode", choices=list(verdicts.MODES), default="normal")
    parser.add_argument("-j", type=int, default=2, dest="jobs")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--recorded")
    parser.add_argument("--details")
    parser.add_argument("-q", action="store_true", dest="quiet")
    o = parser.parse_args(argv)
    root = corpus.folder()
    if root is None:
        print("skipped: no corpus")
        return 0
    old = verdicts.load()
    tiers = o.tier or ([] if o.paths else ["T1a", "T1b"])
    chosen = [
        p for p in corpus.programs()
        if (not tiers or p.tier in tiers)
        and (not o.paths or p.path in o.paths)
        and _recorded(o.recorded, old.get((p.path, o.mode), "-"))
    ]  # fmt: skip
    new: verdicts.Verdicts = {}
    by_tier: dict[str, Counter[str]] = {}
    expected: Counter[str] = Counter()
    details = open(o.details, "w", encoding="utf-8") if o.details else None  # noqa: SIM115

    def report(program: Program, j: Judgement) -> None:
        new[program.path, o.mode] = j.verdict
        kind = "partial" if "/" in j.verdict else j.verdict
        if kind == "exit" and program.path in corpus.CHANGED:
            kind = "changed since in Go"
        by_tier.setdefault(program.tier, Counter())[kind] += 1
        expected["matched"] += j.matched
        expected["wanted"] += j.wanted
        if j.verdict != "pass" and not o.quiet:
            first = j.detail.strip().split("\n")
            line = first[-1] if j.verdict == "internal" else " | ".join(first[:3])
            print(f"{j.verdict}\t{program.path}\t{line[:160]}", flush=True)
        if details is not None:
            print(f"=== {program.path} {j.verdict} {j.seconds:.1f}s\n{j.detail}", file=details)
            details.flush()

    judge.import_compiler()
    harness.compile_library()
    judge_all(Judge(root, o.mode, Cache(), toolchain_id()), chosen, o.jobs, report)
    for tier, counts in sorted(by_tier.items()):
        total = sum(counts.values())
        rest = ", ".join(f"{k} {v}" for k, v in counts.most_common() if k != "pass")
        print(f"{tier}: {counts['pass']}/{total} pass ({counts['pass'] / total:.1%}) {rest}")
    if expected["wanted"]:
        print(f"expected errors: {expected['matched']}/{expected['wanted']}")
    lost = verdicts.lost(old, new)
    for path, mode in lost:
        print(f"lost: {path} ({mode}) passed before, now {new[path, mode]}")
    if o.record:
        verdicts.save(verdicts.merge(verdicts.load(), new))
    return 1 if lost else 0


def _recorded(wanted: str | None, verdict: str) -> bool:
    if wanted == "fail":
        return verdict != "pass"
    return wanted is None or verdict == wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
