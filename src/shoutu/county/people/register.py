"""What people tells the rest: how users and tokens become actors, and its subjects."""

from __future__ import annotations

from shoutu.county.kit import actors, subjects
from shoutu.county.people import identity
from shoutu.county.people.models import ApiToken, Person, Post, Shift, User

actors.resolve_users_by(identity.actor_of_user)
actors.resolve_tokens_by(identity.actor_of_token)


def _name(model: type, field: str):  # type: ignore[no-untyped-def]
    def label(id: int) -> str:
        return model.objects.filter(pk=id).values_list(field, flat=True).first() or f"{id}"  # type: ignore[attr-defined]

    return label


subjects.register(
    "user",
    label=_name(User, "display"),
    url=lambda _id: "",
    visible=lambda actor: (
        User.objects.all() if actor.may("user.manage") else User.objects.filter(pk=actor.user_id or 0)
    ),
)
subjects.register(
    "person",
    label=_name(Person, "name"),
    url=lambda _id: "",
    visible=lambda actor: Person.objects.all() if actor.scope.all else Person.objects.filter(pk=actor.person_id or 0),
)
subjects.register("post", label=_name(Post, "title"), url=lambda _id: "", visible=None)
subjects.register(
    "shift",
    label=lambda _id: "值班",
    url=lambda _id: "",
    visible=lambda actor: Shift.objects.all() if actor.scope.all else Shift.objects.filter(post_id__in=actor.posts),
)
subjects.register(
    "api_token",
    label=_name(ApiToken, "name"),
    url=lambda _id: "",
    visible=lambda actor: ApiToken.objects.visible_to(actor),
)
