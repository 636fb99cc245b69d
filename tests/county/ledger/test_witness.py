"""Heads by mail, and heads kept for other installations: what comes in, what contradicts, what is refused."""

from __future__ import annotations

import dataclasses
import email
import re
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from shoutu.county.commands_ledger import ledger
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.ledger.models import Entry, KeptHead, KeptLog, TreeHead
from shoutu.county.ledger.notes import Signer
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.services.keeping import keep_head, keep_log
from shoutu.county.ledger.services.witness import add_witness, hand_out, hand_out_due
from shoutu.ledger_keys import SUITES, generate
from tests.county.duties.devices import smtp_server

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
ADDRESS = "/api/v1/ledger/heads"


@pytest.fixture
def box():
    with smtp_server() as server:
        yield server


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, box) -> None:
    url = f"mailto://127.0.0.1:{box.server_address[1]}?from=shoutu@county.example&mode=insecure"
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, witness_mail_url=url))


def test_a_head_goes_by_mail_as_a_file_byte_for_byte(write, account, box) -> None:
    add_witness(SYSTEM, "市局邮箱", "mail", "jianzheng@city.example")
    write(3)
    assert hand_out_due() == []
    mail = email.message_from_bytes(box.got[0][1], policy=policy.default)
    assert box.got[0][0] == ["jianzheng@city.example"]
    files = [part for part in mail.walk() if (part.get_filename() or "").endswith(".note")]
    assert files[0].get_payload(decode=True).decode() == tree.head().note


def test_a_mail_server_that_is_away_is_told(write, account, box, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "mailto://nobody:hush@127.0.0.1:9?from=shoutu@county.example"
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, witness_mail_url=url))
    witness = add_witness(SYSTEM, "市局邮箱", "mail", "jianzheng@city.example")
    write(1)
    with pytest.raises(Conflict, match="市局邮箱"):
        hand_out(SYSTEM, witness)
    witness.refresh_from_db()
    assert witness.last_error
    assert "hush" not in witness.last_error
    assert "hush" not in repr(settings.CONFIG)


def test_a_box_without_an_account_or_with_a_bad_address_names_the_field(db, request) -> None:
    with pytest.raises(Invalid, match="SHOUTU_WITNESS_MAIL_URL") as caught:
        add_witness(SYSTEM, "市局邮箱", "mail", "jianzheng@city.example")
    assert caught.value.field == "kind"
    request.getfixturevalue("account")
    with pytest.raises(Invalid) as caught:
        add_witness(SYSTEM, "市局邮箱", "mail", "no address")
    assert caught.value.field == "target"


# -- being a witness ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["http://[bad/", "http://h:99999/", "http://h:0/", "http://a\x00b/", "http:///x"])
def test_an_address_that_cannot_be_asked_names_the_field(db, target: str) -> None:
    with pytest.raises(Invalid) as caught:
        add_witness(SYSTEM, "市局", "url", target)
    assert caught.value.field == "target"


@pytest.mark.parametrize("target", ["http://a..b/heads", "http://h:99999/"])
def test_an_address_gone_wrong_keeps_no_head_from_the_others(write, tmp_path: Path, target: str) -> None:
    first = add_witness(SYSTEM, "坏地址", "url", "http://127.0.0.1:9/")
    add_witness(SYSTEM, "U 盘", "folder", str(tmp_path))
    type(first).objects.filter(pk=first.pk).update(target=target)
    write(1)
    errors = hand_out_due()
    assert len(errors) == 1
    assert "坏地址" in errors[0]
    assert [file.read_text("utf-8") for file in tmp_path.glob("*.note")] == [tree.head().note]


def test_a_stick_that_takes_nothing_is_left_without_drafts(write, tmp_path: Path) -> None:
    add_witness(SYSTEM, "U 盘", "folder", str(tmp_path))
    write(1)
    head = tree.head()
    name = f"{head.note.partition(chr(10))[0].replace('/', '-')}-{head.epoch_id}-{head.size:012d}.note"
    (tmp_path / name).mkdir()  # the file cannot take its place
    assert len(hand_out_due()) == 1
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.fixture(params=sorted(SUITES))
def county_log(db, request) -> Signer:
    """Another county's log, registered here."""
    signer = Signer(generate(SUITES[request.param][1]))
    keep_log(SYSTEM, "甲县", signer.public.pem())
    return signer


def note(signer: Signer, size: int, minutes: int, root: bytes | None = None, epoch: int = 1) -> str:
    return signer.sign(size, root or bytes([size % 256]) * 32, epoch, START + timedelta(minutes=minutes), "sha256")


def test_heads_are_kept_once_and_go_into_our_own_record(county_log: Signer, client) -> None:
    first, second = note(county_log, 10, 0), note(county_log, 25, 60)
    for text in (first, second, first):
        answer = client.post(ADDRESS, text.encode(), content_type="text/plain; charset=utf-8")
        assert (answer.status_code, answer.json()["contradicts"]) == (200, None)
    assert [head.note for head in KeptHead.objects.order_by("size")] == [first, second]
    kept = Entry.objects.filter(verb="kept_log.head_kept").latest("id")
    assert (kept.actor, kept.payload["size"], kept.payload["root"]) == ("甲县", 25, (bytes([25]) * 32).hex())


def test_lines_anybody_may_add_below_a_head_make_no_other_head(county_log: Signer) -> None:
    """Heads are published: who has one could otherwise fill our record without end."""
    text = note(county_log, 10, 0)
    kept = keep_head(text)
    own = text.partition("\n\n")[2]
    for junk in ("— x AAAA\n", f"— {county_log.origin} AAAAAAAA\n", f"— {county_log.origin} \n"):
        assert keep_head(text + junk).pk == kept.pk
        assert keep_head(text.replace(own, junk + own)).pk == kept.pk
    assert (KeptHead.objects.count(), KeptHead.objects.get().note) == (1, text)
    assert Entry.objects.filter(verb="kept_log.head_kept").count() == 1


def test_a_head_first_brought_with_lines_of_others_is_kept_without_them(county_log: Signer) -> None:
    text = note(county_log, 10, 0)
    junk = f"— {county_log.origin} AAAAAAAA\n"
    assert keep_head(text.replace("\n\n", "\n\n" + junk)).note == text


def test_a_head_that_comes_late_contradicts_nothing(county_log: Signer) -> None:
    keep_head(note(county_log, 25, 60))
    assert keep_head(note(county_log, 10, 0)).contradicts == ""
    assert keep_head(note(county_log, 25, 90)).contradicts == ""
    assert keep_head(note(county_log, 3, 95, epoch=2)).contradicts == ""


@pytest.mark.parametrize("forged", [
    {"size": 20, "minutes": 90},  # cut off, or the clock was ahead and is right again
    {"size": 30, "minutes": 30},  # longer, and said to be earlier: the clock was set back
    {"size": 30, "minutes": 90, "epoch": 1},  # the epoch before
])  # fmt: skip
def test_times_and_lengths_that_do_not_go_together_are_an_alarm_and_accuse_nobody(
    county_log: Signer, login, county, forged
) -> None:
    keep_head(note(county_log, 25, 60, epoch=2 if "epoch" in forged else 1))
    text = note(county_log, **forged)
    assert keep_head(text).doubt
    kept = keep_head(text)
    assert (kept.contradicts, bool(kept.doubt)) == ("", True), "again"
    assert Entry.objects.filter(verb="kept_log.doubted").count() == 1
    assert not Entry.objects.filter(verb="kept_log.contradicted").exists()
    alarms = login("leader").get("/api/v1/status").json()["alarms"]
    assert [(a["kind"], "时钟被拨慢过，或者记录簿被截短" in a["message"]) for a in alarms] == [("ledger.clock", True)]


def test_after_a_doubt_the_same_length_with_another_root_is_the_proof(county_log: Signer) -> None:
    keep_head(note(county_log, 25, 60))
    assert keep_head(note(county_log, 20, 90)).doubt
    assert keep_head(note(county_log, 25, 95, root=b"\xff" * 32)).contradicts


def test_our_own_heads_never_go_back_in_time(write) -> None:
    with time_machine.travel(START, tick=False) as clock:
        write(3)
        clock.shift(timedelta(hours=-1))
        write(2)
        assert tree.head().size == 5
        assert [head.at for head in TreeHead.objects.order_by("size")] == [START, START]
        assert "time 2026-11-24T08:00:00" in tree.head().note
        clock.shift(timedelta(hours=2))
        write(1)
        assert tree.head().at == START + timedelta(hours=1)


@pytest.mark.parametrize("forged", [
    {"size": 25, "minutes": 90, "root": b"\xff" * 32},  # the same length, other content
])  # fmt: skip
def test_a_log_that_was_rewritten_is_kept_as_proof_and_is_an_alarm(county_log: Signer, login, county, forged) -> None:
    keep_head(note(county_log, 25, 60))
    text = note(county_log, **forged)
    assert keep_head(text).contradicts
    assert keep_head(text).contradicts, "again"
    assert Entry.objects.filter(verb="kept_log.contradicted").count() == 1
    alarms = login("leader").get("/api/v1/status").json()["alarms"]
    assert [(a["kind"], "甲县" in a["message"]) for a in alarms] == [("ledger.contradiction", True)]


def test_what_no_registered_key_signed_is_refused(county_log: Signer, client) -> None:
    def status(text: bytes) -> int:
        return client.post(ADDRESS, text, content_type="text/plain").status_code

    stranger = Signer(generate(county_log.public.kind))
    good = note(county_log, 10, 0)
    assert status(note(stranger, 10, 0).encode()) == 403
    assert status(good.replace("\n10\n", "\n11\n").encode()) == 422
    assert status(good.replace(county_log.origin, stranger.origin).encode()) == 403
    assert status(b"") == 403
    assert status(b"\xff\xfe\x00") == 403
    assert status((good + "x" * 10_000).encode()) == 422
    for odd in ("9999-99-99", "now", "2026-11-24T08:00:00.000000Z and more"):
        body = good.partition("\n\n")[0].replace("time 2026-11-24T08:00:00.000000Z", f"time {odd}") + "\n"
        blob = good.rpartition(" ")[2]
        assert status(f"{body}\n— {county_log.origin} {blob}".encode()) == 422
    assert not KeptHead.objects.exists()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_why_a_head_or_key_is_refused_is_said_whole_in_the_readers_language(
    county_log: Signer, client, language: str
) -> None:
    good = note(county_log, 10, 0)
    other_day = good.replace("time 2026-11-24T08:00:00.000000Z", "time now")
    heads = [good.replace("\n10\n", "\n11\n"), good.partition("\n\n")[0], other_day, good.replace("epoch", "Epoche")]
    told = [
        client.post(ADDRESS, head.encode(), content_type="text/plain", headers={"Accept-Language": language}).json()
        for head in heads
    ]
    with translation.override(language), pytest.raises(Invalid) as caught:
        keep_log(SYSTEM, "丙县", "no key")
    said = [one["expected"] for one in told] + [str(caught.value.expected)]
    assert len(set(said)) >= 3
    for words in said:
        rest = re.sub(r"PEM|SM2|Ed25519|ledger\.pub\.pem", "", words)
        assert not re.search(r"[A-Za-z]" if language == "zh-hans" else r"[\u4e00-\u9fff]", rest), words


def test_a_log_is_registered_once_and_with_its_key(county_log: Signer, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        keep_log(SYSTEM, "乙县", county_log.public.pem())
    assert caught.value.field == "key"
    with pytest.raises(Invalid) as caught:
        keep_log(SYSTEM, "乙县", "no key")
    assert caught.value.field == "key"
    with pytest.raises(Invalid) as caught:
        keep_log(SYSTEM, "甲县", Signer(generate("ed25519")).public.pem())
    assert caught.value.field == "name"
    assert KeptLog.objects.count() == 1


def test_what_is_kept_cannot_be_changed_in_the_database(county_log: Signer) -> None:
    keep_head(note(county_log, 10, 0))
    for sql in ("UPDATE ledger_kepthead SET size = 9", "DELETE FROM ledger_kepthead"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_two_installations_by_command(write, live_server, tmp_path: Path) -> None:
    """This one sends its heads to itself: the whole way over HTTP."""
    run = CliRunner().invoke
    key = tmp_path / "ledger.pub.pem"
    key.write_text(settings.CONFIG.secrets.joinpath("ledger.pub.pem").read_text())
    assert run(ledger, ["keep", "甲县", "--key", str(key)], catch_exceptions=False).exit_code == 0
    made = run(ledger, ["witness", "市平台", "url", f"{live_server.url}{ADDRESS}"], catch_exceptions=False)
    assert made.exit_code == 0, made.output
    write(4)
    sent = tree.head().note
    assert run(ledger, ["head", "--hand-out"], catch_exceptions=False).exit_code == 0
    told = run(ledger, ["kept", "甲县", "--to", str(tmp_path / "kept")], catch_exceptions=False)
    assert told.exit_code == 0
    assert "1/" in told.output
    assert [file.read_text("utf-8") for file in (tmp_path / "kept").iterdir()] == [sent]
