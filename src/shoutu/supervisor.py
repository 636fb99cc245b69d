"""Starts the processes of one installation, restarts one that dies and says so, stops them all cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shoutu.config import Config, SettingError

STOP_PATIENCE_S = 15.0
"""How long a child may take to finish its work after SIGTERM before it is killed."""
STEADY_S = 30.0
"""A child that lived this long is taken as healthy: its next restart is immediate again."""
MAX_BACKOFF_S = 10.0
LOG_LIMIT = 20 * 1024 * 1024
_PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


def say(text: str) -> None:
    """Print one dated line to the operator's terminal."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


@dataclass
class Child:
    """One supervised process: its name, its arguments and how often it was started again."""

    name: str
    arguments: Sequence[str]
    environment: dict[str, str]
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None
    backoff: float = 0.0
    started: float = field(default_factory=time.monotonic)


def claim(config: Config) -> IO[str]:
    """Hold the data directory for this supervisor. Raises SettingError when another one runs on it."""
    handle = (config.run / "up.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise SettingError(
            f"SHOUTU_DATA={config.data}: already in use by process {owner}; stop it, or choose another directory"
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def check_ports(config: Config) -> None:
    """Raise SettingError naming the setting of the first TCP port that is taken, or two settings with one port."""
    wanted = [
        ("SHOUTU_PORT", config.host, config.port),
        ("SHOUTU_INGEST_PORT", config.ingest_host, config.ingest_port),
        ("SHOUTU_MQTT_PORT", config.mqtt_host, config.mqtt_port),
        ("SHOUTU_MQTTS_PORT", config.mqtt_host, config.mqtts_port),
    ]
    if config.hj212_port:
        wanted.append(("SHOUTU_HJ212_PORT", config.hj212_host, config.hj212_port))
    if config.worker_port:
        wanted.append(("SHOUTU_WORKER_PORT", config.worker_host, config.worker_port))
    owners: dict[int, str] = {}
    for setting, host, port in wanted:
        if port != 0 and (other := owners.setdefault(port, setting)) != setting:
            raise SettingError(f"{other}={port} and {setting}={port}: each door needs a port of its own; change one")
        if port == 0:
            raise SettingError(f"{setting}=0: the supervisor needs a fixed port; choose one between 1 and 65535")
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise SettingError(
                    f"{setting}={port}: cannot listen on {host}:{port} ({error.strerror}); "
                    f"stop what uses it, or set {setting} to a free port"
                ) from error


def die_with_parent() -> None:
    """Runs in the child before exec: a supervisor killed outright must not leave orphans behind."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _log_file(config: Config, name: str) -> IO[bytes]:
    path = config.data / "log" / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


class Supervisor:
    """Runs children until told to stop; each death is reported and mended with growing patience."""

    def __init__(self, config: Config, say: Say = say) -> None:
        self.config = config
        self.say = say
        self.stopping = asyncio.Event()
        self.children: list[Child] = []

    def add(self, name: str, *arguments: str, **environment: str) -> None:
        """Register ``shoutu ARGUMENTS`` to be run under the given name."""
        base = {**os.environ, "SHOUTU_DATA": str(self.config.data), **environment}
        self.children.append(Child(name, [sys.executable, "-m", "shoutu.cli", *arguments], base))

    async def run(self, when_up: Callable[[], Coroutine[None, None, None]] | None = None) -> None:
        """Start everything, call ``when_up`` once, and return after a clean stop (SIGINT or SIGTERM)."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stopping.set)
        async with asyncio.TaskGroup() as group:
            for child in self.children:
                group.create_task(self._keep(child))
            up = group.create_task(when_up()) if when_up else None
            await self.stopping.wait()
            if up:
                up.cancel()
        self.say("stopped / 已停")

    async def _keep(self, child: Child) -> None:
        while not self.stopping.is_set():
            await self._start(child)
            code = await self._wait(child)
            if self.stopping.is_set():
                return
            lived = time.monotonic() - child.started
            child.backoff = 0.2 if lived > STEADY_S else min(MAX_BACKOFF_S, max(0.2, child.backoff * 2))
            child.restarts += 1
            self.say(
                f"{child.name} {_how_it_ended(code)}; starting it again in {child.backoff:.1f} s "
                f"(restart {child.restarts}, see {self.config.data / 'log' / child.name}.log)"
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), child.backoff)

    async def _start(self, child: Child) -> None:
        child.started = time.monotonic()
        with _log_file(self.config, child.name) as log:
            child.process = await asyncio.create_subprocess_exec(
                *child.arguments,
                env=child.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        pid_file: Path = self.config.run / f"{child.name}.pid"
        pid_file.write_text(str(child.process.pid))

    async def _wait(self, child: Child) -> int:
        process = child.process
        assert process is not None
        ended = asyncio.create_task(process.wait())
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            done, _ = await asyncio.wait({ended}, timeout=STOP_PATIENCE_S)
            if not done:
                self.say(f"{child.name} did not stop within {STOP_PATIENCE_S:.0f} s; killing it")
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        (self.config.run / f"{child.name}.pid").unlink(missing_ok=True)
        return await ended
