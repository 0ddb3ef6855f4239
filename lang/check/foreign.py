"""Declarations of foreign functions: what C can be given, and can give."""

from __future__ import annotations

from .. import ast as A
from .. import types as T
from ..foreign import (
    DIRECTIVE,
    FLOAT_ARGS,
    INT_ARGS,
    Foreign,
    ForeignError,
    directive_of,
    is_directive,
    parse,
)
from ..objects import Func
from .state import Checker


def check_bodies(c: Checker, decls: list[A.FuncDecl], needed: bool) -> None:
    """Check the foreign functions among decls; all others must have a body, if needed."""
    for d in decls:
        f = d.name.obj
        text = directive_of(f) if isinstance(f, Func) else None
        if isinstance(f, Func) and text is not None:
            _check(c, d, f, text)
        elif d.body is None and needed:
            c.error(d.pos, "missing function body")


def _check(c: Checker, d: A.FuncDecl, f: Func, text: str) -> None:
    try:
        foreign = parse(text)
    except ForeignError as e:
        c.error(d.pos, str(e))
        return
    sig = f.type
    if sum(is_directive(x) for x in f.directives) > 1:
        c.error(d.pos, f"foreign function {f.name} has more than one //{DIRECTIVE}")
    elif d.body is not None:
        c.error(d.pos, f"foreign function {f.name} has a body")
    elif sig.recv is not None:
        c.error(d.pos, f"foreign function {f.name} is a method")
    elif d.sig.type_params:
        c.error(d.pos, f"foreign function {f.name} is generic")
    else:
        _signature(c, d.pos, f"foreign function {f.name}", sig, foreign)


def _signature(c: Checker, pos: int, what: str, sig: T.Signature, foreign: Foreign | None) -> None:
    """``foreign`` is None for the signature of a callback."""
    if sig.variadic:
        c.error(pos, f"{what} is variadic: declare it with the arguments of one call")
        return
    ints = floats = 0
    for p in sig.params:
        at = p.pos or pos
        u = p.type.underlying()
        if isinstance(u, T.Signature) and foreign is not None:
            if not foreign.onstack:
                c.error(at, f"{what} has a callback: say onstack in its directive")
            else:
                _signature(c, at, f"callback of {what}", u, None)
        elif not _is_scalar(u):
            c.error(at, f"{what} cannot pass {c.type_str(p.type)} to C" if foreign is not None
                    else f"{what} cannot get {c.type_str(p.type)} from C")  # fmt: skip
        floats += _is_float(u)
        ints += not _is_float(u)
    if ints > INT_ARGS or floats > FLOAT_ARGS:
        c.error(pos, f"{what} has more than {INT_ARGS} integers and pointers or "
                f"{FLOAT_ARGS} floats as parameters")  # fmt: skip
    if len(sig.results) > 1:
        c.error(sig.results[1].pos or pos, f"{what} has more than one result")
    elif sig.results and not _is_scalar(sig.results[0].type.underlying()):
        r = sig.results[0]
        c.error(r.pos or pos, f"{what} cannot have a result of type {c.type_str(r.type)}")


def _is_scalar(u: T.Type) -> bool:
    if isinstance(u, T.Basic):
        simple = T.INTEGER | T.FLOAT | T.BOOLEAN
        return bool(u.info & simple) or u.kind == "unsafe.Pointer"
    return isinstance(u, T.Pointer)


def _is_float(u: T.Type) -> bool:
    return isinstance(u, T.Basic) and bool(u.info & T.FLOAT)
