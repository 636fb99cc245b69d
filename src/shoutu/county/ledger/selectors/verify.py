"""Walks the whole ledger and names everything that is not as it was written.

The order of trust: a head kept elsewhere, then our own signed heads, then stored subtrees, leaves, entries. What a
higher one contradicts in a lower one is the finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from shoutu.county.ledger import merkle, notes, triggers
from shoutu.county.ledger.models import Entry, Leaf, TreeHead, Unsealed
from shoutu.county.ledger.said import said as _
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.epochs import Epochs
from shoutu.county.ledger.selectors.report import Claim, Report
from shoutu.county.ledger.selectors.rows import as_stored, entry_rows, stored_moment, wrong_column
from shoutu.county.ledger.selectors.side import access_findings, personal_findings
from shoutu.county.ledger.selectors.walk import Walk
from shoutu.ledger_keys import PublicKey


def verify(outside: Iterable[str] = (), trusted: Sequence[PublicKey] = ()) -> Report:
    """Check everything: entries, leaves, subtrees, signed heads, epochs, side tables, triggers, and `outside` heads.

    `outside` are notes kept elsewhere; `trusted` the public keys kept elsewhere (default: those this installation
    names, which proves less). Reads the whole ledger once, in chunks; memory does not grow with it (but for what it
    finds).
    """
    report = Report()
    with as_stored():
        epochs = Epochs.load()
        claims = _claims(report, epochs, outside, trusted)
        own = [claim for claim in claims if not claim.outside]
        for name, message in epochs.findings():
            report.add("epoch", name, message)
        if own or tree.sealed():
            end = own[-1].size if own else Leaf.objects.count()
            algorithm = own[-1].hash if own else epochs.hash
            Walk(report, merkle.hasher(algorithm), claims).run(end)
        elif claims:
            report.add("tail", "0", _("记录簿是空的，但是存在已签名的树头"))
        _queue(report)
        report.declared += epochs.declared()
        for kind, where, message in (*personal_findings(), *access_findings()):
            report.add(kind, where, message)
        for trigger in triggers.missing(connection):
            report.add("trigger", trigger, _("数据库中拒绝修改的触发器被拿掉了"))
    return report


def _claims(report: Report, epochs: Epochs, outside: Iterable[str], trusted: Sequence[PublicKey]) -> list[Claim]:
    claims: list[Claim] = []
    keys = list(trusted) or epochs.keys()
    rows = TreeHead.objects.annotate(at_text=Cast("at", TextField())).order_by("size", "epoch_id")
    for epoch, size, root, at, note in rows.values_list("epoch_id", "size", "root", "at_text", "note"):
        report.heads += 1
        name = _("树头 %(epoch)s/%(size)s") % {"epoch": epoch, "size": size}
        try:
            head = notes.read(note, *keys)
        except notes.NoteError as error:
            report.add("head", name, str(error))
            continue
        said = (head.size, head.root, head.epoch, head.time)
        if said != (size, bytes(root), epoch, stored_moment(at)) or not epochs.fits(head):
            report.add("head", name, _("数据库各列与签名内容不符"))
        claims.append(Claim(head.size, head.root, name, False, head.hash))
    for number, note in enumerate(outside, 1):
        name = _("外部树头 %(number)s") % {"number": number}
        try:
            head = notes.read(note, *keys)
        except notes.NoteError as error:
            report.add("outside", name, str(error))
            continue
        told = {"number": number, "epoch": head.epoch, "size": head.size, "at": head.time}
        name = _("外部树头 %(number)s（%(epoch)s/%(size)s，%(at)s）") % told
        if lost := epochs.lost(head):
            message = _("%(name)s：其中 %(lost)s 条在从备份恢复时已声明遗失，因此不能作证")
            report.declared.append(message % {"name": name, "lost": lost})
            continue
        report.outside += 1
        claims.append(Claim(head.size, head.root, name, True, head.hash))
    return sorted(claims, key=lambda claim: claim.size)


def _queue(report: Report) -> None:
    """Entries without a leaf must wait in the sealer's queue; otherwise somebody has kept them out of the tree."""
    waiting = Entry.objects.filter(leaf__isnull=True)
    report.unsealed = waiting.filter(unsealed__isnull=False).count()
    for pk in waiting.filter(unsealed__isnull=True).values_list("pk", flat=True)[:100]:
        where = _("记录 %(id)s") % {"id": pk}
        report.add("queue", where, _("既没有封存，也不在待封存之列"))
    for pk in Unsealed.objects.filter(entry__leaf__isnull=False).values_list("pk", flat=True)[:100]:
        report.add("queue", _("记录 %(id)s") % {"id": pk}, _("已经封存，却仍在待封存之列"))
    ids = list(waiting.filter(unsealed__isnull=False).order_by("pk").values_list("pk", flat=True)[:10_000])
    for row in (
        row for start in range(0, len(ids), 900) for row in entry_rows(pk__in=ids[start : start + 900]).values()
    ):
        report.personal([row])
        if column := wrong_column(row):
            where = _("记录 %(id)s") % {"id": row.pk}
            report.add("entry", where, _("“%(column)s”一列与记录内容不符") % {"column": column})
