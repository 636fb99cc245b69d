"""One check on site at a time, unannounced, for all that is found there: a duty with a clock, called once.

A search puts findings down as leads. Those that get a check by themselves get it when their day is searched whole, so
that the most improbable of the county come first; those for which a day has no room, on a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.falsified.models import STRONG, UNDECIDED, Check, Finding, State
from shoutu.county.falsified.search import room
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import SYSTEM, Actor, system
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.services import lock_sites

CHECK, ENFORCE = "falsified.check", "falsified.enforce"
MATTER = "falsified"
SEARCHER = system("存疑读数筛查")
HOUR, DAY = 3600.0, 86_400.0


@service
def check_site(site: int) -> None:
    """The site's strong leads, and the others found since, join the check that is open there, or open one.

    None is open and the day has no room for one: they stay leads until it has. Bears being repeated.
    """
    steps.fence()
    lock_sites([site])
    unchanged()
    leads = Finding.objects.filter(site=site, state=State.LEAD)
    first = leads.filter(kind__in=STRONG).aggregate(first=Min("day"))["first"]
    if first is None:
        return
    rows = leads.filter(Q(kind__in=STRONG) | Q(last_day__gte=first)).select_related("site", "point")
    found = list(rows.select_for_update(of=("self",), no_key=True).order_by("-bits", "pk"))
    # The most improbable of the strong is what the duty speaks of.
    found.sort(key=lambda one: one.kind not in STRONG)
    if not join(SEARCHER, site, found) and room(timezone.now(), site) > 0:
        open_new(SEARCHER, site, found)


def join(actor: Actor, site: int, found: Sequence[Finding]) -> bool:
    """The findings join the check that is open at the site, if one is. The site is locked."""
    check = Check.objects.filter(site=site, ended_at__isnull=True).first()
    if check is None:
        return False
    record(actor, "falsified.check_joined", ref(check), {"findings": [one.pk for one in found]})
    _join(check, found)
    return True


def open_new(actor: Actor, site: int, found: Sequence[Finding]) -> None:
    """A check on site for these findings, the first named in its duty. The site is locked and has none open."""
    day = timezone.localdate() if actor is SEARCHER else None
    check = Check.objects.create(site_id=site, day=day, opened_at=timezone.now())
    facts = {"findings": [one.pk for one in found], "day": f"{day}" if day else None}
    record(actor, "falsified.check_opened", ref(check), facts)
    _join(check, found)
    _call(check, found)


def _join(check: Check, found: Sequence[Finding]) -> None:
    for one in found:
        one.check_on_site, one.state = check, State.CHECKING
        one.save(update_fields=["check_on_site", "state"])
        events.emit("falsified.changed", ref(one), {"state": one.state})


def _call(check: Check, found: Sequence[Finding]) -> None:
    title = _("%(site)s：读数存疑，现场核查（不先通知企业）") % {"site": check.site.name}
    why = f"{found[0].point.name}：{found[0].zh}"
    if len(found) > 1:
        why += _("另有 %(n)d 条。") % {"n": len(found) - 1}
    lane = lane_of("falsified/check@1", ("oversight", "county_duty", "county_leader"), {"verify": 3 * DAY}, ORDERS)
    duties.open_duty(SYSTEM, CHECK, ref(check), check.site_id, lane, 0, title, why, matter=MATTER)


ORDERS = (
    "先看两段读数的对照，不先通知企业",
    "现场核对传感器、线缆、采集器和读数，拍照",
    "在存疑读数里定结论：属实、设备故障或者正常",
)
LAW = (
    "按安全生产法第九十九条立案处理：篡改、隐瞒、销毁监测数据的，责令限期改正并处罚款",
    "通知企业恢复真实监测，恢复前人工观测",
)


def lane_of(policy: str, chain: Sequence[str], due_s: dict[str, float], orders: Sequence[str]) -> dict[str, Any]:
    """A chain of county posts with these limits. The limits are this program's: 来源待核."""
    return {
        "policy": policy,
        "verified": False,
        "chain": [{"who": who, "answer_s": 4 * HOUR} for who in chain],
        "due_s": due_s,
        "orders": list(orders),
        "retry_s": [60, 300, 900],
    }


def end_where_decided(actor: Actor, check: Check, note: str) -> None:
    """The last of its findings is decided: whoever was called has done it. The site is locked."""
    if check.findings.filter(state__in=UNDECIDED).exists():
        return
    check.ended_at = timezone.now()
    check.save(update_fields=["ended_at"])
    counts = {state.value: check.findings.filter(state=state).count() for state in State if state not in UNDECIDED}
    record(actor, "falsified.check_ended", ref(check), counts)
    duties.complete(actor, ref(check), [CHECK], "verify", note)


def call_enforcement(found: Finding) -> None:
    """属实: to law enforcement, once for all of one check."""
    about = found.check_on_site
    title = _("%(site)s：读数造假属实，依法处理") % {"site": found.site.name}
    lane = lane_of("falsified/enforce@1", ("oversight", "county_duty", "county_leader"), {"dispose": 7 * DAY}, LAW)
    key = f"{ENFORCE}:check:{about.pk}" if about else f"{ENFORCE}:finding:{found.pk}"
    why = f"{found.point.name}：{found.zh}"
    duties.open_duty(SYSTEM, ENFORCE, ref(found), found.site_id, lane, 0, title, why, key=key, matter=MATTER)
