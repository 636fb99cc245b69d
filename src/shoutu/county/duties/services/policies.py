"""A response pack changed on disk holds once two persons agreed (design §9): who is called how fast hangs on it.

What is found first is taken down as agreed to. Every other text is proposed by the county itself: one person takes it
up and says why, another agrees; until then people are called by the text agreed to before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties import policies
from shoutu.county.duties.models import PolicyText
from shoutu.county.duties.selectors import policies as selectors
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal, ProposalState

MOST = 200
"""Lines of differences one proposal shows."""


def look() -> None:
    """Hold what is on disk against what was agreed to; ask for two persons where it differs."""
    failed: Exception | None = None
    for source in policies.sources():
        try:
            texts, wrong = source.on_disk()
            held = selectors.standing(source.kind)
            # A file that cannot be read asks nothing and is not what was ever agreed to: told until it is mended.
            if wrong:
                continue
            if held is None:
                _take(source, texts)
            else:
                _compare(source, texts, held)
        except Exception as error:  # one pack's trouble keeps nobody from looking at the other
            failed = failed or error
    if failed is not None:
        raise failed


def _compare(source: policies.Source[Any], texts: policies.Texts, held: PolicyText) -> None:
    waiting = Proposal.objects.filter(key=_key(source.kind), state=ProposalState.WAITING).first()
    if texts.digest == held.digest:
        if waiting is not None:
            proposals.reject(SYSTEM, waiting, _("文件已改回同意过的样子"))
        return
    if waiting is not None:
        if (waiting.payload["digest"], waiting.payload["was"]) == (texts.digest, held.digest):
            return
        proposals.reject(SYSTEM, waiting, _("文件又改过，照现在的重新提"))
    if not selectors.refused(source.kind, texts.digest, held.digest):
        _ask(source, texts, held)


def waiting() -> Iterator[tuple[policies.Source[Any], str]]:
    """The packs whose files are not as agreed to, and how that stands: "waits", "refused" (by a person), "unreadable".

    The last: this version cannot read what was agreed to, so what is on disk holds meanwhile where that can be read.
    """
    for source in policies.sources():
        held = selectors.standing(source.kind)
        texts, wrong = source.on_disk()
        if held is None:
            continue
        if not source.readable(policies.Texts(held.own, held.default)):
            yield source, "unreadable"
        elif not wrong and texts.digest != held.digest:
            yield source, "refused" if selectors.refused(source.kind, texts.digest, held.digest) else "waits"


@service
def _take(source: policies.Source[Any], texts: policies.Texts) -> None:
    """The first text of all: nobody was called by another."""
    now = timezone.now()
    text = _row(source, texts, number=1, agreed_at=now)
    record(SYSTEM, "policy.taken", ref(text), _facts(text))
    transaction.on_commit(selectors.forget)


@service
def _ask(source: policies.Source[Any], texts: policies.Texts, held: PolicyText) -> None:
    text = _row(source, texts, was=held.digest)
    payload = {"policy": source.kind, "text": text.pk, "digest": text.digest, "was": held.digest}
    changes = _changes(source, policies.Texts(held.own, held.default), texts)
    proposals.propose(
        SYSTEM, POLICY_CHANGE, ref(text), None, _("磁盘上的响应方案文件改了"),
        title=_("%(what)s文件改了 %(n)s 处") % {"what": source.title, "n": len(changes)}, key=_key(source.kind),
        payload=payload, changes=changes,
    )  # fmt: skip


def _row(source: policies.Source[Any], texts: policies.Texts, **fields: Any) -> PolicyText:
    title = str(source.of(texts).title)[:200]
    return PolicyText.objects.create(
        kind=source.kind, title=title, own=texts.own, default=texts.default, digest=texts.digest,
        seen_at=timezone.now(), **fields,
    )  # fmt: skip


def _changes(source: policies.Source[Any], held: policies.Texts, texts: policies.Texts) -> list[dict[str, str]]:
    found = policies.differs(source.told(held) if source.readable(held) else {}, source.told(texts))
    lines = [proposals.change(*line) for line in found[:MOST]]
    if len(found) > MOST:
        lines.append(proposals.change(_("另有改动"), "", _("%(n)s 处") % {"n": len(found) - MOST}))
    if not lines and source.readable(held) and source.of(held) != source.of(texts):
        lines.append(proposals.change(_("叫谁、多久应答"), "", _("另有没有列出的改动，先比对两份文件")))
    elif not lines:
        lines.append(proposals.change(_("叫谁、多久应答"), _("不变"), _("不变，只改了说明文字或者没有用到的文件")))
    return lines


def _agreed(actor: Actor, proposal: Proposal) -> None:
    text = PolicyText.objects.select_for_update(no_key=True).get(pk=proposal.payload["text"])
    held = selectors.standing(text.kind)
    if held is None or held.digest != text.was:
        raise Conflict(_("响应方案后来又换过：撤回，照现在的重新提"))
    text.number, text.agreed_at = (held.number or 0) + 1, timezone.now()
    text.save(update_fields=["number", "agreed_at"])
    asked = {
        "was": text.was, "changes": proposal.changes, "reason": proposal.reason, "proposal": proposal.pk,
        "proposed_by": proposal.proposed_by_id,
    }  # fmt: skip
    record(actor, "policy.changed", ref(text), {**_facts(text), **asked})
    transaction.on_commit(selectors.forget)


def _dropped(actor: Actor, proposal: Proposal) -> None:
    """Refused by a second person, the same text is not asked for again; withdrawn by the first one, it is.

    The county itself only clears what is overtaken.
    """
    if actor.user_id is not None and proposal.state == ProposalState.REJECTED:
        PolicyText.objects.filter(pk=proposal.payload["text"]).update(refused_at=timezone.now())


def _facts(text: PolicyText) -> dict[str, Any]:
    source = policies.get(text.kind)
    files = {source.own: text.own, source.default: text.default}
    digests = {name: hashlib.sha256(told.encode()).hexdigest() for name, told in files.items() if told}
    return {"policy": text.kind, "number": text.number, "digest": text.digest, "files": digests}


def _key(kind: str) -> str:
    return f"policy:{kind}"


POLICY_CHANGE = proposals.register(
    proposals.Kind(
        "policy.change", gettext_lazy("改响应方案"), "policy.agree", _agreed, _dropped, ask_why=True
    )
)  # fmt: skip
