"""The README's first command, in a fresh copy of the sources and an environment of its own.

What gol depends on is lent by this environment, so that nothing is downloaded.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.harness import ROOT, expectation

COMMAND = "pip install . && gol run examples/mutual.gol"


def can_build() -> bool:
    code = "import setuptools, sys; sys.exit(int(setuptools.__version__.split('.')[0]) < 65)"
    if subprocess.run([sys.executable, "-c", code], capture_output=True).returncode:
        return False
    # before 70.1 setuptools makes wheels only with the package of that name
    code = "import setuptools.command.bdist_wheel"
    also = "import wheel"
    return any(
        subprocess.run([sys.executable, "-c", c], capture_output=True).returncode == 0
        for c in (code, also)
    )


def test_the_readme_has_the_command() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert f"{COMMAND}\n" in blocks


@pytest.mark.skipif(not can_build(), reason="setuptools cannot make wheels here")
def test_install_and_run_an_example(tmp_path: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if files.returncode:
        pytest.skip("not a clone")
    copy = tmp_path / "gol"
    for name in files.stdout.split("\0")[:-1]:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    place = tmp_path / "venv"
    venv.create(place, with_pip=True, symlinks=True)
    lent = [p for p in sys.path if p.endswith("site-packages")] or [sysconfig.get_path("purelib")]
    packages = next(place.glob("lib/python*/site-packages"))
    for own in ("setuptools*", "pkg_resources", "_distutils_hack", "distutils-precedence.pth"):
        for old in packages.glob(own):  # which may be too old to make wheels
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    (packages / "lent.pth").write_text("".join(f"{p}\n" for p in lent))
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env["PATH"] = f"{place / 'bin'}:{env['PATH']}"
    # the same, but nothing from the network
    offline = COMMAND.replace("install", "install -q --no-deps --no-build-isolation --no-index", 1)
    r = subprocess.run(["sh", "-c", offline], cwd=copy, env=env, capture_output=True, text=True)
    want = expectation(ROOT / "examples" / "mutual.gol").stdout
    assert (r.returncode, r.stdout.splitlines()) == (0, want), r.stderr
    installed = packages / "gol"
    rooms = [copy / room for room in ("gol", "lang", "jit", "runtime")]
    for file in (f for room in rooms for f in room.rglob("*")):
        if file.suffix in (".py", ".lark", ".gol", ".s", ".typed"):
            path = file.relative_to(copy / "gol" if file.is_relative_to(copy / "gol") else copy)
            is_maker = path.parts[:2] == ("runtime", "std") and file.suffix == ".py"
            assert (installed / path).exists() != is_maker, path
