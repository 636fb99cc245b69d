"""The supervisor on real processes: restarts what dies and says so, stops cleanly, refuses a taken port."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shoutu import config as settings
from shoutu.config import Config, SettingError
from shoutu.supervisor import Supervisor, check_ports, claim
from tests.stack import free_ports, plain_environment
from tests.stack import until as eventually


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("SHOUTU_DATA", str(tmp_path))
    settings.load.cache_clear()
    loaded = settings.load()
    loaded.ensure()
    yield loaded
    settings.load.cache_clear()


def python_child(supervisor: Supervisor, name: str, code: str) -> None:
    supervisor.add(name)
    supervisor.children[-1].arguments = [sys.executable, "-c", code]


async def until(condition, patience_s: float = 60.0) -> None:
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.02)


def read_pid(config: Config, name: str) -> int:
    try:
        return int((config.run / f"{name}.pid").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def test_dead_child_is_started_again_and_reported(config: Config) -> None:
    said: list[str] = []
    supervisor = Supervisor(config, said.append)
    python_child(supervisor, "sleeper", "import time; time.sleep(600)")

    async def kill_once() -> None:
        await until(lambda: read_pid(config, "sleeper"))
        first = read_pid(config, "sleeper")
        os.kill(first, signal.SIGKILL)
        await until(lambda: read_pid(config, "sleeper") not in (0, first))
        supervisor.stopping.set()

    asyncio.run(supervisor.run(kill_once))
    assert any("sleeper killed by SIGKILL" in line and "restart 1" in line for line in said)
    assert said[-1].startswith("stopped")
    assert read_pid(config, "sleeper") == 0


def test_clean_stop_lets_a_child_finish_its_work(config: Config, tmp_path: Path) -> None:
    proof = tmp_path / "finished"
    code = (
        "import signal,time,pathlib\n"
        f"def end(*_): pathlib.Path({str(proof)!r}).write_text('yes'); raise SystemExit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).write_text('')\n"
        "time.sleep(600)\n"
    )
    supervisor = Supervisor(config, lambda _: None)
    python_child(supervisor, "worker", code)

    async def stop_when_ready() -> None:
        await until((tmp_path / "ready").exists)
        supervisor.stopping.set()

    asyncio.run(supervisor.run(stop_when_ready))
    assert proof.read_text() == "yes"


def test_child_that_cannot_live_is_retried_ever_more_slowly(config: Config) -> None:
    said: list[str] = []
    supervisor = Supervisor(config, said.append)
    python_child(supervisor, "broken", "raise SystemExit(3)")

    async def watch() -> None:
        await until(lambda: supervisor.children[0].restarts >= 3)
        supervisor.stopping.set()

    asyncio.run(supervisor.run(watch))
    waits = [line.split(" in ")[1].split(" s")[0] for line in said if "ended with code 3" in line]
    assert waits[:3] == ["0.2", "0.4", "0.8"]


def test_child_that_lived_long_enough_is_started_again_at_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoutu.supervisor.STEADY_S", 0.0)
    said: list[str] = []
    supervisor = Supervisor(config, said.append)
    python_child(supervisor, "steady", "raise SystemExit(3)")

    async def watch() -> None:
        await until(lambda: supervisor.children[0].restarts >= 3)
        supervisor.stopping.set()

    asyncio.run(supervisor.run(watch))
    assert {line.split(" in ")[1].split(" s")[0] for line in said if "ended with code 3" in line} == {"0.2"}


def test_child_that_will_not_stop_is_killed_and_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoutu.supervisor.STOP_PATIENCE_S", 0.3)
    ready = config.data / "ready"
    code = (
        "import pathlib, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(ready)!r}).write_text('')\ntime.sleep(600)\n"
    )
    said: list[str] = []
    supervisor = Supervisor(config, said.append)
    python_child(supervisor, "deaf", code)

    async def stop_when_ready() -> None:
        await until(ready.exists)
        supervisor.stopping.set()

    asyncio.run(supervisor.run(stop_when_ready))
    assert any("deaf did not stop" in line for line in said)
    process = supervisor.children[0].process
    assert process is not None
    assert process.returncode == -signal.SIGKILL


def test_killed_supervisor_leaves_no_orphan(config: Config, tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom shoutu.config import load\nfrom shoutu.supervisor import Supervisor\n"
        "supervisor = Supervisor(load())\nsupervisor.add('sleeper')\n"
        "supervisor.children[-1].arguments = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "asyncio.run(supervisor.run())\n"
    )
    environment = {**os.environ, "SHOUTU_DATA": str(config.data)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)
    try:
        child = eventually(lambda: read_pid(config, "sleeper"), what="the child runs")
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not running(child), what="the child has gone with its supervisor")


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_log_is_turned_over_when_it_is_full(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoutu.supervisor.LOG_LIMIT", 1_000)
    log = config.data / "log" / "talker.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("x" * 1_001)
    supervisor = Supervisor(config, lambda _: None)
    python_child(supervisor, "talker", "print('new', flush=True); import time; time.sleep(600)")

    async def stop_when_said() -> None:
        await until(lambda: log.exists() and log.read_text() == "new\n")
        supervisor.stopping.set()

    asyncio.run(supervisor.run(stop_when_said))
    assert log.with_suffix(".log.1").read_text() == "x" * 1_001


def test_second_supervisor_on_the_same_data_is_refused(config: Config) -> None:
    with claim(config), pytest.raises(SettingError, match=f"already in use by process {os.getpid()}"):
        claim(config)


PORTS = ("SHOUTU_PORT", "SHOUTU_INGEST_PORT", "SHOUTU_MQTT_PORT", "SHOUTU_MQTTS_PORT", "SHOUTU_WORKER_PORT")


@pytest.mark.parametrize("name", PORTS)
def test_taken_port_names_its_setting(config: Config, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for setting, free in zip(PORTS, free_ports(5), strict=True):
        monkeypatch.setenv(setting, str(free))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv(name, str(port))
        settings.load.cache_clear()
        with pytest.raises(SettingError, match=f"{name}={port}: cannot listen.*set {name} to a free port"):
            check_ports(settings.load())
    monkeypatch.setenv(name, "0")
    settings.load.cache_clear()
    if name == "SHOUTU_WORKER_PORT":
        check_ports(settings.load())
        return
    with pytest.raises(SettingError, match=f"{name}=0: the supervisor needs a fixed port"):
        check_ports(settings.load())


def test_the_hj_212_door_needs_a_port_only_where_it_is_open(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting, free in zip(PORTS, free_ports(5), strict=True):
        monkeypatch.setenv(setting, str(free))
    settings.load.cache_clear()
    assert settings.load().hj212_port == 0
    check_ports(settings.load())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("SHOUTU_HJ212_PORT", str(port := taken.getsockname()[1]))
        settings.load.cache_clear()
        with pytest.raises(SettingError, match=f"SHOUTU_HJ212_PORT={port}: cannot listen"):
            check_ports(settings.load())


@pytest.mark.parametrize(
    ("one", "other"), [("SHOUTU_PORT", "SHOUTU_INGEST_PORT"), ("SHOUTU_MQTT_PORT", "SHOUTU_MQTTS_PORT")]
)
def test_port_given_twice_names_both_settings(one: str, other: str, tmp_path: Path) -> None:
    ended = up(tmp_path, **{one: str(port := free_ports(1)[0]), other: str(port)})
    assert ended.returncode == 2
    assert f"{one}={port} and {other}={port}: each door needs a port of its own" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_command_refuses_a_taken_port_by_its_settings_name(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = up(tmp_path, SHOUTU_INGEST_PORT=str(port))
    assert ended.returncode == 2
    assert f"SHOUTU_INGEST_PORT={port}: cannot listen" in ended.stderr
    assert "set SHOUTU_INGEST_PORT to a free port" in ended.stderr
    assert "Traceback" not in ended.stderr


def up(data: Path, **ports: str) -> subprocess.CompletedProcess[str]:
    """``shoutu up`` as an operator types it, expected to refuse."""
    names = ("SHOUTU_PORT", "SHOUTU_INGEST_PORT", "SHOUTU_MQTT_PORT", "SHOUTU_MQTTS_PORT")
    environment = {**plain_environment(), "SHOUTU_DATA": str(data)}
    environment |= {name: str(port) for name, port in zip(names, free_ports(4), strict=True)} | ports
    command = [sys.executable, "-m", "shoutu.cli", "up"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("value", ["http", "70000", "-1", ""])
def test_port_that_is_no_port_names_its_setting(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SHOUTU_MQTT_PORT", value)
    settings.load.cache_clear()
    with pytest.raises(SettingError, match="SHOUTU_MQTT_PORT"):
        settings.load()
    settings.load.cache_clear()


def test_secrets_are_made_once_and_kept_private(config: Config) -> None:
    token = config.secret("wing.token")
    config.ensure()
    assert config.secret("wing.token") == token
    assert (config.secrets / "ledger.pem").stat().st_mode & 0o077 == 0
    assert b"PRIVATE" not in (config.secrets / "ledger.pub.pem").read_bytes()
