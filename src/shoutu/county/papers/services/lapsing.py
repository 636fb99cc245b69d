"""Before a licence lapses its holder is called: a duty, climbing to the department that supervises the trade."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.chain import POST
from shoutu.county.duties.models import Duty
from shoutu.county.kit import steps
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.papers.kinds import kind
from shoutu.county.papers.models import Licence, State
from shoutu.county.papers.standing import within_lead
from shoutu.county.people.models import Responsibility, Rung
from shoutu.county.people.selectors import who_answers_for
from shoutu.county.people.services.obligations import end_of
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites

RENEW = "licence.renew"
MATTER = "licence"
PASS = 50
REMIND = timedelta(days=3)
"""Whoever does not answer has this long before the next one up is called."""
LEAST = timedelta(hours=1)


def lead_site(organisation: int, site: int | None) -> int | None:
    """The site whose chain answers for a licence: its own, else the first of its organisation; None without any."""
    return site or Site.objects.filter(organisation=organisation).order_by("id").values_list("pk", flat=True).first()


def call_lapsing(today: date | None = None) -> bool:
    """Open a duty for every licence that has come within the lead of its kind, each end once. True: more wait."""
    today = today or timezone.localdate()
    # An end told anew is called for anew.
    due = Licence.objects.filter(within_lead(today)).exclude(called_for__isnull=False, called_for=F("valid_until"))
    ids = list(due.order_by("valid_until", "id").values_list("pk", flat=True)[:PASS])
    steps.each(ids, lambda pk: _call(pk, today))
    return len(ids) == PASS


@service
def _call(pk: int, today: date) -> None:
    steps.fence()
    seen = Licence.objects.get(pk=pk)
    site = lead_site(seen.organisation_id, seen.site_id)
    lock_sites([site])
    rows = Licence.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "site")
    row = rows.filter(within_lead(today), pk=pk).first()
    if row is None or row.valid_until is None or row.called_for == row.valid_until:
        return unchanged()
    # Asked for another day and not yet settled (an import's follow-up is still to come): one call at a time.
    settle_lapse(row, "")
    found = kind(row.kind)
    row.called_for = row.valid_until
    row.save(update_fields=["called_for"])
    facts = {"kind": row.kind, "title": found.title, "valid_until": row.valid_until.isoformat()}
    record(SYSTEM, "licence.lapsing", ref(row), facts)
    over = row.valid_until < today
    told = {"what": f"{(row.site or row.organisation).name}", "kind": found.title, "day": row.valid_until.isoformat()}
    title = (_("%(what)s：%(kind)s%(day)s已过期") if over else _("%(what)s：%(kind)s%(day)s到期")) % told
    why = found.ground if found.verified or not found.ground else _("%(ground)s（来源待核）") % {"ground": found.ground}
    lane = lane_of(site, end_of(row.valid_until), timezone.now())
    # A day corrected away and back is called for again: the duty of the first time has ended.
    times = Duty.objects.filter(kind=RENEW, about_type=row.subject_type, about_id=row.pk).count()
    key = f"{RENEW}:{row.pk}:{row.valid_until}:{times}"
    duties.open_duty(SYSTEM, RENEW, ref(row), site, lane, 0, title, why, key=key, matter=MATTER)
    # A whole enterprise's certificates lapse in one week: one message, and one answer.
    duties.bundle(row.subject_type, [row.pk], f"{RENEW}:{row.organisation_id}")
    return None


def lane_of(site: int | None, due_at: datetime, now: datetime) -> dict[str, Any]:
    """The enterprise first, then the department of the trade where one is named, the township, the county. Seconds."""
    left = max(due_at - now, timedelta(0))
    answer = max(min(REMIND, left), LEAST).total_seconds()
    whos = (
        ["enterprise_principal", *_department(site, now), "township_head", "county_duty"] if site else ["county_duty"]
    )
    return {
        "policy": "papers/lapsing@1",
        "verified": False,
        "chain": [{"who": who, "answer_s": answer} for who in whos],
        "due_s": {"dispose": left.total_seconds()},
        "orders": [
            "备齐材料，向发证机关申请延续或换证",
            "新证报监管部门登记，登记后自动了结",
            "到期没有新证的停止生产",
        ],
        "retry_s": [60, 300, 900],
    }


def _department(site: int | None, at: datetime) -> list[str]:
    """The post that supervises the trade of a site (管行业必须管安全), the nearest with somebody on it."""
    if site is None:
        return []
    found = [
        one
        for one in who_answers_for(site, MATTER, at)
        if one.rung == Rung.OVERSIGHT and one.kind == Responsibility.Kind.SECTOR
    ]
    found.sort(key=lambda one: one.person is None)
    return [f"{POST}{found[0].post.pk}"] if found else []


@service
def settle_lapse(row: Licence, reason: str, *, renewed: bool = False) -> None:
    """End what was asked for about this licence unless the same is still to be asked. Bears being repeated.

    `renewed`: the new licence is on record, so that whoever had to see to it has done so.
    """
    unchanged()
    if row.called_for is None:
        return
    if row.state == State.VALID and row.valid_until == row.called_for:
        return
    if renewed:
        duties.complete(SYSTEM, ref(row), [RENEW], "dispose", reason)
    duties.settle(SYSTEM, ref(row), reason)
    row.called_for = None
    row.save(update_fields=["called_for"])
