"""The lines that begin with a colon. Each command is a method, documented by
its help: the argument, if it has one, and what it does."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Optional

from gol.jit.packages import std_paths
from gol.lang import ast as A
from gol.lang import types as T
from gol.lang.check.entry import check_expression
from gol.lang.diagnostics import Diagnostics
from gol.lang.entry import Entry
from gol.lang.imports import missing_imports
from gol.lang.parser import parse_expr

from ..launch import lower_strerror
from ..render import print_diagnostics
from ..session import Record, Session
from .outcome import report
from .writer import text_of


class CommandError(Exception):
    """The text is for the user."""


class Commands:
    def __init__(
        self, session: Session, load: Callable[[str], None], plain: bool = False
    ) -> None:
        self.session = session
        self.plain = plain
        self._load = load
        self.timing = False
        self._loading: set[str] = set()

    def run(self, line: str) -> bool:
        """Run a command line; False after an error, which was reported. SystemExit ends
        the session."""
        name, _, rest = line[1:].strip().partition(" ")
        if not name:  # it ends what was before it, see gol.repl.writer
            return True
        method = self.find(name)
        try:
            if method is None:
                raise CommandError(f"no command :{name}; :help lists them")
            method(self, rest.strip())
        except CommandError as e:
            if str(e):
                print(e, file=sys.stderr)
            return False
        except Exception as e:  # noqa: BLE001 (as Session.run does: the session lives)
            if os.environ.get("GOL_TRACEBACK"):
                raise
            print(f":{name}: internal error: {type(e).__name__}: {e}", file=sys.stderr)
            return False
        finally:
            sys.stdout.flush()
        return True

    @staticmethod
    def find(name: str) -> Optional[Callable[[Commands, str], None]]:
        """The command of that name, or that begins so if there is just one."""
        if name in COMMANDS:
            return COMMANDS[name]
        found = [m for n, m in COMMANDS.items() if name and n.startswith(name)]
        return found[0] if len(found) == 1 else None

    # -------------------------------------------------------------------- commands
    def help(self, rest: str) -> None:
        """this text"""
        for name, method in COMMANDS.items():
            argument, colon, text = (method.__doc__ or "").partition(": ")
            usage = f":{name} {argument}" if colon else f":{name}"
            print(f"  {usage:17} {text or argument}")
        print("\nAn entry that ends in a semicolon shows no value; _ is the last value.")

    def type(self, rest: str) -> None:
        """EXPR: the type of an expression, or what a type is; nothing is run"""
        if not rest:
            raise CommandError(":type wants an expression")
        session = self.session
        session.start()
        diags = Diagnostics(session.sources)
        source = session.sources.add("type", rest)
        e = parse_expr(source, diags)
        c = None
        if e is not None:
            entry = Entry(source, [], [A.ExprStmt(e.pos, e)])
            missing_imports(entry, session.names, std_paths())
            c = check_expression(session.names, e, entry, session.library.importer, diags)
        if e is None or c is None:
            print_diagnostics(diags, plain=self.plain)
            raise CommandError("")
        t = e.type
        if e.mode == "type":
            print(f"type {c.type_str(t)} {c.type_str(t.underlying())}"
                  if isinstance(t, T.Named) else c.type_str(t))  # fmt: skip
            for m in t.methods if isinstance(t, T.Named) else []:
                star = "*" if m.ptr_recv else ""
                sig = c.type_str(m.type).removeprefix("func")
                print(f"func ({star}{c.type_str(t)}) {m.name}{sig}")
        elif t is None or t is T.INVALID:
            print("no value")
        else:
            print(c.type_str(t))

    def doc(self, rest: str) -> None:
        """NAME: how something is declared, and the comment above it"""
        from .doc import document

        text = document(self.session, rest)
        if text is None:
            raise CommandError(f"no documentation for {rest}" if rest else ":doc wants a name")
        print(text)

    def ir(self, rest: str) -> None:
        """[NAME]: LLVM IR of the last entry, or of the one that declared NAME"""
        self._show_stage(rest, "freeze")

    def asm(self, rest: str) -> None:
        """[NAME]: its machine code"""
        self._show_stage(rest, "asm")

    def stackmap(self, rest: str) -> None:
        """[NAME]: the pointer maps of its frames"""
        self._show_stage(rest, "stackmaps")

    def _show_stage(self, name: str, stage: str) -> None:
        record = self._record(name)
        print(self.session.stages(record)[stage].rstrip("\n"))

    def _record(self, name: str) -> Record:
        for record in reversed(self.session.records):
            if record.ir and (not name or name in record.declared):
                return record
        raise CommandError(f"no entry declared {name}" if name else "no entry yet")

    def stack(self, rest: str) -> None:
        """the sizes of the goroutines' stacks, and how much is in use"""
        self.session.start()
        self.session.show("Stacks")

    def goroutines(self, rest: str) -> None:
        """what every goroutine is doing"""
        self.session.start()
        print(self.session.host.goroutines().strip("\n") or "no goroutines")

    def time(self, rest: str) -> None:
        """[ENTRY]: how long ENTRY takes to compile and run; alone, so for each, or no more"""
        if not rest:
            self.timing = not self.timing
            print(f"timing is {'on' if self.timing else 'off'}")
            return
        answer = self.session.run(rest)
        report(answer, self.plain)
        if answer.exits:
            raise SystemExit(answer.code)
        if not answer.ok:
            raise CommandError("")
        self.tell_time(answer.compile_time, answer.run_time)

    def tell_time(self, compiled: float, ran: float) -> None:
        sys.stdout.flush()
        print(f"compiled in {_seconds(compiled)}, ran for {_seconds(ran)}")

    def load(self, rest: str) -> None:
        """FILE: run the entries of a file"""
        if not rest:
            raise CommandError(":load wants a file")
        path = os.path.expanduser(rest)
        file = os.path.realpath(path)
        if file in self._loading:
            raise CommandError(f"{rest} loads itself")
        self._loading.add(file)
        try:
            self._load(path)
        except OSError as e:
            raise CommandError(f"open {rest}: {lower_strerror(e)}") from None
        finally:
            self._loading.discard(file)

    def save(self, rest: str) -> None:
        """FILE: write the entries so far to a file that :load takes for the same"""
        if not rest:
            raise CommandError(":save wants a file")
        text = text_of((r.text, r.declared) for r in self.session.records if r.saved)
        path = os.path.expanduser(rest)
        try:
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
                f.write(text)
        except OSError as e:
            raise CommandError(f"open {rest}: {lower_strerror(e)}") from None

    def reset(self, rest: str) -> None:
        """forget every name and value, and end all goroutines"""
        self.session.start()
        outcome = self.session.reset()
        if outcome.kind == "exit":
            raise SystemExit(outcome.code)

    def quit(self, rest: str) -> None:
        """leave, as Ctrl-D does"""
        raise SystemExit(0)


def _seconds(s: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if s >= size:
            return f"{s / size:.3g} {unit}"
    return f"{s * 1e6:.3g} µs"


COMMANDS: dict[str, Callable[[Commands, str], None]] = {
    name: method
    for name, method in vars(Commands).items()
    if re.fullmatch("[a-z]+", name) and name not in ("run", "find")
}
