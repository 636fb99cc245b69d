"""Ledger's subjects and its alarm when no witness can be reached."""

from __future__ import annotations

from typing import Any

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.status import contribute
from shoutu.county.ledger.selectors import witnesses

subjects.register(
    "witness", label=witnesses.name_of, labels=witnesses.names_of, url=lambda _id: "", visible=witnesses.visible
)


@contribute
def unreachable_witnesses(actor: Actor) -> dict[str, Any]:
    return {"alarms": witnesses.alarms()} if actor.scope.all else {}
