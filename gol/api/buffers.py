"""Memory of Python objects as gol slices: bytes, array, memoryview, numpy.

A buffer fits []T if it is contiguous and its items are exactly T. One of several dimensions
fits a slice of arrays: shape (n, 3) of float64 is [][3]float64. gol gets the address; the
object cannot move or shrink its memory until the collector finds no pointer to it any more.
"""

from __future__ import annotations

import ctypes
from typing import Optional

from .errors import Mismatch
from .types import Type

_FLAGS = 0x4 | 0x8 | 0x10  # PyBUF_FORMAT, ND, STRIDES
_CONTIGUOUS = 0x20  # PyBUF_C_CONTIGUOUS


class Buffer(ctypes.Structure):
    """Py_buffer"""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.POINTER(ctypes.c_ssize_t)),
        ("internal", ctypes.c_void_p),
    ]


_check = ctypes.pythonapi.PyObject_CheckBuffer
_check.argtypes = (ctypes.py_object,)
_get = ctypes.pythonapi.PyObject_GetBuffer
_get.argtypes = (ctypes.py_object, ctypes.POINTER(Buffer), ctypes.c_int)
_release = ctypes.pythonapi.PyBuffer_Release
_release.argtypes = (ctypes.POINTER(Buffer),)
_release.restype = None

# item formats by (kind of number, bytes)
_FORMATS = {
    "?": ("bool", 1), "b": ("int", 1), "h": ("int", 2), "i": ("int", 4), "l": ("int", 8),
    "q": ("int", 8), "n": ("int", 8), "B": ("uint", 1), "H": ("uint", 2), "I": ("uint", 4),
    "L": ("uint", 8), "Q": ("uint", 8), "N": ("uint", 8), "f": ("float", 4),
    "d": ("float", 8), "Zf": ("complex", 8), "Zd": ("complex", 16), "c": ("uint", 1),
}  # fmt: skip


def is_buffer(v: object) -> bool:
    return bool(_check(v))


def item(t: Type) -> tuple[Optional[tuple[str, int]], tuple[int, ...]]:
    """(number, dimensions) of the elements of a slice; None if they are not numbers."""
    shape = []
    while t.kind == "array":
        shape.append(t.len)
        t = t.elem
    kind = t.kind.rstrip("0123456789")
    if kind == "uintptr":
        kind = "uint"
    if kind not in ("bool", "int", "uint", "float", "complex"):
        return None, tuple(shape)
    return (kind, t.size), tuple(shape)


def _refused(v: object) -> str:
    """Why there is no contiguous buffer of v."""
    name = type(v).__name__
    b = Buffer()
    try:
        _get(v, b, _FLAGS)
    except (BufferError, ValueError) as e:  # such as numpy's, of what has no format
        return f"got {name}: {e}"
    _release(b)
    return f"but the memory of the {name} is not contiguous: pass a copy"


class Export:
    """The hold on an object's memory, as long as this lives."""

    __slots__ = ("buffer", "address", "count", "size", "readonly")

    def __init__(self, v: object, elem: Type) -> None:
        b = self.buffer = Buffer()
        try:
            _get(v, b, _FLAGS | _CONTIGUOUS)
        except (BufferError, ValueError):
            raise Mismatch(TypeError, f"wanted []{elem.str}, {_refused(v)}") from None
        self._match(v, elem)
        self.address = b.buf or 0
        self.size = b.len
        self.count = b.len // elem.size if elem.size else 0
        self.readonly = bool(b.readonly)

    def _match(self, v: object, elem: Type) -> None:
        b = self.buffer
        raw = b.format.decode() if b.format is not None else "B"
        code = raw[1:] if raw[:1] in "@=<" else raw
        number, inner = item(elem)
        shape = tuple(b.shape[i] for i in range(b.ndim))
        if number is None or _FORMATS.get(code) != number:
            raise Mismatch(
                TypeError, f"wanted []{elem.str}, got {type(v).__name__} with items {raw!r}"
            )
        if shape[1:] != inner or b.ndim == 0:
            raise Mismatch(
                TypeError,
                f"wanted []{elem.str}, got {type(v).__name__} of shape {shape}",
            )

    def bytes(self) -> bytes:
        return ctypes.string_at(self.address, self.size) if self.size else b""

    def __del__(self) -> None:
        _release(self.buffer)
