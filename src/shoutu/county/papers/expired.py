"""证照过期还在生产: a licence past its last day, or revoked, while its site produces. `duties` keeps the rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.papers.kinds import kind
from shoutu.county.papers.models import Licence, State, Withdrawal
from shoutu.county.papers.standing import filter_of
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Operation
from shoutu.county.sites.operation import state_at

EXPIRED = "licence.expired"
LANE: dict[str, Any] = {
    "policy": "papers/expired@1",
    "verified": False,
    "chain": [
        {"who": "township_head", "answer_s": 3_600},
        {"who": "county_duty", "answer_s": 3_600},
        {"who": "county_leader", "answer_s": 86_400},
    ],
    "due_s": {"dispose": 3 * 86_400},
    "orders": ["到现场核实是否还在生产", "没有新证的依法责令停产，在场所登记停产", "有新证的报监管部门登记换证"],
    "retry_s": [60],
}
"""The enterprise has its own duty to renew, late by now: this one asks those above it to look."""


def expired_of(subject: SubjectRef) -> list[Gap]:
    """One a licence. What holds for a whole enterprise is found once, at the first of its sites that produces."""
    site = Site.objects.filter(pk=subject.id).first()
    if site is None or state_at(site.pk) != Operation.PRODUCING:
        return []
    today = timezone.localdate()
    about, whole = Q(site=site), Q(site__isnull=True, organisation=site.organisation_id)
    rows = Licence.objects.filter(_worthless(today)).select_related("organisation", "site", "replaces")
    if rows.filter(whole).exists() and first_producing(site.organisation_id) == site.pk:
        about |= whole
    found = (_gap(row, today) for row in rows.filter(about).order_by("valid_until", "id"))
    return [gap for gap in found if gap is not None]


def _gap(row: Licence, today: date) -> Gap | None:
    """What is lacking because of this licence; None where another one holds in its place."""
    told = {"what": (row.site or row.organisation).name, "kind": kind(row.kind).title}
    detail: dict[str, Any] = {"licence": row.pk, "kind": row.kind}
    if row.state == State.WITHDRAWN:
        if _replaced(row, today):
            return None
        return Gap(f"licence:{row.pk}", _("%(what)s的%(kind)s已被吊销，场所还在生产") % told, detail=detail)
    if row.valid_from > today:
        if _others(row).filter(holds(today)).exists():
            return None
        told["day"] = detail["valid_from"] = row.valid_from.isoformat()
        words = _("%(what)s的%(kind)s已过期，新证%(day)s才起效，场所还在生产") % told
        # The same finding as before the new one was registered: nobody is called anew for it.
        return Gap(f"licence:{row.replaces_id}", words, detail=detail)
    assert row.valid_until is not None
    told["day"] = detail["valid_until"] = row.valid_until.isoformat()
    return Gap(f"licence:{row.pk}", _("%(what)s的%(kind)s%(day)s已过期，场所还在生产") % told, detail=detail)


def _worthless(today: date) -> Q:
    """Licences past their last day, revoked ones, and renewals that have not begun: what may be lacking."""
    return (
        filter_of("expired", today)
        | Q(state=State.WITHDRAWN, withdrawal=Withdrawal.REVOKED)
        | Q(state=State.VALID, valid_from__gt=today, replaces__isnull=False)
    )


def holds(today: date) -> Q:
    """In force on the day. One whose renewal is on record already holds to its own last day."""
    last = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    return Q(state__in=(State.VALID, State.RENEWED), valid_from__lte=today) & last


def _others(row: Licence) -> QuerySet[Licence]:
    """Other licences of the same holder, site and kind; of a person's certificate, that same person's."""
    same = Licence.objects.filter(organisation=row.organisation_id, site=row.site_id, kind=row.kind, bearer=row.bearer)
    return same.exclude(pk=row.pk)


def _replaced(row: Licence, today: date) -> bool:
    """Whether another holds in the place of a revoked one, or a later one began: whatever became of it counts."""
    return _others(row).filter(holds(today) | Q(pk__gt=row.pk, valid_from__lte=today)).exists()


def first_producing(organisation: int) -> int | None:
    """The first of an organisation's sites that produces now."""
    ids = Site.objects.filter(organisation=organisation).order_by("id").values_list("pk", flat=True)
    return next((pk for pk in ids if state_at(pk) == Operation.PRODUCING), None)
