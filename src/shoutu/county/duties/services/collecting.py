"""Fetching what modems hold: replies and delivery reports. Cleared in the modem only once kept here."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from shoutu.county.duties.channels import SendFailed, modem
from shoutu.county.duties.channels.modem import Collected
from shoutu.county.duties.channels.pdu import Incoming
from shoutu.county.duties.models import Channel
from shoutu.county.duties.services.answering import take, take_report
from shoutu.county.duties.services.sealing import unseal
from shoutu.county.kit.drill import drilling

log = logging.getLogger(__name__)
INCOMPLETE_FOR = timedelta(hours=1)
"""A message whose parts don't all come is taken as it is after this."""


def collect() -> None:
    """Look into every modem once. Raises SendFailed for the last that did not answer, when all have been asked."""
    if drilling():
        return  # What a modem holds is the real county's.
    failure: SendFailed | None = None
    for channel in Channel.objects.filter(kind="modem", enabled=True).order_by("id"):
        try:
            _collect(channel)
        except (SendFailed, ValueError) as error:
            failure = error if isinstance(error, SendFailed) else SendFailed(str(error))
            modem.forget(channel.settings["device"])
            Channel.objects.filter(pk=channel.pk).update(
                last_failed_at=timezone.now(), last_problem=str(error)[:400], failures=F("failures") + 1,
                call_failures=F("call_failures") + 1,
            )  # fmt: skip
    if failure is not None:
        raise failure


def _collect(channel: Channel) -> None:
    line = modem.opened({**channel.settings, **unseal(channel.secrets)})
    if not line.lock.acquire(timeout=1.0):
        return  # A message is being handed over; the next look is soon.
    try:
        found = line.collect()
        kept = keep(channel, found)
        line.clear(kept)
    finally:
        line.lock.release()
    if channel.failures:
        Channel.objects.filter(pk=channel.pk).update(failures=0, call_failures=0)


def keep(channel: Channel, found: Collected) -> list[int]:
    """Take in what was collected. Returns the places that may be cleared."""
    kept: list[int] = []
    for slots, message in _joined(found.messages):
        event = f"{message.sender}|{message.at.isoformat()}|{message.text}"
        take(channel, "reply", message.sender, message.text, event=event)
        kept += slots
    for slot, body in found.unread:
        take(channel, "unread", "", body, event=body)
        kept.append(slot)
    for report in found.reports:
        take_report(channel, report.reference, report.recipient, report.state, timezone.now())
    return kept


def _joined(messages: list[tuple[int, Incoming]]) -> list[tuple[list[int], Incoming]]:
    """Whole messages, in order of arrival; parts wait in the modem for the rest."""
    groups: dict[tuple[str, int, int], list[tuple[int, Incoming]]] = defaultdict(list)
    whole: list[tuple[list[int], Incoming]] = []
    for slot, message in messages:
        if message.parts == 1:
            whole.append(([slot], message))
        else:
            groups[message.sender, message.reference, message.parts].append((slot, message))
    late = timezone.now() - INCOMPLETE_FOR
    for group in groups.values():
        parts = {message.part: message for _slot, message in group}
        if len(parts) == group[0][1].parts or min(message.at for message in parts.values()) < late:
            text = "".join(parts[number].text for number in sorted(parts))
            first = parts[min(parts)]
            whole.append(([slot for slot, _message in group], Incoming(first.sender, first.at, text)))
    return sorted(whole, key=lambda one: one[1].at)
