"""What the tests need of the process that they run in."""

from __future__ import annotations

import signal

# A shell starts what it puts into the background with SIGINT ignored, and programs inherit
# that: no Ctrl-C would reach those that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
