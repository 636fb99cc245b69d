"""Asking the pipeline's local API for history and latest values. It holds them; the county does not copy them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Invalid, Unavailable

TIMEOUT = httpx.Timeout(5.0, connect=1.0)
PATIENT = httpx.Timeout(60.0, connect=1.0)
"""For a trial, which may wait for another one."""
SEARCH = httpx.Timeout(900.0, connect=1.0)
"""For a search at the lowest priority, which nobody waits for."""


def _base() -> str:
    config = settings.CONFIG
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.ingest_host, config.ingest_host)
    return f"http://{host}:{config.ingest_port}/local/v1"


def _request(method: str, path: str, timeout: httpx.Timeout, **arguments: Any) -> httpx.Response:
    """Whatever the pipeline answers, in the language of who asks. Raises Unavailable when it does not."""
    headers = {
        "Authorization": f"Bearer {settings.CONFIG.secret('wing.token')}",
        "Accept-Language": get_language() or "zh-hans",
    }
    try:
        return httpx.request(method, f"{_base()}{path}", headers=headers, timeout=timeout, trust_env=False, **arguments)
    except httpx.HTTPError as error:
        raise _unasked() from error


def _told(answer: httpx.Response) -> Any:
    """What it says. Raises Unavailable when that is an error or no JSON."""
    try:
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unasked() from error


def _unasked() -> Unavailable:
    return Unavailable(_("感知管道现在问不到，历史和最新读数暂时看不了；读数仍在接收和保存。"))


def latest(points: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The newest reading of each point that has one: `{ts, received, value, quality, level, state}`, times UTC ms.

    Of a point that is only watched the pipeline has a state and no reading: it is left out. Raises Unavailable.
    """
    ids = sorted(set(points))
    if not ids:
        return {}
    answer = _told(_request("POST", "/latest", TIMEOUT, json={"points": ids}))
    return {int(key): item for key, item in answer.get("items", {}).items() if item and item.get("ts") is not None}


def senders(sources: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The devices of each of these sources, the connected first, as `sensing.senders` has them; times UTC ms.

    Raises Unavailable.
    """
    ids = sorted(set(sources))
    if not ids:
        return {}
    answer = _told(_request("POST", "/senders", TIMEOUT, json={"sources": ids}))
    return {int(key): rows for key, rows in answer.get("items", {}).items()}


def readings(
    point: int, start: int, end: int, limit: int, step: int | None = None
) -> tuple[list[list[Any]], int | None]:
    """Rows `[ts, value, quality]`, or with `step` (ms) `[ts, min, max, mean, n]`; and where to go on.

    Raises Unavailable.
    """
    query: dict[str, Any] = {"point": point, "start": start, "end": end, "limit": limit}
    if step:
        query["step"] = step
    answer = _told(_request("GET", "/readings", TIMEOUT, params=query))
    return answer.get("items", []), answer.get("next")


def curve(
    point: int, start: int, end: int, limit: int, step: int | None = None
) -> tuple[list[list[Any]], int | None, list[tuple[int, int, int]]]:
    """Rows as `readings` tells them, and where to go on; without `step` rows of figures where no readings are left.

    Third: stretches (start, end, ms) of which only figures so far apart are left. Raises Unavailable.
    """
    query: dict[str, Any] = {"point": point, "start": start, "end": end, "limit": limit, "fill": 1}
    if step:
        query["step"] = step
    answer = _told(_request("GET", "/readings", TIMEOUT, params=query))
    return answer.get("items", []), answer.get("next"), [tuple(one) for one in answer.get("coarse", [])]


def trial(body: dict[str, Any]) -> dict[str, Any]:
    """Rules tried on a point's stored readings; `body` and answer as `shoutu.sensing.trial` has them.

    Raises Invalid with the pipeline's own words when it cannot try this, Unavailable, also while others are tried.
    """
    return _tried("/trial", body)


def backtest(body: dict[str, Any]) -> dict[str, Any]:
    """What variants of a rule would have been worth; body and answer as `shoutu.sensing.backtest` has. As `trial`."""
    return _tried("/backtest", body)


def _tried(path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = _request("POST", path, PATIENT, json=body)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Unavailable(_("前面还有改动在试算，这次没有开始；过几秒再试。"))
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        why = str(answer.json()["detail"])
        raise Invalid("trial", why, _("这次试算做不了：%(why)s") % {"why": why})
    told: dict[str, Any] = _told(answer)
    return told


def quality(body: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """How good the stored readings of a span are, per point; body and figures as `shoutu.sensing.quality_asked` has.

    Raises Unavailable, also while others are reckoned.
    """
    told = _told(_request("POST", "/quality", PATIENT, json=body))
    return {int(point): figures for point, figures in told["items"].items()}


class NotSearched(Exception):
    """The pipeline is there, and its search of just these points broke, took too long, or was too much for it."""


class SearchBusy(Unavailable):
    """The pipeline searches others: this was not begun, and may be asked again in a while."""


BROKEN = (httpx.codes.INTERNAL_SERVER_ERROR, httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.REQUEST_ENTITY_TOO_LARGE)


def falsified(body: dict[str, Any]) -> dict[str, Any]:
    """What no honest sensor tells; body and answer as `shoutu.sensing.falsified_asked` has them.

    Raises NotSearched, SearchBusy while others are searched, Unavailable where the pipeline cannot be asked now.
    """
    try:
        answer = _request("POST", "/falsified", SEARCH, json=body)
    except Unavailable as error:
        if isinstance(error.__cause__, httpx.ReadTimeout):
            raise NotSearched(f"no answer within {SEARCH.read:.0f} s") from error
        raise
    if answer.status_code in BROKEN:
        raise NotSearched(_why(answer))
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise SearchBusy(_why(answer))
    told: dict[str, Any] = _told(answer)
    return told


def _why(answer: httpx.Response) -> str:
    """What the pipeline said was wrong, at most 300 characters."""
    try:
        return str(answer.json()["detail"])[:300]
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text[:200]}"
