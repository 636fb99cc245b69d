"""SIGINT and SIGTERM as a `threading.Event`."""

from __future__ import annotations

import contextlib
import os
import signal
import threading


def stop_on_signals(stop: threading.Event | None = None) -> threading.Event:
    """An event (a new one, unless given) that is set by SIGINT or SIGTERM. To be called once, in the main thread.

    Not set by the handler itself: that runs in the main thread, perhaps while it holds the event's own lock on its
    way into or out of `wait`, and would wait for itself for ever.
    """
    event = stop or threading.Event()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wait() -> None:
        os.read(reading, 1)
        event.set()

    def handle(_number: int, _frame: object) -> None:
        with contextlib.suppress(BlockingIOError):  # told often enough
            os.write(writing, b"x")

    threading.Thread(target=wait, name="stop", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return event
