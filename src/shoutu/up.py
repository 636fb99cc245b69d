"""``shoutu up`` and the processes it supervises: web, pipeline, worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import click
import httpx

from shoutu.cli import settings
from shoutu.config import Config, SettingError, load
from shoutu.supervisor import Supervisor, check_ports, claim, say

READY_PATIENCE_S = 120.0


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data directory (else SHOUTU_DATA, ./var).",
)
@click.option("--demo", is_flag=True, help="Load the demo county and run its simulated sensors.")
def up(data: Path | None, demo: bool) -> None:
    """Start web, pipeline and worker under one supervisor; Ctrl-C stops them cleanly."""
    if data is not None:
        os.environ["SHOUTU_DATA"] = str(data)
    if demo:
        os.environ["SHOUTU_DEMO"] = "1"
    load.cache_clear()
    config = settings()
    began = time.monotonic()
    with claim(config):
        check_ports(config)
        prepared = prepare(config, demo=demo)
        supervisor = Supervisor(config)
        supervisor.add("web", "web")
        supervisor.add("pipeline", "pipeline")
        supervisor.add("worker", "worker")
        if demo:
            supervisor.add("simulate", "simulate")
        asyncio.run(supervisor.run(lambda: announce(config, prepared, began)))


def prepare(config: Config, *, demo: bool) -> dict[str, object]:
    """Bring the database up to date (and load the demo) in a process of its own; returns what it reports."""
    say(f"preparing {config.data} / 准备数据目录")
    command = [sys.executable, "-m", "shoutu.cli", "demo" if demo else "prepare"]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=dict(os.environ))
    if ended.returncode != 0:
        raise SettingError(f"SHOUTU_DATA={config.data}: could not be prepared; the lines above say why")
    report: dict[str, object] = json.loads(ended.stdout.strip().splitlines()[-1])
    return report


async def announce(config: Config, prepared: dict[str, object], began: float) -> None:
    """Wait until web and pipeline answer, then print the address and who can log in."""
    web = f"http://127.0.0.1:{config.port}/readyz"
    pipeline = f"http://127.0.0.1:{config.ingest_port}/readyz"
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        for name, url in (("web", web), ("pipeline", pipeline)):
            deadline = time.monotonic() + READY_PATIENCE_S
            while not await _answers(client, url):
                if time.monotonic() > deadline:
                    say(f"{name} is not ready after {READY_PATIENCE_S:.0f} s; see {config.data}/log/{name}.log")
                    break
                await asyncio.sleep(0.1)
    say(f"up in {time.monotonic() - began:.1f} s / 已启动")
    print(f"\n  守土 Shoutu      {config.public_url}")
    print(f"  ingest HTTP      http://{config.ingest_host}:{config.ingest_port}/ingest/v1/readings")
    print(f"  ingest MQTT      {config.mqtt_host}:{config.mqtt_port} (TLS {config.mqtts_port})")
    logins = prepared.get("logins")
    if isinstance(logins, list) and logins:
        print("\n  演示账号（只在本机可用）/ demo logins (loopback only):")
        for login in logins:
            print(f"    {login['username']:<14} {login['password']:<14} {login['post']}")
    elif prepared.get("setup_code"):
        print("\n  还没有用户。在浏览器里建第一个管理员 / no users yet, make the first administrator here:")
        print(f"    {config.public_url}/setup?code={prepared['setup_code']}")
    print("\n  Ctrl-C 停止 / stops\n", flush=True)


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.HTTPError:
        return False


@click.command()
def web() -> None:
    """The county: API, live events, the face; and the auditor, apart from the worker it watches."""
    config = settings()
    import uvicorn

    from shoutu.county import web as county_web

    uvicorn.run(
        county_web.application(),
        host=config.host,
        port=config.port,
        lifespan="on",
        access_log=False,
        timeout_graceful_shutdown=3,
        server_header=False,
    )


@click.command()
def pipeline() -> None:
    """The sensing wing: doors, journal, engine, store, signals."""
    from shoutu.sensing.pipeline import run

    run(settings())


@click.command()
def worker() -> None:
    """The county's clockwork: warnings from signals, calls and climbs, sealing, heartbeat."""
    settings()
    from shoutu.county.setup import ready

    ready()
    from shoutu.county.kit import worker as kit_worker

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    kit_worker.run(stop)


@click.command()
def prepare_command() -> None:
    """Bring the database up to date and print what the operator needs, as one line of JSON."""
    settings()
    from shoutu.county.setup import migrate, ready

    ready()
    migrate()
    from shoutu.county.people.first import setup_code

    click.echo(json.dumps({"setup_code": setup_code()}))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django's own management commands, for administrators."""
    settings()
    from shoutu.county.setup import ready

    ready()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["shoutu manage", *arguments])


@click.command()
@click.argument("names", nargs=-1)
def bench(names: tuple[str, ...]) -> None:
    """Measure this machine; writes JSON with medians (needs a source checkout)."""
    root = Path(__file__).resolve().parents[2]
    raise SystemExit(subprocess.run([sys.executable, "-m", "bench", *names], cwd=root, check=False).returncode)
