"""Backups in the record: that one was taken, and that the county goes on from one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoutu.county.kit import catalog, steps
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.models import Beat
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger import notes
from shoutu.county.ledger.models import Epoch
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.backups import TAKEN
from shoutu.county.ledger.selectors.epochs import Epochs
from shoutu.county.ledger.selectors.taking import JOB
from shoutu.county.ledger.services.record import record, service, unchanged
from shoutu.county.ledger.services.seal import open_epoch


@service
def note_taken(actor: Actor, facts: Mapping[str, Any]) -> None:
    """A backup is whole and on its disk. `facts`: file, bytes, sha256 of its table, taken_at, size of the ledger."""
    actor.require("backup.record")
    steps.beat(TAKEN, detail=dict(facts))
    record(actor, TAKEN, COUNTY, facts)


@service
def begin_again(reason: str, known_head: str, facts: Mapping[str, Any]) -> int:
    """After a restore: the ledger opens a new epoch, and every wing takes the whole catalog anew.

    Returns the epoch's number, 0 where the ledger was still empty. Raises Invalid when `known_head` is no head of this
    ledger; an older one than the restored ledger's own newest tells nothing of what is lost.
    """
    actor = system("恢复备份")
    catalog.start_over()
    # The last backup of this county is the one it was made of.
    steps.beat(TAKEN, detail=dict(facts))
    # Nobody is at the one that was being taken: it became the file this county was made of.
    Beat.objects.filter(name=JOB).delete()
    if not Epoch.objects.exists():
        unchanged()
        return 0
    record(actor, "backup.restored", COUNTY, facts)
    return open_epoch(actor, reason, "" if _older(known_head) else known_head).number


def _older(note: str) -> bool:
    newest = tree.head()
    try:
        head = notes.read(note, *Epochs.load().keys())
    except notes.NoteError:
        return False
    return newest is not None and (head.epoch, head.size) <= (newest.epoch_id, newest.size)
