"""Which kinds of devices we call, and what works with one until it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from shoutu.sensing.devices.modbus import hold_modbus


async def _hold_opcua(runner: Any) -> None:
    # Its library takes seconds and much memory to load: only where there is such a device, and not in the way.
    module = await asyncio.to_thread(import_module, "shoutu.sensing.devices.opcua")
    await module.hold_opcua(runner)


KINDS: dict[str, Callable[[Any], Awaitable[None]]] = {"modbus": hold_modbus, "opcua": _hold_opcua}
