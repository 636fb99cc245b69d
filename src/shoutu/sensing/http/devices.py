"""ThingsBoard's device API over HTTP: ``/api/v1/TOKEN/telemetry`` and what its libraries ask for beside.

The token stands in the address: whatever is written of a request is written by `scrubbed`.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from urllib.parse import parse_qs

from shoutu.sensing.http.answer import Problem, Receive, Scope

PREFIX = "/api/v1/"
WAITS = frozenset({"GET attributes/updates", "GET rpc"})
"""A device waits here for what the county might ask of it: nothing ever."""
IGNORED = {"POST attributes": "attributes_ignored", "POST claim": "claim_ignored"}
LONGEST_WAIT_S = 60.0
SHOWN = 4


class Asked(NamedTuple):
    """A request of the device API: whose token, and for what, as ``METHOD path``."""

    token: str
    what: str


def asked(scope: Scope) -> Asked | None:
    """None for an address of another kind."""
    path: str = scope["path"]
    if not path.startswith(PREFIX):
        return None
    token, slash, what = path[len(PREFIX) :].partition("/")
    if not token or not slash:
        return None
    if what.startswith("rpc/"):
        what = "rpc/ID"
    return Asked(token, f"{scope['method']} {what}")


def scrubbed(path: str) -> str:
    """An address without the token in it, but for its first signs."""
    if not path.startswith(PREFIX):
        return path
    token, slash, rest = path[len(PREFIX) :].partition("/")
    return f"{PREFIX}{token[:SHOWN]}…{slash}{rest}"


def wait_of(scope: Scope) -> float:
    """Seconds a device wants to wait; it says them in ms."""
    told = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("timeout", [""])[0]
    return min(int(told) / 1000, LONGEST_WAIT_S) if told.isascii() and told.isdigit() else LONGEST_WAIT_S


async def wait_in_vain(scope: Scope, receive: Receive) -> None:
    """Until the device has waited long enough, or is gone. Raises Problem 408 in the first case."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), wait_of(scope))
    except TimeoutError:
        zh, en = "没有要下发的内容", "there is nothing for the device"
        raise Problem(408, "waited", zh, en) from None
