"""待复核: what waits for a second person, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import ConfigDict, Field

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal

router = Router()


class Change(Schema):
    """One value as it is and as it would be; "" for none."""

    what: str
    before: str
    after: str


class AboutOut(Schema):
    type: str
    id: int
    label: str
    url: str


class ProposalOut(Schema):
    """`agree` is why I may not agree now, null when I may. `mine`: I proposed it. `ownerless`: to be taken up first.

    `ask_why`: who takes it up says why.
    """

    id: int
    kind: str
    what: str
    title: str
    about: AboutOut
    site: str
    changes: list[Change]
    reason: str
    state: Literal["waiting", "agreed", "rejected", "withdrawn"]
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: str
    mine: bool
    ownerless: bool
    ask_why: bool
    may_decide: bool
    agree: str | None


class ReasonIn(Schema):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=400)


class TakeUpIn(Schema):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="", max_length=400)


class ProposalQuery(ListQuery):
    state: str = "waiting"


def row(proposal: Proposal, actor: Actor, url: str | None = None) -> dict[str, Any]:
    """`url`: the address of what it is about, where it was asked for a whole list."""
    kind = proposals.kind_of(proposal)
    names = (
        "id", "kind", "title", "changes", "reason", "state", "proposed_at", "decided_at", "decision",
    )  # fmt: skip
    return {
        **{name: getattr(proposal, name) for name in names},
        "what": str(kind.title),
        "about": {
            **proposal.subject.as_dict(),
            "label": proposal.subject_label,
            "url": subjects.url(proposal.subject) if url is None else url,
        },
        "site": proposal.site.name if proposal.site else "",
        "proposed_by": proposal.proposed_label,
        "decided_by": proposal.decided_label,
        "mine": actor.user_id is not None and proposal.proposed_by_id == actor.user_id,
        "ownerless": proposal.proposed_by_id is None,
        "ask_why": kind.ask_why,
        "may_decide": actor.may(kind.permission),
        "agree": proposals.why_not(proposal, actor),
    }


@router.get("/proposals", response=Page[ProposalOut])
def list_proposals(request: HttpRequest, query: Query[ProposalQuery]) -> Any:
    """What waits for a second person; with `state` what was decided."""
    actor = asker(request)
    actor.require("proposal.read")
    rows = proposals.proposals_for(actor, state=query.state)
    if query.q:
        rows = rows.filter(title__icontains=query.q)
    page = paginate(rows, query, sorts={"id": ["id"], "newest": ["-id"]}, default="id")
    urls = subjects.urls_of(one.subject for one in page["items"])
    return {**page, "items": [row(one, actor, urls[one.subject]) for one in page["items"]]}


@router.post("/proposals/{id}/agree", response=ProposalOut)
def agree(request: HttpRequest, id: int) -> Any:
    """The second person agrees, and it is done. 403 for the one who proposed it, 409 when it no longer fits."""
    actor = asker(request)
    return row(proposals.agree(actor, proposals.get_proposal(actor, id)), actor)


@router.post("/proposals/{id}/reject", response=ProposalOut)
def reject(request: HttpRequest, id: int, body: ReasonIn) -> Any:
    """The second person disagrees, or the first withdraws; everything stays as it is."""
    actor = asker(request)
    return row(proposals.reject(actor, proposals.get_proposal(actor, id), body.reason), actor)


@router.post("/proposals/{id}/take-up", response=ProposalOut)
def take_up(request: HttpRequest, id: int, body: TakeUpIn | None = None) -> Any:
    """接手: I make my own what the county itself proposed, so that another can agree; with a reason where asked."""
    actor = asker(request)
    reason = body.reason if body else ""
    return row(proposals.take_up(actor, proposals.get_proposal(actor, id), reason), actor)
