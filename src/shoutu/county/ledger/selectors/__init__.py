"""What may be asked of the ledger."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedQuerySet, get_visible
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Access, Entry, Unsealed
from shoutu.county.ledger.verbs import saying


def entries(actor: Actor) -> ScopedQuerySet[Entry]:
    """Entries about what the actor sees, with their leaf."""
    return Entry.objects.visible_to(actor).select_related("leaf")  # type: ignore[no-any-return]


def with_leaf() -> ScopedQuerySet[Entry]:
    """All entries, with their leaf: to read those by id of which it is known that they may be seen."""
    return Entry.objects.select_related("leaf")  # type: ignore[no-any-return]


def holding(words: str) -> Q:
    """Entries by who did it, what was done, or the name or place of what it is about.

    Put together from one question each kind of subject, which finds its entries by their index; with an OR over them
    a database would ask all of them of each entry.
    """
    each = [Entry.objects.filter(Q(actor__icontains=words) | Q(verb__in=saying(words)))]
    for kind in subjects.kinds().values():
        for rows in kind.search(words) if kind.search else ():
            ids = rows.order_by().values("pk")
            each.append(Entry.objects.filter(subject_type=kind.type, subject_id__in=ids))
    found = [one.order_by().values("pk") for one in each]
    return Q(pk__in=found[0].union(*found[1:], all=True))


FEW = 500
"""Of as many entries it is asked whether their subjects may be seen; of more, all that may be seen is looked up."""


def entries_holding(actor: Actor, words: str) -> ScopedQuerySet[Entry]:
    """What the actor sees of `holding`, with its leaf."""
    held = with_leaf().filter(holding(words))
    if actor.scope.all:
        return held  # type: ignore[no-any-return]
    some = list(held.order_by().values_list("pk", "subject_type", "subject_id")[: FEW + 1])
    if len(some) > FEW:
        return entries(actor).filter(holding(words))  # type: ignore[no-any-return]
    seen = subjects.visible(actor, {SubjectRef(type_, id_) for _pk, type_, id_ in some})
    return with_leaf().filter(pk__in=[pk for pk, type_, id_ in some if SubjectRef(type_, id_) in seen])  # type: ignore[no-any-return]


def entries_about(subject: SubjectRef) -> list[Entry]:
    """Everything recorded about one subject, oldest first: its timeline. The caller has checked that it may be seen."""
    found = Entry.objects.filter(subject_type=subject.type, subject_id=subject.id)
    return list(found.select_related("leaf").order_by("id"))


def looks(actor: Actor) -> QuerySet[Access]:
    """Every look at personal data. Raises NotAllowed."""
    actor.require("access_log.read")
    return Access.objects.all()


def get_entry(actor: Actor, id: int) -> Entry:
    """Raises NotFound("entry", id)."""
    return get_visible(Entry.objects.select_related("leaf"), actor, id, "entry")


def unsealed_count() -> int:
    """Entries that wait for the sealer."""
    return Unsealed.objects.count()
