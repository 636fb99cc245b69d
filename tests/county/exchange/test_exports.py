"""What goes out as a table is what its list shows: each filter of a list narrows its table too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.sheets import listed, tables
from shoutu.county.ledger.models import Access
from shoutu.county.people import services as people
from shoutu.county.people.models import Shift
from shoutu.county.people.testing import actor
from shoutu.county.sites.models import OperatingState, Operation

pytestmark = pytest.mark.django_db
# A table is the whole list, in an order of its own.
PAGING = {"limit", "cursor", "sort"}


class Spy:
    """A query that keeps which of its fields are read."""

    def __init__(self, query: Any) -> None:
        self.query, self.read = query, set[str]()

    def model_copy(self, update: dict[str, Any]) -> Spy:
        """Another page of the same list."""
        return copied(self, update)

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self.query, name)


def copied(spy: Spy, update: dict[str, Any]) -> Spy:
    other = Spy(spy.query.model_copy(update=update))
    other.read = spy.read
    return other


@pytest.mark.parametrize("name", [table.name for table in tables.tables()])
def test_a_table_asks_after_every_filter_of_its_list(county: SimpleNamespace, name: str) -> None:
    table = tables.get(name)
    spy = Spy(table.query())
    leader = actor(county.users["leader"])
    asker = leader if leader.may(table.read) else actor(county.users["administrator"])
    list(table.rows(asker, spy, False))
    assert spy.read - PAGING == set(table.query.model_fields) - PAGING


@pytest.fixture
def out(login: Callable[[str], Client]) -> Callable[..., list[list[Any]]]:
    def asked(table: str, **query: Any) -> list[list[Any]]:
        answer = login("leader").get(f"/api/v1/tables/{table}/export", query)
        assert answer.status_code == 200, b"".join(answer).decode(errors="replace")
        sheet = load_workbook(io.BytesIO(b"".join(answer))).active
        return [[cell.value for cell in row] for row in sheet.iter_rows()][2:]

    return asked


def test_stopped_sites_go_out_alone(out, county: SimpleNamespace) -> None:
    now = timezone.now()
    OperatingState.objects.create(
        site=county.site, state=Operation.SEALED, from_at=now, reason="封", set_by="县", recorded_at=now
    )
    assert [row[1] for row in out("sites", stopped="true")] == [county.site.name]
    assert [row[1] for row in out("sites", stopped="false")] == [county.site_b.name]


def test_responsibility_goes_out_as_the_matrix_shows_it(out, county: SimpleNamespace) -> None:
    assert ("甲矿", "主要负责人") in [(row[0], row[1]) for row in out("responsibilities")]
    bureau = [("县应急管理局", "值班员"), ("县应急管理局", "分管领导")]
    west = sorted((row[0], row[1]) for row in out("responsibilities", territory=county.west.pk))
    assert west == sorted([("乙矿", "值班员"), ("西乡安监站", "安监站长"), *bureau])
    assert sorted((row[0], row[1]) for row in out("responsibilities", place="乙矿")) == west
    assert out("responsibilities", place="乙矿", territory=county.east.pk) == []


def test_the_roster_goes_out_as_the_days_on_the_page(out, county: SimpleNamespace) -> None:
    post = people.create_post(SYSTEM, county.mine, "调度室", on_shift=True)
    person = people.create_person(SYSTEM, "某甲", organisation=county.mine)
    first = timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=60), time.min))
    for hours in (-30, -4, 30, 24 * 7 + 1):  # before, into the first day, within, after
        start = first + timedelta(hours=hours)
        Shift.objects.create(post=post, person=person, starts_at=start, ends_at=start + timedelta(hours=8))
    shown = out("shifts", start=first.date().isoformat(), days=7)
    assert len(shown) == 2
    assert out("shifts", start=first.date().isoformat(), days=7, organisation=county.mine_b.pk) == []


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_whoever_takes_a_table_out_stands_in_it_and_it_comes_in_again(
    login: Callable[[str], Client], county: SimpleNamespace, bring, format: str
) -> None:
    answer = login("leader").get("/api/v1/tables/organisations/export", {"format": format, "kind": "enterprise"})
    content = b"".join(answer)
    label = actor(county.users["leader"]).label
    if format == "xlsx":
        book = load_workbook(io.BytesIO(content))
        mark = book.active["A1"].value
        assert book.properties.description == mark
        assert book.active.oddFooter.left.text == mark
    else:
        mark = content.decode("utf-8-sig").splitlines()[0]
    assert label in mark
    assert f"账号 {county.users['leader'].pk}" in mark
    assert timezone.localtime().strftime("%Y-%m-%d") in mark
    assert "筛选 kind=enterprise" in mark
    again = bring("organisations", content, f"t.{format}")
    assert again.job["wrong"] == 0, again.rows
    assert again.job["unchanged"] == again.job["total"] > 0


@pytest.mark.parametrize(
    ("given", "told"), [({}, "筛选 state=waiting；"), ({"state": "agreed"}, "筛选 state=agreed；")]
)
def test_what_narrows_a_list_unasked_is_said_in_the_mark(
    login: Callable[[str], Client], county: SimpleNamespace, given: dict[str, str], told: str
) -> None:
    answer = login("leader").get("/api/v1/tables/proposals/export", {"format": "csv", **given})
    assert told in b"".join(answer).decode("utf-8-sig").splitlines()[0]
    answer = login("leader").get("/api/v1/tables/organisations/export", {"format": "csv"})
    assert "不筛选" in b"".join(answer).decode("utf-8-sig").splitlines()[0]


def test_a_mark_is_one_cell_whatever_was_looked_for(login: Callable[[str], Client], county: SimpleNamespace) -> None:
    answer = login("leader").get("/api/v1/tables/sites/export", {"format": "csv", "q": '","=1+1'})
    mark, head, *_rest = csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    assert len(mark) == 1
    assert 'q=","=1+1' in mark[0]
    assert len(head) > 5


def test_a_file_refused_as_too_long_was_seen_by_nobody(
    login: Callable[[str], Client], county: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login("administrator")
    before = Access.objects.count()
    monkeypatch.setattr(listed, "MAX_ROWS", 1)
    assert client.get("/api/v1/tables/persons/export").status_code == 422
    assert Access.objects.count() == before
    monkeypatch.setattr(listed, "MAX_ROWS", 20_000)
    assert client.get("/api/v1/tables/persons/export").status_code == 200
    assert Access.objects.count() > before
