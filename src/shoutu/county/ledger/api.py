"""The ledger for whoever may look: entries, proofs, heads, the check of witnesses."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Schema

from shoutu.county.kit import subjects
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.kit.limits import Limit
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.selectors import entries, entries_holding, get_entry, tree, with_leaf
from shoutu.county.ledger.selectors.overview import check_in_words, overview
from shoutu.county.ledger.services import checking, keeping
from shoutu.county.ledger.verbs import sentence

router = Router()
# Days a clock can be set to.
FIRST, LAST = date(1970, 1, 2), date(9998, 12, 31)


class SubjectOut(Schema):
    type: str
    id: int
    label: str
    url: str


class EntryOut(Schema):
    """One entry. `index` and `leaf_hash` are null until it is sealed, a second or so after it was written."""

    id: int
    index: int | None
    at: datetime
    actor: str
    verb: str
    subject: SubjectOut
    text: str
    leaf_hash: str | None
    sealed: bool


class ProofOut(Schema):
    """An RFC 6962 inclusion proof; `shoutu-ledger-proof-1`, checked by verify_ledger.py."""

    format: str
    index: int
    size: int
    hash: str
    entry: str
    path: list[str]
    head: str


class ConsistencyOut(Schema):
    old: int
    new: int
    path: list[str]


class CheckOut(Schema):
    """The last check of the whole record by the worker: how many entries, how many findings."""

    at: datetime
    size: int
    findings: int


class CheckAsk(Schema):
    """`head`: a signed head kept elsewhere, as text, to check against as well; "": none."""

    head: str = Field("", max_length=4_000)


class CheckJob(Schema):
    """The check last asked for. `head`: epoch/size of the one kept elsewhere, ""; `covered`: entries that stand under
    it; `findings`: the first of `count`, in words."""

    state: Literal["asked", "done"]
    by: str
    asked_at: datetime
    ended_at: datetime | None
    head: str
    size: int
    covered: int
    count: int
    verdict: str
    findings: list[str]


class Checks(Schema):
    job: CheckJob | None


class WitnessOut(Schema):
    """Somebody outside who holds a head: of how many entries, since when."""

    name: str
    size: int | None
    at: datetime | None
    failing: bool


class BackupOut(Schema):
    """The last backup: the moment it is of, the name of its file, its size."""

    at: datetime
    file: str
    bytes: int


class RestoreOut(Schema):
    """A restore from a backup, declared as a new epoch that begins after `size` entries."""

    epoch: int
    at: datetime
    size: int
    reason: str


class HeadOut(Schema):
    """The newest signed head and what stands round it; null fields while the ledger is empty."""

    size: int
    epoch: int | None
    at: datetime | None
    root: str | None
    note: str | None
    hash: str | None
    signature: str | None
    since: datetime | None
    unsealed: int
    check: CheckOut | None
    backup: BackupOut | None
    witnesses: list[WitnessOut]
    restores: list[RestoreOut]


class KeptOut(Schema):
    """A head was kept; `contradicts` says why it cannot be of the same log as one kept before."""

    size: int
    epoch: int
    contradicts: str | None


class DaysQuery(ListQuery):
    since: date | None = Field(None, ge=FIRST, le=LAST, description="from this day of the county's calendar on")
    until: date | None = Field(None, ge=FIRST, le=LAST, description="up to and with this day")


class EntryQuery(DaysQuery):
    subject: str = ""
    verb: str = ""


def _out(entry: Entry, subject: dict[str, Any]) -> dict[str, Any]:
    leaf = getattr(entry, "leaf", None)
    return {
        "id": entry.pk,
        "index": leaf.index if leaf else None,
        "at": entry.at,
        "actor": entry.actor,
        "verb": entry.verb,
        "subject": subject,
        "text": sentence(entry, subject["label"]),
        "leaf_hash": bytes(leaf.hash).hex() if leaf else None,
        "sealed": leaf is not None,
    }


def _about(things: list[SubjectRef]) -> Q:
    """Entries about any of these."""
    by_type: dict[str, list[int]] = {}
    for one in things:
        by_type.setdefault(one.type, []).append(one.id)
    about = Q(pk__in=())
    for type_, ids in by_type.items():
        about |= Q(subject_type=type_, subject_id__in=ids)
    return about


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def during(found: Any, query: DaysQuery) -> Any:
    """Of these rows, which have an `at`, those of the days asked for."""
    if query.since:
        found = found.filter(at__gte=_midnight(query.since))
    if query.until:
        found = found.filter(at__lt=_midnight(query.until + timedelta(days=1)))
    return found


@router.get("/ledger", response=Page[EntryOut])
def list_entries(request: HttpRequest, query: Query[EntryQuery]) -> Any:
    """Entries about what I may see, newest first.

    `subject=warning:7` narrows to one thing with the calls made about it, `since` and `until` to days; `q` searches
    who did it, what was done, in words, and the name or place of what it is about.
    """
    actor = asker(request)
    actor.require("ledger.read")
    found = entries_holding(actor, query.q) if query.q else entries(actor)
    if query.subject:
        type_, _colon, id_ = query.subject.partition(":")
        if not re.fullmatch(r"[0-9]{1,18}", id_):  # what a database can hold
            raise Invalid("subject", "type:id")
        found = found.filter(_about(subjects.course(SubjectRef(type_, int(id_)))))
    if query.verb:
        found = found.filter(verb=query.verb)
    found = during(found, query)
    # What may be seen of part of the county, and what holds some words, is searched for in all kinds of subject.
    rows = None if actor.scope.all and not query.q else with_leaf()
    # All I may see, and nothing else asked: their ids need no second look.
    asked = query.subject or query.verb or query.q or query.since or query.until
    ids = None if asked else Entry.seen_ids(actor)
    page = paginate(found, query, sorts={"id": ["id"], "at": ["at"]}, default="-id", rows=rows, ids=ids)
    named = subjects.describe_many(entry.subject for entry in page["items"])
    page["items"] = [_out(entry, named[entry.subject]) for entry in page["items"]]
    return page


@router.get("/ledger/head", response=HeadOut)
def get_head(request: HttpRequest) -> Any:
    """The newest signed head, to be kept elsewhere. `backup` is null for who does not see the whole county."""
    actor = asker(request)
    actor.require("ledger.read")
    return overview() if actor.scope.all else {**overview(), "backup": None}


@router.get("/ledger/checks", response=Checks)
def get_check(request: HttpRequest) -> Any:
    """The check of the whole record last asked for, under way or with what it found."""
    asker(request).require("ledger.check")
    return _checks()


@router.post("/ledger/checks", response={202: Checks}, throttle=Limit("read"))
def ask_check(request: HttpRequest, data: CheckAsk) -> Any:
    """Have the worker check the whole record now; 409 while one is under way, and for a head whose key is not the
    ledger's (any more); 422 for what is no head."""
    checking.ask(asker(request), data.head)
    return 202, _checks()


def _checks() -> dict[str, Any]:
    before: dict[str, Any] = {"ended_at": None, "size": 0, "covered": 0, "count": 0, "verdict": "", "findings": []}
    job = check_in_words()
    return {"job": job and {**before, **job}}


@router.post("/ledger/heads", response=KeptOut, auth=None)
def keep_head(request: HttpRequest) -> Any:
    """A signed head of another installation's log, as text: kept here, its witness. No login; the signature lets it in.

    403 when its key is not registered here (`shoutu ledger keep`), 422 when it is no head of that key.
    """
    kept = keeping.keep_head(request.body.decode("utf-8", "replace"))
    return {"size": kept.size, "epoch": kept.epoch, "contradicts": kept.contradicts or None}


@router.get("/ledger/consistency", response=ConsistencyOut, throttle=Limit("read"))
def get_consistency(request: HttpRequest, old: int, new: int | None = None) -> Any:
    """That the log of `new` entries (default: the newest head) extends the log of `old`: RFC 6962 consistency proof."""
    asker(request).require("ledger.read")
    first, second, path = tree.prove_consistency(old, new)
    return {"old": first, "new": second, "path": [step.hex() for step in path]}


@router.get("/ledger/{id}/proof", response=ProofOut)
def get_proof(request: HttpRequest, id: int) -> Any:
    """That this entry is in the newest head. 409 during the second before it is sealed."""
    actor = asker(request)
    actor.require("ledger.read")
    if id < 1:
        raise NotFound("entry", id)
    return tree.prove(get_entry(actor, id)).as_dict()
