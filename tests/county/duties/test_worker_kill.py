"""Real worker processes killed at random instants: every rung called once, every message sent, all on the record."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.clusters import with_own_database
from tests.stack import until

PREPARE = """
import json, sys
from shoutu.county.setup import migrate, ready
ready(); migrate()
from shoutu.county.duties import services
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.testing import make_county
county = make_county()
services.allow_endpoint(SYSTEM, "json", "127.0.0.1")
for name in ("enterprise", "principal", "township", "duty_officer", "leader"):
    services.set_contact(SYSTEM, county.persons[name], "网关", sys.argv[1])
names = ["enterprise_duty", "enterprise_principal", "township_head", "county_duty", "county_leader"]
lane = {"policy": "test@1", "verified": False, "chain": [{"who": n, "answer_s": 3} for n in names[:-1]], "due_s": {},
        "orders": [], "retry_s": [1, 1, 1, 1, 1]}
lane["chain"].append({"who": names[-1], "answer_s": 3600})
for i in range(20):
    services.open_duty(SYSTEM, "test.work", SubjectRef("thing", i), county.site.pk, lane, 4, f"第 {i} 件", "试")
"""
ASK = """
import json
from shoutu.county.setup import ready
ready()
from shoutu.county.duties.models import Call, Notice
from shoutu.county.ledger.models import Entry
# The worker also calls for what the small county lacks: that is another matter.
ours = Notice.objects.filter(call__duty__kind="test.work")
calls = Call.objects.filter(duty__kind="test.work")
print(json.dumps({
    "calls": sorted(map(list, calls.values_list("duty_id", "round", "rung"))),
    "entries": Entry.objects.filter(verb="duty.called", subject_id__in=calls.values("duty_id")).count(),
    "sent": ours.filter(channel="apprise", step="handed_over").count(),
    "keys": sorted(ours.filter(channel="apprise").values_list("key", flat=True)),
    "waiting": ours.filter(next_try_at__isnull=False).count(),
}))
"""


@pytest.fixture
def gateway():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.got.append(body["message"].rsplit("#", 1)[1])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.full
@pytest.mark.integration
@pytest.mark.timeout(300)
def test_killed_at_random_instants_every_call_is_made_once_and_every_message_sent(tmp_path, gateway):
    environment = with_own_database({**os.environ, "SHOUTU_DATA": str(tmp_path / "var")})
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def python(code, *arguments):
        ended = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    python(PREPARE, f"json://127.0.0.1:{gateway.server_port}/")
    dice = random.Random(7)
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-m", "shoutu.cli", "worker"], env=environment) as worker:
            time.sleep(dice.uniform(0.5, 20.0))
            worker.send_signal(signal.SIGKILL)
    with subprocess.Popen([sys.executable, "-m", "shoutu.cli", "worker"], env=environment) as worker:
        try:
            until(lambda: _settled(json.loads(python(ASK))), 150, "all called and sent")
        finally:
            worker.terminate()
    told = json.loads(python(ASK))
    assert told["calls"] == sorted([duty, 1, rung] for duty in range(1, 21) for rung in range(5))
    assert told["entries"] == 100
    # At least once: a message may be repeated, under the same key, but none is missing.
    assert len(told["keys"]) == 100
    assert set(told["keys"]) <= set(gateway.got)


def _settled(told):
    return len(told["calls"]) >= 100 and told["sent"] >= 100 and told["waiting"] == 0
