"""Two persons: what can delay or lower a warning waits until somebody else than who asked for it agrees (design §9).

One mechanism for all of it. A room registers a kind and says what is to be done once two persons have agreed; it
calls `propose` where one person alone may not act. Who agrees, who asked and why stand in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Proposal, ProposalState
from shoutu.county.places.services import lock_sites


@dataclass(frozen=True)
class Kind:
    """One sort of thing that needs two persons.

    `permission`: what both need; `ask` is enough for the first where given (enterprises only propose).
    `apply(actor, proposal)` carries it out, in the transaction of the agreement; it
    raises Conflict where what was asked no longer fits what is, and then nothing happens. `drop` is told of one that
    was rejected or withdrawn. `sites` names the sites `apply` touches besides the proposal's own, to be locked first.
    `ask_why`: what the county itself asked for is taken up with a reason.
    """

    name: str
    title: Any
    permission: str
    apply: Callable[[Actor, Proposal], object]
    drop: Callable[[Actor, Proposal], object] | None = None
    ask: str = ""
    sites: Callable[[Proposal], Iterable[int]] | None = None
    ask_why: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known. Called once, from a room's ``register`` module or where its `apply` stands."""
    _kinds[kind.name] = kind
    return kind


def kind_of(proposal: Proposal) -> Kind:
    """Raises KeyError for a kind no room knows."""
    return _kinds[proposal.kind]


def change(what: str, before: object, after: object) -> dict[str, str]:
    """One line of what the second person reads; "" where there was or will be nothing."""
    return {"what": what, "before": str(before), "after": str(after)}


@service
def propose(
    actor: Actor,
    kind: Kind,
    subject: SubjectRef,
    site_id: int | None,
    reason: str,
    *,
    title: str,
    key: str,
    payload: Mapping[str, Any],
    changes: Sequence[Mapping[str, str]] = (),
    told: Mapping[str, Any] | None = None,
) -> Proposal:
    """Ask for something that needs a second person. While one of this key waits, that one is returned.

    `told`: what stands on record instead of a `payload` that holds a secret, sealed as it may be: no entry can be
    erased. Raises NotAllowed, Invalid without a reason, Conflict while one of this key waits that says otherwise.
    """
    actor.require(kind.ask or kind.permission)
    _reason(reason)
    lock_sites([site_id])
    standing = Proposal.objects.filter(key=key, state=ProposalState.WAITING).first()
    lines = [dict(line) for line in changes]
    if standing is not None:
        unchanged()
        # By content, or as it reads: a time from now on moves, and words are those of who asks.
        same = standing.payload == json.loads(json.dumps(dict(payload)))
        if actor.user_id is not None and not same and (standing.title, standing.changes) != (title[:200], lines):
            raise Conflict(_("已有一件内容不同的在等复核：先撤回或否决，再提新的"))
        return take_up(actor, standing, reason) if standing.proposed_by_id is None and actor.user_id else standing
    proposal = Proposal.objects.create(
        kind=kind.name, subject_kind=subject.type, subject_id=subject.id,
        subject_label=subjects.label(subject)[:120], site_id=site_id, title=title[:200],
        changes=lines, payload=dict(payload), reason=reason, key=key,
        proposed_by_id=actor.user_id, proposed_label=actor.label[:200], proposed_at=timezone.now(),
    )  # fmt: skip
    facts = {"kind": kind.name, "about": subject, "title": proposal.title, "reason": reason}
    facts["payload"] = payload if told is None else told
    record(actor, "proposal.made", ref(proposal), facts)
    _tell(proposal)
    return proposal


@service
def take_up(actor: Actor, proposal: Proposal, reason: str = "") -> Proposal:
    """Make one's own what the county itself asked for, so that another person can agree.

    Raises NotAllowed, Conflict where somebody did before, Invalid without a reason where its kind asks for one.
    """
    proposal = _waiting(actor, proposal)
    if actor.user_id is None:
        raise NotAllowed(kind_of(proposal).permission, _("须由有账号的人接手"))
    if proposal.proposed_by_id is not None:
        raise Conflict(_("已经有提出人"))
    facts: dict[str, Any] = {"about": proposal.subject}
    if kind_of(proposal).ask_why:
        _reason(reason)
        proposal.reason = facts["reason"] = reason
    proposal.proposed_by_id, proposal.proposed_label = actor.user_id, actor.label[:200]
    proposal.save(update_fields=["proposed_by", "proposed_label", "reason"])
    record(actor, "proposal.taken_up", ref(proposal), facts)
    _tell(proposal)
    return proposal


@service
def agree(actor: Actor, proposal: Proposal) -> Proposal:
    """The second person agrees: it is carried out now.

    Raises NotAllowed for who proposed it, for whoever is not a known person, and while nobody known proposed it;
    Conflict when it waits no more or no longer fits what is.
    """
    proposal = _waiting(actor, proposal)
    kind = kind_of(proposal)
    why = _not_second(proposal, actor)
    if why is not None:
        raise NotAllowed(kind.permission, why)
    _decide(actor, proposal, ProposalState.AGREED)
    facts = {"about": proposal.subject, "proposed_by": proposal.proposed_by_id}
    record(actor, "proposal.agreed", ref(proposal), facts)
    kind.apply(actor, proposal)
    return proposal


@service
def reject(actor: Actor, proposal: Proposal, reason: str) -> Proposal:
    """A second person disagrees, or who proposed it withdraws it; everything stays as it is.

    Raises NotAllowed, Conflict when it waits no more, Invalid without a reason.
    """
    proposal = _waiting(actor, proposal)
    _reason(reason)
    own = actor.user_id is not None and actor.user_id == proposal.proposed_by_id
    state = ProposalState.WITHDRAWN if own else ProposalState.REJECTED
    _decide(actor, proposal, state, reason)
    facts = {"about": proposal.subject, "proposed_by": proposal.proposed_by_id, "reason": reason}
    record(actor, f"proposal.{state}", ref(proposal), facts)
    kind = kind_of(proposal)
    if kind.drop is not None:
        kind.drop(actor, proposal)
    return proposal


def _waiting(actor: Actor, proposal: Proposal) -> Proposal:
    """The proposal, locked. Raises NotFound, NotAllowed, Conflict when it was decided already."""
    # The sites before the proposal, as whoever proposes has them.
    sites = kind_of(proposal).sites
    lock_sites([proposal.site_id, *(sites(proposal) if sites is not None else ())])
    found: Proposal | None = (
        Proposal.objects.visible_to(actor).select_for_update(of=("self",), no_key=True).filter(pk=proposal.pk).first()
    )
    if found is None:
        raise NotFound("proposal", proposal.pk)
    kind = kind_of(found)
    own = actor.user_id is not None and actor.user_id == found.proposed_by_id
    actor.require(kind.ask if kind.ask and own else kind.permission)
    if found.state != ProposalState.WAITING:
        raise Conflict(_("这一件已经处理过"))
    return found


def _decide(actor: Actor, proposal: Proposal, state: ProposalState, reason: str = "") -> None:
    proposal.state, proposal.decision, proposal.decided_at = state, reason, timezone.now()
    proposal.decided_by_id, proposal.decided_label = actor.user_id, actor.label[:200]
    proposal.save()
    _tell(proposal)


def _tell(proposal: Proposal) -> None:
    emit("proposal.changed", ref(proposal), {"state": proposal.state, "kind": proposal.kind})


def _reason(reason: str) -> None:
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))


def _not_second(proposal: Proposal, actor: Actor) -> str | None:
    if proposal.proposed_by_id is None:
        return _("还没有提出人：先由一人接手，再由另一人同意")
    if actor.user_id is None or actor.user_id == proposal.proposed_by_id:
        return _("须由提出人以外的第二人同意")
    return None


def why_not(proposal: Proposal, actor: Actor) -> str | None:
    """Why this actor may not agree now; None when they may."""
    if proposal.state != ProposalState.WAITING:
        return _("这一件已经处理过")
    if not actor.may(kind_of(proposal).permission):
        return _("你的角色不能复核")
    return _not_second(proposal, actor)


def proposals_for(actor: Actor, *, state: str = "waiting") -> QuerySet[Proposal]:
    """Proposals about sites within the scope; `state`: one of ProposalState, or "all". Raises Invalid."""
    rows = Proposal.objects.visible_to(actor).select_related("site")
    if state == "all":
        return rows  # type: ignore[no-any-return]
    if state not in ProposalState.values:
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(["all", *ProposalState.values])})
    return rows.filter(state=state)  # type: ignore[no-any-return]


def get_proposal(actor: Actor, id: int) -> Proposal:
    """Raises NotFound("proposal", id)."""
    found = proposals_for(actor, state="all").filter(pk=id).first()
    if found is None:
        raise NotFound("proposal", id)
    return found


def waiting_for(actor: Actor) -> int:
    """How many wait for this actor: to agree to, or to take up."""
    if actor.user_id is None:
        return 0
    may = [kind.name for kind in _kinds.values() if actor.may(kind.permission)]
    return proposals_for(actor).filter(kind__in=may).exclude(proposed_by_id=actor.user_id).count()
