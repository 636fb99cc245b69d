"""Asking the pipeline's local API for history and latest values. It holds them; the county does not copy them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Unavailable

TIMEOUT = httpx.Timeout(5.0, connect=1.0)
PATIENT = httpx.Timeout(30.0, connect=1.0)
"""For a trial, which may wait for another one."""


def _base() -> str:
    config = settings.CONFIG
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.ingest_host, config.ingest_host)
    return f"http://{host}:{config.ingest_port}/local/v1"


def _ask(method: str, path: str, timeout: httpx.Timeout = TIMEOUT, **arguments: Any) -> Any:
    """Raises Unavailable when the pipeline does not answer, or answers with an error or with no JSON."""
    headers = {"Authorization": f"Bearer {settings.CONFIG.secret('wing.token')}"}
    try:
        answer = httpx.request(
            method, f"{_base()}{path}", headers=headers, timeout=timeout, trust_env=False, **arguments
        )
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(_("感知管道现在问不到，历史和最新读数暂时看不了；读数仍在接收和保存。")) from error


def latest(points: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The newest reading of each point that has one: `{ts, received, value, quality, level, state}`, times UTC ms.

    Raises Unavailable.
    """
    ids = sorted(set(points))
    if not ids:
        return {}
    answer = _ask("POST", "/latest", json={"points": ids})
    return {int(key): item for key, item in answer.get("items", {}).items() if item}


def readings(
    point: int, start: int, end: int, limit: int, step: int | None = None
) -> tuple[list[list[Any]], int | None]:
    """Rows `[ts, value, quality]`, or with `step` (ms) `[ts, min, max, mean, n]`; and where to go on.

    Raises Unavailable.
    """
    query: dict[str, Any] = {"point": point, "start": start, "end": end, "limit": limit}
    if step:
        query["step"] = step
    answer = _ask("GET", "/readings", params=query)
    return answer.get("items", []), answer.get("next")


def trial(body: dict[str, Any]) -> dict[str, Any]:
    """Rules tried on a point's stored readings; `body` and answer as `shoutu.sensing.trial` has them.

    Raises Unavailable.
    """
    answer: dict[str, Any] = _ask("POST", "/trial", PATIENT, json=body)
    return answer
