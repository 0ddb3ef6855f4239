"""Export data: what importers of a checked package need of it, as bytes.

Kept are the package-level objects (types with their methods, constants with values,
functions with link names, directives and escape summaries) and every defined type; the
syntax trees, the bodies and the initialisation order are not. What belongs to another
package is kept as (package path, name) and looked up again through the importer, so that
it is the same object; the predeclared types are the universe's.

The format is one tuple of :mod:`marshal` (its version is in the header) that lists types
in an order in which each comes after its parts; only defined types are filled in later.
"""

from __future__ import annotations

import marshal
import pickle
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Optional

from . import types as T
from .constant import UNKNOWN, Big, Complex
from .objects import Const, Func, Object, Package, TypeName, Var
from .universe import ERROR, UNIVERSE

_MAGIC = (b"gol export", 1, sys.version_info[:2])

Importer = Callable[[str], Optional[Package]]

BODYLESS = "gol:bodyless"  # directive added for a function whose body is written elsewhere


class ExportError(Exception):
    """The bytes are no export data of this version, or name what cannot be found."""


def dump(pkg: Package) -> bytes:
    """The export data of a checked package."""
    return _Writer(pkg).run()


def load(data: bytes, importer: Importer) -> Package:
    """The package that dump was given, without its syntax trees. ``importer`` gives the
    packages that it imports, directly or not; ExportError if something is missing."""
    try:
        parts = marshal.loads(data)
        if parts[0] != _MAGIC:
            raise ExportError("export data of another version")
    except (EOFError, ValueError, TypeError) as e:
        raise ExportError(str(e)) from e
    return _Reader(parts, importer).run()


# -------------------------------------------------------------------- constants
def _pack(v: Any) -> Any:
    t = type(v)
    if t is Fraction:
        return ("q", v.numerator, v.denominator)
    if t is Complex:
        return ("c", _pack(v.re), _pack(v.im))
    if t is Big:
        return ("b", v.mant, v.exp)
    return None if v is UNKNOWN else v


def _unpack(v: Any) -> Any:
    if type(v) is not tuple:
        return UNKNOWN if v is None else v
    if v[0] == "q":
        return Fraction(v[1], v[2])
    if v[0] == "c":
        return Complex(_unpack(v[1]), _unpack(v[2]))
    return Big(v[1], v[2])


# ---------------------------------------------------------------------- writing
class _Writer:
    def __init__(self, pkg: Package) -> None:
        self.pkg = pkg
        self.packages: dict[str, int] = {pkg.path: 0}
        self.types: list[Any] = []
        self.index: dict[int, int] = {}  # id of a type
        self.keep: list[T.Type] = []  # alive, so that ids stay theirs
        self.named: list[tuple[T.Named, int]] = []  # of this package
        self.funcs: list[Func] = []

    def run(self) -> bytes:
        pkg = self.pkg
        for n in pkg.named:
            self.type(n)
        objects = [self.object(o) for o in pkg.scope.names.values()]
        bodies = []
        i = 0
        while i < len(self.named):  # filling one may meet more
            named, at = self.named[i]
            i += 1
            methods = [self.func(m) for m in named.methods]
            bodies.append((at, self.type(named.underlying()), methods))
        escapes = [f.escape for f in self.funcs]
        return marshal.dumps(
            (
                _MAGIC,
                pkg.path,
                pkg.name,
                [p.path for p in pkg.imports],
                list(self.packages),
                self.types,
                bodies,
                objects,
                [self.index[id(n)] for n in pkg.named],
                pickle.dumps(escapes, pickle.HIGHEST_PROTOCOL),
            )
        )

    def package(self, p: Optional[Package]) -> int:
        if p is None:
            return -1
        return self.packages.setdefault(p.path, len(self.packages))

    def type(self, t: T.Type) -> int:
        i = self.index.get(id(t))
        if i is None:
            entry = self.entry(t)
            i = self.index.get(id(t), -1)  # a defined type enters itself first
            if i < 0:
                i = self.enter(t, entry)
        return i

    def enter(self, t: T.Type, entry: Any) -> int:
        i = self.index[id(t)] = len(self.types)
        self.types.append(entry)
        self.keep.append(t)
        return i

    def entry(self, t: T.Type) -> Any:
        """The description of t, for all but defined types made of indices below its own."""
        k = type(t)
        if isinstance(t, T.Basic):
            return ("basic", t.name)
        if isinstance(t, T.Named):
            return self.named_entry(t)
        if isinstance(t, (T.Pointer, T.Slice)):
            return (k.__name__, self.type(t.elem))
        if isinstance(t, T.Array):
            return ("Array", self.type(t.elem), t.len)
        if isinstance(t, T.Map):
            return ("Map", self.type(t.key), self.type(t.elem))
        if isinstance(t, T.Chan):
            return ("Chan", t.dir, self.type(t.elem))
        if isinstance(t, T.Struct):
            fields = [
                (f.name, self.type(f.type), f.embedded, self.package(f.pkg)) for f in t.fields
            ]
            return ("Struct", fields, t.tags)
        if isinstance(t, T.Tuple):
            return ("Tuple", [self.type(x) for x in t.types])
        if isinstance(t, T.Signature):
            return ("Signature", *self.signature(t))
        assert isinstance(t, T.Interface), t
        if t is T.ANY:
            return ("any",)
        methods = [self.func(m) for m in t.methods]
        return ("Interface", methods, [self.type(e) for e in t.embeds])

    def named_entry(self, t: T.Named) -> Any:
        obj = t.obj
        if t is ERROR:
            entry: Any = ("error",)
        elif obj.pkg is not self.pkg:
            assert obj.pkg is not None
            entry = ("extern", self.package(obj.pkg), obj.name)
        else:
            entry = ("Named", obj.name, obj.func_name, obj.local_index)
            self.named.append((t, len(self.types)))
        self.enter(t, entry)
        return entry

    def signature(self, s: T.Signature) -> tuple[Any, ...]:
        params = [(v.name, self.type(v.type)) for v in s.params]
        results = [(v.name, self.type(v.type)) for v in s.results]
        recv = None
        # (the receiver of a method of an unnamed interface is that very interface)
        if s.recv is not None and not isinstance(s.recv.type, T.Interface):
            recv = (s.recv.name, self.type(s.recv.type))
        return params, results, s.variadic, recv

    def func(self, f: Func) -> Any:
        assert isinstance(f.type, T.Signature)
        directives = f.directives
        if f.decl is not None and f.decl.body is None and BODYLESS not in directives:
            directives = [*directives, BODYLESS]
        entry = (
            f.name,
            self.package(f.pkg),
            self.signature(f.type),
            f.link_name,
            f.ptr_recv,
            directives,
            len(self.funcs),
        )
        self.funcs.append(f)
        return entry

    def object(self, o: Object) -> Any:
        if isinstance(o, Const):
            return ("const", o.name, self.type(o.type), _pack(o.value))
        if isinstance(o, Var):
            return ("var", o.name, self.type(o.type))
        if isinstance(o, TypeName):
            return ("type", o.name, self.type(o.type), o.alias)
        assert isinstance(o, Func), o
        return ("func", self.func(o))


# ---------------------------------------------------------------------- reading
class _Reader:
    def __init__(self, parts: Any, importer: Importer) -> None:
        (
            _, path, name, self.imports, paths, self.entries, self.bodies, self.objects,
            self.named, escapes,
        ) = parts  # fmt: skip
        self.pkg = Package(path, name)
        self.pkg.scope.outer = UNIVERSE
        self.packages: list[Package] = [self.pkg]
        for p in paths[1:]:
            self.packages.append(self.require(importer, p))
        self.pkg.imports = [self.require(importer, p) for p in self.imports]
        self.escapes: list[Any] = pickle.loads(escapes)
        self.types: list[T.Type] = []

    @staticmethod
    def require(importer: Importer, path: str) -> Package:
        pkg = importer(path)
        if pkg is None:
            raise ExportError(f"package {path} not found")
        return pkg

    def run(self) -> Package:
        pkg = self.pkg
        types = self.types
        # defined types first: anything may refer to them
        early: dict[int, T.Type] = {}
        for at, _, _ in self.bodies:
            early[at] = self.new_named(self.entries[at])
        for i, entry in enumerate(self.entries):
            t = early.get(i)
            types.append(t if t is not None else self.type(entry))
        for at, under, methods in self.bodies:
            named = early[at]
            assert isinstance(named, T.Named)
            named.under = types[under]
            named.methods = [self.func(m) for m in methods]
            if isinstance(named.under, T.Interface):
                self.name_receivers(named.under, named)
        pkg.named = [types[i] for i in self.named]
        for entry in self.objects:
            self.object(entry)
        pkg.complete = True
        return pkg

    def new_named(self, entry: Any) -> T.Named:
        _, name, func_name, local_index = entry
        obj = TypeName(name, self.pkg, 0, T.INVALID)
        obj.func_name, obj.local_index = func_name, local_index
        named = T.Named(obj)
        obj.type = named
        return named

    def name_receivers(self, it: T.Interface, t: T.Type) -> None:
        for m in it.methods:
            if isinstance(m.type, T.Signature) and m.type.recv is None:
                m.type.recv = Var("", m.pkg, 0, t)

    def type(self, entry: Any) -> T.Type:
        k = entry[0]
        ts = self.types
        if k == "basic":
            return T.basic_named(entry[1])
        if k == "Pointer":
            return T.Pointer(ts[entry[1]])
        if k == "Slice":
            return T.Slice(ts[entry[1]])
        if k == "Array":
            return T.Array(ts[entry[1]], entry[2])
        if k == "Map":
            return T.Map(ts[entry[1]], ts[entry[2]])
        if k == "Chan":
            return T.Chan(entry[1], ts[entry[2]])
        if k == "Struct":
            return T.Struct([self.field(f) for f in entry[1]], entry[2])
        if k == "Signature":
            return self.signature(entry[1:])
        if k == "Interface":
            it = T.Interface([self.func(m) for m in entry[1]], [ts[e] for e in entry[2]])
            self.name_receivers(it, it)
            return it
        if k == "Tuple":
            return T.Tuple([ts[i] for i in entry[1]])
        if k == "any":
            return T.ANY
        if k == "error":
            return ERROR
        assert k == "extern"
        pkg = self.packages[entry[1]]
        obj = pkg.scope.lookup(entry[2])
        if not isinstance(obj, TypeName):
            raise ExportError(f"no type {entry[2]} in package {pkg.path}")
        return obj.type

    def package(self, i: int) -> Optional[Package]:
        return self.packages[i] if i >= 0 else None

    def field(self, f: Any) -> Var:
        name, t, embedded, pkg = f
        return Var(name, self.package(pkg), 0, self.types[t], is_field=True, embedded=embedded)

    def signature(self, s: Any) -> T.Signature:
        params, results, variadic, recv = s
        pkg, ts = self.pkg, self.types
        ps = [Var(n, pkg, 0, ts[t]) for n, t in params]
        rs = [Var(n, pkg, 0, ts[t]) for n, t in results]
        for v in ps:
            v.is_param = True
        for v in rs:
            v.is_result = True
        r = Var(recv[0], pkg, 0, ts[recv[1]]) if recv is not None else None
        return T.Signature(ps, rs, variadic, r)

    def func(self, entry: Any) -> Func:
        name, pkg, sig, link_name, ptr_recv, directives, n = entry
        f = Func(name, self.package(pkg), 0, self.signature(sig))
        f.link_name = link_name
        f.ptr_recv = ptr_recv
        f.directives = directives
        f.escape = self.escapes[n]
        return f

    def object(self, entry: Any) -> None:
        pkg = self.pkg
        k = entry[0]
        o: Object
        if k == "func":
            o = self.func(entry[1])
        elif k == "const":
            o = Const(entry[1], pkg, 0, self.types[entry[2]], _unpack(entry[3]))
        elif k == "var":
            o = Var(entry[1], pkg, 0, self.types[entry[2]])
        else:
            t = self.types[entry[2]]
            if isinstance(t, T.Named) and not entry[3]:
                o = t.obj
            else:
                o = TypeName(entry[1], pkg, 0, t, entry[3])
        pkg.scope.insert(o)


__all__ = ["ExportError", "Importer", "dump", "load"]
