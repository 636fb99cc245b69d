"""A worker killed (SIGKILL) at the worst instants of an import: nothing half-imported, nothing imported twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clusters import with_own_database
from tests.prepared import prepare

ROWS = 700

PREPARE = """
import io, sys
from shoutu.county.setup import migrate, ready
ready(); migrate()
import shoutu.county.urls
from openpyxl import Workbook
from shoutu.county.exchange import services
from shoutu.county.kit.sheets import tables
from shoutu.county.people.testing import actor, make_county
county = make_county()
book = Workbook()
book.active.append(["单位", "场所名称", "类别"])
for n in range(int(sys.argv[1])):
    book.active.append(["甲矿", f"批{n}", "排土场"])
out = io.BytesIO()
book.save(out)
services.take(actor(county.users["administrator"]), tables.get("sites"), "批.xlsx", out.getvalue())
"""
# Works until the instant told, then dies as by a power cut; without one, to the end.
WORK = """
import os, signal, sys, time
from types import SimpleNamespace
from shoutu.county.setup import ready
ready()
import shoutu.county.urls
from shoutu.county.exchange import services
from shoutu.county.exchange.models import Import
from shoutu.county.kit import events
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
at = sys.argv[1]
if at in ("staging", "following"):
    services.time = SimpleNamespace(monotonic=time.monotonic, sleep=die)  # the pause after a piece
if at == "committing":
    events.on("import.done")(die)
if at == "judging":
    services.judged = die
while services.work():
    pass
"""
CONFIRM = """
from shoutu.county.setup import ready
ready()
import shoutu.county.urls
from shoutu.county.exchange import services
from shoutu.county.exchange.models import Import
from shoutu.county.people.models import User
from shoutu.county.people.testing import actor
job = Import.objects.get()
services.confirm(actor(User.objects.get(pk=job.user_id)), job, job.plan)
"""
ASK = """
import json
from shoutu.county.setup import ready
ready()
import shoutu.county.urls
from shoutu.county.exchange.models import Import
from shoutu.county.kit.models import OutboxEvent
from shoutu.county.ledger.models import Entry
from shoutu.county.places.models import Site
job = Import.objects.get()
made = set(Site.objects.filter(name__startswith="批").values_list("pk", flat=True))
told = set(OutboxEvent.objects.filter(topic="site.changed").values_list("subject_id", flat=True))
print(json.dumps({"state": job.state, "made": len(made), "told": len(made & told), "rows": job.rows.count(),
                  "entries": Entry.objects.filter(verb="import.done").count()}))
"""


@pytest.mark.full
@pytest.mark.integration
@pytest.mark.timeout(280)
def test_killed_at_any_instant_all_of_it_or_nothing(tmp_path: Path) -> None:
    environment = with_own_database({**os.environ, "SHOUTU_DATA": str(tmp_path / "var")})
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    prepare(tmp_path / "var" / "county.sqlite3")

    def python(code: str, *arguments: str, dies: bool = False) -> str:
        ended = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == (-signal.SIGKILL if dies else 0), ended.stderr
        return ended.stdout

    def ask() -> dict[str, Any]:
        return json.loads(python(ASK))  # type: ignore[no-any-return]

    nothing = {"made": 0, "told": 0, "entries": 0}
    python(PREPARE, str(ROWS))
    python(WORK, "judging", dies=True)
    assert ask() == {"state": "reading", "rows": 0, **nothing}
    python(WORK, "staging", dies=True)
    half = ask()
    assert 0 < half["rows"] < ROWS
    assert half == {"state": "reading", "rows": half["rows"], **nothing}
    python(WORK, "")
    assert ask() == {"state": "checked", "rows": ROWS, **nothing}
    python(CONFIRM)
    python(WORK, "committing", dies=True)
    assert ask() == {"state": "confirmed", "rows": ROWS, **nothing}
    python(WORK, "following", dies=True)
    assert ask() == {"state": "following", "rows": ROWS, "made": ROWS, "told": 50, "entries": 1}
    python(WORK, "")
    assert ask() == {"state": "done", "rows": ROWS, "made": ROWS, "told": ROWS, "entries": 1}
