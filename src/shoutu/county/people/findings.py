"""Holes and overlaps in who answers for what: worked out anew at each look, so that none is forgotten or stale.

Each finding has a kind, whom or what it is about, a sentence, and the verb that mends it with what its form needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import among
from shoutu.county.ledger.models import Entry
from shoutu.county.people import asked, reach
from shoutu.county.people.calendar import doubles, gaps
from shoutu.county.people.masking import masked_name
from shoutu.county.people.matrix import Cover, Kind, lacking, places_of
from shoutu.county.people.models import ObligationDue, Person, Post, Responsibility, Rung
from shoutu.county.people.selectors import lists
from shoutu.county.people.selectors.chain import Filled, filled
from shoutu.county.places.selectors import Whereabouts, organisations

AHEAD = timedelta(days=7)
RUNS_OUT = timedelta(days=30)
SMALL = 1000
"""Sites: for more than these it is quicker to fetch all responsibilities than to name the sites."""

KEEP = timedelta(seconds=10)
KEPT = 8
"""Answers kept at most, so that many askers of a large county do not fill the memory."""
_kept: dict[tuple[Any, ...], tuple[datetime, list[Finding]]] = {}
_keeping = Lock()

# Most dangerous first: who would not be called at all, then who would be called late, then what is untidy.
KINDS = (
    "post.nobody",
    "person.unreachable",
    "roster.gap",
    "leave.no_deputy",
    "site.no_kind",
    "site.no_rescue",
    "responsibility.ended",
    "roster.double",
    "person.two_rungs",
    "responsibility.ending",
    "obligation.overdue",
    "responsibility.overlap",
)


@dataclass(frozen=True)
class Finding:
    """`fix`: what the form behind the verb starts from, such as `{"site": 3, "kind": "sector"}`.

    `values` are put into `words` only when the sentence is asked for: of ten thousand findings a page shows fifty.
    """

    kind: str
    words: str
    about: str
    source: str = ""
    fix: dict[str, Any] = field(default_factory=dict)
    sites: int = 0
    since: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.words % self.values if self.values else self.words


@dataclass
class Group:
    """Sites covered by the very same responsibilities: worked out once for all of them."""

    rows: list[Responsibility]
    sites: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Look:
    """What all checks share: the asker, the moment, the cover, and the organisations within sight."""

    actor: Actor
    at: datetime
    cover: Cover
    groups: list[Group]
    bodies: set[int]
    watch: list[Post]
    """Posts on shift of those organisations."""

    def name(self, person: Person | None) -> str:
        return masked_name(person, self.actor) or ""


Check = Callable[[Look], Iterator[Finding]]


def findings(actor: Actor, at: datetime | None = None) -> list[Finding]:
    """Everything wrong within the actor's sight, most dangerous first. A fixed number of queries."""
    now = at or timezone.now()
    bodies = set(organisations().visible_to(actor).values_list("pk", flat=True))
    if actor.outside:
        # They see whom they may have to call at the bureau; a hole there is the county's to mend, not theirs to read.
        bodies &= set(actor.scope.organisations)
    places = places_of(actor)
    # Every check asks about sites in sight or posts of bodies in sight: nothing else need be fetched for a small sight.
    small = None if actor.scope.all or len(places) > SMALL else [where for _name, where in places]
    cover = Cover.load(now, small, bodies)
    posts = Post.objects.filter(among("organisation_id", bodies), on_shift=True, is_active=True).order_by("pk")
    watch = [post for post in posts.select_related("organisation") if post.organisation_id in bodies]
    look = Look(actor, now, cover, _groups(cover, places), bodies, watch)
    found = [one for check in CHECKS for one in check(look)]
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(found, key=lambda one: (order[one.kind], -one.sites, one.about))


def findings_shown(actor: Actor) -> list[Finding]:
    """`findings` for a page: kept for ten seconds while nothing is recorded in the ledger, so that turning its pages

    or searching them does not work out a whole county each time. Whatever changes them is a ledger entry or time; on
    PostgreSQL, where entries may be committed out of their order, a change may be seen these ten seconds later.
    """
    now = timezone.now()
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first()
    key = (actor, get_language(), newest, connection.settings_dict["NAME"])
    kept = _kept.get(key)
    if kept is None or not kept[0] <= now < kept[0] + KEEP:
        kept = now, findings(actor, now)
        with _keeping:
            _kept[key] = kept
            while len(_kept) > KEPT:
                del _kept[next(iter(_kept))]
    return kept[1]


def forget() -> None:
    """Drop the answers kept: for whoever puts another database in this one's place."""
    with _keeping:
        _kept.clear()


def _groups(cover: Cover, places: list[tuple[str, Whereabouts]]) -> list[Group]:
    groups: dict[int, Group] = {}
    for name, where in places:
        rows = cover.covering(where)
        groups.setdefault(id(rows), Group(rows)).sites.append((name, where.site))
    return list(groups.values())


def _sites_by_post(look: Look) -> dict[int, int]:
    """Post → how many of the sites in sight it answers for."""
    count: dict[int, int] = defaultdict(int)
    for group in look.groups:
        for post in {row.post_id for row in group.rows}:
            count[post] += len(group.sites)
    return count


def _nobody(look: Look) -> Iterator[Finding]:
    sites = _sites_by_post(look)
    answering = {row.post_id: row.post for row in look.cover.rows}
    held = dict(look.cover.held)
    lonely = [post for post in look.watch if post.pk not in answering]
    held.update(filled([post.pk for post in lonely], look.at))
    for post in [*answering.values(), *lonely]:
        if post.organisation_id in look.bodies and post.pk not in held:
            words = _("“%(post)s”现在没有人，负责 %(sites)s 个场所，叫应会跳过它。")
            text = words % {"post": post, "sites": sites.get(post.pk, 0)}
            yield Finding("post.nobody", text, str(post), fix={"post": post.pk}, sites=sites.get(post.pk, 0))


def _answering(look: Look) -> dict[int, tuple[Post, Filled]]:
    return {
        row.post_id: (row.post, look.cover.held[row.post_id])
        for row in look.cover.rows
        if row.post_id in look.cover.held and row.post.organisation_id in look.bodies
    }


def _unreachable(look: Look) -> Iterator[Finding]:
    answering = _answering(look)
    reachable = reach.reachable({one.person.pk for _post, one in answering.values()})
    told: set[int] = set()
    words = _("“%(post)s”%(person)s没有账号，也没有别的通道，叫不到他。")
    for post, one in answering.values():
        if one.person.pk not in reachable and one.person.pk not in told:
            told.add(one.person.pk)
            values = {"post": post, "person": look.name(one.person)}
            yield Finding("person.unreachable", words, str(post), fix={"person": one.person.pk}, values=values)


def _no_deputy(look: Look) -> Iterator[Finding]:
    for post, one in _answering(look).values():
        if one.away:
            text = _("“%(post)s”%(person)s请假，没有代理人，也没有第二人，叫应仍会叫他。") % {
                "post": post,
                "person": look.name(one.person),
            }
            yield Finding("leave.no_deputy", text, str(post), fix={"post": post.pk, "person": one.person.pk})


def _no_kind(look: Look) -> Iterator[Finding]:
    titles = {kind: str(title) for kind, title in Kind.choices}
    words = _("%(site)s没有“%(kind)s”责任岗位。")
    for group in look.groups:
        for one in lacking(group.rows):
            for name, site in group.sites:
                values = {"site": name, "kind": titles[one.kind]}
                fix = {"site": site, "kind": one.kind}
                yield Finding("site.no_kind", words, name, one.source, fix, 1, values=values)


def _no_rescue(look: Look) -> Iterator[Finding]:
    """Sites whose rescue team nobody has named though a response pack calls it: one finding for all of them, since one
    agreement mostly covers a county."""
    if Rung.RESCUE_LEAD.name.lower() not in asked.asked():
        return
    bare = [group for group in look.groups if all(row.rung != Rung.RESCUE_LEAD for row in group.rows)]
    names = [name for group in bare for name, _site in group.sites]
    if not names:
        return
    text = _("响应方案要叫救援队待命，%(site)s没有定救援队负责人，叫应会跳过、叫下一位。") % {
        "site": names[0] if len(names) == 1 else _("%(count)s 个场所") % {"count": len(names)},
    }
    fix = {"kind": Kind.RESCUE.value, "rung": int(Rung.RESCUE_LEAD)}
    yield Finding("site.no_rescue", text, str(Rung.RESCUE_LEAD.label), fix=fix, sites=len(names))


def _endings(look: Look) -> Iterator[Finding]:
    """Ended within the last 30 days, or to end within the next, without another of the same kind and scope."""
    found = lists.responsibilities(look.actor).filter(valid_to__gt=look.at - RUNS_OUT, valid_to__lte=look.at + RUNS_OUT)
    found = found.order_by("valid_to")
    rows = list(found)
    scopes = _scopes(look) if rows else {}
    for row in rows:
        assert row.valid_to is not None
        if row.post.organisation_id not in look.bodies or row.valid_to <= row.valid_from:
            continue
        if _followed(row, scopes[_scope(row)], look.at):
            continue
        scope = row.site or row.organisation or row.territory
        over = row.valid_to <= look.at
        words = (
            _("“%(post)s”对%(scope)s的“%(kind)s”责任已于 %(day)s 到期，没有人接。")
            if over
            else _("“%(post)s”对%(scope)s的“%(kind)s”责任 %(day)s 到期，还没有人接。")
        )
        text = words % {
            "post": row.post,
            "scope": scope,
            "kind": row.get_kind_display(),
            "day": timezone.localtime(row.valid_to).strftime("%m-%d"),
        }
        kind = "responsibility.ended" if over else "responsibility.ending"
        yield Finding(kind, text, str(row.post), fix=_again(row), since=row.valid_to)


def _again(row: Responsibility) -> dict[str, Any]:
    """What the form for the next one starts from: the same kind, rung and scope."""
    return {
        "responsibility": row.pk,
        "kind": row.kind,
        "rung": row.rung,
        "site": row.site_id,
        "organisation": row.organisation_id,
        "territory": row.territory_id,
        "sectors": row.sectors,
    }


def _scopes(look: Look) -> dict[tuple[Any, ...], list[Responsibility]]:
    """Everything that holds now or will, by kind and scope."""
    found: dict[tuple[Any, ...], list[Responsibility]] = defaultdict(list)
    for row in Responsibility.objects.exclude(valid_to__lte=look.at - RUNS_OUT):
        found[_scope(row)].append(row)
    return found


def _scope(row: Responsibility) -> tuple[Any, ...]:
    return row.kind, row.site_id, row.organisation_id, row.territory_id


def _followed(row: Responsibility, alike: list[Responsibility], at: datetime) -> bool:
    """Whether another of the same kind and scope holds at the moment this one ends, or held by now."""
    assert row.valid_to is not None
    return any(
        other.pk != row.pk
        and other.valid_from <= max(row.valid_to, at)
        and (other.valid_to is None or other.valid_to > row.valid_to)
        for other in alike
    )


def _two_rungs(look: Look) -> Iterator[Finding]:
    """One person on two rungs of the same ladder: the climb ends where it began."""
    pairs: dict[tuple[int, int, int], list[str]] = defaultdict(list)
    rows: dict[tuple[int, int, int], tuple[Responsibility, Responsibility]] = {}
    for group in look.groups:
        by_person: dict[int, Responsibility] = {}
        for row in group.rows:
            one = look.cover.held.get(row.post_id)
            if one is None or row.rung == Rung.OVERSIGHT:
                continue
            first = by_person.setdefault(one.person.pk, row)
            # A mine's own team is called beside the ladder of the mine; after it only the county is.
            if row.rung == Rung.RESCUE_LEAD and first.rung < Rung.COUNTY_DUTY:
                continue
            if first.rung != row.rung:
                key = (one.person.pk, first.post_id, row.post_id)
                pairs[key] += [name for name, _site in group.sites]
                rows[key] = (first, row)
    for key, names in pairs.items():
        first, row = rows[key]
        text = _("%(person)s在%(site)s的叫应链上占两级：“%(one)s”和“%(two)s”，叫不到他就空转两级。") % {
            "person": look.name(look.cover.held[row.post_id].person),
            "site": names[0] if len(names) == 1 else _("%(count)s 个场所") % {"count": len(names)},
            "one": first.post,
            "two": row.post,
        }
        yield Finding("person.two_rungs", text, str(row.post), fix={"post": row.post_id}, sites=len(names))


def _overlaps(look: Look) -> Iterator[Finding]:
    """Two posts for the very same scope, kind and rung: only the first is called, and each may think of the other."""
    groups: dict[tuple[Any, ...], list[Responsibility]] = defaultdict(list)
    for row in look.cover.rows:
        if row.post.organisation_id in look.bodies:
            groups[row.kind, row.rung, row.site_id, row.organisation_id, row.territory_id].append(row)
    for rows in groups.values():
        for place, row in enumerate(rows):
            other = next((one for one in rows[:place] if one.post_id != row.post_id and _share(one, row)), None)
            if other is not None:
                text = _("“%(one)s”和“%(two)s”在同一范围负同一类责任“%(kind)s”，叫应只先叫前者，分清谁管什么。") % {
                    "one": other.post,
                    "two": row.post,
                    "kind": row.get_kind_display(),
                }
                fix = {"responsibility": row.pk, "post": row.post_id}
                yield Finding("responsibility.overlap", text, str(row.post), fix=fix)


def _share(one: Responsibility, other: Responsibility) -> bool:
    sectors = not one.sectors or not other.sectors or set(one.sectors) & set(other.sectors)
    matters = not one.matters or not other.matters or set(one.matters) & set(other.matters)
    return bool(sectors and matters)


def _roster(look: Look) -> Iterator[Finding]:
    for post, start, end in gaps(look.watch, look.at, look.at + AHEAD):
        text = _("“%(post)s”%(start)s 至 %(end)s 没有排班。") % {"post": post, "start": _when(start), "end": _when(end)}
        fix = {"post": post.pk, "from": start.isoformat(), "to": end.isoformat()}
        yield Finding("roster.gap", text, str(post), fix=fix, since=start)
    for one, other in doubles(look.at, look.at + AHEAD):
        if one.post.organisation_id in look.bodies or other.post.organisation_id in look.bodies:
            text = _("%(person)s %(start)s 起同时排在“%(one)s”和“%(two)s”，一个人不能在两处。") % {
                "person": look.name(other.person),
                "start": _when(max(one.starts_at, other.starts_at)),
                "one": one.post,
                "two": other.post,
            }
            fix = {"shift": other.pk, "post": other.post_id, "from": other.starts_at.isoformat()}
            yield Finding("roster.double", text, str(other.post), fix=fix)


def _when(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M")


def _overdue(look: Look) -> Iterator[Finding]:
    late = lists.dues(look.actor).filter(state=ObligationDue.State.OPEN, due_on__lt=timezone.localdate(look.at))
    for due in late.order_by("due_on"):
        text = _("“%(post)s”的“%(title)s”应于 %(day)s 前办，还没办。") % {
            "post": due.obligation.post,
            "title": due.obligation.title,
            "day": due.due_on.isoformat(),
        }
        yield Finding("obligation.overdue", text, str(due.obligation.post), due.obligation.source, {"due": due.pk})


CHECKS: tuple[Check, ...] = (
    _nobody,
    _unreachable,
    _no_deputy,
    _no_kind,
    _no_rescue,
    _endings,
    _two_rungs,
    _overlaps,
    _roster,
    _overdue,
)
