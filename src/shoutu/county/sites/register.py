"""This room's subjects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shoutu.county.kit import subjects
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.sites.models import Binding, Finding, Point, Rule, Source, Unclaimed
from shoutu.county.sites.services import publishing  # noqa: F401  (registers the catalog's sections)


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
