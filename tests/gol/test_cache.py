"""The build cache: what is in it is used, and nothing that happens to it is an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from gol.cache import MAX_BYTES, Cache
from gol.lang.cachefile import NOWHERE, cache_dir
from tests.gol.command import GOL, HELLO, gol
from tests.harness import seed_cache


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.gol"
    path.write_text(HELLO)
    return path


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the runtime is, and nothing else."""
    root = tmp_path_factory.mktemp("seed") / "cache"
    seed_cache(root)
    return root


@pytest.fixture
def root(seed: Path, tmp_path: Path) -> Path:
    """A copy of that cache."""
    return Path(shutil.copytree(seed, tmp_path / "cache"))


def entries(root: Path, kind: str) -> list[Path]:
    return [p for p in (root / kind).rglob("*") if p.is_file()]


# ---------------------------------------------------------------- the warm path
def test_a_warm_run_imports_nothing_that_it_can_do_without(hello: Path, root: Path) -> None:
    """Beyond what Python's own start imports: seven small modules of ours, two in C."""
    env = {**os.environ, "GOLCACHE": str(root)}
    assert gol("run", str(hello), env=env).returncode == 0

    def imported(code: str) -> set[str]:
        r = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", code, "run", str(hello)],
            env=env, capture_output=True, text=True,
        )  # fmt: skip
        lines = [x.split("|") for x in r.stderr.splitlines() if x.startswith("import time:")]
        return {x[-1].strip() for x in lines}

    ours = imported("from gol.cli import main; main()") - imported("pass")
    assert ours - {"__future__", "_thread"} <= {
        "gol", "gol.cli", "gol.launch", "gol.cache", "gol.lang", "gol.lang.cachefile",
        "gol.lang.digest",
        "_blake2", "zlib",
    }  # fmt: skip


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename"])
def test_a_change_of_any_file_of_a_folder_is_seen(
    change: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLCACHE", str(root))
    folder = tmp_path / "program"
    folder.mkdir()
    a, b = folder / "a.gol", folder / "b.gol"
    a.write_text("package main\n\nfunc main() {\n\tprintln(name)\n}\n")
    b.write_text('package main\n\nvar name = "b"\n')
    assert gol("run", str(folder)).stderr == b"b\n"
    if change == "edit":
        b.write_text('package main\n\nvar name = "c"\n')
        assert gol("run", str(folder)).stderr == b"c\n"
    elif change == "add":
        (folder / "c.gol").write_text('package main\n\nfunc init() { name = "added" }\n')
        assert gol("run", str(folder)).stderr == b"added\n"
    elif change == "remove":
        b.unlink()
        r = gol("run", str(folder))
        assert (r.returncode, b"undefined: name" in r.stderr) == (1, True)
    else:  # file names stand in tracebacks, so they are part of the program
        before = len(entries(root, "exe"))
        b.rename(folder / "z.gol")
        assert gol("run", str(folder)).stderr == b"b\n"
        assert len(entries(root, "exe")) == before + 1


def test_a_change_that_keeps_size_and_time_is_seen(hello: Path) -> None:
    assert gol("run", str(hello)).stderr == b"hello\n"
    st = hello.stat()
    hello.write_text(HELLO.replace("hello", "other"))
    os.utime(hello, ns=(st.st_atime_ns, st.st_mtime_ns))
    assert gol("run", str(hello)).stderr == b"other\n"


def test_the_processor_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from gol import launch

    here = launch.toolchain_id()
    assert here == launch.toolchain_id()
    monkeypatch.setattr(launch, "_cpu_flags", lambda: b"another")
    assert launch.toolchain_id() != here


def test_llvm_and_python_are_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding

    from gol import launch

    here = launch.toolchain_id()
    st = os.stat(Path(llvmlite.binding.__file__).with_name("libllvmlite.so"))
    assert launch._llvm() == f"{st.st_size} {st.st_mtime_ns}"
    monkeypatch.setattr(launch, "_llvm", lambda: "another")
    assert launch.toolchain_id() != here
    monkeypatch.undo()
    monkeypatch.setattr(sys.implementation, "cache_tag", "another")
    assert launch.toolchain_id() != here


# ---------------------------------------------------------------- damage
@pytest.mark.parametrize("damage", ["truncated", "corrupted", "emptied", "junk", "folder"])
def test_damaged_entries_are_never_used(damage: str, hello: Path, root: Path) -> None:
    env = {"GOLCACHE": str(root)}
    assert gol("run", str(hello), env=env).stderr == b"hello\n"
    kinds = ("exe", "pkg", "grammar") if damage == "corrupted" else ("exe", "grammar")
    for path in (p for kind in kinds for p in entries(root, kind)):
        data = bytearray(path.read_bytes())
        if damage == "truncated":
            path.write_bytes(data[: len(data) // 2])
        elif damage == "corrupted":
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        elif damage == "emptied":
            path.write_bytes(b"")
        elif damage == "junk":
            path.write_bytes(b"junk" * 100)
        elif path.parent.parent.name == "exe":
            path.unlink()
            path.mkdir()
    r = gol("run", str(hello), env=env)
    assert r.returncode == 0
    if damage == "folder":  # nothing can be stored in its place, and no harm is done
        assert r.stderr == b"gol: not kept in the build cache: is a directory\nhello\n"
    else:
        assert r.stderr == b"hello\n"
        assert [p.name for p in entries(root, "exe")] != []
        for kind in {"exe", "pkg"}.intersection(kinds):  # made anew
            assert all(Cache(str(root)).get(kind, p.name) for p in entries(root, kind))
        assert gol("run", str(hello), env=env).stderr == b"hello\n"


NOTE = "gol: not kept in the build cache: "


def test_a_cache_that_is_a_file(hello: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    r = gol("run", str(hello), env={"GOLCACHE": str(blocker)})
    assert (r.returncode, r.stderr.decode()) == (0, f"{NOTE}not a directory\nhello\n")
    assert blocker.read_text() == "not a folder"


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A small file system."""
    place = tmp_path / "small"
    place.mkdir()
    r = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True
    )
    if r.returncode:
        pytest.skip("may not mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk(hello: Path, root: Path, tmpfs: Path) -> None:
    full = tmpfs / "cache"
    shutil.copytree(root / "grammar", full / "grammar")
    (tmpfs / "filler").write_bytes(bytes(os.statvfs(tmpfs).f_bavail * 4096))
    r = gol("run", str(hello), env={"GOLCACHE": str(full)})
    assert (r.returncode, r.stderr.decode()) == (0, f"{NOTE}no space left on device\nhello\n")
    assert entries(full, "exe") == entries(full, "pkg") == []


def test_a_read_only_disk(hello: Path, root: Path, tmpfs: Path) -> None:
    other = hello.with_name("other.gol")
    other.write_text(HELLO.replace("hello", "other"))
    place = tmpfs / "cache"
    env = {"GOLCACHE": str(place)}
    shutil.copytree(root, place)
    assert gol("run", str(hello), env=env).stderr == b"hello\n"
    subprocess.run(["mount", "-o", "remount,ro", str(tmpfs)], check=True)
    assert gol("run", str(hello), env=env).stderr == b"hello\n"  # warm: from the cache
    r = gol("run", str(other), env=env)
    assert (r.returncode, r.stderr.decode()) == (0, f"{NOTE}read-only file system\nother\n")


def test_a_disk_from_which_nothing_may_be_executed(hello: Path, root: Path, tmpfs: Path) -> None:
    place = tmpfs / "cache"
    shutil.copytree(root, place)
    subprocess.run(["mount", "-o", "remount,noexec", str(tmpfs)], check=True)
    for _ in ("cold", "warm"):
        r = gol("run", str(hello), env={"GOLCACHE": str(place)})
        assert (r.returncode, r.stderr) == (0, b"hello\n")


def test_files_may_not_be_large(hello: Path, root: Path) -> None:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    r = gol("run", str(hello), env={"GOLCACHE": str(root)}, preexec_fn=limit)
    first, second = r.stderr.decode().splitlines()
    assert first == f"{NOTE}file too large"
    assert (r.returncode, second) == (1, "gol: no room for the program: file too large")
    assert not [p for p in root.rglob("*") if p.name.endswith(".tmp")]


def test_no_home(hello: Path) -> None:
    """Of the user nothing is known but a number that has no entry in the password file."""
    script = (
        "import os, sys; sys.path.insert(0, ''); from gol.lang import cachefile; "
        "os.path.expanduser = lambda p: p; "
        "from gol.cli import main; sys.exit(main(['run', sys.argv[1]]))"
    )
    env = {k: v for k, v in os.environ.items() if k not in ("GOLCACHE", "XDG_CACHE_HOME", "HOME")}
    r = subprocess.run(
        [sys.executable, "-c", script, str(hello)], env=env, cwd=hello.parent, capture_output=True
    )
    assert (r.returncode, r.stderr.decode()) == (0, f"{NOTE}not a directory\nhello\n")
    assert sorted(p.name for p in hello.parent.iterdir()) == ["hello.gol"]


# ---------------------------------------------------------------- where it lies
def test_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOLCACHE", raising=False)
    for value in (str(tmp_path), ""):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_dir() == platformdirs.user_cache_dir("gol", appauthor=False)
    monkeypatch.setattr(os.path, "expanduser", lambda p: p)
    assert cache_dir() == NOWHERE
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOLCACHE", "here")
    assert cache_dir() == str(tmp_path / "here")


# ---------------------------------------------------------------- its size
def test_what_was_used_longest_ago_is_pruned(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path))
    for i in range(10):
        key = f"{i}0{i}"
        assert cache.put("exe", key, bytes(1000))
        os.utime(cache.path("exe", key), (i, i))
    assert cache.get("exe", "000") is not None  # used now
    cache.prune(5 * 1024 - 1)
    left = sorted(p.name for p in entries(tmp_path, "exe"))
    assert left == ["000", "707", "808", "909"]
    assert sum(size for _, size, _ in cache.entries()) < 5 * 1024


def test_every_new_program_prunes(hello: Path, root: Path) -> None:
    old = root / "exe" / "00" / "00old"
    old.parent.mkdir(parents=True)
    old.touch()
    os.truncate(old, MAX_BYTES)
    os.utime(old, (0, 0))
    assert gol("run", str(hello), env={"GOLCACHE": str(root)}).stderr == b"hello\n"
    assert [p.name for p in entries(root, "exe")] != []
    assert not old.exists()


def test_what_a_killed_run_left_is_pruned_in_time(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path))
    assert cache.put("exe", "0123", b"kept")
    for name in ("old.tmp", "new.tmp"):
        (tmp_path / "exe" / "01" / name).write_bytes(b"half")
    os.utime(tmp_path / "exe" / "01" / "old.tmp", (0, time.time() - 7200))
    cache.prune()
    assert sorted(p.name for p in entries(tmp_path, "exe")) == ["0123", "new.tmp"]


def test_clean_empties_it(hello: Path, root: Path) -> None:
    env = {"GOLCACHE": str(root)}
    assert gol("run", str(hello), env=env).returncode == 0
    assert gol("clean", env=env).returncode == 0
    assert not root.exists()
    assert gol("clean", env=env).returncode == 0


def test_clean_removes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "exe").mkdir()
    assert gol("clean", env={"GOLCACHE": str(tmp_path)}).returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


# ---------------------------------------------------------------- several runs at once
@pytest.mark.parametrize("empty", [False, True], ids=["runtime compiled", "nothing compiled"])
def test_runs_of_one_new_program_at_once(empty: bool, hello: Path, root: Path) -> None:
    if empty:
        shutil.rmtree(root)
    hello.write_text(HELLO.replace("hello", str(time.time_ns())))
    env = {**os.environ, "GOLCACHE": str(root)}
    many = [
        subprocess.Popen([*GOL, "run", str(hello)], env=env, stderr=subprocess.PIPE)
        for _ in range(2 if empty else 4)
    ]
    outs = [p.communicate(timeout=300)[1] for p in many]
    assert {p.returncode for p in many} == {0}
    assert len(set(outs)) == 1, outs
    assert len(entries(root, "exe")) == 1
    assert not [p for p in root.rglob("*") if p.name.endswith(".tmp")]


def test_runs_while_another_cleans(hello: Path, root: Path) -> None:
    env = {**os.environ, "GOLCACHE": str(root)}
    keep = root.with_name("keep")
    shutil.copytree(root, keep)
    runs = [
        subprocess.Popen([*GOL, "run", str(hello)], env=env, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    while any(p.poll() is None for p in runs):
        Cache(str(root)).clear()
        shutil.copytree(keep, root, dirs_exist_ok=True)  # or all would compile the runtime
        time.sleep(0.1)
    for p in runs:
        err = p.communicate()[1].decode()
        assert p.returncode == 0
        assert err.splitlines()[-1] == "hello"
