#!/usr/bin/env python3
"""An OPC UA server with three values, for trying a connection out. Needs `pip install asyncua` (Shoutu's own has it).

    .venv/bin/python examples/opcua/serve.py --port 4841

Namespace urn:mine: `level` (Double, m), `air` (Int16, tenths of a degree), `pump` (Boolean). The level moves now and
then; `--level 6.5` sets it and lets it stand.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging

from asyncua import Server, ua


async def serve(host: str, port: int, level: float | None) -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{host}:{port}/mine")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:mine")
    mine = await server.nodes.objects.add_object(ua.NodeId("mine", space), "mine")
    water = await mine.add_variable(ua.NodeId("level", space), "level", ua.Variant(level or 6.5, ua.VariantType.Double))
    await mine.add_variable(ua.NodeId("air", space), "air", ua.Variant(-52, ua.VariantType.Int16))
    await mine.add_variable(ua.NodeId("pump", space), "pump", ua.Variant(True, ua.VariantType.Boolean))
    async with server:
        print(f"listening on {host}:{port}", flush=True)
        for step in itertools.count():
            await asyncio.sleep(5)
            if level is None:
                await water.write_value(6.5 + step % 10 / 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4841)
    parser.add_argument("--level", type=float)
    told = parser.parse_args()
    asyncio.run(serve(told.host, told.port, told.level))


if __name__ == "__main__":
    main()
