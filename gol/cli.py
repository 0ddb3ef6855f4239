"""The command ``gol``. The commands are a table; each is a function of its arguments that
returns an exit code. Imports are made where they are needed: a warm ``gol run`` must not
wait for the compiler."""

from __future__ import annotations

import os
import sys

from . import __version__
from .launch import UsageError, die, lower_strerror, standard_streams

TYPE_CHECKING = False  # what typing says, without importing it
if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = """\
gol compiles and runs Go-like programs.

Usage:

    gol run [flags] FILE|FOLDER [arguments]     compile and run a program; - is standard input
    gol FILE [arguments]                        the same for one file: #!/usr/bin/env gol
    gol build [-o OUTPUT] FILE|FOLDER           compile a program into an executable
    gol [repl]                                  a prompt; from a pipe, a filter
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


HELP = ("-h", "-help", "--help")


def main(argv: list[str] | None = None) -> int:
    args = sys.argv[1:] if argv is None else argv
    standard_streams()
    try:
        status = _dispatch(args)
        sys.stdout.flush()
        return status
    except UsageError as e:
        print(f"gol: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        die("SIGINT")
    except BrokenPipeError:
        die("SIGPIPE")
    except MemoryError:
        pass  # what took it is let go first
    except Exception as e:
        if os.environ.get("GOL_TRACEBACK"):
            raise
        return _failed(e)
    return _no_memory()


def _no_memory() -> int:
    os.write(2, b"gol: out of memory while compiling\n")
    return 2


def _failed(e: Exception) -> int:
    """Say why, in one line; the exit code."""
    from gol.jit import memory

    if memory.caused(e):
        return _no_memory()
    if isinstance(e, OSError):
        print(f"gol: {e.filename or 'write'}: {lower_strerror(e)}", file=sys.stderr)
        _forget_output()
        return 1
    first = (str(e).splitlines() or [""])[0]
    print(f"gol: internal compiler error: {type(e).__name__}: {first}", file=sys.stderr)
    print("This is a bug of gol; GOL_TRACEBACK=1 shows where.", file=sys.stderr)
    return 2


def _forget_output() -> None:
    """What could not be written is not tried again when Python ends: that would be an error
    of its own, with a status of its own."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _dispatch(args: list[str]) -> int:
    if args and (args[0] == "help" or args[0] in HELP):
        print(USAGE, end="")
        return 0
    args = args or ["repl"]
    command = COMMANDS.get(args[0])
    if command is not None and _ask_for_help(args[1:]):
        print(USAGE, end="")
        return 0
    if command is not None:
        return command(args[1:])
    if os.path.isfile(args[0]):  # what the kernel makes of a #! line
        return _execute(_sources(args[:1]), [_program_name(args[0]), *args[1:]])
    print(f"gol {args[0]}: unknown command\nRun 'gol help' for usage.", file=sys.stderr)
    return 2


def _ask_for_help(args: list[str]) -> bool:
    """Whether -h is among the flags of a command (not of the program that it runs)."""
    for a in args:
        if a in HELP:
            return True
        if a in ("-", "--") or not a.startswith("-"):
            break
    return False


def _split(args: list[str]) -> tuple[list[str], list[str], list[str]]:
    """(flags, source operands, arguments of the program): as with ``go run``, the operands
    are one folder or all leading names that end in .gol."""
    i = 0
    while i < len(args) and args[i].startswith("-") and args[i] not in ("-", "--"):
        if args[i] == "-o":
            i += 1
        i += 1
    flags, rest = args[:i], args[i:]
    if rest[:1] == ["--"]:  # no flags behind it
        del rest[0]
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
    flags, operands, rest = _split(args)
    if any(f.startswith("--stack-report") for f in flags):
        from .report.command import requested
        from .report.command import run as run_and_report

        requested(flags)
        sources = _sources(operands)
        return run_and_report(flags, sources, [_program_name(sources[0][0]), *rest])
    if flags:
        from .show import requested as stages
        from .show import show

        stages(flags)
        return show(flags, _sources(operands))
    sources = _sources(operands)
    return _execute(sources, [_program_name(sources[0][0]), *rest])


def _execute(sources: list[tuple[str, bytes]], argv: list[str]) -> int:
    from .cache import Cache
    from .launch import become, program_key, run_cached, toolchain_id

    cache = Cache()
    toolchain = toolchain_id()
    key = program_key(sources, toolchain)
    run_cached(cache, key, argv)

    import gc

    gc.disable()  # what is compiled is needed until this process is done
    from .program import compile_program, stop_on_signals

    stop_on_signals()
    image = compile_program(sources, cache, toolchain)
    if image is None:
        return 1
    if cache.put("exe", key, image, executable=True):
        cache.prune()
        run_cached(cache, key, argv)
    else:
        print(f"gol: not kept in the build cache: {lower_strerror(cache.error)}", file=sys.stderr)
    try:
        become(image, argv)
    except OSError as e:
        raise UsageError(f"no room for the program: {lower_strerror(e)}") from None


def build(args: list[str]) -> int:
    from .cache import Cache
    from .launch import toolchain_id
    from .program import compile_program, stop_on_signals

    flags, operands, rest = _split(args)
    output = _take_output(flags)
    if flags:
        from .show import requested, show

        requested(flags)
    if rest:
        raise UsageError(f"named files must all be .gol files: {rest[0]}")
    sources = _sources(operands)
    if flags:
        return show(flags, sources)
    stop_on_signals()
    image = compile_program(sources, Cache(), toolchain_id())
    if image is None:
        return 1
    name = _program_name(sources[0][0])
    output = output or name
    if output.endswith("/") or os.path.isdir(output):
        output = os.path.join(output, name)
    try:
        if any(os.path.exists(p) and os.path.samefile(p, output) for p, _ in sources):
            raise UsageError(f"{output} is a source of the program: name the output with -o")
    except OSError:  # there is no output yet
        pass
    try:
        _write_program(output, image)
    except OSError as e:
        raise UsageError(f"open {output}: {lower_strerror(e)}") from None
    return 0


def _take_output(flags: list[str]) -> str:
    """What -o OUTPUT or -o=OUTPUT names, which is taken out of the flags; "" without it."""
    output = ""
    for at in reversed([i for i, f in enumerate(flags) if f == "-o" or f.startswith("-o=")]):
        _, given, value = flags.pop(at).partition("=")
        if not given and at == len(flags):
            raise UsageError("flag needs an argument: -o")
        if not given:
            value = flags.pop(at)
        output = output or value
    return output


def _write_program(path: str, image: bytes) -> None:
    """The old program may be running: it is replaced, not changed. Raises OSError."""
    from gol.lang.cachefile import write_whole

    if os.path.exists(path) and not os.path.isfile(path):  # /dev/null, say
        with open(path, "wb") as f:
            f.write(image)
        return
    path = os.path.realpath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_whole(path, 0o755, image)


def _program_name(path: str) -> str:
    name = os.path.basename(os.path.abspath(path))
    return name[:-4] if name.endswith(".gol") else name


def _no_arguments(command: str, args: list[str]) -> None:
    if args:
        raise UsageError(f"{command} takes no arguments: {args[0]}")


def version(args: list[str]) -> int:
    _no_arguments("version", args)
    print(f"gol version gol{__version__} {sys.platform}/{machine()}")
    return 0


def machine() -> str:
    """The processor, as Go calls it."""
    name = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(name, name)


def env(args: list[str]) -> int:
    from importlib.metadata import version as installed

    from gol.lang.cachefile import cache_dir

    from .repl.historyfile import history_file

    values = {
        "GOLVERSION": f"gol{__version__}",
        "GOLOS": sys.platform,
        "GOLARCH": machine(),
        "GOLROOT": os.path.dirname(os.path.abspath(__file__)),
        "GOLCACHE": cache_dir(),
        "GOLHISTORY": history_file(),
        "GOLLLVM": installed("llvmlite"),
        "GOLPYTHON": sys.version.split()[0],
    }
    for name in ("GOLDEBUG", "GOL_TRACEBACK", "GOTRACEBACK", "GOGC"):
        values[name] = os.environ.get(name, "")
    for flag in args:
        if flag.startswith("-"):
            raise UsageError(f"flag provided but not defined: {flag}")
    for name in args:
        print(values.get(name, ""))
    if not args:
        for name, value in values.items():
            print(f"{name}='{value}'")
    return 0


def clean(args: list[str]) -> int:
    from .cache import Cache

    _no_arguments("clean", args)
    try:
        Cache().clear()
    except OSError as e:
        raise UsageError(f"remove {e.filename}: {lower_strerror(e)}") from None
    return 0


def repl(args: list[str]) -> int:
    from .repl import main

    _no_arguments("repl", args)
    return main()


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "build": build,
    "repl": repl,
    "version": version,
    "--version": version,
    "env": env,
    "clean": clean,
}
