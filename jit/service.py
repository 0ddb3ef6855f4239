"""LLVM's work for a session, in one process that stays: a fork for each small module would
cost more than the module does.

So an abort of LLVM, or the end of memory, ends one compilation and not the session, and a
Ctrl-C ends it at any moment. The module after that gets a new process. The session's own
process does without LLVM, which is loaded while all else gets ready.
"""

from __future__ import annotations

import marshal
import select
import signal
from typing import Optional

from gol.jit.artifact import Artifact
from gol.jit.child import Failure
from gol.jit.worker import COMPILE, STAGES, Roots, Worker


class ServiceError(Exception):
    """A bug of the compiler's."""


class Service:
    def __init__(self) -> None:
        self._worker: Optional[Worker] = None

    def start(self) -> None:
        """Have the process; the first work given does it if nobody did."""
        if self._worker is not None and select.select([self._worker], [], [], 0)[0]:
            self.close()  # it has nothing to say now but that it has ended
        if self._worker is None:
            self._worker = Worker(signal.SIG_IGN)

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    def compile(self, ir: str, name: str, roots: Roots) -> Artifact:
        """As pipeline.compile_ir. Raises ServiceError, MemoryError, RecursionError."""
        return Artifact.load(self._ask(COMPILE, name, ir, roots))

    def stages(self, ir: str, name: str, roots: Roots) -> dict[str, str]:
        """The module's text after every stage. Raises as compile does."""
        texts: dict[str, str] = marshal.loads(self._ask(STAGES, name, ir, roots))
        return texts

    def _ask(self, op: str, name: str, ir: str, roots: Roots) -> bytes:
        self.start()
        assert self._worker is not None
        try:
            self._worker.give((op, name, ir, roots))
            got = self._worker.result()
        except RecursionError:
            raise
        except BaseException:
            self.close()
            raise
        if isinstance(got, Failure):
            if not self._worker.pid:
                self.close()
            raise ServiceError(got.message)
        return got


__all__ = ["Service", "ServiceError"]
