"""Calling many people at once, and climbing many duties in time, on the installation's own kind of database.

``hand_over``: 500 people are called in one go (500 duties opened); seconds from the first call until the last message
stands as handed over, by an operator's gateway that is a real HTTP server on this machine answering after 50 ms, with
the real sending step. ``climb``: 10,000 duties are open and 200 of them fall due, spread over 10 s; how late the next
rung is called, with the real climbing step run as the worker runs it. Run alone: ``python -m bench.calling``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PEOPLE, DUTIES, DUE, SPREAD_S = 500, 10_000, 200, 10.0
ANSWER_AFTER_S = 0.05


def run() -> dict[str, Any]:
    """Both figures, in a process and a data directory of their own."""
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as data:
        environment = {**os.environ, "SHOUTU_DATA": data, "DJANGO_SETTINGS_MODULE": "shoutu.county.settings"}
        environment.pop("SHOUTU_DATABASE_URL", None)
        child = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "--child"],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return json.loads(child.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


class _Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(ANSWER_AFTER_S)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        pass


def _lane(chain: int, answer_s: float) -> dict[str, Any]:
    rungs = ["enterprise_duty", "enterprise_principal", "township_head", "county_duty", "county_leader"][:chain]
    return {
        "policy": "bench@1", "verified": False, "chain": [{"who": who, "answer_s": answer_s} for who in rungs],
        "due_s": {}, "orders": [], "retry_s": [1], "reach": [],
    }  # fmt: skip


def _people(url: str) -> list[Any]:
    """500 mines, each with a person on duty who has a number on the gateway; their sites."""
    from datetime import datetime

    from django.utils import timezone

    from shoutu.county.duties import services as duties
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.people import services as people
    from shoutu.county.people.models import Rung
    from shoutu.county.places import services as places

    since: datetime = timezone.now() - timedelta(days=1)
    county = places.create_territory(SYSTEM, "示范县")
    duties.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    channel = duties.add_channel(SYSTEM, "短信", "operator_sms", {"url": url})
    sites = []
    for number in range(PEOPLE):
        mine = places.create_organisation(SYSTEM, f"矿{number}", "enterprise", county)
        sites.append(places.create_site(SYSTEM, f"矿{number}尾矿库", "tailings_pond", mine))
        person = people.create_person(SYSTEM, f"值班员{number}", organisation=mine)
        post = people.create_post(SYSTEM, mine, "值班员", kind="enterprise_duty")
        people.hold_post(SYSTEM, post, person, since=since)
        people.assign_responsibility(SYSTEM, post, "enterprise", Rung.ENTERPRISE_DUTY, since=since, organisation=mine)
        duties.set_contact(SYSTEM, person, "短信", channel=channel, address=f"138{number:08d}")
    return sites


def _hand_over(sites: list[Any]) -> dict[str, Any]:
    from shoutu.county.duties import services
    from shoutu.county.duties.models import Notice
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.kit.subjects import SubjectRef

    begun = time.perf_counter()
    done: list[float] = []

    def send() -> None:
        # As the worker does: at once again while there is more, else half a second later.
        while len(done) == 0:
            if not services.deliver():
                if Notice.objects.filter(channel="operator_sms", step="handed_over").count() >= PEOPLE:
                    done.append(time.perf_counter())
                else:
                    time.sleep(0.5)

    sender = threading.Thread(target=send)
    sender.start()
    for number, site in enumerate(sites):
        services.open_duty(
            SYSTEM, "bench", SubjectRef("thing", number), site.pk, _lane(1, 86_400), 4, f"第 {number} 件", "试"
        )
    called = time.perf_counter()
    sender.join()
    return {"people": PEOPLE, "called_s": round(called - begun, 2), "last_handed_over_s": round(done[0] - begun, 2)}


def _climb(site: Any) -> dict[str, Any]:
    from django.utils import timezone

    from shoutu.county.duties import services
    from shoutu.county.duties.models import Call, Duty

    now = timezone.now()
    rest = DUTIES - Duty.objects.count()
    lane = _lane(5, 86_400)
    Duty.objects.bulk_create(
        [
            Duty(
                kind="bench", key=f"climb:{number}", about_type="thing", about_id=number, site=site, level=4,
                title=f"等 {number}", policy=lane, opened_at=now, called_since=now, rung_next=1,
                climb_at=now + timedelta(days=1),
            )
            for number in range(rest)
        ],
        batch_size=500,
    )  # fmt: skip
    duties = list(Duty.objects.filter(key__startswith="climb:").order_by("pk"))
    Call.objects.bulk_create(
        [
            Call(
                duty=duty, round=1, rung=0, who="enterprise_duty", state="calling", called_at=now,
                due_at=now + timedelta(days=1),
            )
            for duty in duties
        ],
        batch_size=500,
    )  # fmt: skip
    start = timezone.now() + timedelta(seconds=1)
    due = {}
    for number, duty in enumerate(duties[:DUE]):
        due[duty.pk] = start + timedelta(seconds=SPREAD_S * number / DUE)
        Duty.objects.filter(pk=duty.pk).update(climb_at=due[duty.pk])
    late: dict[int, float] = {}
    until = time.monotonic() + 60
    while len(late) < DUE and time.monotonic() < until:
        more = services.climb_due()
        after = timezone.now()
        for pk in Call.objects.filter(duty__in=due, rung__gte=1).values_list("duty_id", flat=True).distinct():
            late.setdefault(pk, (after - due[pk]).total_seconds())
        if not more:
            time.sleep(0.5)
    waits = sorted(late.values())
    return {
        "open_duties": DUTIES, "fell_due": DUE, "climbed": len(waits), "late_p50_s": round(waits[len(waits) // 2], 2),
        "late_worst_s": round(waits[-1], 2),
    }  # fmt: skip


def child() -> dict[str, Any]:
    """What `run` runs."""
    from shoutu.county.setup import migrate, ready

    ready()
    migrate()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sites = _people(f"http://127.0.0.1:{server.server_port}/")
    return {"hand_over": _hand_over(sites), "climb": _climb(sites[0])}


if __name__ == "__main__":
    print(json.dumps(child() if "--child" in sys.argv else run()))
