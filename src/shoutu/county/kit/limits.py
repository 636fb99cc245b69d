"""How often one account may ask for what is costly: exports, searches, long reads.

Counted over the last minute by account, so that a session and the tokens of its owner share one limit, in the memory of
the web process, of which there is one. What calls people, and what answers a call, is never limited.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.throttling import BaseThrottle
from prometheus_client import Counter

from shoutu.county.kit.errors import TooMany

Name = Literal["export", "search", "read"]
WINDOW_S = 60.0

_LIMITED = Counter("shoutu_limited", "Requests refused since their account asked too often, by kind", ["kind"])
# When what was asked: `None` where each time counts.
_taken: dict[tuple[str, Any], deque[tuple[float, int | None]]] = {}
_lock = threading.Lock()


def forget() -> None:
    """Start anew; for tests."""
    with _lock:
        _taken.clear()


def wait_of(name: Name, account: Any, now: float | None = None, what: int | None = None) -> int:
    """0 when `account` may ask once more, which is then counted; else the seconds until it may.

    `settings.LIMITS[name]` is how often within a minute; 0: as often as one likes. `what`: the same asked again while
    it counts is one. A list that stands open asks anew whenever something happens, four times a second in a storm: by
    that nobody must lose their search.
    """
    most, now = settings.LIMITS[name], time.monotonic() if now is None else now
    if most == 0:
        return 0
    with _lock:
        times = _taken.setdefault((name, account), deque())
        while times and times[0][0] <= now - WINDOW_S:
            times.popleft()
        if what is not None and any(one == what for _at, one in times):
            return 0
        if len(times) >= most:
            return max(1, math.ceil(times[0][0] + WINDOW_S - now))
        times.append((now, what))
    return 0


class Limit(BaseThrottle):
    """``throttle=Limit("export")`` of a route. Who is over it gets 429 with the seconds to wait."""

    def __init__(self, name: Name) -> None:
        self.name = name

    def counts(self, request: HttpRequest) -> bool:
        """Whether this request is one of the kind."""
        return True

    def what(self, request: HttpRequest) -> int | None:
        """What is asked, where the same again is not another; None: each time is."""
        return None

    def allow_request(self, request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        if actor is None or not self.counts(request):
            return True
        account = actor.user_id if actor.user_id is not None else actor.label
        wait = wait_of(self.name, account, what=self.what(request))
        if wait:
            _LIMITED.labels(self.name).inc()
            request.too_many = _too_many(self.name, wait)  # type: ignore[attr-defined]
        return not wait


class Searching(Limit):
    """What every list is asked with: counted where it searches for words."""

    def __init__(self) -> None:
        super().__init__("search")

    def counts(self, request: HttpRequest) -> bool:
        return bool(request.GET.get("q"))

    def what(self, request: HttpRequest) -> int | None:
        return hash(request.get_full_path())


def _too_many(name: Name, wait: int) -> TooMany:
    facts = {"most": settings.LIMITS[name], "seconds": wait}
    if name == "export":
        return TooMany(_("导出太密：一个账号一分钟最多 %(most)s 次，%(seconds)s 秒后再导。") % facts, wait)
    if name == "search":
        return TooMany(_("查找太密：一个账号一分钟最多 %(most)s 次，%(seconds)s 秒后再找。") % facts, wait)
    return TooMany(_("查询太密：一个账号一分钟最多 %(most)s 次，%(seconds)s 秒后再查。") % facts, wait)
