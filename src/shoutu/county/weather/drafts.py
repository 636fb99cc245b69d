"""From what comes through a door to drafts of messages: the form, the webhook, CAP. Pure, given the gazetteer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shoutu.county.duties.policy import LEVELS
from shoutu.county.weather.areas import Gazetteer
from shoutu.county.weather.cap import COLOURS, CapAlert
from shoutu.county.weather.policy import WeatherPolicy
from shoutu.county.weather.services import Draft
from shoutu.county.weather.services.receiving import key_of


def of_cap(alert: CapAlert, door: str, raw: str, gazetteer: Gazetteer) -> Iterator[Draft]:
    """One draft an info block; an alert without any (a cancellation) is one draft."""
    common: dict[str, Any] = {
        "door": door, "kind": alert.kind.lower(), "status": alert.status, "sender": alert.sender,
        "identifier": alert.identifier, "references": alert.references, "sent_at": alert.sent, "raw": raw,
    }  # fmt: skip
    infos = alert.infos if alert.kind not in ("Cancel", "Ack", "Error") else ()
    if not infos:
        headline = alert.infos[0].headline or alert.infos[0].event if alert.infos else ""
        yield Draft(key=key_of(alert.sender, alert.identifier), headline=headline, **common)
    for i, info in enumerate(infos):
        match = gazetteer.match([(area.name, area.codes) for area in info.areas])
        yield Draft(
            key=key_of(alert.sender, alert.identifier, *([str(i)] if i else [])),
            event=info.event,
            codes=info.codes,
            level=info.level,
            headline=info.headline,
            text="\n".join(part for part in (info.description, info.instruction) if part),
            areas="、".join(area.name for area in info.areas)[:2000],
            townships=match.townships,
            unmatched=match.unmatched,
            starts_at=info.onset,
            ends_at=info.expires,
            **common,
        )


def of_webhook(body: Any, raw: str, gazetteer: Gazetteer, policy: WeatherPolicy) -> Draft:
    """A webhook's JSON (`schemas.WeatherWebhookIn`) as a draft."""
    match = gazetteer.match([("", [area]) if area.isascii() and area.isdigit() else (area, []) for area in body.areas])
    known = body.type in {one.id for one in policy.types}
    words = f"{body.type} {body.headline} {body.text}"
    level = LEVELS[body.colour] if body.colour else next((n for c, n in COLOURS.items() if f"{c}色" in words), None)
    return Draft(
        key=key_of(body.sender, body.id), door="webhook", kind=body.kind, sender=body.sender, identifier=body.id,
        references=[(body.sender, one) for one in body.references],
        event="" if known else body.type, type=body.type if known else "", level=level, headline=body.headline,
        text=body.text, areas="、".join(body.areas)[:2000], townships=match.townships, unmatched=match.unmatched,
        sent_at=body.sent_at, starts_at=body.starts_at, ends_at=body.ends_at, raw=raw,
    )  # fmt: skip
