"""Devices that the pipeline calls: what is told of one, and what is shown."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, model_validator

WIDTH = {"bit": 1, "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "f64": 4}
Unit = Annotated[int, Field(ge=0, le=255)]


class Register(Schema):
    """One value of a Modbus device.

    `index`: the register's number, from 0, as on the wire. `order`: of four bytes, ABCD is the highest first. A reading
    is the number × `scale` + `offset`. `unit`: where it is not the device's own. `fault`: the number that means there
    is none.
    """

    model_config = ConfigDict(extra="forbid")
    address: str = Field(min_length=1, max_length=120)
    function: Literal[1, 2, 3, 4]
    index: int = Field(ge=0, le=65_535)
    type: Literal["bit", "u16", "i16", "u32", "i32", "f32", "f64"] = "u16"
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    scale: float = Field(1.0, allow_inf_nan=False)
    offset: float = Field(0.0, allow_inf_nan=False)
    unit: Unit | None = None
    fault: float | None = Field(None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _whole(self) -> Register:
        if (self.type == "bit") != (self.function in (1, 2)):
            raise ValueError("functions 1 and 2 read bits (type bit), 3 and 4 registers")
        if self.index + WIDTH[self.type] > 65_536:
            raise ValueError("beyond the last register")
        return self


class Modbus(Schema):
    """A Modbus TCP device or gateway, asked every `every_s` seconds."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["modbus"]
    host: str = Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:-]+$")
    port: int = Field(502, ge=1, le=65_535)
    unit: Unit = 1
    every_s: float = Field(10.0, ge=0.5, le=86_400)
    timeout_s: float = Field(3.0, ge=0.1, le=60)
    registers: list[Register] = Field(min_length=1, max_length=2_000)


class OpcuaNode(Schema):
    """One value of an OPC UA server. `node`: its id, as `ns=2;s=name`, or `nsu=URI;s=name` where numbers may change.

    A reading is the number × `scale` + `offset`. `fault`: the number that means there is none. `element`: of a node
    that is an array, from 0.
    """

    model_config = ConfigDict(extra="forbid")
    address: str = Field(min_length=1, max_length=120)
    node: str = Field(min_length=1, max_length=1_000)
    scale: float = Field(1.0, allow_inf_nan=False)
    offset: float = Field(0.0, allow_inf_nan=False)
    fault: float | None = Field(None, allow_inf_nan=False)
    element: int | None = Field(None, ge=0, le=65_535)


class OpcuaBase(Schema):
    """An OPC UA server whose changes are subscribed to. Seconds.

    It publishes every `every_s` and looks at its values every `sample_s`; one that stood still for `beat_s` is read
    again. `security`: none, or Basic256Sha256 signed or encrypted; then `server` is the SHA-256 of its certificate
    (empty: it is shown, and nothing read). `time`: whose clock counts.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["opcua"]
    endpoint: str = Field(min_length=1, max_length=400)
    security: Literal["none", "sign", "encrypt"] = "none"
    server: str = Field("", max_length=100)
    user: str = Field("", max_length=200)
    time: Literal["source", "server", "arrival"] = "source"
    every_s: float = Field(1.0, ge=0.1, le=3_600)
    sample_s: float = Field(0.5, ge=0, le=3_600)
    beat_s: float = Field(60.0, ge=1, le=86_400)
    timeout_s: float = Field(5.0, ge=0.5, le=60)
    nodes: list[OpcuaNode] = Field(min_length=1, max_length=2_000)


class OpcuaIn(OpcuaBase):
    """`password`: of `user`; empty: the one that is kept."""

    password: str = Field("", max_length=200)


class Opcua(OpcuaBase):
    """`password_kept`: there is one; it is never shown."""

    password_kept: bool


class DeviceIn(Schema):
    """A device to be called, or with `replaces` (a registration) what is to hold instead of it."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=80)
    device: Annotated[Modbus | OpcuaIn, Field(discriminator="kind")]
    replaces: int | None = Field(None, ge=1)
    reason: str = Field("", max_length=400)
