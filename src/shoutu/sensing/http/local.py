"""``/local/v1``: history and last values for the county, behind the wing token."""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec

from shoutu.engine.trial import TooManyPauses
from shoutu.sensing.backtest import BacktestAsked
from shoutu.sensing.falsified_asked import FalsifiedAsked, FalsifiedBusy, FalsifiedFailed
from shoutu.sensing.http.answer import Problem, Receive, Scope, Send, bearer, send_json
from shoutu.sensing.http.body import Budget, read_body
from shoutu.sensing.model import LocalApi
from shoutu.sensing.quality_asked import QualityAsked, QualityBusy
from shoutu.sensing.trial import Asked, TrialsBusy

LIMIT = 1_000
LIMIT_MAX = 100_000
POINTS_BODY = 1024 * 1024
TRIAL_BODY = 256 * 1024
NAMES = ("readings", "latest", "senders", "trial", "backtest", "quality", "falsified")
PATHS = frozenset(f"/local/v1/{name}" for name in NAMES)
LONG = frozenset({"/local/v1/falsified"})
"""What takes minutes to answer, and ends by itself (``falsified_asked.MOST_SECONDS``): no door ends it before."""


class Sources(msgspec.Struct):
    """Body of ``POST /local/v1/senders``."""

    sources: list[int]


class Wanted(msgspec.Struct):
    """Body of ``POST /local/v1/latest``."""

    points: list[int]


async def answer_local(local: LocalApi, scope: Scope, receive: Receive, send: Send, budget: Budget) -> str:
    """Answer one local query. Raises Problem 401, 404, 405, 422, 429 or 500."""
    if not local.is_wing(bearer(scope)):
        raise Problem(401, "unauthorized", "此接口只接受本机 wing 令牌", "this address takes the wing token only")
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    path, method = scope["path"], scope["method"]
    try:
        if path == "/local/v1/readings" and method == "GET":
            answer = await local.readings(
                required(query, "point"),
                optional(query, "start"),
                optional(query, "end"),
                max(1, min(optional(query, "limit") or LIMIT, LIMIT_MAX)),
                optional(query, "step"),
                bool(optional(query, "fill")),
            )
        elif path == "/local/v1/latest" and method == "GET":
            answer = await local.latest([whole("points", text) for text in query.get("points", "").split(",") if text])
        elif path == "/local/v1/latest" and method == "POST":
            body = await read_body(scope, receive, POINTS_BODY, budget)
            answer = await local.latest(msgspec.json.decode(body, type=Wanted).points)
        elif path == "/local/v1/senders" and method == "POST":
            body = await read_body(scope, receive, POINTS_BODY, budget)
            answer = local.senders(msgspec.json.decode(body, type=Sources).sources)
        elif path == "/local/v1/trial" and method == "POST":
            body = await read_body(scope, receive, TRIAL_BODY, budget)
            answer = await local.trial(msgspec.json.decode(body, type=Asked))
        elif path == "/local/v1/backtest" and method == "POST":
            body = await read_body(scope, receive, TRIAL_BODY, budget)
            answer = await local.backtest(msgspec.json.decode(body, type=BacktestAsked))
        elif path == "/local/v1/quality" and method == "POST":
            body = await read_body(scope, receive, POINTS_BODY, budget)
            answer = await local.quality(msgspec.json.decode(body, type=QualityAsked))
        elif path == "/local/v1/falsified" and method == "POST":
            body = await read_body(scope, receive, POINTS_BODY, budget)
            answer = await local.falsified(msgspec.json.decode(body, type=FalsifiedAsked))
        elif path in PATHS:
            raise Problem(405, "method", "此地址不接受该方法", "this address does not take this method")
        else:
            raise Problem(404, "not_found", "没有此地址", "no such address")
    except TrialsBusy:
        zh, en = (
            "一次试算在算，另一次在等，这次没有开始；过几秒再试",
            "one trial runs and another waits; try again in some seconds",
        )
        raise Problem(429, "busy", zh, en, [(b"retry-after", b"5")]) from None
    except QualityBusy:
        zh, en = "数据质量正在算，过几秒再问", "data quality is being reckoned; ask again in some seconds"
        raise Problem(429, "busy", zh, en, [(b"retry-after", b"5")]) from None
    except FalsifiedBusy:
        zh, en = "正在查另一批读数，过一会再问", "other readings are being searched; ask again in a while"
        raise Problem(429, "busy", zh, en, [(b"retry-after", b"60")]) from None
    except FalsifiedFailed as error:
        raise Problem(500, "search", f"这批读数没有查成：{error}", f"{error}") from None
    except TooManyPauses as error:
        raise Problem(422, "query", error.zh, str(error)) from None
    except (ValueError, msgspec.DecodeError) as error:
        raise Problem(422, "query", str(error), str(error)) from None
    await send_json(send, 200, answer)
    return "asked"


def required(query: dict[str, str], name: str) -> int:
    """A whole number of the query. Raises ValueError naming it."""
    if name not in query:
        raise ValueError(f"{name}: missing; expected a whole number")
    return whole(name, query[name])


def optional(query: dict[str, str], name: str) -> int | None:
    """A whole number of the query, if given. Raises ValueError naming it."""
    return whole(name, query[name]) if query.get(name) else None


def whole(name: str, text: str) -> int:
    """Raises ValueError naming the field when the text is no 64-bit whole number."""
    try:
        number = int(text)
    except ValueError:
        number = 1 << 64
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f"{name}={text[:40]!r}: expected a whole number")
    return number
