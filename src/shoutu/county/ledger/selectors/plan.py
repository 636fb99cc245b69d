"""What must be put right in a damaged ledger, and what cannot be: read only, nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from shoutu.county.ledger import notes
from shoutu.county.ledger.models import Leaf, TreeHead, Unsealed
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.copy import Copy
from shoutu.county.ledger.selectors.epochs import Epochs
from shoutu.county.ledger.selectors.recovery import Place, Sources, Stretch, stored_nodes, stretches, wanted_nodes
from shoutu.county.ledger.selectors.rows import as_stored, columns_of, entry_rows, stored_moment, wrong_column
from shoutu.county.ledger.selectors.walk import stray_nodes
from shoutu.ledger_keys import PublicKey


@dataclass
class Row:
    """An entry's row to be written; `pk` None: anew, the database gives it one."""

    pk: int | None
    content: bytes
    exists: bool


@dataclass(frozen=True)
class Done:
    """One thing put right: what it is, which one, and what of it differed."""

    what: str
    which: str
    differs: str

    def __str__(self) -> str:
        return f"[{self.what}] {self.which}: {self.differs}"


@dataclass
class Plan:
    """`refused` are damages that no signed head and no copy settle; they stay as they are, named."""

    size: int = 0
    head: notes.Head | None = None
    rows: list[Row] = field(default_factory=list)
    leaves: list[tuple[int, bytes, Row]] = field(default_factory=list)
    drop_leaves: list[int] = field(default_factory=list)
    nodes: dict[int, bytes] = field(default_factory=dict)
    drop_nodes: list[int] = field(default_factory=list)
    heads: list[tuple[int | None, notes.Head, str]] = field(default_factory=list)
    epochs: dict[int, dict[str, Any]] = field(default_factory=dict)
    drop_epochs: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    refused: list[Done] = field(default_factory=list)


def make_plan(copy: Copy | None, trusted: list[PublicKey]) -> Plan:
    """Compare everything with what the signed heads prove. `trusted`: keys whose heads count (default: our own)."""
    plan = Plan()
    with as_stored():
        # Leaves before heads: both are committed together, so a leaf without a head is a stray one.
        last = tree.sealed()
        sources = Sources.gather(copy, trusted or _own_keys())
        for stretch in stretches(sources):
            if stretch.proved:
                _leaves(plan, sources, stretch)
                _nodes(plan, stretch)
                plan.size = stretch.start + len(stretch.places)
            else:
                _unproved(plan, stretch)
        _heads(plan, sources)
        _strays(plan, last)
        _epochs(plan, sources)
        plan.queue = list(Unsealed.objects.filter(entry__leaf__index__lt=plan.size).values_list("pk", flat=True))
        plan.done += [Done("queue", str(pk), _("已经封存，却仍在待封存之列")) for pk in plan.queue]
    return plan


def _own_keys() -> list[PublicKey]:
    return Epochs.load().keys()


def _leaves(plan: Plan, sources: Sources, stretch: Stretch) -> None:
    for place in stretch.places:
        which = _("第 %(index)s 条") % {"index": place.index}
        entry = place.entry
        if entry is not None and sources.h.leaf(entry.canonical) == place.leaf:
            row = Row(entry.pk, entry.canonical, True)
            if column := wrong_column(entry):
                plan.rows.append(row)
                plan.done.append(Done("entry", f"{which} ({entry.pk})", column))
        elif place.content is None:
            plan.refused.append(Done("entry", which, _("没有一份副本还保存着封存时的内容；换一份导出再试")))
            continue
        else:
            row = _row_of(plan, sources, place, which)
        if place.stored != (place.leaf, row.pk):
            plan.leaves.append((place.index, place.leaf, row))
            wrong = "hash" if place.stored and place.stored[1] == row.pk else "entry" if place.stored else _("缺失")
            plan.done.append(Done("leaf", which, wrong))


def _row_of(plan: Plan, sources: Sources, place: Place, which: str) -> Row:
    """The row that must hold these bytes: one that does, the one of that name, the damaged one, or a new one."""
    assert place.content is not None
    said = columns_of(place.content)
    uid = said["uid"] if said else ""
    for found in entry_rows(uid=uid).values():
        good = found.canonical == place.content
        row = Row(found.pk, place.content, True)
        if not good or wrong_column(found):
            plan.rows.append(row)
            plan.done.append(Done("entry", f"{which} ({found.pk})", wrong_column(found) or "canonical"))
        return row
    damaged = place.entry
    if damaged is not None and not Leaf.objects.filter(hash=sources.h.leaf(damaged.canonical)).exists():
        row = Row(damaged.pk, place.content, True)
        plan.done.append(Done("entry", f"{which} ({damaged.pk})", wrong_column(damaged) or "canonical"))
    else:
        free = place.stored[1] if place.stored and damaged is None else None
        row = Row(free, place.content, False)
        plan.done.append(Done("entry", which, _("缺失")))
    plan.rows.append(row)
    return row


def _nodes(plan: Plan, stretch: Stretch) -> None:
    stored = stored_nodes(stretch.start, stretch.start + len(stretch.places))
    for node_id, hash_ in wanted_nodes(stretch).items():
        if stored.get(node_id) != hash_:
            plan.nodes[node_id] = hash_
            differs = "hash" if node_id in stored else _("缺失")
            plan.done.append(Done("node", f"{node_id >> 48}/{node_id & (1 << 48) - 1}", differs))


def _unproved(plan: Plan, stretch: Stretch) -> None:
    first, last = stretch.places[0].index, stretch.places[-1].index
    which = _("第 %(first)s—%(last)s 条") % {"first": first, "last": last}
    plan.refused.append(Done("entry", which, _("没有一种组合能得到已签名的树头；换一份导出，或从备份恢复")))


def _strays(plan: Plan, last: int) -> None:
    """Leaves and subtrees beyond every head there is.

    A leaf goes only when the entry it holds is proved to stand elsewhere: nothing that could be the one trace of an
    order is ever thrown away.
    """
    newest = TreeHead.objects.aggregate(newest=Max("size"))["newest"] or 0
    if not plan.size or plan.size < newest or plan.refused:
        return
    beyond = Leaf.objects.filter(Q(index__gte=plan.size, index__lt=last) | Q(index__lt=0))
    placed = {row.pk for _index, _leaf, row in plan.leaves}
    for index, entry in beyond.values_list("index", "entry_id"):
        kept = Leaf.objects.filter(entry_id=entry, index__gte=0, index__lt=plan.size).exists()
        which = _("第 %(index)s 条") % {"index": index}
        if entry in placed or kept:
            plan.drop_leaves.append(index)
            plan.done.append(Done("leaf", which, _("多余：没有树头包含它")))
        else:
            plan.refused.append(Done("leaf", which, _("没有树头包含它，也没有别的位置属于它")))
    plan.drop_nodes = stray_nodes(plan.size if plan.drop_leaves else max(plan.size, tree.sealed()))
    plan.done += [Done("node", f"{id_ >> 48}/{id_ & (1 << 48) - 1}", _("多余")) for id_ in plan.drop_nodes]


def _heads(plan: Plan, sources: Sources) -> None:
    """Rows whose signed text is good get its columns; rows whose text is not get the text of the copy's head."""
    good = {key: pair for key, pair in sources.heads.items() if pair[0].size <= plan.size}
    if good:
        plan.head = good[max(good)][0]
    seen: set[tuple[int, int]] = set()
    bad: list[tuple[int, int, int]] = []
    rows = TreeHead.objects.annotate(at_text=Cast("at", TextField())).order_by("pk")
    texts = {text: key for key, (_head, text) in sources.heads.items()}
    for pk, epoch, size, root, at, note in rows.values_list("pk", "epoch_id", "size", "root", "at_text", "note"):
        key = texts.get(note)
        if key is None or key in seen:
            bad.append((pk, epoch, size))
            continue
        seen.add(key)
        head = sources.heads[key][0]
        if key in good and (epoch, size, bytes(root), stored_moment(at)) != (*key, head.root, head.time):
            plan.heads.append((pk, head, note))
            plan.done.append(Done("head", f"{epoch}/{size}", _("数据库各列与签名内容不符")))
    lacking = {key: good[key] for key in good.keys() - seen}
    for pk, epoch, size in bad:
        if (pair := lacking.pop((epoch, size), None)) is None:
            plan.refused.append(Done("head", f"{epoch}/{size}", _("签名无效，也没有副本")))
            continue
        plan.heads.append((pk, *pair))
        plan.done.append(Done("head", f"{epoch}/{size}", "note"))
    for (epoch, size), pair in sorted(lacking.items()):
        plan.heads.append((None, *pair))
        plan.done.append(Done("head", f"{epoch}/{size}", _("缺失")))


def _epochs(plan: Plan, sources: Sources) -> None:
    """An epoch's row from the entry that opened it, its hash from its heads, its key by the name in them."""
    known = Epochs.load()
    expected = known.expected()
    by_origin = {notes.origin(key): key.pem() for key in _keys(known, sources)}
    for head, _text in sources.heads.values():
        if head.size <= plan.size and head.epoch in expected:
            expected[head.epoch] |= {"hash": head.hash}
            if known.rows.get(head.epoch, {}).get("key", "x") and head.origin in by_origin:
                expected[head.epoch]["key"] = by_origin[head.origin]
    for number, fields in expected.items():
        row = known.rows.get(number)
        wrong = [name for name, value in fields.items() if row is None or row.get(name) != value]
        if wrong:
            plan.epochs[number] = {**(row or {}), **fields, "exists": row is not None}
            plan.done.append(Done("epoch", str(number), ", ".join(wrong) if row else _("缺失")))
    newest = max(known.rows, default=0)
    for number in sorted(known.rows.keys() - expected.keys()):
        # One that was just opened has its entry still unsealed.
        if number != len(known.rows) or number != newest:
            plan.drop_epochs.append(number)
            plan.done.append(Done("epoch", str(number), _("多余")))


def _keys(known: Epochs, sources: Sources) -> Iterator[PublicKey]:
    yield from known.keys()
    for pem in sources.copy.keys() if sources.copy else []:
        with suppress(notes.NoteError):
            yield notes.public_key(pem)


def head_time(head: notes.Head) -> datetime:
    return datetime.fromisoformat(head.time)


def columns(content: bytes) -> dict[str, Any]:
    """An entry row's values from its bytes."""
    said = columns_of(content)
    if said is None:
        raise ValueError("these bytes are no entry")
    return {**said, "at": datetime.fromisoformat(said["at"]), "canonical": content}
