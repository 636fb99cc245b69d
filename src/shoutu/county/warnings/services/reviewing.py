"""Review of a closing: the mine or township says it is over, somebody the policy names agrees or sends it back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.states import closing_of

REVIEW = "warning.review"
RUNGS = {
    "enterprise": "enterprise_principal",
    "township": "township_head",
    "duty_officer": "county_duty",
    "leader": "county_leader",
}
ANSWER_S, WITHIN_S = 3600.0, 86_400.0


def ask_review(actor: Actor, warning: Warning, note: str) -> None:
    """Note who asks and call those who review, the lowest first. The caller saves the warning."""
    warning.close_asked_at, warning.close_asked_by = timezone.now(), actor.label[:120]
    warning.close_asked_user = actor.user_id
    personal = {"note": note} if note.strip() else None
    entry = record(actor, "warning.close_asked", ref(warning), {"level": warning.peak_level}, personal)
    place = f"{warning.site.name}：" if warning.site else ""
    duties.open_duty(
        SYSTEM, REVIEW, ref(warning), warning.site_id, _lane(warning), warning.current_level,
        f"{place}{warning.title}", _("%(who)s 提请关闭") % {"who": warning.close_asked_by},
        key=f"{REVIEW}:{warning.pk}:{entry.pk}",
    )  # fmt: skip


def _lane(warning: Warning) -> dict[str, Any]:
    policy = policies.in_force()
    chain = [RUNGS[role] for role in closing_of(warning).review if role in RUNGS] or ["county_duty"]
    return {
        "policy": f"{policy.id}@{policy.version}",
        "verified": policy.verified,
        "chain": [{"who": who, "answer_s": ANSWER_S} for who in dict.fromkeys(chain)],
        "due_s": {"close": WITHIN_S},
        "orders": [],
        "retry_s": [pause.total_seconds() for pause in policy.retry],
    }


def drop_review(warning: Warning) -> None:
    """Nobody asks any more; nobody need review. The caller saves the warning."""
    if warning.close_asked_at is None:
        return
    warning.close_asked_at, warning.close_asked_by, warning.close_asked_user = None, "", None
    for duty in Duty.objects.filter(kind=REVIEW, about_type="warning", about_id=warning.pk, state__in=OPEN):
        duties.cancel(SYSTEM, duty.pk, _("不再提请关闭"))
