"""The pipeline process: doors, core, catalog follower and delivery on one loop; one process per data directory."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvloop

from shoutu import __version__
from shoutu.config import Config, SettingError
from shoutu.engine import warm_up

from .catalog_follow import Follower
from .core import Core
from .deliver import Beats, Deliverer, county_client
from .folders import FoldersHandle
from .journal_segments import write_atomically
from .model import DoorHandle, NotDurable
from .pipeline_local import Local, publish_store
from .retention import Retention
from .senders import SENDERS, keep_senders, restore_senders
from .store import Store, StoreSettings

logger = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.001
"""Seconds a thread may hold the interpreter: commit must not wait 5 ms for a busy loop."""
WATCH_SECONDS = 2.0
KEEP_SENDERS_SECONDS = 60.0


class Pipeline:
    """Everything of one data directory, started and stopped in order."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.sensing / "store", StoreSettings(raw_hours=config.raw_hours or None))
        self.core = Core(config.sensing, self.store)
        self.doors: dict[str, DoorHandle] = {}
        self._client = county_client(config.county_url, config.secret("wing.token"))
        self._deliverer = Deliverer(
            self._client, self.core.spool, config.sensing / "spool" / "refused.jsonl", config.retry_cap_s
        )
        self._follower = Follower(
            self._client, lambda: self.core.catalog.version, self.core.switch, min(config.retry_cap_s, 5.0)
        )
        self._retention = Retention(self._client, self.core, self.store)
        self._beats = Beats(self._client, self.core.unclaimed, self.state)
        self._folders: FoldersHandle | None = None
        self._senders = config.sensing / "senders.json"
        self._tasks: list[asyncio.Task[None]] = []
        self._agreed = False
        self._started_ms = time.time_ns() // 1_000_000
        self.ended = asyncio.Event()
        self.fault: BaseException | None = None

    def state(self) -> dict[str, Any]:
        """The beat: the core's figures, the doors', delivery's."""
        state = self.core.state()
        failing = state["failing"]
        folders = self._folders.failing if self._folders is not None else None
        for name, text in (
            ("delivery", self._deliverer.failing),
            ("catalog", self._follower.failing),
            ("folders", folders),
            ("retention", self._retention.failing),
        ):
            if text:
                failing[name] = text
        return {
            **state,
            "version": __version__,
            "started_ms": self._started_ms,
            "now": self.core.clock.now(),
            "signals_refused": self._deliverer.refused,
            "unclaimed_overflow": self.core.unclaimed.overflow,
            "raw": self._retention.state(),
            "doors": {name: door.stats() for name, door in self.doors.items()},
        }

    async def start(self) -> None:
        """Raises SettingError when a port is taken; then nothing is left open."""
        from .devices import serve_devices
        from .folders import watch_folders
        from .hj212 import serve_hj212
        from .http import serve_http
        from .mqtt import serve_mqtt

        self.core.engine.on_signals = self._deliverer.notify
        restore_senders(self._senders)
        await self.core.start()
        self._agreed = await self._agree_first()
        self.store.start_keeper(self.core.clock.now)
        token = self.config.secret("wing.token")
        wanted = 3 + bool(self.config.hj212_port) + bool(self.config.folders)
        local = Local(self.core, self.store, token, lambda: len(self.doors) == wanted, self.state)
        self.doors["http"] = await serve_http(self.core, self.config, local)
        self.doors["mqtt"] = await serve_mqtt(self.core, self.config)
        self.doors["devices"] = await serve_devices(self.core, self.config)
        if self.config.hj212_port:
            self.doors["hj212"] = await serve_hj212(self.core, self.config)
        if self.config.folders:
            self.doors["folder"] = self._folders = await watch_folders(self.core, self.config)
        for name, work in (
            ("deliver", self._deliverer.run()),
            ("follow", self._follower.run()),
            ("beats", self._beats.run()),
            ("watch", self._watch()),
            ("retention", self._retention.run()),
        ):
            task = asyncio.create_task(work, name=name)
            task.add_done_callback(self._task_ended)
            self._tasks.append(task)

    async def _agree_first(self) -> bool:
        try:
            return await self.core.agree_first()
        except NotDurable as error:
            # The doors refuse for the same reason, so that nothing is taken until the disk has room.
            logger.error("the engine is not told the catalog yet: %s", error)
            return False

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.fault = task.exception() or RuntimeError(f"{task.get_name()} ended")
            logger.critical("%s failed", task.get_name(), exc_info=self.fault)
            self.ended.set()

    async def _watch(self) -> None:
        """Heal what can be healed; end the process when a stage is dead, so that the supervisor starts it anew."""
        kept = time.monotonic()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self.core.alive:
                raise RuntimeError("a stage of the pipeline has died")
            self._agreed = self._agreed or await self.core.agree()
            publish_store(self.store)
            if time.monotonic() >= kept + KEEP_SENDERS_SECONDS:
                kept = time.monotonic()
                await asyncio.to_thread(keep_senders, self._senders, SENDERS.dump())

    async def stop(self) -> None:
        """Close the doors, then let everything durable be evaluated, stored and checkpointed."""
        for door in self.doors.values():
            await door.close()
        if self.doors:
            keep_senders(self._senders, SENDERS.dump())
        for task in self._tasks:
            task.remove_done_callback(self._task_ended)
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.core.stop()
        await self._client.aclose()


@contextlib.contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Hold the data directory. Raises SettingError when another pipeline has it."""
    path = config.sensing / "pipeline.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "?"
            raise SettingError(
                f"SHOUTU_DATA={config.data}: another pipeline (process {holder}) works in this directory; "
                "stop it or choose another directory"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT, or until a part fails beyond healing (then raises)."""
    loop = asyncio.get_running_loop()
    pipeline = Pipeline(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, pipeline.ended.set)
    try:
        await pipeline.start()
        ports = {name: door.port for name, door in pipeline.doors.items()}
        write_atomically(config.run / "pipeline.json", json.dumps({"pid": os.getpid(), "ports": ports}).encode())
        logger.info("pipeline is open: %s", ports)
        await pipeline.ended.wait()
    finally:
        await pipeline.stop()
    if pipeline.fault is not None:
        raise pipeline.fault


def run(config: Config) -> None:
    """The process ``shoutu pipeline``. Raises SettingError for what the operator can put right."""
    logging.basicConfig(
        level=logging.DEBUG if config.debug else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    sys.setswitchinterval(SWITCH_INTERVAL)
    with only_one(config):
        warm_up()
        uvloop.run(serve(config))
