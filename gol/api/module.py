"""A loaded module: its functions, variables, constants and types are attributes."""

from __future__ import annotations

import threading
from typing import Any, Optional

from gol.jit.host import Host

from . import build
from .bridge import Bridge, Out, put
from .call import Signature, bind
from .describe import Description
from .errors import Mismatch
from .pointers import read, write
from .types import Type, word_at

_loading = threading.RLock()


class _Table:
    """The table of a module: what thunks.py lists there."""

    def __init__(self, bridge: Bridge, address: int) -> None:
        self.bridge = bridge
        self.address = address

    def type(self, n: int) -> Type:
        return self.bridge.pointed(self.address + 16 * n)

    def code(self, n: int) -> int:
        """The code of a func value."""
        return word_at(word_at(self.address + 16 * n + 8))

    def variable(self, n: int) -> tuple[Type, int]:
        return self.type(n), word_at(self.address + 16 * n + 8)


class Module:
    """Attributes are the names of the package, exported or not."""

    def __init__(self, description: Description, bridge: Bridge, table: _Table) -> None:
        d = self.__dict__
        d["__name__"] = description.name
        d["_gol_description"] = description
        d["_gol_bridge"] = bridge
        d["_gol_table"] = table

    def __getattr__(self, name: str) -> Any:
        d: Description = self.__dict__["_gol_description"]
        bridge, table = self._gol_bridge, self._gol_table
        if name in d.variables:
            return read(bridge, *table.variable(d.variables[name]))
        if name in d.functions:
            call = d.functions[name]
            value = bind(bridge, call, table.type, table.code(call.thunk))
        elif name in d.constants:
            value = d.constants[name]
        elif name in d.types:
            value = _type(bridge, table.type(d.types[name]))
        elif name in d.refused:
            raise TypeError(f"{d.name}.{name} cannot be used from Python: {d.refused[name]}")
        else:
            raise AttributeError(f"module {d.name} has no {name}")
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, v: Any) -> None:
        d: Description = self.__dict__["_gol_description"]
        if name not in d.variables:
            what = "is no variable" if name in dir(self) else "is not declared"
            raise AttributeError(f"{name} {what} of module {d.name}")
        t, address = self._gol_table.variable(d.variables[name])
        write(self._gol_bridge, t, address, v, f"variable {name}")

    def __dir__(self) -> list[str]:
        d: Description = self.__dict__["_gol_description"]
        return sorted({*d.functions, *d.variables, *d.constants, *d.types})

    def __repr__(self) -> str:
        return f"<gol module {self.__name__}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle the module {self.__name__} of gol")

    def __copy__(self) -> Module:
        return self

    def __deepcopy__(self, memo: Any) -> Module:
        return self


def _type(bridge: Bridge, t: Type) -> Any:
    """What a type's name means: the dataclass of a struct, else an object with its methods."""
    converter = bridge.converters.of(t)
    cls = getattr(converter, "cls", None)
    return cls if cls is not None else NamedType(bridge, t)


class NamedType:
    """A type that is no struct: calling it checks a value and gives it back as gol would.
    Its methods take the value as their first argument."""

    def __init__(self, bridge: Bridge, t: Type) -> None:
        self._gol_bridge = bridge
        self._gol_named = t
        self.__name__ = t.name
        self.__dict__.update(bridge.methods_of(t))

    def __call__(self, v: Any) -> Any:
        converter = self._gol_bridge.converters.of(self._gol_named)
        out = Out()
        try:
            put(converter, v, out)
        except Mismatch as e:
            raise e.kind(str(e)) from None
        finally:
            self._gol_bridge.callables.drop(out)
        return v

    def __repr__(self) -> str:
        return f"<gol type {self._gol_named.str}>"


def load(sources: build.Sources) -> Module:
    """The module of these sources; the same one while it is loaded already."""
    code = build.build(sources)
    with _loading:
        return _place(code)


def _place(code: build.Code) -> Module:
    description = code.description
    host = Host.get()
    host.load(code.packages)  # first, and always the same: they are kept as they were linked
    host.load(code.parts)
    bridge = Bridge.get()
    known: Optional[Module] = bridge.modules.get(description.path)
    if known is not None:
        return known
    bridge.start(description.path)
    table = _Table(bridge, host.address(f"{description.path}.tableㆍ"))
    for n, call in description.funcs.items():
        t = table.type(n)
        signature = Signature(bridge, call, table.type)
        bridge.func_signatures.setdefault(t.address, signature)
        bridge.func_calls.setdefault(t.address, signature.function(table.code(call.thunk)))
    for n, calls in description.methods.items():
        bridge.methods[table.type(n).address] = {
            name: bind(bridge, call, table.type, table.code(call.thunk))
            for name, call in calls.items()
        }
    module = bridge.modules[description.path] = Module(description, bridge, table)
    return module
