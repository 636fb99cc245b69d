"""核对 asked for by a person: the worker walks the whole record now, also against a head they kept elsewhere.

What was asked stands in one row (a `Beat`): a worker that ends in the middle leaves it to the next, which begins anew.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import steps
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.models import Beat
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger import notes
from shoutu.county.ledger.said import packed
from shoutu.county.ledger.selectors.epochs import Epochs
from shoutu.county.ledger.selectors.overview import ASKED, CHECK, OPEN, asked_check
from shoutu.county.ledger.selectors.report import Report
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.services.record import record, service

SHOWN = 20
"""So many findings are kept; all are counted."""


def keep(report: Report) -> None:
    """What the last whole check found, for the ledger's page and its alarm."""
    steps.beat(CHECK, detail=_told(report))


def _told(report: Report) -> dict[str, Any]:
    found = [finding.packed() for finding in report.findings[:SHOWN]]
    return {"size": report.size, "count": len(report.findings), "findings": found}


def ask(actor: Actor, head: str = "") -> None:
    """Ask for a check of everything, against `head` too, a note as `shoutu ledger head` prints it.

    Raises NotAllowed; Invalid for what is no head, or was changed; Conflict for one whose key is not among this
    ledger's now, and while a check is under way.
    """
    actor.require("ledger.check")
    named = ""
    if head.strip():
        head = head.replace("\r\n", "\n").strip() + "\n"
        try:
            kept = notes.read(head, *Epochs.load().keys())
        except notes.OtherKey as error:
            words = _(
                "签这份树头的密钥不在本县账本现在的密钥之列：是换密钥以前的，或是别的账本的。"
                "用当时一起存下的公钥，在服务器上运行 shoutu ledger verify --head 树头 --key 公钥 核对。"
            )
            raise Conflict(words) from error
        except notes.NoteError as error:
            raise Invalid("head", _("本县账本签过的树头：当时存下的 .note 文件，一字不改")) from error
        named = f"{kept.epoch}/{kept.size}"
    _ask(actor, head, named)


@service
def _ask(actor: Actor, head: str, named: str) -> None:
    Beat.objects.get_or_create(name=ASKED, defaults={"at": timezone.now()})
    row = Beat.objects.select_for_update(no_key=True).get(name=ASKED)
    if row.detail.get("state") == OPEN:
        raise Conflict(_("已经在核对，等它做完。"))
    # A head the record contradicted is checked against again: asked for without it, the contradiction would be gone.
    odd = bool(row.detail.get("count"))
    against = list(dict.fromkeys([*row.detail.get("against", []), row.detail.get("note", "")])) if odd else []
    told = {"against": [one for one in against if one], "before": _found(row.detail) if odd else {}}
    now = timezone.now().isoformat()
    steps.beat(ASKED, detail={"state": OPEN, "by": actor.label, "asked_at": now, "head": named, "note": head, **told})
    record(actor, "ledger.check_asked", COUNTY, {"head": named} if named else {})


def _found(detail: dict[str, Any]) -> dict[str, Any]:
    return {name: detail[name] for name in ("count", "findings")}


def work() -> None:
    """Do what was asked, if anything was. Takes as long as the ledger is long."""
    now = asked_check()
    if now is not None and now["state"] == OPEN:
        outside = dict.fromkeys([now["note"], *now.get("against", [])])
        _done(now, verify([note for note in outside if note]))


@service
def _done(now: dict[str, Any], report: Report) -> None:
    steps.fence()
    told, ended = _told(report), timezone.now().isoformat()
    covered = {"covered": report.covered, "verdict": [packed(one) for one in report.verdicts()]}
    steps.beat(ASKED, detail={**now, **told, **covered, "state": "done", "ended_at": ended})
    keep(report)
    told.pop("findings")  # the entry counts them; their words are kept above
    record(system("核对"), "ledger.checked", COUNTY, {**told, "head": now["head"], "asked_by": now["by"]})
