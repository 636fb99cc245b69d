"""Persons, posts, and who sits on which."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Holding, Person, Post, Responsibility, Shift, User
from shoutu.county.people.selectors.chain import at_time
from shoutu.county.people.services.belonging import must_belong
from shoutu.county.places.models import Organisation

# A form filled in at "now" arrives a little later; anything earlier would rewrite what was true then.
SLACK = timedelta(minutes=1)


def not_before_now(field: str, at: datetime | None, now: datetime) -> datetime:
    """`at`, or `now` when it is left out or was meant. Raises Invalid for the past: it is never rewritten."""
    if at is None or now - SLACK <= at <= now:
        return now
    if at < now:
        raise Invalid(field, _("不早于现在的时间：已经过去的责任关系不改写"))
    return at


@service
def create_person(
    actor: Actor, name: str, *, phone: str = "", email: str = "", organisation: Organisation | None = None
) -> Person:
    """A person. Name, phone and e-mail go into the ledger as salted digests only."""
    actor.require("user.manage")
    if not name.strip():
        raise Invalid("name", _("必填"))
    _reach(phone, email)
    person = Person.objects.create(name=name.strip(), phone=phone, email=email, organisation=organisation)
    personal = {k: v for k, v in {"name": person.name, "phone": phone, "email": email}.items() if v}
    record(actor, "person.created", ref(person), {"organisation": organisation and organisation.pk}, personal)
    return person


def _reach(phone: str | None, email: str | None) -> None:
    digits = [c for c in phone or "" if c.isdigit()]
    if phone and (len(digits) < 5 or any(c not in "0123456789+-() " for c in phone)):
        raise Invalid("phone", _("电话号码，至少 5 位数字，可含 + - 和空格"))
    if email and ("@" not in email.strip("@") or any(c.isspace() for c in email)):
        raise Invalid("email", _("邮箱地址，如 zhiban@example.cn"))


@service
def change_person(
    actor: Actor,
    person: Person,
    *,
    name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    organisation: Organisation | None = None,
) -> Person:
    """Change what is given. Values go into the ledger as salted digests; which fields changed is told."""
    actor.require("user.manage")
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if name is not None and not name.strip():
        raise Invalid("name", _("必填"))
    _reach(phone, email)
    given = {"name": name.strip() if name is not None else None, "phone": phone, "email": email}
    changed = {key: value for key, value in given.items() if value is not None and value != getattr(person, key)}
    moved = organisation is not None and organisation.pk != person.organisation_id
    if not changed and not moved:
        unchanged()
        return person
    for key, value in changed.items():
        setattr(person, key, value)
    payload: dict[str, object] = {"fields": sorted(changed)}
    if organisation is not None and moved:
        payload["organisation"] = {"from": person.organisation_id, "to": organisation.pk}
        person.organisation = organisation
    person.save()
    record(actor, "person.changed", ref(person), payload, {key: value for key, value in changed.items() if value})
    emit("roster.changed", ref(person))
    return person


@service
def set_person_active(actor: Actor, person: Person, active: bool) -> Person:
    """Strike a person off (with the account), or take them back. Raises Conflict while posts or shifts are theirs."""
    actor.require("user.manage")
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.is_active == active:
        unchanged()
        return person
    now = timezone.now()
    if not active:
        held = at_time(Holding.objects.filter(person=person), now).select_related("post__organisation")
        posts = "、".join(str(holding.post) for holding in held)
        if posts:
            raise Conflict(_("还担任%(posts)s，先离任再停用。") % {"posts": posts})
        shifts = Shift.objects.filter(person=person, ends_at__gt=now, cancelled_at=None, signed_out_at=None).count()
        if shifts:
            raise Conflict(_("还排有 %(shifts)s 个班，先换人再停用。") % {"shifts": shifts})
        for user in User.objects.filter(person=person, is_active=True):
            user.is_active = False
            user.save(update_fields=["is_active"])
            record(actor, "user.deactivated", ref(user))
    person.is_active = active
    person.save(update_fields=["is_active"])
    record(actor, "person.activated" if active else "person.deactivated", ref(person))
    emit("roster.changed", ref(person))
    return person


@service
def create_post(
    actor: Actor, organisation: Organisation, title: str, *, kind: str = "", on_shift: bool = False
) -> Post:
    """A post in an organisation. Raises Invalid when the title is taken there."""
    actor.require("responsibility.edit")
    if not title.strip() or Post.objects.filter(organisation=organisation, title=title.strip()).exists():
        raise Invalid("title", _("本单位内没有的岗位名称"))
    if not organisation.is_active:
        raise Conflict(_("“%(name)s”已停用，不能设岗。") % {"name": organisation.name})
    post = Post.objects.create(organisation=organisation, title=title.strip(), kind=kind, on_shift=on_shift)
    record(actor, "post.created", ref(post), {"title": post.title, "organisation": organisation.pk, "kind": kind})
    return post


@service
def change_post(actor: Actor, post: Post, *, title: str | None = None, on_shift: bool | None = None) -> Post:
    """Rename a post, or put it on shift or off. Raises Invalid when the title is taken."""
    actor.require("responsibility.edit")
    post = Post.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=post.pk)
    before = {"title": post.title, "on_shift": post.on_shift}
    if title is not None:
        taken = Post.objects.filter(organisation=post.organisation_id, title=title.strip()).exclude(pk=post.pk)
        if not title.strip() or taken.exists():
            raise Invalid("title", _("本单位内没有的岗位名称"))
        post.title = title.strip()
    post.on_shift = post.on_shift if on_shift is None else on_shift
    after = {"title": post.title, "on_shift": post.on_shift}
    if after == before:
        unchanged()
        return post
    post.save(update_fields=["title", "on_shift"])
    record(actor, "post.changed", ref(post), {"before": before, "after": after})
    emit("roster.changed", ref(post))
    return post


@service
def set_post_active(actor: Actor, post: Post, active: bool) -> Post:
    """Abolish a post, or set it up again. Raises Conflict while it is held or answers for something."""
    actor.require("responsibility.edit")
    post = Post.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=post.pk)
    if post.is_active == active:
        unchanged()
        return post
    if not active:
        now = timezone.now()
        if at_time(Holding.objects.filter(post=post), now).exists():
            raise Conflict(_("“%(post)s”还有人任职，先离任再撤销岗位。") % {"post": post})
        if at_time(Responsibility.objects.filter(post=post), now).exists():
            raise Conflict(_("“%(post)s”还负有责任，先把责任交给别的岗位再撤销。") % {"post": post})
    post.is_active = active
    post.save(update_fields=["is_active"])
    record(actor, "post.opened" if active else "post.closed", ref(post), {"title": post.title})
    emit("roster.changed", ref(post))
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
    """Seat a person on a post from `since` (now) to `until` (open). Raises Invalid, Conflict when seated already."""
    actor.require("responsibility.edit")
    start = since or timezone.now()
    if until is not None and until <= start:
        raise Invalid("until", _("晚于开始时间"))
    if not post.is_active:
        raise Conflict(_("“%(post)s”已撤销，不能任职。") % {"post": post})
    if not person.is_active:
        raise Conflict(_("此人已停用，先启用再任职。"))
    must_belong(post, person)
    if _seated(post, person, start, until):
        raise Conflict(_("此人这段时间已经担任“%(post)s”。") % {"post": post})
    holding = Holding.objects.create(post=post, person=person, rank=rank, valid_from=start, valid_to=until)
    record(actor, "post.held", ref(post), {"person": person.pk, "rank": rank, "from": start, "to": until})
    emit("roster.changed", ref(post))
    return holding


def _seated(post: Post, person: Person, start: datetime, until: datetime | None) -> bool:
    seats = Holding.objects.filter(post=post, person=person)
    if until is not None:
        seats = seats.filter(valid_from__lt=until)
    return seats.exclude(valid_to__lte=start).exists()


@service
def leave_post(actor: Actor, holding: Holding, at: datetime | None = None) -> Holding:
    """End a holding, now or later. Raises Conflict when it has ended already, Invalid for a time in the past."""
    actor.require("responsibility.edit")
    now = timezone.now()
    holding = (
        Holding.objects.select_for_update(of=("self",), no_key=True)
        .select_related("post__organisation")
        .get(pk=holding.pk)
    )
    if holding.valid_to is not None and holding.valid_to <= now:
        raise Conflict(_("该任职已经结束。"))
    end = max(not_before_now("at", at, now), holding.valid_from)
    if holding.valid_to is not None and end > holding.valid_to:
        raise Invalid("at", _("不晚于已定的结束时间"))
    holding.valid_to = end
    holding.save(update_fields=["valid_to"])
    record(actor, "post.left", ref(holding.post), {"person": holding.person_id, "to": holding.valid_to})
    emit("roster.changed", ref(holding.post))
    return holding
