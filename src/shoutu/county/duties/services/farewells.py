"""Where somebody is reached was changed: told at the address that held before, so that the person hears of it.

One person alone may change a number. Were it changed to a wrong one, by mistake or not, nobody else would notice before
the next test call (design §9).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from shoutu.county.duties.addresses import Refused, check_url
from shoutu.county.duties.channels import Message, SendFailed
from shoutu.county.duties.channels.mail import notify
from shoutu.county.duties.models import Contact, Farewell
from shoutu.county.duties.services.sending import allowed_endpoints, sender
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.steps import each, fence
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged

log = logging.getLogger(__name__)
PAUSES = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120))
CLAIM = timedelta(seconds=60)
AT_ONCE = 8


def moved(before: Contact, after: Contact) -> bool:
    """Whether a contact reaches another place than before."""
    was, now_ = (
        (one.channel_id, one.address if one.channel_id is not None else one.url.strip()) for one in (before, after)
    )
    return was != now_


def say_farewell(before: Contact, after: Contact) -> None:
    """Note that the old address is to be told, in the transaction that changes it. Nothing where it stays the same."""
    if not before.enabled or not moved(before, after):
        return
    now = timezone.now()
    end = after.address[-4:] if after.channel_id is not None and after.address[-4:].isdigit() else ""
    # In the county's language, whatever the one who changed it reads.
    with translation.override(settings.LANGUAGE_CODE):
        to = _("尾号 %(end)s") % {"end": end} if end else _("别处")
        words = _("【守土】你的叫应联系方式“%(title)s”已改到%(to)s，险情不再叫到这里。不是你要改的，马上告诉县值班室")
        text = words % {"title": before.title, "to": to}
    Farewell.objects.create(
        contact=before, channel=before.channel, url=before.url, address=before.address, text=text, at=now,
        next_try_at=now,
    )  # fmt: skip


def tell_old_addresses() -> bool:
    """Tell what is due. True: more may be waiting."""
    claimed = _claim()
    each(claimed, _try)
    return len(claimed) == AT_ONCE


def _claim() -> list[Farewell]:
    now = timezone.now()
    with transaction.atomic():
        fence()
        rows = Farewell.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        found = list(rows.filter(next_try_at__lte=now).select_related("channel").order_by("next_try_at")[:AT_ONCE])
        for one in found:
            one.tries, one.next_try_at = one.tries + 1, now + CLAIM
        Farewell.objects.bulk_update(found, ["tries", "next_try_at"])
    return found


def _try(one: Farewell) -> None:
    try:
        _sender(one)()
    except SendFailed as failure:
        _book(one.pk, str(failure), final=not failure.retryable)
    except Refused as refused:
        _book(one.pk, str(refused), final=True)
    except Exception as error:
        # The text of a strange error may carry an address with its token: only its kind is kept.
        log.error("farewell %s could not be sent: %s", one.pk, type(error).__name__)
        _book(one.pk, type(error).__name__, final=False)
    else:
        _book(one.pk, "", final=True)


def _sender(one: Farewell) -> Callable[[], object]:
    key = f"farewell:{one.pk}"
    if one.channel is not None:
        return sender(one.channel, Message(one.address, one.text, key, title=_("联系方式改了")), allowed_endpoints())
    check_url(one.url, allowed_endpoints())
    return lambda: notify(one.url, one.text, key)


@service
def _book(farewell_id: int, problem: str, *, final: bool) -> None:
    fence()
    found = Farewell.objects.select_for_update(of=("self",), no_key=True).get(pk=farewell_id)
    if problem and not final and found.tries <= len(PAUSES):
        found.next_try_at, found.detail = timezone.now() + PAUSES[found.tries - 1], problem[:200]
        found.save()
        unchanged()
        return
    now = timezone.now()
    found.next_try_at, found.detail, found.sent_at = None, problem[:200], None if problem else now
    found.address = found.url = ""
    found.save()
    facts = {"person": found.contact.person_id, "title": found.contact.title, "tries": found.tries, "problem": problem}
    record(SYSTEM, "contact.old_not_told" if problem else "contact.old_told", ref(found.contact), facts)
