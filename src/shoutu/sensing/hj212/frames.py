r"""HJ 212 on the wire: ``##``, four digits of length, the data segment, its CRC, CR LF. Bytes in, segments out.

Pure, and the same however the bytes were cut or glued on their way. A segment holds neither ``##`` nor CR LF: where
one stands inside, the packet before it was cut short or its length is wrong, and reading goes on behind the damage.
"""

from __future__ import annotations

import re
from typing import NamedTuple

START, END = b"##", b"\r\n"
HEAD, TAIL = 6, 4
DATA_MAX = 9_999
"""What four digits can say. HJ 212-2017 allows 1,024 bytes; loggers with many factors send more in one packet."""
HEX = re.compile(rb"[0-9A-Fa-f]{4}\Z")


class Fault(NamedTuple):
    """Bytes that are no packet: ``garbage`` between packets, ``cut``, ``length``, ``too_large``, ``crc``."""

    code: str
    size: int


def _shifted(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


TABLE = tuple(_shifted(value) for value in range(256))


def crc16(data: bytes) -> int:
    """The check of HJ 212 (its annex A): not that of Modbus, though of the same polynomial."""
    register = 0xFFFF
    for byte in data:
        register = TABLE[(register >> 8) ^ byte]
    return register


def frame(data: bytes) -> bytes:
    """A data segment as it goes over the wire. Raises ValueError when it is too long."""
    if len(data) > DATA_MAX:
        raise ValueError(f"a segment of {len(data)} bytes; at most {DATA_MAX} can be told")
    return b"##%04d%b%04X\r\n" % (len(data), data, crc16(data))


class Framer:
    """Segments and faults out of one stream, in order."""

    def __init__(self, limit: int = DATA_MAX) -> None:
        self.limit = limit
        self.buffer = bytearray()
        self._after_fault = False

    def feed(self, data: bytes) -> None:
        self.buffer += data

    @property
    def partial(self) -> bool:
        """Whether a packet has begun and is not whole."""
        return len(self.buffer) > 1

    def next(self) -> bytes | Fault | None:
        """The next segment, the next fault, or None until more bytes come."""
        if (fault := self._seek()) is not None:
            return fault
        buffer = self.buffer
        if len(buffer) < HEAD:
            return None
        digits = bytes(buffer[2:HEAD])
        if not digits.isdigit():
            return self._fault("length", 2)
        size = int(digits)
        if size > self.limit:
            return self._fault("too_large", 2)
        if (broken := self._broken(HEAD + size)) is not None:
            return broken
        if len(buffer) < HEAD + size + TAIL:
            return None
        data, told = bytes(buffer[HEAD : HEAD + size]), bytes(buffer[HEAD + size : HEAD + size + TAIL])
        if not HEX.match(told) or int(told, 16) != crc16(data):
            return self._fault("crc", 2)
        del buffer[: HEAD + size + TAIL]
        self._after_fault = False
        return data

    def _seek(self) -> Fault | None:
        """Bring the start of a packet to the front; what stood before it is garbage, but line ends are none."""
        buffer = self.buffer
        at = buffer.find(START)
        while 0 <= at < len(buffer) - 2 and buffer[at + 2] == START[0]:
            at += 1  # of many # in a row the last two begin the packet
        if at < 0:
            at = len(buffer) - (buffer[-1:] == b"#")
        skipped = bytes(buffer[:at])
        del buffer[:at]
        if self._after_fault or not skipped.strip(b"\r\n"):
            return None
        return Fault("garbage", len(skipped))

    def _broken(self, end: int) -> Fault | None:
        """A start or an end inside the segment, as far as it is here."""
        start, stop = self.buffer.find(START, HEAD, end), self.buffer.find(END, HEAD, end)
        if start >= 0 and (stop < 0 or start < stop):
            return self._fault("cut", start)
        return self._fault("length", stop) if stop >= 0 else None

    def _fault(self, code: str, size: int) -> Fault:
        del self.buffer[:size]
        self._after_fault = True
        return Fault(code, size)
