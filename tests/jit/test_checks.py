"""The back end's own checks: they must find what they look for."""

from __future__ import annotations

import struct

import pytest

from gol.jit import lint, nosplit, stackmap
from gol.jit.callsites import SiteTable
from gol.jit.freeze import freeze_selects
from gol.jit.irtext import IRError, Types
from gol.jit.safepoints import Rewriter

G = "ptr addrspace(1)"


def test_lint_finds_a_hidden_pointer() -> None:
    text = (
        "f:\n\tleaq\t8(%rsp), %r14\n\t#APP\n\tleaq\t16(%rsp), %rax\n\t#NO_APP\n\tmovq\t%rsp, %rbx\n"
    )
    assert lint.hidden_pointers(text) == [
        ("f", "leaq\t8(%rsp), %r14"),
        ("f", "movq\t%rsp, %rbx"),
    ]


def test_lint_allows_the_check_of_a_large_frame() -> None:
    text = "f:\n\tleaq\t-5000(%rsp), %r11\n\tcmpq\t%fs:112, %r11\n"
    assert lint.hidden_pointers(text) == []


def test_nosplit_chain() -> None:
    text = (
        '"runtime.a":\n\tpushq\t%rbx\n\tsubq\t$32, %rsp\n\tcallq\t"runtime.b"@PLT\n'
        '"runtime.b":\n\tsubq\t$100, %rsp\n\tret\n'
    )
    table = nosplit.frames(text, {"runtime.a", "runtime.b"})
    assert nosplit.longest(table) == [(8 + 40 + 8 + 100, ["runtime.a", "runtime.b"])]
    assert nosplit.too_deep(table, 200) == []
    assert "runtime.a > runtime.b" in nosplit.too_deep(table, 100)[0]


def stack_map(locations: list[tuple[int, int, int, int]]) -> bytes:
    head = struct.pack("<BBHIII", 3, 0, 0, 1, 0, 1) + struct.pack("<QQQ", 0, 24, 1)
    record = struct.pack("<QIHH", 7, 16, 0, len(locations))
    for kind, size, reg, off in locations:
        record += struct.pack("<BxHHxxi", kind, size, reg, off)
    record += bytes(-len(record) % 8) + struct.pack("<HH", 0, 0)
    return head + record + bytes(-len(record) % 8)


CONSTS = [(4, 8, 0, 0), (4, 8, 0, 0)]
RSP = 7


def test_stack_map_of_slots_and_objects() -> None:
    slot = (3, 8, RSP, 16)
    data = stack_map(
        [*CONSTS, (4, 8, 0, 3), (4, 8, 0, 1), (1 + 1, 8, RSP, 32), (4, 8, 0, 5)] + [slot] * 2
    )
    _, (point,) = stackmap.decode(data)
    assert (point.offset, point.frame, point.site) == (16, 24, 7)
    assert point.slots == (16,) and point.objects == ((32, 5),)


@pytest.mark.parametrize(
    "pair",
    [
        [(1, 8, 3, 0)] * 2,  # in a register
        [(3, 8, 6, 16)] * 2,  # not off rsp
        [(3, 8, RSP, 16), (3, 8, RSP, 24)],  # derived from another base
    ],
)
def test_stack_map_fails_closed(pair: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(stackmap.StackMapError):
        stackmap.decode(stack_map([*CONSTS, (4, 8, 0, 0), *pair]))


def test_selects_of_relocates_are_frozen() -> None:
    text = (
        f"define {G} @f() {{\n"
        f"  %a = call {G} @llvm.experimental.gc.relocate.p1(token %t, i32 0, i32 0)\n"
        f"  %s = select i1 %c, {G} %a, {G} null\n  ret {G} %s\n}}\n"
    )
    out = freeze_selects(text)
    assert out is not None
    assert f"  %fz.1 = freeze {G} %a\n  %s = select i1 %c, {G} %fz.1, {G} null\n" in out
    assert freeze_selects(text.replace("%s = select i1 %c,", "%s = xselect")) is None


def test_layout_of_nested_types() -> None:
    types = Types({"%T": f"{{ i8, {G}, [2 x {{ i32, {G} }}] }}"})
    assert types.layout("%T") == (48, 8, (8, 24, 40))
    assert types.layout("<{ i8, ptr }>") == (9, 1, ())


def test_dynamic_alloca_is_refused() -> None:
    text = (
        'define void @f(i64 %n) gc "statepoint-example" {\n'
        "  %a = alloca i64, i64 %n\n  ret void\n}\n"
    )
    with pytest.raises(IRError):
        Rewriter(text).run()


def test_call_sites_follow_inlining() -> None:
    lines = [
        '!1 = !DIFile(filename: "a.gol", directory: "")',
        '!2 = distinct !DISubprogram(name: "main.g", file: !1, line: 3)',
        '!3 = distinct !DISubprogram(name: "main.f", file: !1, line: 9)',
        "!4 = !DILocation(line: 5, column: 2, scope: !2, inlinedAt: !5)",
        "!5 = distinct !DILocation(line: 11, column: 1, scope: !3)",
    ]
    table = SiteTable(lines)
    index = table.of("!4", "")
    assert table.sites[index] == (("main.g", "a.gol", 5), ("main.f", "a.gol", 11))
    assert table.of("!4", "other") == index


def test_system_call_lists_its_own_pointers() -> None:
    text = (
        f'define void @f({G} %p) gc "statepoint-example" {{\n'
        f'  call void @"runtime.g$sys"({G} %p)\n  ret void\n}}\n'
        f'declare void @"runtime.g$sys"({G})\n'
    )
    assert f'[ "deopt"(i64 0, {G} %p) ]' in Rewriter(text).run()
    text = text.replace("g$sys", "g") + 'attributes #3 = { "gol-system" }\n'
    text = text.replace(f'declare void @"runtime.g"({G})', f'declare void @"runtime.g"({G}) #3')
    out = Rewriter(text).run()
    assert f'[ "deopt"(i64 0, {G} %p) ]' in out and '@"runtime.g$sys"' in out
