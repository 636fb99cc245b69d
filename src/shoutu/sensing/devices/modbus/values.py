"""Which registers are asked for together, and what they say. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shoutu.sensing.devices.modbus.frames import BITS_MOST, REGISTERS_MOST
from shoutu.sensing.devices.numbers import scaled, shortest
from shoutu.sensing.devices.settings import WIDTH, Register

FORMAT = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f", "f64": ">d"}


@dataclass(slots=True)
class Block:
    """Neighbours that are asked for by one question."""

    unit: int
    function: int
    first: int
    count: int = 0
    registers: list[Register] = field(default_factory=list)

    def __str__(self) -> str:
        return f"unit {self.unit}, function {self.function}, registers {self.first} to {self.first + self.count - 1}"


def blocks_of(registers: Iterable[Register], unit: int) -> list[Block]:
    """No register is asked for that nobody wants: a device may refuse a whole question for a gap in it."""

    def place(one: Register) -> tuple[int, int, int]:
        return (unit if one.unit is None else one.unit), one.function, one.index

    blocks: list[Block] = []
    for one in sorted(registers, key=place):
        at, function, first = place(one)
        most = BITS_MOST if function in (1, 2) else REGISTERS_MOST
        end = first + WIDTH[one.type]
        last = blocks[-1] if blocks else None
        beside = last is not None and (last.unit, last.function) == (at, function) and first <= last.first + last.count
        if last is None or not beside or end - last.first > most:
            last = Block(at, function, first)
            blocks.append(last)
        last.count = max(last.count, end - last.first)
        last.registers.append(one)
    return blocks


def raw_of(one: Register, words: Sequence[int]) -> float:
    """The number that stands in the registers (or bit) of a value."""
    if one.type == "bit":
        return words[0]
    turned = reversed(words) if one.order in ("CDAB", "DCBA") else words
    data = b"".join(word.to_bytes(2, "little" if one.order in ("BADC", "DCBA") else "big") for word in turned)
    (number,) = struct.unpack(FORMAT[one.type], data)
    # What a device writes as 0.7 is 0.699999988 in 64 bits.
    return shortest(number) if one.type == "f32" else float(number)


def value_of(one: Register, raw: float) -> float:
    """The reading; not a number where the device says that it has none."""
    return scaled(raw, one.scale, one.offset, one.fault)
