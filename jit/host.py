"""gol in this process: compiled modules are placed in its memory, its threads call them.

    host = Host.get()
    host.load(artifacts)                     # the runtime comes with the first ones
    host.call(host.address("main.init"))
    outcome = host.call(host.address("main.f"), block)

The runtime is a guest here (``runtime/host.gol``, ``docs/embedding.md``). What would end a
program ends one call: its :class:`Outcome` says how, with the text that the program would
have left on standard error.

A later ``load`` is linked against all that came before it; the newest definition of a name
wins, but one type has one descriptor, whichever module brought it. So two types must not
have one name: a package that is compiled anew, with other types, needs a path of its own.

Neither LLVM nor the parser is needed here.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Optional

try:  # without making an enumeration's member of what it finds
    from _signal import getsignal as _getsignal  # type: ignore[import-not-found]
except ImportError:  # pragma: no cover
    from signal import getsignal as _getsignal

from gol.jit.hostprocess import Quiet, check_libc, flush, initial_stack, print_report
from gol.jit.layout import Packer
from gol.jit.module import Module, link
from gol.jit.place import Arena, SignalStack
from gol.lang.digest import blake2b

if TYPE_CHECKING:
    from gol.jit.artifact import Artifact
    from gol.jit.build import Store

Kind = Literal[
    "returned", "panic", "overflow", "deadlock", "interrupted", "exit", "goexit", "fatal"
]
KINDS: tuple[Kind, ...] = (
    "returned", "panic", "overflow", "deadlock", "interrupted", "exit", "goexit", "fatal",
)  # fmt: skip
_SIGINT = int(signal.SIGINT)
_TEXT = 1 << 20  # bytes of an outcome's text


@dataclass(frozen=True)
class Outcome:
    """How a call ended: ``text`` is what the program would have printed on standard error,
    ``code`` its exit code."""

    kind: Kind
    text: str = ""
    code: int = 0
    error: Optional[BaseException] = None  # the exception of a callback that ended it


RETURNED = Outcome("returned")
# of a hostcall, in its order
_FIELDS = (
    "fn", "arg", "op", "thread", "main", "nested", "alone", "buf", "bufsize",
)  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """What a load has brought."""

    symbols: dict[str, int]


class _Thread:
    """What a thread of Python that calls gol needs."""

    def __init__(self) -> None:
        self.text = mmap.mmap(-1, _TEXT)  # touched only where text is
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.text))
        self.id = threading.get_native_id()
        self.main = threading.current_thread() is threading.main_thread()
        self.calls: list[Any] = []  # the words of its hostcalls, innermost last
        self.idle: list[Any] = []  # words to be used again
        self.pins: list[int] = []  # low end, high end, number of what the next call brings
        self.errors: list[int] = []  # numbers of exceptions that its callbacks have raised
        self.armed = False  # SIGINT is gol's while it calls
        self.signals = SignalStack()


class _Local(threading.local):
    """The attributes of a thread's own object cost more than those of others: just one."""

    def __init__(self) -> None:
        self.thread = _Thread()


class Host:
    """The guest runtime; there is one in a process."""

    _the: ClassVar[Optional[Host]] = None
    _making: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.arena: Optional[Arena] = None
        self.symbols: dict[str, int] = {}
        self.layout: dict[str, int] = {}
        self.store: Optional[Store] = None
        self.toolchain = ""
        self.report: Callable[[str], None] = print_report
        self._loading = threading.RLock()
        self._loaded: set[tuple[str, int]] = set()
        self._first = 0  # moduledata of the module that brought the runtime
        self._environment: Any = None
        self._local = _Local()
        self._enter: Any = None
        self._begun: Any = None  # not 0: the runtime is initialised
        self._arm: Any = None
        self._armed: Any = None
        self._arming: dict[str, int] = {}
        self._forsaken = False
        self._words = self._ask = 0
        self._op: dict[str, int] = {}
        self._at: dict[str, int] = {}  # field of a hostcall → index of its word
        self._debug: Optional[str] = None
        self._fill: Any = None  # packs what _do fills in
        # of _at, the most used
        self._kind = self._answered = self._pending = self._gone = self._npins = 0
        self._functions: dict[int, tuple[Callable[[int], None], Any]] = {}
        self._owners: dict[int, object] = {}  # of pinned buffers
        self._told = 0  # how many of both are known to be of no use to gol any more
        self._reported = 0  # bytes of reports
        self._errors: dict[int, BaseException] = {}
        self._numbers = itertools.count(1)
        self._c_callback = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)(
            self._called
        )
        # threading.active_count() without bytecode, where a Ctrl-C could come
        self._c_threads = ctypes.CFUNCTYPE(ctypes.c_uint64)(threading._active.__len__)  # type: ignore[attr-defined]

    @classmethod
    def get(cls) -> Host:
        with cls._making:
            if cls._the is None:
                cls._the = cls()
            return cls._the

    # ---------------------------------------------------------------- loading
    def keep_in(self, store: Store, toolchain: str) -> None:
        """Where the module that is loaded first may be kept, linked."""
        self.store, self.toolchain = store, toolchain

    def load(self, artifacts: list[Artifact]) -> Loaded:
        """Place the modules that are not here yet. Nothing of them runs."""
        with self._loading:
            self._check_process()
            new = [a for a in artifacts if (a.name, hash(a.object)) not in self._loaded]
            if not new:
                return Loaded({})
            if not self.layout:
                self.layout = next(a.layout for a in new if a.layout)
            if self.arena is None:
                check_libc()
                self.arena = Arena()
            module = self._linked(new, self.arena)
            self.arena.place(module.pieces)
            for address, library, symbol in module.imports:
                function = getattr(ctypes.CDLL(library), symbol)
                value = ctypes.cast(function, ctypes.c_void_p).value
                self.write_word(address, value or 0)
            # A Ctrl-C may come between any two: nothing is to be had before it is registered.
            self._register(module)
            self.symbols |= module.symbols
            self._loaded |= {(a.name, hash(a.object)) for a in new}
            return Loaded(module.symbols)

    def _linked(self, artifacts: list[Artifact], arena: Arena) -> Module:
        """Linked, or, what comes first of all, from the store."""
        bases = arena.bases()
        if self.symbols or self.store is None:
            return link(artifacts, self.layout, self.symbols, bases)
        h = blake2b(self.toolchain.encode(), digest_size=20)
        for a in artifacts:
            h.update(f"\0{a.name}\0{len(a.object)}\0".encode())
            h.update(a.object)
        module = Module.load(self.store.get("mod", h.hexdigest()))
        if module is None or module.bases != bases:
            module = link(artifacts, self.layout, self.symbols, bases)
            self.store.put("mod", h.hexdigest(), module.dump())
        return module

    def _register(self, module: Module) -> None:
        """Tell the runtime of a module. The first stays at the head of the list, with the
        runtime's own code; the newest, which is likely to be looked for, follows it."""
        if self._begun is None or not self._begun.value:
            self._start(module)
            return
        link = self.layout["moduledata_next"]
        after = ctypes.c_uint64.from_address(self._first + link).value
        self.write_word(module.tables + link, after)
        self.write_word(self._first + link, module.tables)

    def address(self, symbol: str) -> int:
        """Where the newest definition of a symbol is. Raises KeyError."""
        return self.symbols[symbol]

    def write_word(self, address: int, value: int) -> None:
        """Change one word of memory (an indirection cell) at once for everybody."""
        ctypes.c_uint64.from_address(address).value = value

    # ---------------------------------------------------------------- the runtime
    def debug(self, switches: str) -> None:
        """What GOLDEBUG would say; before the first load."""
        if self._begun is not None:
            raise RuntimeError("the runtime runs already")
        self._debug = switches

    def _start(self, module: Module) -> None:
        layout, symbols = self.layout, module.symbols
        self._words, self._ask = layout["hostcall__size"] // 8, layout["hostAsk"]
        self._at = {
            name[len("hostcall_") :]: offset // 8
            for name, offset in layout.items()
            if name.startswith("hostcall_")
        }
        self._op = {n: layout[f"host{n.title()}"] for n in ("init", "run", "drive", "dump")}
        self._op |= {n: layout[f"host{n.title()}"] for n in ("reports", "gone", "collect", "stop")}
        for i, kind in enumerate(KINDS):
            if layout[f"host{kind.title()}"] != i:
                raise RuntimeError(f"the runtime has another number for {kind}")
        hostenter = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_uint64))
        self._enter = hostenter(symbols["runtime.hostenter"])
        self._kind, self._answered = self._at["kind"], self._at["answered"]
        self._pending, self._gone = self._at["pending"], self._at["gone"]
        self._npins = self._at["npins"]
        # what _do fills in, and zero
        packer = Packer(layout, "hostcall", dict.fromkeys(_FIELDS, 8))
        packer.positional(_FIELDS)
        self._fill = packer.struct.pack_into
        self._environment = initial_stack(self._debug)
        self._armed = ctypes.c_uint64.from_address(symbols["runtime.hostint"])
        self._arm = ctypes.PYFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64)(symbols["runtime.hostarm"])
        names = ("Arm", "Disarm", "ArmAgain", "DisarmAgain")
        self._arming = {n: layout[f"host{n}"] for n in names}
        for i, function in enumerate((self._c_callback, self._c_threads)):
            address = ctypes.cast(function, ctypes.c_void_p).value
            self.write_word(symbols["runtime.hostcb"] + 8 * i, address or 0)
        os.register_at_fork(after_in_child=self._forked)
        sys.unraisablehook = Quiet(self._called)
        self._first = module.tables
        self._begun = ctypes.c_uint8.from_address(symbols["runtime.host"])
        self._do("init", fn=module.tables, arg=ctypes.addressof(self._environment[0]))

    def _forked(self) -> None:
        """The child of a fork has neither the monitor nor the other threads, and shares the
        code's memory: it gets a runtime of its own, if it asks for one."""
        Host._the = None
        self._forsaken = True

    def _check_process(self) -> None:
        if self._forsaken:
            raise RuntimeError(
                "this runtime stayed in the process that was forked; here, load it anew"
            )

    def _do(self, op: str, fn: int = 0, arg: int = 0, alone: int = 0) -> Any:
        """One trip into gol: the words of its hostcall. Who has read them puts them on
        ``thread.idle``, to be used again."""
        self._check_process()
        thread = self._local.thread
        calls = thread.calls
        depth = len(calls)
        main = thread.main
        words: Any = thread.idle.pop() if thread.idle else (ctypes.c_uint64 * self._words)()
        self._fill(
            words, 0, fn, arg, self._op[op], thread.id, main, depth > 0, alone, thread.address,
            _TEXT,
        )  # fmt: skip
        try:
            if thread.pins:
                self._bring(words)
            if main:
                self._enter_main(thread, words)
            else:
                calls.append(words)
                self._enter(words)
        except BaseException as e:
            if words[self._npins]:  # gol has not been told: with the next call
                thread.pins += words.brought
            if isinstance(e, ctypes.ArgumentError):
                raise _recursion(e) from None
            raise
        finally:
            del calls[depth:]
        return words

    def _enter_main(self, thread: _Thread, words: Any) -> None:
        """On the main thread SIGINT is gol's meanwhile. It may come at any moment: once the
        signal is gol's, Python looks whether it has one, and only then gol is entered."""
        depth = len(thread.calls)
        if depth:
            arm, disarm = self._arming["ArmAgain"], self._arming["DisarmAgain"]
        else:
            arm, disarm = self._arming["Arm"], self._arming["Disarm"]
            thread.armed = callable(_getsignal(_SIGINT))
        armed = thread.armed
        try:
            if armed:
                self._arm(arm)
                _look_for_signals()
            thread.calls.append(words)
            self._enter(words)
        finally:
            del thread.calls[depth:]
            late = armed and self._arm(disarm)
        if late:
            signal.raise_signal(signal.SIGINT)

    def _text(self, words: Any) -> str:
        n = words[self._at["textlen"]]
        return self._local.thread.text[:n].decode("utf-8", "backslashreplace") if n else ""

    # ---------------------------------------------------------------- calling
    def call(self, address: int, args: int = 0, *, alone: Optional[bool] = True) -> Outcome:
        """Call the gol ``func(unsafe.Pointer)`` at an address, as a new goroutine, until it
        ends. Other goroutines run meanwhile, and other threads of Python.

        A call that waits for what no goroutine can do any more is a deadlock, unless not
        ``alone``: another thread may come and do it. With None that depends on whether there
        are other threads when it comes to that."""
        flush()
        words = self._do("run", address, args, self._ask if alone is None else alone)
        if not words[self._kind]:
            outcome = RETURNED
        else:
            outcome = self._outcome(words)
        thread = self._local.thread
        if thread.errors and not thread.calls:
            for number in thread.errors:
                self._errors.pop(number, None)
            thread.errors.clear()
        if words[self._pending] or words[self._gone]:
            self._tell(words)
        thread.idle.append(words)
        return outcome

    def _outcome(self, words: Any) -> Outcome:
        at = self._at
        code = words[at["code"]]
        return Outcome(
            KINDS[words[at["kind"]]],
            self._text(words),
            code - (1 << 64) if code >> 63 else code,
            self._errors.get(words[at["err"]]),
        )

    def drive(self, seconds: float, *, early: bool = True) -> Outcome:
        """Let goroutines run for a while; come back ``early`` when none can any more, or
        wait for what other threads may ready. The outcome is "exit" if one of them wants
        the process to end."""
        flush()
        end = time.monotonic_ns() + int(seconds * 1e9)
        words = self._do("drive", arg=end, alone=early)
        outcome = self._outcome(words) if words[self._kind] else RETURNED
        self._tell(words)
        return outcome

    def stop(self, turns: int) -> Outcome:
        """End all goroutines but those of calls, and what timers would start. They leave as by
        runtime.Goexit; for what they have deferred they have so many turns of 20 ms, or as
        long as any of them can run. The outcome is "exit" if one wants the process to end."""
        for _ in range(turns):
            if not self._do("stop")[self._at["code"]]:
                break
            outcome = self.drive(0.02)
            if outcome.kind == "exit":
                return outcome
        self._do("stop", arg=1)
        return RETURNED

    def goroutines(self) -> str:
        """The tracebacks of all goroutines."""
        return self._text(self._do("dump"))

    # ---------------------------------------------------------------- callbacks
    def callback(self, function: Callable[[int], None], *, pinned: bool = False) -> int:
        """The address of a closure object: as a gol ``func(unsafe.Pointer)`` it calls the
        function, with the pointer as a number. What it raises becomes a panic in gol; if
        nobody recovers, it is the ``error`` of the call's outcome.

        It is kept for good, or, ``pinned``, for the next call and while gol points to it."""
        number = next(self._numbers)
        closure = (ctypes.c_uint64 * 2)(self.symbols["runtime.hostcallback"], number)
        if pinned:
            self._pin(ctypes.addressof(closure), 16, number)
        self._functions[number] = function, closure
        return ctypes.addressof(closure)

    def _called(self, number: int, argument: int) -> int:
        """What every callback calls, on the thread's own stack: 0, or an error's number and
        whether gol may recover from it."""
        thread = self._local.thread
        try:
            self._functions[number][0](argument)
            if thread.armed:
                self._armed.value = 1
                _look_for_signals()
        except BaseException as e:  # noqa: BLE001 (goes on through gol)
            e = _recursion(e)
            key = next(self._numbers)
            thread.errors.append(key)
            self._errors[key] = e
            fatal = not isinstance(e, Exception)
            if not fatal:
                text = f"{type(e).__name__}: {e}".encode("utf-8", "backslashreplace")[:_TEXT]
                thread.text[: len(text)] = text
                thread.calls[-1][self._at["textlen"]] = len(text)
            thread.calls[-1][self._answered] = 1
            return key << 1 | fatal
        if thread.pins:
            self._bring(thread.calls[-1])
        thread.calls[-1][self._answered] = 1
        return 0

    # ---------------------------------------------------------------- memory of Python's
    def pin(self, address: int, length: int, owner: object) -> None:
        """Let gol have pointers into a buffer, which must not move and hold no pointers of
        gol's. The owner is kept until the next call of this thread (in a callback: the one
        that it is part of) has ended and a collection has found no pointer into the buffer."""
        number = next(self._numbers)
        self._pin(address, length, number)  # first: a Ctrl-C may come between
        self._owners[number] = owner

    def _pin(self, address: int, length: int, number: int) -> None:
        self._local.thread.pins += (address, address + length, number)

    def _bring(self, words: Any) -> None:
        """What was pinned goes with a hostcall."""
        pins = self._local.thread.pins
        words.brought = (ctypes.c_uint64 * len(pins))(*pins)
        words[self._at["pins"]] = ctypes.addressof(words.brought)
        words[self._npins] = len(pins) // 3
        pins.clear()

    def collect(self) -> None:
        """Collect garbage, and let go of what was pinned and nothing points to."""
        self._tell(self._do("collect"))

    def _tell(self, words: Any) -> None:
        """Hand on what goroutines said that ended on their own."""
        while words[self._pending]:
            words = self._do("reports", arg=self._reported)
            self._report(self._local.thread.text[: words[self._at["textlen"]]], words)
        while words[self._gone]:
            # What is heard twice, since a Ctrl-C came before it was noted, does no harm.
            words = self._do("gone", arg=self._told)
            n = words[self._at["textlen"]]
            for number in memoryview(self._local.thread.text[:n]).cast("Q"):
                self._owners.pop(number, None)
                self._functions.pop(number, None)
            self._told = words[self._at["code"]] + n // 8


    def _report(self, text: bytes, words: Any) -> None:
        """Hand on a part of all reports, but for what another thread does or did."""
        begin = words[self._at["code"]]
        done, end = self._reported, begin + len(text)
        if done >= end:
            return
        self._reported = end
        try:
            self.report(text[done - begin :].decode("utf-8", "backslashreplace"))
        except KeyboardInterrupt:
            self._reported = done  # rather twice than never
            raise


def _recursion(e: BaseException) -> BaseException:
    """ctypes has an error of its own where Python's limit of recursion is met."""
    if isinstance(e, ctypes.ArgumentError) and "RecursionError" in str(e):
        return RecursionError("maximum recursion depth exceeded")
    return e


def _look_for_signals() -> None:
    """Python runs handlers of signals that have come before it enters a function."""
