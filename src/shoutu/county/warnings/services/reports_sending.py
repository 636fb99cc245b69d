"""A report on its way up: word for word, to some offices, by their channel or by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.kit import events, keys
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.kit.texts import refuse_unprintable
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.warnings.facts import Drawn, FactsChanged, changed
from shoutu.county.warnings.models import Dispatch, Order, Report, ReportKind, ReportPlan, Superior, Warning
from shoutu.county.warnings.services.locking import locked_warning
from shoutu.county.warnings.services.reports import REPORT, go_on, kinds_of, some_left, told_as_over

TEXT_MOST = 5000


@dataclass(frozen=True)
class Target:
    """One office to be told: by its channel, or by hand, where `detail` says to whom and at which number."""

    superior: int
    way: str
    detail: str = ""


@service
def send_report(
    actor: Actor, key: str, kind: str, title: str, text: str, targets: Sequence[Target], *,
    warning_id: int | None = None, order_id: int | None = None, signer: str = "", drawn: Drawn | None = None,
) -> Report:  # fmt: skip
    """Send one report, word for word, to some offices. Sent again with the same key it is the same report.

    `drawn`: what its draft was made of. Raises NotAllowed, NotFound, FactsChanged where that has changed since and it
    is not to go as it stands, Conflict after the last report, KeyReused for other words under the same key, Invalid.
    """
    actor.require("report.send")
    if not 1 <= len(key) <= 64:
        raise Invalid("key", _("1 到 %(limit)s 个字") % {"limit": 64})
    asked = keys.digest(
        kind=kind, title=title.strip(), text=text.strip(), signer=signer.strip(), warning=warning_id, order=order_id,
        to=sorted((one.superior, one.way, one.detail.strip()) for one in targets),
    )  # fmt: skip
    before = _sent_before(actor, key, asked)
    if before is not None:
        return before
    title, text, signer = checked_text("title", title, 160), checked_text("text", text, TEXT_MOST), signer.strip()[:80]
    refuse_unprintable("signer", signer)
    warning, order = _about(actor, kind, warning_id, order_id)
    offices = _offices(targets)
    since = _changed_since(drawn, warning or order)  # type: ignore[arg-type]
    seq = (warning.reports if warning else order.replies).count() + 1  # type: ignore[union-attr]
    rows = ReportPlan.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(warning=warning).first() if warning else None
    now = timezone.now()
    report = Report.objects.create(
        number=f"{(warning or order).number}-R{seq}",  # type: ignore[union-attr]
        key=key, content_sha256=asked, kind=kind, warning=warning, order=order, seq=seq, title=title, text=text,
        signer=signer,
        sha256=hashlib.sha256(text.encode()).hexdigest(), at=now, by=actor.label[:120],
        due_at=found.due_at if found and found.ended_at is None else None,
    )  # fmt: skip
    for target in targets:
        _dispatch(report, offices[target.superior], target, now)
    facts = {
        "number": report.number, "kind": kind, "sha256": report.sha256, "due_at": report.due_at,
        "to": [{"superior": one.superior, "way": one.way} for one in targets],
        **({"changed_since": since} if since else {}),
    }  # fmt: skip
    about = ref(warning) if warning else ref(order)  # type: ignore[arg-type]
    record(actor, "report.sent", about, facts)
    if warning is not None and not some_left(found, warning, kind, {one.rank for one in offices.values()}):
        duties.complete(actor, ref(warning), [REPORT], "report")
        go_on(found, warning, kind, now)
    events.emit("report.changed", ref(report), {"number": report.number})
    return report


def _sent_before(actor: Actor, key: str, asked: str) -> Report | None:
    before: Report | None = Report.objects.filter(key=key).first()
    if before is None:
        return None
    unchanged()
    if keys.differs(before.content_sha256, asked):
        seen = Report.objects.visible_to(actor).filter(pk=before.pk).exists()
        raise KeyReused(f"{before.number} {before.title}" if seen else "…", ref(before).as_dict() if seen else None)
    return before


def _changed_since(drawn: Drawn | None, about: Warning | Order) -> list[str]:
    """The parts that have changed since the draft of what is sent as it stands."""
    if drawn is None:
        return []
    found, now = changed(drawn.facts, about)
    if found and not drawn.as_it_stands:
        raise FactsChanged(found, now)
    return [one["part"] for one in found]


def checked_text(field: str, text: str, most: int) -> str:
    if not text.strip():
        raise Invalid(field, _("不能空着"))
    if len(text) > most:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": most})
    refuse_unprintable(field, text.strip())
    return text.strip()


def _about(
    actor: Actor, kind: str, warning_id: int | None, order_id: int | None
) -> tuple[Warning | None, Order | None]:
    """What the report is of, locked, so that two reports at once get two numbers."""
    if order_id is not None:
        order = Order.objects.visible_to(actor).filter(pk=order_id).first()
        if order is None:
            raise NotFound("order", order_id)
        if kind != ReportKind.REPLY:
            raise Invalid("kind", ReportKind.REPLY.value)
        return None, Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_id)
    if not Warning.objects.visible_to(actor).filter(pk=warning_id or 0).exists():
        raise NotFound("warning", warning_id or 0)
    warning = locked_warning(warning_id or 0)
    right = kinds_of(warning)
    if kind not in right:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(str(one.label) for one in right)})
    waits = ReportPlan.objects.filter(warning=warning, ended_at__isnull=True, next_kind=ReportKind.FINAL).exists()
    if told_as_over(warning) and warning.closed_at is not None and not waits:
        raise Conflict(_("终报已经报过"))
    return warning, None


def _offices(targets: Sequence[Target]) -> dict[int, Superior]:
    ids = [target.superior for target in targets]
    if not ids or len(set(ids)) != len(ids):
        raise Invalid("to", _("至少一个上级单位，每个一次"))
    offices = Superior.objects.filter(enabled=True).in_bulk(ids)
    for i, target in enumerate(targets):
        office = offices.get(target.superior)
        if office is None:
            raise Invalid(f"to[{i}].superior", _("一个在用的上级单位的 id"))
        if target.way not in Dispatch.Way.values:
            raise Invalid(f"to[{i}].way", _("其中之一：%(names)s") % {"names": "、".join(Dispatch.Way.values)})
        if target.way == Dispatch.Way.CHANNEL and office.channel is None:
            raise Invalid(f"to[{i}].way", _("%(office)s没有通道，电话或书面报后记下") % {"office": office.title})
        check_told(f"to[{i}].detail", target.way, target.detail)
    return offices


def check_told(field: str, way: str, detail: str) -> None:
    if way != Dispatch.Way.CHANNEL and not detail.strip():
        raise Invalid(field, _("写明报给谁、号码，如：市应急管理局值班室，电话号码"))
    if len(detail) > 200:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": 200})


def _dispatch(report: Report, office: Superior, target: Target, now: datetime) -> None:
    by_channel = target.way == Dispatch.Way.CHANNEL
    Dispatch.objects.create(
        report=report, superior=office, way=target.way, at=now, detail=target.detail.strip(),
        state=Dispatch.State.QUEUED if by_channel else Dispatch.State.BY_HAND,
        next_try_at=now if by_channel else None, handed_over_at=None if by_channel else now,
    )  # fmt: skip
