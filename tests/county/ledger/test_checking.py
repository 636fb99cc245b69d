"""核对 asked for in the browser: done by the worker, against a head kept elsewhere, on record, never two at once."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone, translation

from shoutu.county.kit.models import Beat
from shoutu.county.ledger import notes
from shoutu.county.ledger.models import Entry, Leaf
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.overview import damage_alarms, last_check
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.selectors.walk import stray_nodes
from shoutu.county.ledger.services import checking
from shoutu.county.ledger.services.seal import seal
from shoutu.ledger_keys import generate

CHECKS = "/api/v1/ledger/checks"


def ask(client: Any, head: str = "") -> Any:
    return client.post(CHECKS, {"head": head}, content_type="application/json")


def test_it_is_asked_for_once_done_by_the_worker_and_on_record(county: SimpleNamespace, login: Any) -> None:
    auditor = login("auditor")
    assert auditor.get(CHECKS).json() == {"job": None}
    while seal():
        pass
    answer = ask(auditor)
    assert (answer.status_code, answer.json()["job"]["state"]) == (202, "asked")
    assert ask(auditor).status_code == 409
    checking.work()
    job = auditor.get(CHECKS).json()["job"]
    assert (job["state"], job["count"], job["size"]) == ("done", 0, Leaf.objects.count())
    assert "不能排除尾部被截断" in job["verdict"]
    found = last_check()
    assert found is not None
    assert found["findings"] == 0
    assert list(Entry.objects.filter(verb__startswith="ledger.check").values_list("verb", flat=True)) == [
        "ledger.check_asked",
        "ledger.checked",
    ]
    checking.work()  # nothing more was asked
    assert Entry.objects.filter(verb="ledger.checked").count() == 1
    assert ask(auditor).status_code == 202


def test_head_kept_outside_covers_what_stood_then(county: SimpleNamespace, login: Any) -> None:
    auditor = login("auditor")
    while seal():
        pass
    kept = tree.head()
    assert kept is not None
    # As a mail program or an editor gives it back.
    assert ask(auditor, kept.note.replace("\n", "\r\n")).status_code == 202
    while seal():
        pass
    checking.work()
    job = auditor.get(CHECKS).json()["job"]
    assert (job["head"], job["covered"], job["count"]) == (f"{kept.epoch_id}/{kept.size}", kept.size, 0)


@pytest.mark.parametrize(
    "spoil", [lambda note: note[:-8] + "\n", lambda note: note.replace("\n", "\n9", 1), lambda _: "x"]
)
def test_what_is_no_head_of_ours_is_refused_and_changes_nothing(
    county: SimpleNamespace, login: Any, spoil: Any
) -> None:
    while seal():
        pass
    head = tree.head()
    assert head is not None
    answer = ask(login("auditor"), spoil(head.note))
    assert answer.status_code == 422
    assert answer.json()["field"] == "head"
    assert login("auditor").get(CHECKS).json() == {"job": None}


def test_a_head_of_a_key_no_longer_ours_is_told_as_such(county: SimpleNamespace, login: Any) -> None:
    while seal():
        pass
    head = tree.head()
    assert head is not None
    read = notes.read(head.note, notes.public_key())
    other = notes.Signer(generate("ed25519"))
    before = other.sign(read.size, read.root, read.epoch, timezone.now(), read.hash)
    answer = ask(login("auditor"), before)
    assert answer.status_code == 409
    assert "密钥" in answer.json()["detail"]
    assert login("auditor").get(CHECKS).json() == {"job": None}


def test_what_was_found_is_said_in_the_readers_language(
    county: SimpleNamespace, login: Any, write: Any, intruder: Any
) -> None:
    auditor = login("auditor")
    write(2)
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET verb = 'x' WHERE id = (SELECT max(entry_id) FROM ledger_leaf)")
    assert ask(auditor).status_code == 202
    with translation.override("zh-hans"):
        checking.work()
    job = auditor.get(CHECKS, headers={"accept-language": "zh-hans"}).json()["job"]
    assert (job["verdict"], "与封存内容不符" in job["findings"][0]) == ("发现 1 处不一致", True)
    job = auditor.get(CHECKS, headers={"accept-language": "en"}).json()["job"]
    for words in (job["verdict"], *job["findings"]):
        assert not re.search("[\u4e00-\u9fff]", words), words
    with translation.override("en"):
        assert not re.search("[\u4e00-\u9fff]", damage_alarms()[0]["message"])
    # What an older version kept in words is shown as it kept them.
    beat = Beat.objects.get(name="ledger.check.asked")
    beat.detail |= {"verdict": "发现 1 处不一致", "findings": ["[entry] 记录 3: 改动"]}
    beat.save()
    job = auditor.get(CHECKS, headers={"accept-language": "en"}).json()["job"]
    assert (job["verdict"], job["findings"]) == ("发现 1 处不一致", ["[entry] 记录 3: 改动"])


def test_tail_cut_off_shows_against_the_head_only_and_stays_an_alarm(
    county: SimpleNamespace, login: Any, write: Any, intruder: Any
) -> None:
    """Somebody with the database cuts the end off, heads and all: within, everything agrees."""
    auditor = login("auditor")
    write(2)
    short = Leaf.objects.count()
    write(3)
    kept = tree.head()
    assert kept is not None
    with intruder() as cursor:
        cut = list(Leaf.objects.filter(index__gte=short).values_list("entry_id", flat=True))
        cursor.execute("DELETE FROM ledger_treehead WHERE size > %s", [short])
        cursor.execute('DELETE FROM ledger_leaf WHERE "index" >= %s', [short])
        cursor.execute(f"DELETE FROM ledger_entry WHERE id IN ({','.join(map(str, cut))})")
        for node in stray_nodes(short):
            cursor.execute("DELETE FROM ledger_node WHERE id = %s", [node])
    checking.keep(verify())
    assert damage_alarms() == []
    assert ask(auditor, kept.note).status_code == 202
    checking.work()
    job = auditor.get(CHECKS).json()["job"]
    assert job["count"] == 1
    assert "外部树头" in job["findings"][0]
    checking.keep(verify())  # the regular check six hours later knows of no head outside
    assert len(damage_alarms()) == 1
    assert ask(auditor).status_code == 202  # somebody asks without the head
    assert len(damage_alarms()) == 1, "while it is under way"
    checking.work()
    checking.keep(verify())
    assert auditor.get(CHECKS).json()["job"]["count"] == 1
    assert len(damage_alarms()) == 1, "nobody makes it go away by asking less"
