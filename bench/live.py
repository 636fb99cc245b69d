"""300 people with a live page each: from a warning's commit, and from its reading, until every page has been told.

A real county on SQLite and on a private PostgreSQL (``fsync`` on): 40 mines in ten townships, 300 accounts of eight
roles, each signed in by a session of its own and holding ``/live/events``. Readings come in through the MQTT door.
``single``: one point crosses its limit at a time; whoever may see the mine must be told, nobody else may. ``volley``:
a point of every mine crosses in one message, so that all 300 are concerned at once; until the last each is to see.
Times are of the first event about the warning: ``commit`` counts from the event's own time, taken inside the
transaction that opened the warning, ``sent`` from the moment before the message left. ``web_cpu_idle`` is the share of
a core the web process needs to hold the lines while nothing happens. Alone: ``python -m bench.live [LINES]``.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench.machine import memory
from tests.stack import Stack, running

LINES, TOWNSHIPS, MINES, SINGLES, VOLLEYS = 300, 10, 40, 30, 3
IDLE_S = 15.0
PATIENCE_S = 60.0
AFTERWARDS_S = 1.0
"""How long what may not come is waited for."""

POPULATE = """
import json, sys
from shoutu.county.setup import ready
ready()
from django.db import transaction
from django.test import Client
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people import services as people
from shoutu.county.people.models import Rung
from shoutu.county.places import services as places
from shoutu.county.sites import services as sites
from shoutu.county.sites.services.rules import NewRule

lines, townships, mines, volleys = map(int, sys.argv[1:])
LEVELS = {"direction": "high", "levels": {"1": 3.2, "2": 3.6, "3": 4.0, "4": 4.5}, "hysteresis": 0.2,
          "raise_for_s": 0}
county = places.create_territory(SYSTEM, "示范县")
towns = [places.create_territory(SYSTEM, f"第{n}镇", parent=county) for n in range(townships)]
source = sites.create_source(SYSTEM, "量测网关")
_, token = sites.create_token(SYSTEM, source, "量测")
firms, heads, points, watched = [], [], [], []
for n in range(mines):
    with transaction.atomic():
        firm = places.create_organisation(SYSTEM, f"第{n}矿", "enterprise", towns[n % townships])
        site = places.create_site(SYSTEM, f"第{n}矿尾矿库", "tailings_pond", firm, towns[n % townships])
        post = people.create_post(SYSTEM, firm, "主要负责人", kind="principal")
        person = people.create_person(SYSTEM, f"第{n}矿主要负责人", organisation=firm)
        people.hold_post(SYSTEM, post, person)
        people.assign_responsibility(SYSTEM, post, "enterprise", Rung.ENTERPRISE_PRINCIPAL, organisation=firm)
        made = sites.create_points(SYSTEM, site, source, [
            (f"P-{n:02d}-{item}", {"item": f"level_{item}", "item_title": "量测", "unit": "m", "interval_s": 3600,
                                   "low": -50.0, "high": 50.0, "danger": "high"})
            for item in range(volleys + 1)
        ])
    watched += made
    firms.append(firm)
    heads.append(person)
    points.append([point.address for point in made])
sites.create_rules(SYSTEM, [NewRule(point, "threshold", LEVELS, "量测") for point in watched])

plan = [("duty_officer", 60), ("leader", 20), ("auditor", 20), ("inspector", 20), ("township", 100),
        ("principal", mines), ("safety_officer", mines)]
accounts = []
for role, share in plan:
    for n in range(max(1, round(share * lines / 300))):
        mine, town = n % mines, n % townships
        place = {"territory": towns[town]} if role == "township" else {"territory": county}
        if role in ("principal", "safety_officer"):
            place = {"organisation": firms[mine]}
        if role == "principal":
            place["person"] = heads[mine]
        user = people.create_user(SYSTEM, f"{role}{n}", role, "量测-2026", is_demo=True, **place)
        client = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR="127.0.0.1")
        client.force_login(user)
        accounts.append({
            "cookie": client.cookies["shoutu_session"].value, "role": role,
            "town": town if role == "township" else None,
            "mine": mine if role in ("principal", "safety_officer") else None,
        })
print(json.dumps({"token": token, "points": points, "accounts": accounts}))
"""


@dataclass(eq=False)
class Line:
    """One signed-in person's stream: when each warning was first told (seconds since 1970), and its commit."""

    cookie: str
    town: int | None
    mine: int | None
    told: dict[int, tuple[float, float]] = field(default_factory=dict)
    resets: int = 0
    ended: bool = False

    def sees(self, mine: int) -> bool:
        if self.mine is not None:
            return self.mine == mine
        return self.town is None or self.town == mine % TOWNSHIPS

    def hear(self, message: bytes) -> None:
        said = dict(row.split(b": ", 1) for row in message.split(b"\n"))
        self.resets += said.get(b"event") == b"reset"
        if said.get(b"event") != b"change":
            return
        body = json.loads(said[b"data"])
        if body["subject"]["type"] == "warning":
            at = datetime.fromisoformat(body["at"]).timestamp()
            self.told.setdefault(body["subject"]["id"], (time.time(), at))

    async def hold(self, url: str, opened: asyncio.Event) -> None:
        """Read the stream until cancelled."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        cookie = f"cookie: shoutu_session={self.cookie}"
        writer.write(f"GET /live/events HTTP/1.1\r\nhost: {parts.netloc}\r\n{cookie}\r\n\r\n".encode())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"a line was refused: {head!r}")
            left = b""
            while size := int(await reader.readline(), 16):
                piece = await reader.readexactly(size + 2)
                *messages, left = (left + piece[:-2]).split(b"\n\n")
                for message in messages:
                    self.hear(message)
                opened.set()
        finally:
            self.ended = True
            writer.close()


class Gateway:
    """The mines' gateway: one MQTT connection to the pipeline's door, QoS 1."""

    def __init__(self, port: int, token: str) -> None:
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench-live")
        self.client.username_pw_set(token)
        admitted = threading.Event()
        self.client.on_connect = lambda *_: admitted.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if not admitted.wait(30):
            raise RuntimeError("the MQTT door did not let the gateway in within 30 s")

    def send(self, addresses: list[str], value: float) -> float:
        """When it was sent; returns once the door has acknowledged."""
        now = time.time()
        rows = [{"point": address, "ts": int(now * 1000), "value": value} for address in addresses]
        self.client.publish("shoutu/v1/readings", json.dumps(rows), qos=1).wait_for_publish(30)
        return now

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def cpu(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def populate(stack: Stack, lines: int) -> dict[str, Any]:
    """The county's mines, points, accounts and sessions; tokens and cookies to come in by."""
    stack.cli("prepare")
    ended = subprocess.run(
        [sys.executable, "-c", POPULATE, *map(str, (lines, TOWNSHIPS, MINES, VOLLEYS))],
        env=stack.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


async def fire(gateway: Gateway, lines: list[Line], mines: list[int], points: list[str]) -> dict[str, list[float]]:
    """One message in which a point of each of these mines crosses; for each line concerned, ms until all it is to see
    was told: from the last of their commits, and from sending. Raises RuntimeError for a line not told, or told of
    what it may not see."""
    known = [set(line.told) for line in lines]
    due = [sum(line.sees(mine) for mine in mines) for line in lines]

    def new(number: int) -> list[tuple[float, float]]:
        return [times for id_, times in lines[number].told.items() if id_ not in known[number]]

    sent = await asyncio.to_thread(gateway.send, points, 9.0)
    while any(len(new(n)) < due[n] for n in range(len(lines))):
        if time.time() - sent > PATIENCE_S:
            missing = sum(len(new(n)) < due[n] for n in range(len(lines)))
            raise RuntimeError(f"{missing} of {len(lines)} lines were not told within {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.02)
    await asyncio.sleep(AFTERWARDS_S)
    if any(len(new(n)) > due[n] for n in range(len(lines))):
        raise RuntimeError("a line was told of a warning it may not see")
    found: dict[str, list[float]] = {"commit": [], "sent": []}
    for number in range(len(lines)):
        if due[number]:
            times = new(number)
            last = max(heard for heard, _ in times)
            found["commit"].append((last - max(at for _, at in times)) * 1000)
            found["sent"].append((last - sent) * 1000)
    return found


def spread(rounds: list[dict[str, list[float]]]) -> dict[str, float]:
    """p50, p99 and the most of all lines of all rounds together."""
    told: dict[str, float] = {"rounds": len(rounds), "receipts": sum(len(r["commit"]) for r in rounds)}
    for name in ("commit", "sent"):
        values = sorted(ms for one in rounds for ms in one[name])
        told |= {
            f"{name}_p50_ms": round(statistics.median(values), 1),
            f"{name}_p99_ms": round(values[min(len(values) - 1, int(len(values) * 0.99))], 1),
            f"{name}_max_ms": round(values[-1], 1),
        }
    return told


async def measure(
    stack: Stack, county: dict[str, Any], singles: int = SINGLES, volleys: int = VOLLEYS
) -> dict[str, Any]:
    """All lines opened, then warning after warning; figures of the web process around it."""
    lines = [Line(one["cookie"], one["town"], one["mine"]) for one in county["accounts"]]
    points, web = county["points"], stack.pid("web")
    gateway = await asyncio.to_thread(Gateway, stack.mqtt_port, county["token"])
    await asyncio.to_thread(gateway.send, [address for row in points for address in row], 0.1)
    before, threads = memory(web), threads_of(web)
    opened = [asyncio.Event() for _ in lines]
    begun = time.perf_counter()
    held = [asyncio.create_task(line.hold(stack.url, one)) for line, one in zip(lines, opened, strict=True)]
    try:
        await asyncio.wait_for(asyncio.gather(*(one.wait() for one in opened)), PATIENCE_S)
        open_s = time.perf_counter() - begun
        await asyncio.sleep(6)
        used, clock, held_by = cpu(web), time.perf_counter(), threads_of(web)
        await asyncio.sleep(IDLE_S)
        idle = (cpu(web) - used) / (time.perf_counter() - clock)
        single, used, clock = [], cpu(web), time.perf_counter()
        for mine in range(singles):
            single.append(await fire(gateway, lines, [mine], [points[mine][0]]))
        busy = (cpu(web) - used) / (time.perf_counter() - clock)
        everyone = list(range(MINES))
        volley = [
            await fire(gateway, lines, everyone, [row[number + 1] for row in points]) for number in range(volleys)
        ]
        if any(line.ended or line.resets for line in lines):
            raise RuntimeError("a line was lost or had to begin anew")
    finally:
        for task in held:
            task.cancel()
        for task in held:
            with suppress(asyncio.CancelledError, OSError):
                await task
        gateway.close()
    return {
        "lines": len(lines), "opened_s": round(open_s, 2), "web_rss_mb_before": before["rss_mb"],
        "web_rss_mb": memory(web)["rss_mb"], "web_threads_before": threads, "web_threads": held_by,
        "web_cpu_idle": round(idle, 3), "web_cpu_single": round(busy, 3),
        "single": spread(single), "volley": spread(volley),
    }  # fmt: skip


def once(url: str, lines: int = LINES) -> dict[str, Any]:
    """A new county on one database."""
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
        stack = Stack(Path(folder) / "data", **({"SHOUTU_DATABASE_URL": url} if url else {}))
        county = populate(stack, lines)
        with running(Path(folder) / "data", stack=stack):
            stack.await_token(county["token"])
            return asyncio.run(measure(stack, county))


def run(lines: int = LINES) -> dict[str, Any]:
    """Both databases."""
    from tests.clusters import cluster

    found = {"sqlite": once("", lines)}
    with cluster(fsync=True) as url:
        found["postgresql"] = once(url, lines)
    return found


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1]) if len(sys.argv) > 1 else LINES), sys.stdout, indent=1)
