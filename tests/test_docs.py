"""What the README and the manual show is what happens.

In a ``console`` block a line that begins with ``$ `` is a command (lines that begin with
``> `` right after it go on with it) and what follows, up to the next command, is all that
it prints, standard output and error together. ``…`` stands for anything within a line, and
for any number of lines where it is a line of its own; an address stands for any other.
A block of another language whose first line is a comment that is just a file's name
(``// prog.gol``, ``# use.py``) is that file, the comment included.

A document is one session: its files are written and its commands given to one bash, in
order, in a folder of the document's own in which only ``examples`` lies. A block that
cannot be repeated has ``<!-- not tested: WHY -->`` on the line above it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXCUSE = "<!-- not tested: "
TIMEOUT = 900  # seconds for a whole document; the first one may have to compile the runtime


@dataclass
class File:
    line: int
    name: str
    text: str


@dataclass
class Command:
    line: int
    text: str
    output: list[str]


def steps(text: str) -> list[File | Command]:
    """The files and commands of a document, in order."""
    out: list[File | Command] = []
    fence, language, start = "", "", 0
    block: list[str] = []
    above = ""
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if line.strip() == fence:
                if language == "console":
                    out += commands(start, block)
                elif name := re.fullmatch(r"(?://|#) ([\w./-]+\.\w+)", block[0] if block else ""):
                    out.append(File(start, name[1], "\n".join(block) + "\n"))
                fence = ""
            else:
                block.append(line)
        elif m := re.match(r"(```+)(\w*)", line):
            fence, language, start, block = m[1], m[2], number + 1, []
            if above.startswith(EXCUSE):
                language = "not tested"
        above = line
    return out


def commands(start: int, block: list[str]) -> list[Command]:
    out: list[Command] = []
    for number, line in enumerate(block, start):
        if line.startswith("$ "):
            out.append(Command(number, line[2:], []))
        elif out and line.startswith("> ") and not out[-1].output:
            out[-1].text += "\n" + line[2:]
        else:
            assert out, f"line {number}: a console block begins with a command"
            out[-1].output.append(line.rstrip())
    return out


def matches(want: list[str], got: str) -> bool:
    pattern = ""
    for line in want:
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            line = re.sub(r"0x[0-9a-f]{5,}", "0x…", line)
            pattern += ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return re.fullmatch(pattern, got) is not None


def play(script: list[File | Command], folder: Path) -> list[tuple[Command, str]]:
    """Do all of it in ``folder``; what each command printed."""
    env = dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for name in [n for n in env if n.startswith("GOL") and n != "GOLCACHE"]:
        del env[name]
    (folder / "examples").symlink_to(ROOT / "examples")
    mark = "--- end of a command ---"
    text = ""
    for step in script:
        if isinstance(step, Command):  # $? is the command's for the next one
            text += f"{step.text}\nstatus=$?; echo; echo '{mark}'; (exit $status)\n"
        else:
            path = folder / step.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
    shell = subprocess.run(
        ["bash", "-c", text], cwd=folder, env=env, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    *outputs, rest = shell.stdout.split(f"\n{mark}\n")
    assert rest == "", f"printed behind the last command, or by one that ended the shell: {rest}"
    return list(zip([s for s in script if isinstance(s, Command)], outputs, strict=True))


def normal(output: str) -> str:
    lines = [x.rstrip() for x in output.split("\n")]
    if lines[-1] == "":
        lines.pop()
    return "".join(f"{x}\n" for x in lines)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_document_shows_what_happens(document: Path, tmp_path: Path) -> None:
    script = steps(document.read_text(encoding="utf-8"))
    wrong = []
    for command, output in play(script, tmp_path):
        if not matches(command.output, got := normal(output)):
            shown = "".join(f"{x}\n" for x in command.output)
            wrong.append(
                f"{document.name}:{command.line}: $ {command.text}\n"
                f"--- shown\n{shown}--- printed\n{got}"
            )
    assert not wrong, "\n".join(wrong)


SAMPLE = """\
```go
// one/hello.gol
package main
```
```console
$ cat one/hello.gol; false
// one/hello.gol
package main
$ echo $?; cat <<'END'
> two
> END
1
two
```
<!-- not tested: nobody waits that long -->
```console
$ sleep 1000000
```
"""


def test_a_sample_document(tmp_path: Path) -> None:
    script = steps(SAMPLE)
    assert [s.line for s in script] == [2, 6, 9]
    assert [normal(x) for _, x in play(script, tmp_path)] == [
        "// one/hello.gol\npackage main\n", "1\ntwo\n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("want", "got", "same"),
    [
        (["a", "b"], "a\nb\n", True),
        (["a", "b"], "a\nc\n", False),
        (["a"], "a\nb\n", False),
        (["a", "b"], "a\n", False),
        (["a…c"], "abbc\n", True),
        (["a…c"], "a\nc\n", False),
        (["a", "…", "z"], "a\nb\nc\nz\n", True),
        (["a", "…", "z"], "a\nz\n", True),
        (["…", "z"], "a\ny\n", False),
        (["at 0x7fa0957c2000 +0x10"], "at 0x123456 +0x10\n", True),
        (["at 0x7fa0957c2000 +0x10"], "at 0x123456 +0x11\n", False),
        ([], "", True),
        ([], "a\n", False),
    ],
)
def test_ellipses(want: list[str], got: str, same: bool) -> None:
    assert matches(want, got) == same
