"""The ledger over HTTP, its commands, and its witnesses."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.test import Client
from django.utils import timezone

import shoutu.verify_ledger as verifier
from shoutu import ledger_keys
from shoutu.county.commands_ledger import ledger
from shoutu.county.kit import subjects
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.paging import encode
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger import selectors, verbs
from shoutu.county.ledger.models import Entry, TreeHead, Witness
from shoutu.county.ledger.selectors import entries, tree
from shoutu.county.ledger.services import record
from shoutu.county.ledger.services.seal import seal_all
from shoutu.county.ledger.services.witness import add_witness, hand_out, hand_out_due, set_enabled
from shoutu.county.people.services.posts import create_person
from shoutu.county.people.testing import actor
from tests.county.base import ListTests


class TestEntryList(ListTests):
    path = "/api/v1/ledger?verb=site.params_set"
    queries = 6  # session, user, posts, entries with leaves, names of sites, count
    sees = {"leader": True, "auditor": True, "township": True, "enterprise": True, "enterprise_b": False}

    def make(self, county, n):
        with transaction.atomic():
            return [record(SYSTEM, "site.params_set", ref(county.site), {"n": i}) for i in range(n)]


SCOPED = ("principal", "enterprise", "enterprise_b", "township", "township_b")


@pytest.mark.parametrize("role", [*SCOPED, "inspector"])
def test_entries_are_those_about_what_one_sees(county: SimpleNamespace, role: str) -> None:
    one = actor(county.users[role])
    about = {(entry.pk, entry.subject) for entry in Entry.objects.all()}
    seen = subjects.visible(one, {subject for _pk, subject in about})
    assert set(entries(one).values_list("pk", flat=True)) == {pk for pk, subject in about if subject in seen}


def test_pages_of_part_of_the_county_follow_each_other(county: SimpleNamespace, login) -> None:
    """A page and the count come of one search."""
    with transaction.atomic():
        for site in (county.site, county.site_b) * 3:
            record(SYSTEM, "site.params_set", ref(site), {})
    client = login("enterprise")
    of_mine = list(entries(actor(county.users["enterprise"])).order_by("-id").values_list("pk", flat=True))
    got, cursor = [], None
    while cursor or not got:
        page = client.get("/api/v1/ledger", {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        assert page["count"] == len(of_mine)
        got, cursor = [*got, *(item["id"] for item in page["items"])], page["next"]
    assert got == of_mine
    assert len(got) > 3
    oldest_first = client.get("/api/v1/ledger", {"limit": 3, "sort": "id"}).json()
    assert [item["id"] for item in oldest_first["items"]] == of_mine[::-1][:3]
    none = client.get("/api/v1/ledger", {"q": "无此记录"}).json()
    assert none == {"items": [], "next": None, "count": 0}


@pytest.mark.parametrize("past", [True, "7", 1.5, -1, 2**63, None])
def test_a_page_behind_no_id_is_refused(county: SimpleNamespace, login, past: object) -> None:
    client = login("enterprise")
    answer = client.get("/api/v1/ledger", {"cursor": encode("-id", [past])})
    assert answer.status_code == 422
    assert answer.json()["field"] == "cursor"


def test_a_page_behind_the_last_entry_is_empty_and_counts_all(county: SimpleNamespace, login) -> None:
    client = login("enterprise")
    whole = client.get("/api/v1/ledger").json()["count"]
    page = client.get("/api/v1/ledger", {"cursor": encode("-id", [0])}).json()
    assert page == {"items": [], "next": None, "count": whole}
    assert whole > 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="reads a plan of PostgreSQL's; runs there in this suite")
@pytest.mark.parametrize("role", SCOPED)
def test_entries_of_a_part_of_the_county_are_looked_up_by_subject(county: SimpleNamespace, role: str) -> None:
    found = entries(actor(county.users[role])).order_by("-id")
    with connection.cursor() as cursor:
        # As where there are many.
        cursor.execute("SET LOCAL enable_seqscan = off")
    for asked in (found[:51], found.order_by().annotate(n=Count("pk")).values("n")):
        plan = asked.explain()
        assert "entry_subject" in plan
        assert not re.search(r"Filter:.*subject_type", plan)


def test_entry_in_words_then_its_proof(county: SimpleNamespace, login, tmp_path: Path) -> None:
    client = login("auditor")
    query = {"subject": f"site:{county.site.pk}"}
    item = client.get("/api/v1/ledger", query).json()["items"][0]
    assert (item["text"], item["sealed"], item["index"]) == ("系统 新建场所 甲矿尾矿库", False, None)
    assert client.get(f"/api/v1/ledger/{item['id']}/proof").status_code == 409
    seal_all()
    item = client.get("/api/v1/ledger", query).json()["items"][0]
    assert item["sealed"]
    proof = client.get(f"/api/v1/ledger/{item['id']}/proof")
    (tmp_path / "proof.json").write_bytes(proof.content)
    from django.conf import settings

    key = str(settings.CONFIG.secrets / "ledger.pub.pem")
    assert verifier.main(["proof", str(tmp_path / "proof.json"), "--key", key]) == 0
    head = client.get("/api/v1/ledger/head").json()
    assert (head["size"], head["unsealed"]) == (Entry.objects.count(), 0)
    assert head["note"] == tree.head().note
    assert client.get("/api/v1/ledger/consistency", {"old": 3}).json()["new"] == head["size"]
    assert client.get("/api/v1/ledger/consistency", {"old": 0}).status_code == 422


def test_ledger_hides_what_one_does_not_see(county: SimpleNamespace, login) -> None:
    seal_all()
    other = Entry.objects.get(verb="site.created", subject_id=county.site_b.pk)
    client = login("enterprise")
    assert client.get(f"/api/v1/ledger/{other.pk}/proof").status_code == 404
    assert client.get("/api/v1/ledger", {"subject": f"site:{county.site_b.pk}"}).json()["count"] == 0
    assert client.get("/api/v1/ledger", {"subject": "site"}).status_code == 422
    found = client.get("/api/v1/ledger", {"verb": "site.created"}).json()
    assert found["count"] == 1


def test_entries_are_found_by_the_name_of_what_they_are_about(county: SimpleNamespace, login) -> None:
    def found(role: str, words: str) -> set[str]:
        page = login(role).get("/api/v1/ledger", {"q": words, "limit": 200}).json()
        return {item["subject"]["label"] for item in page["items"]}

    assert county.site.name in found("auditor", county.site.name[1:])
    assert county.site_b.name in found("auditor", county.site_b.name)
    # Nobody finds by name what they do not see.
    assert county.site.name in found("enterprise", county.site.name)
    assert found("enterprise", county.site_b.name) == set()


@pytest.mark.parametrize("few", [0, 3, 500])
@pytest.mark.parametrize("role", SCOPED)
def test_a_search_finds_what_one_sees_and_no_more(
    county: SimpleNamespace, login, monkeypatch: pytest.MonkeyPatch, role: str, few: int
) -> None:
    monkeypatch.setattr(selectors, "FEW", few)
    seen = entries(actor(county.users[role])).order_by("-id")
    with transaction.atomic():
        for site in (county.site, county.site_b) * 3:
            record(SYSTEM, "site.params_set", ref(site), {})
    for words in ("矿", "系统", "site.params_set", "无此记录"):
        told = login(role).get("/api/v1/ledger", {"q": words, "limit": 200}).json()
        assert [one["id"] for one in told["items"]] == [one.pk for one in seen.filter(selectors.holding(words))]
        assert told["count"] == len(told["items"])


def test_a_mask_is_not_undone_by_searching_the_ledger(county: SimpleNamespace, login) -> None:
    with transaction.atomic():
        person = create_person(SYSTEM, "欧某某", phone="13800000001")
    client = login("auditor")
    about = Entry.objects.filter(subject_type="person", subject_id=person.pk).count()
    assert about > 0
    for words, count in (("欧", about), ("欧**", about), ("欧某某", 0), ("某某", 0), ("**", 0)):
        found = client.get("/api/v1/ledger", {"q": words}).json()["items"]
        assert len([one for one in found if one["subject"]["label"] == "欧**"]) == count, words


def test_no_kind_of_subject_breaks_the_search(county: SimpleNamespace, login) -> None:
    for kind in subjects.kinds().values():
        assert [row for rows in (kind.search("没有这个") if kind.search else ()) for row in rows] == []


def test_the_ledger_of_some_days_alone(county: SimpleNamespace, login) -> None:
    today = timezone.localdate()
    client, day = login("leader"), timedelta(days=1)

    def count(**days: Any) -> int:
        return client.get("/api/v1/ledger", days).json()["count"]

    every = count()
    assert every > 0
    assert count(since=today, until=today) == count(since=today) == count(until=today) == every
    assert count(until=today - day) == count(since=today + day) == 0
    assert count(since="1970-01-02", until="9998-12-31") == every
    for wrong in ("gestern", "0001-01-01", "9999-12-31"):
        assert client.get("/api/v1/ledger", {"until": wrong}).status_code == 422


def test_empty_head(db, county: SimpleNamespace, login) -> None:
    assert not TreeHead.objects.exists()
    head = login("leader").get("/api/v1/ledger/head").json()
    assert head["note"] is None
    assert head["unsealed"] == Entry.objects.count()
    assert Client().get("/api/v1/ledger/head").status_code == 401


# -- witnesses ----------------------------------------------------------------------------------------------------


class Receiver(HTTPServer):
    """A witness that takes heads by POST, or refuses them."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if outer.status == 200:
                    outer.taken.append(body)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_heads_reach_a_folder_and_an_address_when_due(write, receiver: Receiver, tmp_path: Path) -> None:
    add_witness(SYSTEM, "U盘", "folder", str(tmp_path))
    add_witness(SYSTEM, "市平台", "url", f"http://127.0.0.1:{receiver.server_port}/heads")
    write(3)
    newest = tree.head()
    assert hand_out_due() == []
    assert receiver.taken == [newest.note]
    assert [file.read_text("utf-8") for file in tmp_path.iterdir()] == [newest.note]
    assert hand_out_due() == []
    assert len(receiver.taken) == 1
    assert Entry.objects.filter(verb="ledger.handed_out").count() == 2


def test_a_witness_that_cannot_be_reached_is_an_alarm_until_it_can(write, receiver: Receiver, county, login) -> None:
    witness = add_witness(SYSTEM, "市平台", "url", f"http://127.0.0.1:{receiver.server_port}/")
    write(1)
    receiver.status = 500
    assert "500" in hand_out_due()[0]
    alarms = login("leader").get("/api/v1/status").json()["alarms"]
    assert [(a["kind"], "市平台" in a["message"]) for a in alarms] == [("ledger.witness", True)]
    receiver.status = 200
    assert hand_out_due() == []
    witness.refresh_from_db()
    assert (witness.last_error, len(receiver.taken)) == ("", 1)
    assert login("leader").get("/api/v1/status").json()["alarms"] == []


def test_a_stick_that_is_out_is_an_error_not_a_new_folder(write, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    witness = add_witness(SYSTEM, "U盘", "folder", str(stick))
    write(1)
    stick.rmdir()
    with pytest.raises(Conflict, match="U盘"):
        hand_out(SYSTEM, witness)
    assert not stick.exists()


@pytest.mark.parametrize(("change", "field"), [
    ({"target": "ftp://x/"}, "target"), ({"target": "http://user:pass@x/"}, "target"), ({"kind": "pigeon"}, "kind"),
    ({"kind": "folder", "target": "relative"}, "target"), ({"name": " "}, "name"),
    ({"every_minutes": 0}, "every_minutes"),
])  # fmt: skip
def test_bad_witness_names_the_field(db, change, field) -> None:
    with pytest.raises(Invalid) as caught:
        add_witness(SYSTEM, **{"name": "市平台", "kind": "url", "target": "https://city.example/heads", **change})
    assert caught.value.field == field
    assert not Witness.objects.exists()


def test_only_administrators_set_witnesses(county: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        add_witness(actor(county.users["leader"]), "x", "folder", str(tmp_path))
    witness = add_witness(actor(county.users["administrator"]), "x", "folder", str(tmp_path))
    set_enabled(SYSTEM, witness, False)
    seal_all()
    assert hand_out_due() == []
    assert list(tmp_path.iterdir()) == []


# -- commands -----------------------------------------------------------------------------------------------------


def run(*arguments: str):
    return CliRunner().invoke(ledger, list(arguments))


def test_commands_verify_prove_export_head(write, intruder, tmp_path: Path) -> None:
    assert run("head").exit_code == 1
    entry = write(6)[2]
    assert run("verify").exit_code == 0
    head = run("head")
    kept = tmp_path / "kept.note"
    kept.write_text(head.stdout, "utf-8")
    assert "第 6 条" in run("verify", "--head", str(kept)).stdout
    assert '"index": 2' in run("prove", str(entry.pk)).stdout
    assert run("prove", "999999").exit_code == 1
    assert run("export", str(tmp_path / "out")).exit_code == 0
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET verb = 'x' WHERE id = %s", [entry.pk])
    found = run("verify")
    assert found.exit_code == 1
    assert f"记录 {entry.pk}" in found.stdout
    assert '"ok": false' in run("verify", "--json").stdout


def test_commands_head_hands_out_now_and_epoch_names_the_head(db, write, tmp_path: Path) -> None:
    assert run("epoch", "--reason", "演练").exit_code == 1
    assert run("witness", "U盘", "folder", str(tmp_path)).exit_code == 0
    write(1, sealed=False)
    shown = run("head", "--seal", "--hand-out")
    assert shown.exit_code == 0
    (kept,) = tmp_path.iterdir()
    assert kept.read_text("utf-8") == shown.stdout
    assert run("epoch", "--reason", "演练", "--head", str(kept)).exit_code == 0
    public = settings.CONFIG.secrets / "ledger.pub.pem"
    assert run("verify", "--head", str(kept), "--key", str(public)).exit_code == 0
    foreign = tmp_path / "foreign.pem"
    foreign.write_text(ledger_keys.generate("sm2").public.pem())
    assert run("verify", "--key", str(foreign)).exit_code == 1
    assert run("verify", "--key", str(kept)).exit_code == 2


def test_head_says_what_an_auditor_asks_first(login, write, county, intruder, tmp_path: Path) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from shoutu.county.kit.models import Beat
    from shoutu.county.ledger.selectors.overview import damage_alarms
    from shoutu.county.ledger.services.seal import open_epoch
    from shoutu.county.ledger.steps import check

    assert run("witness", "市局", "folder", str(tmp_path)).exit_code == 0
    write(2)
    client = login("auditor")
    head = client.get("/api/v1/ledger/head").json()
    assert (head["check"], head["hash"], head["signature"], head["restores"]) == (None, "sha256", "ed25519", [])
    assert head["witnesses"] == [{"name": "市局", "size": None, "at": None, "failing": False}]
    assert head["since"][:19] == Entry.objects.order_by("id")[0].at.isoformat()[:19]
    assert run("head", "--seal", "--hand-out").exit_code == 0
    open_epoch(SYSTEM, "演练")
    seal_all()
    check()
    head = client.get("/api/v1/ledger/head").json()
    assert head["check"]["findings"] == 0
    assert head["check"]["size"] == head["size"]
    assert head["witnesses"][0]["size"] > 0
    assert head["restores"][0]["reason"] == "演练"
    assert damage_alarms() == []
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET verb = 'x' WHERE id = (SELECT min(id) FROM ledger_entry)")
    check()
    assert damage_alarms() == []  # Checked a moment ago, and the record has not doubled since.
    Beat.objects.filter(name="ledger.check").update(at=timezone.now() - timedelta(hours=7))
    check()
    assert client.get("/api/v1/ledger/head").json()["check"]["findings"] == 1
    assert "1 处不一致" in damage_alarms()[0]["message"]


def test_an_entry_whose_words_do_not_know_its_form_hides_no_other(county, login, write) -> None:
    verbs.register({"test.done": lambda payload: payload["of a later version"]})
    try:
        write(2)
        items = login("leader").get("/api/v1/ledger").json()["items"]
    finally:
        del verbs._verbs["test.done"]
    assert ["test.done" in item["text"] for item in items[:2]] == [True, True]
