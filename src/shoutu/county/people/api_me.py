"""Who I am, as every way of signing in answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Schema

from shoutu.county.kit.actors import Actor
from shoutu.county.people import sso
from shoutu.county.people.models import User
from shoutu.county.people.selectors import identity_of, posts_of
from shoutu.county.places.selectors import county


class UserOut(Schema):
    id: int
    username: str
    display: str
    role: str


class MyPost(Schema):
    id: int
    title: str
    organisation: str


class CountyOut(Schema):
    name: str


class MyIdentity(Schema):
    """Who I am at the county's provider of single sign-on, as it names me; bound here `since`."""

    issuer: str
    subject: str
    since: datetime


class Me(Schema):
    """Who I am and what I may. `whole`: whether I see the whole county or a part of it.

    `must_change_password`: an administrator set mine: until I change it, only `session` and `session/password` answer.
    `must_enrol`: my role must have a second factor and I have none: until I do, only `session…` answers.
    `sso`: this session began at the county's provider of single sign-on. `identity`: null where I am not bound there.
    """

    user: UserOut
    post: MyPost | None
    permissions: list[str]
    server_time: datetime
    county: CountyOut
    whole: bool
    demo: bool
    must_change_password: bool
    must_enrol: bool
    sso: bool
    identity: MyIdentity | None


def me(request: HttpRequest, actor: Actor, user: User) -> dict[str, Any]:
    posts = posts_of(user.person_id, timezone.now()) if user.person_id else []
    root = county()
    bound = identity_of(user)
    return {
        "user": user,
        "post": {"id": posts[0].pk, "title": posts[0].title, "organisation": posts[0].organisation.name}
        if posts
        else None,
        "permissions": sorted(actor.permissions),
        "server_time": timezone.now(),
        "county": {"name": root.name if root else ""},
        "whole": actor.scope.all,
        "demo": settings.DEMO,
        "must_change_password": user.password_given and not sso.came(request),
        "must_enrol": user.must_enrol,
        "sso": sso.came(request),
        "identity": {"issuer": settings.OIDC.address, "subject": bound.subject, "since": bound.bound_at}
        if bound and settings.OIDC
        else None,
    }
