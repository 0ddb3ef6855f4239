"""Checked packages to artifacts: lowering here, the pipeline here or in other processes.

Packages are lowered in dependency order, because each may copy functions of those that it
imports; the LLVM work of a package needs only its text and is handed to a worker process
(LLVM holds one global lock, so threads would not help).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional

from gol.jit import layout, packages, pipeline, target
from gol.jit.artifact import Artifact
from gol.jit.packages import Unit
from gol.lang.diagnostics import Diagnostics

if TYPE_CHECKING:
    from gol.jit.build import Dump, Front, Progress, Store

Roots = list[tuple[str, int, tuple[int, ...]]]


def compile_units(
    units: list[Unit],
    front: Front,
    done: dict[str, Artifact],
    store: Store,
    progress: Optional[Progress],
    dump: Optional[Dump],
    diags: Diagnostics,
) -> bool:
    """Compile the ``units`` (in dependency order) that are not in ``done``, into it and the
    store; False if something was refused."""
    library = [u for u in units if u.path not in done and u.path != "main"]
    say = progress or (lambda n, total, path: None)
    imported: dict[str, Any] = {}
    finished = 0

    with _Workers(len(library)) as workers:
        for u in units:
            known = done.get(u.path)
            if known is not None:
                imported |= known.inline
                continue
            if library:
                say(finished, len(library), u.path)
            job = lower_unit(u, front, imported, diags)
            if job is None:
                return False
            imported |= job.inline
            if u.path == "main":
                main = job
            else:
                workers.submit(job)
            for got in workers.ready():
                finished += 1
                _keep(got, units, done, store)
        done["main"] = main.run(dump)
        for got in workers.rest():
            finished += 1
            say(finished, len(library), got.name)
            _keep(got, units, done, store)
    return True


def _keep(a: Artifact, units: list[Unit], done: dict[str, Artifact], store: Store) -> None:
    done[a.name] = a
    store.put("pkg", next(u.key for u in units if u.path == a.name), a.dump())


class Job:
    """One lowered module, ready for the pipeline."""

    def __init__(self, name: str, text: str, roots: Roots, inline: dict[str, Any]) -> None:
        self.name = name
        self.text = text
        self.roots = roots
        self.inline = inline
        self.layout: dict[str, int] = {}

    def run(self, dump: Optional[Dump] = None) -> Artifact:
        artifact = pipeline.compile_ir(self.text, self.name, dump=dump, roots=self.roots)
        artifact.layout = self.layout
        artifact.inline = self.inline
        return artifact


def lower_unit(
    u: Unit, front: Front, imported: dict[str, Any], diags: Diagnostics
) -> Optional[Job]:
    from gol.jit.lower.module import LowerOptions, lower_package

    pkg = front.packages[u.path]
    options = LowerOptions(diags, front.escapes[u.path], imported=imported)
    lowered = lower_package(pkg, front.packages["runtime"], options)
    if diags:
        return None
    job = Job(u.path, lowered.ir, lowered.roots, lowered.inline)
    if u.path == "runtime":
        job.layout = layout.constants(pkg)
        job.text += runtime_asm(job.layout, lowered.system)
    return job


def runtime_asm(offsets: dict[str, int], system: list[str]) -> str:
    """The runtime's assembly, and the stub of every system function."""
    source = layout.fill(packages.assembly(), offsets)
    stubs = ".text\n" + "".join(target.system_stub(name) for name in system)
    return target.module_asm(source + stubs)


def _run(job: Job) -> bytes:
    return job.run().dump()


class _Workers:
    """Up to one process per core; none where there is nothing to share."""

    def __init__(self, jobs: int) -> None:
        self.count = min(os.cpu_count() or 1, jobs) if hasattr(os, "fork") else 0
        self.pool: Any = None
        self.pending: list[Any] = []
        self.own: list[Job] = []

    def __enter__(self) -> _Workers:
        if self.count > 1:
            import multiprocessing

            target.prepare()
            self.pool = multiprocessing.get_context("fork").Pool(self.count)
        return self

    def __exit__(self, *args: object) -> None:
        if self.pool is not None:
            self.pool.terminate()

    def submit(self, job: Job) -> None:
        if self.pool is None:
            self.own.append(job)
        else:
            self.pending.append(self.pool.apply_async(_run, (job,)))

    def ready(self) -> list[Artifact]:
        if self.pool is None:
            out = [job.run() for job in self.own]
            self.own.clear()
            return out
        got = [p for p in self.pending if p.ready()]
        self.pending = [p for p in self.pending if p not in got]
        return [Artifact.load(p.get()) for p in got]

    def rest(self) -> list[Artifact]:
        out = self.ready()
        out += [Artifact.load(p.get()) for p in self.pending]
        self.pending.clear()
        return out
