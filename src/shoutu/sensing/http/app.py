"""The HTTP door as a plain ASGI application: who asks, for what, and the readings themselves."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from shoutu.sensing import metrics, thingsboard
from shoutu.sensing.decode import CONTENT_TYPES, BadBody, Columns, Refusal, decode_arrow, say
from shoutu.sensing.decode.thingsboard import telemetry
from shoutu.sensing.doors import Settled, Taken, aside, settle, take
from shoutu.sensing.http import devices
from shoutu.sensing.http.answer import (
    JSON,
    Problem,
    Receive,
    Scope,
    Send,
    bearer,
    header,
    send_bytes,
    send_json,
    send_problem,
    speaks_english,
)
from shoutu.sensing.http.body import LARGE, Budget, ClientGone, busy, read_body
from shoutu.sensing.http.local import answer_local
from shoutu.sensing.model import Acceptor, LocalApi, NotDurable, Overloaded, Source
from shoutu.sensing.senders import SENDERS

log = logging.getLogger("shoutu.sensing.http")
DOOR = "http"
Decode = Callable[[bytes, str], Columns]


class HttpDoor:
    """One instance serves every connection of the door."""

    def __init__(self, acceptor: Acceptor, local: LocalApi, limit: int) -> None:
        self.acceptor, self.local, self.limit = acceptor, local, limit
        self.budget = Budget(max(16 * limit, 64 * 1024 * 1024))
        self.requests = 0
        self.accepted = 0
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        try:
            outcome = await self.route(scope, receive, send)
        except Problem as problem:
            outcome = problem.outcome
            await send_problem(send, problem, speaks_english(scope))
        except ClientGone:
            outcome = "gone"
        except Exception:
            outcome = "error"
            log.exception("request %s %s failed", scope["method"], devices.scrubbed(scope["path"]))
            zh, en = "服务内部错误，已记入日志；请重发", "internal error, logged; send again"
            await send_problem(send, Problem(500, outcome, zh, en), speaks_english(scope))
        metrics.DOOR_REQUESTS.labels(DOOR, outcome).inc()

    async def route(self, scope: Scope, receive: Receive, send: Send) -> str:
        """Answer one request; what became of it is the name of a counter."""
        path, method = scope["path"], scope["method"]
        if (asked := devices.asked(scope)) is not None:
            return await self.device(asked, scope, receive, send)
        if path == "/ingest/v1/readings":
            allow(method, "POST")
            return await self.ingest(scope, receive, send)
        if path.startswith("/local/v1/"):
            return await answer_local(self.local, scope, receive, send, self.budget)
        if path == "/healthz":
            await send_json(send, 200, {"status": "ok"})
        elif path == "/readyz":
            ready, why = self.local.ready()
            await send_json(send, 200 if ready else 503, {"status": "ok" if ready else "unready", **why})
        elif path == "/metrics":
            await send_bytes(send, 200, metrics.render(), (b"content-type", metrics.CONTENT_TYPE.encode()))
        else:
            zh, en = "没有此地址；读数发往 /ingest/v1/readings", "no such address; post to /ingest/v1/readings"
            raise Problem(404, "not_found", zh, en)
        return "asked"

    def authenticate(self, token: str) -> Source:
        """The source of a token. Raises Problem 401."""
        source = self.acceptor.directory.authenticate(token)
        if source is None:
            metrics.AUTH_FAILED.labels(DOOR).inc()
            zh = "令牌不存在、已撤销或来源已停用；请在请求头写 Authorization: Bearer <令牌>"
            en = "unknown, revoked or disabled token; send the header Authorization: Bearer <token>"
            raise Problem(401, "unauthorized", zh, en, [(b"www-authenticate", b"Bearer")])
        return source

    async def device(self, asked: devices.Asked, scope: Scope, receive: Receive, send: Send) -> str:
        """ThingsBoard's device API: telemetry is taken as readings, with 200; the rest is answered that nothing is."""
        source = self.authenticate(asked.token)
        if asked.what == "POST telemetry":
            now = time.time_ns() // 1_000_000
            return await self.take_in(source, lambda body, zone: telemetry(body, now, zone), 200, scope, receive, send)
        if asked.what in devices.WAITS:
            await devices.wait_in_vain(scope, receive)
            return "gone"
        if asked.what == "POST rpc":
            body = await read_body(scope, receive, self.limit, self.budget)
            told = thingsboard.called(body, thingsboard.Limits(self.limit, 1))
            await send_bytes(send, 200, told, JSON)
            return "asked"
        if asked.what in ("GET attributes", "POST rpc/ID", *devices.IGNORED):
            await read_body(scope, receive, self.limit, self.budget)
            await send_json(send, 200, {})
            return devices.IGNORED.get(asked.what, "asked")
        zh, en = "没有此地址；读数发往 /api/v1/<令牌>/telemetry", "no such address; post to /api/v1/<token>/telemetry"
        raise Problem(404, "not_found", zh, en)

    async def ingest(self, scope: Scope, receive: Receive, send: Send) -> str:
        """Take one body of readings; acknowledged with 202 once what is good of it is on disk."""
        source = self.authenticate(bearer(scope))
        kind = header(scope, b"content-type").partition(b";")[0].strip().lower().decode("latin-1")
        decode = CONTENT_TYPES.get(kind)
        if decode is None:
            known = ", ".join(sorted(filter(None, CONTENT_TYPES)))
            zh, en = f"不支持 Content-Type: {kind[:60]}；可用 {known}", f"Content-Type {kind[:60]}: use {known}"
            raise Problem(415, "content_type", zh, en)
        return await self.take_in(source, decode, 202, scope, receive, send)

    async def take_in(
        self,
        source: Source,
        decode: Decode,
        status: int,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> str:
        """One body of readings, read, made durable and answered with ``status``."""
        body = await read_body(scope, receive, self.limit, self.budget)
        self.budget.take(len(body))
        try:
            taken = await self.store(source, decode, body)
        finally:
            self.budget.give(len(body))
        self.accepted += taken.accepted
        self.refused += len(taken.refused)
        SENDERS.heard(source.id, DOOR, "", taken.accepted, len(taken.refused))
        english = speaks_english(scope)
        refused = await aside(len(taken.refused) > 2_000, words_of, taken.refused, english)
        await send_json(send, status, {"accepted": taken.accepted, "rejected": refused})
        return "accepted" if taken.accepted or not refused else "refused"

    async def store(self, source: Source, decode: Decode, body: bytes) -> Taken:
        """Parse one body and make durable what is good of it. Raises Problem 422, 429 or 503."""
        now = time.time_ns() // 1_000_000
        large = len(body) > (LARGE * 8 if decode is decode_arrow else LARGE)

        def judge() -> Settled:
            return settle(self.acceptor.directory, source, decode(body, source.zone), DOOR, now)

        try:
            settled = await aside(large, judge)
        except BadBody as bad:
            metrics.REJECTED.labels(DOOR, bad.code).inc()
            raise Problem(422, bad.code, say(bad.code, bad.params), say(bad.code, bad.params, True)) from None
        try:
            return await take(self.acceptor, settled)
        except Overloaded:
            raise busy() from None
        except NotDurable as error:
            zh = f"当前无法落盘（{error}）；本批未接收，请保留并重发"
            en = f"readings cannot be made durable now ({error}); nothing was taken, keep them and send again"
            raise Problem(503, "not_durable", zh, en, [(b"retry-after", b"5")]) from None


def allow(method: str, *methods: str) -> None:
    """Raises Problem 405 for a method an address does not have."""
    if method not in methods:
        listed = ", ".join(methods)
        allowed = [(b"allow", listed.encode())]
        raise Problem(405, "method", f"此地址只接受 {listed}", f"this address takes {listed}", allowed)


def words_of(refused: list[Refusal], english: bool) -> list[dict[str, Any]]:
    """Refusals as the answer lists them."""
    return [{"index": r.index, "code": r.code, "reason": say(r.code, r.params, english)} for r in refused]
