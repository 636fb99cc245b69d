"""This room's subjects and kinds of duty, and what it listens to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import kinds
from shoutu.county.kit import events, subjects
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Entry
from shoutu.county.sites.models import Binding, Finding, Point, Rule, Source, Unclaimed
from shoutu.county.sites.services import publishing, rebind  # noqa: F401  (registers the catalog's sections)
from shoutu.county.sites.services.binding import FINDING


def _label(model: type[ScopedModel]) -> Callable[[int], str]:
    return lambda id: str(model.objects.filter(pk=id).first() or id)


def _register(type_: str, model: type[ScopedModel], title: str, url: Any = None) -> None:
    subjects.register(
        type_,
        title=title,
        label=_label(model),
        url=url or (lambda _id: ""),
        visible=lambda actor: model.objects.visible_to(actor),
    )


_register("source", Source, "数据源")
_register("point", Point, "测点", lambda id: f"/points/{id}")
_register("rule", Rule, "规则")
_register("binding", Binding, "规则包")
_register("finding", Finding, "缺项")
_register("unclaimed", Unclaimed, "待认领")


def _still_lacking(finding_id: int) -> str | None:
    """Why the duty to mend a finding may not be cancelled: the site is not watched as it should be."""
    if Finding.objects.filter(pk=finding_id, cleared_at__isnull=True).exists():
        return gettext("缺项还在，监测不完整；补上以后自动了结")
    return None


kinds.register(kinds.Kind(FINDING, _("补设计值"), _("补设计值"), needed=_still_lacking))


@events.on("point.created")
def _point_created(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # A new point of a site that is watched by a pack is watched from its first reading.
    rebind(SYSTEM, payload["site"])


@events.on("site.params_set")
def _params_set(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # Whoever changed the design values stands as the proposer of what follows from it, so that another must agree.
    entry = Entry.objects.filter(subject_type="site", subject_id=subject.id, verb="site.params_set").latest("id")
    who = entry.body["actor"]
    rebind(replace(SYSTEM, user_id=who.get("user"), label=who["label"]), subject.id)
