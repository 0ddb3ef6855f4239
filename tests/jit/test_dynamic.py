"""Executables with foreign functions: what the dynamic linker is given."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from gol.cache import Cache
from gol.jit import elf
from gol.jit.dynamic import DT_NEEDED, dynamic
from gol.jit.link import Import
from gol.launch import toolchain_id
from gol.program import compile_program
from tests.harness import MODES, PATIENCE
from tests.jit.hosting import output

FOREIGN = b"""package main

//gol:extern libm cos
func cos(x float64) float64

//gol:extern libc getppid
func getppid() int32

func main() {
	if cos(0) != 1 || getppid() <= 0 {
		panic("wrong")
	}
}
"""
PLAIN = b"package main\n\nfunc main() {}\n"


def image_of(source: bytes) -> bytes:
    image = compile_program([("prog.gol", source)], Cache(), toolchain_id())
    assert image is not None
    return image


def headers(image: bytes) -> list[tuple[int, ...]]:
    at, n = struct.unpack_from("<Q", image, 32)[0], struct.unpack_from("<H", image, 56)[0]
    return [struct.unpack_from("<IIQQQQQQ", image, at + 56 * i) for i in range(n)]


def test_a_program_without_foreign_functions_is_static() -> None:
    kinds = {h[0] for h in headers(image_of(PLAIN))}
    assert kinds == {elf.PT_LOAD, elf.PT_GNU_STACK}


def test_headers_of_a_dynamic_image() -> None:
    image = image_of(FOREIGN)
    found = {h[0]: h for h in headers(image)}
    interp = found[elf.PT_INTERP]
    assert image[interp[2] : interp[2] + interp[5]] == b"/lib64/ld-linux-x86-64.so.2\0"
    loads = [h for h in headers(image) if h[0] == elf.PT_LOAD]
    for kind in (elf.PT_PHDR, elf.PT_INTERP, elf.PT_DYNAMIC):
        _, _, offset, address, _, size, _, _ = found[kind]
        inside = [h for h in loads if h[3] <= address and address + size <= h[3] + h[5]]
        assert len(inside) == 1, "lies in one loaded segment"
        assert address - inside[0][3] == offset - inside[0][2], "at the same place in the file"


def test_each_library_is_needed_once_and_libc_last() -> None:
    imports = [
        Import(0x500000, "libc.so.6", "exit"),
        Import(0x500008, "libm.so.6", "cos"),
        Import(0x500010, "libm.so.6", "sin"),
    ]
    d = dynamic(imports, 0x600000)
    data = bytes(d.segment.data)
    at, size = d.section[0] - 0x600000, d.section[1]
    entries = list(struct.iter_unpack("<qQ", data[at : at + size]))
    tags = dict(entries)
    strings = tags[5] - 0x600000
    needed = []
    for tag, value in entries:
        if tag == DT_NEEDED:
            start = strings + value
            needed.append(data[start : data.index(b"\0", start)])
    assert needed == [b"libm.so.6", b"libc.so.6"]
    relocs = list(struct.iter_unpack("<QQq", data[tags[7] - 0x600000 :][: tags[8]]))
    assert [r[0] for r in relocs] == [i.address for i in imports]


def test_the_dynamic_linker_starts_it(tmp_path: Path) -> None:
    exe = tmp_path / "prog"
    exe.write_bytes(image_of(FOREIGN))
    exe.chmod(0o755)
    assert subprocess.run([str(exe)], timeout=PATIENCE).returncode == 0


@pytest.mark.parametrize(("old", "new", "said"), [
    (b"getppid\0", b"getqqid\0", "undefined symbol: getqqid"),
    (b"libm.so.6\0", b"libq.so.6\0", "libq.so.6: cannot open shared object file"),
])  # fmt: skip
def test_what_is_missing_where_it_runs_is_named(
    tmp_path: Path, old: bytes, new: bytes, said: str
) -> None:
    """The compiler refuses it; a program taken to another machine says it before main."""
    image = image_of(FOREIGN)
    start = next(h for h in headers(image) if h[0] == elf.PT_INTERP)[2]
    exe = tmp_path / "prog"
    exe.write_bytes(image[:start] + image[start:].replace(old, new, 1))
    exe.chmod(0o755)
    r = subprocess.run([str(exe)], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 127
    assert said in r.stderr


HOSTED = """
package main

import (
	"fmt"
	"unsafe"
)

//gol:extern libm cos
func cos(x float64) float64

//gol:extern libc qsort onstack
func qsort(base unsafe.Pointer, n, size uintptr, cmp func(a, b *int) int32)

func main() {}

func down(n int) int {
	var pad [16]int
	pad[n%16] = n
	if n == 0 {
		return 0
	}
	return down(n-1) + pad[n%16] - n
}

func sort(p unsafe.Pointer) {
	qsort(p, 5, 8, func(x, y *int) int32 {
		return int32(*x - *y + down(1000))
	})
	fmt.Println(cos(0), *(*[5]int)(p))
}

func fail(p unsafe.Pointer) {
	qsort(p, 5, 8, func(x, y *int) int32 {
		down(1000)
		panic("in a callback")
	})
}
"""


@pytest.mark.parametrize("mode", MODES)
def test_whoever_places_an_image_fills_its_imports(mode: str) -> None:
    """In a hosting process the same functions are found by the process's own linker."""
    program = """
        for i in range(2):
            print(call("sort", 3, 1, 2, 5, 4)[1])
            outcome, _ = call("fail", 3, 1, 2, 5, 4)
            print(outcome.kind, outcome.text.split(chr(10))[0])
    """
    once = "1 [1 2 3 4 5]\n[1, 2, 3, 4, 5]\npanic panic: in a callback\n"
    assert output(HOSTED, program, mode) == once + once
