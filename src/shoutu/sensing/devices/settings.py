"""What the catalog says of a device that we call. Wrong settings keep that device away and no other."""

from __future__ import annotations

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
