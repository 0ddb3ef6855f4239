"""The first pass: every package-level object gets its place in a scope, nothing is
checked yet but names, imports and the shape of declarations."""

from __future__ import annotations

from typing import Optional

from .. import ast as A
from .. import constant
from .. import types as T
from ..objects import Const, Func, Object, Package, PkgName, Scope, TypeName, Var
from ..universe import UNIVERSE, UNSAFE
from . import decl, funcs
from .state import Checker, DeclInfo


def collect_objects(c: Checker) -> None:
    scopes = []
    methods: list[tuple[Func, bool, str]] = []
    c.pkg.scope.outer = UNIVERSE
    for f in c.files:
        if f.package.name == "_":
            c.error(f.package.pos, "invalid package name _")
        # names of files lie between those of the package and the universe, but a file
        # scope must see the package's: as in Go it is the inner one
        scope = Scope(c.pkg.scope, "file")
        scopes.append(scope)
        c.scope = scope
        collect_file(c, f, scope, methods)
    _check_file_scopes(c, scopes)
    for func, ptr, name in methods:
        base = base_type(c, name, ptr)
        if base is not None:
            c.methods.setdefault(base, []).append(func)


def collect_file(
    c: Checker, f: A.File, scope: Scope, methods: list[tuple[Func, bool, str]]
) -> None:
    for d in f.decls:
        if isinstance(d, A.FuncDecl):
            _func(c, d, scope, methods)
        elif isinstance(d, A.GenDecl):
            if d.tok == "import":
                for spec in d.specs:
                    assert isinstance(spec, A.ImportSpec)
                    import_spec(c, spec, scope)
            elif d.tok == "const":
                _consts(c, d, scope)
            elif d.tok == "var":
                for spec in d.specs:
                    assert isinstance(spec, A.ValueSpec)
                    _vars(c, spec, scope)
            else:
                for spec in d.specs:
                    assert isinstance(spec, A.TypeSpec)
                    obj = TypeName(spec.name.name, c.pkg, spec.name.pos, None, spec.alias)  # type: ignore[arg-type]
                    info = DeclInfo(scope)
                    info.tspec = spec
                    _declare(c, spec.name, obj, info)


def _enter(c: Checker, obj: Object, info: DeclInfo) -> None:
    info.order = info.order or len(c.decls) + 1
    c.decls[obj] = info


def _declare(c: Checker, ident: A.Ident, obj: Object, info: DeclInfo) -> None:
    for name in ("init", "main"):
        if ident.name == name and (name == "init" or c.pkg.name == "main"):
            c.error(ident.pos, f"cannot declare {name} - must be func")
            return
    decl.declare(c, c.pkg.scope, ident, obj)
    ident.obj = obj
    _enter(c, obj, info)


# ---------------------------------------------------------------------- imports
_BAD_PATH_CHARS = set("!\"#$%&'()*,:;<=>?[\\]^{|}`\ufffd")


def _path_error(path: str) -> str:
    if not path:
        return "empty string"
    for ch in path:
        if not ch.isprintable() or ch.isspace() or ch in _BAD_PATH_CHARS:
            shown = f" '{ch}'" if ch.isprintable() else ""
            return f"invalid character U+{ord(ch):04X}{shown}"
    return ""


def import_spec(c: Checker, spec: A.ImportSpec, scope: Scope) -> None:
    raw = constant.string_literal(spec.path.text)
    path = raw.encode("latin-1").decode("utf-8", "replace")
    problem = _path_error(path)
    if problem:
        c.error(spec.path.pos, f"invalid import path ({problem})")
        return
    if c.pkg.path == "main" and "internal" in path.split("/"):
        c.error(spec.path.pos, f"use of internal package {path} not allowed")
    pkg = UNSAFE if path == "unsafe" else c.importer(path)
    if pkg is None:
        from ..stdnames import STD

        why = "not supported yet" if path in STD else "not in std"
        c.error(spec.path.pos, f"package {path} is {why}")
        # an empty package of that name: uses of it say nothing more
        pkg = Package(path, path.rstrip("/").rpartition("/")[2])
    name = spec.name.name if spec.name is not None else pkg.name
    if name == "init":
        c.error(spec.pos, "cannot import package as init - init must be a func")
        return
    if pkg not in c.pkg.imports:
        c.pkg.imports.append(pkg)
    obj = PkgName(name, c.pkg, spec.pos, T.INVALID, pkg)
    spec.obj = obj
    if spec.name is not None:
        spec.name.obj = obj
    if not pkg.complete:
        obj.used = True
    c.imports.append(obj)
    if name == ".":
        assert spec.name is not None
        for n, o in pkg.scope.names.items():
            if n[:1].isupper():
                alt = scope.lookup(n)
                if alt is not None:
                    decl.redeclared(c, spec.name.pos, n, alt)
                else:
                    scope.names[n] = o
                    c.dot_imports[id(scope), n] = obj
    elif name != "_":
        decl.declare(c, scope, None, obj)


def unused_imports(c: Checker) -> None:
    for obj in c.imports:
        if obj.name == "_" or obj.used or c.generic:
            continue
        path = obj.imported.path
        if obj.name in (".", path.rpartition("/")[2]):
            c.error(obj.pos, f'"{path}" imported and not used')
        else:
            c.error(obj.pos, f'"{path}" imported as {obj.name} and not used')


def _check_file_scopes(c: Checker, scopes: list[Scope]) -> None:
    """An import must not have the name of a package-level object."""
    for scope in scopes:
        for name, obj in scope.names.items():
            alt = c.pkg.scope.lookup(name)
            if alt is None:
                continue
            if isinstance(obj, PkgName):
                imp = obj.imported
                via = f'import of package {imp.name} ("{imp.path}")'
            else:
                p = obj.pkg
                via = f'dot-import of package {p.name} ("{p.path}")' if p else "dot-import"
            c.error_lines(
                alt.pos,
                f"{name} already declared through {via}",
                [(obj.pos, f"other declaration of {name}")],
            )


# ------------------------------------------------------------------ declarations
def _consts(c: Checker, g: A.GenDecl, scope: Scope) -> None:
    for spec, type_expr, values, inherited in decl.const_specs(g):
        for i, name in enumerate(spec.names):
            obj = Const(name.name, c.pkg, name.pos, None, spec.iota)  # type: ignore[arg-type]
            info = DeclInfo(scope)
            info.type_expr = type_expr
            info.init = values[i] if i < len(values) else None
            info.inherited = inherited
            _declare(c, name, obj, info)
        decl.arity(c, spec, values, True, inherited)


def _vars(c: Checker, spec: A.ValueSpec, scope: Scope) -> None:
    values = spec.values
    vars = [Var(n.name, c.pkg, n.pos, None) for n in spec.names]  # type: ignore[arg-type]
    shared: Optional[DeclInfo] = None
    if len(values) == 1 and len(vars) > 1:
        shared = DeclInfo(scope)
        shared.lhs = vars
        shared.type_expr = spec.type_expr
        shared.init = values[0]
    for i, (name, v) in enumerate(zip(spec.names, vars)):
        info = shared
        if info is None:
            info = DeclInfo(scope)
            info.type_expr = spec.type_expr
            info.init = values[i] if i < len(values) else None
        _declare(c, name, v, info)
    if spec.type_expr is None or values:
        decl.arity(c, spec, values, False, False)


def _func(c: Checker, d: A.FuncDecl, scope: Scope, methods: list[tuple[Func, bool, str]]) -> None:
    name = d.name.name
    obj = Func(name, c.pkg, d.name.pos, None)  # type: ignore[arg-type]
    obj.decl = d
    obj.directives = [x.removeprefix("//") for x in d.directives]
    d.name.obj = obj
    prefix = funcs.link_prefix(c.pkg)
    obj.link_name = f"{prefix}.{name}"
    if d.recv is None:
        if name == "init" or (name == "main" and c.pkg.name == "main"):
            if d.sig.type_params:
                c.error(d.sig.type_params[0].pos, f"func {name} must have no type parameters")
            if d.sig.params or d.sig.results:
                c.error(d.name.pos, f"func {name} must have no arguments and no return values")
        if name == "init":
            obj.link_name = f"{prefix}.init.{len(c.pkg.inits)}"
            obj.parent = c.pkg.scope
            c.pkg.inits.append(d)
            if d.body is None:
                c.error(obj.pos, "func init must have a body")
        else:
            decl.declare(c, c.pkg.scope, d.name, obj)
    else:
        base, ptr = _receiver_base(d.recv.type_expr)
        obj.ptr_recv = ptr
        if base is not None:
            obj.link_name = funcs.method_link_name(c.pkg, base, ptr, name)
            if name != "_":
                methods.append((obj, ptr, base))
    if name != "_":
        c.pkg.funcs.append(d)
    info = DeclInfo(scope)
    info.fdecl = d
    _enter(c, obj, info)


def _receiver_base(e: A.Expr) -> tuple[Optional[str], bool]:
    """The name of a receiver's base type, and whether the receiver is a pointer to it."""
    ptr = False
    while True:
        if isinstance(e, A.ParenExpr):
            e = e.x
        elif isinstance(e, A.StarExpr) and not ptr:
            ptr = True
            e = e.x
        else:
            break
    return (e.name, ptr) if isinstance(e, A.Ident) else (None, ptr)


def base_type(c: Checker, name: str, ptr: bool) -> Optional[TypeName]:
    """The defined type behind a receiver's name: aliases are followed."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        obj = c.pkg.scope.lookup(name)
        if not isinstance(obj, TypeName):
            return None
        info = c.decls.get(obj)
        if info is None or info.tspec is None:
            return None
        if not info.tspec.alias:
            return obj
        base, alias_ptr = _receiver_base(info.tspec.type_expr)
        if base is None or (alias_ptr and ptr):
            return None
        name, ptr = base, ptr or alias_ptr
    return None
