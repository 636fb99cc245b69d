"""The entries of this room in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.ledger import verbs
from shoutu.county.papers.models import Withdrawal


def _until(words: Any) -> Callable[[dict[str, Any]], str]:
    """Its last day in the words; whose and of which kind it is the subject says."""
    return lambda payload: str(words) % {"until": payload["valid_until"] or _("长期")}


def _why(payload: dict[str, Any]) -> str:
    """In brackets; of a person's certificate it is personal, and stands behind the words."""
    return _("（%(reason)s）") % {"reason": payload["reason"]} if payload.get("reason") else ""


def _added(payload: dict[str, Any]) -> str:
    words = _("存入企业资料第 %(n)d 版") if payload.get("organisation") else _("存入资料第 %(n)d 版")
    return words % {"n": payload["version"]}


verbs.register(
    {
        "document.added": _added,
        "document.withdrawn": lambda p: _("撤下企业资料") if p.get("organisation") else _("撤下资料"),
        "licence.entered": _until(gettext_lazy("录入证照，有效期至 %(until)s")),
        "licence.renewed": _until(gettext_lazy("登记换证，新证有效期至 %(until)s")),
        "licence.corrected": lambda p: _("更正证照") + _why(p),
        "licence.withdrawn": lambda p: _("登记%(how)s") % {"how": Withdrawal(p["how"]).label} + _why(p),
        "licence.lapsing": _until(gettext_lazy("证照有效期至 %(until)s，派出换证")),
    },
    found_by={
        "licence.withdrawn": gettext_lazy("登记"),
    },
)
