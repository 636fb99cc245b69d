"""Typed events: written to the outbox in the transaction of the change, handled in it by those who asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from shoutu.county.kit.models import OutboxEvent
from shoutu.county.kit.subjects import SubjectRef

Handler = Callable[[str, SubjectRef, Mapping[str, Any]], None]
H = TypeVar("H", bound=Handler)
_handlers: dict[str, list[Handler]] = defaultdict(list)


def on(topic: str) -> Callable[[H], H]:
    """Call the decorated `handler(topic, subject, payload)` inside the transaction that emits `topic`.

    A handler that raises undoes the whole change, so it must only do what belongs to it. `"duty.*"` takes a prefix.
    """

    def register(handler: H) -> H:
        if handler not in _handlers[topic]:
            _handlers[topic].append(handler)
        return handler

    return register


def emit(topic: str, subject: SubjectRef, payload: Mapping[str, Any] | None = None) -> None:
    """Tell whoever listens that `subject` changed. Payload: small, JSON, no personal values.

    Raises RuntimeError outside a transaction: an event that outlives its change's rollback would be a lie.
    """
    emit_many(topic, [(subject, payload or {})])


def emit_many(topic: str, told: Iterable[tuple[SubjectRef, Mapping[str, Any]]]) -> None:
    """The same of many subjects, written together. Raises RuntimeError like `emit`."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"emit({topic!r}) outside a transaction; call it from a @service")
    now, bodies = timezone.now(), [(subject, dict(payload)) for subject, payload in told]
    rows = [
        OutboxEvent(topic=topic, subject_type=subject.type, subject_id=subject.id, payload=body, at=now)
        for subject, body in bodies
    ]
    OutboxEvent.objects.bulk_create(rows, batch_size=500)
    prefix = topic.split(".", 1)[0] + ".*"
    for subject, body in bodies:
        for handler in (*_handlers.get(topic, ()), *_handlers.get(prefix, ())):
            handler(topic, subject, body)
