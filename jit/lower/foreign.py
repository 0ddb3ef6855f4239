"""Foreign functions (docs/foreign.md): the function that gol code calls, and its stub.

``main.f``, an ordinary managed function, calls ``main.f$sys``, a few lines of assembly that
load the C function's address from its import slot and go on in the runtime: ``cgocall``
runs it on the system stack, ``cgocallonstack`` on the goroutine's own. Both are called as
system functions are: the pointer arguments stay listed while C uses them.

A call on the goroutine's stack has a ``runtime.cgoframe`` in the frame of ``main.f``, which
holds the func values that were passed as callbacks; C gets ``runtime.cgocallback0``...
instead, which find them there. An idempotent one that was aborted is made again:

    main.f:         stack check for BYTES             // assembly
    main.f·entered: frame.fn[...] = func values
    again:          r = main.f$sys(args, nest frame)  // the stack moves if it is called off
                    if g.cgoaborted != 0 { g.cgoaborted = 0; goto again }
                    return r
"""

from __future__ import annotations

from typing import Any

from gol.jit import abi, target
from gol.jit.abi import GCPTR
from gol.jit.constants import sym
from gol.lang import types as T
from gol.lang.foreign import Foreign
from gol.lang.objects import Func
from gol.lang.sizes import offsetsof

from .emit import Value
from .intrinsics import INTRINSICS


def lower_foreign(fn: Any, f: Func, foreign: Foreign) -> None:
    """The body of the managed function f; ``fn`` is its FunctionLowering, with the
    parameters' words named %a0, %a1 ..."""
    stub = f"{f.link_name}$sys"
    slot = target.import_symbol(foreign.library, foreign.symbol)
    enter = "runtime.cgocallonstack" if foreign.onstack else "runtime.cgocall"
    fn.module.asm.append(target.foreign_stub(stub, slot, enter))
    if foreign.onstack:
        result = _on_stack(fn, foreign, stub)
    else:
        result = _call(fn, stub, [f"{w.param} %a{i}" for i, w in _words(fn)])
    fn.emit_return(result)


def _words(fn: Any) -> list[tuple[int, abi.Word]]:
    return list(enumerate(w for p in fn.fa.params for w in p.words))


def _call(fn: Any, stub: str, args: list[str]) -> list[Value]:
    types = [a.rsplit(" ", 1)[0] for a in args]
    fa = fn.fa
    fn.module.declare(stub, f"declare {fa.ret} @{sym(stub)}({', '.join(types)})")
    text = f"call {fa.ret} @{sym(stub)}({', '.join(args)}){fn.dbg()}"
    if fa.ret == "void":
        fn.emit(text)
        return [() for _ in fa.results]
    return [(fn.ins(text),)]


def _on_stack(fn: Any, foreign: Foreign, stub: str) -> list[Value]:
    frame_type = fn.module.runtime_type("cgoframe")
    at = _offsets(frame_type)
    frame = fn.alloca(frame_type, "cgo")
    again, done = fn.label("again"), fn.label("done")
    fn.br(again)
    fn.start(again)
    fn.emit(f"store i64 {foreign.room}, {fn.offset(frame, at['room'])}")
    fn.emit(f"store i64 {int(foreign.idempotent)}, {fn.offset(frame, at['idempotent'])}")
    args = [f"{GCPTR} nest {fn.gcptr(frame)}"]
    callbacks = 0
    for (i, w), p in zip(_words(fn), fn.fa.params, strict=True):
        if isinstance(p.type.underlying(), T.Signature):
            args.append(_callback(fn, f"%a{i}", callbacks, frame, at["fn"]))
            callbacks += 1
        else:
            args.append(f"{w.param} %a{i}")
    result = _call(fn, stub, args)
    if foreign.idempotent:
        (g,) = INTRINSICS["runtime.getg"](fn, [])
        offset = _offsets(fn.module.runtime_type("g"))["cgoaborted"]
        aborted = fn.offset(f"{GCPTR} {g}", offset)
        was = fn.ins(f"load i64, {aborted}")
        fn.emit(f"store i64 0, {aborted}")
        fn.cbr(fn.ins(f"icmp eq i64 {was}, 0"), done, again, "likely")
        fn.start(done)
    return result


def _callback(fn: Any, closure: str, k: int, frame: str, at: int) -> str:
    """Keep a func value in the call's record; what C gets for it (NULL for nil)."""
    fn.emit(f"store {GCPTR} {closure}, {fn.offset(frame, at + 8 * k)}")
    code = f"runtime.cgocallback{k}"
    fn.module.declare(code, f"declare void @{sym(code)}() #6")
    null = fn.ins(f"icmp eq {GCPTR} {closure}, null")
    return f"ptr {fn.ins(f'select i1 {null}, ptr null, ptr @{sym(code)}')}"


def _offsets(t: T.Type) -> dict[str, int]:
    return dict(zip((f.name for f in t.underlying().fields), offsetsof(t), strict=True))  # type: ignore[attr-defined]
