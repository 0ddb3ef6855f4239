"""The modes that make a forgotten pointer fail do what they say: here a program forgets one,
by hiding it in a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import MODES, build, run

STALE = """\
package main

import "unsafe"

//go:noinline
func address(p *int) uintptr { return uintptr(unsafe.Pointer(p)) }

//go:noinline
func deep(n int) int {
	var pad [20]int
	pad[n%20] = n
	if n > 0 {
		return deep(n-1) + pad[n%20]
	}
	return 0
}

//go:noinline
func below(p uintptr) { *(*uintptr)(unsafe.Pointer(p &^ 2047)) = 1 }

func main() {
	x := 0x1234
	old := address(&x)
	deep(0)
	if address(&x) != old {
		println("moved at a check")
	}
	BEFORE
	deep(20)
	if address(&x) != old {
		println("moved")
	}
	v := *(*uintptr)(unsafe.Pointer(old))
	switch v {
	case 0x1234:
		println("as it was")
	case 0xfcfcfcfcfcfcfcfc:
		println("poisoned")
	}
}
"""


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("modes") / "stale.gol"
    path.write_text(STALE.replace("BEFORE", ""), encoding="utf-8")
    return build(path)


FAULT = "fatal error: unexpected signal during runtime execution"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("", ["moved", "as it was"]),
        ("stackforcemove=1", ["moved at a check", "moved"]),
        ("stackpoison=1", ["moved", "poisoned"]),
        ("stackfromsystem=1", ["moved", FAULT]),
        ("stackfaultonfree=1", ["moved", FAULT]),
    ],
)
def test_each_mode_does_what_it_says(stale: Path, mode: str, said: list[str]) -> None:
    r = run(stale, f"{mode},nopreempt=1".lstrip(","))
    lines = r.stderr.split("\n")
    assert lines[: len(said)] == said, r.stderr
    assert r.returncode == (2 if FAULT in said else 0)


def test_poison_shows_who_wrote_below_the_guard(tmp_path: Path) -> None:
    path = tmp_path / "below.gol"
    path.write_text(STALE.replace("BEFORE", "below(old)"), encoding="utf-8")
    assert run(build(path)).returncode == 0
    r = run(build(path), "stackpoison=1")
    assert r.returncode == 2
    assert "fatal error: stack was used below its guard\n" in r.stderr


@pytest.mark.parametrize(
    "switch", ["stackforcemove", "stackfromsystem", "stackfaultonfree", "stackpoison", "checkmaps"]
)
def test_every_switch_is_in_some_mode(switch: str) -> None:
    assert any(f"{switch}=1" in mode.split(",") for mode in MODES.values())
