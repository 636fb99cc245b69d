"""The ledger for whoever may look: entries, proofs, heads, the check of witnesses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Schema

from shoutu.county.kit import subjects
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.selectors import entries, get_entry, tree, unsealed_count
from shoutu.county.ledger.verbs import sentence

router = Router()


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


class HeadOut(Schema):
    """The newest signed head; null fields while the ledger is empty."""

    size: int
    epoch: int | None
    at: datetime | None
    root: str | None
    note: str | None
    unsealed: int


class EntryQuery(ListQuery):
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


@router.get("/ledger", response=Page[EntryOut])
def list_entries(request: HttpRequest, query: Query[EntryQuery]) -> Any:
    """Entries about what I may see, newest first.

    `subject=warning:7` narrows to one thing, `q` searches actor and verb.
    """
    actor = asker(request)
    actor.require("ledger.read")
    found = entries(actor)
    if query.subject:
        type_, _colon, id_ = query.subject.partition(":")
        if not id_.isdigit():
            raise Invalid("subject", "type:id")
        found = found.filter(subject_type=type_, subject_id=int(id_))
    if query.verb:
        found = found.filter(verb=query.verb)
    if query.q:
        found = found.filter(Q(actor__icontains=query.q) | Q(verb__icontains=query.q))
    page = paginate(found, query, sorts={"id": ["id"], "at": ["at"]}, default="-id")
    named = subjects.describe_many(entry.subject for entry in page["items"])
    page["items"] = [_out(entry, named[entry.subject]) for entry in page["items"]]
    return page


@router.get("/ledger/head", response=HeadOut)
def get_head(request: HttpRequest) -> Any:
    """The newest signed head, to be kept elsewhere."""
    asker(request).require("ledger.read")
    head = tree.head()
    if head is None:
        return {"size": 0, "epoch": None, "at": None, "root": None, "note": None, "unsealed": unsealed_count()}
    return {
        "size": head.size,
        "epoch": head.epoch_id,
        "at": head.at,
        "root": bytes(head.root).hex(),
        "note": head.note,
        "unsealed": unsealed_count(),
    }


@router.get("/ledger/consistency", response=ConsistencyOut)
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
