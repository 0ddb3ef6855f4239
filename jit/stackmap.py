"""Decoding ``.llvm_stackmaps`` (version 3) of one object. Fails closed.

What the safepoint pass put in comes out as :class:`SafePoint`: any location that it could
not have meant (a register, a base other than its derived pointer, an address that is not
off rsp, a frame of unknown size) is an internal error, never a guess.
"""

from __future__ import annotations

import struct

from gol.jit.target import RSP
from gol.lang.record import record

_REGISTER, _DIRECT, _INDIRECT, _CONSTANT, _CONST_INDEX = 1, 2, 3, 4, 5
_KINDS = {_REGISTER: "register", _DIRECT: "direct", _INDIRECT: "indirect"}
_HEADER = struct.Struct("<BBHIII")
_FUNCTION = struct.Struct("<QQQ")
_RECORD = struct.Struct("<QIHH")
_LOCATION = struct.Struct("<BxHHxxi")


class StackMapError(Exception):
    """A stack map that we cannot rely on: always a compiler bug."""


@record(frozen=True)
class SafePoint:
    function: int  # index of the function in the stack map
    offset: int  # of the return address from the function's start
    frame: int  # bytes from rsp (after the call returned) to the frame's own return address
    site: int
    slots: tuple[int, ...]  # rsp offsets of pointer words
    objects: tuple[tuple[int, int], ...]  # (rsp offset, bitmap id) of frame variables


def decode(data: bytes) -> tuple[int, list[SafePoint]]:
    """(number of functions, safepoints in order). Function addresses are relocations: the
    i-th function's stands at offset 16 + 24 i of the section."""
    version, _, _, nfunc, nconst, nrec = _HEADER.unpack_from(data, 0)
    if version != 3:
        raise StackMapError(f"stack map version {version}")
    at = _HEADER.size
    functions = [_FUNCTION.unpack_from(data, at + 24 * i) for i in range(nfunc)]
    at += 24 * nfunc
    consts = struct.unpack_from(f"<{nconst}Q", data, at)
    at += 8 * nconst
    out: list[SafePoint] = []
    for index, (_, frame, count) in enumerate(functions):
        if count and frame >= 1 << 40:
            raise StackMapError(f"function {index} has a dynamic frame")
        for _ in range(count):
            site, offset, _, n = _RECORD.unpack_from(data, at)
            at += _RECORD.size
            where = f"function {index} at +{offset}"
            locations = list(_LOCATION.iter_unpack(data[at : at + 12 * n]))
            slots, objects = _locations(locations, consts, where)
            out.append(SafePoint(index, offset, frame, site, slots, objects))
            at += 12 * n
            at = (at + 7) & ~7
            (liveouts,) = struct.unpack_from("<H", data, at + 2)
            at = (at + 4 + 4 * liveouts + 7) & ~7
    if len(out) != nrec:
        raise StackMapError(f"{len(out)} records of {nrec}")
    return nfunc, out


def _locations(
    loc: list[tuple[int, ...]], consts: tuple[int, ...], where: str
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """loc: three constants (calling convention, flags, number of deopt values), the deopt
    values, then (base, derived) pairs."""

    def constant(x: tuple[int, ...]) -> int:
        if x[0] == _CONSTANT:
            return x[3]
        if x[0] == _CONST_INDEX:
            return consts[x[3]]
        raise StackMapError(f"{where}: {_KINDS.get(x[0], x[0])} where a constant should be")

    slots: list[int] = []

    def pointer(x: tuple[int, ...]) -> None:
        kind, size, reg, off = x
        if kind in (_CONSTANT, _CONST_INDEX):
            return  # null, or static data
        if kind != _INDIRECT or reg != RSP or size != 8:
            raise StackMapError(f"{where}: pointer in {_KINDS.get(kind, kind)} of register {reg}")
        if off not in slots:
            slots.append(off)

    ndeopt = constant(loc[2])
    objects: list[tuple[int, int]] = []
    at = 3
    if ndeopt:
        count = constant(loc[at])
        at += 1
        for _ in range(count):
            kind, _, reg, off = loc[at]
            if kind != _DIRECT or reg != RSP:
                raise StackMapError(f"{where}: variable in {_KINDS.get(kind, kind)} of {reg}")
            objects.append((off, constant(loc[at + 1])))
            at += 2
        for x in loc[at : 3 + ndeopt]:
            pointer(x)
    at = 3 + ndeopt
    if (len(loc) - at) % 2:
        raise StackMapError(f"{where}: odd number of pointers")
    for i in range(at, len(loc), 2):
        if loc[i] != loc[i + 1]:
            raise StackMapError(f"{where}: derived pointer with another base")
        pointer(loc[i])
    return tuple(slots), tuple(objects)
