"""What functions are lowered to: checks where Go checks, nothing where it need not, and
refusals instead of exceptions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import pytest

from gol.jit import packages, pipeline, target
from gol.jit.lower.module import LoweredModule, LowerOptions, ModuleLowering, lower_package
from gol.lang import escape
from gol.lang.check import check_package
from gol.lang.diagnostics import Diagnostics
from gol.lang.source import SourceSet


@lru_cache(maxsize=1)
def runtime() -> tuple[Any, Diagnostics]:
    diags = Diagnostics(SourceSet())
    unit = packages.Unit("runtime", packages.std_sources("runtime") or [])
    assert packages.parse_unit(unit, diags.sources, diags)
    pkg = check_package("runtime", unit.files, lambda path: None, diags)
    assert not diags
    escape.analyse(pkg)
    return pkg, diags


def lower(source: str, inline: bool = False) -> LoweredModule:
    """The module of ``package main`` with that text, verified by LLVM."""
    pkg, diags = runtime()
    unit = packages.Unit("main", [("main.gol", ("package main\n" + source).encode())])
    assert packages.parse_unit(unit, diags.sources, diags), diags.items
    main = check_package("main", unit.files, {"runtime": pkg}.get, diags)
    assert not diags, diags.items
    options = LowerOptions(diags, escape.analyse(main), inline)
    try:
        lowered = lower_package(main, pkg, options)
        assert not diags, diags.items
    finally:
        diags.items.clear()
    target.prepare()
    pipeline.parse(target.module_header() + lowered.ir).verify()
    return lowered


def body(source: str, name: str = "main.f", inline: bool = False) -> str:
    """The lines of one function."""
    ir = lower(source + "\nfunc main() {}\n", inline).ir
    m = re.search(rf'^define [^\n]*@"{re.escape(name)}"\(.*?^}}', ir, re.M | re.S)
    assert m is not None, name
    return m.group(0)


def calls(text: str) -> list[str]:
    return re.findall(r'call [^@\n]*@"?([^"(]*)"?\(', text)


# ------------------------------------------------------------------ checks
CHECKED = {
    "index": ("func f(a []int, i int) int { return a[i] }", ["runtime.panicIndex"]),
    "unsigned index": ("func f(a []int, i uint) int { return a[i] }", ["runtime.panicIndexU"]),
    "string": ("func f(s string, i int) byte { return s[i] }", ["runtime.panicIndex"]),
    "array": ("func f(a *[4]int, i int) int { return a[i] }",
              ["runtime.panicmem", "runtime.panicIndex"]),
    "slice": ("func f(a []int, i, j int) []int { return a[i:j] }",
              ["runtime.panicSliceAcap", "runtime.panicSliceB"]),
    "substring": ("func f(a string, i, j int) string { return a[i:j] }",
                  ["runtime.panicSliceAlen", "runtime.panicSliceB"]),
    "three": ("func f(a []int, i, j, k int) []int { return a[i:j:k] }",
              ["runtime.panicSlice3Acap", "runtime.panicSlice3B", "runtime.panicSlice3C"]),
    "divide": ("func f(a, b int) int { return a / b }", ["runtime.panicdivide"]),
    "remainder": ("func f(a, b uint8) uint8 { return a % b }", ["runtime.panicdivide"]),
    "shift": ("func f(a, b int) int { return a << b }", ["runtime.panicshift"]),
    "nil": ("type T struct{ x int }\nfunc f(p *T) int { return p.x }", ["runtime.panicmem"]),
    "to array": ("func f(a []int) [3]int { return [3]int(a) }", ["runtime.panicSliceConvert"]),
}  # fmt: skip


@pytest.mark.parametrize("source,expected", CHECKED.values(), ids=CHECKED.keys())
def test_failures_are_checked(source: str, expected: list[str]) -> None:
    text = body(source)
    assert [c for c in calls(text) if c.startswith("runtime.panic")] == expected
    assert text.count("#5, !dbg") == len(expected)


UNCHECKED = {
    "constant index of an array": "func f(a [4]int) int { return a[3] }",
    "range of a slice": "func f(a []int) (s int) { for _, x := range a { s += x }; return }",
    "range of an array": "func f() (s int) { var a [9]int; for i := range a { s += i }; return }",
    "constant divisor": "func f(a int) int { return a/7 + a%-1 }",
    "unsigned shift": "func f(a int, b uint) int { return a << b }",
    "constant shift": "func f(a int) int { return a >> 70 }",
    "whole slice": "func f(a []int) []int { return a[:] }",
    "new object": "func f() int { p := new(int); *p = 3; return *p }",
    "address of a variable": "func f() int { x := 1; p := &x; return *p }",
}


@pytest.mark.parametrize("source", UNCHECKED.values(), ids=UNCHECKED.keys())
def test_what_cannot_fail_is_not_checked(source: str) -> None:
    assert not [c for c in calls(body(source)) if "panic" in c]


def test_division_by_a_variable_that_is_always_zero() -> None:
    assert "runtime.panicdivide" in calls(body("func f(a int) int { z := 0; return a / z }"))


def test_quotient_of_the_smallest_integer_is_defined() -> None:
    text = body("func f(a, b int) int { return a / b }")
    assert re.search(r"icmp eq i64 %a1, -1", text)
    assert "select" in text


def test_arithmetic_wraps() -> None:
    text = body("func f(a, b int32) int32 { return a*b + a - b }")
    assert "nsw" not in text and "nuw" not in text


# ------------------------------------------------------------------ values
def test_strings_and_slices_are_words() -> None:
    text = body("func f(s string, a []int) (string, int) { return s, len(a) }")
    head = text.split("\n")[0]
    assert "(ptr addrspace(1) %a0, i64 %a1, ptr addrspace(1) %a2, i64 %a3, i64 %a4)" in head
    assert "define { ptr addrspace(1), i64, i64 }" in head


def test_many_results_go_through_an_out_pointer() -> None:
    head = body("func f() (a, b, c, d int) { return }").split("\n")[0]
    assert head.startswith('define void @"main.f"(ptr addrspace(1) %out)')


def test_large_structs_are_passed_by_pointer_to_a_copy() -> None:
    text = body(
        "type T struct{ a, b, c, d, e int }\n"
        "func g(t T) {}\nfunc f(t *T) { g(*t); g(*t) }"
    )
    assert text.count("alloca { i64, i64, i64, i64, i64 }") == 1  # the second uses it again
    assert len(re.findall(r"store i64 %t\d+, ptr addrspace\(1\) %scratch", text)) == 2


def test_pointer_words_are_never_copied_as_integers() -> None:
    text = body("type T [40]*int\nfunc f(a, b *T) { *a = *b }")
    assert "llvm.memmove" not in text
    assert "runtime.memmove" in calls(text)


def test_a_variable_that_never_changes_has_no_frame_slot() -> None:
    text = body("func f(a int) int { b := a + 1; return b * b }")
    assert "alloca" not in text


# ------------------------------------------------------------------ control
def test_integer_cases_become_a_table() -> None:
    source = "func f(n int) int { switch n { case 1, 2: return 1; case 3: return 2; case 9: return 3 }; return 0 }"  # noqa: E501
    text = body(source)
    assert len(re.findall(r"i64 \d, label", text)) == 4


def test_counted_loops_have_no_preemption_check() -> None:
    counted = body("func f(n int) (s int) { for i := 0; i < n; i++ { s += i }; return }")
    assert "goschedguarded" not in counted
    other = body("func f(n int) { for n != 1 { n /= 2 } }")
    assert "runtime.goschedguarded" in calls(other)


def test_each_iteration_has_its_own_captured_variable() -> None:
    text = body(
        "var fs []func() int\n"
        "func f() { for i := 0; i < 3; i++ { fs = append(fs, func() int { i++; return i }) } }"
    )
    assert calls(text).count("runtime.newobject") == 3  # two for i, one closure object


def test_unreachable_code_is_dropped() -> None:
    text = body("func g() {}\nfunc f() int { return 1; g(); return 2 }")
    assert "main.g" not in calls(text)


def test_labels_reached_only_backwards() -> None:
    body("func f(n int) int { goto B\nA: return n\nB: n++; if n > 3 { goto A }; goto B }")


# ------------------------------------------------------------------ order
def test_calls_come_before_variables_are_read() -> None:
    """As Go's compiler has it: x is read after g has changed it."""
    text = body(
        "func g(p *int) int { *p = 2; return 1 }\nfunc f() int { x := 1; return x + g(&x) }"
    )
    call = text.index('call i64 @"main.g"')
    assert "load i64" in text[call:]
    assert "load i64" not in text[:call]


# ------------------------------------------------------------------ inlining
def test_small_leaves_are_copied_and_exported() -> None:
    m = lower("func G(a int) int { return a + 1 }\nfunc main() { println(G(2)) }", inline=True)
    assert "main.G" in m.inline
    assert re.search(r'@"main.G"\([^\n]*\) #1 gc', m.ir)


def test_noinline_is_honoured() -> None:
    m = lower(
        "//go:noinline\nfunc G(a int) int { return a + 1 }\nfunc main() { println(G(2)) }",
        inline=True,
    )
    assert "main.G" not in m.inline
    assert re.search(r'@"main.G"\([^\n]*\) #2 gc', m.ir)


def test_mutual_recursion_is_not_copied() -> None:
    m = lower(
        "func a(n int) int { if n == 0 { return 0 }; return b(n - 1) }\n"
        "func b(n int) int { if n == 0 { return 1 }; return a(n - 1) }\n"
        "func main() { println(a(4)) }",
        inline=True,
    )
    assert not {"main.a", "main.b"} <= set(m.inline)


def test_small_recursion_is_unrolled_once() -> None:
    source = "func f(n int) int { if n < 2 { return n }; return f(n-1) + f(n-2) }"
    text = body(source, inline=True)
    assert calls(text).count("main.f·again") == 2
    assert 'internal i64 @"main.f·again"' in lower(source + "\nfunc main() {}", inline=True).ir


# ------------------------------------------------------------------ refusal
def test_a_refusal_has_a_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the runtime does not offer is refused where it is used, and the rest goes on."""
    pkg, diags = runtime()
    source = "package main\nfunc main() {\n\tc := make(chan int)\n\tc <- 1\n}\n"
    unit = packages.Unit("main", [("main.gol", source.encode())])
    assert packages.parse_unit(unit, diags.sources, diags)
    main = check_package("main", unit.files, lambda path: None, diags)
    known = ModuleLowering.runtime_func
    monkeypatch.setattr(
        ModuleLowering, "runtime_func", lambda m, n: None if n == "makechan" else known(m, n)
    )
    lower_package(main, pkg, LowerOptions(diags, escape.analyse(main)))
    said = [(diags.sources.position(d.pos).line, d.message) for d in diags.items]
    diags.items.clear()
    assert said[0] == (3, "(runtime.makechan) not supported yet")


STEPPING = {
    "for i < n { i++ }": True,
    "for n > i && i >= 0 { i++ }": True,
    "for a[i] != n { i++ }": True,
    "for i > n { i-- }": True,
    "for i > n { i++ }": False,
    "for i < n { i++; i = 0 }": False,
    "for i < n { if a[0] > i { continue }; i++ }": False,
    "for i < n { if a[0] > 0 { i++ } }": False,
    "for i != n { i++ }": False,
}


@pytest.mark.parametrize("loop", STEPPING)
def test_loops_that_step_towards_their_end_count(loop: str) -> None:
    text = body(f"func f(a []int, n int) int {{ i := 0; {loop}; return i }}")
    assert ("runtime.goschedguarded" not in calls(text)) == STEPPING[loop]
