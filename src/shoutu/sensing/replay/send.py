"""Sends a series through the HTTP door as a device does: at a chosen speed, again until it is acknowledged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import numpy as np

from shoutu.sensing.replay.series import Series

SLICE_SECONDS = 0.1
"""At a finite speed, what falls due within this wall time is sent together."""
REASONS_KEPT = 5


class ReplayError(Exception):
    """The replay cannot go on; the message says why and how to resume."""


@dataclass
class Summary:
    """What became of a series; ``rejected`` by code, ``reasons`` the first few in words, ``retries`` of requests."""

    rows: int
    skipped: int
    sent: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    retries: int = 0
    seconds: float = 0.0

    @property
    def refused(self) -> int:
        return sum(self.rejected.values())


Progress = Callable[[Summary], None]


class Sender:
    """One sequence of requests over one connection."""

    def __init__(self, url: str, token: str, patience: float) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept-Language": "en"}
        self.url, self.patience = url, patience
        self.client = httpx.Client(base_url=url, headers=headers, timeout=30)

    def post(self, readings: list[dict[str, Any]], summary: Summary) -> None:
        """Return once the door has acknowledged these readings.

        The same (point, time) sent twice is kept once, so a request whose answer was lost is sent again.
        Raises ReplayError when the door refuses for good or stays closed longer than ``patience`` s.
        """
        body = msgspec.json.encode(readings)
        begin, wait = time.monotonic(), 0.2
        while True:
            try:
                answer = self.client.post("/ingest/v1/readings", content=body)
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
            else:
                if answer.status_code == 202:
                    return self._note(answer.json(), readings, summary)
                if answer.status_code == 413 and len(readings) > 1:
                    half = len(readings) // 2
                    self.post(readings[:half], summary)
                    return self.post(readings[half:], summary)
                why = f"{answer.status_code} {_detail(answer)}"
                if answer.status_code not in (429, 500, 502, 503, 504):
                    raise ReplayError(why)
                if answer.headers.get("retry-after", "").isdigit():
                    wait = min(float(answer.headers["retry-after"]), 30.0)
            if time.monotonic() - begin + wait > self.patience:
                raise ReplayError(f"{self.url} does not take readings: {why}")
            summary.retries += 1
            time.sleep(wait)
            wait = min(wait * 2, 5.0)

    def _note(self, answer: dict[str, Any], readings: list[dict[str, Any]], summary: Summary) -> None:
        summary.sent += len(readings)
        summary.accepted += answer["accepted"]
        for refusal in answer["rejected"]:
            code = refusal.get("code", "rejected")
            summary.rejected[code] = summary.rejected.get(code, 0) + 1
            if len(summary.reasons) < REASONS_KEPT and refusal["reason"] not in summary.reasons:
                summary.reasons.append(refusal["reason"])


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]


def send_series(
    series: Series,
    url: str,
    token: str,
    speed: float | None,
    shift: int | str,
    batch: int,
    rename: dict[str, str],
    skip: int = 0,
    patience: float = 300.0,
    progress: Progress | None = None,
) -> Summary:
    """Send every reading. ``speed`` times real time, None as fast as it goes; ``shift`` ms added to each time, or
    "now": the last reading is dated when it is sent. Raises ReplayError naming ``--skip`` to resume with."""
    summary = Summary(len(series), series.skipped)
    addresses = [rename.get(address, address) for address in series.addresses]
    ts = series.ts[skip:] + _shift(series, speed, shift)
    sender = Sender(url, token, patience)
    begin = time.monotonic()
    try:
        for start, end in _pieces(series.ts[skip:], speed, batch):
            rows = slice(skip + start, skip + end)
            columns = (series.code[rows], ts[start:end], series.value[rows], series.quality[rows])
            sender.post(_readings(addresses, *(c.tolist() for c in columns)), summary)
            summary.seconds = time.monotonic() - begin
            if progress is not None:
                progress(summary)
    except ReplayError as error:
        done = skip + summary.sent
        raise ReplayError(f"{error}; {done} of {len(series)} rows are done, resume with --skip {done}") from None
    finally:
        sender.client.close()
    return summary


def _readings(
    addresses: list[str], codes: list[int], ts: list[int], values: list[float], quality: list[int]
) -> list[dict[str, Any]]:
    return [
        {"point": addresses[c], "ts": t, "value": v, "quality": q}
        if q
        else {"point": addresses[c], "ts": t, "value": v}
        for c, t, v, q in zip(codes, ts, values, quality, strict=True)
    ]


def _shift(series: Series, speed: float | None, shift: int | str) -> int:
    if shift != "now":
        return int(shift)
    if not len(series):
        return 0
    spans = (int(series.ts[-1]) - int(series.ts[0])) / speed if speed else 0
    return int(time.time() * 1000 + spans) - int(series.ts[-1])


def _pieces(ts: Any, speed: float | None, batch: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows to send together, each given out when it is due."""
    if speed is None:
        yield from ((start, min(start + batch, len(ts))) for start in range(0, len(ts), batch))
        return
    begin, start = time.monotonic(), 0
    while start < len(ts):
        first = int(ts[0])
        due = begin + (int(ts[start]) - first) / 1000.0 / speed
        time.sleep(max(0.0, due - time.monotonic()))
        reached = first + (time.monotonic() - begin + SLICE_SECONDS) * 1000.0 * speed
        end = max(start + 1, int(np.searchsorted(ts, reached, side="right")))
        end = min(end, start + batch)
        yield start, end
        start = end
