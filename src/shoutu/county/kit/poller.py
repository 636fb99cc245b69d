"""One thread per process asks the database what is new, however many listeners there are."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from shoutu.county.kit import catalog, outbox

log = logging.getLogger(__name__)
EVERY = 0.15
RING = 2000


class Poller:
    """Polls while anybody listens. `version` is the catalog's newest, `since(seq)` the events after a number."""

    def __init__(self, every: float = EVERY) -> None:
        self.every = every
        self.version = 0
        self._ring: deque[outbox.Event] = deque(maxlen=RING)
        self._from: int | None = None
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """An asyncio.Event that is set at each change; the listener clears it."""
        changed = asyncio.Event()
        with self._lock:
            self._listeners[changed] = asyncio.get_running_loop()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
                self._thread.start()
        try:
            yield changed
        finally:
            with self._lock:
                self._listeners.pop(changed, None)

    def since(self, seq: int) -> list[outbox.Event] | None:
        """Events after `seq` from memory; None when they go further back than memory does."""
        with self._lock:
            if self._from is None or seq < self._from:
                return None
            # From the newest: each listener has heard all but the last few.
            found = list(itertools.takewhile(lambda event: event.seq > seq, reversed(self._ring)))
        return found[::-1]

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._listeners:
                    self._thread, self._from = None, None
                    self._ring.clear()
                    break
            try:
                self._poll()
            except Exception:
                log.exception("the poller could not ask the database; trying again")
                connection.close()
                threading.Event().wait(1.0)
            threading.Event().wait(self.every)
        connection.close()

    def _poll(self) -> None:
        version = catalog.version()
        if self._from is None:
            start = outbox.newest()
            with self._lock:
                self._from = start
        last = self._ring[-1].seq if self._ring else self._from
        events = outbox.after(last)
        with self._lock:
            changed = bool(events) or version != self.version
            self.version = version
            for event in events:
                if len(self._ring) == RING:
                    self._from = self._ring[0].seq
                self._ring.append(event)
            listeners = list(self._listeners.items()) if changed else []
        for wake, loop in listeners:
            try:
                loop.call_soon_threadsafe(wake.set)
            except RuntimeError:  # that listener's loop has ended without a goodbye
                with self._lock:
                    self._listeners.pop(wake, None)


poller = Poller()
