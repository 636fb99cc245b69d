"""Modbus TCP on the wire: a question as bytes, an answer's bytes → numbers. Pure."""

from __future__ import annotations

import struct

HEAD = struct.Struct(">HHHB")
"""Transaction, protocol (0), length of what follows from the unit on, unit."""
LONGEST = 254
BITS_MOST, REGISTERS_MOST = 2_000, 125
WORDS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}


class Broken(Exception):
    """What came is no answer of Modbus TCP to what was asked: the line cannot be trusted any more."""


class Told(Exception):
    """The device says why it gives no answer."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.words = f"{code} {WORDS.get(code, '')}".rstrip()


def question(transaction: int, unit: int, function: int, first: int, count: int) -> bytes:
    return HEAD.pack(transaction, 0, 6, unit) + struct.pack(">BHH", function, first, count)


def head(raw: bytes) -> tuple[int, int, int]:
    """Transaction, unit and how many bytes follow the head. Raises Broken."""
    transaction, protocol, length, unit = HEAD.unpack(raw)
    if protocol != 0 or not 3 <= length <= LONGEST:
        raise Broken(f"no Modbus TCP: {raw.hex(' ')}")
    return transaction, unit, length - 1


def answer(body: bytes, function: int, count: int) -> list[int]:
    """The registers or bits asked for, and no others. Raises Told, Broken."""
    if len(body) == 2 and body[0] == function | 0x80:
        raise Told(body[1])
    bits = function in (1, 2)
    size = (count + 7) // 8 if bits else count * 2
    if len(body) != 2 + size or body[0] != function or body[1] != size:
        raise Broken(f"function {function} for {count}: {body[:16].hex(' ')}")
    if bits:
        return [body[2 + at // 8] >> at % 8 & 1 for at in range(count)]
    return list(struct.unpack(f">{count}H", body[2:]))
