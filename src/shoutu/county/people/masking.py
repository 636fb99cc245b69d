"""What of a person each role is shown: the name by role, a telephone number never whole without a look on record."""

from __future__ import annotations

from shoutu.county.kit.actors import Actor
from shoutu.county.people.models import Person


def masked_name(person: Person | None, actor: Actor) -> str | None:
    """The name as far as the actor's role goes; posts are never masked."""
    if person is None:
        return None
    if actor.may("person.read_phone") or person.pk == actor.person_id:
        return person.name
    return hidden(person.name)


def hidden(name: str) -> str:
    """``张**``: the family name is left; not even how long the name was is told."""
    return f"{name[:1]}**"


def masked_phone(phone: str) -> str:
    """``138****5678``; of a short number only its last two digits are left."""
    if len(phone) >= 11:
        return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"
    return "*" * (len(phone) - 2) + phone[-2:] if len(phone) > 2 else "*" * len(phone)
