"""What people tells the rest: how users and tokens become actors, and its subjects."""

from __future__ import annotations

from shoutu.county.kit import actors
from shoutu.county.kit.subjects import name_in, names_in, register
from shoutu.county.people import identity
from shoutu.county.people.models import ApiToken, Person, Post, Shift, User

actors.resolve_users_by(identity.actor_of_user)
actors.resolve_tokens_by(identity.actor_of_token)


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
register(
    "person",
    label=name_in(Person, "name"),
    labels=names_in(Person, "name"),
    url=_nowhere,
    visible=lambda actor: Person.objects.filter(**({} if actor.scope.all else {"pk": actor.person_id or 0})),
)
register("post", label=name_in(Post, "title"), labels=names_in(Post, "title"), url=_nowhere, visible=None)
register(
    "shift",
    label=name_in(Shift, "post__title"),
    labels=names_in(Shift, "post__title"),
    url=_nowhere,
    visible=lambda actor: Shift.objects.filter(**({} if actor.scope.all else {"post_id__in": actor.posts})),
)
register(
    "api_token",
    label=name_in(ApiToken, "name"),
    labels=names_in(ApiToken, "name"),
    url=_nowhere,
    visible=lambda actor: ApiToken.objects.visible_to(actor),
)
