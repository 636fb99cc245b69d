"""A GSM modem on a serial line, by AT commands in PDU mode (3GPP TS 27.005). The county's own network is enough.

The port is opened by one process, the worker, and held: `send` and `collect` take turns by a lock.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import serial
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.channels import pdu
from shoutu.county.duties.channels.base import Adapter, BadSetting, Message, SendFailed, Setting
from shoutu.county.kit.drill import drilling, words

DEVICE = re.compile(r"^/dev/(tty(USB|ACM|S|AMA|XRUSB)\d{1,3}|serial/by-(id|path)/[\w:.\-]{1,200}|pts/\d{1,6})$")
COMMAND_S = 5.0
SUBMIT_S = 45.0
"""How long a network may take to accept one part."""
USELESS = frozenset({1, 8, 10, 28, 29, 50, 69, 96, 304})
"""+CMS ERROR codes that trying again does not mend: no such number, barred, not subscribed, malformed."""


@dataclass
class Collected:
    """What a modem had for us, messages with their place in its memory: to be cleared once they are kept elsewhere."""

    messages: list[tuple[int, pdu.Incoming]] = field(default_factory=list)
    reports: list[pdu.Report] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)


class Modem:
    """One open modem. Not for use by two threads at once: see `lock`."""

    def __init__(self, device: str, baud: int, pin: str = "") -> None:
        self.lock = threading.Lock()
        self._reports: list[str] = []
        self._buffer = b""
        try:
            self._line = serial.Serial(device, baud, timeout=0.1, write_timeout=COMMAND_S, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise SendFailed(_("打不开串口 %(device)s") % {"device": device}) from error
        try:
            self._start(pin)
        except BaseException:
            self.close()
            raise

    def _start(self, pin: str) -> None:
        for _attempt in range(3):
            try:
                self.command("ATE0")
                break
            except SendFailed:
                # Whatever it was in the middle of is given up: ESC leaves a half-written message.
                self._write(b"\x1b\r")
        self.command("AT+CMEE=1")
        state = " ".join(self.command("AT+CPIN?"))
        if "SIM PIN" in state:
            if not pin:
                raise SendFailed(_("SIM 卡要 PIN：在通道设置里填上"), retryable=False)
            self.command(f'AT+CPIN="{pin}"', secret=True)
        elif "READY" not in state:
            raise SendFailed(_("SIM 卡不可用：%(state)s") % {"state": state[:60]})
        self.command("AT+CMGF=0")
        # Messages are kept in memory until they are cleared, reports come straight along the line.
        self.command("AT+CNMI=2,1,0,1,0")

    def close(self) -> None:
        self._line.close()

    def _write(self, data: bytes) -> None:
        try:
            self._line.write(data)
        except (serial.SerialException, OSError) as error:
            raise SendFailed(_("串口写不进去")) from error

    def _lines(self, seconds: float) -> list[str]:
        """Lines that arrive until one ends the answer. Raises SendFailed when none does in time."""
        until, got = time.monotonic() + seconds, []
        while time.monotonic() < until:
            line = self._next()
            if line is None:
                continue
            got.append(line)
            if line in ("OK", ">") or line == "ERROR" or line.startswith(("+CMS ERROR", "+CME ERROR")):
                return got
        raise SendFailed(_("猫没有答复"))

    def _next(self) -> str | None:
        """One line, a delivery report on the way set aside; None when nothing whole is there yet."""
        line = self._raw_line()
        if line is not None and line.startswith("+CDS:"):
            until = time.monotonic() + COMMAND_S
            while time.monotonic() < until:
                if (report := self._raw_line()) is not None:
                    self._reports.append(report)
                    break
            return None
        return line

    def _waiting(self) -> bool:
        try:
            return bool(self._line.in_waiting)
        except (serial.SerialException, OSError) as error:
            raise SendFailed(_("串口断了")) from error

    def _raw_line(self) -> str | None:
        if b"\n" not in self._buffer and not self._buffer.lstrip().startswith(b">"):
            try:
                self._buffer += self._line.read(self._line.in_waiting or 1)
            except (serial.SerialException, OSError) as error:
                raise SendFailed(_("串口断了")) from error
        stripped = self._buffer.lstrip()
        if stripped.startswith(b">"):
            self._buffer = stripped[1:].lstrip(b" ")
            return ">"
        if b"\n" not in self._buffer:
            return None
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode("ascii", "replace").strip() or None

    def command(self, text: str, seconds: float = COMMAND_S, *, secret: bool = False) -> list[str]:
        """Send one command; the lines answered before OK. Raises SendFailed."""
        self._write(text.encode("ascii") + b"\r")
        lines = self._lines(seconds)
        if lines[-1] not in ("OK", ">"):
            raise _refusal(lines[-1], "AT+CPIN" if secret else text)
        return [line for line in lines[:-1] if line != text]

    def submit(self, number: str, text: str) -> str:
        """Hand a message to the network part by part; the numbers the modem gave the parts, joined by commas."""
        references = []
        for length, body in pdu.submit(number, text, secrets.randbelow(256)):
            self._write(f"AT+CMGS={length}\r".encode("ascii"))
            if self._lines(COMMAND_S)[-1] != ">":
                self._write(b"\x1b")
                raise SendFailed(_("猫不接收短信内容"))
            self._write(body.encode("ascii") + b"\x1a")
            lines = self._lines(SUBMIT_S)
            if lines[-1] != "OK":
                raise _refusal(lines[-1], "AT+CMGS")
            found = next((m for line in lines if (m := re.match(r"\+CMGS:\s*(\d+)", line))), None)
            references.append(found[1] if found else "?")
        return ",".join(references)

    def collect(self) -> Collected:
        """Everything that came in and is not cleared yet, and the reports that came along the line."""
        found = Collected()
        lines = self.command("AT+CMGL=4", 15.0)
        for head, body in pairwise(lines):
            if (slot := re.match(r"\+CMGL:\s*(\d+)", head)) is None:
                continue
            self._sort(body, found, int(slot[1]))
        # Unasked lines such as RING or +CMTI tell nothing that is not collected anyway.
        while self._next() is not None or self._waiting():
            pass
        reports, self._reports = self._reports, []
        for body in reports:
            self._sort(body, found)
        return found

    def _sort(self, body: str, found: Collected, slot: int = -1) -> None:
        try:
            read = pdu.read(body)
        except pdu.BadPdu:
            found.unread.append((slot, body))
            return
        if isinstance(read, pdu.Report):
            found.reports.append(read)
        else:
            found.messages.append((slot, read))

    def clear(self, slots: Iterable[int]) -> None:
        """Forget what has been kept elsewhere."""
        for slot in slots:
            if slot >= 0:
                self.command(f"AT+CMGD={slot}")


def _refusal(line: str, command: str) -> SendFailed:
    code = re.search(r"\+CMS ERROR:\s*(\d+)", line)
    said = _("%(command)s 被拒：%(line)s") % {"command": command[:20], "line": line[:60]}
    return SendFailed(said, retryable=code is None or int(code[1]) not in USELESS)


_open: dict[str, Modem] = {}
_opening = threading.Lock()


def opened(settings: Mapping[str, str]) -> Modem:
    """The modem on this device, opened if it is not yet. Raises SendFailed."""
    if drilling():
        raise SendFailed(words(), retryable=False)
    device = settings["device"]
    with _opening:
        if device not in _open:
            _open[device] = Modem(device, int(settings.get("baud") or 115200), settings.get("pin", ""))
        return _open[device]


def forget(device: str) -> None:
    """Close and forget a modem that answers no more; the next use opens it anew."""
    with _opening:
        modem = _open.pop(device, None)
    if modem is not None:
        modem.close()


def send(settings: Mapping[str, str], message: Message) -> str:
    modem = opened(settings)
    with modem.lock:
        try:
            return modem.submit(message.address, message.text)
        except SendFailed as failure:
            if failure.retryable:
                forget(settings["device"])
            raise
        except pdu.BadPdu as error:
            raise SendFailed(str(error), retryable=False) from error


def check(settings: Mapping[str, str]) -> None:
    if not DEVICE.match(settings["device"]):
        raise BadSetting("device", _("串口设备，如 /dev/ttyUSB0"))
    baud = settings.get("baud") or "115200"
    if not baud.isdigit() or int(baud) not in serial.Serial.BAUDRATES:
        raise BadSetting("baud", _("波特率，如 115200"))
    if not re.match(r"^(\d{4,8})?$", settings.get("pin", "")):
        raise BadSetting("pin", _("4 到 8 位数字"))


MODEM = Adapter(
    "modem", gettext_lazy("短信猫（GSM 模块）"), "sms",
    (
        Setting("device", gettext_lazy("串口设备"), "/dev/ttyUSB0"),
        Setting("baud", gettext_lazy("波特率"), "115200", required=False, default="115200"),
        Setting("pin", gettext_lazy("SIM 卡 PIN"), secret=True, required=False),
    ),
    send, gettext_lazy("手机号"), check=check, at_once=1,
)  # fmt: skip
