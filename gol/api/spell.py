"""Types as gol source, to be written in a file of one package: ``[]time.Duration``.

That file is made by us: it imports other packages under names of its own, and reaches
predeclared types that the package has declared anew through package internal/python.
"""

from __future__ import annotations

from gol.lang import types as T
from gol.lang.constant import quote
from gol.lang.objects import Package

MARK = "ㆍ"  # a letter, in every name that we invent
HELPERS = "internal/python"


class Unnameable(Exception):
    """Why a type cannot be written."""


class Speller:
    def __init__(self, pkg: Package) -> None:
        self.pkg = pkg
        self.imports: dict[str, str] = {}  # path → name

    def use(self, path: str) -> str:
        """The name of an imported package."""
        name = self.imports.get(path)
        if name is None:
            name = self.imports[path] = f"{path.rpartition('/')[2]}{MARK}{len(self.imports)}"
        return name

    def import_decls(self) -> str:
        return "".join(f'import {name} "{path}"\n' for path, name in self.imports.items())

    def predeclared(self, name: str) -> str:
        if name not in self.pkg.scope.names:
            return name
        return f"{self.use(HELPERS)}.{name.capitalize()}"

    def type(self, t: T.Type) -> str:
        if isinstance(t, T.Basic):
            if t.kind == "unsafe.Pointer":
                return f"{self.use('unsafe')}.Pointer"
            return self.predeclared(t.kind)
        if isinstance(t, T.Named):
            return self.named(t)
        if isinstance(t, T.Pointer):
            return "*" + self.type(t.elem)
        if isinstance(t, T.Slice):
            return "[]" + self.type(t.elem)
        if isinstance(t, T.Array):
            return f"[{t.len}]" + self.type(t.elem)
        if isinstance(t, T.Map):
            return f"map[{self.type(t.key)}]{self.type(t.elem)}"
        if isinstance(t, T.Chan):
            arrow = {"both": "chan ", "send": "chan<- ", "recv": "<-chan "}[t.dir]
            return f"{arrow}({self.type(t.elem)})"
        if isinstance(t, T.Signature):
            return "func" + self.signature(t)
        if isinstance(t, T.Struct):
            return self.struct(t)
        if isinstance(t, T.Interface):
            return self.interface(t)
        raise Unnameable(f"a {type(t).__name__.lower()} has no name")

    def named(self, t: T.Named) -> str:
        obj = t.obj
        if obj.func_name:
            raise Unnameable(f"type {obj.name} is declared in a function")
        if obj.pkg is None:
            return self.predeclared(obj.name)
        if obj.pkg is self.pkg:
            return obj.name
        self.reach(obj.pkg, obj.name, f"type {obj.pkg.name}.{obj.name}")
        return f"{self.use(obj.pkg.path)}.{obj.name}"

    def reach(self, pkg: Package | None, name: str, what: str) -> None:
        if pkg is not self.pkg and not name[:1].isupper():
            raise Unnameable(f"{what} is not exported")

    def signature(self, t: T.Signature) -> str:
        params = [self.type(v.type) for v in t.params]
        if t.variadic:
            params[-1] = "..." + params[-1].removeprefix("[]")
        results = [self.type(v.type) for v in t.results]
        return f"({', '.join(params)}) ({', '.join(results)})"

    def struct(self, t: T.Struct) -> str:
        fields = []
        for i, f in enumerate(t.fields):
            self.reach(f.pkg, f.name, f"field {f.name}")
            tag = " " + quote(t.tags[i]) if t.tags and t.tags[i] else ""
            name = "" if f.embedded else f.name + " "
            fields.append(name + self.type(f.type) + tag)
        return f"struct{{ {'; '.join(fields)} }}"

    def interface(self, t: T.Interface) -> str:
        if t is T.ANY:
            return self.predeclared("any")
        parts = []
        for m in t.methods:
            self.reach(m.pkg, m.name, f"method {m.name}")
            assert isinstance(m.type, T.Signature)
            parts.append(m.name + self.signature(m.type))
        parts += [self.type(e) for e in t.embeds]
        return f"interface{{ {'; '.join(parts)} }}"
