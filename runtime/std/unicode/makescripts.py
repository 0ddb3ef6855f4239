"""Write scripts.gol of package unicode: to which script each rune belongs.

    python makescripts.py > scripts.gol     (needs a go command)

Python's database knows no scripts; the ranges are those that Go's package unicode has. The
table holds, for each run of runes of one script, the distance from the run before, the
length, and the script's number, encoded as in maketables.py.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from maketables import literal  # type: ignore[import-not-found]

PROGRAM = """package main

import (
	"fmt"
	"unicode"
)

func main() {
	for name, t := range unicode.Scripts {
		for _, r := range t.R16 {
			for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
				fmt.Println(c, name)
			}
		}
		for _, r := range t.R32 {
			for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
				fmt.Println(c, name)
			}
		}
	}
}
"""


def scripts() -> dict[int, str]:
    with tempfile.TemporaryDirectory() as tmp:
        path = Path(tmp) / "main.go"
        path.write_text(PROGRAM)
        run = subprocess.run(["go", "run", str(path)], capture_output=True, text=True, check=True)
    out: dict[int, str] = {}
    for line in run.stdout.splitlines():
        rune, name = line.split()
        out[int(rune)] = name
    return out


def main() -> None:
    script = scripts()
    names = sorted(set(script.values()))
    numbers: list[int] = []
    end = 0
    runes = sorted(script)
    i = 0
    while i < len(runes):
        j = i
        while (
            j + 1 < len(runes)
            and runes[j + 1] == runes[j] + 1
            and script[runes[j + 1]] == script[runes[i]]
        ):
            j += 1
        length = runes[j] - runes[i] + 1
        numbers += [runes[i] - end, length, names.index(script[runes[i]]) + 1]
        end = runes[j] + 1
        i = j + 1
    print("package unicode\n\n// Made by makescripts.py.\n")
    print(literal("scriptRuns", numbers))
    print("var (")
    for n, name in enumerate(names):
        print(f"\t{name} = &RangeTable{{script: {n + 1}}}")
    print(")")


if __name__ == "__main__":
    main()
