"""What may be done with users, posts, responsibility, shifts and tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.identity import hash_token
from shoutu.county.people.models import ApiToken, Holding, Person, Post, Responsibility, Role, Shift, User
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
    if not username or len(username) > 60 or any(c.isspace() or not c.isprintable() for c in username):
        raise Invalid("username", _("1 到 60 个字，不含空格"))
    if User.objects.filter(username=username).exists():
        raise Invalid("username", _("没有被占用的名字"))
    if role not in Role.values:
        raise Invalid("role", _("其中之一：%(names)s") % {"names": "、".join(Role.values)})
    if role == Role.ENTERPRISE and organisation is None:
        raise Invalid("organisation", _("企业账号须指定所属企业"))
    if role == Role.TOWNSHIP and territory is None:
        raise Invalid("territory", _("乡镇账号须指定所属乡镇"))
    user = User(
        username=username,
        role=role,
        display=display or username,
        person=person,
        territory=territory,
        organisation=organisation,
        sectors=list(sectors),
        is_demo=is_demo,
    )
    _set_password(user, password, is_demo)
    user.save()
    record(actor, "user.created", ref(user), {"username": username, "role": role, "demo": is_demo})
    return user


def _set_password(user: User, password: str, is_demo: bool) -> None:
    # A demo password is printed on the screen anyway; what guards it is the loopback rule.
    if not is_demo:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Invalid("password", " ".join(error.messages)) from error
    user.set_password(password)


@service
def set_password(actor: Actor, user: User, password: str) -> None:
    """A new password, by an administrator or by oneself. Raises NotAllowed, Invalid."""
    if actor.user_id != user.pk:
        actor.require("user.manage")
    _set_password(user, password, user.is_demo)
    user.save(update_fields=["password"])
    record(actor, "user.password_set", ref(user))


@service
def set_active(actor: Actor, user: User, active: bool) -> None:
    """Switch an account on or off; off ends its sessions and tokens at their next request."""
    actor.require("user.manage")
    if user.is_active == active:
        return unchanged()
    user.is_active = active
    user.save(update_fields=["is_active"])
    record(actor, "user.activated" if active else "user.deactivated", ref(user))


@service
def create_person(
    actor: Actor, name: str, *, phone: str = "", email: str = "", organisation: Organisation | None = None
) -> Person:
    """A person. Name, phone and e-mail go into the ledger as salted digests only."""
    actor.require("user.manage")
    if not name.strip():
        raise Invalid("name", _("必填"))
    person = Person.objects.create(name=name.strip(), phone=phone, email=email, organisation=organisation)
    personal = {k: v for k, v in {"name": person.name, "phone": phone, "email": email}.items() if v}
    record(actor, "person.created", ref(person), {"organisation": organisation and organisation.pk}, personal)
    return person


@service
def create_post(
    actor: Actor, organisation: Organisation, title: str, *, kind: str = "", on_shift: bool = False
) -> Post:
    """A post in an organisation. Raises Invalid when the title is taken there."""
    actor.require("responsibility.edit")
    if not title.strip() or Post.objects.filter(organisation=organisation, title=title.strip()).exists():
        raise Invalid("title", _("本单位内没有的岗位名称"))
    post = Post.objects.create(organisation=organisation, title=title.strip(), kind=kind, on_shift=on_shift)
    record(actor, "post.created", ref(post), {"title": post.title, "organisation": organisation.pk, "kind": kind})
    return post


@service
def hold_post(
    actor: Actor,
    post: Post,
    person: Person,
    *,
    rank: int = 0,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Holding:
    """Seat a person on a post from `since` (now) to `until` (open)."""
    actor.require("responsibility.edit")
    start = since or timezone.now()
    if until is not None and until <= start:
        raise Invalid("until", _("晚于开始时间"))
    holding = Holding.objects.create(post=post, person=person, rank=rank, valid_from=start, valid_to=until)
    record(actor, "post.held", ref(post), {"person": person.pk, "rank": rank, "from": start, "to": until})
    emit("roster.changed", ref(post))
    return holding


@service
def leave_post(actor: Actor, holding: Holding, at: datetime | None = None) -> Holding:
    """End a holding. Raises Conflict when it has ended already."""
    actor.require("responsibility.edit")
    if holding.valid_to is not None:
        raise Conflict(_("该任职已经结束。"))
    holding.valid_to = at or timezone.now()
    holding.save(update_fields=["valid_to"])
    record(actor, "post.left", ref(holding.post), {"person": holding.person_id, "to": holding.valid_to})
    emit("roster.changed", ref(holding.post))
    return holding


@service
def assign_responsibility(
    actor: Actor,
    post: Post,
    kind: str,
    rung: int,
    *,
    site: Site | None = None,
    organisation: Organisation | None = None,
    territory: Territory | None = None,
    sectors: Iterable[str] = (),
    matters: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Responsibility:
    """Make a post answer for a scope on a rung. Raises Invalid without a scope or for an unknown kind."""
    actor.require("responsibility.edit")
    if kind not in Responsibility.Kind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Responsibility.Kind.values)})
    if site is None and organisation is None and territory is None:
        raise Invalid("territory", _("行政区、单位、场所至少指定一个"))
    row = Responsibility.objects.create(
        post=post,
        kind=kind,
        rung=rung,
        site=site,
        organisation=organisation,
        territory=territory,
        sectors=list(sectors),
        matters=list(matters),
        valid_from=since or timezone.now(),
        valid_to=until,
    )
    scope = {"site": row.site_id, "organisation": row.organisation_id, "territory": row.territory_id}
    record(
        actor,
        "responsibility.assigned",
        ref(post),
        {"id": row.pk, "kind": kind, "rung": rung, **scope, "sectors": row.sectors, "matters": row.matters,
         "from": row.valid_from, "to": until},
    )  # fmt: skip
    return row


@service
def end_responsibility(actor: Actor, row: Responsibility, at: datetime | None = None) -> Responsibility:
    """End it; what it was before stays readable for `who_answers_for` at earlier times."""
    actor.require("responsibility.edit")
    if row.valid_to is not None:
        raise Conflict(_("该责任已经结束。"))
    row.valid_to = at or timezone.now()
    row.save(update_fields=["valid_to"])
    record(actor, "responsibility.ended", ref(row.post), {"id": row.pk, "to": row.valid_to})
    return row


@service
def plan_shift(actor: Actor, post: Post, person: Person, starts_at: datetime, ends_at: datetime) -> Shift:
    """Roster a person. Raises Invalid for a post that is not on shift or a shift that ends before it starts."""
    actor.require("roster.edit")
    if not post.on_shift:
        raise Invalid("post", _("实行轮班的岗位"))
    if ends_at <= starts_at:
        raise Invalid("ends_at", _("晚于开始时间"))
    shift = Shift.objects.create(post=post, person=person, starts_at=starts_at, ends_at=ends_at)
    record(actor, "shift.planned", ref(shift), {"post": post.pk, "person": person.pk, "from": starts_at, "to": ends_at})
    emit("roster.changed", ref(post))
    return shift


@service
def sign_in(actor: Actor, shift: Shift) -> Shift:
    """Take over the watch: from now on calls to the post reach this person."""
    actor.require("shift.sign_in")
    _own_or_editor(actor, shift)
    shift = Shift.objects.select_for_update().select_related("post").get(pk=shift.pk)
    now = timezone.now()
    if shift.signed_out_at is not None:
        raise Conflict(_("该班次已经签退。"))
    if not shift.starts_at - timedelta(hours=1) <= now < shift.ends_at:
        raise Conflict(_("只能在班次开始前一小时至班次结束之间签到。"))
    if shift.signed_in_at is not None:
        unchanged()
        return shift
    shift.signed_in_at = now
    shift.starts_at = min(shift.starts_at, now)
    shift.save(update_fields=["signed_in_at", "starts_at"])
    record(actor, "shift.signed_in", ref(shift), {"post": shift.post_id, "person": shift.person_id})
    emit("roster.changed", ref(shift.post))
    return shift


@service
def sign_out(actor: Actor, shift: Shift) -> Shift:
    """Hand the watch over."""
    actor.require("shift.sign_in")
    _own_or_editor(actor, shift)
    shift = Shift.objects.select_for_update().select_related("post").get(pk=shift.pk)
    if shift.signed_in_at is None or shift.signed_out_at is not None:
        raise Conflict(_("该班次没有签到，或者已经签退。"))
    shift.signed_out_at = timezone.now()
    shift.save(update_fields=["signed_out_at"])
    record(actor, "shift.signed_out", ref(shift), {"post": shift.post_id, "person": shift.person_id})
    emit("roster.changed", ref(shift.post))
    return shift


def _own_or_editor(actor: Actor, shift: Shift) -> None:
    if actor.person_id != shift.person_id and not actor.may("roster.edit"):
        raise NotAllowed("roster.edit", _("只能为自己签到、签退。"))


@service
def create_api_token(
    actor: Actor, owner: User, name: str, *, days: int = TOKEN_DAYS, permissions: Iterable[str] = ()
) -> tuple[ApiToken, str]:
    """A token acting as `owner`; the text is returned once and never kept.

    Raises NotAllowed for another's account without `user.manage`, Invalid for permissions the owner lacks.
    """
    actor.require("token.create")
    if actor.user_id != owner.pk:
        actor.require("user.manage")
    from shoutu.county.kit.permissions import permissions_of

    wanted = sorted(set(permissions))
    if excess := [p for p in wanted if p not in permissions_of(owner.role)]:
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
