"""The single sealer: committed entries get their place in the tree, and a signed head says so."""

from __future__ import annotations

import time
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger import merkle, notes
from shoutu.county.ledger.models import Entry, Epoch, TreeHead, Unsealed
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.epochs import Epochs
from shoutu.county.ledger.services.record import record, service

# One transaction stays near 50 ms so that nobody waits long behind it.
BATCH = 3000


def open_log(hash: str = "") -> Epoch:
    """Begin a new log, by default with the hash that goes with its signing key (`SHOUTU_LEDGER_SUITE`).

    Raises Conflict when the log has begun, Invalid for an unknown hash.
    """
    hash = hash or settings.CONFIG.ledger_hash
    if hash not in merkle.ALGORITHMS:
        raise Invalid("hash", ", ".join(merkle.ALGORITHMS))
    with transaction.atomic():
        if tree.epoch() is not None:
            raise Conflict("the ledger has begun; its hash stays what it is")
        return Epoch.objects.create(number=1, opened_at=timezone.now(), hash=hash, key=notes.public_key().pem())


@service
def open_epoch(actor: Actor, reason: str, known_head: str = "") -> Epoch:
    """After a restore: a new epoch that names the newest head known from before, so that a gap is declared, not hidden.

    `known_head` is the signed note of the newest head kept outside; by default the newest one restored. Raises
    Invalid when it is not a head of this log. The epoch's heads are signed with the key this installation has now: the
    old one is not in a plain backup, and the entry names both.
    """
    actor.require("ledger.epoch")
    if not reason.strip():
        raise Invalid("reason", _("必填"))
    before = Epoch.objects.select_for_update().order_by("-number").first()
    if before is None:
        raise Conflict("the ledger is empty: there is nothing to go on from")
    if known_head:
        try:
            known = notes.read(known_head, *Epochs.load().keys())
        except notes.NoteError as error:
            raise Invalid("known_head", _("本记录簿签名的树头：%(error)s") % {"error": error}) from error
        newest = tree.head()
        if newest is not None and (known.epoch, known.size) < (newest.epoch_id, newest.size):
            raise Invalid("known_head", _("不早于数据库中最新的树头（%(size)s 条）") % {"size": newest.size})
    previous = known_head or getattr(tree.head(), "note", "")
    size = tree.sealed()
    now = timezone.now()
    epoch = Epoch.objects.create(
        number=before.number + 1,
        opened_at=now,
        hash=before.hash,
        key=notes.public_key().pem(),
        size=size,
        previous=previous,
        reason=reason,
    )
    said = {"epoch": epoch.number, "size": size, "previous": previous, "reason": reason, "key": epoch.key}
    said["previous_key"] = before.key or epoch.key
    record(actor, "ledger.epoch_opened", COUNTY, said, at=now)
    return epoch


def seal(limit: int = BATCH) -> int:
    """Seal up to `limit` waiting entries under one new head. Returns how many; 0 when none wait.

    Run by the worker under its lease; the lock on the epoch keeps a command run by hand apart from it.
    """
    if not Unsealed.objects.exists():
        return 0
    with transaction.atomic():
        fence()
        if not Epoch.objects.exists():
            first = {"opened_at": timezone.now(), "hash": settings.CONFIG.ledger_hash, "key": notes.public_key().pem()}
            Epoch.objects.get_or_create(number=1, defaults=first)
        # Whoever comes second waits here, and then reads what the first has sealed.
        epoch = Epoch.objects.select_for_update().order_by("-number")[:1].get()
        if epoch.key and epoch.key != notes.public_key().pem():
            # Restored without its key: heads under two keys in one epoch could not be told from forged ones.
            raise Conflict("the signing key is not that of this epoch; after a restore run `shoutu ledger epoch`")
        waiting = Entry.objects.filter(unsealed__isnull=False).order_by("id")[:limit]
        rows = [(id_, bytes(canonical)) for id_, canonical in waiting.values_list("id", "canonical")]
        if not rows:
            return 0
        size = tree.sealed()
        newest = tree.head()
        if size != (newest.size if newest else 0):
            # Whatever would be sealed on top of it could never be proved.
            raise Conflict("the newest head and the last leaf disagree; run `shoutu ledger verify`, then `repair`")
        h = merkle.hasher(epoch.hash)
        fringe = tree.fetch(merkle.peaks(size))
        made = merkle.append(h, size, fringe, [h.leaf(canonical) for _id, canonical in rows])
        _store(size, [id_ for id_, _canonical in rows], made)
        # Never before the head it follows, though the clock was set back meanwhile: who keeps our heads goes by this.
        at = max(timezone.now(), newest.at) if newest else timezone.now()
        _sign(h, epoch, size + len(rows), at, {**fringe, **made})
    return len(rows)


def _store(size: int, ids: list[int], made: dict[merkle.Name, bytes]) -> None:
    leaves = [(size + place, id_, made[0, size + place]) for place, id_ in enumerate(ids)]
    nodes = [(tree.node_id(name), hash_) for name, hash_ in made.items() if name[0]]
    with connection.cursor() as cursor:
        cursor.executemany('INSERT INTO ledger_leaf ("index", entry_id, hash) VALUES (%s, %s, %s)', leaves)
        if nodes:
            cursor.executemany("INSERT INTO ledger_node (id, hash) VALUES (%s, %s)", nodes)
        cursor.executemany("DELETE FROM ledger_unsealed WHERE entry_id = %s", [(id_,) for id_ in ids])


def _sign(h: merkle.Hasher, epoch: Epoch, size: int, at: datetime, have: dict[merkle.Name, bytes]) -> None:
    root = merkle.fold(h, [have[name] for name in merkle.peaks(size)])
    note = notes.signer().sign(size, root, epoch.number, at, epoch.hash)
    TreeHead.objects.create(epoch=epoch, size=size, at=at, root=root, note=note)


def seal_all(seconds: float = 60.0) -> int:
    """Seal everything that waits, for commands and tests. Returns how many; stops after `seconds`."""
    end, total = time.monotonic() + seconds, 0
    while (count := seal()) and time.monotonic() < end:
        total += count
    return total + count
