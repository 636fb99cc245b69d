"""Stopping by a signal, at whatever instant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

CHILD = """
from shoutu.stopping import stop_on_signals
stop = stop_on_signals()
print("ready", flush=True)
while not stop.wait(0):  # almost always holding the lock of the event
    pass
print("stopped", flush=True)
"""


def test_a_signal_stops_a_thread_that_is_taking_the_lock_of_the_event() -> None:
    for number in (signal.SIGTERM, signal.SIGINT) * 10:
        process = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.01)
        os.kill(process.pid, number)
        os.kill(process.pid, number)
        assert process.wait(20) == 0
        assert process.stdout.read() == "stopped\n"
