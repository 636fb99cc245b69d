"""Being a witness: heads of other installations' logs are kept here, and held against each other."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotAllowed
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import KeptHead, KeptLog
from shoutu.county.ledger.notes import Head, NoteError, origin, public_key, read, signed
from shoutu.county.ledger.services.record import record, service, unchanged

MAX_NOTE = 8192
"""Bytes; a head is about 400."""


@service
def keep_log(actor: Actor, name: str, key: str) -> KeptLog:
    """Keep the heads of the log that signs with this public key (PEM). Raises Invalid naming the field."""
    actor.require("ledger.witness")
    if not name.strip() or KeptLog.objects.filter(name=name).exists():
        raise Invalid("name", _("没有被占用的名字"))
    try:
        named = origin(public_key(key))
    except NoteError as error:
        raise Invalid("key", _("对方的公钥文件 ledger.pub.pem 的内容（%(error)s）") % {"error": error.said}) from error
    if KeptLog.objects.filter(origin=named).exists():
        raise Invalid("key", _("尚未登记的公钥；这一把已经登记"))
    log = KeptLog.objects.create(name=name, origin=named, key=key)
    record(actor, "kept_log.added", ref(log), {"name": name, "origin": named})
    return log


@service
def keep_head(note: str) -> KeptHead:
    """Keep a head that came in. Its signature is what lets it in, so anybody may bring one, once or again.

    A head that contradicts one kept before is kept as well, and says so: it is the proof that the log was rewritten.
    One whose time and length do not go together with another's is kept with the doubt.
    Raises NotAllowed when no log kept here signed it, Invalid when it is no head.
    """
    log, head, signed_at = _signed_by(note)
    # What is signed is what counts: lines of other keys below it, which anybody may add, make no other head.
    note = signed(note, public_key(log.key))
    digest = hashlib.sha256(note.encode()).hexdigest()
    known = log.heads.filter(digest=digest).first()
    if known is not None:
        unchanged()
        return known
    said = _contradiction(log, head)
    doubt = "" if said else _doubt(log, head, signed_at)
    kept = KeptHead.objects.create(
        log=log, note=note, digest=digest, epoch=head.epoch, size=head.size, root=head.root.hex(),
        received_at=timezone.now(), signed_at=signed_at, contradicts=said, doubt=doubt,
    )  # fmt: skip
    facts = {"name": log.name, "epoch": head.epoch, "size": head.size, "root": head.root.hex(), "time": head.time}
    verb = "kept_log.contradicted" if said else "kept_log.doubted" if doubt else "kept_log.head_kept"
    # Not a user's act: the other installation's, known by its signature.
    other = Actor(kind="wing", label=log.name, role="wing")
    record(other, verb, ref(log), {**facts, **({"contradicts": said} if said else {"doubt": doubt} if doubt else {})})
    return kept


def _signed_by(note: str) -> tuple[KeptLog, Head, datetime]:
    if len(note.encode("utf-8", "replace")) > MAX_NOTE:
        raise Invalid("body", _("一个已签名的树头，不超过 %(bytes)d 字节") % {"bytes": MAX_NOTE})
    # Locked: of two heads that come at once and contradict each other, the second must see the first.
    named = note.partition("\n")[0][:80]
    log = KeptLog.objects.select_for_update().filter(origin=named).first() if named.isprintable() else None
    if log is None:
        raise NotAllowed("ledger.keep", _("这里没有登记签发这个树头的记录簿：先用 shoutu ledger keep 登记对方的公钥。"))
    try:
        head = read(note, public_key(log.key))
        return log, head, datetime.fromisoformat(head.time).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        said = error.said if isinstance(error, NoteError) else _("时间不对")
        raise Invalid("body", _("由登记的公钥签名的树头（%(error)s）") % {"error": said}) from error


def _contradiction(log: KeptLog, head: Head) -> str:
    """Why this head and one kept before cannot both be of one log that only grows; empty when they can."""
    twin = log.heads.filter(epoch=head.epoch, size=head.size).exclude(root=head.root.hex()).first()
    if twin is None:
        return ""
    words = _("同为 %(size)d 条，根却不同：%(time)s 的树头另有一个根")
    return words % {"size": head.size, "time": twin.signed_at.isoformat()}


def _doubt(log: KeptLog, head: Head, signed_at: datetime) -> str:
    """How its time and length do not go together with another's: the log was cut off, or the clock was set back (heads
    signed by older versions follow the clock). Two sizes alone do not tell which."""
    # A head may come late, so times as signed count, not the order of coming.
    more = Q(epoch__gt=head.epoch) | Q(epoch=head.epoch, size__gt=head.size)
    less = Q(epoch__lt=head.epoch) | Q(epoch=head.epoch, size__lt=head.size)
    other = log.heads.filter((Q(signed_at__lt=signed_at) & more) | (Q(signed_at__gt=signed_at) & less)).first()
    if other is None:
        return ""
    words = _(
        "记录簿只会变长：%(time)s 为第 %(epoch)d 纪元 %(size)d 条，%(now)s 却为第 %(epoch_now)d 纪元 %(size_now)d 条"
    )
    return words % {
        "time": other.signed_at.isoformat(), "epoch": other.epoch, "size": other.size,
        "now": head.time, "epoch_now": head.epoch, "size_now": head.size,
    }  # fmt: skip
