#!/usr/bin/env python3
"""A data logger that speaks HJ 212-2017, for trying a connection out. Needs nothing but Python.

    python3 send.py --mn 010000A8900016F000169DC0 --pw 123456 a34004=63.0 a21026=0.5

sends the values once as real-time data (2011) and waits for the answer (9014); without one it sends the same again,
as a logger does. `--every 30` goes on until stopped, `--minute` sends averages (2051), `--flag D` marks the values.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def crc(data: bytes) -> str:
    """The check of HJ 212-2017, annex A."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return f"{register:04X}"


def packet(args: argparse.Namespace, at: datetime) -> tuple[str, bytes]:
    """The number of the request and its bytes."""
    qn = f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03}"
    cn, what = ("2051", "Avg") if args.minute else ("2011", "Rtd")
    pairs = (value.partition("=") for value in args.values)
    said = ";".join(f"{factor}-{what}={number},{factor}-Flag={args.flag}" for factor, _, number in pairs)
    content = f"DataTime={at:%Y%m%d%H%M%S};{said}"
    data = f"QN={qn};ST=32;CN={cn};PW={args.pw};MN={args.mn};Flag=5;CP=&&{content}&&".encode()
    return qn, b"##%04d" % len(data) + data + crc(data).encode() + b"\r\n"


def answered(line: socket.socket, qn: str) -> bool:
    """Whether the answer to this request comes within five seconds."""
    line.settimeout(5)
    told = b""
    try:
        while b"\r\n" not in told:
            part = line.recv(4096)
            if not part:
                return False
            told += part
    except TimeoutError:
        return False
    print("<", told.decode().strip())
    return f"QN={qn};".encode() in told and b"CN=9014" in told


def send(args: argparse.Namespace) -> bool:
    """Send once, three times at most, the same bytes each time: they are stored once."""
    qn, data = packet(args, datetime.now(CHINA))
    for _ in range(3):
        try:
            with socket.create_connection((args.host, args.port), timeout=5) as line:
                print(">", data.decode().strip())
                line.sendall(data)
                if answered(line, qn):
                    return True
        except OSError as error:
            print(error, file=sys.stderr)
            time.sleep(1)
    print("no answer: is this MN registered with a source, with this password?", file=sys.stderr)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("values", nargs="+", metavar="FACTOR=NUMBER")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8212)
    parser.add_argument("--mn", required=True)
    parser.add_argument("--pw", required=True)
    parser.add_argument("--flag", default="N")
    parser.add_argument("--minute", action="store_true", help="averages of a minute (2051)")
    parser.add_argument("--every", type=float, default=0, help="seconds; 0: once")
    args = parser.parse_args()
    while True:
        good = send(args)
        if not args.every:
            return 0 if good else 1
        time.sleep(args.every)


if __name__ == "__main__":
    sys.exit(main())
