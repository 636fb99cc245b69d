"""``shoutu up`` and the processes it supervises: web, pipeline, worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import httpx

from shoutu.cli import settings
from shoutu.config import Config, SettingError, load
from shoutu.stopping import stop_on_signals
from shoutu.supervisor import Supervisor, check_ports, claim, die_with_parent, say

NOT_READY_NOTICE_S = 10.0
"""A part that is not ready after so long is named to the operator, then ever more rarely."""
NOT_READY_PAUSE_MAX_S = 120.0
STOPPED_WHILE_PREPARING = 130
"""What a shell knows an interrupted command by; a supervisor stopped once its parts run ends with 0."""


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
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=dict(os.environ), preexec_fn=die_with_parent
    )
    try:
        answer, _ = process.communicate()
    except KeyboardInterrupt:
        # Before the directory is let go: nothing may still write to it when the next start takes it.
        process.kill()
        process.wait()
        say("stopped while preparing; start it again to go on / 准备中已停，再次启动即可")
        raise SystemExit(STOPPED_WHILE_PREPARING) from None
    if process.returncode != 0:
        raise SettingError(f"SHOUTU_DATA={config.data}: could not be prepared; the lines above say why")
    report: dict[str, object] = json.loads(answer.strip().splitlines()[-1])
    return report


async def announce(config: Config, prepared: dict[str, object], began: float) -> None:
    """Wait until every part does its work, naming those that keep it waiting; then print how to get in."""
    await _all_ready(config)
    say(f"up in {time.monotonic() - began:.1f} s / 已启动")
    print(f"\n  守土 Shoutu      {config.public_url}")
    print(f"  ingest HTTP      http://{config.ingest_host}:{config.ingest_port}/ingest/v1/readings")
    print(f"  ingest MQTT      {config.mqtt_host}:{config.mqtt_port} (TLS {config.mqtts_port})")
    if config.hj212_port:
        print(f"  ingest HJ 212    {config.hj212_host}:{config.hj212_port}")
    logins = prepared.get("logins")
    if isinstance(logins, list) and logins:
        print("\n  演示账号（只在本机可用）/ demo logins (loopback only):")
        for login in logins:
            print(f"    {login['username']:<14} {login['password']:<14} {login['post']}")
    elif prepared.get("setup_code"):
        print("\n  还没有用户。在浏览器里建第一个管理员 / no users yet, make the first administrator here:")
        print(f"    {config.public_url}/setup?code={prepared['setup_code']}")
    print("\n  Ctrl-C 停止 / stops\n", flush=True)


async def _all_ready(config: Config) -> None:
    """Return when web, pipeline and worker have all been seen ready; say every so often which are not yet."""
    waiting = dict.fromkeys(("web", "pipeline", "worker"))
    named: set[str] = set()
    begun = time.monotonic()
    due, pause = begun + NOT_READY_NOTICE_S, NOT_READY_NOTICE_S
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while True:
            for name in list(waiting):
                if await _is_ready(config, client, name):
                    del waiting[name]
                    if name in named:
                        say(f"{name} is ready now / 已就绪")
            if not waiting:
                return
            if time.monotonic() >= due:
                for name in waiting:
                    say(
                        f"{name} is not ready yet after {time.monotonic() - begun:.0f} s / 尚未就绪; "
                        f"see {config.data / 'log' / name}.log; waiting on"
                    )
                named |= waiting.keys()
                pause = min(2 * pause, NOT_READY_PAUSE_MAX_S)
                due = time.monotonic() + pause
            await asyncio.sleep(0.1)


async def _is_ready(config: Config, client: httpx.AsyncClient, name: str) -> bool:
    if name == "worker":
        return watches(config)
    host, port = (config.host, config.port) if name == "web" else (config.ingest_host, config.ingest_port)
    return await _answers(client, f"http://{_reachable(host)}:{port}/readyz")


def _reachable(host: str) -> str:
    """An address of this machine at which what listens on ``host`` answers."""
    if host in ("", "0.0.0.0"):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def watches(config: Config) -> bool:
    """Whether the worker that runs now holds the lease and has beaten: its own process id is in its file."""
    try:
        return (config.run / "worker.ready").read_text() == (config.run / "worker.pid").read_text()
    except OSError:
        return False


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
    from prometheus_client import Counter, Gauge

    from shoutu.county import web as county_web
    from shoutu.guard import GuardedServer, Limits, Watch, connections_allowed

    ended = Counter("shoutu_web_connections_ended", "Connections of the web process ended early, by reason", ["reason"])
    watch = Watch(
        # Long enough for the largest export on a slow line; live events go on for as long as somebody looks.
        Limits(connections=connections_allowed(), answer_seconds=900, endless=frozenset({"/live/events"})),
        count=lambda outcome: ended.labels(outcome).inc(),
        show=Gauge("shoutu_web_connections", "Connections of the web process open").set,
    )
    server = GuardedServer(
        uvicorn.Config(
            county_web.application(),
            host=config.host,
            port=config.port,
            http=watch.protocol(),
            ws="none",
            lifespan="on",
            access_log=False,
            timeout_graceful_shutdown=3,
            server_header=False,
        ),
        watch,
    )
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(3)


@click.command()
def pipeline() -> None:
    """The sensing wing: doors, journal, engine, store, signals."""
    from shoutu.sensing.pipeline import run

    run(settings())


@click.command()
def worker() -> None:
    """The county's clockwork: warnings from signals, calls and climbs, sealing, heartbeat."""
    config = settings()
    from shoutu.county.setup import ready

    ready()
    from shoutu.county.kit import worker as kit_worker

    kit_worker.run(
        stop_on_signals(),
        lambda: (config.run / "worker.ready").write_text(str(os.getpid())),
        (config.worker_host, config.worker_port),
    )


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
