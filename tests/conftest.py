"""What the tests need of the process that they run in."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A shell starts what it puts into the background with SIGINT ignored, and programs inherit
# that: no Ctrl-C would reach those that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# None may fail because the machine is busy: hypothesis limits the time of a single example.
settings.register_profile("gol", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gol")
