"""A module in parts is the same program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gol.cache import Cache
from gol.jit import build, pipeline, split, target
from gol.launch import toolchain_id
from tests.harness import MODES, PROGRAMS, expectation, run

MODULE = """\
@"main.x" = global { i64, [2 x ptr] } zeroinitializer, align 8
@"main.y" = external global i64
@"gostr:main.0" = private unnamed_addr constant [2 x i8] c"hi", align 1
@"f·f" = linkonce_odr constant { ptr } { ptr @"main.f" }, align 8
@"unused" = linkonce_odr constant { ptr } { ptr @"main.f" }, align 8
declare void @"runtime.g"(ptr)
define void @"main.f"(ptr %p) #0 !dbg !3 {
  call void @"main.small"()
  call void @"runtime.g"(ptr @"main.x")
  ret void
}
define void @"main.small"() #1 !dbg !4 {
  call void @"runtime.g"(ptr @"gostr:main.0")
  ret void
}
define i64 @"main.main"() #0 !dbg !5 {
  call void @"main.f"(ptr @"f·f")
  call void @"main.small"()
  %v = load i64, ptr @"main.y"
  ret i64 %v
}
attributes #0 = { nounwind }
attributes #1 = { nounwind alwaysinline }
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!6}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, emissionKind: NoDebug)
!1 = !DIFile(filename: "a.gol", directory: "")
!2 = !DISubroutineType(types: !{null})
!3 = distinct !DISubprogram(name: "f", file: !1, type: !2, spFlags: DISPFlagDefinition, unit: !0)
!4 = distinct !DISubprogram(name: "s", file: !1, type: !2, spFlags: DISPFlagDefinition, unit: !0)
!5 = distinct !DISubprogram(name: "m", file: !1, type: !2, spFlags: DISPFlagDefinition, unit: !0)
!6 = !{i32 2, !"Debug Info Version", i32 3}
"""


def test_what_each_part_has() -> None:
    first, second = split.split(MODULE, 250)
    for part in (first, second):
        pipeline.parse(target.module_header() + part)
    assert 'define void @"main.f"' in first
    assert 'declare void @"main.f"(ptr %p) #0\n' in second  # no !dbg on a declaration
    assert 'define i64 @"main.main"' in second
    assert "main.main" not in first
    # one that is inlined is copied, with what it refers to
    copies = [re.findall('define.*"main.small"', part) for part in (first, second)]
    assert copies == [
        ['define void @"main.small"'], ['define available_externally void @"main.small"'],
    ]  # fmt: skip
    assert first.count("gostr:main.0") == second.count("gostr:main.0") == 2
    # variables are the first part's, of the same type for all
    assert '@"main.x" = global { i64, [2 x ptr] } zeroinitializer' in first
    assert "main.x" not in second
    assert '@"main.y"' in second and '@"f·f"' in second
    assert "unused" not in first + second
    assert '"m"' not in first and '"m"' in second  # debug information goes with its function


def test_a_variable_elsewhere_keeps_its_type() -> None:
    text = MODULE.replace('load i64, ptr @"main.y"', 'load i64, ptr @"main.x"')
    assert '@"main.x" = external global { i64, [2 x ptr] }\n' in split.split(text, 250)[1]


def test_a_small_module_is_left_alone() -> None:
    assert split.split(MODULE, 10_000) == [MODULE]


def test_functions_larger_than_a_part_leave_no_empty_ones() -> None:
    assert len(split.split(MODULE, 1)) == 3


@pytest.mark.parametrize(
    "name",
    ["lang/closures", "lang/defer_recover", "lang/interfaces", "lang/pkgvars", "std/fmt_verbs"],
)
def test_programs_in_many_parts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = PROGRAMS / f"{name}.gol"
    e = expectation(path)
    monkeypatch.setattr(split, "PART", 5_000)
    result = build.build([(str(path), path.read_bytes())], Cache(), toolchain_id())
    assert result.image is not None, result.diags.sorted()
    exe = tmp_path / "program"
    exe.write_bytes(result.image)
    exe.chmod(0o755)
    for mode in MODES:
        if mode not in e.skip:
            r = run(exe, MODES[mode], args=e.args, stdin=e.stdin)
            assert (r.returncode, r.stdout.splitlines()) == (e.exit, e.stdout), (mode, r.stderr)
