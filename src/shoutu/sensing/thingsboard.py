"""What ThingsBoard's libraries ask for beside sending readings, and what they are told. Pure; for both doors.

They subscribe as soon as they are connected, and send no reading before they know the limits of their session. There
are no attributes, no commands and no claims here: a device that asks for them is answered that there are none, and
what it tells of itself is acknowledged and counted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

DEVICE, GATEWAY = "v1/devices/me/", "v1/gateway/"
TELEMETRY, GATEWAY_TELEMETRY = f"{DEVICE}telemetry", f"{GATEWAY}telemetry"
ATTRIBUTES_ASKED, RPC_ASKED = f"{DEVICE}attributes/request/", f"{DEVICE}rpc/request/"
GATEWAY_ATTRIBUTES_ASKED = f"{GATEWAY}attributes/request"
FILTERS = frozenset(
    {
        f"{DEVICE}attributes",
        f"{DEVICE}attributes/response/+",
        f"{DEVICE}rpc/request/+",
        f"{DEVICE}rpc/response/+",
        f"{GATEWAY}attributes",
        f"{GATEWAY}attributes/response",
        f"{GATEWAY}rpc",
        f"{GATEWAY}disconnect",
        "v2/fw/response/+",
        "v2/sw/response/+",
    }
)
"""What may be subscribed to; most of it never says anything."""
TOLD = {
    f"{DEVICE}attributes": "attributes_ignored",
    f"{GATEWAY}attributes": "attributes_ignored",
    f"{GATEWAY}connect": "device_told",
    f"{GATEWAY}disconnect": "device_told",
    f"{GATEWAY}rpc": "rpc_ignored",
    f"{DEVICE}claim": "claim_ignored",
    f"{GATEWAY}claim": "claim_ignored",
}
"""Topics that hold no readings and want no answer → as what they are counted."""


class Limits(NamedTuple):
    """Of one session: bytes a message, messages not yet acknowledged."""

    bytes: int
    window: int


def outcome(topic: str) -> str:
    """As what a message of these topics is counted, "" where the topic is none of them."""
    if topic.startswith((ATTRIBUTES_ASKED, RPC_ASKED)) or topic == GATEWAY_ATTRIBUTES_ASKED:
        return "asked"
    if topic.startswith(f"{DEVICE}rpc/response/"):
        return "rpc_ignored"
    return TOLD.get(topic, "")


def reply(topic: str, payload: bytes, limits: Limits) -> tuple[str, bytes] | None:
    """Topic and payload of the answer a message wants, or None."""
    if topic.startswith(RPC_ASKED):
        return f"{DEVICE}rpc/response/{topic[len(RPC_ASKED) :]}", called(payload, limits)
    if topic.startswith(ATTRIBUTES_ASKED):
        return f"{DEVICE}attributes/response/{topic[len(ATTRIBUTES_ASKED) :]}", b"{}"
    if topic == GATEWAY_ATTRIBUTES_ASKED:
        asked = _object(payload)
        told: dict[str, Any] = {"id": asked.get("id"), "device": asked.get("device"), "values": {}}
        return f"{GATEWAY}attributes/response", msgspec.json.encode(told)
    return None


def called(payload: bytes, limits: Limits) -> bytes:
    """The answer to a call of the device: the limits of its session, else that there is no such method."""
    method = _object(payload).get("method")
    if method != "getSessionLimits":
        return msgspec.json.encode({"error": f"no method {str(method)[:40]}; there is getSessionLimits"})
    # Empty texts say "unlimited"; without the keys the libraries keep limits of their own.
    none = {"messages": "", "telemetryMessages": "", "telemetryDataPoints": ""}
    told = {
        "maxPayloadSize": limits.bytes,
        "maxInflightMessages": limits.window,
        "rateLimits": none,
        "gatewayRateLimits": none,
    }
    return msgspec.json.encode(told)


def heard(filters: set[str], topic: str) -> bool:
    """Whether one of these filters covers a topic we answer on."""
    return topic in filters or f"{topic.rpartition('/')[0]}/+" in filters


def _object(payload: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
