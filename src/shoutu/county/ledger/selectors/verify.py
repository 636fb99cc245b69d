"""Walks the whole ledger and names everything that is not as it was written.

The order of trust: a head kept elsewhere, then our own signed heads, then stored subtrees, leaves, entries. What a
higher one contradicts in a lower one is the finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.ledger import merkle, notes
from shoutu.county.ledger.models import Entry, Leaf, Node, TreeHead
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.columns import wrong_column
from shoutu.county.ledger.selectors.side import access_findings, personal_findings

CHUNK = 1024


@dataclass(frozen=True)
class Finding:
    """`kind`: entry, leaf, node, order, head, tail, queue, personal, access, outside. `where` names the thing."""

    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.where}: {self.message}"


@dataclass
class Report:
    """What was found. `size` entries were walked; `covered` of them stand under a head kept elsewhere."""

    size: int = 0
    heads: int = 0
    unsealed: int = 0
    covered: int = 0
    outside: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def add(self, kind: str, where: str, message: str) -> None:
        self.findings.append(Finding(kind, where, message))

    def verdict(self) -> str:
        """One honest sentence."""
        if not self.ok:
            return _("发现 %(count)s 处不一致") % {"count": len(self.findings)}
        if self.outside:
            return _("前后一致：共 %(size)s 条；外部保存的树头覆盖到第 %(covered)s 条") % {
                "size": self.size,
                "covered": self.covered,
            }
        return _("前后一致，截至第 %(size)s 条；没有外部保存的树头，不能排除尾部被截断") % {"size": self.size}


def verify(outside: Iterable[str] = ()) -> Report:
    """Check everything: entries, leaves, subtrees, signed heads, side tables, and heads kept elsewhere (`outside`).

    Reads the whole ledger once, in chunks; memory does not grow with it (but for what it finds).
    """
    report = Report()
    claims = _claims(report, outside)
    epoch = tree.epoch()
    if epoch is None:
        if any(claim.size for claim in claims):
            report.add("tail", "0", _("记录簿是空的，但是存在已签名的树头"))
    else:
        _Walk(report, merkle.hasher(epoch.hash), claims).run()
    _queue(report)
    for kind, where, message in (*personal_findings(), *access_findings()):
        report.add(kind, where, message)
    return report


@dataclass(frozen=True)
class _Claim:
    """A head: ours or one kept elsewhere."""

    size: int
    root: bytes
    name: str
    outside: bool


def _claims(report: Report, outside: Iterable[str]) -> list[_Claim]:
    claims: list[_Claim] = []
    public = notes.public_key()
    for row in TreeHead.objects.select_related("epoch").order_by("size", "epoch_id"):
        report.heads += 1
        name = _("树头 %(epoch)s/%(size)s") % {"epoch": row.epoch_id, "size": row.size}
        try:
            head = notes.read(row.note, public)
        except notes.NoteError as error:
            report.add("head", name, str(error))
            continue
        if (head.size, head.root, head.epoch, head.hash) != (
            row.size,
            bytes(row.root),
            row.epoch_id,
            row.epoch.hash,
        ):
            report.add("head", name, _("数据库各列与签名内容不符"))
        claims.append(_Claim(head.size, head.root, name, False))
    for number, note in enumerate(outside, 1):
        name = _("外部树头 %(number)s") % {"number": number}
        try:
            head = notes.read(note, public)
        except notes.NoteError as error:
            report.add("outside", name, str(error))
            continue
        report.outside += 1
        claims.append(_Claim(head.size, head.root, f"{name}（{head.epoch}/{head.size}，{head.time}）", True))
    return sorted(claims, key=lambda claim: claim.size)


class _Walk:
    """Leaf by leaf through the log, rebuilding the tree beside the stored one."""

    def __init__(self, report: Report, h: merkle.Hasher, claims: list[_Claim]) -> None:
        self.report, self.h, self.claims = report, h, claims
        self.fringe: dict[merkle.Name, bytes] = {}
        self.next_claim = 0
        # Stored leaf hash → index, and content hash → index, of entries that do not fit: a swap shows in both.
        self.stray: dict[bytes, int] = {}
        self.misfits: list[tuple[int, int, bytes, bytes]] = []

    def run(self) -> None:
        size = 0
        while True:
            rows = list(
                Leaf.objects.filter(index__gte=size)
                .order_by("index")
                .values_list("index", "hash", "entry_id", "entry__canonical")[:CHUNK]
            )
            if not rows:
                break
            size = self._chunk(size, rows)
        self.report.size = size
        self._name_misfits()
        for claim in self.claims[self.next_claim :]:
            missing = claim.size - size
            kind = "outside" if claim.outside else "tail"
            message = _("树头有 %(head)s 条，这里只有 %(size)s 条：最后 %(missing)s 条已被截去")
            self.report.add(kind, claim.name, message % {"head": claim.size, "size": size, "missing": missing})
        if size and (not self.claims or max(c.size for c in self.claims if not c.outside) < size):
            self.report.add("head", str(size), _("最后若干条没有已签名的树头"))

    def _chunk(self, size: int, rows: list[Any]) -> int:
        """One chunk of leaves starting at `size`; the size after it."""
        entries = {e.pk: e for e in Entry.objects.filter(pk__in=[row[2] for row in rows])}
        leaves: list[bytes] = []
        for index, stored, entry_id, canonical in rows:
            while size + len(leaves) < index:
                self.report.add("leaf", str(size + len(leaves)), _("缺少这一片叶子"))
                leaves.append(bytes(32))
            stored, content = bytes(stored), self.h.leaf(bytes(canonical))
            if stored != content:
                self.misfits.append((index, entry_id, stored, content))
                self.stray[stored] = index
            elif column := wrong_column(entries[entry_id]):
                where = _("记录 %(id)s（第 %(index)s 条）") % {"id": entry_id, "index": index}
                self.report.add("entry", where, _("“%(column)s”一列与封存内容不符") % {"column": column})
            leaves.append(stored)
        end = size + len(leaves)
        stored_nodes = {
            node_id: bytes(hash_)
            for low, high in self._node_ranges(size, end)
            for node_id, hash_ in Node.objects.filter(id__gte=low, id__lt=high).values_list("id", "hash")
        }
        made = merkle.append(self.h, size, self.fringe, leaves)
        if self._repair(size, leaves, made, stored_nodes):
            made = merkle.append(self.h, size, self.fringe, leaves)
        self._compare_nodes(made, stored_nodes)
        self._compare_claims(size, end, made)
        have = {**self.fringe, **made}
        self.fringe = {name: have[name] for name in merkle.peaks(end)}
        return end

    @staticmethod
    def _node_ranges(size: int, end: int) -> list[tuple[int, int]]:
        return [
            (tree.node_id((level, size >> level)), tree.node_id((level, end >> level)))
            for level in range(1, end.bit_length() + 1)
            if end >> level > size >> level
        ]

    def _repair(self, size: int, leaves: list[bytes], made: Any, stored: dict[int, bytes]) -> bool:
        """Where a stored leaf and its entry disagree, the subtree above says which of the two was changed."""
        changed = False
        for place, (index, entry_id, leaf, content) in reversed(list(enumerate(self.misfits))):
            if index < size:
                break
            pair = stored.get(tree.node_id((1, index >> 1)))
            sibling = made.get((0, index ^ 1), self.fringe.get((0, index ^ 1)))
            if pair is None or sibling is None:
                continue
            order = (content, sibling) if index % 2 == 0 else (sibling, content)
            if self.h.node(*order) == pair:
                leaves[index - size] = content
                del self.misfits[place], self.stray[leaf]
                where = _("叶子 %(index)s（记录 %(id)s）") % {"index": index, "id": entry_id}
                self.report.add("leaf", where, _("叶子的哈希被改动，记录内容本身完好"))
                changed = True
        return changed

    def _compare_nodes(self, made: dict[merkle.Name, bytes], stored: dict[int, bytes]) -> None:
        for name, hash_ in made.items():
            level, number = name
            if level and stored.get(tree.node_id(name)) != hash_:
                first, last = number << level, (number + 1 << level) - 1
                where = _("子树 %(level)s/%(number)s（第 %(first)s—%(last)s 条）") % {
                    "level": level, "number": number, "first": first, "last": last,
                }  # fmt: skip
                there = tree.node_id(name) in stored
                self.report.add("node", where, _("存储的哈希与其叶子不符") if there else _("缺少这一子树的哈希"))

    def _compare_claims(self, size: int, end: int, made: dict[merkle.Name, bytes]) -> None:
        have = {**self.fringe, **made}
        while self.next_claim < len(self.claims) and self.claims[self.next_claim].size <= end:
            claim = self.claims[self.next_claim]
            self.next_claim += 1
            root = merkle.fold(self.h, [have[name] for name in merkle.peaks(claim.size)])
            if root != claim.root:
                message = _("前 %(size)s 条与该树头不符：封存之后历史被改写")
                kind = "outside" if claim.outside else "head"
                self.report.add(kind, claim.name, message % {"size": claim.size})
            elif claim.outside:
                self.report.covered = max(self.report.covered, claim.size)

    def _name_misfits(self) -> None:
        for index, entry_id, _stored, content in self.misfits:
            where = _("记录 %(id)s（第 %(index)s 条）") % {"id": entry_id, "index": index}
            other = self.stray.get(content)
            if other is not None and other != index:
                self.report.add("order", where, _("位置被调换：它封存时是第 %(other)s 条") % {"other": other})
            else:
                self.report.add("entry", where, _("内容在封存之后被改动"))


def _queue(report: Report) -> None:
    """Entries without a leaf must wait in the sealer's queue; otherwise somebody has kept them out of the tree."""
    waiting = Entry.objects.filter(leaf__isnull=True)
    report.unsealed = waiting.filter(unsealed__isnull=False).count()
    for entry in waiting.filter(unsealed__isnull=True)[:100]:
        where = _("记录 %(id)s") % {"id": entry.pk}
        report.add("queue", where, _("既没有封存，也不在待封存之列"))
    for entry in waiting.filter(unsealed__isnull=False)[:10_000]:
        if column := wrong_column(entry):
            where = _("记录 %(id)s") % {"id": entry.pk}
            report.add("entry", where, _("“%(column)s”一列与记录内容不符") % {"column": column})
