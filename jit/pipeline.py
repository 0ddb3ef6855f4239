"""The pipeline from IR text to an artifact: :func:`compile_ir` is the whole of it.

Requires lowered IR as docs/hacking.md describes it (plain calls, cast allocas, ``!dbg`` on
calls). ``dump`` is called with (stage, text) after each stage of :data:`STAGES`; asking for
"asm" prints the machine code too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from gol.jit import elf, stackmap, target
from gol.jit.artifact import ASM, HAS_ARGS, NOSPLIT, SYSTEM, WRAPPER, Artifact, Function, Point
from gol.jit.callsites import SiteTable
from gol.jit.freeze import freeze_selects
from gol.jit.irtext import Types, matching, split_top, unquote
from gol.jit.safepoints import Rewriter

Dump = Callable[[str, str], None]

STAGES = ("lower", "inline", "safepoints", "optimise", "freeze", "asm", "stackmaps")

_FLAG_ATTRIBUTES = {
    '"gol-wrapper"': WRAPPER,
    '"gol-nosplit"': NOSPLIT,
    '"gol-system"': SYSTEM,
}


def compile_ir(
    text: str,
    name: str = "main",
    *,
    dump: Dump | None = None,
    roots: list[tuple[str, int, tuple[int, ...]]] | None = None,
    opt: int = 2,
) -> Artifact:
    """Compile one module's IR text. Raises IRError, StackMapError, or RuntimeError (LLVM's
    complaint), each of which is a bug of the compiler."""
    clock = _Clock(dump)
    target.prepare()
    if "target datalayout" not in text:
        text = target.module_header() + text
    clock.done("lower", text)

    module = parse(text)
    inline(module)
    text = str(module)
    clock.done("inline", text)

    rewriter = Rewriter(text)
    text = no_realign(rewriter.run())
    clock.done("safepoints", text)

    module = parse(text)
    optimise(module, opt)
    text = str(module)
    clock.done("optimise", text)

    frozen = freeze_selects(text)
    if frozen is not None:
        text = frozen
        module = parse(text)
    clock.done("freeze", text)

    machine = target.machine()
    if dump is not None:
        dump("asm", machine.emit_assembly(parse(text)))
    obj = machine.emit_object(module)
    clock.done("emit")

    artifact = Artifact(name, obj, [], [], rewriter.sites.sites, rewriter.bitmaps)
    artifact.roots = roots or []
    file = elf.parse(obj)
    artifact.functions = functions(file, text)
    artifact.points = points(file, artifact.functions)
    clock.done("maps")
    if dump is not None:
        dump("stackmaps", describe(artifact))
    artifact.times = clock.times
    return artifact


class _Clock:
    def __init__(self, dump: Dump | None) -> None:
        self.dump = dump
        self.times: dict[str, float] = {}
        self.last = time.perf_counter()

    def done(self, stage: str, text: str | None = None) -> None:
        now = time.perf_counter()
        self.times[stage] = now - self.last
        if self.dump is not None and text is not None:
            self.dump(stage, text)
        self.last = time.perf_counter()


def parse(text: str) -> Any:
    """A module, verified: what the verifier would refuse makes later passes abort."""
    module = target.prepare().parse_assembly(text)
    module.verify()
    return module


def inline(module: Any) -> None:
    """Stage 1: always-inline, promote, clean the control flow, drop what was only inlined."""
    llvm = target.prepare()
    options = llvm.create_pipeline_tuning_options(speed_level=0)
    pm = llvm.create_new_module_pass_manager()
    pm.add_always_inliner_pass()
    pm.add_global_dead_code_eliminate_pass()
    pm.add_sroa_pass()
    pm.add_simplify_cfg_pass()
    pm.run(module, llvm.create_pass_builder(target.machine(), options))


def optimise(module: Any, level: int) -> None:
    llvm = target.prepare()
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = level > 1
    options.slp_vectorization = level > 1
    # only runtime code still has plain calls here: half its size for the same speed
    options.inlining_threshold = 75
    builder = llvm.create_pass_builder(target.machine(), options)
    builder.getModulePassManager().run(module, builder)


def no_realign(text: str) -> str:
    """Managed frames must not be realigned for vector spills: their size must be known."""
    return re.sub(
        r'^(attributes #\d+ = \{[^\n]*"split-stack")(?![^\n]*"no-realign-stack")',
        r'\1 "no-realign-stack"',
        text,
        flags=re.M,
    )


# ---------------------------------------------------------------- maps
_re_define = re.compile(r'^define .*?@("[^"]*"|[-a-zA-Z$._0-9]+)\(', re.M)


def functions(file: elf.ObjectFile, text: str) -> list[Function]:
    """Every function of the object, with what the final IR tells of it."""
    out: list[Function] = []
    symbols: dict[tuple[int, int], elf.Symbol] = {}
    for s in file.symbols:
        if s.section in (elf.SHN_UNDEF, elf.SHN_ABS) or s.type not in (elf.STT_FUNC, 0):
            continue
        if s.section >= len(file.sections) or not s.name or s.name.startswith(".L"):
            continue
        if not file.sections[s.section].flags & elf.SHF_EXEC:
            continue
        if s.type == elf.STT_FUNC or (s.section, s.value) not in symbols:
            symbols[s.section, s.value] = s
    by_name: dict[str, Function] = {}
    ends = sorted(symbols)
    for i, (section, value) in enumerate(ends):
        s = symbols[section, value]
        size = s.size
        if not size:
            last = i + 1 == len(ends) or ends[i + 1][0] != section
            size = (file.sections[section].size if last else ends[i + 1][1]) - value
        f = Function(s.name, section, value, size, s.name)
        out.append(f)
        by_name[s.name] = f
    lines = text.split("\n")
    sites = SiteTable(lines)
    types = Types(dict(x.split(" = type ", 1) for x in lines if x[:1] == "%" and " = type " in x))
    groups = {
        x.split(" ", 2)[1]: sum(flag for key, flag in _FLAG_ATTRIBUTES.items() if key in x)
        for x in lines
        if x.startswith("attributes #")
    }
    defined: set[str] = set()
    for line in lines:
        if not line.startswith("define "):
            continue
        m = _re_define.match(line)
        assert m is not None
        symbol = unquote("@" + m.group(1))
        defined.add(symbol)
        got = by_name.get(symbol)
        if got is None:
            continue  # available_externally, or merged
        tail = line[matching(line, m.end() - 1) :]
        for group in re.findall(r"#\d+", tail):
            got.flags |= groups.get(group, 0)
        params = split_top(line[m.end() : matching(line, m.end() - 1) - 1])
        if any(" nest " not in p for p in params):
            got.flags |= HAS_ARGS
        if ' gc "' in tail:
            _, got.regs, got.stack = target.argument_map(line, types)
        head = sites.head(line)
        if head:
            got.name, got.file, got.line = head[0]
    for f in out:
        body = by_name.get(f.symbol + target.ENTERED)
        if body is not None:
            f.name, f.file, f.line = body.name, body.file, body.line
            f.regs, f.stack, f.flags = body.regs, body.stack, body.flags
        elif f.symbol not in defined:
            f.flags |= ASM
    return out


def points(file: elf.ObjectFile, funcs: list[Function]) -> list[Point]:
    """The safepoints, each tied to the code address that it is about."""
    section = file.section(".llvm_stackmaps")
    if section is None:
        return []
    count, records = stackmap.decode(section.data)
    index = {(f.section, f.offset): i for i, f in enumerate(funcs)}
    where: list[int] = [-1] * count
    for offset, info, addend in section.relocs:
        k, rest = divmod(offset - 16, 24)
        if rest == 0 and k < count and info & 0xFFFFFFFF == 1:
            s = file.symbols[info >> 32]
            where[k] = index.get((s.section, s.value + addend), -1)
    if -1 in where:
        raise stackmap.StackMapError(f"stack map of unknown function {where.index(-1)}")
    out = []
    for r in records:
        f = funcs[where[r.function]]
        if f.symbol.endswith(target.ENTERED) and r.frame > target.FOREIGN_FRAME:
            raise stackmap.StackMapError(f"{f.symbol} has a frame of {r.frame} bytes")
        out.append(
            Point(
                f.section,
                f.offset + r.offset,
                where[r.function],
                r.frame,
                r.site,
                r.slots,
                r.objects,
            )  # fmt: skip
        )
    return out


def describe(a: Artifact) -> str:
    """The maps, for people: ``--stackmaps``."""
    out = []
    of: dict[int, list[Point]] = {}
    for p in a.points:
        of.setdefault(p.function, []).append(p)
    for i, f in enumerate(a.functions):
        if f.flags & ASM or (i not in of and not f.regs and not f.stack):
            continue
        args = [r for k, r in enumerate(_ARG_NAMES) if f.regs >> k & 1]
        args += [f"stack+{8 * w}" for w in f.stack]
        out.append(f"{f.symbol}: args {{{', '.join(args)}}}")
        for p in of.get(i, ()):
            site = a.sites[p.site]
            at = " < ".join(f"{n} {file}:{line}" for n, file, line in site)
            objects = ", ".join(
                f"{off}:{a.bitmaps[b][0]}{list(a.bitmaps[b][1])}" for off, b in p.objects
            )
            out.append(
                f"  +{p.offset - f.offset:#x} frame {p.frame} slots {list(p.slots)}"
                f" objects {{{objects}}} {at}"
            )
    return "\n".join(out) + "\n"


_ARG_NAMES = ("rdi", "rsi", "rdx", "rcx", "r8", "r9", "nest")
