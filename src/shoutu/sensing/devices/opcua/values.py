"""A value of an OPC UA node → a reading. Pure."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite, nan
from typing import Any

from asyncua import ua

from shoutu.sensing.devices.numbers import scaled, shortest
from shoutu.sensing.devices.settings import NODE_ID, Node
from shoutu.sensing.model import GOOD, INVALID, SUSPECT

T = ua.VariantType
NUMBERS = {
    T.Boolean, T.SByte, T.Byte, T.Int16, T.UInt16, T.Int32, T.UInt32, T.Int64, T.UInt64, T.Float, T.Double,
}  # fmt: skip
S = ua.StatusCodes
GONE = {
    S.BadNodeIdUnknown, S.BadNodeIdInvalid, S.BadAttributeIdInvalid, S.BadNotReadable, S.BadUserAccessDenied,
    S.BadIndexRangeInvalid,
}  # fmt: skip
"""There is nothing to be read: no reading, be it a faulty one."""
OVERFLOW = 0x0480
"""Bits of a status: these are about a value, and values before it were dropped for want of room."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(1601, 1, 1, tzinfo=UTC)
"""How a time that nobody set goes over the wire."""


class Unfit(Exception):
    """What the node holds is not one number."""


def status_of(data: ua.DataValue) -> int:
    """The status of a value; none said is good."""
    return int(data.StatusCode.value) if data.StatusCode is not None else int(S.Good)


def status_name(status: int) -> str:
    return str(ua.status_codes.get_name_and_doc(status & 0xFFFF0000)[0])


def overflowed(status: int) -> bool:
    return status & OVERFLOW == OVERFLOW


def reading_of(node: Node, data: ua.DataValue) -> tuple[float, int]:
    """Value and quality. A bad status is a fault, whatever stands beside it. Raises Unfit."""
    severity = status_of(data) >> 30
    quality = (GOOD, SUSPECT, INVALID, INVALID)[severity]
    try:
        raw = _number(data.Value, node.element)
    except Unfit:
        if quality != INVALID:
            raise
        raw = nan
    value = scaled(raw, node.scale, node.offset, node.fault)
    return value, quality if isfinite(value) else INVALID


def _number(variant: ua.Variant | None, element: int | None) -> float:
    """The number in a variant; not a number where it is empty. Raises Unfit."""
    if variant is None or variant.Value is None:
        return nan
    value: Any = variant.Value
    kind = getattr(variant.VariantType, "name", str(variant.VariantType))
    if variant.is_array:
        if element is None or len(variant.Dimensions or ()) > 1 or not isinstance(value, list | tuple):
            raise Unfit(f"{kind}[]")
        if element >= len(value):
            raise Unfit(f"{kind}[{len(value)}]")
        value = value[element]
    elif element is not None:
        raise Unfit(kind)
    if variant.VariantType not in NUMBERS or not isinstance(value, int | float):
        raise Unfit(kind)
    return shortest(value) if variant.VariantType == T.Float else float(value)


def stamp_of(data: ua.DataValue, clock: str, now: int) -> int:
    """The time of a reading, UTC ms: the source's, where it says none the server's, and else the arrival's."""
    told = {"source": (data.SourceTimestamp, data.ServerTimestamp), "server": (data.ServerTimestamp,)}.get(clock, ())
    for one in told:
        if one is not None:
            when: Any = one if one.tzinfo else one.replace(tzinfo=UTC)
            if when > NEVER:
                return int((when - EPOCH) // timedelta(milliseconds=1))
    return now


def node_id(text: str, namespaces: Sequence[str]) -> ua.NodeId | None:
    """The node that a text names; None when it names a namespace that this server has not."""
    found = NODE_ID.fullmatch(text)
    assert found is not None, "settings were read"
    make: Callable[..., ua.NodeId] = ua.NodeId
    space = int(found["ns"] or 0)
    if found["nsu"]:
        if found["nsu"] not in namespaces:
            return None
        space = list(namespaces).index(found["nsu"])
    if found["i"]:
        return make(int(found["i"]), space, ua.NodeIdType.Numeric)
    if found["s"]:
        return make(found["s"], space, ua.NodeIdType.String)
    if found["g"]:
        return make(uuid.UUID(found["g"]), space, ua.NodeIdType.Guid)
    return make(base64.b64decode(found["b"] + "=="), space, ua.NodeIdType.ByteString)
