"""Owners of rules, and their reviews: asked for when due or when a rule is false too often."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.kit import events
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Post
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.models import Rule
from shoutu.county.warnings.models import RuleCare

RULE_REVIEW = "rule.review"
ANSWER_S, WITHIN_S = 86_400.0, 7 * 86_400.0


def _rule(actor: Actor, rule_id: int) -> Rule:
    rule: Rule | None = Rule.objects.visible_to(actor).select_related("point").filter(pk=rule_id).first()
    if rule is None:
        raise NotFound("rule", rule_id)
    return rule


@service
def set_care(actor: Actor, rule_id: int, owner: int, review_on: date, limit: float | None) -> RuleCare:
    """Who owns a rule, when it is reviewed next, and above how many false alarms a month at once.

    Raises NotAllowed, NotFound, Invalid.
    """
    actor.require("rule.edit")
    rule = _rule(actor, rule_id)
    _next(review_on)
    if limit is not None and not 0 <= limit <= 10_000:
        raise Invalid("limit", _("0 到 10000 之间的数，单位：次/月"))
    post = Post.objects.filter(pk=owner).first()
    if post is None:
        raise Invalid("owner", _("一个在册岗位的 id"))
    lock_sites([rule.site_id])
    care = RuleCare.objects.select_for_update(no_key=True).filter(rule=rule).first() or RuleCare(rule=rule)
    care.owner, care.review_on, care.limit = post, review_on, limit
    care.save()
    facts = {"owner": post.pk, "post": str(post), "review_on": review_on.isoformat(), "limit": limit}
    record(actor, "rule.care_set", ref(rule), facts)
    events.emit("rule.care", ref(rule), {})
    return care


@service
def review_rule(actor: Actor, rule_id: int, note: str, review_on: date) -> RuleCare:
    """It was looked at: what was found, and when next. False alarms count anew from now.

    Raises NotAllowed, NotFound, Invalid.
    """
    rule = _rule(actor, rule_id)
    lock_sites([rule.site_id])
    care = RuleCare.objects.select_for_update(no_key=True).filter(rule=rule).first()
    if care is None:
        raise NotFound("rule_care", rule_id)
    if care.owner_id not in actor.posts:
        actor.require("rule.edit")
    if not note.strip() or len(note) > 2000:
        raise Invalid("note", _("写明查了什么、改了什么，不超过 %(limit)s 个字") % {"limit": 2000})
    _next(review_on)
    care.review_on, care.reviewed_at = review_on, timezone.now()
    care.save()
    record(actor, "rule.reviewed", ref(rule), {"review_on": review_on.isoformat()}, {"note": note.strip()})
    duties.complete(actor, ref(rule), [RULE_REVIEW], "review", note)
    events.emit("rule.care", ref(rule), {})
    return care


def _next(day: date) -> None:
    if not 0 < (day - timezone.localdate()).days <= 366:
        raise Invalid("review_on", _("明天起一年内的一天"))


@service
def ask_rule_review(care_id: int, why: str) -> Duty | None:
    """Call the owner, once while it is due. None where one is asked already."""
    fence()
    lock_sites(RuleCare.objects.filter(pk=care_id).values_list("rule__site_id", flat=True))
    care = RuleCare.objects.select_for_update(of=("self",), no_key=True).get(pk=care_id)
    rule = care.rule
    about = Duty.objects.filter(kind=RULE_REVIEW, about_type="rule", about_id=rule.pk, state__in=OPEN)
    if about.exists():
        unchanged()
        return None
    care.asked += 1
    care.save(update_fields=["asked"])
    chain = [f"post:{care.owner_id}", "county_duty"]
    lane = {
        "policy": "rule.review", "verified": True, "chain": [{"who": who, "answer_s": ANSWER_S} for who in chain],
        "due_s": {"review": WITHIN_S}, "orders": [], "retry_s": [],
    }  # fmt: skip
    site = rule.point.site if rule.point else rule.site
    title = _("%(where)s：复查规则 %(rule)s") % {"where": site.name if site else "", "rule": str(rule)}
    return duties.open_duty(
        SYSTEM, RULE_REVIEW, ref(rule), site.pk if site else None, lane, 0, title, why,
        key=f"rule.review:{rule.pk}:{care.asked}", matter="finding",
    )  # fmt: skip
