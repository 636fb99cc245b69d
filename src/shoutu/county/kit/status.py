"""The few figures every page shows. Rooms contribute theirs; kit does not know the rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from zlib import crc32

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.models import StepState
from shoutu.county.kit.steps import title_of
from shoutu.county.kit.watch import watching

Contribution = Callable[[Actor], dict[str, Any]]
_contributions: list[Contribution] = []
_doors: dict[str, tuple[str, str]] = {}


def contribute(function: Contribution) -> Contribution:
    """Add a room's part; lists are joined.

    Any of `levels`, `unanswered`, `my_open_duties`, `my_overdue`, `proposals`, `alarms`, `last_backup`.
    """
    if function not in _contributions:
        _contributions.append(function)
    return function


def door(url: str, permission: str, *names: str) -> None:
    """The page where something can be done about alarms of these kinds, or about these steps of the worker.

    It is for those alarms that are about nothing that has a page of its own; shown to who may read that page.
    """
    for name in names:
        _doors[name] = (url, permission)


def _door(actor: Actor, name: str) -> str:
    url, permission = _doors.get(name, ("", ""))
    return url if url and actor.may(permission) else ""


def failing_steps() -> list[dict[str, Any]]:
    """One alarm per worker step that has failed three times in a row or more."""
    return [
        {
            "id": crc32(state.name.encode()),
            "at": state.last_error_at or timezone.now(),
            "kind": "worker.step",
            "door": state.name,
            "message": _("“%(title)s”连续失败 %(count)s 次，还在自己再试；告诉维护人员")
            % {"title": title_of(state.name), "count": state.failing},
            "raw": f"{state.name}: {state.last_error}",
        }
        for state in StepState.objects.filter(failing__gte=3).order_by("name")
    ]


def status(actor: Actor) -> dict[str, Any]:
    """What `GET /status` answers to this actor."""
    answer: dict[str, Any] = {
        "server_time": timezone.now(),
        "watching": asdict(watching()),
        "levels": {str(level): 0 for level in range(1, 5)},
        "unanswered": {str(level): 0 for level in range(1, 5)},
        "my_open_duties": 0,
        "my_overdue": 0,
        "proposals": 0,
        "alarms": [],
        "last_backup": None,
        "demo": settings.DEMO,
    }
    if actor.scope.all:
        answer["alarms"] = failing_steps()
    for function in _contributions:
        for name, value in function(actor).items():
            if isinstance(answer.get(name), list):
                answer[name] = answer[name] + value
            elif isinstance(answer.get(name), dict):
                answer[name] = {**answer[name], **{str(key): item for key, item in value.items()}}
            else:
                answer[name] = value
    answer["alarms"] = [_with_url(actor, alarm) for alarm in answer["alarms"]]
    return answer


def alarms(actor: Actor) -> list[dict[str, Any]]:
    """What is wrong with Shoutu itself, each with the page of it."""
    found: list[dict[str, Any]] = status(actor)["alarms"]
    return found


def _with_url(actor: Actor, alarm: dict[str, Any]) -> dict[str, Any]:
    """With the page of what it is about: its own, else the one for its kind; "" where there is none.

    What a program said is for who looks after the installation; others read what is wrong, and what to do.
    """
    name = alarm.pop("door", alarm["kind"])
    raw = alarm.get("raw", "") if actor.may("health.read") else ""
    return {**alarm, "url": alarm.get("url") or _door(actor, name), "raw": raw}
