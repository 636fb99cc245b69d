"""The tree as it is stored: heads, subtrees, proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.ledger import merkle
from shoutu.county.ledger.models import Entry, Epoch, Leaf, Node, TreeHead

LEVEL = 1 << 48


def node_id(name: merkle.Name) -> int:
    return name[0] * LEVEL + name[1]


def fetch(names: Iterable[merkle.Name]) -> Mapping[merkle.Name, bytes]:
    """Stored subtree hashes by name; two queries."""
    wanted = set(names)
    found: dict[merkle.Name, bytes] = {}
    leaves = [number for level, number in wanted if level == 0]
    if leaves:
        for index, hash_ in Leaf.objects.filter(index__in=leaves).values_list("index", "hash"):
            found[0, index] = bytes(hash_)
    inner = {node_id(name): name for name in wanted if name[0]}
    if inner:
        for id_, hash_ in Node.objects.filter(id__in=list(inner)).values_list("id", "hash"):
            found[inner[id_]] = bytes(hash_)
    if lost := wanted - found.keys():
        level, number = min(lost)
        raise Conflict(f"the ledger's tree lacks subtree {level}/{number}; run `shoutu ledger verify`")
    return found


def head() -> TreeHead | None:
    """The newest signed head; None before the first entry was sealed."""
    return TreeHead.objects.select_related("epoch").order_by("-epoch_id", "-size").first()


def sealed() -> int:
    """How many leaves there are, by the last one's index."""
    last = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def epoch() -> Epoch | None:
    return Epoch.objects.order_by("-number").first()


@dataclass(frozen=True)
class Proof:
    """That an entry is in the log of a signed head. Everything needed to check it offline, but the public key."""

    entry: Entry
    index: int
    head: TreeHead
    path: list[bytes]

    def as_dict(self) -> dict[str, Any]:
        return {
            "format": "shoutu-ledger-proof-1",
            "index": self.index,
            "size": self.head.size,
            "hash": self.head.epoch.hash,
            "entry": bytes(self.entry.canonical).decode(),
            "path": [step.hex() for step in self.path],
            "head": self.head.note,
        }


def prove(entry: Entry) -> Proof:
    """The inclusion proof of an entry in the newest head. Raises Conflict until it is sealed."""
    newest = head()
    leaf = Leaf.objects.filter(entry_id=entry.pk).first()
    if leaf is None or newest is None or leaf.index >= newest.size:
        raise Conflict(_("该记录还没有封存，过几秒再试。"))
    h = merkle.hasher(newest.epoch.hash)
    return Proof(entry, leaf.index, newest, merkle.inclusion_proof(h, leaf.index, newest.size, fetch))


def prove_id(id: int) -> Proof:
    """As `prove`, by the entry's id and for whoever runs commands on the server. Raises NotFound, Conflict."""
    entry = Entry.objects.filter(pk=id).first()
    if entry is None:
        raise NotFound("entry", id)
    return prove(entry)


def prove_consistency(old: int, new: int | None = None) -> tuple[int, int, list[bytes]]:
    """(old, new, proof) that the log of `new` entries (by default the newest head) extends that of `old`."""
    newest = head()
    if newest is None:
        raise Conflict(_("记录簿还是空的。"))
    new = newest.size if new is None else new
    if not 0 < old <= new <= newest.size:
        raise Invalid("old", _("1 到 %(size)s 之间，且不大于 new") % {"size": newest.size})
    return old, new, merkle.consistency_proof(merkle.hasher(newest.epoch.hash), old, new, fetch)
