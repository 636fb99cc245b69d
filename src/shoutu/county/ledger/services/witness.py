"""Heads go outside, where whoever rewrites this machine cannot reach them."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import apprise
import httpx
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.drill import drilling
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import TreeHead, Witness
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.services.record import record, service

TIMEOUT = 10.0


@service
def add_witness(actor: Actor, name: str, kind: str, target: str, every_minutes: int = 60) -> Witness:
    """A new place for heads: an existing folder, an http(s) address, an e-mail box. Raises Invalid naming the field."""
    actor.require("ledger.witness")
    if Witness.objects.filter(name=name).exists() or not name.strip():
        raise Invalid("name", _("没有被占用的名字"))
    if kind == Witness.Kind.FOLDER:
        if not Path(target).is_absolute() or not Path(target).is_dir():
            raise Invalid("target", _("已存在的文件夹的绝对路径"))
    elif kind == Witness.Kind.URL:
        if not _is_address(target):
            raise Invalid("target", _("http 或 https 地址，不含用户名"))
    elif kind == Witness.Kind.MAIL:
        try:
            validate_email(target)
        except ValidationError:
            raise Invalid("target", _("邮箱地址，如 jianzheng@city.example")) from None
        if not settings.CONFIG.witness_mail_url:
            raise Invalid("kind", _("先设置发信账号 SHOUTU_WITNESS_MAIL_URL，如 mailtos://账号:密码@邮件服务器"))
    else:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Witness.Kind.values)})
    if not 1 <= every_minutes <= 10_080:
        raise Invalid("every_minutes", _("1 到 10080 分钟"))
    witness = Witness.objects.create(name=name, kind=kind, target=target, every_minutes=every_minutes)
    record(actor, "witness.added", ref(witness), {"name": name, "kind": kind, "target": target, "every": every_minutes})
    return witness


def _is_address(target: str) -> bool:
    """An http(s) address without a user's name that can be asked as it stands."""
    try:
        parts, asked = urlsplit(target), httpx.URL(target)
        port = parts.port
    except (ValueError, httpx.InvalidURL):
        return False
    return parts.scheme in {"http", "https"} and bool(asked.host) and not parts.username and port != 0


@service
def set_enabled(actor: Actor, witness: Witness, enabled: bool) -> None:
    """Switch a witness on or off."""
    actor.require("ledger.witness")
    witness.enabled = enabled
    witness.save(update_fields=["enabled"])
    record(actor, "witness.enabled" if enabled else "witness.disabled", ref(witness), {"name": witness.name})


def hand_out_due() -> list[str]:
    """Hand the newest head to each witness whose time has come. Returns the errors, which are kept with the witness."""
    newest = tree.head()
    if newest is None or drilling():
        return []
    now, errors = timezone.now(), []
    for witness in Witness.objects.filter(enabled=True):
        due = witness.last_at is None or witness.last_at <= now - timedelta(minutes=witness.every_minutes)
        # The entry about handing over is itself sealed; one more entry alone is no reason to go again.
        if due and (witness.last_size is None or newest.size > witness.last_size + 1 or witness.last_error):
            try:
                hand_out(SYSTEM, witness, newest)
            except Conflict as error:
                errors.append(f"{witness.name}: {error}")
    return errors


def hand_out_now() -> list[str]:
    """Hand the newest head to every witness, due or not. Returns the errors."""
    errors = []
    for witness in Witness.objects.filter(enabled=True):
        try:
            hand_out(SYSTEM, witness)
        except Conflict as error:
            errors.append(f"{witness.name}: {error}")
    return errors


def hand_out(actor: Actor, witness: Witness, head: TreeHead | None = None) -> None:
    """Hand a head to one witness now. Raises Conflict when it could not be handed over, saying why."""
    actor.require("ledger.witness")
    if drilling():
        raise Conflict(_("演练副本：树头不送给见证方。"))
    head = head or tree.head()
    if head is None:
        raise Conflict(_("记录簿还是空的。"))
    try:
        if witness.kind == Witness.Kind.FOLDER:
            _to_folder(Path(witness.target), head)
        elif witness.kind == Witness.Kind.MAIL:
            _to_box(witness.target, head)
        else:
            # No redirects: an administrator named this address and no other.
            httpx.post(
                witness.target,
                content=head.note.encode(),
                headers={"Content-Type": "text/plain; charset=utf-8"},
                timeout=TIMEOUT,
                follow_redirects=False,
            ).raise_for_status()
    except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # ValueError: a name that is none, such as "a..b". One bad address must not keep heads from the others.
        Witness.objects.filter(pk=witness.pk).update(last_error=f"{type(error).__name__}: {error}"[:500])
        raise Conflict(_("树头未能送达见证方“%(name)s”：%(error)s") % {"name": witness.name, "error": error}) from error
    _handed(actor, witness, head)


def _to_folder(folder: Path, head: TreeHead) -> None:
    """One file per head, whole or not at all. The folder must be there: a stick that is not in is an error."""
    name = _name(head)
    draft = folder / f".{name}.{os.getpid()}"
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(head.note)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except OSError:
        # A full stick would fill up with drafts, one for each try.
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _to_box(address: str, head: TreeHead) -> None:
    """One mail with the head as an attached file: a mail's own text may be wrapped on the way. Raises OSError."""
    url = settings.CONFIG.witness_mail_url
    sender = apprise.Apprise.instantiate(f"{url}{'&' if '?' in url else '?'}to={quote(address)}")
    if sender is None:
        raise OSError(_("SHOUTU_WITNESS_MAIL_URL 无法识别：应如 mailtos://账号:密码@邮件服务器"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / _name(head)
        file.write_text(head.note, encoding="utf-8")
        title = _("守土记录簿树头：%(size)d 条") % {"size": head.size}
        words = _("请保存附件，不必回复。日后用它可以核对此前的记录是否被改动。")
        if not sender.notify(body=f"{words}\n\n{head.note}", title=title, attach=str(file)):
            raise OSError(_("邮件服务器没有收下"))


def _name(head: TreeHead) -> str:
    origin = head.note.partition("\n")[0].replace("/", "-")
    return f"{origin}-{head.epoch_id}-{head.size:012d}.note"


@service
def _handed(actor: Actor, witness: Witness, head: TreeHead) -> None:
    Witness.objects.filter(pk=witness.pk).update(last_at=timezone.now(), last_size=head.size, last_error="")
    record(
        actor,
        "ledger.handed_out",
        ref(witness),
        {"name": witness.name, "epoch": head.epoch_id, "size": head.size, "root": bytes(head.root).hex()},
    )
