"""动态口令: the second factor of one's own account, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Schema

from shoutu.county.kit import totp
from shoutu.county.kit.api import Router
from shoutu.county.kit.errors import Invalid
from shoutu.county.people.models import User
from shoutu.county.people.oneself import known, myself, right_code
from shoutu.county.people.services import factors
from shoutu.county.places.selectors import county

router = Router()


class FactorOut(Schema):
    """`since` null: not in force. `required`: the county asks it of my role. `may`: false for a demo account."""

    since: datetime | None
    codes_left: int
    required: bool
    may: bool


class PresentPassword(Schema):
    password: str = Field(min_length=1, max_length=200)


class Code(Schema):
    """Six digits of the app, or a recovery code."""

    code: str = Field(min_length=1, max_length=40)


class PasswordAndCode(Schema):
    password: str = Field(min_length=1, max_length=200)
    code: str = Field(min_length=1, max_length=40)


class NewFactor(Schema):
    """`uri` is what the picture to photograph says, `secret` the same to be typed. Shown this once."""

    secret: str
    uri: str


class RecoveryCodes(Schema):
    """Shown this once."""

    codes: list[str]


@router.get("/session/factor", response=FactorOut)
def my_factor(request: HttpRequest) -> Any:
    """Whether signing in asks me for a code, and how many recovery codes are left."""
    _actor, user = myself(request)
    return {
        "since": user.factor_since,
        "codes_left": factors.codes_left(user) if user.factor_since else 0,
        "required": user.is_asked_for_factor,
        "may": not user.is_demo,
    }


@router.post("/session/factor", response=NewFactor)
def begin_my_factor(request: HttpRequest, present: PresentPassword) -> Any:
    """A new secret for my app; in force once a code of it is confirmed. 409 for a demo account or where one is in
    force, 422 when `password` is wrong, 429 after too many wrong ones."""
    actor, user = myself(request)
    _by_password(request, user, present.password)
    secret = factors.begin_factor(actor, user)
    root = county()
    return {"secret": secret, "uri": totp.uri(secret, user.username, f"守土 {root.name}" if root else "守土")}


@router.post("/session/factor/confirm", response=RecoveryCodes)
def confirm_my_factor(request: HttpRequest, given: Code) -> Any:
    """The first code of the app: from now on signing in asks for one. This session goes on, all others of mine end."""
    actor, user = myself(request)
    codes = factors.confirm_factor(actor, user, given.code)
    user.refresh_from_db()
    update_session_auth_hash(request, user)
    return {"codes": codes}


@router.post("/session/factor/codes", response=RecoveryCodes)
def renew_my_codes(request: HttpRequest, given: Code) -> Any:
    """Recovery codes anew, by a code; those of before end. 422 when it is wrong, 429 after too many wrong ones."""
    actor, user = myself(request)
    factors.require_factor(user)
    if not right_code(actor, user, given.code):
        raise Invalid("code", _("验证器现在显示的、没有用过的 6 位数字，或没有用过的恢复码"))
    return {"codes": factors.new_recovery_codes(actor, user)}


@router.post("/session/factor/off", response={204: None})
def end_my_factor(request: HttpRequest, given: PasswordAndCode) -> Any:
    """Take my second factor off, by password and code, as before a new telephone."""
    actor, user = myself(request)
    factors.require_factor(user)
    _by_password(request, user, given.password)
    if not right_code(actor, user, given.code):
        raise Invalid("code", _("验证器现在显示的、没有用过的 6 位数字，或没有用过的恢复码"))
    factors.end_factor(actor, user)
    return 204, None


def _by_password(request: HttpRequest, user: User, password: str) -> None:
    if known(request, user.username, password) is None:
        raise Invalid("password", _("现在用的密码"))
