"""Ledger's subjects and its alarm when no witness can be reached."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from shoutu.county.kit import metrics, subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.status import contribute, door
from shoutu.county.ledger import sheets  # noqa: F401  (registers its table)
from shoutu.county.ledger.models import KeptLog
from shoutu.county.ledger.selectors import tree, unsealed_count, witnesses
from shoutu.county.ledger.selectors.backups import backup_alarms, last_backup
from shoutu.county.ledger.selectors.overview import damage_alarms

subjects.register(
    "witness", label=witnesses.name_of, labels=witnesses.names_of, url=lambda _id: "", visible=witnesses.visible
)
subjects.register(
    "kept_log",
    label=lambda id: witnesses.log_names_of({id}).get(id, str(id)),
    labels=witnesses.log_names_of,
    url=lambda _id: "",
    visible=KeptLog.objects.visible_to,
)


@metrics.contribute
def figures() -> Iterable[Metric]:
    newest = tree.head()
    yield GaugeMetricFamily(
        "shoutu_ledger_size", "Entries under the newest signed head", value=newest.size if newest else 0
    )
    if last := last_backup():
        age = (timezone.now() - last["at"]).total_seconds()
        yield GaugeMetricFamily("shoutu_backup_age_seconds", "Seconds since the moment of the last backup", value=age)
    yield GaugeMetricFamily("shoutu_ledger_unsealed", "Entries that wait to be sealed", value=unsealed_count())


door(
    "/ledger", "ledger.read", "ledger.witness", "ledger.contradiction", "ledger.clock", "ledger.check", "ledger.seal",
    "ledger.access", "backup.old",
)  # fmt: skip


@contribute
def unreachable_witnesses(actor: Actor) -> dict[str, Any]:
    if not actor.scope.all:
        return {}
    last = last_backup()
    return {
        "alarms": witnesses.alarms()
        + witnesses.contradictions()
        + witnesses.doubts()
        + damage_alarms()
        + backup_alarms(last),
        "last_backup": last["at"] if last else None,
    }
