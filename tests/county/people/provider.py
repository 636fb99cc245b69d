"""A provider of single sign-on that is not ours: idpyoidc, of IdentityPython, on a port of this machine.

It issues, signs and refuses by itself; `spoil` and `sign` make it one that must not be believed.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptojwt.jws.jws import JWS
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration

KEYS = [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
CLIENT, SECRET = "shoutu", "0123456789abcdef0123456789abcdef"
logging.getLogger("idpyoidc").setLevel(logging.CRITICAL)

PARTS = {
    "provider_config": (".well-known/openid-configuration", "provider_config.ProviderConfiguration", None),
    "authorization": ("authorization", "authorization.Authorization", None),
    "token": ("token", "token.Token", ["client_secret_basic", "client_secret_post"]),
    "userinfo": ("userinfo", "userinfo.UserInfo", ["bearer_header"]),
    "session": ("session", "session.Session", None),
}


class Provider:
    """One provider at `issuer`; who comes is `person` at once, without being asked."""

    def __init__(self, issuer: str, folder: Path, redirect: str, back: str) -> None:
        self.issuer, self.redirect, self.back, self.folder = issuer, redirect, back, folder
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] | None = None
        self.sign: Callable[[dict[str, Any]], str] | None = None
        self.asked: list[str] = []
        self.down = False
        self.server = self._made()

    def _made(self) -> Server:
        person = {"user": "zhang"}
        conf = {
            "issuer": self.issuer,
            "httpc_params": {"verify": False},
            "template_dir": str(self.folder),
            "key_conf": {"key_defs": KEYS, "uri_path": "jwks.json"},
            "endpoint": {
                name: {
                    "path": path,
                    "class": f"idpyoidc.server.oidc.{kind}",
                    "kwargs": {"client_authn_method": methods}
                    | ({"response_types_supported": ["code"]} if name == "authorization" else {}),
                }
                for name, (path, kind, methods) in PARTS.items()
            },
            "add_on": {
                "pkce": {
                    "function": "idpyoidc.server.oauth2.add_on.pkce.add_support",
                    "kwargs": {"essential": True, "code_challenge_method": "S256"},
                }
            },
            "authentication": {
                "anon": {
                    "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword",
                    "class": "idpyoidc.server.user_authn.user.NoAuthn",
                    "kwargs": person,
                }
            },
            "userinfo": {
                "class": "idpyoidc.server.user_info.UserInfo",
                "kwargs": {"db": {"zhang": {"name": "值班员甲", "preferred_username": "A-0007"}}},
            },
            "token_handler_args": {
                "key_conf": {"key_defs": [{"type": "oct", "bytes": 24, "use": ["enc"], "kid": "code"}]},
                "code": {"lifetime": 600, "kwargs": {"crypt_conf": CRYPT}},
                "token": {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": {"lifetime": 3600}},
                "id_token": {"class": "idpyoidc.server.token.id_token.IDToken", "kwargs": {}},
            },
            "cookie_handler": {
                "class": "idpyoidc.server.cookie_handler.CookieHandler",
                "kwargs": {"keys": {"key_defs": [{"type": "oct", "use": ["enc"], "kid": "enc"},
                                                 {"type": "oct", "use": ["sig"], "kid": "sig"}]},
                           "name": {"session": "op", "register": "op_rp", "session_management": "sman"}},
            },
        }  # fmt: skip
        server = Server(OPConfiguration(conf=conf, base_path=str(self.folder)), cwd=str(self.folder))
        server.context.cdb[CLIENT] = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [(self.redirect, {})],
            "post_logout_redirect_uri": (self.back, ""),
            "response_types": ["code"],
            "response_types_supported": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "allowed_scopes": ["openid", "profile"],
        }
        server.keyjar.add_symmetric(CLIENT, SECRET)
        return server

    def rotate(self) -> None:
        """New signing keys; those of before are published no more."""
        self.server = self._made()

    def keys(self) -> dict[str, Any]:
        """What is published."""
        return self.server.keyjar.export_jwks(issuer_id="")  # type: ignore[no-any-return]

    def signing_key(self) -> Any:
        return self.server.keyjar.get_signing_key("RSA", "")[0]

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str], body: str) -> tuple[int, Any, str]:
        """(status, body, location)."""
        if path == "/jwks.json":
            return 200, self.keys(), ""
        part = next((name for name, (at, _kind, _m) in PARTS.items() if path == f"/{at}"), None)
        if part is None:
            return 404, {}, ""
        endpoint = self.server.get_endpoint(part)
        request: Any = dict(parse_qsl(body)) if body else query
        http_info = {"headers": headers, "method": "POST" if body else "GET", "url": self.issuer + path, "cookie": []}
        parsed = endpoint.parse_request(request, http_info=http_info)
        if "error" in parsed:
            return 400, json.loads(parsed.to_json()), ""
        args = endpoint.process_request(parsed, http_info=http_info)
        if "redirect_location" in args:
            return 303, {}, args["redirect_location"]
        if "error" in args:
            return 400, json.loads(args.to_json()) if hasattr(args, "to_json") else dict(args), ""
        told = endpoint.do_response(request=parsed, **args)
        text = told["response"]
        if told.get("response_placement") == "url" or text.startswith("http"):
            return 303, {}, text
        found = json.loads(text)
        if part == "token" and "id_token" in found:
            found["id_token"] = self._spoilt(found["id_token"])
        return 200, found, ""

    def _spoilt(self, token: str) -> str:
        if self.spoil is None and self.sign is None:
            return token
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        claims = self.spoil(claims) if self.spoil else claims
        if self.sign:
            return self.sign(claims)
        key = self.signing_key()
        return str(JWS(json.dumps(claims), alg="RS256", kid=key.kid).sign_compact([key]))


CRYPT = {
    "kwargs": {
        "keys": {"key_defs": [{"type": "OCT", "use": ["enc"], "kid": kid} for kid in ("password", "salt")]},
        "iterations": 1,
    }
}


@contextmanager
def running(folder: Path, redirect: str, back: str, port: int = 0) -> Iterator[Provider]:
    """The provider, answering on 127.0.0.1 until the block ends. `back`: where it may send who signed out there."""
    made: list[Provider] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length).decode() if length else ""
            made[0].asked.append(parts.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            if made[0].down:
                status, told, location = 503, {}, ""
            else:
                status, told, location = made[0].answer(parts.path, dict(parse_qsl(parts.query)), headers, body)
            text = json.dumps(told).encode()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Door)
    made.append(Provider(f"http://127.0.0.1:{server.server_port}", folder, redirect, back))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
