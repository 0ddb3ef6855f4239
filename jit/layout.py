"""Struct offsets and constants of package runtime, for assembly and for table packing.

The one definition is the gol declaration: this reads it from the checked package. The
result is a flat dictionary, kept in the runtime's artifact, so that linking needs no
checker: ``T_f_g`` the offset of ``T.f.g``, ``T__size`` the size of T, and integer
constants under their own names.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gol.lang import types as T
    from gol.lang.objects import Package

_re_hole = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MAX_DEPTH = 4


def constants(pkg: Package) -> dict[str, int]:
    from gol.lang.objects import Const, TypeName
    from gol.lang.sizes import sizeof

    out: dict[str, int] = {}
    for name, obj in pkg.scope.names.items():
        if isinstance(obj, Const):
            if isinstance(obj.value, int):
                out[name] = int(obj.value)
        elif isinstance(obj, TypeName) and not obj.alias:
            out[f"{name}__size"] = sizeof(obj.type)
            _fields(out, name, obj.type, 0, 0)
    return out


def _fields(out: dict[str, int], prefix: str, t: T.Type, base: int, depth: int) -> None:
    from gol.lang import types as T
    from gol.lang.sizes import offsetsof

    u = t.underlying()
    if not isinstance(u, T.Struct) or depth == _MAX_DEPTH:
        return
    for f, offset in zip(u.fields, offsetsof(u)):
        if f.name == "_":
            continue
        out[f"{prefix}_{f.name}"] = base + offset
        _fields(out, f"{prefix}_{f.name}", f.type, base + offset, depth + 1)


def fill(template: str, layout: dict[str, int]) -> str:
    """``{{g_sched_sp}}`` → its offset. Raises KeyError naming every hole without a value."""
    missing = sorted({n for n in _re_hole.findall(template) if n not in layout})
    if missing:
        raise KeyError(f"the assembly asks for unknown fields: {', '.join(missing)}")
    return _re_hole.sub(lambda m: str(layout[m.group(1)]), template)


_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Packer:
    """Packs values into one runtime struct: fields by name, gaps zero."""

    def __init__(self, layout: dict[str, int], name: str, fields: dict[str, int]) -> None:
        """``fields``: name → width in bytes, in any order."""
        self.size = layout[f"{name}__size"]
        order = sorted(fields, key=lambda f: layout[f"{name}_{f}"])
        fmt, at = "<", 0
        self.offsets: dict[str, int] = {}
        for f in order:
            offset = layout[f"{name}_{f}"]
            if offset < at:
                raise ValueError(f"fields of {name} overlap at {f}")
            fmt += f"{offset - at}x" if offset > at else ""
            fmt += _CODES[fields[f]]
            self.offsets[f] = offset
            at = offset + fields[f]
        if at > self.size:
            raise ValueError(f"{name} is smaller than its fields")
        self.struct = struct.Struct(fmt + (f"{self.size - at}x" if self.size > at else ""))
        self._order = order

    def __call__(self, **values: Any) -> bytes:
        return self.struct.pack(*[values.get(f, 0) for f in self._order])

    def positional(self, order: tuple[str, ...]) -> Any:
        """``struct.pack`` where ``order`` is the struct's own field order (checked)."""
        if tuple(self._order) != order:
            raise ValueError(f"fields are declared as {self._order}, packed as {order}")
        return self.struct.pack
