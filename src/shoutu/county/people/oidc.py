"""统一认证: OpenID Connect with the county's provider, authorization code with PKCE (RFC 7636). No Django, no database.

What is believed: an ID token signed by a key the provider publishes, for this client, for this attempt (nonce), of this
hour. See docs/decisions/0060-single-sign-on.md.
"""

from __future__ import annotations

import logging
import secrets
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from joserfc.jws import extract_compact

from shoutu.config import Oidc

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
KEPT_S = 3600.0
"""So long the provider's own description and its keys are believed; a key not among them is asked for at once."""
AT_ONCE = 8
"""So many requests wait for the provider at one time, and no more: one that hangs must not take the turns (`asgi`) of
those who answer a call."""
PAUSE_S = 10.0
"""So long a provider that was not reached is not asked for its description again."""
LEEWAY_S = 60
"""How far the provider's clock may be from ours."""
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OWN_WORD = ("email", "phone_number")
"""Claims people may write themselves at many a provider: believed where it says that it looked (OpenID Connect Core,
5.1: `email_verified`)."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key only the provider has. Neither `none` nor HS*, which whoever reads our secret could make."""


class Refused(Exception):
    """Nobody is signed in. `code` is what the face says it by, `why` is for the log and holds no secret.

    `down`: the provider is not reached. `expired`: this attempt is over; begin anew. `denied`: refused there, by the
    person or the provider. `misset`: the settings here and there do not agree. `untrusted`: what came is not believed.
    `stale`: who came signed in there too long ago.
    """

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


@dataclass(frozen=True)
class Attempt:
    """What this browser must bring back; kept in its own signed cookie. `max_age`: so many seconds ago at most is
    somebody to have signed in at the provider; None: that was not asked."""

    state: str
    nonce: str
    verifier: str
    max_age: int | None = None


@dataclass(frozen=True)
class Known:
    """Who the provider says it is: `subject` names, `who` is how to call them, `id_token` goes with signing out.

    `auth_time`: when they signed in there, in seconds since 1970; None where it does not say.
    """

    subject: str
    who: str
    id_token: str
    auth_time: float | None = None


@dataclass
class _Provider:
    about: dict[str, Any]
    keys: list[dict[str, Any]]
    until: float


_kept: dict[str, _Provider] = {}
_missed: dict[str, tuple[float, str]] = {}
_waiting = threading.BoundedSemaphore(AT_ONCE)


def forget() -> None:
    """Ask every provider anew for its description and keys."""
    _kept.clear()
    _missed.clear()


def begin(oidc: Oidc, redirect: str, max_age: int | None = None) -> tuple[str, Attempt]:
    """Where to send the browser, and what it must bring back. Raises Refused.

    `max_age`: who signed in there longer ago (s) is to do it again (OpenID Connect Core, 3.1.2.1).
    """
    about = _provider(oidc).about
    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    attempt = Attempt(state, nonce, verifier, max_age)
    fresh = {} if max_age is None else {"max_age": str(max_age)}
    address = prepare_grant_uri(
        about["authorization_endpoint"], oidc.client, "code",
        redirect_uri=redirect, scope=oidc.scope, state=attempt.state, nonce=attempt.nonce,
        code_challenge=create_s256_code_challenge(attempt.verifier), code_challenge_method="S256", **fresh,
    )  # fmt: skip
    return address, attempt


def finish(oidc: Oidc, redirect: str, attempt: Attempt, answer: Mapping[str, str]) -> Known:
    """Who came back with `answer` (the query of the callback). Raises Refused."""
    if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
        raise Refused("expired", "the state is another one's")
    about = _provider(oidc).about
    # RFC 9207: an answer of another provider is not taken for this one's.
    asked = about.get("authorization_response_iss_parameter_supported") is True
    if answer.get("iss", None if asked else oidc.issuer) != oidc.issuer:
        raise Refused("untrusted", "the answer names another issuer")
    if "error" in answer:
        raise Refused("denied", f"the provider answered {answer['error'][:80]!r}")
    if not answer.get("code"):
        raise Refused("expired", "no code in the answer")
    with _asking() as client:
        token = _exchanged(client, oidc, about, redirect, answer["code"], attempt)
    claims = _claims(oidc, token, attempt.nonce)
    return _known(oidc, about, claims, token)


def _exchanged(
    client: httpx.Client, oidc: Oidc, about: dict[str, Any], redirect: str, code: str, attempt: Attempt
) -> dict[str, Any]:
    """What the provider gives for a code; it gives it once. Raises Refused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": attempt.verifier,
        "client_id": oidc.client,
    }
    auth = httpx.Auth()  # none
    if oidc.secret:
        if "client_secret_basic" in about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            auth = httpx.BasicAuth(quote_plus(oidc.client), quote_plus(oidc.secret))  # RFC 6749, 2.3.1
        else:
            form["client_secret"] = oidc.secret
    try:
        answer = client.post(about["token_endpoint"], data=form, auth=auth, headers={"Accept": "application/json"})
        if answer.status_code >= 500:
            answer.raise_for_status()
        token = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Refused("down", f"the token endpoint: {type(error).__name__}") from error
    if not isinstance(token, dict) or "error" in token:
        said = str(token.get("error"))[:80] if isinstance(token, dict) else "no JSON object"
        raise Refused("expired" if said == "invalid_grant" else "misset", f"the token endpoint answered {said!r}")
    if not isinstance(token.get("id_token"), str):
        raise Refused("misset", "no ID token came; is openid among the scopes there?")
    return token


def _claims(oidc: Oidc, token: dict[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of an ID token that is believed. Raises Refused."""
    try:
        header = extract_compact(token["id_token"].encode()).protected
        found = jwt.decode(token["id_token"], _key(oidc, header), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            found.claims,
            found.header,
            options={
                "iss": {"essential": True, "value": oidc.issuer},
                "aud": {"essential": True, "value": oidc.client},
            },
            params={"nonce": nonce, "client_id": oidc.client, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(time.time()), leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Refused("untrusted", f"the ID token: {type(error).__name__} {error}"[:200]) from error
    return dict(claims)


def _key(oidc: Oidc, header: Mapping[str, Any]) -> Any:
    """The one published key this token says it is signed by; the list is asked for anew where it is not on it."""
    for fresh in (False, True):
        keys = [one for one in _provider(oidc, fresh=fresh).keys if one.get("use", "sig") == "sig"]
        named = [one for one in keys if one.get("kid") == header["kid"]] if "kid" in header else keys
        if len(named) == 1:
            # Asymmetric kinds only: a published secret is none.
            if named[0].get("kty") not in ("RSA", "EC", "OKP"):
                break
            return JWKRegistry.import_key(named[0])
    raise Refused("untrusted", "the ID token names no key of the provider")


def _known(oidc: Oidc, about: dict[str, Any], claims: dict[str, Any], token: dict[str, Any]) -> Known:
    if oidc.claim not in claims and about.get("userinfo_endpoint"):
        with _asking() as client:
            told = _userinfo(client, about["userinfo_endpoint"], str(token.get("access_token", "")), claims["sub"])
        claims = claims | told
    if oidc.claim in OWN_WORD and claims.get(f"{oidc.claim}_verified") is not True:
        raise Refused("untrusted", f"the provider has not verified the claim {oidc.claim!r}")
    subject = claims.get(oidc.claim)
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Refused("misset", f"the provider gives no claim {oidc.claim!r}")
    who = next((claims[name] for name in ("name", "preferred_username") if isinstance(claims.get(name), str)), subject)
    said = claims.get("auth_time")
    auth_time = float(said) if isinstance(said, int | float) and not isinstance(said, bool) else None
    return Known(subject, who[:60], token["id_token"], auth_time)


def _userinfo(client: httpx.Client, address: str, access_token: str, sub: str) -> dict[str, Any]:
    """What the provider tells besides. Raises Refused."""
    try:
        answer = client.get(address, headers={"Authorization": f"Bearer {access_token}"})
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Refused("down", f"userinfo: {type(error).__name__}") from error
    if not isinstance(told, dict) or told.get("sub") != sub:
        raise Refused("untrusted", "userinfo is about somebody else")
    return told


def end_address(oidc: Oidc, id_token: str, back: str) -> str:
    """Where the browser signs out at the provider too, "" where it offers nothing or is not reached."""
    try:
        endpoint = str(_provider(oidc).about.get("end_session_endpoint", ""))
    except Refused as error:
        log.warning("signing out at the provider: %s", error.why)
        return ""
    if not endpoint:
        return ""
    query = urlencode({"id_token_hint": id_token, "client_id": oidc.client, "post_logout_redirect_uri": back})
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"


def _plain() -> dict[str, Any]:
    """No redirects, no proxies taken from the environment; the certificates this machine trusts."""
    return {
        "timeout": TIMEOUT_S,
        "follow_redirects": False,
        "trust_env": False,
        "verify": ssl.create_default_context(),
    }


@contextmanager
def _asking() -> Iterator[httpx.Client]:
    """What the provider is asked by. Raises Refused where `AT_ONCE` wait for it: nobody waits for a place to wait."""
    if not _waiting.acquire(blocking=False):
        raise Refused("down", f"{AT_ONCE} requests wait for the provider already")
    try:
        with httpx.Client(**_plain()) as client:
            yield client
    finally:
        _waiting.release()


def _provider(oidc: Oidc, *, fresh: bool = False) -> _Provider:
    """The provider's description (OpenID Connect Discovery) and its keys. Raises Refused."""
    kept = _kept.get(oidc.issuer)
    if kept is not None and not fresh and time.monotonic() < kept.until:
        return kept
    until, why = _missed.get(oidc.issuer, (0.0, ""))
    if time.monotonic() < until:
        raise Refused("down", f"{why}, less than {PAUSE_S:g} s ago")
    with _asking() as client:
        try:
            found = _told(client, oidc)
        except Refused as error:
            if error.code == "down":
                _missed[oidc.issuer] = (time.monotonic() + PAUSE_S, error.why)
            raise
    _missed.pop(oidc.issuer, None)
    _kept[oidc.issuer] = found
    return found


def _told(client: httpx.Client, oidc: Oidc) -> _Provider:
    """What the provider tells of itself, if it holds together. Raises Refused."""
    about = _document(client, f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
    if about.get("issuer") != oidc.issuer:
        raise Refused("misset", f"the provider calls itself {str(about.get('issuer'))[:200]!r}")
    for name in NEEDED:
        if name not in about:
            raise Refused("misset", f"the provider names no {name}")
    for name in (*NEEDED, "userinfo_endpoint", "end_session_endpoint"):
        # As safe as the issuer itself, which the settings hold to https off this machine.
        if name in about and urlsplit(str(about[name])).scheme not in {"https", urlsplit(oidc.issuer).scheme}:
            raise Refused("misset", f"{name} is not https")
    keys = _document(client, about["jwks_uri"]).get("keys")
    if not isinstance(keys, list):
        raise Refused("misset", "the provider publishes no keys")
    return _Provider(about, [key for key in keys if isinstance(key, dict)], time.monotonic() + KEPT_S)


def _document(client: httpx.Client, address: str) -> dict[str, Any]:
    try:
        answer = client.get(address)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Refused("down", f"{address}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Refused("misset", f"{address} is no JSON object")
    return found
