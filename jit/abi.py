"""How a gol value looks to LLVM: memory types, words in registers, calling convention.

This is the table of docs/hacking.md ("How a value looks") as code; everything else that
must know a layout asks here. Types are LLVM type texts. Sizes and offsets agree with
:mod:`gol.lang.sizes`: LLVM's own layout of the texts made here is Go's, with an explicit
pad member where Go pads and LLVM does not (a zero-size last field).

A *value* of a type is, in IR, one first-class LLVM value: ``i1`` for bool, the memory
type for all else (:func:`value_type`). *Words* are its flattened scalars, each with the
``extractvalue`` path that leads to it.
"""

from __future__ import annotations

from functools import cached_property

from gol.lang import types as T
from gol.lang.pointers import direct_interface
from gol.lang.record import record
from gol.lang.sizes import offsetsof, sizeof

GCPTR = "ptr addrspace(1)"
STRING = "{ ptr addrspace(1), i64 }"
SLICE = "{ ptr addrspace(1), i64, i64 }"
IFACE = "{ ptr, ptr addrspace(1) }"

WORD = 8
MAX_ARG_WORDS = 4  # a larger struct or array is passed by pointer to a copy
MAX_INT_RESULTS = 3
MAX_FLOAT_RESULTS = 2

_BASIC = {
    "bool": "i8",
    "int": "i64",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
    "uintptr": "i64",
    "float32": "float",
    "float64": "double",
    "complex64": "{ float, float }",
    "complex128": "{ double, double }",
    "string": STRING,
    "unsafe.Pointer": GCPTR,
    # untyped operands that reach code generation have their default type's look
    "untyped bool": "i8",
    "untyped int": "i64",
    "untyped rune": "i32",
    "untyped float": "double",
    "untyped complex": "{ double, double }",
    "untyped string": STRING,
    "untyped nil": GCPTR,
}

direct_iface = direct_interface  # stored in the data word itself
_POINTER_SHAPED = (T.Pointer, T.Map, T.Chan, T.Signature)
_FLOATS = ("float", "double")
_UNSIGNED_ATTR = {"i1": "zeroext ", "i8": "zeroext ", "i16": "zeroext "}
_SIGNED_ATTR = {"i8": "signext ", "i16": "signext "}


def is_bool(t: T.Type) -> bool:
    u = t.underlying()
    return isinstance(u, T.Basic) and bool(u.info & T.BOOLEAN)


def is_signed(t: T.Type) -> bool:
    u = t.underlying()
    return isinstance(u, T.Basic) and bool(u.info & T.INTEGER) and not u.info & T.UNSIGNED


def is_eface(t: T.Type) -> bool:
    """An interface without methods: its type word is a descriptor, not an itab."""
    u = t.underlying()
    if not isinstance(u, T.Interface):
        return False
    from gol.lang.lookup import interface_methods

    return not interface_methods(u)


# ------------------------------------------------------------------ memory and values
_mem_cache: dict[int, tuple[T.Type, str]] = {}  # keeps the type alive: ids stay unique


def mem_type(t: T.Type) -> str:
    """The LLVM type of t in memory."""
    u = t.underlying()
    if isinstance(u, T.Basic):
        return _BASIC[u.kind]
    if isinstance(u, _POINTER_SHAPED):
        return GCPTR
    if isinstance(u, T.Slice):
        return SLICE
    if isinstance(u, T.Interface):
        return IFACE
    hit = _mem_cache.get(id(u))
    if hit is not None:
        return hit[1]
    text = _aggregate_type(u)
    _mem_cache[id(u)] = (u, text)
    return text


def _aggregate_type(u: T.Type) -> str:
    if isinstance(u, T.Array):
        return f"[{u.len} x {mem_type(u.elem)}]"
    if isinstance(u, T.Struct):
        members = [mem_type(f.type) for f in u.fields]
        pad = tail_pad(u)
        if pad:
            members.append(f"[{pad} x i8]")
        return "{ " + ", ".join(members) + " }" if members else "{}"
    if isinstance(u, T.Tuple):
        return "{ " + ", ".join(mem_type(e) for e in u.types) + " }"
    raise TypeError(f"no memory type for {u}")


def tail_pad(u: T.Struct) -> int:
    """Go gives a zero-size last field an address inside the struct; LLVM does not."""
    if not u.fields or sizeof(u.fields[-1].type) != 0:
        return 0
    size = sizeof(u)
    if size == 0:
        return 0
    return size - offsetsof(u)[-1]


def value_type(t: T.Type) -> str:
    """The LLVM type of t as an SSA value: as in memory, but i1 for bool."""
    return "i1" if is_bool(t) else mem_type(t)


def zero(t: T.Type) -> str:
    """The zero value, as an LLVM constant of :func:`value_type` (and of mem_type)."""
    return zero_of(value_type(t))


def zero_of(llvm_type: str) -> str:
    if llvm_type == "i1":
        return "false"
    if llvm_type.startswith(("ptr",)):
        return "null"
    if llvm_type in _FLOATS:
        return "0.0"
    if llvm_type[0] == "i":
        return "0"
    return "zeroinitializer"


# ------------------------------------------------------------------------------ words
@record(frozen=True)
class Word:
    """One flattened scalar of a value."""

    type: str  # LLVM type in a register
    attr: str  # "signext " / "zeroext " / ""
    path: tuple[int, ...]  # extractvalue indices; () when the value is the scalar

    @property
    def is_float(self) -> bool:
        return self.type in _FLOATS

    @property
    def is_pointer(self) -> bool:
        return self.type == GCPTR

    @property
    def param(self) -> str:
        """As it stands in a parameter list."""
        return self.type + (" " + self.attr.rstrip() if self.attr else "")


def words(t: T.Type, limit: int = 1 << 30) -> list[Word] | None:
    """The flattened scalars of t, or None when there are more than ``limit``."""
    if is_bool(t):
        return [Word("i1", "zeroext ", ())]
    out: list[Word] = []
    return out if _flatten(t, (), out, limit) else None


def _flatten(t: T.Type, path: tuple[int, ...], out: list[Word], limit: int) -> bool:
    u = t.underlying()
    if isinstance(u, T.Struct):
        return all(_flatten(f.type, (*path, i), out, limit) for i, f in enumerate(u.fields))
    if isinstance(u, T.Array):
        if sizeof(u.elem) == 0:
            return True
        if u.len > limit:
            return False
        return all(_flatten(u.elem, (*path, i), out, limit) for i in range(u.len))
    text = mem_type(u)
    if text[0] == "{":  # string, slice, interface, complex: flat already
        out.extend(Word(m, "", (*path, i)) for i, m in enumerate(_members(text)))
    else:
        attr = (_SIGNED_ATTR if is_signed(u) else _UNSIGNED_ATTR).get(text, "")
        out.append(Word(text, attr, path))
    return len(out) <= limit


def _members(flat: str) -> list[str]:
    return flat[2:-2].split(", ")


# ----------------------------------------------------------------- calling convention
@record(frozen=True)
class Param:
    """How one argument travels: as its words, or as a gcptr to the caller's copy."""

    type: T.Type
    by_ref: bool
    words: tuple[Word, ...]  # the one gcptr when by_ref

    @property
    def types(self) -> list[str]:
        return [w.param for w in self.words]


_REF = (Word(GCPTR, "", ()),)


def param_of(t: T.Type) -> Param:
    flat = words(t, MAX_ARG_WORDS)
    # only structs and arrays can exceed the limit
    if flat is None:
        return Param(t, True, _REF)
    return Param(t, False, tuple(flat))


class FuncABI:
    """The LLVM face of a signature. Argument order: [nest context] [out pointer]
    [receiver] parameters, each as its words.

    ``params``: receiver first, if any. ``context``: declares the closure object as nest
    argument."""

    def __init__(
        self, params: tuple[Param, ...], results: tuple[T.Type, ...], context: bool = False
    ) -> None:
        self.params = params
        self.results = results
        self.context = context

    @cached_property
    def _flat_results(self) -> tuple[tuple[int, Word], ...] | None:
        flat: list[tuple[int, Word]] = []
        ints = floats = 0
        for i, t in enumerate(self.results):
            ws = words(t, MAX_INT_RESULTS + MAX_FLOAT_RESULTS)
            if ws is None:
                return None
            for w in ws:
                ints += not w.is_float
                floats += w.is_float
                flat.append((i, w))
        if ints > MAX_INT_RESULTS or floats > MAX_FLOAT_RESULTS:
            return None
        return tuple(flat)

    @property
    def out(self) -> bool:
        """All results go through one out pointer, to memory of type ``out_type``."""
        return self._flat_results is None

    @property
    def out_type(self) -> str:
        return "{ " + ", ".join(mem_type(t) for t in self.results) + " }"

    @property
    def result_words(self) -> tuple[tuple[int, Word], ...]:
        """(index of the result, word) for each returned register; () with ``out``."""
        return self._flat_results or ()

    @cached_property
    def ret(self) -> str:
        """The LLVM return type: void, the one word's, or a struct of the words."""
        ws = self.result_words
        if not ws:
            return "void"
        if len(ws) == 1:
            return ws[0][1].type
        return "{ " + ", ".join(w.type for _, w in ws) + " }"

    @cached_property
    def ret_attr(self) -> str:
        """Return attributes, as they stand before the return type."""
        ws = self.result_words
        return ws[0][1].attr if len(ws) == 1 else ""

    @cached_property
    def param_types(self) -> list[str]:
        """Every LLVM parameter with its attributes, in order."""
        out: list[str] = []
        if self.context:
            out.append(GCPTR + " nest")
        if self.out:
            out.append(GCPTR)
        for p in self.params:
            out.extend(p.types)
        return out

    def declare(self, symbol: str, attrs: str = "") -> str:
        """``declare`` line for an external function; symbol without @ and quotes."""
        params = ", ".join(self.param_types)
        tail = " " + attrs if attrs else ""
        return f'declare {self.ret_attr}{self.ret} @"{symbol}"({params}){tail}'


def abi_of(sig: T.Signature, *, recv: T.Type | None = None, context: bool = False) -> FuncABI:
    """The ABI of a function of that signature. ``recv`` is the receiver's type where a
    method's symbol is meant (by default the signature's own); ``context`` declares the
    nest argument: for literals with captures, and for calls of func values."""
    r = recv if recv is not None else (sig.recv.type if sig.recv is not None else None)
    params = [param_of(r)] if r is not None else []
    params += [param_of(p.type) for p in sig.params]
    return FuncABI(tuple(params), tuple(v.type for v in sig.results), context)


def func_value_abi(sig: T.Signature) -> FuncABI:
    """How a func value of that type is called: nest context, no receiver."""
    return FuncABI(
        tuple(param_of(p.type) for p in sig.params), tuple(v.type for v in sig.results), True
    )


def iface_method_abi(sig: T.Signature) -> FuncABI:
    """How an itab's code pointer is called: the data word is the receiver."""
    return abi_of(sig, recv=T.UNSAFE_POINTER)


# --------------------------------------------------------------------- pointers in it
_ptr_cache: dict[int, tuple[T.Type, int]] = {}


def ptr_bits(t: T.Type) -> int:
    """Pointer bitmap: bit i is set when word i of t holds a gcptr."""
    u = t.underlying()
    hit = _ptr_cache.get(id(u))
    if hit is not None:
        return hit[1]
    bits = _ptr_bits(u)
    _ptr_cache[id(u)] = (u, bits)
    return bits


def _ptr_bits(u: T.Type) -> int:
    if isinstance(u, T.Basic):
        return 1 if u.kind in ("string", "unsafe.Pointer", "untyped string") else 0
    if isinstance(u, (*_POINTER_SHAPED, T.Slice)):
        return 1
    if isinstance(u, T.Interface):
        return 0b10  # the type word is static
    if isinstance(u, T.Array):
        return _repeat(ptr_bits(u.elem), sizeof(u.elem) // WORD, u.len)
    if isinstance(u, T.Struct):
        bits = 0
        for f, off in zip(u.fields, offsetsof(u)):
            if sub := ptr_bits(f.type):
                bits |= sub << (off // WORD)
        return bits
    raise TypeError(f"no pointer bitmap for {u}")


def _repeat(bits: int, width: int, count: int) -> int:
    """``count`` copies of a bitmap side by side, by doubling."""
    if not bits or not count:
        return 0
    out, at = 0, 0
    block, size = bits, 1
    while count:
        if count & 1:
            out |= block << (at * width)
            at += size
        block |= block << (size * width)
        size *= 2
        count >>= 1
    return out


def ptrdata(t: T.Type) -> int:
    """Bytes of t up to and including its last pointer."""
    return ptr_bits(t).bit_length() * WORD
