"""A runtime that can be told to leave one thing out: the test build of package runtime.

A line of ``runtime/*.gol`` that ends in one of

    statement // mutant: NAME
    statement // mutant: NAME of MODULE, FUNCTION

becomes, in a copy of the sources, a statement that is skipped where the environment says
``GOLMUTANT=NAME``; if ``GOLMUTANTOF`` names functions (separated by spaces), only for those.
Programs as they are shipped know nothing of this.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from gol.cache import Cache
from gol.jit import packages
from gol.launch import toolchain_id
from gol.program import compile_program
from tests.harness import ROOT

RUNTIME = ROOT / "runtime"
MARK = re.compile(r"^(\t*)(\S.*?)\s*// mutant: ([\w-]+)(?: of (.+))?$", re.MULTILINE)

SWITCH = """\
package runtime

// The mutation in force, if its name is known already.
var mutant, mutantof string
var mutantknown bool

func mutated(name string, md *moduledata, f *_func) bool {
	if !mutantknown {
		mutantknown = true
		mutant = gogetenv("GOLMUTANT")
		mutantof = gogetenv("GOLMUTANTOF")
	}
	return mutant == name && (mutantof == "" || md != nil && listed(mutantof, md.str(f.name)))
}

func listed(list, name string) bool {
	for {
		i := indexbyte(list, ' ')
		if i < 0 {
			return list == name
		}
		if list[:i] == name {
			return true
		}
		list = list[i+1:]
	}
}
"""


def mutations() -> list[str]:
    """The name of every mutation that the runtime's sources offer."""
    files = RUNTIME.glob("*.gol")
    return sorted(m[3] for f in files for m in MARK.finditer(f.read_text(encoding="utf-8")))


def _skippable(m: re.Match[str]) -> str:
    indent, statement, name, where = m.groups()
    return f'{indent}if !mutated("{name}", {where or "nil, nil"}) {{ {statement} }}'


def sources() -> Path:
    """The folder with the changed sources. It lies in the cache, so that what is compiled
    from it is found again."""
    files = {"mutant.gol": SWITCH, "__init__.py": ""}
    for f in sorted([*RUNTIME.glob("*.gol"), *RUNTIME.glob("*.s")]):
        files[f.name] = MARK.sub(_skippable, f.read_text(encoding="utf-8"))
    digest = blake2b(repr(files).encode(), digest_size=8).hexdigest()
    folder = Path(Cache().root) / "mutants" / digest
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        if not (folder / name).exists():
            _appear(folder / name, text.encode(), 0o644)
    with suppress(FileExistsError):
        (folder / "std").symlink_to(RUNTIME / "std")
    return folder


def _appear(path: Path, content: bytes, mode: int) -> None:
    """Write a file that another process may be writing, reading or running just now."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.chmod(mode)
    beside.replace(path)


@contextmanager
def mutable_runtime() -> Iterator[None]:
    """In this context, programs are compiled against the changed runtime."""
    folder, original = str(sources()), packages.runtime_folder
    packages.runtime_folder = lambda: folder
    try:
        yield
    finally:
        packages.runtime_folder = original


def build_mutable(path: Path, exe: Path) -> None:
    """Compile a program against a runtime that can be told to leave something out."""
    with mutable_runtime():
        image = compile_program([(str(path), path.read_bytes())], Cache(), toolchain_id())
    assert image is not None, f"{path} does not compile"
    _appear(exe, image, 0o755)
