"""What every test may rely on, wherever the tests are started: at a terminal, in the
background of a shell, by a service without a home."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings

from gol.lang.cachefile import cache_dir
from tests import harness

# What tests and their long variants are told by; any other such variable would be told to
# the programs that they run.
OURS = ("GOLCACHE", "GOL_FUZZ", "GOL_TEST_LARGE", "GOL_ORACLE")
# What changes how Python, the prompt or a report writes.
TASTE = (
    "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONWARNINGS", "PYTHONDEVMODE",
    "PYTHONVERBOSE", "PYTHONPROFILEIMPORTTIME", "PYTHONOPTIMIZE", "PYTHONSAFEPATH",
    "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONIOENCODING",
)  # fmt: skip

# The same examples each time, however slow the machine: who looks for new ones asks for them.
settings.register_profile(
    "gol", deadline=None, derandomize=True, database=None, print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
settings.load_profile("gol")

# These take longest: begun last, they would keep one worker busy while the others have ended.
LONG = (
    "test_mypy", "test_slice_of_the_corpus", "test_install_and_run_an_example",
    "test_programs_of_seeds", "test_every_mode_gives_one_answer",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    _signals()
    _environment()
    _cache(config)
    os.umask(0o022)
    # programs that are meant to die of a signal leave no image of their memory
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _signals() -> None:
    """A job in the background inherits that interrupts are ignored, and hands it on."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGALRM", "SIGCHLD", "SIGUSR1"):
        number = signal.Signals[name]
        if signal.getsignal(number) is signal.SIG_IGN:
            by_python = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, by_python)


def _environment() -> None:
    for name in list(os.environ):
        if name in TASTE or name.startswith("GOL") and not name.startswith(OURS):
            del os.environ[name]
    # Else each of the thousand processes compiles the sources of the compiler for itself,
    # which takes longer than most of them run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _cache(config: pytest.Config) -> None:
    """A folder in which programs can be kept: the user's, or one for this session alone."""
    folder = cache_dir()
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        folder = tempfile.mkdtemp(prefix="gol-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["GOLCACHE"] = folder  # workers inherit it


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where several workers are about to find that the library is not compiled, it is done
    once for all of them."""
    if getattr(session.config.option, "numprocesses", None):
        harness.compile_library()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first; else in the order of the files, which workers share in halves."""
    items.sort(key=lambda item: not item.name.startswith(LONG))
