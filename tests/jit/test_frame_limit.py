"""A frame of more than a gigabyte is refused, as by Go, however small its variables are."""

from __future__ import annotations

from gol.program import check_program


def program(arrays: int) -> bytes:
    lines = ["package main", "", "func f(n int) byte {", "\ts := byte(0)"]
    for i in range(arrays):
        lines += [f"\tvar a{i} [120 << 10]byte", f"\ta{i}[n] = 1", f"\ts += a{i}[n*3]"]
    return "\n".join([*lines, "\treturn s", "}", "", "func main() { println(f(7)) }"]).encode()


def test_the_variables_of_a_function_are_added_up() -> None:
    got = check_program([("main.gol", program(9000))])
    assert got == ["main.gol:3:6: stack frame too large (>1GB): 1054 MB locals + 0 MB args"]
