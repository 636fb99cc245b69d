"""What may be done with accounts and tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.permissions import FORMER, names_of, permissions_of
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.identity import hash_token
from shoutu.county.people.models import ApiToken, Person, Role, User
from shoutu.county.people.selectors import opens_by_password
from shoutu.county.people.services.identities import let_go
from shoutu.county.places.models import Organisation, Site, Territory

TOKEN_DAYS = 365


@service
def create_user(
    actor: Actor,
    username: str,
    role: str,
    password: str,
    *,
    display: str = "",
    person: Person | None = None,
    territory: Territory | None = None,
    organisation: Organisation | None = None,
    sectors: Iterable[str] = (),
    is_demo: bool = False,
) -> User:
    """A new account. Raises Invalid for a taken name, unknown role, weak password, or a role without its place."""
    actor.require("user.manage")
    _by_no_token(actor)
    if not username or len(username) > 60 or any(c.isspace() or not c.isprintable() for c in username):
        raise Invalid("username", _("1 到 60 个字，不含空格"))
    if User.objects.filter(username=username).exists():
        raise Invalid("username", _("没有被占用的名字"))
    role = FORMER.get(role, role)
    if role not in Role.values:
        raise Invalid("role", _("其中之一：%(names)s") % {"names": "、".join(Role.values)})
    _placed(role, organisation, territory, sectors := list(sectors))
    if person is not None and User.objects.filter(person=person).exists():
        raise Invalid("person", _("还没有账号的人"))
    user = User(
        username=username,
        role=role,
        display=display or username,
        person=person,
        territory=territory,
        organisation=organisation,
        sectors=sectors,
        is_demo=is_demo,
    )
    _set_password(user, password, is_demo)
    user.password_given = _is_given(actor, user)
    user.save()
    record(
        actor,
        "user.created",
        ref(user),
        {"username": username, "role": role, "demo": is_demo, "password_given": user.password_given},
    )
    return user


@service
def change_user(
    actor: Actor,
    user: User,
    *,
    display: str | None = None,
    role: str | None = None,
    person: Person | None = None,
    organisation: Organisation | None = None,
    territory: Territory | None = None,
    sectors: Iterable[str] | None = None,
) -> User:
    """Change an account; a new role or place holds from the next request on. Raises Invalid as `create_user` does."""
    actor.require("user.manage")
    _by_no_token(actor)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    role = FORMER.get(role, role) if role else role
    if role is not None and role not in Role.values:
        raise Invalid("role", _("其中之一：%(names)s") % {"names": "、".join(Role.values)})
    if actor.user_id == user.pk and role is not None and role != user.role:
        raise Conflict(_("不能改自己的角色，让另一位管理员来改。"))
    if person is not None and User.objects.filter(person=person).exclude(pk=user.pk).exists():
        raise Invalid("person", _("还没有账号的人"))
    before, called = _told(user), user.display
    user.display, user.role = display or user.display, role or user.role
    user.person, user.organisation = person or user.person, organisation or user.organisation
    user.territory = territory or user.territory
    user.sectors = list(sectors) if sectors is not None else user.sectors
    _placed(user.role, user.organisation, user.territory, user.sectors)
    if _told(user) == before and user.display == called:
        unchanged()
        return user
    user.save(update_fields=["display", "role", "person", "organisation", "territory", "sectors"])
    record(actor, "user.changed", ref(user), {"before": before, "after": _told(user)})
    return user


def _by_no_token(actor: Actor) -> None:
    """Raises NotAllowed for a token: through an account made with it, one that leaked would outlive its own end."""
    if actor.token_id is not None:
        raise NotAllowed("user.manage", _("令牌不能新建、变更、启用账号，也不能改密码，登录后在界面上做。"))


def _told(user: User) -> dict[str, object]:
    return {
        "role": user.role,
        "person": user.person_id,
        "organisation": user.organisation_id,
        "territory": user.territory_id,
        "sectors": user.sectors,
    }


def _placed(role: str, organisation: Organisation | None, territory: Territory | None, sectors: list[str]) -> None:
    """Raises Invalid for a role without the place, body or sectors that bound what it sees."""
    if names_of(role) & {"enterprise"} and organisation is None:
        raise Invalid("organisation", _("企业账号须指定所属企业"))
    if role == Role.TOWNSHIP and territory is None:
        raise Invalid("territory", _("乡镇账号须指定所属乡镇"))
    if unknown := [one for one in sectors if one not in Site.Kind.values]:
        names = "、".join(Site.Kind.values)
        raise Invalid("sectors", _("其中之一：%(names)s") % {"names": names} + f"（{'、'.join(map(str, unknown))}）")
    if role == Role.DEPARTMENT and (territory is None or not sectors):
        raise Invalid("sectors" if territory else "territory", _("部门账号须指定所在地区和所管行业"))


def _set_password(user: User, password: str, is_demo: bool) -> None:
    # A demo password is printed on the screen anyway; what guards it is the loopback rule.
    if not is_demo:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Invalid("password", _password_wrong(error)) from error
        user.set_password(password)
    else:
        user.password = _demo_hash(password)


def _password_wrong(error: ValidationError) -> str:
    """What the password should be, in our words: Django's translations lag behind its own sentences."""
    words = {
        "password_too_short": lambda one: _("至少 %(min_length)d 个字符") % one.params,
        "password_too_common": lambda one: _("不是人人都先猜的密码"),
        "password_too_similar": lambda one: _("与用户名不相近的密码"),
    }
    return "；".join(words[one.code](one) if one.code in words else " ".join(one.messages) for one in error.error_list)


def _is_given(actor: Actor, user: User) -> bool:
    """Whether another person sets it. Not one set by the command line: it is also how one gets in again oneself."""
    return actor.user_id is not None and actor.user_id != user.pk and not user.is_demo


@lru_cache(maxsize=4)
def _demo_hash(password: str) -> str:
    """One hash for all demo accounts: their one password is public, and a hundred hashes would take seconds."""
    return make_password(password)


@service
def set_password(actor: Actor, user: User, password: str) -> None:
    """A new password, by an administrator or by oneself; all sessions of the account end.

    Set by another person it must be changed by its owner, who is answered nothing else before. Who the account is at
    the provider of single sign-on ends with it: whoever knew the password may have bound themselves. Not so where one
    changes one's own that opens nothing (`SHOUTU_OIDC_PASSWORDS=off`), for then one could not bind oneself anew.

    Raises NotAllowed, also for a token; Invalid for a weak password.
    """
    if actor.user_id != user.pk:
        actor.require("user.manage")
    _by_no_token(actor)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    _set_password(user, password, user.is_demo)
    user.password_given = _is_given(actor, user)
    _end_sessions(user)
    user.save(update_fields=["password", "password_given", "sessions_ended"])
    record(actor, "user.password_set", ref(user), {"given": user.password_given})
    if actor.user_id != user.pk or opens_by_password(user):
        let_go(actor, user, because="password")


def _end_sessions(user: User) -> None:
    """The caller saves."""
    user.sessions_ended += 1


@service
def end_sessions(actor: Actor, user: User) -> None:
    """End all sessions of an account, as when its telephone is lost. Tokens stay: they are revoked one by one.

    Raises NotAllowed for another's without `user.manage`.
    """
    if actor.user_id != user.pk:
        actor.require("user.manage")
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    _end_sessions(user)
    user.save(update_fields=["sessions_ended"])
    record(actor, "user.sessions_ended", ref(user))


@service
def set_active(actor: Actor, user: User, active: bool) -> None:
    """Switch an account on or off; off ends its sessions and tokens at their next request."""
    actor.require("user.manage")
    if active:
        _by_no_token(actor)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if user.is_active == active:
        return unchanged()
    user.is_active = active
    if not active:
        # Switched on again, nobody is signed in by a session of before.
        _end_sessions(user)
    user.save(update_fields=["is_active", "sessions_ended"])
    record(actor, "user.activated" if active else "user.deactivated", ref(user))


@service
def create_api_token(
    actor: Actor, owner: User, name: str, *, days: int = TOKEN_DAYS, permissions: Iterable[str] = ()
) -> tuple[ApiToken, str]:
    """A token acting as `owner`; the text is returned once and never kept.

    Raises NotAllowed for another's account without `user.manage` and for a token, which makes none: one that leaked
    would outlive its own end. Invalid for permissions the owner lacks.
    """
    actor.require("token.create")
    if actor.token_id is not None:
        raise NotAllowed("token.create", _("令牌不能再建令牌，登录后在界面上建。"))
    if actor.user_id != owner.pk:
        actor.require("user.manage")
    mine = permissions_of(owner.role)
    wanted = sorted(set(permissions))
    if excess := [p for p in wanted if p not in mine]:
        raise Invalid("permissions", _("所有者自己拥有的权限（多出：%(names)s）") % {"names": "、".join(excess)})
    if not 1 <= days <= 3650:
        raise Invalid("days", _("1 到 3650 天"))
    text = "sht_" + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name, owner=owner, hash=hash_token(text), permissions=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    record(
        actor,
        "token.created",
        ref(token),
        {"name": name, "owner": owner.pk, "until": token.expires_at, "permissions": wanted},
    )
    return token, text


@service
def revoke_api_token(actor: Actor, token: ApiToken) -> ApiToken:
    """End a token now. Raises NotAllowed for another's without `user.manage`, Conflict when already revoked."""
    if actor.user_id != token.owner_id:
        actor.require("user.manage")
    if token.revoked_at is not None:
        raise Conflict(_("该令牌已经撤销。"))
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(actor, "token.revoked", ref(token), {"name": token.name})
    return token
