"""Takes in a request body within limits: of size, of what gzip may swell to, and of all bodies together."""

from __future__ import annotations

import zlib

from shoutu.sensing import metrics
from shoutu.sensing.doors import aside
from shoutu.sensing.http.answer import Problem, Receive, Scope, header

LARGE = 256 * 1024
"""Bytes from which a body is inflated and decoded on the decoding thread."""


class ClientGone(Exception):
    """The client went away, or was cut off for being too slow, before its body was whole."""


class Budget:
    """Bytes of unfinished bodies held by all connections together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def take(self, count: int) -> None:
        """Raises Problem 429 when all bodies under way together would hold too much."""
        if self.used + count > self.limit:
            raise busy()
        self.used += count

    def give(self, count: int) -> None:
        self.used -= count


def busy() -> Problem:
    """The 429 of a sender that must wait."""
    zh = "接收队列已满，请按 Retry-After 稍后重发；本批未接收"
    en = "the queue is full; send again after Retry-After seconds; nothing of it was taken"
    return Problem(429, "overloaded", zh, en, [(b"retry-after", b"1")])


def too_large(limit: int, inflated: bool = False) -> Problem:
    what = ("解压后", " after inflating") if inflated else ("", "")
    megabytes = limit // (1024 * 1024)
    return Problem(
        413,
        "too_large",
        f"请求体{what[0]}超过 {megabytes} MB（设置 SHOUTU_INGEST_MAX_MB）；请分批发送",
        f"the body{what[1]} is over {megabytes} MB (setting SHOUTU_INGEST_MAX_MB); send smaller batches",
    )


async def read_body(scope: Scope, receive: Receive, limit: int, budget: Budget) -> bytes:
    """The whole body, inflated. Raises Problem (413, 415, 422, 429) or ClientGone."""
    declared = header(scope, b"content-length")
    if declared and int(declared) > limit:
        raise too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message["body"]
    if message["more_body"]:
        body = await _read_rest(body, receive, limit, budget)
    elif len(body) > limit:
        raise too_large(limit)
    metrics.DOOR_BYTES.labels("http").inc(len(body))
    encoding = header(scope, b"content-encoding").strip().lower()
    if not encoding or encoding == b"identity":
        return body
    if encoding not in (b"gzip", b"x-gzip"):
        name = encoding.decode("latin-1")[:40]
        zh, en = f"不支持 Content-Encoding: {name}；请用 gzip 或不压缩", f"Content-Encoding {name}: use gzip or none"
        raise Problem(415, "encoding", zh, en)
    return await aside(len(body) > LARGE // 16, inflate, body, limit)


async def _read_rest(first: bytes, receive: Receive, limit: int, budget: Budget) -> bytes:
    parts, size, more = [first], len(first), True
    held = 0
    try:
        budget.take(size)
        held = size
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part, more = message["body"], message["more_body"]
            size += len(part)
            if size > limit:
                raise too_large(limit)
            budget.take(len(part))
            held += len(part)
            parts.append(part)
        return b"".join(parts)
    finally:
        budget.give(held)


def inflate(body: bytes, limit: int) -> bytes:
    """Gunzip, never beyond ``limit`` bytes. Raises Problem 413 or 422."""
    parts, size, rest = [], 0, body
    try:
        while rest:
            member = zlib.decompressobj(wbits=31)
            part = member.decompress(rest, limit - size + 1)
            size += len(part)
            if size > limit:
                raise too_large(limit, inflated=True)
            parts.append(part)
            if not member.eof:
                raise zlib.error("the gzip stream ends early")
            rest = member.unused_data
    except zlib.error as error:
        zh = f"gzip 解压失败（{error}）；整批未接收"
        raise Problem(422, "malformed", zh, f"gzip: {error}; nothing of it was taken") from None
    return b"".join(parts)
