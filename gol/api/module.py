"""A loaded module: its functions, variables, constants and types are attributes."""

from __future__ import annotations

import ctypes
import keyword
import threading
from types import ModuleType
from typing import Any, Optional

from gol.jit.host import Host

from . import build
from .bridge import Bridge, Out, put
from .call import Signature, bind, bind_value
from .describe import Description
from .errors import Mismatch
from .functions import attribute
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


class Module(ModuleType):
    """Attributes are the names of the package, exported or not; to one that is a keyword of
    Python an underscore is added."""

    def __init__(self, description: Description, bridge: Bridge, table: _Table) -> None:
        super().__init__(description.name, description.docs[""] or None)
        d = self.__dict__
        d["__all__"] = _names(description)  # help and star imports go by that
        d["_gol_description"] = description
        d["_gol_bridge"] = bridge
        d["_gol_table"] = table

    def __getattr__(self, name: str) -> Any:
        d: Description = self.__dict__["_gol_description"]
        bridge, table = self._gol_bridge, self._gol_table
        name = _name(name)
        if name in d.variables:
            return read(bridge, *table.variable(d.variables[name]))
        if name in d.functions:
            call = d.functions[name]
            value = bind(bridge, call, table.type, table.code(call.thunk), d.name)
        elif name in d.constants:
            value = d.constants[name]
        elif name in d.types:
            value = _type(bridge, table.type(d.types[name]))
        elif name in d.refused:
            raise TypeError(f"{d.name}.{name} cannot be used from Python: {d.refused[name]}")
        else:
            raise AttributeError(f"module {d.name} has no {name}")
        self.__dict__[attribute(name)] = value
        return value

    def __setattr__(self, name: str, v: Any) -> None:
        d: Description = self.__dict__["_gol_description"]
        name = _name(name)
        if name not in d.variables:
            what = "is no variable" if name in dir(self) else "is not declared"
            raise AttributeError(f"{name} {what} of module {d.name}")
        t, address = self._gol_table.variable(d.variables[name])
        write(self._gol_bridge, t, address, v, f"variable {name}")

    def __dir__(self) -> list[str]:
        return list(self.__all__)

    def __repr__(self) -> str:
        return f"<gol module {self.__name__}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle the module {self.__name__} of gol")

    def __copy__(self) -> Module:
        return self

    def __deepcopy__(self, memo: Any) -> Module:
        return self


def _names(d: Description) -> list[str]:
    return sorted(map(attribute, {*d.functions, *d.variables, *d.constants, *d.types}))


def _name(name: str) -> str:
    """The gol name for one of Python's."""
    return name[:-1] if keyword.iskeyword(name[:-1]) and name[-1] == "_" else name


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
        self.__doc__ = bridge.docs.get(t.address, f"The type {t.str} of gol.")
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


def _initialise(description: Description, bridge: Bridge) -> None:
    """Run its initialisers, which cannot be run a second time if they have failed."""
    path = description.path
    if path in bridge.failed:
        text = f"the initialisation of module {description.name} has failed before"
        raise RuntimeError(text) from bridge.failed[path]
    try:
        bridge.start(path)
    except BaseException as e:
        if ctypes.string_at(bridge.host.address(f"{path}..initdone"), 1) != b"\0":
            bridge.failed[path] = e
        raise


def _place(code: build.Code) -> Module:
    description = code.description
    host = Host.get()
    host.load(code.packages)  # first, and always the same: they are kept as they were linked
    host.load(code.parts)
    bridge = Bridge.get()
    known: Optional[Module] = bridge.modules.get(description.path)
    if known is not None:
        return known
    _initialise(description, bridge)
    table = _Table(bridge, host.address(f"{description.path}.tableㆍ"))
    for n, call in description.funcs.items():
        t = table.type(n)
        signature = Signature(bridge, call, table.type)
        bridge.func_signatures.setdefault(t.address, signature)
        bridge.func_calls.setdefault(t.address, bind_value(signature, table.code(call.thunk)))
    for name, n in description.types.items():
        if name in description.docs:
            bridge.docs.setdefault(table.type(n).address, description.docs[name])
    for n, calls in description.methods.items():
        bridge.methods[table.type(n).address] = {
            name: bind(bridge, call, table.type, table.code(call.thunk), description.name)
            for name, call in calls.items()
        }
    module = bridge.modules[description.path] = Module(description, bridge, table)
    return module
