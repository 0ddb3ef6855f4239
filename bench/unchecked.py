"""A program of which one function has no stack check: to measure what the check costs.

Unsafe, and for measuring only: the program must have grown its stack far enough before it
calls that function.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Optional

from gol.cache import Cache
from gol.jit import packages
from gol.jit.artifact import FORMAT
from gol.jit.build import Clock, executable, link
from gol.jit.compile import Compiler, Job
from gol.jit.packages import Unit
from gol.lang.diagnostics import Diagnostics
from gol.lang.source import SourceSet
from gol.launch import toolchain_id

_GROUP = "#99"  # an attribute group that no module has


class _Unchecked(Compiler):
    symbol = ""

    def lower(self, u: Unit, pkg: Any, escapes: Any) -> Optional[Job]:
        job = super().lower(u, pkg, escapes)
        if job is not None and u.path == "main":
            job.text = without_check(job.text, self.symbol)
        return job


def without_check(ir: str, symbol: str) -> str:
    """The module's text, in which function ``symbol`` is not ``split-stack``."""
    head = re.compile(rf'^(define [^\n]*@"{re.escape(symbol)}"\([^\n]*\)[^\n]*) (#\d+)', re.M)
    m = head.search(ir)
    assert m is not None, f"no function {symbol}"
    group = re.search(rf"^attributes {m[2]} = \{{ (.*) \}}$", ir, re.M)
    assert group is not None and '"split-stack"' in group[1]
    rest = group[1].replace('"split-stack"', '"no-realign-stack"')
    return f"{ir[: m.start()]}{m[1]} {_GROUP}{ir[m.end() :]}\nattributes {_GROUP} = {{ {rest} }}\n"


def build(source: Path, symbol: str) -> bytes:
    """The executable of a program in which ``symbol`` has no stack check."""
    diags = Diagnostics(SourceSet())
    units = packages.discover([(str(source), source.read_bytes())], diags.sources, diags)
    assert units is not None
    packages.set_keys(units, f"{toolchain_id()}\0{FORMAT}")
    compiler = _Unchecked(units, diags, Cache(), Clock())
    compiler.symbol = symbol
    artifacts = compiler.run()
    assert artifacts is not None
    return executable(link(artifacts))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.unchecked", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--function", required=True, help="its symbol")
    parser.add_argument("-o", dest="out", type=Path, required=True)
    args = parser.parse_args()
    args.out.write_bytes(build(args.source, args.function))
    args.out.chmod(0o755)


if __name__ == "__main__":
    main()
