"""References to anything by (type, id), so that a duty or an entry points at a subject and never at a class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor


@dataclass(frozen=True, order=True)
class SubjectRef:
    """`type` is a registered name such as ``"warning"``; `id` a positive integer (0 for the county itself)."""

    type: str
    id: int

    def as_dict(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id}


COUNTY = SubjectRef("county", 0)


@dataclass(frozen=True)
class SubjectKind:
    """How one type of subject is named, linked and seen."""

    type: str
    title: Any
    label: Callable[[int], str]
    url: Callable[[int], str]
    # The rows an actor sees, as a queryset of the subject's model; None: every signed-in actor sees all.
    visible: Callable[[Actor], QuerySet[Any]] | None
    # Names of many at once, for lists; without it each distinct id costs a query.
    labels: Callable[[set[int]], dict[int, str]] | None = None
    # Locks what must be locked before any duty about these subjects; None: their duties' sites are.
    lock: Callable[[Sequence[int]], object] | None = None
    # Addresses of many at once, where one costs a query; those without a page are missing.
    urls: Callable[[set[int]], dict[int, str]] | None = None
    # What `visible` depends on: actors of whom this is equal see the same rows, and are asked for together.
    seen_by: Callable[[Actor], Hashable] = lambda actor: actor
    # What else belongs to the course of one: calls made about it, withdrawals it ordered. None: nothing.
    course: Callable[[int], Iterable[SubjectRef]] | None = None
    # `visible` as questions whose rows together are the same, where one question with an OR goes through every row.
    # For who asks for all there are; a few ids are asked for by `visible`.
    parts: Callable[[Actor], Sequence[QuerySet[Any]]] | None = None
    # The rows whose name or place holds these words, never by what a label masks: questions whose rows together they
    # are, each cheap however many rows there are. None: not searched by name.
    search: Callable[[str], Sequence[QuerySet[Any]]] | None = None

    def all_visible(self, actor: Actor) -> Sequence[QuerySet[Any]]:
        """The ids of all rows the actor sees, in one question or several; of a kind that has `visible`."""
        assert self.visible is not None
        found = self.parts(actor) if self.parts else (self.visible(actor),)
        return [one.order_by().values("pk") for one in found]


def by_scope(actor: Actor) -> Hashable:
    """`seen_by` of what is seen by its place alone."""
    return actor.scope


_kinds: dict[str, SubjectKind] = {}


def register(
    type: str,
    *,
    label: Callable[[int], str],
    url: Callable[[int], str],
    visible: Callable[[Actor], QuerySet[Any]] | None,
    title: Any = "",
    labels: Callable[[set[int]], dict[int, str]] | None = None,
    urls: Callable[[set[int]], dict[int, str]] | None = None,
    lock: Callable[[Sequence[int]], object] | None = None,
    seen_by: Callable[[Actor], Hashable] = lambda actor: actor,
    course: Callable[[int], Iterable[SubjectRef]] | None = None,
    parts: Callable[[Actor], Sequence[QuerySet[Any]]] | None = None,
    search: Callable[[str], Sequence[QuerySet[Any]]] | None = None,
) -> None:
    """Make a type of subject known. Called once, from a room's ``register`` module."""
    _kinds[type] = SubjectKind(
        type, title or type, label, url, visible, labels, lock, urls, seen_by, course, parts, search
    )


def kinds() -> dict[str, SubjectKind]:
    return dict(_kinds)


def ref(thing: Model) -> SubjectRef:
    """The reference to a saved model whose class says its `subject_type`."""
    return SubjectRef(thing.subject_type, thing.pk)  # type: ignore[attr-defined]


def label(subject: SubjectRef) -> str:
    """The subject's name for people; its bare reference when its kind is not registered."""
    kind = _kinds.get(subject.type)
    return kind.label(subject.id) if kind else f"{subject.type} {subject.id}"


def course(subject: SubjectRef) -> list[SubjectRef]:
    """The subject, and what happened about it under another name."""
    kind = _kinds.get(subject.type)
    return [subject, *(kind.course(subject.id) if kind and kind.course else ())]


def lock(type: str, ids: Iterable[int]) -> bool:
    """Take the locks that come before those of duties about these subjects. False where the kind has none of its own:
    then it is the site (docs/decisions/0047-order-of-locks.md)."""
    kind = _kinds.get(type)
    if kind is None or kind.lock is None:
        return False
    kind.lock(sorted(set(ids)))
    return True


def url(subject: SubjectRef) -> str:
    """The address of the subject's page in the face; "" when it has none."""
    kind = _kinds.get(subject.type)
    return kind.url(subject.id) if kind else ""


def urls_of(subjects: Iterable[SubjectRef]) -> dict[SubjectRef, str]:
    """The address of each subject's page, "" where it has none: one query per type that registered `urls`."""
    by_type: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        by_type[subject.type].add(subject.id)
    found: dict[SubjectRef, str] = {}
    for type_, ids in by_type.items():
        kind = _kinds.get(type_)
        many = kind.urls(ids) if kind and kind.urls else None
        for id_ in ids:
            found[SubjectRef(type_, id_)] = many.get(id_, "") if many is not None else url(SubjectRef(type_, id_))
    return found


def describe(subject: SubjectRef) -> dict[str, Any]:
    """`{type, id, label, url}` as the API shows it."""
    return {**subject.as_dict(), "label": label(subject), "url": url(subject)}


def describe_many(subjects: Iterable[SubjectRef]) -> dict[SubjectRef, dict[str, Any]]:
    """`describe` for a whole list: one query per type that registered `labels`, one per type with `urls`."""
    by_type: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        by_type[subject.type].add(subject.id)
    answer: dict[SubjectRef, dict[str, Any]] = {}
    addresses = urls_of(SubjectRef(type_, id_) for type_, ids in by_type.items() for id_ in ids)
    for type_, ids in by_type.items():
        kind = _kinds.get(type_)
        named = kind.labels(ids) if kind and kind.labels else {}
        for id_ in ids:
            subject = SubjectRef(type_, id_)
            said = named.get(id_) or (str(id_) if kind and kind.labels else label(subject))
            answer[subject] = {**subject.as_dict(), "label": said, "url": addresses[subject]}
    return answer


def names_in(model: Any, field: str) -> Callable[[set[int]], dict[int, str]]:
    """`labels` for a model whose name is one column (or a path over relations)."""
    return lambda ids: dict(model.objects.filter(pk__in=ids).values_list("pk", field))


def name_in(model: Any, field: str) -> Callable[[int], str]:
    """`label` for a model whose name is one column."""
    return lambda id_: names_in(model, field)({id_}).get(id_, str(id_))


def words_in(model: Any, *fields: str) -> Callable[[str], list[QuerySet[Any]]]:
    """`search` for a model that is known by these columns, or paths over relations.

    Of a path, the few that have the name are found first, then what belongs to them by its index.
    """

    def search(words: str) -> list[QuerySet[Any]]:
        found = []
        for field in fields:
            way, _, column = field.rpartition("__")
            if not way:
                found.append(model.objects.filter(**{f"{column}__icontains": words}))
                continue
            named = model
            for step in way.split("__"):
                named = named._meta.get_field(step).related_model
            ids = named.objects.filter(**{f"{column}__icontains": words}).order_by().values("pk")
            found.append(model.objects.filter(**{f"{way}__in": ids}))
        return found

    return search


def numbered(model: Any, field: str = "number") -> Callable[[str], list[QuerySet[Any]]]:
    """`search` for a model with a number of its own, which is told whole: there may be very many."""
    return lambda words: [model.objects.filter(**{field: words.strip().upper()})]


def either(*searches: Callable[[str], list[QuerySet[Any]]]) -> Callable[[str], list[QuerySet[Any]]]:
    """What any of these searches finds."""
    return lambda words: [one for search in searches for one in search(words)]


def visible(actor: Actor, subjects: Iterable[SubjectRef]) -> set[SubjectRef]:
    """Those of `subjects` the actor sees, in one query per type. An unregistered type is seen by a full scope only."""
    return next(visible_to_each([(actor, subjects)]))


def visible_to_each(asked: Iterable[tuple[Actor, Iterable[SubjectRef]]]) -> Iterator[set[SubjectRef]]:
    """`visible` for many, each as soon as it is known; those who see the same (`seen_by`) are asked for once."""
    # (type, what it depends on) → the ids asked for, the ids seen
    known: dict[tuple[str, Hashable], tuple[set[int], set[int]]] = {}
    for actor, subjects in asked:
        by_type: dict[str, set[int]] = defaultdict(set)
        for subject in subjects:
            by_type[subject.type].add(subject.id)
        seen: set[SubjectRef] = set()
        for type_, ids in by_type.items():
            kind = _kinds.get(type_)
            if kind is None:
                allowed: Iterable[int] = ids if actor.scope.all else ()
            elif kind.visible is None:
                allowed = ids
            else:
                before, allowed_before = known.setdefault((type_, kind.seen_by(actor)), (set(), set()))
                if new := ids - before:
                    allowed_before.update(kind.visible(actor).filter(pk__in=new).values_list("pk", flat=True))
                    before |= new
                allowed = ids & allowed_before
            seen.update(SubjectRef(type_, id_) for id_ in allowed)
        yield seen


register("county", label=lambda _id: _("全县"), url=lambda _id: "/", visible=None, title="全县")
