"""上级指令: taken in once, given to named posts as duties with clocks, done, checked, and told back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.models import State as DutyState
from shoutu.county.kit import events, keys
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.kit.texts import refuse_unprintable
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Post
from shoutu.county.places.models import Organisation, Site
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Order, Superior, Warning
from shoutu.county.warnings.services.reports_receipts import still_failed

ASSIGN, DO = "order.assign", "order.carry_out"
ANSWER_S = 600.0
TEXT_MOST = 5000
FURTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Draft:
    """An order as it came. `key` tells a repetition; of a webhook it is made of the sender and its own id.

    `named`: what another system said it concerns, in its own words; `unmatched` what of it is not known here.
    """

    key: str
    door: str
    sender: str
    title: str
    text: str
    their_number: str = ""
    superior: int | None = None
    warning: int | None = None
    site: int | None = None
    organisation: int | None = None
    due_at: datetime | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    unmatched: Sequence[str] = ()


def webhook_key(sender: str, id: str) -> str:
    """The same for the same order however often it is sent."""
    return hashlib.sha256(f"{sender}\n{id}".encode()).hexdigest()


@service
def enter_order(actor: Actor, draft: Draft, posts: Sequence[int] = ()) -> Order:
    """Take an order in; to `posts` at once, else somebody is called to give it to those who carry it out.

    Sent again with the same key it is the same order. Raises NotAllowed, NotFound, KeyReused for another order under
    the same key, Invalid.
    """
    actor.require("order.enter")
    if not 1 <= len(draft.key) <= 64:
        raise Invalid("key", _("1 到 %(limit)s 个字") % {"limit": 64})
    asked = content_of(draft, posts)
    before: Order | None = Order.objects.filter(key=draft.key).first()
    if before is not None:
        unchanged()
        if keys.differs(before.content_sha256, asked):
            seen = Order.objects.visible_to(actor).filter(pk=before.pk).exists()
            raise KeyReused(f"{before.number} {before.title}" if seen else "…", ref(before).as_dict() if seen else None)
        return before
    title, text = _text("title", draft.title, 160), _text("text", draft.text, TEXT_MOST)
    office = Superior.objects.filter(pk=draft.superior).first() if draft.superior is not None else None
    if draft.superior is not None and office is None:
        raise Invalid("superior", _("一个上级单位的 id"))
    sender = office.title if office else _text("sender", draft.sender, 80)
    warning, site, organisation = _about(actor, draft)
    now = timezone.now()
    _due(draft.due_at, now)
    order = Order(
        number=f"tmp{draft.key[:16]}", key=draft.key, content_sha256=asked, door=draft.door, superior=office,
        sender=sender, their_number=draft.their_number.strip()[:80], title=title, text=text, warning=warning, site=site,
        organisation=organisation, level=warning.current_level if warning else 0, received_at=now,
        due_at=draft.due_at, came_due_at=draft.due_at, named=dict(draft.named), taken_by=actor.label[:120],
        unmatched=[{"field": name, "named": draft.named[name]} for name in draft.unmatched],
    )  # fmt: skip
    order.save()
    order.number = f"O-{timezone.localtime(now):%Y%m%d}-{order.pk:04d}"
    order.save(update_fields=["number"])
    facts = {
        "number": order.number, "sender": sender, "their_number": order.their_number, "title": title,
        "sha256": hashlib.sha256(text.encode()).hexdigest(), "door": draft.door, "due_at": draft.due_at,
        "warning": warning.number if warning else None, "site": site.pk if site else None,
        "organisation": organisation.pk if organisation else None, "concerns": str(site or organisation or ""),
        "unmatched": order.unmatched,
    }  # fmt: skip
    record(actor, "order.taken", ref(order), facts)
    if posts:
        _give(actor, order, posts, draft.due_at)
    else:
        duties.open_duty(
            actor, ASSIGN, ref(order), site.pk if site else None, lane_of("assign", policies.reporting().assign),
            order.level, order.title, _why(order), key=f"{ASSIGN}:{order.pk}",
        )  # fmt: skip
    events.emit("order.changed", ref(order), {"state": order.state})
    return order


def content_of(draft: Draft, posts: Sequence[int] = ()) -> str:
    """The digest of what was asked: what another system named counts as it named it, whatever that is here."""
    # Named only where there is something: orders kept before there could be keep their digest.
    whole: dict[str, Any] = {} if draft.organisation is None else {"organisation": draft.organisation}
    if draft.named:
        draft, whole = replace(draft, warning=None, site=None), {"named": dict(draft.named)}
    return keys.digest(
        sender=draft.sender.strip(), title=draft.title.strip(), text=draft.text.strip(),
        their_number=draft.their_number.strip(), superior=draft.superior, warning=draft.warning, site=draft.site,
        due_at=draft.due_at, posts=sorted(posts), **whole,
    )  # fmt: skip


def _why(order: Order) -> str:
    why = _("%(sender)s指令，分派到人") % {"sender": order.sender}
    named = "、".join(one["named"] for one in order.unmatched)
    return _("%(why)s；来文指的对不上：%(named)s") % {"why": why, "named": named} if named else why


def _text(field: str, text: str, most: int) -> str:
    if not text.strip():
        raise Invalid(field, _("不能空着"))
    if len(text) > most:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": most})
    refuse_unprintable(field, text.strip())
    return text.strip()


def _due(due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and not now < due_at <= now + FURTHEST:
        raise Invalid("due_at", _("现在以后一年以内的时间"))


def _about(actor: Actor, draft: Draft) -> tuple[Warning | None, Site | None, Organisation | None]:
    """The warning, the site and the enterprise it concerns; of a site its enterprise, of a warning its site."""
    warning = Warning.objects.visible_to(actor).filter(pk=draft.warning).first() if draft.warning is not None else None
    if draft.warning is not None and warning is None:
        raise NotFound("warning", draft.warning)
    site = Site.objects.visible_to(actor).filter(pk=draft.site).first() if draft.site is not None else None
    if draft.site is not None and site is None:
        raise NotFound("site", draft.site)
    site = site or (warning.site if warning else None)
    if draft.organisation is None:
        return warning, site, site.organisation if site else None
    found = Organisation.objects.visible_to(actor).filter(pk=draft.organisation, kind=Organisation.Kind.ENTERPRISE)
    organisation = found.first()
    if organisation is None:
        raise NotFound("organisation", draft.organisation)
    if site is not None and site.organisation_id != organisation.pk:
        raise Invalid("organisation", _("场所所属的企业；选了场所就不用再选企业"))
    return warning, site, organisation


def lane_of(stage: str, within: timedelta, posts: Sequence[int] = ()) -> dict[str, Any]:
    """Whom it calls: the post itself, then those above; with the time it has."""
    policy, told = policies.in_force(), policies.reporting()
    above = [{"who": rung.who, "answer_s": rung.answer.total_seconds()} for rung in told.chain]
    return {
        "policy": f"{policy.id}@{policy.version}",
        "verified": told.verified,
        "chain": [*({"who": f"post:{post}", "answer_s": ANSWER_S} for post in posts), *above],
        "due_s": {stage: max(within.total_seconds(), 60.0)},
        "orders": [],
        "retry_s": [pause.total_seconds() for pause in policy.retry],
        "reach": [{"by": one.by, "wait_s": one.wait.total_seconds()} for one in policy.reach],
    }


def _give(actor: Actor, order: Order, posts: Sequence[int], due_at: datetime | None) -> None:
    if len(set(posts)) != len(posts) or len(posts) > 50:
        raise Invalid("posts", _("1 到 50 个岗位，每个一次"))
    found = Post.objects.in_bulk(list(posts))
    if missing := [post for post in posts if post not in found]:
        raise Invalid("posts", _("在册岗位的 id，没有 %(ids)s") % {"ids": "、".join(map(str, missing))})
    if due_at is None:
        raise Invalid("due_at", _("定一个落实时限"))
    now = timezone.now()
    _due(due_at, now)
    standing = _standing(order, posts)
    if later := [str(found[post]) for post, (_duty, by) in standing.items() if due_at > by]:
        words = {
            "posts": "、".join(later),
            "at": f"{timezone.localtime(min(by for _d, by in standing.values())):%m-%d %H:%M}",
        }
        raise Invalid("due_at", _("%(posts)s已分派，限 %(at)s 前落实；只能提前，不能推后") % words)
    for post in posts:
        lane = lane_of("carry_out", due_at - now, [post])
        if post not in standing:
            duties.open_duty(
                actor, DO, ref(order), order.site_id, lane, order.level, order.title, order.text[:400],
                key=_key(order, post), matter="order",
            )  # fmt: skip
        elif due_at < standing[post][1]:
            duty = standing[post][0]
            duties.raise_duty(actor, duty, lane, duty.level, duty.title, duty.why)
    order.state, order.due_at = Order.State.GIVEN, due_at
    order.save(update_fields=["state", "due_at"])
    names = [str(found[post]) for post in posts]
    record(actor, "order.given", ref(order), {"posts": list(posts), "to": names, "due_at": due_at})


def _standing(order: Order, posts: Sequence[int]) -> dict[int, tuple[Duty, datetime]]:
    """The duties these posts have of the order already, and by when."""
    found: dict[int, tuple[Duty, datetime]] = {}
    for post in posts:
        duty = Duty.objects.filter(key=_key(order, post), state__in=OPEN).first()
        clock = duty.clocks.filter(stage="carry_out").first() if duty is not None else None
        if duty is not None and clock is not None:
            found[post] = duty, clock.due_at
    return found


def _key(order: Order, post: int) -> str:
    """The duty this post has of the order. Given to it again after that one ended, it is called anew."""
    key = f"{DO}:{order.pk}:{post}"
    ended = Duty.objects.filter(Q(key=key) | Q(key__startswith=f"{key}:")).exclude(state__in=OPEN).count()
    return f"{key}:{ended}" if ended else key


def _take(actor: Actor, order_id: int) -> Order:
    if not Order.objects.visible_to(actor).filter(pk=order_id).exists():
        raise NotFound("order", order_id)
    actor.require("order.enter")
    order: Order = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_id)
    if order.state == Order.State.ENDED:
        raise Conflict(_("指令已经办结"))
    return order


@service
def give_order(actor: Actor, order_id: int, posts: Sequence[int], due_at: datetime | None) -> Order:
    """分派: these posts carry it out by then; more may be added. Raises NotAllowed, NotFound, Conflict, Invalid."""
    order = _take(actor, order_id)
    if not posts:
        raise Invalid("posts", _("1 到 50 个岗位，每个一次"))
    _give(actor, order, posts, due_at or order.due_at)
    duties.complete(actor, ref(order), [ASSIGN], "assign")
    events.emit("order.changed", ref(order), {"state": order.state})
    return order


@service
def follow_duties(order_id: int) -> None:
    """One of its duties moved: done when all are done, going on again when one is sent back."""
    unchanged()
    order = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order_id).first()
    if order is None or order.state not in (Order.State.GIVEN, Order.State.DONE):
        return
    mine = Duty.objects.filter(about_type="order", about_id=order.pk, kind=DO).exclude(state=DutyState.CANCELLED)
    after = Order.State.GIVEN if mine.filter(state__in=OPEN).exists() or not mine.exists() else Order.State.DONE
    if after != order.state:
        order.state = after
        order.save(update_fields=["state"])
        events.emit("order.changed", ref(order), {"state": after})


@service
def end_order(actor: Actor, order_id: int, note: str) -> Order:
    """办结: all have done it. What is done is thereby checked. Raises NotAllowed, NotFound, Conflict, Invalid."""
    note = _text("note", note, 2000)
    order = _take(actor, order_id)
    if order.state == Order.State.NEW:
        raise Conflict(_("还没有分派到人"))
    going = Duty.objects.filter(about_type="order", about_id=order.pk, kind=DO, state__in=OPEN).count()
    if going:
        raise Conflict(_("还有 %(n)d 人没有落实") % {"n": going})
    order.state, order.ended_at = Order.State.ENDED, timezone.now()
    order.save(update_fields=["state", "ended_at"])
    record(actor, "order.ended", ref(order), {"number": order.number}, {"note": note})
    duties.settle(actor, ref(order), note)
    still_failed(order)
    events.emit("order.changed", ref(order), {"state": order.state})
    return order
