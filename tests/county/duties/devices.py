"""Real counterparts for channels: a GSM modem on a pseudo-terminal, an HTTP gateway, an SMTP server."""

from __future__ import annotations

import json
import os
import re
import select
import socketserver
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shoutu.county.duties.channels import pdu


class FakeNetwork:
    """A modem speaking AT over a pty, as a SIM800 does: echo, prompt, references, reports along the line."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(slave)
        self.device, self._slave = os.ttyname(slave), slave
        self.sent: list[str] = []
        self.inbox: dict[int, str] = {}
        self.refuse: str | None = None
        self.report = True
        self._reference, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        os.close(self.master)
        os.close(self._slave)

    def say(self, *lines: str) -> None:
        os.write(self.master, "".join(f"\r\n{line}\r\n" for line in lines).encode())

    def _run(self) -> None:
        buffer, body = b"", False
        while not self._stop.is_set():
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            buffer += os.read(self.master, 4096)
            while (end := re.search(rb"[\r\x1a\x1b]", buffer)) is not None:
                text, mark = buffer[: end.start()].decode(), buffer[end.start() : end.end()]
                buffer = buffer[end.end() :]
                if mark == b"\x1b":
                    body = False
                elif body:
                    body = False
                    self._submit(text)
                else:
                    body = self._command(text)

    def _command(self, text: str) -> bool:
        if text.startswith("AT+CMGS="):
            os.write(self.master, b"\r\n> ")
            return True
        if text == "AT+CPIN?":
            self.say("+CPIN: READY", "OK")
        elif text.startswith("AT+CMGL"):
            lines = [line for slot, body in self.inbox.items() for line in (f"+CMGL: {slot},0,,{len(body) // 2}", body)]
            self.say(*lines, "OK")
        elif text.startswith("AT+CMGD="):
            self.inbox.pop(int(text.removeprefix("AT+CMGD=")), None)
            self.say("OK")
        else:
            self.say("OK")
        return False

    def _submit(self, text: str) -> None:
        if self.refuse:
            self.say(self.refuse)
            return
        self._reference = (self._reference + 1) % 256
        self.sent.append(text)
        self.say(f"+CMGS: {self._reference}", "OK")
        if self.report:
            self.say("+CDS: 25", report_pdu(self._reference, number_of(text)))


def number_of(submit: str) -> str:
    raw = bytes.fromhex(submit)
    digits = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in raw[5 : 5 + (raw[3] + 1) // 2])
    return digits[: raw[3]]


def text_of(submits: list[str]) -> str:
    """The text of submitted parts put together."""
    text = ""
    for submit in submits:
        raw = bytes.fromhex(submit)
        at = 5 + (raw[3] + 1) // 2 + 4
        body = raw[at:]
        text += body[1 + body[0] if raw[1] & 0x40 else 0 :].decode("utf-16-be")
    return text


STAMP = "62115291430023"


def report_pdu(reference: int, number: str, state: int = 0) -> str:
    digits = pdu._swapped(number).hex()
    return f"0006{reference:02X}{len(number):02X}81{digits}{STAMP}{STAMP}{state:02X}".upper()


def deliver_pdu(number: str, text: str, stamp: str = STAMP) -> str:
    """An incoming message in UCS-2."""
    raw = text.encode("utf-16-be")
    return f"0004{len(number):02X}A1{pdu._swapped(number).hex()}0008{stamp}{len(raw):02X}{raw.hex()}".upper()


@contextmanager
def http_gateway() -> Iterator[ThreadingHTTPServer]:
    """Collects (path, headers, JSON body) in `got`; answers `status` and `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, dict(self.headers), json.loads(raw), raw))
            body = json.dumps(self.server.answer).encode()
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status, server.answer = [], 200, {"code": 0, "errcode": 0}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def smtp_server() -> Iterator[socketserver.ThreadingTCPServer]:
    """Takes mail on a free port; (recipients, data) in `got`."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            say = lambda line: self.wfile.write(f"{line}\r\n".encode())  # noqa: E731
            say("220 here")
            to = []
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "RCPT":
                    to.append(line.split(":", 1)[1].split(">")[0].strip(" <"))
                if verb == "DATA":
                    say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part)
                    self.server.got.append((to, b"".join(lines)))
                say("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.got = True, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
