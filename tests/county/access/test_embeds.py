"""嵌入页面: opened once, by a ticket a token asked for; shows its own page, what its owner sees, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import time_machine
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from shoutu.config import SettingError, _origins
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.middleware import SecurityHeaders
from shoutu.county.ledger.models import Entry
from shoutu.county.people import services
from shoutu.county.people.models import ApiToken, Embed
from tests.county.access.test_matrix import Visitor
from tests.county.access.things import own_token
from tests.county.access.walk import request, routes

OUTER = "https://zhihui.example.gov.cn"


@pytest.fixture(autouse=True)
def _one_platform(settings: Any) -> None:
    settings.EMBED_ORIGINS = (OUTER,)
    settings.EMBED_POLICY = settings.CONTENT_SECURITY_POLICY.replace("ancestors 'none'", f"ancestors {OUTER}")


def token(county: SimpleNamespace, owner: str = "leader", **more: Any) -> tuple[ApiToken, dict[str, str]]:
    made, text = services.create_api_token(SYSTEM, county.users[owner], "智慧综合指挥平台", **more)
    return made, {"authorization": f"Bearer {text}"}


def post(path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    return Client().post(f"/api/v1/{path}", body, content_type="application/json", headers=headers or {})


def ticket_of(answer: Any) -> str:
    assert answer.status_code == 201, answer.content.decode()
    return urlsplit(answer.json()["address"]).fragment


def opened(headers: dict[str, str], **wanted: Any) -> dict[str, str]:
    """The headers of a frame."""
    answer = post("embeds/open", {"ticket": ticket_of(post("embeds", wanted, headers))})
    assert answer.status_code == 200, answer.content.decode()
    return {"authorization": f"Bearer {answer.json()['key']}"}


def get(path: str, headers: dict[str, str]) -> Any:
    return Client().get(f"/api/v1/{path}", headers=headers)


def test_a_ticket_opens_its_page_once_and_both_stand_in_the_ledger(county: SimpleNamespace) -> None:
    made, headers = token(county)
    answer = post("embeds", {"page": "screen", "tone": "dark", "language": "en"}, headers)
    parts = urlsplit(answer.json()["address"])
    assert (parts.path, parts.query) == ("/embed/screen", "tone=dark&language=en")
    first = post("embeds/open", {"ticket": parts.fragment})
    assert first.json()["page"] == "screen"
    assert all(name.endswith(".read") for name in first.json()["me"]["permissions"])
    assert post("embeds/open", {"ticket": parts.fragment}).status_code == 401
    key = {"authorization": f"Bearer {first.json()['key']}"}
    assert get("screen/now", key).status_code == 200
    verbs = list(Entry.objects.filter(verb__startswith="embed.").order_by("id").values_list("verb", "subject_id"))
    assert verbs == [("embed.made", made.pk), ("embed.opened", made.pk)]
    kept = Embed.objects.get()
    assert parts.fragment not in (kept.ticket_hash, kept.key_hash)


def test_a_frame_does_not_tell_whose_token_opened_it(county: SimpleNamespace) -> None:
    _made, headers = token(county)
    answer = post("embeds/open", {"ticket": ticket_of(post("embeds", {"page": "screen"}, headers))})
    told, leader = answer.json()["me"], county.users["leader"]
    assert (told["user"]["id"], told["user"]["display"], told["post"], told["identity"]) == (0, "", None, None)
    assert leader.username not in answer.content.decode().replace(f'"role": "{leader.role}"', "")
    assert leader.display not in answer.content.decode().replace(f'"role": "{leader.role}"', "")


def test_a_token_narrowed_to_a_part_of_the_page_opens_none(county: SimpleNamespace) -> None:
    _made, headers = token(county, permissions=["screen.read", "warning.read"])
    refused = post("embeds", {"page": "screen"}, headers)
    assert (refused.status_code, refused.json()["permission"]) == (403, "duty.read")
    assert post("embeds", {"page": "warnings"}, headers).status_code == 403
    may = ["screen.read", "site.read", "warning.read", "status.read"]
    _made, headers = token(county, permissions=may)
    assert post("embeds", {"page": "map"}, headers).status_code == 201


def test_a_ticket_waits_a_minute_and_a_frame_ends_in_its_time(county: SimpleNamespace) -> None:
    _made, headers = token(county)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        late = ticket_of(post("embeds", {"page": "map"}, headers))
        key = opened(headers, page="map", hours=1)
        clock.shift(timedelta(seconds=60))
        assert post("embeds/open", {"ticket": late}).status_code == 401
        clock.shift(timedelta(minutes=58, seconds=59))
        assert get("screen/sites", key).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert get("screen/sites", key).status_code == 401
        clock.shift(timedelta(days=2))
        post("embeds", {"page": "map"}, headers)
        assert Embed.objects.count() == 1, "what has ended is not kept for ever"


def test_a_frame_ends_with_its_token_and_with_its_owner(county: SimpleNamespace) -> None:
    made, headers = token(county)
    key = opened(headers, page="warnings")
    waiting = ticket_of(post("embeds", {"page": "warnings"}, headers))
    assert get("warnings", key).status_code == 200
    services.revoke_api_token(SYSTEM, made)
    assert get("warnings", key).status_code == 401
    assert post("embeds/open", {"ticket": waiting}).status_code == 401
    _made, headers = token(county)
    key = opened(headers, page="warnings")
    services.set_active(SYSTEM, county.users["leader"], False)
    assert get("warnings", key).status_code == 401


MAP = {f"GET /api/v1/{name}" for name in ("status", "screen/map", "screen/sites")}
SITE = {"GET /api/v1/" + name for name in (
    "status", "screen/map", "points", "readings", "warnings", "rules", "sites/{id}", "sites/{id}/responsible",
    "sites/{id}/operation", "sites/{id}/licences", "sites/{id}/documents", "sites/{id}/weather",
)}  # fmt: skip


@pytest.mark.parametrize(("page", "reads"), [pytest.param("map", MAP, marks=pytest.mark.full), ("site", SITE)])
def test_a_frame_changes_nothing_and_asks_for_no_other_page(both: SimpleNamespace, page: str, reads: set[str]) -> None:
    _made, headers = token(both, "administrator")
    key = opened(headers, page=page, **({"site": both.site.pk} if page == "site" else {}))
    things = {"tokens/{id}": own_token(both.users["administrator"])} | both.own
    open_to_all = Visitor(both, "anonymous")
    client, let_in = Client(raise_request_exception=False), set()
    for route in routes():
        if route.of_wings or route.asynchronous or not route.path.startswith("/api/v1/"):
            continue
        path, query, body = request(route, things)
        form = {} if body is None else {"data": body, "content_type": "application/json"}
        client.cookies.clear()
        with transaction.atomic():
            answer = getattr(client, route.method.lower())(path, headers=key, query_params=query, **form)
            transaction.set_rollback(True)
        if answer.status_code not in (401, 403, 404) and open_to_all.ask(route, things) in (401, 403):
            let_in.add(route.name)
    assert let_in == reads


def test_a_wall_in_a_frame_asks_for_all_that_it_shows(both: SimpleNamespace) -> None:
    _made, headers = token(both)
    key = opened(headers, page="screen")
    for name in ("status", "screen/now", "screen/trend", "warnings", "warning-groups"):
        assert get(name, key).status_code == 200, name
    for name in ("duties", "persons", "tables/warnings/export"):
        assert get(name, key).status_code in (401, 403), name


def test_a_dossier_shows_its_own_site_and_no_other(both: SimpleNamespace) -> None:
    _made, headers = token(both)
    key = opened(headers, page="site", site=both.site.pk)
    assert get(f"sites/{both.site.pk}", key).status_code == 200
    assert get(f"sites/{both.site_b.pk}", key).status_code == 404
    for name in ("points", "warnings", "rules"):
        sites = {item["site"]["id"] for item in get(name, key).json()["items"]}
        assert sites <= {both.site.pk}, name
    assert get(f"sites/{both.site_b.pk}/responsible", key).status_code == 404


def test_a_frame_sees_what_the_owner_of_its_token_sees(both: SimpleNamespace) -> None:
    _made, headers = token(both, "township")
    assert post("embeds", {"page": "site", "site": both.site_b.pk}, headers).status_code == 404
    key = opened(headers, page="screen")
    assert {item["id"] for item in get("screen/sites", key).json()["items"]} == {both.site.pk}
    _made, narrow = token(both, permissions=["warning.read", "status.read"])
    assert post("embeds", {"page": "screen"}, narrow).status_code == 403
    _made, mine = token(both, "enterprise")
    assert post("embeds", {"page": "screen"}, mine).status_code == 403, "a mine has no command screen"


def test_only_a_token_asks_and_only_where_a_platform_is_named(
    county: SimpleNamespace, login: Callable[[str], Client], settings: Any
) -> None:
    session = login("administrator")
    assert session.post("/api/v1/embeds", {"page": "map"}, content_type="application/json").status_code == 403
    _made, headers = token(county)
    key = opened(headers, page="map")
    assert post("embeds", {"page": "map"}, key).status_code == 403, "a frame makes no frames"
    assert post("embeds", {"page": "site"}, headers).json()["field"] == "site"
    assert post("embeds", {"page": "map", "site": 1}, headers).json()["field"] == "site"
    assert post("embeds", {"page": "map", "hours": 25}, headers).status_code == 422
    waiting = ticket_of(post("embeds", {"page": "map"}, headers))
    settings.EMBED_ORIGINS = ()
    assert post("embeds", {"page": "map"}, headers).status_code == 409
    assert get("screen/sites", key).status_code == 401, "what was opened before ends too"
    assert post("embeds/open", {"ticket": waiting}).status_code == 401


def test_wrong_tickets_are_slowed_down_and_a_right_one_is_not(county: SimpleNamespace) -> None:
    _made, headers = token(county)
    answers = [post("embeds/open", {"ticket": f"no{n}"}).status_code for n in range(8)]
    assert answers[0] == 401
    assert answers[-1] == 429
    opened(headers, page="map")


def test_only_pages_made_for_it_may_be_framed_and_by_the_named_alone(county: SimpleNamespace, settings: Any) -> None:
    inside, outside = Client().get("/embed/screen"), Client().get("/screen")
    assert f"frame-ancestors {OUTER}" in inside["Content-Security-Policy"]
    assert "X-Frame-Options" not in inside
    for answer in (outside, Client().get("/"), Client().get("/embedded"), Client().get("/api/v1/hello")):
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
    settings.EMBED_ORIGINS = ()
    assert "frame-ancestors 'none'" in Client().get("/embed/screen")["Content-Security-Policy"]


@pytest.mark.parametrize("written", ["/%65mbed/screen", "/embed%2fscreen", "/%65%6d%62%65%64/..%2fscreen"])
def test_an_address_written_otherwise_may_be_framed_by_nobody(written: str) -> None:
    shown = SecurityHeaders(lambda _request: HttpResponse())
    scope = {"type": "http", "method": "GET", "query_string": b"", "headers": [], "path": unquote(written)}
    answer = shown(ASGIRequest(scope | {"raw_path": written.encode()}, BytesIO()))
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    plain = {"path": "/embed/screen", "raw_path": b"/embed/screen"}
    assert f"frame-ancestors {OUTER}" in shown(ASGIRequest(scope | plain, BytesIO()))["Content-Security-Policy"]


@pytest.mark.parametrize(
    "text",
    ["*", "https://*.gov.cn", "http://zhihui.example.gov.cn", "https://a.cn/path", "a.cn", "https://a.cn;",
     "https://a.cn 'self'", "https://u@a.cn", "https://a.cn:x", "data:", "https://"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(SettingError, match="SHOUTU_EMBED_ORIGINS"):
        _origins({"SHOUTU_EMBED_ORIGINS": text}, "SHOUTU_EMBED_ORIGINS")


def test_origins_are_taken_as_browsers_write_them() -> None:
    wanted = "https://a.cn, https://b.gov.cn:8443,http://127.0.0.1:9000"
    assert _origins({"X": wanted}, "X") == ("https://a.cn", "https://b.gov.cn:8443", "http://127.0.0.1:9000")
