"""What a session (a prompt, an embedding program) knows: the objects that its entries have
declared, each compiled once.

All entries belong to one package, ``main``, so that they see each other's unexported names.
Names are looked up in the entry itself, then here, then in the universe; the newest object
of a name wins, and what was compiled before keeps the one it was compiled with. Two things
reach back:

* A function that is declared again with the signature of an earlier one takes over its
  *cell*, the variable through which it is called.
* A method that is declared for a type of an earlier entry belongs to it from then on.

Symbols carry the entry's number, ``main.f·3``: so nothing is ever overwritten.
"""

from __future__ import annotations

from . import ast as A
from . import types as T
from .objects import Func, Object, Package, Scope, TypeName, Var
from .record import field, record
from .universe import UNIVERSE

LAST = "_"  # the name under which the last value is kept
SHOW = "·show"  # the name under which entries find package internal/show


@record()
class Checked:
    """An entry that was checked, ready to be lowered: ``session.package`` holds its
    functions and types until the next one is checked."""

    number: int
    scope: Scope  # what it declares; its outer scope holds what it imports
    imports: Scope
    methods: list[Func]
    entry: A.FuncDecl | None  # the function that its statements are in
    packages: list[Package]  # what the package imported before
    # types of earlier entries with their methods before this one
    grown: dict[T.Named, list[Func]] = field(default_factory=dict)

    def own(self) -> set[Object]:
        return {*self.scope.names.values(), *self.methods}

    def functions(self) -> list[Func]:
        """Those with a cell."""
        return [f for f in self.own() if isinstance(f, Func) and f.cell]


class Session:
    def __init__(self) -> None:
        self.package = Package("main", "main")
        self.scope = Scope(UNIVERSE, "session")
        self.number = 0  # of the last entry
        self.symbols: dict[Var, str] = {}
        self.named: list[T.Named] = []
        self.cells: set[str] = set()  # those that have a place in memory
        self._cells: dict[str, list[tuple[T.Signature, str]]] = {}
        self._versions: dict[str, int] = {}

    def cell(self, key: str, sig: T.Signature) -> str:
        """The cell of a function; ``key`` is its name, for a method with its type's."""
        known = self._cells.setdefault(key, [])
        for other, symbol in known:
            if T.identical(sig, other):
                return symbol
        symbol = f"main.{key}·cell{len(known) or ''}"
        known.append((sig, symbol))
        return symbol

    def begin(self) -> Checked:
        """Make room for a new entry."""
        pkg = self.package
        before = pkg.imports
        imports = Scope(self.scope, "imports")
        pkg.scope = Scope(imports, "package")
        pkg.funcs, pkg.inits, pkg.init_order, pkg.named = [], [], [], []
        pkg.imports = list(before)
        return Checked(self.number + 1, pkg.scope, imports, [], None, before)

    def commit(self, checked: Checked) -> None:
        """The entry has run: later ones see what it declared."""
        for scope in (checked.imports, checked.scope):
            for name, obj in scope.names.items():
                old = self.scope.names.get(name)
                if old is not obj:
                    self._outdate(old)
                self.scope.names[name] = obj

    def _outdate(self, old: Object | None) -> None:
        """A type that has lost its name goes by ``T·1``, ``T·2`` … in messages."""
        if isinstance(old, TypeName) and isinstance(old.type, T.Named) and old.type.obj is old:
            n = self._versions[old.name] = self._versions.get(old.name, 0) + 1
            old.name = f"{old.name}·{n}"

    def rollback(self, checked: Checked) -> None:
        """The entry has failed: it declares nothing."""
        for named, methods in checked.grown.items():
            named.methods = methods
        self.package.imports = checked.packages
