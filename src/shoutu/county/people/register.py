"""What people tells the rest: how users and tokens become actors, and its subjects."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from shoutu.county.kit import actors, status
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import name_in, names_in, register, words_in
from shoutu.county.people import (  # sheets, sheets_lists: register tables
    embeds,
    identity,
    proposals,
    sheets,  # noqa: F401
    sheets_lists,  # noqa: F401
)
from shoutu.county.people.masking import hidden
from shoutu.county.people.models import ApiToken, Handover, ObligationDue, Person, Post, Proposal, Shift, User
from shoutu.county.people.selectors import lists

actors.resolve_users_by(identity.actor_of_user)
actors.resolve_tokens_by(embeds.actor_of_bearer)

status.door("/people/obligations", "responsibility.read", "people.obligations")


def _nowhere(_id: int) -> str:
    """These have no page of their own."""
    return ""


register(
    "user",
    label=name_in(User, "display"),
    labels=names_in(User, "display"),
    url=_nowhere,
    visible=lambda actor: User.objects.filter(**({} if actor.may("user.manage") else {"pk": actor.user_id or 0})),
)


def _masked(ids: set[int]) -> dict[int, str]:
    """The ledger is read by those who are shown no names too."""
    return {pk: hidden(name) for pk, name in names_in(Person, "name")(ids).items()}


def _by_mask(words: str) -> list[QuerySet[Person]]:
    """A mask is not undone by searching: persons are found by the letter it leaves, with or without its stars."""
    left = words.rstrip("*")
    return [Person.objects.filter(name__startswith=left)] if len(left) == 1 else []


register(
    "person",
    label=lambda id: _masked({id}).get(id, str(id)),
    labels=_masked,
    url=_nowhere,
    visible=lambda actor: Person.objects.filter(**({} if actor.scope.all else {"pk": actor.person_id or 0})),
    search=_by_mask,
)
register(
    "post",
    label=name_in(Post, "title"),
    labels=names_in(Post, "title"),
    url=lambda id: f"/people/organisations?post={id}",
    visible=lambda actor: lists.posts(actor, closed=True),
    search=words_in(Post, "title", "organisation__name"),
)
register(
    "handover",
    label=name_in(Handover, "shift__post__title"),
    labels=names_in(Handover, "shift__post__title"),
    url=lambda id: f"/people/roster?handover={id}",
    visible=lambda actor: lists.handovers(actor),
    search=words_in(Handover, "shift__post__title"),
)
register(
    "obligation_due",
    label=name_in(ObligationDue, "obligation__title"),
    labels=names_in(ObligationDue, "obligation__title"),
    url=lambda id: f"/people/obligations?due={id}",
    visible=lambda actor: lists.dues(actor),
    search=words_in(ObligationDue, "obligation__title"),
)
register(
    "shift",
    label=name_in(Shift, "post__title"),
    labels=names_in(Shift, "post__title"),
    url=_nowhere,
    visible=lambda actor: Shift.objects.filter(**({} if actor.scope.all else {"post_id__in": actor.posts})),
    search=words_in(Shift, "post__title"),
)
register(
    "api_token",
    label=name_in(ApiToken, "name"),
    labels=names_in(ApiToken, "name"),
    url=_nowhere,
    visible=lambda actor: ApiToken.objects.visible_to(actor),
)
register(
    "proposal",
    title="待复核",
    label=name_in(Proposal, "title"),
    labels=names_in(Proposal, "title"),
    url=lambda _id: "/proposals",
    visible=lambda actor: Proposal.objects.visible_to(actor),
    search=words_in(Proposal, "title"),
)


@status.contribute
def _figures(actor: Actor) -> dict[str, Any]:
    return {"proposals": proposals.waiting_for(actor)}
