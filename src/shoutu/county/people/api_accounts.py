"""Accounts, tokens, and a person's telephone number (each look at which is logged)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services.access import note_access
from shoutu.county.people import selectors, services
from shoutu.county.people.models import ApiToken, User
from shoutu.county.places.selectors import get_organisation, get_territory

router = Router()


class AccountOut(Schema):
    """`password_given`: set by an administrator and not yet changed by its owner.

    `identity`: who its owner is at the county's provider of single sign-on; null: bound to nobody there.
    """

    id: int
    username: str
    display: str
    role: str
    is_active: bool
    is_demo: bool
    has_factor: bool
    password_given: bool
    identity: str | None
    organisation: str | None
    territory: str | None
    sectors: list[str]


class AccountIn(Schema):
    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)
    role: str
    display: str = ""
    person: int | None = None
    organisation: int | None = None
    territory: int | None = None
    sectors: list[str] = []


class AccountChange(Schema):
    display: str | None = Field(None, max_length=60)
    role: str | None = None
    person: int | None = None
    organisation: int | None = None
    territory: int | None = None
    sectors: list[str] | None = None


class Password(Schema):
    password: str = Field(min_length=1, max_length=200)


class Reason(Schema):
    reason: str = Field(min_length=1, max_length=400)


class Waiting(Schema):
    """`proposal`: what waits for a second person."""

    proposal: int


class TokenIn(Schema):
    name: str = Field(min_length=1, max_length=80)
    days: int = 365
    permissions: list[str] = []


class TokenOut(Schema):
    """`permissions` empty: all its owner's. `last_used_at` to within ten minutes, null while it was never used."""

    id: int
    name: str
    owner: str
    permissions: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewToken(TokenOut):
    """`token` is shown this once."""

    token: str


class PhoneOut(Schema):
    name: str
    phone: str


def _account(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "username": user.username,
        "display": user.display,
        "role": user.role,
        "is_active": user.is_active,
        "is_demo": user.is_demo,
        "has_factor": user.factor_since is not None,
        "password_given": user.password_given,
        # Added by `selectors.users`; a new account is bound to nobody.
        "identity": getattr(user, "identity", None),
        "organisation": user.organisation.name if user.organisation else None,
        "territory": user.territory.name if user.territory else None,
        "sectors": user.sectors,
    }


def _token(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "owner": token.owner.username,
        "permissions": token.permissions,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }


@router.get("/users", response=Page[AccountOut])
def list_users(request: HttpRequest, query: Query[ListQuery]) -> Any:
    """All accounts; for administrators."""
    asker(request).require("user.manage")
    found = selectors.users()
    if query.q:
        found = found.filter(Q(username__icontains=query.q) | Q(display__icontains=query.q))
    return paginate(found, query, _account, sorts={"username": ["username"], "id": ["id"]}, default="username")


@router.post("/users", response={201: AccountOut})
def create_user(request: HttpRequest, account: AccountIn) -> Any:
    """A new account. Its owner changes the password given here before anything else."""
    actor = asker(request)
    actor.require("user.manage")
    made = services.create_user(
        actor,
        account.username,
        account.role,
        account.password,
        display=account.display,
        person=selectors.get_person(actor, account.person) if account.person else None,
        organisation=get_organisation(actor, account.organisation) if account.organisation else None,
        territory=get_territory(account.territory) if account.territory else None,
        sectors=account.sectors,
    )
    return 201, _account(made)


@router.post("/users/{id}/deactivate", response=AccountOut)
def deactivate_user(request: HttpRequest, id: int) -> Any:
    """Switch an account off: its sessions and tokens end at their next request."""
    actor = asker(request)
    actor.require("user.manage")
    services.set_active(actor, selectors.get_user(id), False)
    return _account(selectors.get_user(id))


@router.post("/users/{id}/activate", response=AccountOut)
def activate_user(request: HttpRequest, id: int) -> Any:
    """Switch an account on again."""
    actor = asker(request)
    actor.require("user.manage")
    services.set_active(actor, selectors.get_user(id), True)
    return _account(selectors.get_user(id))


@router.patch("/users/{id}", response=AccountOut)
def change_user(request: HttpRequest, id: int, change: AccountChange) -> Any:
    """Change an account's role, place or person; it holds from the next request on."""
    actor = asker(request)
    actor.require("user.manage")
    services.change_user(
        actor,
        selectors.get_user(id),
        display=change.display,
        role=change.role,
        person=selectors.get_person(actor, change.person) if change.person else None,
        organisation=get_organisation(actor, change.organisation) if change.organisation else None,
        territory=get_territory(change.territory) if change.territory else None,
        sectors=change.sectors,
    )
    return _account(selectors.get_user(id))


@router.post("/users/{id}/password", response={204: None})
def set_password(request: HttpRequest, id: int, new: Password) -> Any:
    """A new password for another's account, who changes it before anything else.

    One's own is changed by the present one (`session/password`).
    """
    actor = asker(request)
    actor.require("user.manage")
    if actor.user_id == id:
        raise Conflict(_("自己的密码凭现在的密码改（session/password），或让另一位管理员改。"))
    services.set_password(actor, selectors.get_user(id), new.password)
    return 204, None


@router.post("/users/{id}/end-sessions", response={204: None})
def end_sessions(request: HttpRequest, id: int) -> Any:
    """End all sessions of an account, as when its telephone is lost. Its tokens stay."""
    actor = asker(request)
    actor.require("user.manage")
    services.end_sessions(actor, selectors.get_user(id))
    return 204, None


@router.post("/users/{id}/factor/reset", response={202: Waiting})
def reset_factor(request: HttpRequest, id: int, why: Reason) -> Any:
    """Ask that an account's second factor be taken off; done once a second person agrees (`proposals`)."""
    actor = asker(request)
    actor.require("user.manage")
    return 202, {"proposal": services.ask_reset(actor, selectors.get_user(id), why.reason).pk}


@router.get("/tokens", response=Page[TokenOut])
def list_tokens(request: HttpRequest, query: Query[ListQuery]) -> Any:
    """My tokens; every token for administrators."""
    found = selectors.api_tokens(asker(request))
    if query.q:
        found = found.filter(Q(name__icontains=query.q) | Q(owner__username__icontains=query.q))
    return paginate(found, query, _token, sorts={"id": ["id"]}, default="-id")


@router.post("/tokens", response={201: NewToken})
def create_token(request: HttpRequest, token: TokenIn) -> Any:
    """A token that acts as me, for no more than I may. Its text is shown this once."""
    actor = asker(request)
    owner = selectors.get_user(actor.user_id or 0)
    made, text = services.create_api_token(actor, owner, token.name, days=token.days, permissions=token.permissions)
    return 201, {**_token(made), "token": text}


@router.delete("/tokens/{id}", response=TokenOut)
def revoke_token(request: HttpRequest, id: int) -> Any:
    """End a token now."""
    actor = asker(request)
    return _token(services.revoke_api_token(actor, selectors.get_api_token(actor, id)))


@router.get("/persons/{id}/phone", response=PhoneOut)
def read_phone(request: HttpRequest, id: int, purpose: str = "") -> Any:
    """A person's telephone number. The look, who took it and why are logged; without a `purpose` it is not shown."""
    actor = asker(request)
    actor.require("person.read_phone")
    person = selectors.get_person(actor, id)
    if not purpose.strip():
        raise Invalid("purpose", _("写明为什么看这个号码，记入查阅日志"))
    note_access(actor, ref(person), ["phone"], purpose.strip())
    return {"name": person.name, "phone": person.phone}
