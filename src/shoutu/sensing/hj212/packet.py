"""A data segment → who sends what, and the answer it gets. Pure; names and codes of HJ 212-2017, 6.3 and annex B."""

from __future__ import annotations

import re
from typing import NamedTuple

REAL_TIME = frozenset({"2011", "2021"})
PERIODS = frozenset({"2031", "2041", "2051", "2061"})
"""Statistics of a day, of a day's running time, of some minutes, of an hour."""
NO_READINGS = frozenset({"2081"})
"""Data that holds no reading: when the logger was started."""
DATA = REAL_TIME | PERIODS | NO_READINGS
NOTICES = frozenset({"1013", "9015"})
"""The logger asks for the time, or only says that it is there (not of the standard, and frequent)."""
DATA_ANSWER, NOTICE_ANSWER = "9014", "9013"
ANSWER_WANTED = 1

NAME = re.compile(r"[A-Za-z0-9_.:-]{1,40}\Z")
SECRET = re.compile(r"[!-:<-~]{1,40}\Z")
DIGITS = re.compile(r"[0-9]{1,17}\Z")


class BadPacket(Exception):
    """Not a packet we can read; ``code`` labels the counter."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Packet(NamedTuple):
    """One data segment; ``cp`` is what stands between its ``&&``."""

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int
    pno: str
    cp: str

    @property
    def wants_answer(self) -> bool:
        return bool(self.flag & ANSWER_WANTED)


def read_packet(data: bytes) -> Packet:
    """Raises BadPacket: ``text``, ``field`` (missing, twice, or not what it must be)."""
    text = _text(data)
    head, _, rest = text.partition("CP=&&")
    fields: dict[str, str] = {}
    for part in head.split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals:
            continue
        if fields.setdefault(name, value.strip()) != value.strip():
            raise BadPacket("field")
    told = {name: fields.get(name, "") for name in ("QN", "ST", "CN", "PW", "MN", "PNO")}
    flag = fields.get("Flag", "0")
    right = (
        NAME.match(told["MN"])
        and SECRET.match(told["PW"])
        and len(told["CN"]) == 4
        and DIGITS.match(told["CN"])
        and (not told["QN"] or DIGITS.match(told["QN"]))
        and DIGITS.match(flag)
        and int(flag) <= 255
    )
    if not right:
        raise BadPacket("field")
    cp = rest.rpartition("&&")[0] if "&&" in rest else rest
    return Packet(told["QN"], told["ST"], told["CN"], told["PW"], told["MN"], int(flag), told["PNO"], cp)


def _text(data: bytes) -> str:
    for encoding in ("utf-8", "gbk"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadPacket("text")


def answer(packet: Packet) -> bytes | None:
    """The segment that acknowledges a packet; None where none is wanted or we did not understand what it is."""
    if not packet.wants_answer or packet.cn not in DATA | NOTICES:
        return None
    command = NOTICE_ANSWER if packet.cn in NOTICES else DATA_ANSWER
    number = f"QN={packet.qn};" if packet.qn else ""
    version = packet.flag & ~3
    return f"{number}ST=91;CN={command};PW={packet.pw};MN={packet.mn};Flag={version};CP=&&&&".encode()
