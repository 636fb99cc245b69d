#!/usr/bin/env python3
"""A Modbus TCP device with three values, for trying a connection out. Needs nothing but Python.

    python3 serve.py --port 5020

Holding registers of unit 1: 0 and 1 a water level in m (f32), 2 a temperature in tenths of a degree (i16);
discrete input 0: a pump runs. `--level 6.5` sets the level.
"""

from __future__ import annotations

import argparse
import socketserver
import struct

LEVEL, TENTHS, PUMP = 6.5, -52, True


class Device(socketserver.StreamRequestHandler):
    """Answers functions 2 and 3; anything else with an exception."""

    def handle(self) -> None:
        while len(head := self.rfile.read(7)) == 7:
            transaction, _, length, unit = struct.unpack(">HHHB", head)
            function, first, count = struct.unpack(">BHH", self.rfile.read(length - 1))
            body = answer(function, first, count)
            self.wfile.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)


def answer(function: int, first: int, count: int) -> bytes:
    words = struct.unpack(">3H", struct.pack(">fh", LEVEL, TENTHS))
    if function == 3 and first + count <= len(words):
        return struct.pack(f">BB{count}H", 3, 2 * count, *words[first : first + count])
    if function == 2 and (first, count) == (0, 1):
        return bytes([2, 1, PUMP])
    return bytes([function | 0x80, 2 if function in (2, 3) else 1])


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    global LEVEL
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5020)
    parser.add_argument("--level", type=float, default=LEVEL)
    told = parser.parse_args()
    LEVEL = told.level
    with Server((told.host, told.port), Device) as server:
        print(f"listening on {told.host}:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
