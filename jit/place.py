"""Memory of this process for linked code, and for signal handlers.

One range of addresses is reserved, so small that everything in it reaches everything else
by a 32-bit offset (the code model is small). It has three parts, each filled from its
beginning; the pieces of small modules share pages.

    code        RX   } views of one memory file, which is written through the file: no page
    constants   R    } is ever writable and executable, and code that runs is not disturbed
    variables   RW   private

Nothing is given back: code, once placed, stays.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import threading

from gol.jit.module import VARIABLES, Piece

_PART = 256 << 20
_WHERE = 0x40000000  # wished for: below 2 GB, clear of the program and its brk heap
_ALIGN = 64  # of what is placed: the most that a section asks for
_PROT_NONE = 0
_MAP_FIXED, _MAP_NORESERVE, _MAP_FIXED_NOREPLACE = 0x10, 0x4000, 0x100000
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
)  # fmt: skip


def map_memory(address: int, size: int, prot: int, flags: int, fd: int = -1, at: int = 0) -> int:
    got = _mmap(address, size, prot, flags, fd, at)
    if got == _FAILED or got is None:
        raise MemoryError(f"cannot map {size} bytes: {os.strerror(ctypes.get_errno())}")
    return int(got)


class Arena:
    """Code, constants and variables, in this order in the lists below."""

    def __init__(self) -> None:
        anon = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
        size = 3 * _PART
        try:
            base = map_memory(_WHERE, size, _PROT_NONE, anon | _MAP_FIXED_NOREPLACE)
        except MemoryError:
            base = map_memory(0, size, _PROT_NONE, anon)
        self.base = base
        self.fd = os.memfd_create("gol-code", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, 2 * _PART)
        shared = mmap.MAP_SHARED | _MAP_FIXED
        map_memory(base, _PART, mmap.PROT_READ | mmap.PROT_EXEC, shared, self.fd, 0)
        map_memory(base + _PART, _PART, mmap.PROT_READ, shared, self.fd, _PART)
        map_memory(base + 2 * _PART, _PART, mmap.PROT_READ | mmap.PROT_WRITE, anon | _MAP_FIXED)
        self.starts = [base + i * _PART for i in range(3)]
        self.next = list(self.starts)

    def bases(self) -> tuple[int, int, int]:
        """Where the next module's code, constants and variables begin."""
        return self.next[0], self.next[1], self.next[2]

    def used(self) -> tuple[int, int, int]:
        """Bytes of code, constants and variables so far."""
        code, constants, variables = (n - s for n, s in zip(self.next, self.starts))
        return code, constants, variables

    def place(self, pieces: list[Piece]) -> None:
        """Fill in what was linked for :meth:`bases`. Raises MemoryError."""
        ends = list(self.next)
        for p in pieces:
            end = p.address + p.size
            if end > self.starts[p.part] + _PART:
                raise MemoryError("no room for more code")
            ends[p.part] = -(-end // _ALIGN) * _ALIGN
            if p.part == VARIABLES:
                ctypes.memmove(p.address, p.data, len(p.data))
            else:
                view = memoryview(p.data)
                at = p.address - self.base
                while view:
                    n = os.pwrite(self.fd, view, at)
                    view, at = view[n:], at + n
        self.next = ends


class _StackT(ctypes.Structure):
    _fields_ = [("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


class SignalStack:
    """The calling thread's stack for signal handlers, as long as this object lives: none may
    run on the stack of a goroutine. One that the thread has already is left in place."""

    _SIZE = 64 << 10
    _DISABLE = 2

    def __init__(self) -> None:
        old = _StackT()
        _libc.sigaltstack(None, ctypes.byref(old))
        self._memory: mmap.mmap | None = None
        if old.flags & self._DISABLE:
            self._memory = mmap.mmap(-1, self._SIZE)
            at = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
            _libc.sigaltstack(ctypes.byref(_StackT(at, 0, self._SIZE)), None)
            self._thread = threading.get_native_id()

    def __del__(self) -> None:
        if self._memory is not None and self._thread == threading.get_native_id():
            _libc.sigaltstack(ctypes.byref(_StackT(None, self._DISABLE, 0)), None)
