"""The prompt on a real (pseudo-)terminal."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from .terminal import Terminal

STRESS = ("", "stackforcemove=1", "gcstress=1")


@pytest.mark.parametrize("mode", STRESS)
def test_an_evening_at_the_prompt(tmp_path: Path, mode: str) -> None:
    with Terminal(tmp_path, {"GOLDEBUG": mode}) as t:
        assert t.enter("1 + 2") == "3  int"
        assert t.enter("x := []int{3, 1}") == ""
        assert t.enter("x = append(x, 2); sort.Ints(x); x") == 'import "sort"\n[1 2 3]  []int'
        # an entry of several lines: it knows when it is complete, and indents
        assert t.enter("func double(n int) int {\nreturn n * 2\n}") == ""
        assert "...      return n * 2\n...  }" in t.text()
        assert t.enter("double(x[2])") == "6  int"
        assert t.enter("x[7]").startswith(
            "panic: runtime error: index out of range [7] with length 3\n\ngoroutine "
        )
        # a compile error is shown with its place
        assert t.enter("double(y)") == (
            "entry7:1:8: undefined: y\n    double(y)\n           ^"
        )  # fmt: skip
        assert t.enter("func double(n int) int { return n * 20 }") == ""
        assert t.enter("double(x[2])") == "60  int"
        assert t.enter("_ + 1") == "61  int"
        assert t.enter("_;") == ""
        # the prompt begins a line, and what was printed is still there then
        assert t.enter('fmt.Print("a")') == 'import "fmt"\na'
        assert t.enter('fmt.Print(strings.Repeat("-", 120))') == 'import "strings"\n' + "-" * 120
        assert "\na\ngol> " in t.text()
        assert t.enter("") == ""
        assert t.enter("// nothing but a comment\n") == ""
        assert t.leave() == 0


def test_wrong_is_known_before_all_brackets_are_closed(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        assert "syntax error" in t.enter("func f( {")
        assert t.enter("2") == "2  int"
        t.type("x := (1 +\r")
        t.expect("...")
        assert t.enter("2)") == ""
        assert t.enter("x") == "3  int"


def test_completion(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        t.enter("type Point struct { Horizontal, Vertical int }")
        t.enter("func (p Point) Length() int { return p.Horizontal + p.Vertical }")
        t.enter("here := Point{3, 4}")
        t.type("her\t")
        t.expect("gol> here")
        t.type(".Hor\t")
        t.expect("here.Horizontal")
        assert t.enter(" + 1") == "4  int"
        # a menu where there are several
        t.type("here.\t")
        t.expect("Vertical")
        t.expect("Length")
        t.type("L\t")
        t.expect("here.Length")
        assert t.enter("()") == "7  int"
        t.type("strings.ToUp\t")
        t.expect("ToUpperSpecial")
        assert t.enter('("a")').endswith('"A"  string')
        t.type(":gor\t")
        t.expect(":goroutines")
        t.type("\x15")
        t.type("func in(q Point) int { return q.Ver\t")
        t.expect("q.Vertical")
        assert t.enter("}") == ""
        assert t.enter("in(here)") == "4  int"


def test_history_lasts_and_is_searched(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        t.enter("first := 12321")
        t.enter("func many() int {\nreturn first\n}")
        t.enter('second := "two"')
        t.type("\x12123")  # Ctrl-R: backwards
        t.expect("I-search backward: 123")
        t.type("\r\r")
        t.wait(lambda text: text.count("gol> first := 12321") == 2, "the entry again")
        t.wait(lambda text: text.count("gol>") >= 5, "prompt")
        assert t.leave() == 0
    with Terminal(tmp_path) as t:
        t.type("\x12many")
        t.expect("return first")
        t.type("\x07")  # Ctrl-G: never mind
        t.type("\x12second")
        t.expect('second := "two"')
        t.type("\r\r")
        t.wait(lambda text: text.count("gol>") >= 2, "prompt")
        assert t.enter("second") == '"two"  string'
        # what begins like this
        t.type("fir\x1b[A")
        t.expect("gol> first := 12321")


@pytest.mark.parametrize("mode", STRESS)
def test_interrupt(tmp_path: Path, mode: str) -> None:
    with Terminal(tmp_path, {"GOLDEBUG": mode}) as t:
        assert t.enter("x := 5") == ""
        assert t.enter("func spin() { for { } }") == ""
        for i, loop in enumerate(("for { }", "spin()", "for { x++ }")):
            at = t.prompts()
            t.type(f'println("runs", {i}); {loop}\r')
            t.expect_line(f"runs {i}")  # the keys are the program's now, not the prompt's
            t.type("\x03")
            t.wait(lambda _, at=at: t.prompts() > at, f"prompt after {loop}")  # type: ignore[misc]
            assert t.text().count("\ninterrupt") == i + 1
        for forever in ("<-make(chan int, 1)", "select { }"):
            assert "all goroutines are asleep" in t.enter(forever)
        assert t.enter("x > 4") == "true  bool"
        # at the prompt it takes the line away
        t.type("garbage(")
        t.expect("gol> garbage(")
        at = t.prompts()
        t.type("\x03")
        t.wait(lambda _: t.prompts() > at, "prompt")
        assert t.enter("spin != nil") == "true  bool"
        assert t.leave() == 0


@pytest.mark.parametrize("mode", STRESS)
def test_failures_leave_the_session_intact(tmp_path: Path, mode: str) -> None:
    with Terminal(tmp_path, {"GOLDEBUG": mode}) as t:
        t.enter('import "runtime/debug"')
        t.enter("debug.SetMaxStack(1 << 20);")
        t.enter("depth := 0")
        t.enter("func deep() int { depth++; return deep() + 1 }")
        assert "stack overflow" in t.enter("deep()")
        assert t.enter("depth > 1000") == "true  bool"
        assert "all goroutines are asleep" in t.enter("<-make(chan int)")
        assert t.enter('panic("so")').startswith("panic: so")
        assert t.enter("bad := deep()").count("stack overflow") == 1
        assert "undefined: bad" in t.enter("bad")
        assert t.enter('"still here"') == '"still here"  string'


def counted(t: Terminal, least: int) -> int:
    """Look at n until it is more than that."""
    for _ in range(1000):
        if (n := int(t.enter("n").split()[0])) > least:
            return n
        time.sleep(0.1)
    raise AssertionError(f"n is not more than {least}:\n{t.text()}")


@pytest.mark.parametrize("mode", STRESS)
def test_goroutines_run_while_the_prompt_waits(tmp_path: Path, mode: str) -> None:
    with Terminal(tmp_path, {"GOLDEBUG": mode}) as t:
        t.enter("n := 0")
        t.enter("go func() { for { n++; time.Sleep(time.Millisecond) } }()")
        before = counted(t, 10)
        # what they print appears above what is being typed
        t.enter("go func() { time.Sleep(300 * time.Millisecond); fmt.Println(`from afar`) }()")
        t.type("half a li")
        t.expect("\nfrom afar")  # and not where it was typed
        t.wait(lambda text: text.split("\n")[-1] == "gol> half a li", "line below it")
        t.type("\x15")
        counted(t, before)
        # one that dies says so
        t.enter("go func() { time.Sleep(100 * time.Millisecond); panic(`on its own`) }()")
        t.expect("panic: on its own")
        t.wait(lambda text: text.split("\n")[-1].strip() == "gol>", "prompt below it")
        counted(t, before + 10)
        assert "time.Sleep" in t.enter(":goroutines")


def test_a_burst_keeps_its_lines(tmp_path: Path) -> None:
    """More than the pipe takes at once."""
    with Terminal(tmp_path) as t:
        t.enter('lines := strings.Repeat(strings.Repeat("x", 99) + "\\n", 2000) + "end\\n"')
        t.enter("go func() { time.Sleep(300 * time.Millisecond); fmt.Print(lines) }()")
        t.expect("\nend")
        assert [x for x in t.text().split("\n") if x[:1] == "x"] == ["x" * 99] * 2000


@pytest.mark.parametrize("pause", [0, 2, 5, 300])
def test_a_goroutine_may_end_it_all(tmp_path: Path, pause: int) -> None:
    """Also between two prompts."""
    with Terminal(tmp_path) as t:
        t.type(f"go func() {{ time.Sleep({pause} * time.Millisecond); os.Exit(7) }}()\r")
        assert t.ended() == 7


def test_tab_survives_anything(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        t.type("(" * 1500 + "fmt.\t")
        t.expect("fmt.")
        t.type("\x03")
        t.wait(lambda text: text.split("\n")[-1].strip() == "gol>", "empty prompt")
        assert t.enter("1 + 1") == "2  int"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_for_who_wants_none(tmp_path: Path, environment: dict[str, str]) -> None:
    with Terminal(tmp_path, environment) as t:
        assert "undefined: y" in t.enter("1 + y")
        assert t.enter("panic(`so`)").startswith("panic: so")
        assert t.enter("sort.IsSorted(nil) || true;").startswith('import "sort"')
        cells = [c for row in t.screen.buffer.values() for c in row.values() if c.data.strip()]
        assert cells and {c.fg for c in cells} == {"default"}


def test_commands(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        assert ":stackmap" in t.enter(":help")
        t.enter("// Twice doubles.\nfunc Twice(n int) int { return 2 * n }")
        assert t.enter(":type Twice") == "func(n int) int"
        assert t.enter(":doc Twice") == "func Twice(n int) int\n\nTwice doubles."
        assert "compiled in" in t.enter(":time Twice(4)")
        assert t.enter(":time") == "timing is on"
        assert "ran for" in t.enter("Twice(1)")
        assert "define" in t.enter(":ir Twice")
        assert "main.Twice" in t.enter(":asm Twice")
        assert "main.entry" in t.enter(":stackmap")
        assert "goroutine" in t.enter(":stack")
        assert t.enter(":save session.gol") == ""
        assert "no command :nonsense" in t.enter(":nonsense")
        t.enter(":reset")
        assert "undefined: Twice" in t.enter("Twice(2)")
        assert "8  int" in t.enter(":load session.gol")
        assert t.enter("Twice(5)").startswith("10  int")
        t.type(":quit\r")
        assert t.ended() == 0


def test_exit_code_of_the_program(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        t.type("os.Exit(7)\r")
        assert t.ended() == 7


def test_source_is_highlighted(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        t.type('func f() string { return "text" } // why')
        t.expect("// why")
        row = next(y for y, line in enumerate(t.screen.display) if "func f()" in line)
        line = t.screen.display[row]
        colours = {
            part: t.screen.buffer[row][line.index(part)].fg
            for part in ("func", "f()", '"text"', "// why")
        }
        assert len(set(colours.values())) == 4, colours


def test_pasted_lines_are_one_entry(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        t.type("\x1b[200~func sq(x int) int {\n\treturn x * x\n}\nsq(5)\x1b[201~")
        t.expect("sq(5)")
        assert t.enter("") == "25  int"


def test_a_ctrl_c_between_two_entries_leaves_nothing_behind(tmp_path: Path) -> None:
    with Terminal(tmp_path) as t:
        assert t.enter("x := 1") == ""
        for _ in range(100):
            t.type("\r")
            os.kill(t.pid, signal.SIGINT)
            t.read(0.01)
        t.type('"all" + "in"\r')
        t.expect('"allin"  string')
        t.wait(lambda text: text.endswith("\ngol>"), "prompt")
        assert t.enter("x") == "1  int"
        for word in ("Traceback", "Exception", "Error", "Warning"):
            assert word not in t.text()
        assert t.leave() == 0


def test_a_history_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Terminal(tmp_path, {"GOLHISTORY": str(folder / "history")}) as t:
        assert t.enter("1") == "1  int"
        (folder / "history").unlink()
        folder.rmdir()
        assert t.enter("2") == "2  int"
        t.type("\x1b[A\x1b[A")
        t.expect("gol> 1")
        assert t.enter("1") == "11  int"
        assert t.leave() == 0
