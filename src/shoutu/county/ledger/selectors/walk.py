"""Leaf by leaf through the log, rebuilding the tree beside the stored one."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Q

from shoutu.county.ledger import merkle
from shoutu.county.ledger.models import Leaf, Node, TreeHead
from shoutu.county.ledger.said import said as _
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.report import Claim, Report
from shoutu.county.ledger.selectors.rows import entry_rows, wrong_column

CHUNK = 900


class Walk:
    """Leaf by leaf through the log, rebuilding the tree beside the stored one."""

    def __init__(self, report: Report, h: merkle.Hasher, claims: list[Claim]) -> None:
        self.report, self.h, self.claims = report, h, claims
        self.fringe: dict[merkle.Name, bytes] = {}
        self.next_claim = 0
        # Stored leaf hash → index, and content hash → index, of entries that do not fit: a swap shows in both.
        self.stray: dict[bytes, int] = {}
        self.misfits: list[tuple[int, int, bytes, bytes]] = []

    def run(self, end: int) -> None:
        """Through the first `end` leaves: what is sealed meanwhile is left for the next time."""
        size = 0
        while True:
            leaves = Leaf.objects.filter(index__gte=size, index__lt=end).order_by("index")
            rows = list(leaves.values_list("index", "hash", "entry_id")[:CHUNK])
            if not rows:
                break
            size = self._chunk(size, rows)
        self.report.size = size
        self._name_misfits()
        self._strays(end)
        for claim in self.claims[self.next_claim :]:
            missing = claim.size - size
            kind = "outside" if claim.outside else "tail"
            message = _("树头有 %(head)s 条，这里只有 %(size)s 条：最后 %(missing)s 条已被截去")
            self.report.add(kind, claim.name, message % {"head": claim.size, "size": size, "missing": missing})

    def _chunk(self, size: int, rows: list[Any]) -> int:
        """One chunk of leaves starting at `size`; the size after it."""
        entries = entry_rows(pk__in=[row[2] for row in rows])
        self.report.personal(entries.values())
        leaves: list[bytes] = []
        for index, stored, entry_id in rows:
            self._gap(size + len(leaves), index, leaves)
            stored, entry = bytes(stored), entries.get(entry_id)
            if entry is None:
                where = _("叶子 %(index)s（记录 %(id)s）") % {"index": index, "id": entry_id}
                self.report.add("leaf", where, _("指向的记录不存在"))
                leaves.append(stored)
                continue
            content = self.h.leaf(entry.canonical)
            if stored != content:
                self.misfits.append((index, entry_id, stored, content))
                self.stray[stored] = index
            elif column := wrong_column(entry):
                where = _("记录 %(id)s（第 %(index)s 条）") % {"id": entry_id, "index": index}
                self.report.add("entry", where, _("“%(column)s”一列与封存内容不符") % {"column": column})
            leaves.append(stored)
        end = size + len(leaves)
        stored_nodes = {
            node_id: bytes(hash_)
            for low, high in self.node_ranges(size, end)
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

    def _gap(self, first: int, after: int, leaves: list[bytes]) -> None:
        if first < after:
            where = str(first) if after == first + 1 else f"{first}—{after - 1}"
            self.report.add("leaf", where, _("缺少这一片叶子"))
            leaves += [bytes(32)] * (after - first)

    @staticmethod
    def node_ranges(size: int, end: int) -> list[tuple[int, int]]:
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

    def _strays(self, end: int) -> None:
        """Leaves under no head, and subtrees where none can be yet: the next to be sealed would collide with them."""
        newest = max(end, TreeHead.objects.aggregate(newest=Max("size"))["newest"] or 0)
        beyond = Leaf.objects.filter(Q(index__gte=newest) | Q(index__lt=0)).order_by("index")
        for index in beyond.values_list("index", flat=True)[:100]:
            self.report.add("leaf", str(index), _("没有已签名的树头包含这片叶子"))
        for node_id in stray_nodes(newest):
            name = {"level": node_id >> 48, "number": node_id & (1 << 48) - 1}
            self.report.add("node", _("子树 %(level)s/%(number)s") % name, _("多余：它的叶子还不存在"))

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


def stray_nodes(size: int) -> list[int]:
    """Ids of stored subtrees that a tree of `size` leaves cannot have; up to 1000."""
    levels = range(1, size.bit_length() + 1)
    wrong = Q(id__lt=tree.node_id((1, 0))) | Q(id__gte=tree.node_id((size.bit_length() + 1, 0)))
    for level in levels:
        wrong |= Q(id__gte=tree.node_id((level, size >> level)), id__lt=tree.node_id((level + 1, 0)))
    return list(Node.objects.filter(wrong).order_by("id").values_list("id", flat=True)[:1000])
