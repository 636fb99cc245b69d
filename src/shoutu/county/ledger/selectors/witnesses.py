"""What may be asked of witnesses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.kit.actors import Actor
from shoutu.county.ledger.models import KeptHead, KeptLog, Witness

DOUBTED_FOR = timedelta(days=30)
"""A doubt is an alarm so long; it stays with the head, in the record and in `ledger kept`."""


def visible(actor: Actor) -> QuerySet[Witness]:
    return Witness.objects.all() if actor.scope.all else Witness.objects.none()


def name_of(id: int) -> str:
    return Witness.objects.filter(pk=id).values_list("name", flat=True).first() or str(id)


_LOOK = {
    Witness.Kind.FOLDER: gettext_lazy("看存储盘是否插好、有没有满，共享目录是否连着"),
    Witness.Kind.URL: gettext_lazy("看网络，问对方服务是否在运行、地址是否变了"),
    Witness.Kind.MAIL: gettext_lazy("看邮件服务器是否连得上、邮箱设置是否正确"),
}
"""Where to look, by the kind of witness."""


def alarms() -> list[dict[str, Any]]:
    """One alarm per witness that could not be reached."""
    return [
        {
            "id": witness.pk,
            "at": witness.last_at or timezone.now(),
            "kind": "ledger.witness",
            "message": _("树头未能送达见证方“%(name)s”：%(look)s")
            % {"name": witness.name, "look": _LOOK[Witness.Kind(witness.kind)]},
            "raw": witness.last_error,
        }
        for witness in Witness.objects.filter(enabled=True).exclude(last_error="")
    ]


def contradictions() -> list[dict[str, Any]]:
    """One alarm per log kept here that has contradicted itself, with its first contradiction."""
    seen: dict[int, dict[str, Any]] = {}
    for head in KeptHead.objects.exclude(contradicts="").select_related("log").order_by("received_at"):
        words = _("“%(name)s”的记录簿与此前的树头矛盾：%(what)s") % {"name": head.log.name, "what": head.contradicts}
        seen.setdefault(
            head.log_id, {"id": head.pk, "at": head.received_at, "kind": "ledger.contradiction", "message": words}
        )
    return list(seen.values())


def doubts() -> list[dict[str, Any]]:
    """One alarm per log kept here whose heads are out of order for a reason only its own county can prove."""
    seen: dict[int, dict[str, Any]] = {}
    since = timezone.now() - DOUBTED_FOR
    rows = KeptHead.objects.exclude(doubt="").filter(received_at__gt=since)
    for head in rows.select_related("log").order_by("received_at"):
        words = _(
            "“%(name)s”的树头时间与长短对不上，对方的时钟被拨慢过，或者记录簿被截短：%(what)s；"
            "请对方用 shoutu ledger verify --head 核对"
        ) % {"name": head.log.name, "what": head.doubt}
        seen.setdefault(head.log_id, {"id": head.pk, "at": head.received_at, "kind": "ledger.clock", "message": words})
    return list(seen.values())


def kept(name: str = "") -> QuerySet[KeptHead]:
    """Heads kept for other logs, as signed, oldest first; `name`: of one log."""
    found = KeptHead.objects.select_related("log").order_by("log__name", "signed_at", "pk")
    return found.filter(log__name=name) if name else found


def log_names_of(ids: set[int]) -> dict[int, str]:
    return dict(KeptLog.objects.filter(pk__in=ids).values_list("pk", "name"))


def names_of(ids: set[int]) -> dict[int, str]:
    return dict(Witness.objects.filter(pk__in=ids).values_list("pk", "name"))
