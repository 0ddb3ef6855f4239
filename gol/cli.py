"""The command ``gol``. The commands are a table; each is a function of its arguments that
returns an exit code. Imports are made where they are needed: a warm ``gol run`` must not
wait for the compiler."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from . import __version__
from .launch import UsageError

USAGE = """\
gol compiles and runs Go-like programs.

Usage:

    gol run [flags] FILE|FOLDER [arguments]     compile and run a program
    gol build [-o OUTPUT] FILE|FOLDER           compile a program into an executable
    gol version                                 print the version
    gol env [NAME]                              print what gol works with
    gol clean                                   empty the build cache

Flags of run and build (each prints instead of running):

    -S             the assembly of the program's package
    --emit-llvm    its LLVM IR, after optimisation
    --stackmaps    the pointer maps of its frames
    -m             what escape analysis decided, in Go's words
    --dump=PASS    its LLVM IR after one pass (lower, inline, safepoints, optimise, freeze)

Flags of run:

    --stack-report              when the program has ended: what its stacks did
    --stack-report=PAGE.html    drawn over time, as a page to open in a browser
"""


def main(argv: list[str] | None = None) -> int:
    args = sys.argv[1:] if argv is None else argv
    if not args or args[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0 if args else 2
    command = COMMANDS.get(args[0])
    if command is None:
        print(f"gol {args[0]}: unknown command\nRun 'gol help' for usage.", file=sys.stderr)
        return 2
    try:
        return command(args[1:])
    except UsageError as e:
        print(f"gol: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing more to say to nobody
        return 141
    except MemoryError:
        print("gol: out of memory while compiling", file=sys.stderr)
        return 2
    except Exception as e:
        if os.environ.get("GOL_TRACEBACK"):
            raise
        first = (str(e).splitlines() or [""])[0]
        print(f"gol: internal compiler error: {type(e).__name__}: {first}", file=sys.stderr)
        print("This is a bug of gol; GOL_TRACEBACK=1 shows where.", file=sys.stderr)
        return 2


def _split(args: list[str]) -> tuple[list[str], list[str], list[str]]:
    """(flags, source operands, arguments of the program): as with ``go run``, the operands
    are one folder or all leading names that end in .gol."""
    i = 0
    while i < len(args) and args[i].startswith("-") and args[i] != "-":
        if args[i] == "-o":
            i += 1
        i += 1
    flags, rest = args[:i], args[i:]
    n = 1
    if rest and rest[0].endswith(".gol"):
        while n < len(rest) and rest[n].endswith(".gol") and os.path.isfile(rest[n]):
            n += 1
    return flags, rest[:n], rest[n:]


def _sources(operands: list[str]) -> list[tuple[str, bytes]]:
    from .launch import read_sources, source_files

    if not operands:
        raise UsageError("no gol files listed")
    return read_sources([f for o in operands for f in source_files(o)])


def run(args: list[str]) -> int:
    from .cache import Cache
    from .launch import become, program_key, run_cached, toolchain_id

    flags, operands, rest = _split(args)
    sources = _sources(operands)
    argv = [_program_name(sources[0][0]), *rest]
    if any(f.startswith("--stack-report") for f in flags):
        from .report.command import run as run_and_report

        return run_and_report(flags, sources, argv)
    if flags:
        from .show import show

        return show(flags, sources)
    cache = Cache()
    toolchain = toolchain_id()
    key = program_key(sources, toolchain)
    run_cached(cache, key, argv)

    from .program import compile_program

    image = compile_program(sources, cache, toolchain)
    if image is None:
        return 1
    if cache.put("exe", key, image, executable=True):
        cache.prune()
        run_cached(cache, key, argv)
    become(image, argv)


def build(args: list[str]) -> int:
    from .cache import Cache
    from .launch import toolchain_id
    from .program import compile_program

    flags, operands, rest = _split(args)
    if rest:
        raise UsageError(f"named files must all be .gol files: {rest[0]}")
    sources = _sources(operands)
    output = None
    if "-o" in flags:
        at = flags.index("-o")
        if at + 1 >= len(flags):
            raise UsageError("flag needs an argument: -o")
        output = flags[at + 1]
        del flags[at : at + 2]
    if flags:
        from .show import show

        return show(flags, sources)
    image = compile_program(sources, Cache(), toolchain_id())
    if image is None:
        return 1
    output = output or _program_name(sources[0][0])
    try:
        with open(output, "wb") as f:
            f.write(image)
        os.chmod(output, 0o755)
    except OSError as e:
        from .launch import lower_strerror

        raise UsageError(f"open {output}: {lower_strerror(e)}") from None
    return 0


def _program_name(path: str) -> str:
    name = os.path.basename(os.path.abspath(path))
    return name[:-4] if name.endswith(".gol") else name


def version(args: list[str]) -> int:
    import platform

    machine = {"x86_64": "amd64"}.get(platform.machine(), platform.machine())
    print(f"gol version gol{__version__} {sys.platform}/{machine}")
    return 0


def env(args: list[str]) -> int:
    from importlib.metadata import version as installed

    from .cache import default_root

    values = {
        "GOLVERSION": f"gol{__version__}",
        "GOLROOT": os.path.dirname(os.path.abspath(__file__)),
        "GOLCACHE": default_root(),
        "GOLDEBUG": os.environ.get("GOLDEBUG", ""),
        "LLVMLITE": installed("llvmlite"),
        "PYTHON": sys.version.split()[0],
    }
    if args:
        for name in args:
            print(values.get(name, ""))
    else:
        for name, value in values.items():
            print(f"{name}='{value}'")
    return 0


def clean(args: list[str]) -> int:
    from .cache import Cache
    from .launch import lower_strerror

    cache = Cache()
    try:
        cache.clear()
    except OSError as e:
        raise UsageError(f"remove {cache.root}: {lower_strerror(e)}") from None
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "build": build,
    "version": version,
    "env": env,
    "clean": clean,
}
