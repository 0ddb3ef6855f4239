"""Worker processes: one does many modules; what happens to it happens to its module alone."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gol.jit.artifact import Artifact
from gol.jit.child import Failure
from gol.jit.workers import Workers

BAD = "define void @f() { ret i32 0 }"


def good(name: str) -> str:
    return f"define i32 @{name}() {{\n  ret i32 0\n}}\n"


def drain(workers: Workers) -> dict[str, bytes | Failure]:
    out: dict[str, bytes | Failure] = {}
    while workers.busy:
        out.update(workers.ready(wait=True))
    return out


def open_files() -> int:
    gc.collect()  # what other tests have left open is closed now or not at all
    return len(os.listdir("/proc/self/fd"))


def test_one_process_for_many_modules() -> None:
    before = open_files()
    with Workers() as workers:
        workers.limit = 1
        for name in ("a", "b", "c"):
            workers.submit(name, good(name), [(name, 8, (0,))])
        assert workers.running[0].pid
        got = drain(workers)
        assert len(workers.idle) == 1
    for name, data in got.items():
        assert isinstance(data, bytes)
        artifact = Artifact.load(data)
        assert artifact.roots == [(name, 8, (0,))]
        assert [f.symbol for f in artifact.functions] == [name]
    assert sorted(got) == ["a", "b", "c"]
    assert open_files() == before


def test_a_failure_is_of_its_module_alone() -> None:
    with Workers() as workers:
        workers.limit = 1
        for name, text in (("bad", BAD), ("a", good("a"))):
            workers.submit(name, text, [])
        got = drain(workers)
    assert isinstance(got["bad"], Failure) and isinstance(got["a"], bytes)


def test_a_worker_that_dies_is_replaced() -> None:
    with Workers() as workers:
        workers.limit = 1
        workers.start(5)
        assert len(workers.idle) == 1
        os.kill(workers.idle[0].pid, signal.SIGKILL)
        for name in ("a", "b"):
            workers.submit(name, good(name), [])
        got = drain(workers)
    assert isinstance(got["a"], Failure) and isinstance(got["b"], bytes)
    assert got["a"].message == "LLVM stopped by SIGKILL"


def test_no_workers_are_left() -> None:
    with Workers() as workers:
        workers.limit = 2
        workers.start(2)
        workers.submit("a", good("a"), [])
        pids = [w.pid for w in (*workers.idle, *workers.running)]
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_too_few_descriptors() -> None:
    before = open_files()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Workers() as workers:
        highest = max(int(fd) for fd in os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, hard))
        try:
            with pytest.raises(OSError, match="Too many open files: 'process for LLVM'"):
                for _ in range(100):
                    workers.limit += 1
                    workers.start(workers.limit)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert open_files() == before


def test_a_child_of_many_threads_imports_nothing() -> None:
    """What another thread is importing when a worker starts, the worker need not."""
    code = """if True:
        import sys, threading
        from gol.jit import workers
        assert "llvmlite" not in sys.modules
        with workers.Workers() as one:
            one.start(1)
            assert "llvmlite" not in sys.modules
        stop = threading.Event()
        other = threading.Thread(target=stop.wait)
        other.start()
        with workers.Workers() as one:
            one.start(1)
            assert "llvmlite" in sys.modules and "gol.jit.pipeline" in sys.modules
        stop.set()
        other.join()
        print("done")
    """
    r = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, "done\n"), r.stderr
