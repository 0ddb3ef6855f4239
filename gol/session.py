"""A session: entries compiled one after the other into this process, and run there.

    session = Session()
    answer = session.run("x := 6 * 7")
    answer.ok, answer.kind, answer.text

Each entry is compiled once, against what the ones before it declared, and run once. One that
fails, by an error, a panic, an interrupt, declares nothing; what it had done by then is done.

Values that an entry shows are written to standard output by the entry itself. Nothing here
knows of terminals: :mod:`gol.repl` is the prompt.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional

from gol.jit import memory
from gol.jit.artifact import Artifact
from gol.jit.build import Progress
from gol.jit.host import Host, Outcome
from gol.jit.library import Library
from gol.jit.packages import std_paths
from gol.jit.service import Service, ServiceError
from gol.lang import entry as entries
from gol.lang import types as T
from gol.lang.check.entry import check_entry
from gol.lang.deep import deep
from gol.lang.diagnostics import Diagnostics
from gol.lang.imports import missing_imports
from gol.lang.objects import Object, PkgName
from gol.lang.session import SHOW, Checked
from gol.lang.session import Session as Names
from gol.lang.source import Position, Source, SourceSet

from .cache import Cache
from .launch import toolchain_id

_SHOW = "internal/show"
_PATIENCE = 10  # interrupts while an entry is undone
_LEAVE = 50  # turns that goroutines have for what they have deferred
_STACK = 256_000_000  # bytes that a goroutine's stack may have


@dataclass
class Answer:
    """What became of an entry. ``kind`` is "returned", "error" (it was not compiled;
    ``diags`` says why), or how the call ended (:class:`gol.jit.host.Outcome`)."""

    kind: str
    text: str = ""  # of a panic and the like
    code: int = 0  # of an exit
    diags: Optional[Diagnostics] = None
    compile_time: float = 0.0
    run_time: float = 0.0

    @property
    def ok(self) -> bool:
        return self.kind in ("returned", "goexit")

    @property
    def exits(self) -> bool:
        """Whether it has called os.Exit; the code is ``code``."""
        return self.kind == "exit"


@dataclass
class Record:
    """An entry that was compiled: for ``:save``, ``:asm`` and their like."""

    number: int
    text: str
    ir: str = ""
    roots: list[Any] = field(default_factory=list)
    declared: dict[str, Object] = field(default_factory=dict)
    saved: bool = False  # it has run to its end


class Session:
    def __init__(self, progress: Optional[Progress] = None) -> None:
        self.service = Service()
        self.service.start()
        cache, toolchain = Cache(), toolchain_id()
        self.library = Library(cache, toolchain, progress)
        self.sources = SourceSet()
        self.records: list[Record] = []
        # told of packages that are imported though nobody said so
        self.on_import: Callable[[str], None] = lambda path: None
        self.host = Host.get()
        self.host.keep_in(cache, toolchain)
        self._placed: set[str] = set()
        self._started = False
        self._lock = threading.RLock()
        self.names = Names()

    # ------------------------------------------------------------------ starting
    def start(self) -> None:
        """Have ready what every entry needs; :meth:`run` does it if nobody did."""
        with self._lock:
            if self._started:
                return
            self.library.need(_SHOW)
            self.place(_SHOW)
            self.host.write_word(self.host.address("runtime.maxstacksize"), _STACK)
            self._enter_show()
            self._started = True

    def missing(self) -> bool:
        """Whether :meth:`start` would have to compile."""
        return self.library.missing(_SHOW)

    def tint(self) -> None:
        """Show types in colour."""
        self.start()
        self.host.write_word(self.host.address(f"{_SHOW}.Tint"), 1)

    def _enter_show(self) -> None:
        show = self.library.packages[_SHOW]
        self.names.scope.names[SHOW] = PkgName(SHOW, self.names.package, 0, T.INVALID, show)

    def place(self, path: str) -> None:
        """Load a library package and what it imports, and initialise them."""
        if path in self._placed or path == "unsafe":
            return
        self.library.importer(path)
        new = [p for p in self.library.closure(path) if p not in self._placed]
        if "runtime" not in self._placed and "runtime" not in new:
            new.insert(0, "runtime")
        self.host.load([self.library.artifact(p) for p in new])
        gc.freeze()  # what stays is not looked through while entries are compiled
        if path != "runtime":
            self._initialise(path, new)
        self._placed.update(new)

    def _initialise(self, path: str, new: list[str]) -> None:
        """Run the package's initialiser, which runs those of what it imports."""
        outcome = None
        try:
            outcome = self.host.call(self.host.address(f"{path}.init"))
        finally:
            if outcome is None or outcome.kind != "returned":
                for p in new:  # the next try begins at the beginning
                    done = self.host.symbols.get(f"{p}..initdone")
                    if done is not None:
                        ctypes.c_uint8.from_address(done).value = 0
        if outcome.kind == "interrupted":
            raise KeyboardInterrupt
        if outcome.kind != "returned":
            raise RuntimeError(f"package {path} is not initialised: {outcome.text}")

    def show(self, function: str) -> None:
        """Call a function of package internal/show that takes nothing."""
        self.host.call(self.host.address(f"{_SHOW}.{function}"))

    def reset(self) -> Outcome:
        """Forget every name and every value, and end the goroutines: nobody can reach them
        any more. The outcome is "exit" if what one of them had deferred calls os.Exit."""
        with self._lock:
            number = self.names.number
            self.names = Names()
            self.names.number = number
            self._enter_show()
            outcome = self.host.stop(_LEAVE)
            for record in self.records:
                for symbol, size, _ in record.roots:
                    if symbol in self.host.symbols:
                        ctypes.memset(self.host.address(symbol), 0, size)
            self.records = []
            self.host.collect()
            return outcome

    # ------------------------------------------------------------------- running
    def run(self, text: str, at: Optional[Position] = None) -> Answer:
        """Compile and run one entry; ``at`` is where it comes from."""
        with self._lock:
            self.start()
            begin = time.perf_counter()
            diags = Diagnostics(self.sources)
            answer = Answer("error", diags=diags)
            record = Record(self.names.number + 1, text)
            compiled = self._compile(record, at, diags)
            answer.compile_time = time.perf_counter() - begin
            if compiled is None:
                return answer
            begin = time.perf_counter()
            self.records.append(record)
            outcome = self._call(record, compiled)
            answer.kind, answer.text, answer.code = outcome.kind, outcome.text, outcome.code
            answer.run_time = time.perf_counter() - begin
            record.saved = answer.ok
            return answer

    def _source(self, record: Record, at: Optional[Position]) -> Source:
        if at is None:
            return self.sources.add(f"entry{record.number}", record.text)
        source = self.sources.add(at.file, record.text)
        source.origins = [(source.base, at)]
        return source

    def _compile(
        self, record: Record, at: Optional[Position], diags: Diagnostics
    ) -> Optional[Checked]:
        """The entry, in memory; None after errors."""
        source = self._source(record, at)
        try:
            with deep():
                return self._compile_source(record, source, diags)
        except RecursionError:
            diags.error(source.base, "program nests too deeply: not supported yet")
            return None
        except Exception as e:  # noqa: BLE001 (as jit.build does: a bug, but the session lives)
            if os.environ.get("GOL_TRACEBACK"):
                raise
            diags.error(0, _described(e))
            return None

    def _compile_source(
        self, record: Record, source: Source, diags: Diagnostics
    ) -> Optional[Checked]:
        entry = entries.parse(source, diags)
        if entry is None:
            return None
        imported = missing_imports(entry, self.names, std_paths())
        checked = check_entry(self.names, entry, self.library.importer, diags)
        if checked is None:
            return None
        record.declared = dict(checked.scope.names)
        artifact: Optional[Artifact] = None
        try:
            artifact = self._lower(record, checked, diags)
            if not diags:
                for p in self.names.package.imports:
                    self.place(p.path)
                if artifact is not None:
                    self.host.load([artifact])
        except BaseException:
            self.names.rollback(checked)
            raise
        if diags:
            self.names.rollback(checked)
            return None
        for path in imported:
            self.on_import(path)
        return checked

    def _lower(self, record: Record, checked: Checked, diags: Diagnostics) -> Optional[Artifact]:
        from gol.jit.lower.entry import lower_entry
        from gol.jit.lower.module import LowerOptions
        from gol.lang import escape

        escapes = escape.analyse(self.names.package)
        runtime = self.library.packages["runtime"]
        options = LowerOptions(diags, escapes, imported=self.library.inline)
        lowered = lower_entry(self.names, checked, runtime, options)
        if diags or not lowered.ir:
            return None
        record.ir, record.roots = lowered.ir, lowered.roots
        return self.service.compile(record.ir, f"entry{record.number}", record.roots)

    def _call(self, record: Record, checked: Checked) -> Outcome:
        """Run a compiled entry; afterwards its names are known, or it is undone."""
        host, names = self.host, self.names
        before: list[tuple[int, int]] = []
        outcome = Outcome("interrupted")
        try:
            for f in checked.functions():
                if f.cell in names.cells:
                    cell = host.address(f.cell)
                    before.append((cell, ctypes.c_uint64.from_address(cell).value))
                    host.write_word(cell, host.address(f.link_name))
            outcome = self._execute(record.number)
        finally:
            # the cells of one that has failed are in memory too, with wrappers that use them
            names.cells.update(f.cell for f in checked.functions())
            if outcome.kind in ("returned", "goexit"):
                names.commit(checked)
            else:
                for cell, value in before:
                    host.write_word(cell, value)
                self._take_methods_back(record.number)
                names.rollback(checked)
        return outcome

    def _execute(self, number: int) -> Outcome:
        """Call what the entry's module has to be called (gol.jit.lower.entry)."""
        outcome = Outcome("returned")
        for name in ("methods", "init", "entry"):
            address = self.host.symbols.get(f"main.{name}·{number}")
            if address is not None and outcome.kind == "returned":
                outcome = self.host.call(address)
        return outcome

    def _take_methods_back(self, number: int) -> None:
        flag = self.host.symbols.get(f"main.exchanged·{number}")
        for _ in range(_PATIENCE):  # a Ctrl-C may come at any moment, this one too
            if flag is None or not ctypes.c_uint64.from_address(flag).value:
                return
            with contextlib.suppress(KeyboardInterrupt):
                self.host.call(self.host.address(f"main.methods·{number}"))

    # ----------------------------------------------------------------- looking in
    def stages(self, record: Record) -> dict[str, str]:
        """The text of an entry after every stage of the compiler."""
        with self._lock:
            return self.service.stages(record.ir, "entry", record.roots)


def _described(e: Exception) -> str:
    """What is said where the compiler, not the entry, is at fault."""
    if memory.caused(e):
        return "out of memory"
    first = (str(e).splitlines() or [""])[0]
    if not isinstance(e, ServiceError):
        first = f"{type(e).__name__}: {first}"
    return f"internal compiler error: {first}"


__all__ = ["Answer", "Record", "Session"]
