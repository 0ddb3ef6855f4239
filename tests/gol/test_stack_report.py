"""gol run --stack-report: the program is itself, and the report is right and in its place."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gol.launch import UsageError
from gol.report import command, history, page, summary, tables
from gol.report.events import FIELDS, Decoder, Function, check_layout
from gol.report.history import Change, History, Line
from gol.report.summary import Counts, Goroutine, Summary
from tests.harness import PATIENCE, ROOT
from tests.runtime.test_stack_events import summed

PROGRAM = """\
package main

import (
	"fmt"
	"os"
	"runtime"
)

func dig(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + dig(n-1)*2%3
}

func main() {
	var text string
	fmt.Scan(&text)
	fmt.Println(os.Args[1:], text)
	done := make(chan int)
	for i := 1; i <= 3; i++ {
		go func(n int) { done <- dig(n) }(i * 1000)
	}
	for i := 0; i < 3; i++ {
		<-done
	}
	runtime.GC()
	fmt.Fprintln(os.Stderr, "last words")
	END
}
"""
DIG = PROGRAM.split("\n").index("func dig(n int) int {") + 1
CALL = PROGRAM.split("\n").index("\treturn 1 + dig(n-1)*2%3") + 1


def prog(folder: Path, end: str = "os.Exit(7)") -> Path:
    path = folder / "prog.gol"
    path.write_text(PROGRAM.replace("END", end))
    return path


def gol(
    *args: str, stdin: str = "", cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gol", *args], input=stdin, cwd=cwd, timeout=300, text=True,
        capture_output=True, env={**os.environ, **(env or {})},
    )  # fmt: skip


def test_the_report_follows_the_program(tmp_path: Path) -> None:
    prog(tmp_path)
    r = gol("run", "--stack-report", "prog.gol", "-x", "two", stdin="typed\n", cwd=tmp_path)
    assert (r.returncode, r.stdout) == (7, "[-x two] typed\n")
    first, report = r.stderr.split("\n", 1)
    assert first == "last words"
    assert report.startswith("stack report of prog\n")
    assert re.search(
        r"^ \d+ growths \(0 in place\), \d+ shrinks?; [\d,]+ bytes copied", report, re.M
    )
    assert re.search(rf"^ main\.dig +32 KiB .* prog\.gol:{DIG}$", report, re.M)
    assert re.search(r"^ +4  func in main\.main +32 KiB .*  main\.dig$", report, re.M)
    assert re.search(r"^ 4 goroutines, 1 collection in [\d.]+ ", report, re.M)


def test_sums_are_those_of_stacktrace(tmp_path: Path) -> None:
    path = prog(tmp_path)
    debug = {"GOLDEBUG": "stacktrace=1,stackforcemove=1"}
    r = gol("run", "--stack-report", str(path), env=debug)
    want = summed(r.stderr)
    got = re.search(
        r"^ ([\d,]+) growths \(([\d,]+) in place\), ([\d,]+) forced moves?, ([\d,]+) shrinks?; "
        r"([\d,]+) bytes copied, ([\d,]+) words",
        r.stderr.replace("\nadjusted", " adjusted"),
        re.M,
    )
    assert got is not None, r.stderr
    growths, inplace, moves, shrinks, copied, adjusted = (
        int(x.replace(",", "")) for x in got.groups()
    )
    assert want == Counts(growths, inplace, shrinks, moves, 0, copied, adjusted, want.high)


@pytest.mark.parametrize(
    ("end", "code", "last"),
    [
        ('panic("no")', 2, "panic: no"),
        ("<-done", 2, "fatal error: all goroutines are asleep - deadlock!"),
        ("return", 0, "last words"),
    ],
)
def test_however_it_ends(end: str, code: int, last: str, tmp_path: Path) -> None:
    r = gol("run", "--stack-report", str(prog(tmp_path, end)))
    assert r.returncode == code
    assert 0 <= r.stderr.find(last) < r.stderr.find("stack report of prog\n")
    assert "SIGKILL" not in r.stderr


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_reach_the_program_and_its_end_is_ours(sig: signal.Signals, tmp_path: Path) -> None:
    """SIGKILL hits the program itself, which cannot say its last words then."""
    path = prog(tmp_path, "fmt.Println(os.Getpid())\n\tfor {\n\t}")
    p = subprocess.Popen(
        [sys.executable, "-m", "gol", "run", "--stack-report", str(path)], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert p.stdout is not None
    assert p.stdout.readline() == "[] \n"
    program = int(p.stdout.readline())
    os.kill(program if sig == signal.SIGKILL else p.pid, sig)
    _, stderr = p.communicate(timeout=PATIENCE)
    assert p.returncode == -sig
    assert "stack report of prog\n" in stderr
    assert ("as after SIGKILL" in stderr) == (sig == signal.SIGKILL)
    with pytest.raises(ProcessLookupError):
        os.kill(program, 0)


def test_a_terminal_interrupts_both(tmp_path: Path) -> None:
    import pty

    path = prog(tmp_path, 'fmt.Println("ready")\n\tfor {\n\t}')
    master, terminal = pty.openpty()
    p = subprocess.Popen(
        [sys.executable, "-m", "gol", "run", "--stack-report", str(path)],
        preexec_fn=lambda: os.login_tty(terminal),
    )
    os.close(terminal)
    os.write(master, b"typed\n")
    seen = b""
    with suppress(OSError):  # the last one that had the terminal is gone
        while data := os.read(master, 1000):
            seen += data
            if seen.endswith(b"ready\r\n"):
                os.write(master, b"\x03")
    os.close(master)
    assert p.wait(PATIENCE) == -signal.SIGINT
    assert seen.count(b"stack report of prog") == 1 and b"main.dig" in seen


def test_flags(tmp_path: Path) -> None:
    path = str(prog(tmp_path))
    for flags, message in {
        ("--stack-report=x.txt",): "--stack-report=x.txt: the page's name must end in .html",
        ("--stack-report=",): "--stack-report=: the page's name must end in .html",
        ("--stack-reports",): "flag provided but not defined: --stack-reports",
        ("--stack-report", "-S"): "-S prints instead of running: no --stack-report with it",
    }.items():
        r = gol("run", *flags, path)
        assert (r.returncode, r.stdout, r.stderr) == (1, "", f"gol: {message}\n")
    r = gol("build", "--stack-report", path)
    assert (r.returncode, r.stderr) == (1, "gol: flag provided but not defined: --stack-report\n")
    broken = tmp_path / "broken.gol"
    broken.write_text("package main\n\nfunc main() { x }\n")
    r = gol("run", f"--stack-report={tmp_path}/broken.html", str(broken))
    assert r.returncode == 1 and "undefined: x" in r.stderr and "report" not in r.stderr
    assert not (tmp_path / "broken.html").exists()


def test_a_warm_run_imports_nothing_of_it(tmp_path: Path) -> None:
    path = str(prog(tmp_path, "return"))
    gol("run", path)
    r = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gol", "run", path], input="", text=True,
        capture_output=True,
    )  # fmt: skip
    assert r.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in r.stderr.split("\n")}
    assert "gol.launch" in imported
    assert not {m for m in imported if m.startswith(("gol.report", "rich", "plotly", "json"))}


# ---------------------------------------------------------------- the page
def traces(text: str) -> list[dict[str, Any]]:
    """The traces of all charts of a page."""
    out = []
    for m in re.finditer(r'Plotly\.newPlot\(\s*"[-\w]+",\s*', text):
        out += json.JSONDecoder().raw_decode(text, m.end())[0]
    return out


def test_page(tmp_path: Path) -> None:
    prog(tmp_path)
    r = gol("run", "--stack-report=out.html", "prog.gol", "a", cwd=tmp_path)
    assert (r.returncode, r.stdout) == (7, "[a] \n")
    assert r.stderr == "last words\ngol: stack report written to out.html\n"
    text = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]*\b(src|href)=", text)  # nothing from elsewhere
    drawn = {t["name"]: t for t in traces(text) if "name" in t}
    size = drawn["4 func in main.main"]
    assert size["y"][0] == 2048 and max(size["y"]) == 32 << 10
    assert size["x"] == sorted(size["x"])
    grown = next(x for x in size["text"] if "grows: 2 KiB → 4 KiB" in x)
    assert f"for main.dig (prog.gol:{DIG})<br>called from main.dig (prog.gol:{CALL})" in grown
    assert re.search(r"[\d,]+ bytes copied, [\d,]+ words adjusted", grown)
    assert "starts with func in main.main" in size["text"][0]
    assert size["text"][-1].endswith("ends")
    use = drawn["4 func in main.main: in use"]
    assert all(0 < u < 32 << 10 for u in use["y"])
    assert [x for x in drawn["collections"]["text"] if x][0].startswith("<b>collection 1</b>")
    assert max(drawn["goroutines"]["y"]) == 4
    assert max(drawn["all stacks"]["y"]) >= 32 << 10
    bars = next(t for t in traces(text) if t["type"] == "bar")
    assert "main.dig " in bars["y"] and all(n > 0 for n in bars["x"])
    assert re.search(r"<td>main\.dig</td><td class=\"n\">32 KiB</td>", text)


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    path = str(prog(tmp_path))
    nowhere = f"{tmp_path}/no/out.html"
    r = gol("run", f"--stack-report={nowhere}", path)
    assert (r.returncode, r.stdout) == (1, "")  # the program has not run
    assert r.stderr == f"gol: open {nowhere}: no such file or directory\n"
    (tmp_path / "full.html").symlink_to("/dev/full")
    for end, code in (("return", 1), ("os.Exit(7)", 7)):
        r = gol("run", f"--stack-report={tmp_path}/full.html", str(prog(tmp_path, end)))
        assert (r.returncode, r.stdout) == (code, "[] \n")
        want = f"last words\ngol: write {tmp_path}/full.html: no space left on device\n"
        assert r.stderr == want


def test_closed_streams_stay_closed(tmp_path: Path) -> None:
    path = prog(tmp_path, "fmt.Println(os.Stderr.WriteString(text))")
    path.write_text(path.read_text().replace('fmt.Fprintln(os.Stderr, "last words")', ""))
    gol = f"{sys.executable} -m gol run"
    for flags in ("", f"--stack-report={tmp_path}/out.html", "--stack-report"):
        r = subprocess.run(
            f"{gol} {flags} {path} <&- 2>&-; echo $?", shell=True, text=True, stdout=subprocess.PIPE
        )
        assert r.stdout.split("\n")[-2] == "0", flags
    assert "32 KiB" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_without_plotly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    sources = [("prog.gol", b"package main\n")]
    with pytest.raises(UsageError) as e:
        command.run([f"--stack-report={tmp_path}/out.html"], sources, ["prog"])
    assert str(e.value).endswith("out.html needs plotly: pip install 'gol-lang[report]'")
    assert not (tmp_path / "out.html").exists()


# ---------------------------------------------------------------- counting in bounded memory
def layout() -> dict[str, int]:
    """What jit/layout.py would say, with kinds of our own choice."""
    kinds = (
        "eventFunc eventText eventStart eventEnd eventGrow eventGrowInPlace eventShrink "
        "eventShrinkInPlace eventForced eventLink eventUnlink eventUse eventGC eventTotals"
    ).split()
    out = {k: i + 50 for i, k in enumerate(kinds)}
    for name, fields in FIELDS.items():
        out |= {f"{name}_{f}": 8 * i for i, f in enumerate(fields.split())}
        out[f"{name}__size"] = 8 * len(fields.split())
    return out | {"eventtext__size": 88, "eventtext_kind": 0, "eventtext_text": 8}


def words(kind: str, *values: int) -> bytes:
    filled = [layout()[kind], *values]
    filled += [0] * (11 - len(filled))
    return b"".join(v.to_bytes(8, "little") for v in filled)


def test_the_layout_is_compared() -> None:
    check_layout(layout())
    with pytest.raises(ValueError, match="eventmove is declared as"):
        check_layout(layout() | {"eventmove_size": 24, "eventmove_old": 32})
    with pytest.raises(ValueError, match="eventend is declared as"):
        check_layout(layout() | {"eventend_more": 24})


def test_garbage_is_refused() -> None:
    with pytest.raises(ValueError, match="no record of kind 99"):
        Decoder(layout(), {}).feed((99).to_bytes(88, "little"))


def test_long_names_come_in_pieces() -> None:
    d = Decoder(layout(), {})
    name, file = "main." + "f" * 100, "/ä/" + "d" * 200 + ".gol"
    text = (name + file).encode()
    data = words("eventFunc", 5, 12, len(name.encode()), len(file.encode()))
    for i in range(0, len(text), 80):
        data += layout()["eventText"].to_bytes(8, "little") + text[i : i + 80].ljust(80, b"\0")
    for i in range(0, len(data), 33):
        d.feed(data[i : i + 33])
    assert d.functions == {5: Function(name, file, 12)}


def many(n: int, h: History | None = None) -> Summary:
    """n goroutines that grow once, each, all alive at a time; number 77 grows further, late."""
    s = Summary(layout(), h)
    for i in range(1, n + 1):
        s.feed(words("eventStart", i, i, 0, 2048))
        s.feed(words("eventGrow", i, i, 2048, 4096, 1500, 1400, 3))
    s.feed(words("eventGrow", n + 1, 77, 4096, 1 << 20, 600000, 3000, 9))
    for i in range(1, n + 1):
        s.feed(words("eventEnd", n + 1 + i, i))
    return s


def test_sums_stay_exact_where_much_is_forgotten() -> None:
    n = 5 * summary.KEPT
    s = many(n)
    assert (s.goroutines, s.all.growths, s.all.copied) == (n, n + 1, 1400 * n + 3000)
    assert len(s.largest(n)) == summary.KEPT
    assert [g.goid for g in s.largest(3)] == [77, 1, 2]
    listing = tables.goroutines(s, 10)
    assert listing.rows[0][:3] == ["77", "?", "1 MiB"] and listing.more == n - 10
    assert s.totals is None


def test_history_is_bounded_and_says_so() -> None:
    n = 5 * history.TRACKED
    h = History()
    s = many(n, h)
    assert len(h.tracks) <= history.TRACKED
    assert len(h.totals.points) <= history.POINTS
    assert max(p.size for p in h.totals.points) == 4096 * (n - 1) + (1 << 20)
    drawn = h.drawn(page.DRAWN)
    assert [t.goroutine.goid for t in drawn][:4] == [1, 2, 3, 4] and len(drawn) == page.DRAWN
    assert 77 in [t.goroutine.goid for t in drawn]
    text = page.render(s, h, "<prog>")
    assert "Of 5,000 goroutines 20 are drawn: those with the largest stacks" in text
    assert "Lines are thinned by" in text
    assert "&lt;prog&gt;" in text and "<prog>" not in text


def test_each_starting_function_is_drawn() -> None:
    h = History()
    s = Summary(layout(), h)
    file = layout()["eventText"].to_bytes(8, "little") + b"main.kindx.gol".ljust(80, b"\0")
    for fn in (8, 10, 12):
        s.feed(words("eventFunc", fn, fn, 9, 5) + file)
    for i in range(1, 3 * history.TRACKED):
        late = i > 2 * history.TRACKED
        s.feed(words("eventStart", i, i, 0, 4096, 12 if i == 5 else 10 if late else 8))
        if not late and i != 5:
            s.feed(words("eventGrow", i, i, 4096, 8192, 4000, 1400, 3))
    drawn = h.drawn(page.DRAWN)
    assert {t.goroutine.fn.line for t in drawn} == {8, 10, 12}
    assert len(drawn) == page.DRAWN and len(h.tracks) <= history.TRACKED


@pytest.mark.parametrize("grown", [False, True])
def test_a_goroutine_that_was_forgotten_comes_back(grown: bool) -> None:
    """All that is missing of it then is said; one that had not changed yet is drawn whole."""
    h = History()
    s = Summary(layout(), h)
    n = 2 * history.TRACKED
    for i in range(1, n):
        s.feed(words("eventStart", i, i, 0, 2048))
        if grown:
            s.feed(words("eventGrow", i, i, 2048, 4096, 1500, 1400, 3))
    gone = next(i for i in range(1, n) if i not in h.tracks)
    s.feed(words("eventGrow", n, gone, 4096 if grown else 2048, 1 << 20, 600000, 1400, 3))
    track = h.drawn(1)[0]
    assert (track.goroutine.goid, track.late) == (gone, grown)
    sizes = [(c.time, c.size) for c in track.sizes.points]
    assert sizes == [(n, 1 << 20)] if grown else [(gone, 2048), (n, 1 << 20)]
    said = f"The beginning of 1 goroutine was not kept, for there were too many others: {gone}."
    assert (said in page.render(s, h, "p")) == grown


@pytest.mark.parametrize("step", [0, 1, 1000])
def test_thinning_keeps_peaks_and_the_end(step: int) -> None:
    line: Line[Change] = Line(64)
    n = 10_000
    for i in range(n):
        line.add(Change(i * step, 1 << 30 if i == 777 else i % 7))
        assert len(line.points) <= 64
    assert line.points[-1].time == (n - 1) * step
    assert line.lost == n - len(line.points)
    assert [p.time for p in line.points] == sorted(p.time for p in line.points)
    if step:
        assert max(p.size for p in line.points) == 1 << 30


def test_sizes_and_times_as_text() -> None:
    assert [tables.bytes_text(n) for n in (0, 100, 2048, 1 << 20, 3 << 19, 999_997_440)] == [
        "0 B", "100 B", "2 KiB", "1 MiB", "1.5 MiB", "953.7 MiB",
    ]  # fmt: skip
    assert [tables.time_text(n) for n in (5, 1500, 2_345_678, 10**10)] == [
        "5 ns", "1.5 µs", "2.35 ms", "10 s",
    ]  # fmt: skip
    assert Goroutine(high=5, goid=1).key > Goroutine(high=5, goid=2).key


# ---------------------------------------------------------------- the manual
def shape(text: str) -> list[str]:
    """The lines of a report without what differs from machine to machine."""
    text = re.sub(r"[\d,.]*\d", "N", text)
    text = re.sub(r"N (KiB|MiB|B)\b", "SIZE", text)
    text = re.sub(r"N (ms|s|µs)\b", "TIME", text)
    text = re.sub(r"─+", "─", text)
    text = re.sub(r"\b(growth|shrink|collection|goroutine)s\b", r"\1", text)
    return [" ".join(line.split()) for line in text.rstrip().split("\n")]


def test_the_sample_in_the_manual(tmp_path: Path) -> None:
    manual = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n(.*?)^```$", manual, re.M | re.S)
    (tmp_path / "tree.gol").write_text(blocks[0])
    command, _, output = blocks[1].partition("\n")
    r = gol(*command.split()[2:], cwd=tmp_path)
    # Goroutines that hardly use their stacks come in any order.
    assert sorted(shape(r.stdout + r.stderr)) == sorted(shape(output))
