"""动态口令: an account's second factor is set up, asked for, given back and, by two persons, taken off."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from datetime import timedelta
from enum import Enum

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.kit import totp
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.sealing import seal, unseal
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal, RecoveryCode, SecondFactor, User

log = logging.getLogger(__name__)
PURPOSE = "second factors"
CODES = 10
WRONG = 5
WAIT = timedelta(minutes=15)
"""So many wrong codes in a row, and no code is looked at for so long, from whatever address: three of a million codes
are right at a time. Whoever gets this far knows the password; recovery codes, beyond guessing, are taken even then."""


class Verdict(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    HELD = "held"


def _locked(user: User) -> User:
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)


def _own(actor: Actor, user: User) -> None:
    """Raises NotAllowed for another's account and for a token; Conflict for a demo account."""
    if actor.user_id != user.pk or actor.token_id is not None:
        raise NotAllowed("session", _("动态口令只能本人登录后自己绑定和停用。"))
    if user.is_demo:
        raise Conflict(_("演示账号人人可用，不能绑定动态口令。"))


@service
def begin_factor(actor: Actor, user: User) -> str:
    """A new secret (base 32) to be put into an app; not in force before `confirm_factor`. Shown this once.

    Raises NotAllowed, Conflict for a demo account and where a factor is in force.
    """
    user = _locked(user)
    _own(actor, user)
    if user.factor_since is not None:
        raise Conflict(_("已经绑定了动态口令：先停用，再绑定新的。"))
    secret = totp.new_secret()
    fresh = {"secret": seal({"totp": secret}, PURPOSE), "last_step": 0, "failures": 0, "failed_at": None}
    SecondFactor.objects.update_or_create(user=user, defaults=fresh)
    record(actor, "factor.begun", ref(user))
    return secret


@service
def confirm_factor(actor: Actor, user: User, code: str) -> list[str]:
    """The first code from the app: from now on signing in needs one. All sessions end (the caller keeps its own).

    Returns the recovery codes, shown this once. Raises NotAllowed, Conflict, Invalid for a wrong code.
    """
    user = _locked(user)
    _own(actor, user)
    factor = SecondFactor.objects.filter(user=user).first()
    if user.factor_since is not None or factor is None:
        raise Conflict(_("没有正在绑定的动态口令：重新开始绑定。"))
    step = _step(factor, code)
    if step is None:
        raise Invalid("code", _("验证器现在显示的 6 位数字（手机时间要准）"))
    factor.last_step = step
    factor.save(update_fields=["last_step"])
    user.factor_since = timezone.now()
    user.sessions_ended += 1
    user.save(update_fields=["factor_since", "sessions_ended"])
    record(actor, "factor.on", ref(user))
    return _new_codes(user)


@service
def new_recovery_codes(actor: Actor, user: User) -> list[str]:
    """Recovery codes anew; those of before end. Raises NotAllowed, Conflict where no factor is in force."""
    user = _locked(user)
    _own(actor, user)
    require_factor(user)
    record(actor, "factor.codes", ref(user))
    return _new_codes(user)


@service
def end_factor(actor: Actor, user: User) -> None:
    """Take off one's own; the caller has asked for password and code. Raises NotAllowed, Conflict."""
    user = _locked(user)
    _own(actor, user)
    require_factor(user)
    _clear(user)
    record(actor, "factor.off", ref(user))


@service
def check_factor(actor: Actor, user: User, code: str) -> Verdict:
    """Whether this code, of the app or for recovery, is right now. A right one is used up; wrong ones are counted.

    `actor` is who signs in. HELD: too many wrong ones, this one was not looked at.
    """
    user = _locked(user)
    factor = SecondFactor.objects.select_for_update(no_key=True).get(user=user)
    now = timezone.now()
    typed = "".join(code.split()).replace("-", "").upper()
    if len(typed) > totp.DIGITS and _recovers(actor, user, typed):
        _forgive(factor)
        return Verdict.RIGHT
    if factor.failed_at is not None and now - factor.failed_at >= WAIT:
        factor.failures = 0
    if factor.failures >= WRONG:
        unchanged()
        return Verdict.HELD
    step = _step(factor, typed)
    if step is not None:
        factor.last_step = step
        _forgive(factor)
        # Signing in is no change of anything the ledger keeps.
        unchanged()
        return Verdict.RIGHT
    factor.failures, factor.failed_at = factor.failures + 1, now
    factor.save(update_fields=["failures", "failed_at"])
    if factor.failures == WRONG:
        # Who gets here knows the password: its owner must be able to see that it was so.
        record(actor, "factor.held", ref(user), {"wrong": WRONG})
    else:
        unchanged()
    return Verdict.WRONG


def _recovers(actor: Actor, user: User, typed: str) -> bool:
    found = RecoveryCode.objects.filter(user=user, hash=_hash(typed), used_at__isnull=True)
    if not found.update(used_at=timezone.now()):
        return False
    record(actor, "factor.recovered", ref(user), {"left": codes_left(user)})
    return True


def _forgive(factor: SecondFactor) -> None:
    factor.failures, factor.failed_at = 0, None
    factor.save(update_fields=["last_step", "failures", "failed_at"])


def _step(factor: SecondFactor, code: str) -> int | None:
    try:
        secret = unseal(factor.secret, PURPOSE)["totp"]
    except ValueError:
        log.warning(
            "the second factor of account %s was sealed by another key: only recovery codes work", factor.user_id
        )
        return None
    typed = "".join(code.split())
    return totp.step_of(secret, typed, timezone.now().timestamp(), factor.last_step)


def require_factor(user: User) -> None:
    """Raises Conflict where no factor is in force."""
    if user.factor_since is None:
        raise Conflict(_("这个账号没有绑定动态口令。"))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _new_codes(user: User) -> list[str]:
    """Ten of 120 bits each (beyond 112 a plain hash will do, ASVS 6.5.2), in groups of four."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = [base64.b32encode(secrets.token_bytes(15)).decode() for _number in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, hash=_hash(code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def codes_left(user: User) -> int:
    """How many recovery codes were not used yet."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


def _clear(user: User) -> None:
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    user.factor_since = None
    user.save(update_fields=["factor_since"])


@service
def ask_reset(actor: Actor, user: User, reason: str) -> Proposal:
    """Ask that another's second factor be taken off, as when telephone and recovery codes are gone.

    It waits for a second person: whoever sets passwords must not get into any account alone. Raises NotAllowed,
    Conflict where there is none, Invalid without a reason.
    """
    actor.require("user.manage")
    if actor.user_id is None or actor.token_id is not None:
        raise NotAllowed("user.manage", _("令牌不能重置动态口令，登录后在界面上做。"))
    if actor.user_id == user.pk:
        raise Conflict(_("自己的动态口令在“我的账号”里停用；手机丢了用恢复码，或由另一位管理员提出重置。"))
    # Nothing of the account changes yet: no lock, which `agree` takes after the proposal's.
    user = User.objects.get(pk=user.pk)
    require_factor(user)
    what = _("重置账号“%(name)s”的动态口令") % {"name": user.username}
    waiting = proposals.propose(
        actor, FACTOR_RESET, ref(user), None, reason, title=what, key=f"factor.reset:{user.pk}",
        payload={"user": user.pk, "since": user.factor_since.isoformat() if user.factor_since else ""},
        changes=[proposals.change(_("动态口令"), _("启用"), _("停用，重新绑定"))],
    )  # fmt: skip
    return waiting


def _reset(actor: Actor, proposal: Proposal) -> None:
    user = _locked(User.objects.get(pk=proposal.payload["user"]))
    if actor.user_id == user.pk:
        raise NotAllowed("factor.agree", _("重置的是自己的动态口令，由别人来同意。"))
    if user.factor_since is None or user.factor_since.isoformat() != proposal.payload["since"]:
        raise Conflict(_("这个账号的动态口令已经停用或换过，不用重置了：退回这一件。"))
    reset_factor(actor, user)


@service
def reset_factor(actor: Actor, user: User) -> None:
    """Take off an account's second factor and end its sessions: with two persons agreed, or at the server itself.

    Raises NotAllowed, Conflict where there is none.
    """
    actor.require("factor.agree")
    user = _locked(user)
    require_factor(user)
    _clear(user)
    user.sessions_ended += 1
    user.save(update_fields=["sessions_ended"])
    record(actor, "factor.reset", ref(user))


FACTOR_RESET = proposals.register(
    proposals.Kind("factor.reset", gettext_lazy("重置动态口令"), "factor.agree", _reset, ask="user.manage")
)
