"""What the command screen says of weather warnings and of sites that stand still."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.testing import actor
from shoutu.county.sites.services.operation import set_state
from shoutu.county.weather import services
from tests.county.screen.test_screen import mark, read


def spell(county: SimpleNamespace) -> None:
    services.take(
        SYSTEM,
        services.Draft(
            key="k", door="hand", type="rainstorm", level=3, sender="县气象台", identifier="1",
            townships=[county.east.pk], headline="暴雨预警", text="3 小时 50 毫米",
            ends_at=timezone.now() + timedelta(hours=6),
        ),
    )  # fmt: skip
    services.call_due()


def test_the_screen_names_the_townships_that_have_not_answered(county, login) -> None:
    leader = login("leader")
    assert read(leader, "/screen/now")["weather"] == []
    spell(county)
    row = read(leader, "/screen/now")["weather"][0]
    assert (row["townships_answered"], row["townships"], row["townships_waiting"]) == (0, 1, ["东乡"])


def test_a_sealed_site_is_marked_and_the_others_are_not(watched, login) -> None:
    client = login("leader")
    assert mark(client)["operating"] == "producing"
    set_state(actor(watched.users["duty_officer"]), watched.site, "sealed", "停产整顿")
    assert mark(client)["operating"] == "sealed"
    assert mark(client, "乙矿露天采场") | {"operating": "producing", "state": "unwatched"} == mark(
        client, "乙矿露天采场"
    )
