"""An order another system sends: what it names is looked for here, and other words under the same id are kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.kit import events, keys
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Organisation, Site
from shoutu.county.warnings.models import Order, OrderVersion, Warning
from shoutu.county.warnings.services.orders import Draft, content_of, enter_order, lane_of

CHANGED = "order.changed"
LOOK_WITHIN = timedelta(minutes=30)


class OrderDiffers(Conflict):
    """Other content under the id of an order that was taken in: kept beside it and shown, but not put in its place."""

    code = "order.differs"

    def __init__(self, order: Order, version: OrderVersion, *, seen: bool) -> None:
        number = order.number if seen else "…"
        words = _("与已收的 %(order)s 内容不同：已存为第 %(n)d 稿，交县值班员核对；原指令照旧，另发指令请换 id")
        super().__init__(words % {"order": number, "n": version.number})
        self.told = {"order": number, "version": version.number, "times": version.times}

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "code": self.code, "kept": self.told}


def take_order(actor: Actor, draft: Draft) -> Order:
    """Take in what another system sends; sent again it is the same order.

    Raises OrderDiffers for other content under the same id, which is kept all the same; NotAllowed, Invalid.
    """
    order, version = _take_in(actor, draft)
    if version is not None:
        raise OrderDiffers(order, version, seen=Order.objects.visible_to(actor).filter(pk=order.pk).exists())
    return order


@service
def _take_in(actor: Actor, draft: Draft) -> tuple[Order, OrderVersion | None]:
    actor.require("order.enter")
    before = Order.objects.select_for_update(of=("self",), no_key=True).filter(key=draft.key).first()
    if before is None:
        return enter_order(actor, _matched(actor, draft)), None
    asked = content_of(draft)
    if not keys.differs(before.content_sha256, asked):
        unchanged()
        return before, None
    return before, _keep(actor, before, draft, asked)


def _keep(actor: Actor, order: Order, draft: Draft, asked: str) -> OrderVersion:
    now = timezone.now()
    version: OrderVersion | None = order.versions.filter(content_sha256=asked).first()
    if version is not None:
        version.times, version.last_at = version.times + 1, now
        version.save(update_fields=["times", "last_at"])
        unchanged()
        return version
    version = OrderVersion.objects.create(
        order=order, number=(order.versions.aggregate(most=Max("number"))["most"] or 1) + 1, content_sha256=asked,
        their_number=draft.their_number.strip()[:80], title=draft.title.strip(), text=draft.text.strip(),
        named=dict(draft.named), due_at=draft.due_at, received_at=now, last_at=now,
    )  # fmt: skip
    facts = {
        "number": order.number, "version": version.number, "their_number": version.their_number,
        "title": version.title, "sha256": hashlib.sha256(version.text.encode()).hexdigest(), "due_at": version.due_at,
        "named": version.named,
    }  # fmt: skip
    record(actor, "order.differs", ref(order), facts)
    words = {"sender": order.sender, "number": order.number, "n": version.number}
    duties.open_duty(
        actor, CHANGED, ref(order), order.site_id, lane_of("verify", LOOK_WITHIN), order.level,
        _("指令有改动：%(title)s") % {"title": version.title},
        _("%(sender)s又发来不同内容，存为 %(number)s 第 %(n)d 稿；原指令照旧，核对后处理") % words,
        key=f"{CHANGED}:{order.pk}:{version.number}",
    )  # fmt: skip
    events.emit("order.changed", ref(order), {"state": order.state})
    return version


def _matched(actor: Actor, draft: Draft) -> Draft:
    """With what it names, as far as it is known here. What is not keeps no order out: whoever gives it looks."""
    named = draft.named
    mine, warning = _enterprise(actor, named.get("organisation", "")), _warning(actor, named.get("warning", ""))
    site = _site(actor, named.get("site", ""), mine)
    if warning is not None and site is not None and warning.site_id != site.pk:
        warning = None
    place = site or (warning.site if warning else None)
    if mine is not None and place is not None and place.organisation_id != mine.pk:
        mine = None
    found = {"organisation": mine, "site": site, "warning": warning}
    return replace(
        draft, organisation=mine.pk if mine and place is None else None, site=site.pk if site else None,
        warning=warning.pk if warning else None, unmatched=[name for name in named if found[name] is None],
    )  # fmt: skip


def _enterprise(actor: Actor, named: str) -> Organisation | None:
    """By its 统一社会信用代码, else its whole name; none where several have it."""
    if not named:
        return None
    rows = Organisation.objects.visible_to(actor).filter(kind=Organisation.Kind.ENTERPRISE)
    found: Organisation | None = _only(rows.filter(Q(code__iexact=named) | Q(name=named)))
    return found


def _site(actor: Actor, named: str, mine: Organisation | None) -> Site | None:
    """By its number here, else its whole name, within the enterprise that is named; none where several have it."""
    if not named:
        return None
    rows = Site.objects.visible_to(actor)
    if mine is not None:
        rows = rows.filter(organisation=mine)
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 10 else 0
    found: Site | None = _only(rows.filter(pk=number)) or _only(rows.filter(name=named))
    return found


def _warning(actor: Actor, named: str) -> Warning | None:
    return _only(Warning.objects.visible_to(actor).filter(number=named)) if named else None


def _only(rows: Any) -> Any:
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None
