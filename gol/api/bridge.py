"""The passage between the two: blocks, and what lies in package internal/python.

A block (``runtime/std/internal/python/block.gol``) holds what goes to and fro in one call.
It lies in gol's heap; Python takes one for each call and gives it back.
"""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Optional

from gol.jit.host import Host

from . import ends
from .buffers import Export
from .describe import WORDS_BYTES
from .errors import Mismatch
from .types import Type, Types, word_at

if TYPE_CHECKING:
    from .handles import Held

# where a length or a handle is written (block.gol)
NONE = (1 << 64) - 1  # nil
FOREIGN = NONE - 1  # address and length follow
INLINE = NONE - 2  # the value follows, or the number of a callable
_AT_ONCE = 10_000  # handles that are let go of
_LARGE = 1 << 20  # results of this size are forgotten at once
_pair = struct.Struct("<QQ")
_number = struct.Struct("<Q")
_word, _set_word, _word_iter = _number.unpack_from, _number.pack_into, _number.iter_unpack


class Out(bytearray):
    """What is written for gol, and what must live until it was read."""

    __slots__ = ("keep", "lent", "inlined", "callables", "taken", "reads")

    def __init__(self) -> None:
        self.keep: list[Any] = []
        self.lent: list[Export] = []
        self.inlined: list[Any] = []  # (converter, object) given for pointers
        self.callables: list[int] = []  # numbers given to callables
        self.taken = 0  # the last of them that gol has read
        self.reads = False  # gol only reads the slice that is being written

    def word(self, n: int) -> None:
        self += n.to_bytes(8, "little")


def put(converter: Any, v: Any, out: Out) -> None:
    """What a caller of converters calls. Python's limit ends what contains itself; near it
    ctypes has an error of its own."""
    try:
        converter.put(v, out)
    except (RecursionError, ctypes.ArgumentError):
        raise Mismatch(RecursionError, f"{type(v).__name__} nests too deeply") from None


class Block:
    __slots__ = ("address", "view")

    def __init__(self, address: int, size: int) -> None:
        self.address = address
        memory = (ctypes.c_char * size).from_address(address)
        self.view = memoryview(memory).cast("B")


# what package internal/python lists as Known
KNOWN = (
    "bool", "int", "float64", "complex128", "string", "[]uint8", "[]any", "map[string]any",
    "map[any]any", "error", "any",
)  # fmt: skip


class Orphan(NamedTuple):
    """A handle that Python never had an object for."""

    handle: int


class Bridge:
    """One per process, made when the first module is loaded."""

    _the: ClassVar[Optional["Bridge"]] = None
    _making: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, host: Host) -> None:
        from .callables import Callables
        from .registry import Converters

        self.host = host
        host.report = ends.report
        self.types = Types(host.layout)
        layout = self.symbol("Layout")
        self._run(self.symbol("init"), 0)
        names = (
            "size", "input", "view", "callable", "taken", "given", "words", "room",
        )  # fmt: skip
        self.at = {n: word_at(layout + 8 * i) for i, n in enumerate(names)}
        self.words = self.at["words"]
        self.input = self.at["input"]
        self.room = self.at["room"] - WORDS_BYTES
        self.pool: list[Block] = []
        self.live: dict[int, Held] = {}  # handles that Python has objects for
        self.released: list[Held | Orphan] = []  # those that are gone, but gol does not know yet
        self.forgotten = 0  # how many were in that list before
        self._released = self.symbol("Released")
        self.modules: dict[str, Any] = {}  # by the path of the package
        self.failed: dict[str, BaseException] = {}  # what initialisers have raised
        self.methods: dict[int, dict[str, Any]] = {}  # by the address of T
        self.docs: dict[int, str] = {}  # by the address of T
        self.func_calls: dict[int, Any] = {}  # by the address of a func type
        self.func_signatures: dict[int, Any] = {}
        known = self.symbol("Known")
        self.known = {n: self.pointed(known + 16 * i) for i, n in enumerate(KNOWN)}
        self.converters = Converters(self)
        self.callables = Callables(self)
        self._load, self._store = self.symbol("Load"), self.symbol("Store")
        self._drop, self._release = self.symbol("Drop"), self.symbol("Release")
        os.register_at_fork(after_in_child=self._forked)

    @classmethod
    def _forked(cls) -> None:
        """The child of a fork has to load its modules anew."""
        cls._the = None

    @classmethod
    def get(cls) -> "Bridge":
        the = cls._the
        if the is None:
            with cls._making:
                if cls._the is None:
                    cls._the = Bridge(Host.get())
                the = cls._the
        return the

    def start(self, path: str) -> None:
        """Run the initialisers of a package, and of what it imports, once."""
        block = self.take()
        try:
            self.run(self.host.address(f"{path}.init"), block)
        finally:
            self.give(block)

    def symbol(self, name: str) -> int:
        return self.host.address(f"internal/python.{name}")

    def pointed(self, address: int) -> Type:
        """T, for an any at an address that holds a *T."""
        return self.types.type_at(word_at(address)).elem

    def methods_of(self, t: Type) -> dict[str, Any]:
        return self.methods.get(t.address, {})

    # ------------------------------------------------------------------- blocks
    def take(self) -> Block:
        if self.released:
            self._drain()
        return self._block()

    def _block(self) -> Block:
        try:
            return self.pool.pop()
        except IndexError:
            where = ctypes.c_uint64()
            self._run(self.symbol("NewBlock"), ctypes.addressof(where))
            return Block(where.value, self.at["size"])

    def give(self, block: Block) -> None:
        self.clear(block)
        self.pool.append(block)

    def clear(self, block: Block) -> None:
        """Its handles are the affair of objects now."""
        _set_word(block.view, self.at["given"] + 8, 0)

    def write(self, block: Block, out: Out, view: bool = False) -> None:
        """Let gol read what was written. ``out`` must live until it has."""
        n = len(out)
        if n <= self.room:
            at = self.words + WORDS_BYTES
            block.view[at : at + n] = out
            address = block.address + at
        else:
            address = ctypes.addressof(ctypes.c_char.from_buffer(out))  # it grows no more
        _pair.pack_into(block.view, self.input, address, view)
        for export in out.lent:  # last, for they go with the next call
            self.host.pin(export.address, export.size, export)

    def read(self, block: Block) -> bytes:
        """What gol wrote."""
        data = self.read_at(block.address)
        if len(data) > _LARGE:
            self._run(self._drop, block.address)
        return data

    def write_at(self, address: int, out: Out) -> None:
        """:meth:`write` into the block of a call of Python: gol reads it later."""
        n = len(out)
        to = address + self.words + WORDS_BYTES
        if n > self.room:
            ctypes.memmove(address + self.words, n.to_bytes(8, "little"), 8)
            self._run(self.symbol("Room"), address)
            to = word_at(address + self.input)
        else:
            ctypes.memmove(address + self.input, to.to_bytes(8, "little"), 8)
        ctypes.memmove(to, bytes(out), n)
        for export in out.lent:
            self.host.pin(export.address, export.size, export)

    def read_at(self, address: int) -> bytes:
        start, n = _pair.unpack(ctypes.string_at(address, 16))
        return ctypes.string_at(start, n) if n else b""

    # -------------------------------------------------------------------- calls
    def _run(self, function: int, argument: int) -> None:
        outcome = self.host.call(function, argument)
        if outcome.kind != "returned":
            raise ends.of(self, outcome, None)

    def run(self, function: int, block: Block) -> None:
        """Call a thunk; raise what it ended by."""
        outcome = self.host.call(function, block.address, alone=None)
        if outcome.kind != "returned":
            raise ends.of(self, outcome, block)

    def load(self, address: int, type: Type) -> Any:
        """The value in a variable of gol."""
        return self.fetch(self._load, address, type.address, self.converters.of(type))

    def value_of(self, handle: int) -> Any:
        """What a handle stands for."""
        any = self.converters.of(self.known["any"])
        return self.fetch(self.symbol("Value"), handle, 0, any)

    def fetch(self, function: int, first: int, second: int, converter: Any) -> Any:
        """Call a function of package internal/python with two words; what it wrote."""
        block = self.take()
        try:
            _pair.pack_into(block.view, self.input, 0, 0)
            _pair.pack_into(block.view, self.words, first, second)
            self.run(function, block)
            return converter.get(self.read(block), 0)[0]
        except BaseException:
            self.disown(block.address)
            raise
        finally:
            self.give(block)

    def store(self, address: int, type: Type, out: Out) -> None:
        """Set a variable of gol."""
        self.submit(self._store, address, type.address, out)

    def submit(self, function: int, first: int, second: int, out: Out) -> None:
        """Call a function of package internal/python with two words, and what is written."""
        block = self.take()
        try:
            _pair.pack_into(block.view, self.words, first, second)
            self.write(block, out)
            self.run(function, block)
        finally:
            self.finish(block, out)
            self.give(block)

    def finish(self, block: Block, out: Out) -> None:
        """Note which of the callables in ``out`` gol has read."""
        if out.callables:
            out.taken = _word(block.view, self.at["taken"])[0]

    def disown(self, address: int) -> None:
        """Let go of the handles in a block for which there is no object, since an exception
        came before."""
        start, n = _pair.unpack(ctypes.string_at(address + self.at["given"], 16))
        self._forget()
        for (handle,) in _word_iter(ctypes.string_at(start, 8 * n) if n else b""):
            if handle not in self.live:
                self.released.append(Orphan(handle))

    def _drain(self) -> None:
        """Tell gol which handles Python has let go of. They are on the list until gol has
        counted them: a Ctrl-C may come at any time, and other threads do the same."""
        self._forget()
        at, gone = self.forgotten, self.released[:_AT_ONCE]
        if not gone:
            return
        out = Out()
        out.word(at)
        out.word(len(gone))
        for held in gone:
            out.word(held.handle)
        block = self._block()
        try:
            self.write(block, out)
            self.run(self._release, block)
        finally:
            self.give(block)
        self._forget()

    def _forget(self) -> None:
        heard = word_at(self._released) - self.forgotten
        if heard <= 0:
            return
        gone = self.released[:heard]
        del self.released[:heard]
        self.forgotten += heard
        for held in gone:
            if self.live.get(held.handle) is held:  # not one that came after it
                del self.live[held.handle]
