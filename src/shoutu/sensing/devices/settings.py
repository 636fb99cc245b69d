"""What the catalog says of a device that we call. Wrong settings keep that device away and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from shoutu.sensing.devices.away import Away

Function = Literal[1, 2, 3, 4]
Type = Literal["bit", "u16", "i16", "u32", "i32", "f32", "f64"]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
WIDTH: dict[str, int] = {"bit": 1, "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "f64": 4}
Unit = Annotated[int, msgspec.Meta(ge=0, le=255)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]


class Register(msgspec.Struct, frozen=True):
    """One value: where it stands and how it is read. ``index``: the register's number, from 0, as on the wire.

    ``unit``: where it is not the device's own. ``fault``: the number by which the device says that it has none.
    """

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    function: Function
    index: Annotated[int, msgspec.Meta(ge=0, le=65_535)]
    type: Type = "u16"
    order: Order = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    unit: Unit | None = None
    fault: float | None = None


class Modbus(msgspec.Struct, frozen=True):
    """A Modbus TCP device or gateway, asked every so many seconds."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    registers: Annotated[tuple[Register, ...], msgspec.Meta(min_length=1, max_length=2_000)]
    port: Port = 502
    unit: Unit = 1
    every_s: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 10.0
    timeout_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 3.0


def read_modbus(told: Mapping[str, Any]) -> Modbus:
    """Raises Away naming the field that is wrong."""
    try:
        found = msgspec.convert(told, Modbus)
    except msgspec.ValidationError as error:
        raise Away("settings", str(error)) from None
    for one in found.registers:
        if (one.type == "bit") != (one.function in (1, 2)):
            raise Away("settings", f"{one.address}: functions 1 and 2 read bits, 3 and 4 read registers")
        if one.index + WIDTH[one.type] > 65_536:
            raise Away("settings", f"{one.address}: beyond the last register")
    return found


ENDPOINT = re.compile(r"opc\.tcp://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?(/\S*)?")
NODE_ID = re.compile(
    r"(?:ns=(?P<ns>\d{1,5});|nsu=(?P<nsu>[^;]+);)?"
    r"(?:i=(?P<i>\d{1,10})|s=(?P<s>.+)|g=(?P<g>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})|b=(?P<b>[A-Za-z0-9+/]+={0,2}))",
    re.DOTALL,
)
OPCUA_PORT = 4840


class Node(msgspec.Struct, frozen=True):
    """One value: which node it is and how it is read. ``element``: of a node that is an array, from 0.

    ``fault``: the number by which the device says that it has none.
    """

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    node: Annotated[str, msgspec.Meta(min_length=3, max_length=1_000)]
    scale: float = 1.0
    offset: float = 0.0
    fault: float | None = None
    element: Annotated[int, msgspec.Meta(ge=0, le=65_535)] | None = None


class Opcua(msgspec.Struct, frozen=True):
    """An OPC UA server whose changes are subscribed to. Seconds.

    ``every_s``: it publishes so often; ``sample_s``: it looks at its values so often (0: as often as it can);
    ``beat_s``: a value that stood still so long is read again. ``server``: SHA-256 of its certificate. ``time``: whose
    clock counts.
    """

    endpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    nodes: Annotated[tuple[Node, ...], msgspec.Meta(min_length=1, max_length=2_000)]
    security: Literal["none", "sign", "encrypt"] = "none"
    server: str = ""
    user: str = ""
    sealed: str = ""
    time: Literal["source", "server", "arrival"] = "source"
    every_s: Annotated[float, msgspec.Meta(ge=0.1, le=3_600)] = 1.0
    sample_s: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 0.5
    beat_s: Annotated[float, msgspec.Meta(ge=0.5, le=86_400)] = 60.0
    timeout_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0

    @property
    def place(self) -> tuple[str, int]:
        """Host and port. Raises Away."""
        found = ENDPOINT.fullmatch(self.endpoint)
        if found is None or not 1 <= int(found[2] or OPCUA_PORT) <= 65_535:
            raise Away("settings", f"endpoint {self.endpoint}: expected opc.tcp://host:port/path")
        return found[1].strip("[]"), int(found[2] or OPCUA_PORT)


def read_opcua(told: Mapping[str, Any]) -> Opcua:
    """Raises Away naming the field that is wrong."""
    try:
        found = msgspec.convert(told, Opcua)
    except msgspec.ValidationError as error:
        raise Away("settings", str(error)) from None
    found.place  # noqa: B018
    for one in found.nodes:
        if NODE_ID.fullmatch(one.node) is None:
            raise Away("settings", f"{one.address}: node {one.node}: expected ns=2;s=name, ns=2;i=7 and the like")
    if found.user and found.security == "none":
        raise Away("settings", "user: a password goes over a secured channel only")
    return found
