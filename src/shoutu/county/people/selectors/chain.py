"""The chain that answers for a site, and who fills each post, as they stood at one time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, Q, QuerySet, Value, When

from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.selectors import among
from shoutu.county.people.models import Holding, Leave, Period, Person, Post, Responsibility, Rung, Shift
from shoutu.county.places.models import Site
from shoutu.county.places.selectors import Whereabouts, site_at


@dataclass(frozen=True)
class Filled:
    """Who answers on a post: `person`; `stands_for` is the one away whose deputy that is.

    `away`: the person is on leave, and is called all the same because nobody else is there.
    """

    person: Person
    stands_for: Person | None = None
    away: bool = False


@dataclass(frozen=True)
class Answerer:
    """One step of the chain: a post, who fills it at that time (None: nobody), and where it stands."""

    post: Post
    person: Person | None
    kind: str
    rung: int
    stands_for: Person | None = None
    away: bool = False
    responsibility: int = 0

    @property
    def rung_name(self) -> str:
        """The lower-case name in `Rung`, such as ``"enterprise_duty"``."""
        return Rung(self.rung).name.lower()


def at_time(queryset: QuerySet, at: datetime) -> QuerySet:
    """Rows of a Period that are valid at `at`."""
    assert issubclass(queryset.model, Period)
    return queryset.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=at), valid_from__lte=at)


def running(at: datetime) -> QuerySet[Shift]:
    """Shifts that stand and run at `at`. One taken off the roster counts until it was."""
    stands = Q(cancelled_at__isnull=True) | Q(cancelled_at__gt=at)
    return Shift.objects.filter(stands, starts_at__lte=at, ends_at__gt=at)


def holders(posts: Iterable[int], at: datetime) -> dict[int, Person]:
    """Who answers on each of these posts at `at`, deputies included; a post nobody fills is missing."""
    return {post: one.person for post, one in filled(posts, at).items()}


def filled(posts: Iterable[int], at: datetime) -> dict[int, Filled]:
    """How each of these posts is filled at `at`; a post nobody fills is missing. Three queries.

    A post on shift belongs to the last who signed in to a shift running then and has not signed out, else to who is
    rostered then, else to its first holder; any other post to its holder of lowest rank. Of whoever is on leave then
    (signing in ends no leave but proves presence) the named deputy answers, else the next who is not away, else the
    first of them all the same: a call to somebody on leave is better than none.
    """
    ids = set(posts)
    present, waiting = _candidates(ids, at)
    leaves = _leaves(at)
    found: dict[int, Filled] = {}
    for post, persons in waiting.items():
        if post not in present:
            found[post] = _first(post, persons, leaves)
    found.update({post: Filled(person) for post, person in present.items()})
    return found


def seated(at: datetime) -> set[int]:
    """The posts `filled` would find filled at `at`, of all there are. Two queries."""
    shifts = running(at).filter(Q(signed_out_at__isnull=True) | Q(signed_out_at__gt=at), post__on_shift=True)
    held = at_time(Holding.objects.all(), at)
    return {*shifts.order_by().values_list("post_id", flat=True), *held.order_by().values_list("post_id", flat=True)}


def _candidates(ids: set[int], at: datetime) -> tuple[dict[int, Person], dict[int, list[Person]]]:
    """Who is signed in, and who would answer in turn, by post."""
    present: dict[int, Person] = {}
    rostered: dict[int, list[Person]] = defaultdict(list)
    shifts = running(at).filter(among("post_id", ids), post__on_shift=True).select_related("person")
    for shift in shifts.order_by("signed_in_at", "id"):
        if shift.post_id not in ids:
            continue
        if shift.signed_out_at is not None and shift.signed_out_at <= at:
            continue
        if shift.signed_in_at is not None and shift.signed_in_at <= at:
            present[shift.post_id] = shift.person
        else:
            rostered[shift.post_id].insert(0, shift.person)
    waiting: dict[int, list[Person]] = defaultdict(list, rostered)
    seats = at_time(Holding.objects.filter(among("post_id", ids)), at).select_related("person")
    for seat in seats.only("post_id", "person").order_by("rank", "id"):
        if seat.post_id in ids:
            waiting[seat.post_id].append(seat.person)
    return present, waiting


def _leaves(at: datetime) -> dict[int, list[Leave]]:
    """Person → their leave at `at`. Few are away at one time: all of them in one query."""
    away: dict[int, list[Leave]] = defaultdict(list)
    for leave in at_time(Leave.objects.all(), at).select_related("deputy").order_by("id"):
        away[leave.person_id].append(leave)
    return away


def _first(post: int, persons: list[Person], leaves: Mapping[int, list[Leave]]) -> Filled:
    for person in persons:
        if (leave := _leave_from(post, person, leaves)) is None:
            return Filled(person)
        if (deputy := _deputy(post, leave, leaves)) is not None:
            return Filled(deputy, stands_for=person)
    return Filled(persons[0], away=True)


def _leave_from(post: int, person: Person, leaves: Mapping[int, list[Leave]]) -> Leave | None:
    return next((one for one in leaves.get(person.pk, ()) if one.post_id in (None, post)), None)


def _deputy(post: int, leave: Leave, leaves: Mapping[int, list[Leave]]) -> Person | None:
    """The deputy, or the deputy's deputy where that one is away too; None when it ends in nobody or a circle."""
    asked = {leave.person_id}
    deputy = leave.deputy
    while deputy is not None and deputy.pk not in asked:
        further = _leave_from(post, deputy, leaves)
        if further is None:
            return deputy
        asked.add(deputy.pk)
        deputy = further.deputy
    return None


def applies(row: Responsibility, where: Whereabouts, matter: str) -> bool:
    """Whether a responsibility covers a site: by name, by its organisation, or by territory, sector and matter."""
    if row.sectors and where.kind not in row.sectors:
        return False
    if matter and row.matters and matter not in row.matters:
        return False
    if row.site_id is not None:
        return row.site_id == where.site
    if row.organisation_id is not None and row.organisation_id != where.organisation:
        return False
    return row.territory_id is None or row.territory_id in where.above


def nearness(row: Responsibility, where: Whereabouts) -> tuple[int, int, int, int]:
    """The order within a chain: rung, then named for the site, for its organisation, for the smallest territory."""
    place = 0 if row.site_id else 1 if row.organisation_id and not row.territory_id else 2
    depth = where.above.index(row.territory_id) if row.territory_id in where.above else len(where.above)
    return row.rung, place, -depth, row.pk


def who_answers_for(site_id: int, matter: str, at: datetime) -> list[Answerer]:
    """The whole chain for a site and a matter as it stood at `at`, lowest rung first.

    Within a rung the nearest comes first: named for the site, then for its organisation, then for the smallest
    territory; where the site belonged and where its territory hung are those of `at`. A post appears once per rung.
    An empty `matter` asks for every matter. Raises NotFound("site", id). Seven queries.
    """
    site = Site.objects.select_related("territory").filter(pk=site_id).first()
    if site is None:
        raise NotFound("site", site_id)
    where = site_at(site, at)
    rows = at_time(Responsibility.objects.all(), at).filter(
        Q(site_id=where.site)
        | Q(site__isnull=True, organisation_id=where.organisation, territory__isnull=True)
        | Q(site__isnull=True, territory_id__in=where.above)
    )
    chain = [row for row in rows.select_related("post__organisation") if applies(row, where, matter)]
    held = filled({row.post_id for row in chain}, at)
    seen: set[tuple[int, int]] = set()
    answer: list[Answerer] = []
    for row in sorted(chain, key=lambda one: nearness(one, where)):
        if (row.post_id, row.rung) not in seen:
            seen.add((row.post_id, row.rung))
            answer.append(answerer(row, held.get(row.post_id)))
    return answer


def answerer(row: Responsibility, one: Filled | None) -> Answerer:
    """A responsibility and whoever fills its post, as a step of a chain."""
    person, stands_for, away = (one.person, one.stands_for, one.away) if one else (None, None, False)
    return Answerer(row.post, person, row.kind, row.rung, stands_for, away, row.pk)


def posts_of(person_id: int, at: datetime) -> list[Post]:
    """The posts a person answers on at `at`: their own seats and shifts first, then those they deputise on."""
    own = Q(pk__in=at_time(Holding.objects.filter(person_id=person_id), at).values("post_id")) | Q(
        pk__in=running(at).filter(person_id=person_id).values("post_id")
    )
    away = Holding.objects.filter(
        Q(person__leaves__post__isnull=True) | Q(person__leaves__post_id=F("post_id")),
        person__leaves__deputy_id=person_id,
        person__leaves__valid_from__lte=at,
        person__leaves__valid_to__gt=at,
    )
    acting = Q(pk__in=at_time(away, at).values("post_id"))
    order = Case(When(own, then=Value(0)), default=Value(1))
    return list(Post.objects.filter(own | acting).select_related("organisation").order_by(order, "id"))
