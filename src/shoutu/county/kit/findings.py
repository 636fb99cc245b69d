"""Findings: something that should be there and is not. Any room says how one is found; the room `duties` does the rest.

A kind tells what is lacking about one subject *now* (`check`, a pure read). Whoever changes something that may open or
close a finding says `touch(kind, subject)` in its own transaction; the worker then compares what is lacking with what
stands open, raises, changes and clears with ledger entries, and sees to it that somebody is called. A sweep touches
every subject each hour, so that what time alone changes is found too.

    findings.register(findings.Kind(
        "people.hole", _("责任空档"), check=holes_of, subjects=lambda: [ref(t) for t in territories()], lane=LANE))
    findings.touch("people.hole", ref(territory))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.models import Touched
from shoutu.county.kit.subjects import SubjectRef

SUPPLY = _("补齐")
ENDS_BY_ITSELF = _("缺的补上以后自动了结")


@dataclass(frozen=True)
class Gap:
    """One thing lacking. `key` names it within its kind and subject and stays the same while it lasts.

    `optional`: listed, nobody is called for it. `detail`: small, JSON, no personal values. Which part of the county
    it belongs to follows from a subject that is a site, an organisation or a territory; others say it here (ids).
    """

    key: str
    message: str
    optional: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)
    site: int | None = None
    organisation: int | None = None
    territory: int | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of finding. `lane` is the duty's policy as plain data (chain, due_s, orders …); None: nobody is called.

    All open findings of one kind about one subject make one duty: nobody is called twelve times for one pond. `again`:
    whoever has it is called anew for what came since, this long after the last call; None: it only joins.
    """

    name: str
    title: Any
    check: Callable[[SubjectRef], Iterable[Gap]]
    subjects: Callable[[], Iterable[SubjectRef]]
    lane: Mapping[str, Any] | None = None
    level: int = 0
    matter: str = "finding"
    verb: Any = SUPPLY
    finished_in: Any = ENDS_BY_ITSELF
    again: timedelta | None = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind of finding known. Called once, from a room's ``register`` module."""
    _kinds[kind.name] = kind
    return kind


def kinds() -> dict[str, Kind]:
    return dict(_kinds)


def get(name: str) -> Kind | None:
    return _kinds.get(name)


def touch(kind: str, *subjects: SubjectRef) -> None:
    """Something changed that may open or close findings of these subjects; the worker looks within seconds.

    Raises RuntimeError outside a transaction: a look asked for by a change that is undone would be a waste.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"touch({kind!r}) outside a transaction; call it from a @service")
    Touched.objects.bulk_create(
        [Touched(kind=kind, subject_type=subject.type, subject_id=subject.id) for subject in subjects], batch_size=500
    )
