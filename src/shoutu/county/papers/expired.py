"""证照过期还在生产: a licence past its last day while its site produces. A selector; the rows are kept by `duties`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.papers.kinds import kind
from shoutu.county.papers.models import Licence
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
    rows = Licence.objects.filter(filter_of("expired", timezone.localdate()))
    about = Q(site=site)
    whole = Q(site__isnull=True, organisation=site.organisation_id)
    if rows.filter(whole).exists() and first_producing(site.organisation_id) == site.pk:
        about |= whole
    found = []
    for row in rows.filter(about).select_related("organisation", "site").order_by("valid_until", "id"):
        assert row.valid_until is not None
        told = {"what": (row.site or row.organisation).name, "kind": kind(row.kind).title, "day": row.valid_until}
        words = _("%(what)s的%(kind)s%(day)s已过期，场所还在生产") % told
        detail = {"licence": row.pk, "kind": row.kind, "valid_until": row.valid_until.isoformat()}
        found.append(Gap(f"licence:{row.pk}", words, detail=detail))
    return found


def first_producing(organisation: int) -> int | None:
    """The first of an organisation's sites that produces now."""
    ids = Site.objects.filter(organisation=organisation).order_by("id").values_list("pk", flat=True)
    return next((pk for pk in ids if state_at(pk) == Operation.PRODUCING), None)
