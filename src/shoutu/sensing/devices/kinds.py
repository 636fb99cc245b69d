"""Which kinds of devices we call, and what works with one until it is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from shoutu.sensing.devices.modbus import hold_modbus

KINDS: dict[str, Callable[[Any], Awaitable[None]]] = {"modbus": hold_modbus}
