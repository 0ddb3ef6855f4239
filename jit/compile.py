"""Sources to artifacts: the front end and lowering here, LLVM's work in other processes.

Packages are taken in dependency order, because each is checked against those that it
imports and may copy functions of them. One that the store holds is read back (its export
data, the functions to copy) and needs neither parser nor checker. The LLVM work of a
package needs only its text and is handed to a worker process while the next package is
parsed (LLVM holds one global lock, so threads would not help).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from gol.jit import layout, packages, split, target
from gol.jit.artifact import Artifact
from gol.jit.child import Failure
from gol.jit.packages import Unit
from gol.jit.workers import Roots, Workers
from gol.lang.deep import deep
from gol.lang.diagnostics import Diagnostics
from gol.lang.objects import Package

if TYPE_CHECKING:
    from gol.jit.build import Clock, Dump, Progress, Store


class Job:
    """One lowered package, ready for the pipeline, which compiles it in one or more parts;
    the rest becomes part of the first part's artifact."""

    def __init__(self, name: str, text: str, roots: Roots, inline: dict[str, Any]) -> None:
        self.name = name
        self.text = text
        self.roots = roots
        self.inline = inline
        self.layout: dict[str, int] = {}
        self.export = b""

    def parts(self) -> list[Job]:
        """The same as jobs that several workers can do at once."""
        texts = split.split(self.text, split.PART)
        jobs = [Job(f"{self.name} ({k})", t, [], {}) for k, t in enumerate(texts, 1)]
        jobs[0] = self
        self.text = texts[0]
        return jobs

    def run(self, dump: Optional[Dump] = None) -> Artifact:
        """In this process."""
        from gol.jit.pipeline import compile_ir

        artifact = compile_ir(self.text, self.name, dump=dump, roots=self.roots)
        self.complete(artifact)
        return artifact

    def complete(self, artifact: Artifact) -> None:
        artifact.layout = self.layout
        artifact.inline = self.inline
        artifact.export = self.export


class Compiler:
    """Compiles the units of one program. ``messages`` are those of escape analysis."""

    def __init__(
        self,
        units: list[Unit],
        diags: Diagnostics,
        store: Store,
        clock: Clock,
        progress: Optional[Progress] = None,
        dump: Optional[Dump] = None,
    ) -> None:
        self.units = units
        self.diags = diags
        self.store = store
        self.clock = clock
        self.progress = progress
        self.dump = dump
        self.explain = False
        self.messages: list[tuple[int, str]] = []
        self.packages: dict[str, Package] = {}
        self.inline: dict[str, Any] = {}  # what importing packages may copy
        self.artifacts: dict[str, Artifact] = {}
        self.jobs: dict[str, Job] = {}  # what the workers have
        # to be done with the packages at hand while the workers are busy
        self.meanwhile: Callable[[list[Artifact]], None] = lambda artifacts: None
        self.finished = 0
        self.missing = 0

    def run(self, workers: Optional[Workers] = None) -> Optional[list[Artifact]]:
        """The artifacts in the order of the units; None after diagnostics. ``workers``: some
        that were started early, whose end is the caller's business."""
        if workers is None:
            with Workers() as workers:
                workers.start(1)
                return self.run(workers)
        parts = self.submit_all(workers)
        if parts is None:
            return None
        names = [u.path for u in self.units[:-1]] + [job.name for job in parts]
        known = itertools.takewhile(self.artifacts.__contains__, names)
        self.meanwhile([self.artifacts[name] for name in known])
        while workers.busy:
            self.keep(workers.ready(wait=True))
        self.clock.done("llvm")
        return None if self.diags else [self.artifacts[name] for name in names]

    def submit_all(self, workers: Workers) -> Optional[list[Job]]:
        """Everything that is not at hand; the parts of package main, None after diagnostics."""
        if not self.libraries(self.units[:-1], workers):
            return None
        main = self.front(self.units[-1])
        if main is None:
            return None
        if self.dump is not None:
            self.run_here(main)
            return [main]
        parts = main.parts()
        for job in parts:
            self.submit(job, workers)
        return parts

    def submit(self, job: Job, workers: Workers) -> None:
        self.jobs[job.name] = job
        workers.submit(job.name, job.text, job.roots)

    def libraries(self, units: list[Unit], workers: Workers) -> bool:
        """Have these units in ``packages`` and, once the workers are done, ``artifacts``."""
        known = {u.path: self.read(u) for u in units}
        self.missing = sum(a is None for a in known.values())
        for u in units:
            artifact = known[u.path]
            if artifact is not None and self.recall(u, artifact):
                continue
            self.say(u.path)
            job = self.front(u)
            if job is None:
                return False
            self.submit(job, workers)
            self.keep(workers.ready())
        return True

    def run_here(self, job: Job) -> None:
        """In this process: its stages are to be shown."""
        try:
            self.artifacts[job.name] = job.run(self.dump)
        except Exception as e:  # noqa: BLE001 (as in a worker)
            self.internal_error(job.name, f"{type(e).__name__}: {e}")

    def internal_error(self, package: str, message: str) -> None:
        self.diags.error(0, f"internal compiler error: package {package}: {message}")

    def say(self, path: str) -> None:
        if self.progress is not None:
            self.progress(self.finished, self.missing, path)

    # ------------------------------------------------------------------ the store
    def read(self, u: Unit) -> Optional[Artifact]:
        payload = self.store.get("pkg", u.key)
        if payload is None:
            return None
        try:
            return Artifact.load(payload)
        except Exception:  # noqa: BLE001 (whatever is wrong with it: compile anew)
            return None

    def recall(self, u: Unit, artifact: Artifact) -> bool:
        from gol.lang import export

        try:
            pkg = export.load(artifact.export, self.importer)
        except export.ExportError:
            return False
        self.packages[u.path] = pkg
        self.inline |= artifact.inline
        self.artifacts[u.path] = artifact
        self.clock.done("recall")
        return True

    def importer(self, path: str) -> Optional[Package]:
        from gol.lang.universe import UNSAFE

        return UNSAFE if path == "unsafe" else self.packages.get(path)

    def keep(self, results: list[tuple[str, bytes | Failure]]) -> None:
        keys = {u.path: u.key for u in self.units[:-1]}
        for name, got in results:
            if isinstance(got, Failure):
                self.internal_error(name, got.message)
                continue
            artifact = self.artifacts[name] = Artifact.load(got)
            self.jobs.pop(name).complete(artifact)
            if name in keys:
                self.finished += 1
                self.say(name)
                self.store.put("pkg", keys[name], artifact.dump())

    # ------------------------------------------------------------------ the front end
    def front(self, u: Unit) -> Optional[Job]:
        from gol.lang import escape, export
        from gol.lang.check import check_package

        is_main = u is self.units[-1]
        if not u.files and not packages.parse_unit(u, self.diags.sources, self.diags):
            return None
        self.clock.done("parse")
        pkg = check_package(u.path, u.files, self.packages.get, self.diags)
        self.clock.done("check")
        if self.diags:
            return None
        self.packages[u.path] = pkg
        try:
            with deep():
                escapes = escape.analyse(pkg, self.explain and is_main)
                if is_main:
                    self.messages = escapes.messages
                self.clock.done("escape")
                job = self.lower(u, pkg, escapes)
                if job is not None:
                    self.inline |= job.inline
                    if not is_main:
                        job.export = export.dump(pkg)
        except RecursionError:
            pos = u.files[0].package.pos if u.files else 0
            self.diags.error(pos, "program nests too deeply: not supported yet")
            return None
        self.clock.done("lower")
        return job

    def lower(self, u: Unit, pkg: Package, escapes: Any) -> Optional[Job]:
        from gol.jit.lower.module import LowerOptions, lower_package

        options = LowerOptions(self.diags, escapes, imported=self.inline)
        lowered = lower_package(pkg, self.packages["runtime"], options)
        if self.diags:
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
