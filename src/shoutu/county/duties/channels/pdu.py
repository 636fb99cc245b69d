"""Short messages as a GSM modem speaks them in PDU mode (3GPP TS 23.040): written in UCS-2, read in UCS-2 or GSM 7 bit.

Pure. Hex text in and out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

SINGLE, PART = 70, 67
"""UTF-16 units in a message that stands alone, and in one part of several."""
VALID_1_H = 0x0B
"""Relative validity: a call that comes later than an hour misleads."""

_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_MORE = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€"}


class BadPdu(ValueError):
    """Not a message this reads; says where it broke."""


@dataclass(frozen=True)
class Incoming:
    """A message that came in. Of several parts, `part` of `parts` (from 1) under `reference`; else 1 of 1."""

    sender: str
    at: datetime
    text: str
    reference: int = 0
    part: int = 1
    parts: int = 1


@dataclass(frozen=True)
class Report:
    """A delivery report for the message part the modem numbered `reference`. `state`: delivered, trying or failed."""

    reference: int
    recipient: str
    state: str


def split(text: str) -> list[bytes]:
    """UTF-16BE pieces of one message. No surrogate pair is torn apart."""
    raw = text.encode("utf-16-be")
    if len(raw) <= 2 * SINGLE:
        return [raw]
    pieces, at = [], 0
    while at < len(raw):
        end = min(at + 2 * PART, len(raw))
        if end < len(raw) and 0xD8 <= raw[end - 2] <= 0xDB:
            end -= 2
        pieces.append(raw[at:end])
        at = end
    if len(pieces) > 255:
        raise BadPdu("longer than 255 parts")
    return pieces


def submit(number: str, text: str, reference: int = 0) -> list[tuple[int, str]]:
    """SMS-SUBMIT for each part, asking for a delivery report: (length for AT+CMGS in octets, hex with empty SMSC).

    `reference` (0 to 255) joins the parts at the receiver.
    """
    pieces = split(text)
    digits = number.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 20:
        raise BadPdu(f"not a number: {number!r}")
    address = bytes([len(digits), 0x91 if number.startswith("+") else 0x81]) + _swapped(digits)
    made = []
    for index, piece in enumerate(pieces, 1):
        head = bytes([5, 0, 3, reference & 0xFF, len(pieces), index]) if len(pieces) > 1 else b""
        first = 0x31 | (0x40 if head else 0)
        body = bytes([first, 0]) + address + bytes([0, 8, VALID_1_H, len(head) + len(piece)]) + head + piece
        made.append((len(body), "00" + body.hex().upper()))
    return made


def _swapped(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes(int(padded[i + 1] + padded[i], 16) for i in range(0, len(padded), 2))


class _Reader:
    def __init__(self, text: str) -> None:
        try:
            self.raw = bytes.fromhex(text.strip())
        except ValueError:
            raise BadPdu("not hexadecimal") from None
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.raw):
            raise BadPdu(f"ends at octet {len(self.raw)}, {self.at + count} needed")
        piece = self.raw[self.at : self.at + count]
        self.at += count
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def address(self) -> str:
        length, kind = self.byte(), self.byte()
        raw = self.take((length + 1) // 2)
        if kind & 0x70 == 0x50:
            return _septets(raw, length * 4 // 7, 0)
        nibbles = "".join(f"{octet & 15:X}{octet >> 4:X}" for octet in raw)[:length]
        digits = nibbles.translate(str.maketrans("ABCDE", "*#abc"))
        return ("+" if kind & 0x70 == 0x10 else "") + digits

    def stamp(self) -> datetime:
        raw = self.take(7)
        two = [(octet & 15) * 10 + (octet >> 4) for octet in raw[:6]]
        quarter = (raw[6] & 7) * 10 + (raw[6] >> 4)
        zone = timezone(timedelta(minutes=15 * quarter * (-1 if raw[6] & 8 else 1))) if quarter <= 95 else UTC
        try:
            return datetime(2000 + two[0], two[1], two[2], two[3], two[4], two[5], tzinfo=zone)
        except ValueError:
            raise BadPdu("no such time") from None


def read(text: str) -> Incoming | Report:
    """An SMS-DELIVER or SMS-STATUS-REPORT as a modem hands it out, SMSC first. Raises BadPdu."""
    reader = _Reader(text)
    reader.take(reader.byte())
    first = reader.byte()
    if first & 3 == 2:
        reference, recipient = reader.byte(), reader.address()
        reader.stamp()
        reader.stamp()
        state = reader.byte()
        return Report(reference, recipient, "delivered" if state < 0x20 else "trying" if state < 0x40 else "failed")
    if first & 3 != 0:
        raise BadPdu(f"neither a message nor a report: type {first & 3}")
    sender = reader.address()
    reader.byte()
    coding = reader.byte()
    at = reader.stamp()
    length = reader.byte()
    return _message(reader, sender, at, coding, length, bool(first & 0x40))


def _message(reader: _Reader, sender: str, at: datetime, coding: int, length: int, headed: bool) -> Incoming:
    alphabet = coding & 0x0C if coding < 0x40 else 8 if 0xE0 <= coding < 0xF0 else 4 if coding & 0xF4 == 0xF4 else 0
    raw = reader.take(length if alphabet else (length * 7 + 7) // 8)
    head = 1 + raw[0] if headed and raw else 0
    if head > len(raw):
        raise BadPdu("the header is longer than the message")
    joined = _joined(raw[1:head])
    if alphabet == 8:
        text = raw[head:].decode("utf-16-be", "replace")
    elif alphabet == 4:
        text = raw[head:].decode("latin-1")
    else:
        skip = (head * 8 + 6) // 7
        text = _septets(raw, max(length - skip, 0), skip)
    return Incoming(sender, at, text, *joined)


def _joined(head: bytes) -> tuple[int, int, int]:
    at = 0
    while at + 2 <= len(head):
        kind, length = head[at], head[at + 1]
        value = head[at + 2 : at + 2 + length]
        if kind == 0 and len(value) == 3 and 1 <= value[2] <= value[1]:
            return value[0], value[2], value[1]
        if kind == 8 and len(value) == 4 and 1 <= value[3] <= value[2]:
            return value[0] << 8 | value[1], value[3], value[2]
        at += 2 + length
    return 0, 1, 1


def _septets(raw: bytes, count: int, skip: int) -> str:
    bits = int.from_bytes(raw, "little")
    text, escaped = "", False
    for index in range(skip, skip + count):
        value = bits >> (7 * index) & 0x7F
        if escaped:
            text, escaped = text + _GSM_MORE.get(value, " "), False
        elif value == 27:
            escaped = True
        else:
            text += _GSM[value]
    return text
