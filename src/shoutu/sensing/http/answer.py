"""Answers of the HTTP door: JSON, and RFC 9457 problem details that say what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")
ENCODER = msgspec.json.Encoder()

TITLES = {
    400: ("请求有误", "Bad request"),
    401: ("令牌无效", "Unauthorized"),
    404: ("没有此地址", "Not found"),
    405: ("方法不允许", "Method not allowed"),
    408: ("等候超时", "Request timeout"),
    413: ("请求体过大", "Content too large"),
    415: ("不支持的内容类型", "Unsupported media type"),
    422: ("内容无法接收", "Unprocessable content"),
    429: ("请求过快", "Too many requests"),
    500: ("内部错误", "Internal error"),
    503: ("暂不可用", "Service unavailable"),
}


class Problem(Exception):
    """A refusal of a whole request; ``zh`` and ``en`` say what is wrong and what to do."""

    def __init__(self, status: int, outcome: str, zh: str, en: str, headers: Headers | None = None) -> None:
        super().__init__(en)
        self.status, self.outcome, self.zh, self.en = status, outcome, zh, en
        self.headers = headers or []


async def send_bytes(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Send one whole answer."""
    fields = [(b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, answer: Any) -> None:
    """Send one answer as JSON."""
    await send_bytes(send, status, ENCODER.encode(answer), JSON)


async def send_problem(send: Send, problem: Problem, english: bool) -> None:
    """Send a problem in the asker's language."""
    body = {
        "type": "about:blank",
        "title": TITLES[problem.status][english],
        "status": problem.status,
        "detail": problem.en if english else problem.zh,
    }
    await send_bytes(send, problem.status, ENCODER.encode(body), PROBLEM, *problem.headers)


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of a (lower case) name, or nothing."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def speaks_english(scope: Scope) -> bool:
    """Whether the asker wants English; Chinese is said otherwise."""
    return header(scope, b"accept-language")[:2].lower() == b"en"


def bearer(scope: Scope) -> str:
    """The token of ``Authorization: Bearer``, or nothing."""
    kind, _, token = header(scope, b"authorization").partition(b" ")
    return token.strip().decode("latin-1") if kind.lower() == b"bearer" else ""
