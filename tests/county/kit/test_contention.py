"""Changes that get into each other's way: run again where nothing of them stands, else told in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.test import Client, RequestFactory

from shoutu.county import web
from shoutu.county.kit import contention
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.api import on_anything
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.services import record, service
from shoutu.county.people.testing import PASSWORD
from shoutu.county.places.models import Site, Territory

postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")
sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'")


class Told(Exception):
    def __init__(self, sqlstate: str = "", sqlite_errorcode: int | None = None) -> None:
        super().__init__("as the driver says it")
        self.sqlstate, self.sqlite_errorcode = sqlstate, sqlite_errorcode


def error(kind: type[Error] = OperationalError, text: str = "", **told: object) -> Error:
    found = kind(text)
    found.__cause__ = Told(**told)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("what", "undone", "busy", "twice"),
    [
        (error(sqlstate="40P01"), True, True, False),
        (error(sqlstate="40001"), True, True, False),
        (error(sqlstate="55P03"), False, True, False),
        (error(sqlite_errorcode=sqlite3.SQLITE_BUSY), False, True, False),
        (error(sqlite_errorcode=sqlite3.SQLITE_BUSY_SNAPSHOT), False, True, False),
        (error(sqlite_errorcode=sqlite3.SQLITE_FULL), False, False, False),
        (error(sqlstate="57P01"), False, False, False),
        (error(InterfaceError), False, False, False),
        (error(IntegrityError, sqlstate="23505"), False, False, True),
        (error(IntegrityError, sqlstate="23503"), False, False, False),
        (error(IntegrityError, "UNIQUE constraint failed: x.y"), False, False, True),
        (ValueError("40P01"), False, False, False),
    ],
)
def test_what_the_database_says_is_read(what, undone, busy, twice):
    assert (contention.undone(what), contention.busy(what), contention.twice(what)) == (undone, busy, twice)


def test_what_was_undone_is_run_again_with_its_models_as_they_were():
    site, seen = Site(name="甲", params={}), []

    def change():
        seen.append((site.name, site.pk))
        site.name, site.pk = "乙", 7
        if len(seen) < 3:
            raise error(sqlstate="40P01")
        return site.name

    assert contention.settled(change, (site,)) == "乙"
    assert seen == [("甲", None)] * 3


@pytest.mark.parametrize("what", [error(sqlstate="57P01"), error(sqlite_errorcode=sqlite3.SQLITE_BUSY), KeyError("x")])
def test_what_may_have_happened_or_never_got_its_turn_is_not_run_again(what):
    runs = []

    def change():
        runs.append(1)
        raise what

    with pytest.raises(type(what)):
        contention.settled(change)
    assert len(runs) == 1


def test_what_can_be_read_only_once_is_not_run_again():
    rows, runs = iter([1, 2, 3]), []

    def change():
        runs.append(list(rows))
        raise error(sqlstate="40001")

    with pytest.raises(OperationalError):
        contention.settled(change, (), {"rows": rows})
    assert runs == [[1, 2, 3]]


def test_it_gives_up_in_the_end():
    runs = []

    def change():
        runs.append(1)
        raise error(sqlstate="40001")

    with pytest.raises(OperationalError):
        contention.settled(change)
    assert len(runs) == contention.TRIES


@pytest.mark.parametrize(
    ("what", "status", "slug", "words"),
    [
        (error(sqlstate="40P01"), 503, "busy", "这一步没有记下"),
        (error(sqlite_errorcode=sqlite3.SQLITE_BUSY), 503, "busy", "这一步没有记下"),
        (error(IntegrityError, sqlstate="23505"), 409, "conflict", "没有记下：与已有的一条重复"),
        (error(sqlstate="57P01"), 503, "unavailable", "是否已经记下还不知道"),
        (error(InterfaceError), 503, "unavailable", "是否已经记下还不知道"),
        (KeyError("x"), 500, "error", "服务器内部出错"),
    ],
)
def test_the_asker_is_told_what_stands(what, status, slug, words):
    answer = on_anything(RequestFactory().post("/api/v1/x"), what)
    assert answer.status_code == status
    assert f"problem:{slug}" in answer.content.decode()
    assert words in answer.content.decode()
    assert answer.get("Retry-After") == ("1" if slug == "busy" else None)


# --- real conflicts


@service
def _grade(first: int, second: int, meet: threading.Barrier | None) -> None:
    """Change two sites, one after the other; `meet` makes sure the other way round is under way."""
    Site.objects.select_for_update().get(pk=first)
    if meet is not None:
        # Broken when run again: the other one has gone on.
        with suppress(threading.BrokenBarrierError):
            meet.wait(5)
    for pk in (first, second):
        site = Site.objects.select_for_update().get(pk=pk)
        site.grade = str(int(site.grade or 0) + 1)
        site.save(update_fields=["grade"])
        record(SYSTEM, "site.located", SubjectRef("site", pk), {})


@postgresql
@pytest.mark.django_db(transaction=True)
def test_two_that_wait_for_each_other_are_both_done_once(county):
    one, other = county.site.pk, county.site_b.pk
    Site.objects.update(grade="")
    meet, errors = threading.Barrier(2), []

    def work(first, second):
        try:
            _grade(first, second, meet)
        except BaseException as failed:
            errors.append(failed)
        finally:
            connection.close()

    before = Entry.objects.count()
    threads = [threading.Thread(target=work, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert set(Site.objects.values_list("grade", flat=True)) == {"2"}
    assert Entry.objects.count() - before == 4


PLACE = {"longitude": 113.1, "latitude": 36.2, "crs": "wgs84"}


def _sign_in(client: Client):
    return client.post("/api/v1/session", {"username": "inspector", "password": PASSWORD}, "application/json")


@contextmanager
def always_undone(table: str) -> Iterator[None]:
    """PostgreSQL undoes every transaction that writes to this table, as it does with a deadlock's victim."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE undone")
        cursor.execute(
            "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('undone'); "
            "RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"
        )
        cursor.execute(f"CREATE TRIGGER undo BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION undo()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION undo CASCADE")
            cursor.execute("DROP SEQUENCE undone")


@postgresql
@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_undone_each_time_is_told_so_and_changes_nothing(county):
    client = Client(raise_request_exception=False)
    assert _sign_in(client).status_code == 200
    path, headers = f"/api/v1/sites/{county.site.pk}/place", {"X-CSRFToken": client.cookies["csrftoken"].value}
    with always_undone("ledger_entry"):
        answer = client.put(path, PLACE, "application/json", headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert answer.json()["type"] == "urn:shoutu:problem:busy"
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_value FROM undone")
            assert cursor.fetchone()[0] == contention.TRIES
        assert Site.objects.get(pk=county.site.pk).latitude is None
    assert client.put(path, PLACE, "application/json", headers=headers).status_code == 200
    assert Entry.objects.filter(verb="site.located").count() == 1


@postgresql
@pytest.mark.django_db(transaction=True)
def test_a_session_that_cannot_be_written_is_told_in_the_same_shape(county):
    """What fails outside the API's own views."""
    with always_undone("django_session"):
        answer = _sign_in(Client(raise_request_exception=False))
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json; charset=utf-8")
    assert answer.json()["type"] == "urn:shoutu:problem:busy"


@sqlite
@pytest.mark.django_db(transaction=True)
def test_a_request_that_does_not_get_its_turn_on_sqlite_is_told_so(county):
    client = Client()
    assert _sign_in(client).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 200")
    path, headers = f"/api/v1/sites/{county.site.pk}/place", {"X-CSRFToken": client.cookies["csrftoken"].value}
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.put(path, PLACE, "application/json", headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        # Outside the API's own views too: the session of whoever signs in.
        answer = _sign_in(Client(raise_request_exception=False))
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        other.execute("ROLLBACK")
    assert client.put(path, PLACE, "application/json", headers=headers).status_code == 200
    assert Entry.objects.filter(verb="site.located").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_service_inside_another_transaction_is_not_run_again_by_itself(county):
    """Half of a transaction cannot be run again; whoever began the whole of it is told."""
    runs = []

    @service
    def inner() -> None:
        runs.append(1)
        raise error(sqlstate="40P01")

    def whole() -> None:
        with transaction.atomic():
            Territory.objects.filter(pk=county.east.pk).update(name="不留")
            inner()

    with pytest.raises(OperationalError):
        whole()
    assert len(runs) == 1
    assert Territory.objects.get(pk=county.east.pk).name == "东乡"


@postgresql
@pytest.mark.django_db(transaction=True)
def test_a_question_that_takes_too_long_is_ended_and_counts_as_busy(monkeypatch):
    monkeypatch.setattr(web, "STATEMENT_S", 1)
    web._bound(connection)
    with connection.cursor() as cursor:
        with pytest.raises(OperationalError) as ended:
            cursor.execute("SELECT pg_sleep(20)")
        cursor.execute("SET statement_timeout TO DEFAULT")
    assert contention.busy(ended.value)


@postgresql
@pytest.mark.django_db
def test_nobody_waits_for_a_lock_for_ever():
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("10s",)
