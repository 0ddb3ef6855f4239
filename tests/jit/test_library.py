"""Packages of the library that are brought in one after the other."""

from __future__ import annotations

from typing import Optional

import pytest

from gol.cache import Cache
from gol.jit.library import Library
from gol.jit.workers import Workers
from gol.launch import toolchain_id


class Forgetful(Cache):
    forgets = False

    def get(self, kind: str, key: str) -> Optional[bytes]:
        return None if self.forgets else super().get(kind, key)


def test_an_interrupt_leaves_nothing_half_known(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Forgetful()
    library = Library(store, toolchain_id())
    library.need("errors")
    known = set(library.packages)
    store.forgets = True

    def interrupted(self: Workers, wait: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(Workers, "ready", interrupted)
        with pytest.raises(KeyboardInterrupt):
            library.importer("container/ring")
    assert set(library.packages) == known
    assert library.importer("container/ring") is not None
    assert library.artifact("container/ring").object
