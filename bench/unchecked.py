"""What does the stack check cost? Builds stackcheck.gol with the check in its functions fib0 to
fib3, or without.

Where a function lies in the lines of the processor's cache changes its speed by more than the
check does; so fib0 begins at the beginning of a line, fib1 16 bytes further, and so on: all
the places that there are, as functions are aligned to 16 bytes. The functions without check
are the same machine code otherwise: LLVM does not move the saving of registers behind early
returns (shrink wrapping) where there is a check, so here it does not either.

Unsafe, and for measuring only: the program grows its stack before it calls them.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Optional

from gol.cache import Cache
from gol.jit import packages, target
from gol.jit.artifact import FORMAT
from gol.jit.build import Clock
from gol.jit.compile import Compiler, Job
from gol.jit.image import executable, link
from gol.jit.packages import Unit
from gol.lang.diagnostics import Diagnostics
from gol.lang.source import SourceSet
from gol.launch import toolchain_id

_re_define = re.compile(r'^define [^\n]*@"main\.fib(\d)"\([^\n]*\)[^\n]* (#\d+)[^\n{]*', re.M)
_GROUP = "#99"  # an attribute group that no module has


class _Placing(Compiler):
    check = True

    def lower(self, u: Unit, pkg: Any, escapes: Any) -> Optional[Job]:
        job = super().lower(u, pkg, escapes)
        if job is not None and u.path == "main":
            job.text = placed(job.text, self.check)
        return job


def placed(ir: str, check: bool) -> str:
    """The module's text, with fib0 to fib3 in their places."""
    groups = {m[2] for m in _re_define.finditer(ir)}
    assert len(groups) == 1
    attributes = re.search(rf"^attributes {groups.pop()} = \{{ (.*) \}}$", ir, re.M)
    assert attributes is not None and '"split-stack"' in attributes[1]
    mine = attributes[1] if check else attributes[1].replace('"split-stack"', "")

    def place(m: re.Match[str]) -> str:
        head = m[0].replace(m[2], _GROUP).rstrip()
        # "gc" and "prefix" come after the attributes, in this order: align, gc, prefix
        before, gc, after = head.partition(" gc ")
        name, rest = after.split(" ", 1) if " " in after else (after, "")
        pad = f"prefix [{16 * int(m[1])} x i8] zeroinitializer" if int(m[1]) else ""
        return f"{before} align 64{gc}{name} {pad} {rest} "

    return f"{_re_define.sub(place, ir)}\nattributes {_GROUP} = {{ {mine} }}\n"


def build(source: Path, check: bool) -> bytes:
    if not check:
        target.prepare().set_option("", "--enable-shrink-wrap=false")
    diags = Diagnostics(SourceSet())
    units = packages.discover([(str(source), source.read_bytes())], diags.sources, diags)
    assert units is not None
    packages.set_keys(units, f"{toolchain_id()}\0{FORMAT}")
    compiler = _Placing(units, diags, Cache(), Clock())
    compiler.check = check
    artifacts = compiler.run()
    assert artifacts is not None, diags.sorted()
    return executable(link(artifacts))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.unchecked", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--check", action="store_true", help="with the check")
    parser.add_argument("-o", dest="out", type=Path, required=True)
    args = parser.parse_args()
    args.out.write_bytes(build(args.source, args.check))
    args.out.chmod(0o755)


if __name__ == "__main__":
    main()
