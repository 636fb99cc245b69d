"""What weather tells the rest: its subjects, its kinds of duty, what it listens to, its audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import auditor, kinds
from shoutu.county.kit import events, status, subjects
from shoutu.county.kit.subjects import SubjectRef, names_in, words_in
from shoutu.county.weather import (  # entries, sheets: register words and tables
    entries,  # noqa: F401
    policies,
    sheets,  # noqa: F401
)
from shoutu.county.weather.models import Message, State, Weather
from shoutu.county.weather.selectors import uncalled
from shoutu.county.weather.services import answer_together
from shoutu.county.weather.services.receiving import lock_events

subjects.register(
    "weather",
    title="气象预警",
    label=lambda id: names_in(Weather, "title")({id}).get(id, f"{id}"),
    labels=names_in(Weather, "title"),
    url=lambda id: f"/weather/{id}",
    lock=lock_events,
    visible=lambda actor: Weather.objects.visible_to(actor),
    search=words_in(Weather, "title"),
)
subjects.register(
    "weather_message",
    title="气象信息",
    label=lambda id: names_in(Message, "headline")({id}).get(id) or f"{id}",
    labels=names_in(Message, "headline"),
    url=lambda _id: "/weather",
    visible=lambda actor: Message.objects.visible_to(actor),
    search=words_in(Message, "headline"),
)


status.door("/weather", "weather.read", "weather.uncalled", "weather.call", "weather.expire")


def _still_active(event_id: int) -> str | None:
    """Why such a duty may not be cancelled by hand: the weather still stands."""
    if Weather.objects.filter(pk=event_id, state=State.ACTIVE).exists():
        return gettext("气象预警还在生效，叫应不能撤销；解除后自动了结")
    return None


kinds.register(kinds.Kind("weather.respond", _("应对气象预警"), _("反馈"), needed=_still_active))
kinds.register(kinds.Kind("weather.withdraw", _("停止作业、撤出人员"), _("报撤人"), needed=_still_active))
kinds.register(kinds.Kind("weather.answer", _("知悉气象预警"), _("应答"), answer_only=True, needed=_still_active))


@events.on("duty.answered")
def _answered(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    if payload["about"]["type"] == "weather":
        answer_together(subject.id)


LATE = timedelta(seconds=10)


@auditor.check
def _nobody_called(now: datetime) -> Iterator[auditor.Finding]:
    """Weather that stands over a township nobody was called for."""
    for event in uncalled(now - LATE):
        text = gettext("%(what)s：还有乡镇没有叫应") % {"what": f"{event.number} {event.title}"}
        yield auditor.Finding(f"audit:weather:{event.pk}", "weather.uncalled", text, SubjectRef("weather", event.pk))


@auditor.check
def _policy_unreadable(now: datetime) -> Iterator[auditor.Finding]:
    """The weather pack on disk cannot be read: people are called by the one agreed to meanwhile."""
    fault = policies.fault()
    if fault:
        words = gettext("气象叫应方案文件读不了，仍按原来同意的叫应；让管理员改正这个文件")
        yield auditor.Finding("audit:weather_policy", "policy.fault", words, raw=fault)
