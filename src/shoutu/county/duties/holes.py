"""Holes and overlaps in who answers for what, as findings that are kept: 责任漏洞. A selector.

The page of people works them out anew at each look; here they get a number, a time, and somebody who is called for
what stays open too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import Finding
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people import findings as people
from shoutu.county.people.models import Post
from shoutu.county.places.models import Territory

HOLE = "people.hole"
LANE: dict[str, Any] = {
    "policy": "people/hole@1",
    "verified": False,
    "chain": [{"who": "county_duty", "answer_s": 86_400}, {"who": "county_leader", "answer_s": 86_400}],
    "due_s": {"dispose": 7 * 86_400},
    "orders": ["在人员、责任、值班里逐项补上", "补上后自动了结"],
    "retry_s": [60],
}
"""Whom it calls: the county, whose matrix it is. Times are ours (来源待核)."""
GRACE: Mapping[str, timedelta] = {
    "post.nobody": timedelta(),
    "roster.gap": timedelta(),
    "leave.no_deputy": timedelta(hours=24),
    "site.no_kind": timedelta(hours=24),
    "site.no_rescue": timedelta(hours=24),
    "responsibility.ended": timedelta(hours=24),
    "roster.double": timedelta(hours=24),
    "person.two_rungs": timedelta(days=7),
    "responsibility.overlap": timedelta(days=7),
}
"""How long each may stand before somebody is called for it. Others are listed only: who cannot be reached has a finding
of its own, an obligation a duty of its own, and what is only about to end is not yet lacking."""
SOON = timedelta(hours=24)
"""A gap of the roster is asked for when it begins within this: a roster is written week by week."""
AGAIN = timedelta(days=1)
"""All holes of the county are one duty: for new ones whoever has it is called anew, but not more often than this."""
MOST = 500
"""So many are kept one by one, and whatever was kept once while it stands; of the rest one finding tells the number."""


def county() -> list[SubjectRef]:
    """The county, once there is one: all holes are one duty."""
    roots = Territory.objects.filter(parent=None).order_by("id").values_list("pk", flat=True)
    return [SubjectRef("territory", pk) for pk in roots[:1]]


def holes_of(subject: SubjectRef) -> list[Gap]:
    """What is wrong in the whole county now, most dangerous first. Names are masked: entries hold none."""
    now = timezone.now()
    # It sees the whole county, and no name in full.
    asker = replace(SYSTEM, permissions=SYSTEM.permissions - {"person.read_phone"})
    told = people.findings(asker, now)
    owners = _organisations(told)
    rows = Finding.objects.filter(kind=HOLE, about_type=subject.type, about_id=subject.id, cleared_at__isnull=True)
    since = dict(rows.values_list("key", "found_at"))
    found: dict[str, Gap] = {}
    for one in told:
        if one.kind == "person.unreachable":
            continue
        key = _key(one)
        # Several gaps of one post's roster are one finding: the nearest speaks.
        found.setdefault(key, _gap(key, one, owners, since.get(key, now), now))
    gaps = list(found.values())
    # What was kept once stays until it is gone, though worse came before it: cut off it would be recorded as mended.
    kept = [gap for place, gap in enumerate(gaps) if place < MOST or gap.key in since]
    if len(kept) == len(gaps):
        return gaps
    text = _("另有 %(count)d 项责任漏洞，在责任矩阵里看") % {"count": len(gaps) - len(kept)}
    return [*kept, Gap("more", text, detail={"kind": "more"})]


def _organisations(told: list[people.Finding]) -> dict[int, int]:
    posts = {one.fix["post"] for one in told if one.fix.get("post")}
    return dict(Post.objects.filter(pk__in=posts).values_list("pk", "organisation_id"))


def _key(one: people.Finding) -> str:
    """What names it while it lasts; times move, so they do not belong to it."""
    names = ("post", "responsibility", "site", "kind", "due", "shift", "person")
    return ":".join([one.kind, *(f"{name}={one.fix[name]}" for name in names if one.fix.get(name))])[:120]


def _gap(key: str, one: people.Finding, owners: Mapping[int, int], since: datetime, now: datetime) -> Gap:
    grace = GRACE.get(one.kind)
    asked = grace is not None and now - since >= grace
    if one.kind == "roster.gap":
        begins = one.since or now
        asked = begins <= now + SOON
        text = _("“%(post)s”%(when)s起没有排班") % {
            "post": one.about,
            "when": _("现在") if begins <= now else timezone.localtime(begins).strftime("%m-%d %H:%M "),
        }
    else:
        text = one.text
    return Gap(
        key, text, not asked, {"kind": one.kind, "fix": dict(_plain(one.fix))}, one.fix.get("site"),
        owners.get(one.fix.get("post", 0)),
    )  # fmt: skip


def _plain(fix: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the form behind the verb starts from, without times, which move."""
    return ((name, value) for name, value in fix.items() if name not in ("from", "to"))
