"""Fields and methods of types: selectors, method sets, who implements what.

Nothing here changes a type, except that interface_methods remembers the complete method
list of an interface once all of its embedded types are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional, Union

from . import types as T
from .objects import Func, Package, Var

Member = Union[Var, Func]


def same_name(obj: Member, pkg: Optional[Package], name: str, fold: bool = False) -> bool:
    """Does obj go by this name in pkg? Unexported names differ from package to package.
    With ``fold`` letter case (and then the package) is ignored."""
    if fold and obj.name.casefold() == name.casefold():
        return True
    if obj.name != name:
        return False
    return obj.name[:1].isupper() or same_package(obj.pkg, pkg)


def same_package(a: Optional[Package], b: Optional[Package]) -> bool:
    return a is b or (a is not None and b is not None and a.path == b.path)


def method_key(f: Func) -> tuple[bool, str, str]:
    """The order of methods in method sets and tables: exported first, then by name."""
    exported = f.name[:1].isupper()
    return (not exported, f.name, "" if exported or f.pkg is None else f.pkg.path)


def interface_methods(t: T.Interface) -> list[Func]:
    """All methods of an interface, embedded ones included, in method_key order."""
    if t.complete is not None:
        return t.complete
    known = True
    out: dict[tuple[bool, str, str], Func] = {}
    active: set[int] = set()

    def add(it: T.Interface) -> None:
        nonlocal known
        if id(it) in active:
            return
        active.add(id(it))
        for m in it.methods:
            out.setdefault(method_key(m), m)
        for e in it.embeds:
            u = e.underlying()
            if isinstance(u, T.Interface):
                if u.complete is not None:
                    for m in u.complete:
                        out.setdefault(method_key(m), m)
                else:
                    add(u)
            elif u is T.INVALID:
                known = False
        active.discard(id(it))

    add(t)
    methods = [out[k] for k in sorted(out)]
    if known:
        t.complete = methods
    return methods


def find_method(
    methods: list[Func], pkg: Optional[Package], name: str, fold: bool = False
) -> Optional[Func]:
    for m in methods:
        if same_name(m, pkg, name, fold):
            return m
    return None


def deref(t: T.Type) -> tuple[T.Type, bool]:
    if isinstance(t, T.Pointer):
        return t.elem, True
    return t, False


def deref_struct(t: T.Type) -> T.Type:
    """The struct type behind a pointer to a struct; anything else as it is."""
    u = t.underlying()
    if isinstance(u, T.Pointer) and isinstance(u.elem.underlying(), T.Struct):
        return u.elem
    return t


def is_interface_pointer(t: T.Type) -> bool:
    u = t.underlying()
    return isinstance(u, T.Pointer) and T.is_interface(u.elem)


class Found:
    """The answer of lookup.

    ``obj`` None: there is no such member; then ``index`` not None says that it is
    ambiguous, ``indirect`` that it is a method of the pointer type only.
    ``index`` is the path of field indices; for a field it ends with the field itself.
    ``indirect``: a pointer was followed on the way.
    """

    __slots__ = ("obj", "index", "indirect")

    def __init__(self, obj: Optional[Member], index: Optional[list[int]], indirect: bool) -> None:
        self.obj = obj
        self.index = index
        self.indirect = indirect


_NOT_FOUND = Found(None, None, False)


def lookup(
    t: T.Type, addressable: bool, pkg: Optional[Package], name: str, fold: bool = False
) -> Found:
    """The field or method ``name`` of t as seen from pkg. ``addressable``: methods of *t
    count too, as for a variable."""
    if isinstance(t, T.Named):
        u = t.underlying()
        if isinstance(u, T.Pointer):  # type P *T has the fields of T but no methods
            found = _lookup(u, False, pkg, name, fold)
            return _NOT_FOUND if isinstance(found.obj, Func) else found
    return _lookup(t, addressable, pkg, name, fold)


def _lookup(t: T.Type, addressable: bool, pkg: Optional[Package], name: str, fold: bool) -> Found:
    if name == "_":
        return _NOT_FOUND
    typ, is_ptr = deref(t)
    if is_ptr and T.is_interface(typ):
        return _NOT_FOUND
    # breadth first: (type, path, a pointer was followed, the type occurs twice here)
    current: list[tuple[T.Type, list[int], bool, bool]] = [(typ, [], is_ptr, False)]
    seen: set[T.Named] = set()
    obj: Optional[Member] = None
    index: Optional[list[int]] = None
    indirect = False
    while current:
        nxt: list[tuple[T.Type, list[int], bool, bool]] = []
        for typ, path, ind, multiple in current:
            if type(typ) is T.Named:
                if typ in seen:
                    continue
                seen.add(typ)
                m = find_method(typ.methods, pkg, name, fold)
                if m is not None:
                    if obj is not None or multiple:
                        return Found(None, path, False)
                    obj, index, indirect = m, path, ind
                    continue
            u = typ.underlying()
            if type(u) is T.Struct:
                for i, f in enumerate(u.fields):
                    if f.name == name or fold:
                        if same_name(f, pkg, name, fold):
                            if obj is not None or multiple:
                                return Found(None, path, False)
                            obj, index, indirect = f, [*path, i], ind
                            continue
                    if obj is None and f.embedded:
                        ft, p = deref(f.type)
                        nxt.append((ft, [*path, i], ind or p, multiple))
            elif type(u) is T.Interface:
                m = find_method(interface_methods(u), pkg, name, fold)
                if m is not None:
                    if obj is not None or multiple:
                        return Found(None, path, False)
                    obj, index, indirect = m, path, ind
        if obj is not None:
            if isinstance(obj, Func) and obj.ptr_recv and not indirect and not addressable:
                return Found(None, None, True)
            return Found(obj, index, indirect)
        current = _merge(nxt)
    return _NOT_FOUND


def _merge(
    entries: list[tuple[T.Type, list[int], bool, bool]],
) -> list[tuple[T.Type, list[int], bool, bool]]:
    """Types that occur several times at one depth become one entry, marked ambiguous."""
    if len(entries) <= 1:
        return entries
    out: list[tuple[T.Type, list[int], bool, bool]] = []
    for e in entries:
        for i, o in enumerate(out):
            if T.identical(o[0], e[0]):
                out[i] = (o[0], o[1], o[2], True)
                break
        else:
            out.append(e)
    return out


class MethodEntry:
    """One method of a method set: the Func, the embedded fields on the way to its
    receiver, and whether a pointer is followed there."""

    __slots__ = ("func", "index", "indirect")

    def __init__(self, func: Func, index: list[int], indirect: bool) -> None:
        self.func = func
        self.index = index
        self.indirect = indirect


def method_set(t: T.Type) -> list[MethodEntry]:
    """The method set of t (not of *t), promoted methods included, in method_key order."""
    u = t.underlying()
    if isinstance(u, T.Interface):
        return [MethodEntry(m, [], False) for m in interface_methods(u)]
    candidates: dict[tuple[bool, str, str], Func] = {}
    seen: set[int] = set()

    def collect(typ: T.Type) -> None:
        typ, _ = deref(typ)
        if id(typ) in seen:
            return
        seen.add(id(typ))
        if isinstance(typ, T.Named):
            for m in typ.methods:
                candidates.setdefault(method_key(m), m)
        un = typ.underlying()
        if isinstance(un, T.Struct):
            for f in un.fields:
                if f.embedded:
                    collect(f.type)
        elif isinstance(un, T.Interface):
            for m in interface_methods(un):
                candidates.setdefault(method_key(m), m)

    if isinstance(t, T.Named) and isinstance(u, T.Pointer):
        return []
    if isinstance(t, T.Pointer) and T.is_interface(t.elem):
        return []
    collect(t)
    out = []
    for key in sorted(candidates):
        m = candidates[key]
        found = lookup(t, False, m.pkg, m.name)
        if isinstance(found.obj, Func):
            out.append(MethodEntry(found.obj, found.index or [], found.indirect))
    return out


# ------------------------------------------------------------ implementation
Complete = Optional[Callable[[Func], None]]


def missing_method(
    v: T.Type,
    t: T.Type,
    static: bool,
    qualify: Optional[Callable[[Package], str]] = None,
    complete: Complete = None,
) -> Optional[tuple[Func, str]]:
    """The first method of interface t that v lacks, with the reason in Go's words; None
    if v has them all. ``static`` False: a v that is itself an interface need not have the
    methods, only none of another type. ``complete`` is called for a method of v before
    its signature is looked at."""
    it = t.underlying()
    assert isinstance(it, T.Interface)
    vu = v.underlying()
    if isinstance(vu, T.Interface):
        have = interface_methods(vu)
        for m in interface_methods(it):
            f = find_method(have, m.pkg, m.name)
            if f is None:
                if static:
                    return m, _not_found(v, t, m, qualify)
            elif not T.identical(f.type, m.type):
                return m, _wrong_type(f, m, qualify)
        return None
    for m in interface_methods(it):
        found = _lookup(v, False, m.pkg, m.name, False)
        obj = found.obj
        if obj is None:
            if found.index is not None:
                return m, f"(ambiguous selector {T.type_string(v, qualify)}.{m.name})"
            if found.indirect:
                return m, f"(method {m.name} has pointer receiver)"
            other = _lookup(v, False, m.pkg, m.name, True).obj
            if isinstance(other, Func):
                if complete:
                    complete(other)
                if other.name == m.name:
                    return m, f"(unexported method {m.name})"
                have_s, want_s = func_string(other, qualify), func_string(m, qualify)
                return m, f"(missing method {m.name})\n\t\thave {have_s}\n\t\twant {want_s}"
            return m, _not_found(v, t, m, qualify)
        if not isinstance(obj, Func):
            return m, f"({T.type_string(v, qualify)}.{m.name} is a field, not a method)"
        if complete:
            complete(obj)
        if not T.identical(obj.type, m.type):
            return m, _wrong_type(obj, m, qualify)
    return None


def implements(v: T.Type, t: T.Type) -> bool:
    """Does v have all methods of interface type t?"""
    return missing_method(v, t, True) is None


def interface_pointer_reason(t: T.Type, q: Optional[Callable[[Package], str]]) -> str:
    return f"type {T.type_string(t, q)} is pointer to interface, not interface"


def _not_found(v: T.Type, t: T.Type, m: Func, q: Optional[Callable[[Package], str]]) -> str:
    for x in (v, t):
        if is_interface_pointer(x):
            return f"({interface_pointer_reason(x, q)})"
    return f"(missing method {m.name})"


def _wrong_type(f: Func, m: Func, q: Optional[Callable[[Package], str]]) -> str:
    have, want = func_string(f, q), func_string(m, q)
    if have == want:
        have, want = func_string(f, _path), func_string(m, _path)
    if have == want:
        return f"(wrong type for method {m.name})"
    return f"(wrong type for method {m.name})\n\t\thave {have}\n\t\twant {want}"


def _path(p: Package) -> str:
    return p.path


def func_string(f: Func, q: Optional[Callable[[Package], str]]) -> str:
    """name(types) results, without parameter names."""
    sig = f.type
    assert isinstance(sig, T.Signature)
    out: list[str] = [f.name]
    T.write_signature(out, unnamed(sig), q)
    return "".join(out)


def unnamed(sig: T.Signature) -> T.Signature:
    return T.Signature(
        [Var("", None, 0, p.type) for p in sig.params],
        [Var("", None, 0, r.type) for r in sig.results],
        sig.variadic,
    )
