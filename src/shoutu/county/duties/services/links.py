"""What a called person is told beside the call itself, by channel: a link that answers, a code to reply, a key.

The link's token is signed, not kept: it names one notice, and works for that call only, until it is answered or over.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from shoutu.county.duties.channels import ADAPTERS
from shoutu.county.duties.models import Notice
from shoutu.county.ledger.models import Epoch

LIVES = timedelta(hours=24)
"""A link does nothing after this."""
SIGNED_ANEW = "0013_links_signed_anew"
"""The migration that came with signing by epoch."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def code_of(notice: Notice) -> str:
    """The call's short number: four digits, the same on every channel of one call."""
    number = notice.call_id if notice.call_id is not None else notice.trial_id
    return f"{(number or 0) % 10_000:04d}"


def token_of(notice: Notice) -> str:
    """`number-signature`, 96 bits of HMAC-SHA256: short enough for a short message."""
    return _token(notice, _since_restored(notice))


def _token(notice: Notice, epoch: str) -> str:
    assert notice.pk is not None
    what = f"{notice.pk}:{notice.key}{epoch}"
    signed = salted_hmac("shoutu answer link", what, algorithm="sha256").digest()
    number, text = notice.pk, ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return f"{text}-{hashlib.blake2b(signed, digest_size=12).hexdigest()}"


def _since_restored(notice: Notice) -> str:
    """Put back from a backup, the county gives numbers a second time: a message sent after it (an epoch of the ledger
    says so) has another signature than the lost one of the same number, whose link somebody may still hold."""
    restored = Epoch.objects.filter(number__gt=1, opened_at__lte=notice.queued_at)
    number = restored.order_by("-number").values_list("number", flat=True).first()
    return f":{number}" if number else ""


def notice_of(token: str) -> Notice | None:
    """The notice a token names; None for one that was not made here or has expired."""
    notice = genuine(token)
    return notice if notice is not None and notice.queued_at > timezone.now() - LIVES else None


def genuine(token: str) -> Notice | None:
    """The notice a token was made for, however long ago; None for one that was not made here."""
    number, _dash, _signature = token.partition("-")
    if not number or len(token) > 60 or not token.isascii() or not number.isalnum():
        return None
    id_ = int(number, 36)
    if id_ >= 2**63:
        return None
    rows = Notice.objects.select_related("call__duty__site", "call__post__organisation", "contact", "trial", "person")
    notice = rows.filter(pk=id_).first()
    if notice is None:
        return None
    made = [token_of(notice), *([_token(notice, "")] if _of_before(notice) else [])]
    return notice if any(hmac.compare_digest(one, token) for one in made) else None


def _of_before(notice: Notice) -> bool:
    """Sent before this county signed links by its epoch: what is in a telephone then is to answer for its 24 hours."""
    applied = MigrationRecorder.Migration.objects.filter(app="duties", name=SIGNED_ANEW)
    since = applied.order_by("applied").values_list("applied", flat=True).first()
    return since is not None and notice.queued_at < since and timezone.now() - since < LIVES


def _outside_url() -> str:
    """The address people reach the county by; "" when it is only this machine's own."""
    url = settings.CONFIG.public_url
    host = urlsplit(url).hostname or ""
    try:
        own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = host in ("localhost", "")
    return "" if own else url


def words(notice: Notice) -> str:
    """The whole text that leaves by this notice's channel."""
    adapter = ADAPTERS.get(notice.channel)
    code, url = code_of(notice), _outside_url()
    if adapter is not None and adapter.medium == "voice":
        how = _("按 1 应答，按 2 不在岗。")
    elif adapter is not None and adapter.medium == "sms":
        how = _("回“1 %(code)s”应答，回“2 %(code)s”不在岗。") % {"code": code}
    else:
        how = ""
    if adapter is not None and adapter.medium == "voice":
        link = ""
    elif adapter is not None and adapter.private:
        link = f"{url}/a/{token_of(notice)}" if url else ""
    else:
        # Others read along, or nobody knows: whoever opens it signs in first.
        link = f"{settings.CONFIG.public_url}/answer/{notice.call.duty_id}" if notice.call is not None else ""
    return "。".join(filter(None, [notice.text, how.rstrip("。"), link]))[:900]
