"""Write what real Go prints into programs, as their expectations:

    python -m tests.expect FILE.gol ...

The closing ``// Output:`` block, ``// exit:`` and the ``// expect stderr:`` lines (the panic
message, without the traceback) are replaced.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.harness import expectation


def expect(path: Path, go: str) -> None:
    e = expectation(path)
    text = path.read_text(encoding="utf-8").split("\n// Output:\n")[0]
    lines = [x for x in text.split("\n") if not re.match(r"// (exit|expect stderr|expect): ", x)]
    text = "\n".join(lines).rstrip() + "\n"
    with tempfile.TemporaryDirectory() as tmp:
        source = Path(tmp) / "program.go"
        source.write_text(text, encoding="utf-8")
        exe = Path(tmp) / "program"
        subprocess.run([go, "build", "-o", str(exe), str(source)], check=True)
        r = subprocess.run(
            [str(exe), *e.args], input=e.stdin, capture_output=True, text=True, timeout=60
        )
    tail = ""
    if r.returncode:
        tail += f"\n// exit: {r.returncode}\n"
        for line in r.stderr.split("\n"):
            if not line or line.startswith("goroutine "):
                break
            tail += f"// expect stderr: {line}\n"
    elif r.stderr:
        tail += "\n" + "".join(f"// expect stderr: {x}\n" for x in r.stderr.rstrip().split("\n"))
    if r.stdout:
        out = r.stdout.rstrip("\n").split("\n")
        tail += "\n// Output:\n" + "".join(f"// {x}\n" if x else "//\n" for x in out)
    path.write_text(text + tail, encoding="utf-8")


if __name__ == "__main__":
    command = shutil.which("go")
    if command is None:
        sys.exit("expect: no go command")
    for name in sys.argv[1:]:
        expect(Path(name), command)
