"""What a visitor who is not signed in may ask: which county this is, and the first administrator's step."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Field, Schema

from shoutu.county.kit import guessing
from shoutu.county.kit.actors import actor_of_user
from shoutu.county.kit.api import Router
from shoutu.county.kit.drill import drilling
from shoutu.county.kit.errors import Invalid
from shoutu.county.people import sso
from shoutu.county.people.api_me import CountyOut, Me, me
from shoutu.county.people.first import demo_logins, make_first_administrator, setup_needed
from shoutu.county.people.identity import is_loopback
from shoutu.county.places.selectors import county

router = Router()


class DemoLogin(Schema):
    username: str
    password: str
    post: str


class SsoOut(Schema):
    """The county's provider of single sign-on. `name`: what it is called there, "" for the usual word.

    `passwords`: whether everybody may sign in by password too. `step`: what is to be asked of who has just come from
    the provider, and is called `who`, named by `identity`: `bind` (own name and password, once), `code` (of the second
    factor), "" nothing.
    """

    name: str
    passwords: bool
    step: str
    who: str
    identity: str


class Hello(Schema):
    """Where I am: shown on the login page. `drill`: a copy for drills, from which nothing leaves the house."""

    county: CountyOut
    demo: bool
    drill: bool
    setup_needed: bool
    demo_users: list[DemoLogin]
    sso: SsoOut | None


class Setup(Schema):
    code: str = Field(min_length=1, max_length=100)
    county: str = Field(min_length=1, max_length=60)
    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)


@router.get("/hello", response=Hello, auth=None)
def hello(request: HttpRequest) -> Any:
    """The county's name, whether it still needs its first administrator, and (demo, loopback only) the demo logins."""
    get_token(request)
    root = county()
    return {
        "county": {"name": root.name if root else ""},
        "demo": settings.DEMO,
        "drill": drilling(),
        "setup_needed": setup_needed(),
        "demo_users": demo_logins() if settings.DEMO and is_loopback(request) else [],
        "sso": None
        if settings.OIDC is None
        else {
            "name": settings.OIDC.name,
            "passwords": settings.OIDC.passwords,
            **(sso.step(request) or {"step": "", "who": "", "identity": ""}),
        },
    }


@router.post("/setup", response=Me, auth=None)
def first_administrator(request: HttpRequest, setup: Setup) -> Any:
    """Make the first administrator with the code from the terminal, and sign in.

    409 when there is a user already, 429 after too many wrong codes; the right one is taken even then.
    """
    try:
        user = make_first_administrator(setup.code, setup.county, setup.username, setup.password)
    except Invalid as error:
        if error.field == "code":
            guessing.wrong(request, "setup")
        raise
    login(request, user, backend="shoutu.county.people.backends.PostBackend")
    get_token(request)
    return me(request, actor_of_user(user, request), user)
