"""What a check of the ledger found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shoutu.county.ledger.models import Personal
from shoutu.county.ledger.said import packed, unpacked
from shoutu.county.ledger.said import said as _
from shoutu.county.ledger.selectors.rows import EntryRow, personal_fields


@dataclass(frozen=True)
class Claim:
    """A head: ours or one kept elsewhere."""

    size: int
    root: bytes
    name: str
    outside: bool
    hash: str = "sha256"


@dataclass(frozen=True)
class Finding:
    """`where` names the thing. `kind`: entry, leaf, node, order, head, tail, epoch, queue, trigger, personal, access,
    outside.
    """

    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.where}: {self.message}"

    def packed(self) -> dict[str, Any]:
        return {"kind": self.kind, "where": packed(self.where), "message": packed(self.message)}


def line_of(kept: Any) -> str:
    """A finding kept by `Finding.packed` in the reader's language; of an older version, the line it kept."""
    if isinstance(kept, str):
        return kept
    return str(Finding(kept["kind"], unpacked(kept["where"]), unpacked(kept["message"])))


@dataclass
class Report:
    """What was found. `size` entries were walked; `covered` of them stand under a head kept elsewhere."""

    size: int = 0
    heads: int = 0
    unsealed: int = 0
    covered: int = 0
    outside: int = 0
    findings: list[Finding] = field(default_factory=list)
    # What restores have declared as lost: no finding, and never left out of the verdict.
    declared: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def add(self, kind: str, where: str, message: str) -> None:
        self.findings.append(Finding(kind, where, message))

    def personal(self, rows: Iterable[EntryRow]) -> None:
        """Personal values that the records name must be there, or have been erased with their row kept."""
        if named := personal_fields(rows):
            kept = Personal.objects.filter(entry__in={pk for pk, _field in named}).values_list("entry_id", "field")
            for pk, name in sorted(named - set(kept)):
                where = _("记录 %(id)s 的“%(field)s”") % {"id": pk, "field": name}
                self.add("personal", where, _("这一项个人信息不见了，也没有删除它的记录"))

    def verdict(self) -> str:
        """One honest sentence, and what was declared as lost."""
        return "；".join(self.verdicts())

    def verdicts(self) -> list[str]:
        return [self._verdict(), *self.declared]

    def _verdict(self) -> str:
        if not self.ok:
            return _("发现 %(count)s 处不一致") % {"count": len(self.findings)}
        if self.outside:
            return _("前后一致：共 %(size)s 条；外部保存的树头覆盖到第 %(covered)s 条") % {
                "size": self.size,
                "covered": self.covered,
            }
        return _("前后一致，截至第 %(size)s 条；没有外部保存的树头，不能排除尾部被截断") % {"size": self.size}
