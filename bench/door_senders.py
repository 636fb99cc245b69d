"""Senders for ``bench.doors``: raw sockets and bodies encoded beforehand, so that the door is what is measured.

Every reading of a run is new: all points in turn, then all again one millisecond later.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

POINTS = 10_000
VARIANTS = 3
STAMP = b"TTTTTTTTTTTTT"
ARROW_MARK = 0x1122334455667788
MARKS = ARROW_MARK.to_bytes(8, "little") * POINTS


@dataclass(frozen=True)
class Load:
    """One load: ``form`` json, arrow or mqtt; readings a batch; connections; batches under way on each."""

    form: str
    batch: int
    connections: int
    window: int = 1


@dataclass
class Sent:
    """What a sender saw answered within its time; ``waits`` are seconds from send to answer."""

    readings: int = 0
    batches: int = 0
    refused: int = 0
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)


def address(i: int) -> str:
    return f"P-{i:05d}"


def bodies(load: Load, base_ms: int) -> Iterator[bytes]:
    """Bodies without end; ``base_ms`` is the time of the first pass over all points."""
    made = [_arrow(load, v) if load.form == "arrow" else _json(load, v) for v in range(VARIANTS)]
    step = 0
    while True:
        stamps = np.full(load.batch, base_ms + step, np.int64).tobytes()
        for body in made[step % VARIANTS]:
            if load.form == "arrow":
                yield body.replace(MARKS[: len(stamps)], stamps)
            else:
                yield body.replace(STAMP, b"%d" % (base_ms + step))
        step += 1


def _values(variant: int) -> np.ndarray:
    return np.round(2.0 + np.random.default_rng(variant).normal(0.0, 0.05, POINTS), 3)


def _json(load: Load, variant: int) -> list[bytes]:
    values = _values(variant)
    made = []
    for start in range(0, POINTS, load.batch):
        rows = [{"point": address(i), "ts": "T", "value": float(values[i])} for i in range(start, start + load.batch)]
        made.append(json.dumps(rows).encode().replace(b'"T"', STAMP))
    return made


def _arrow(load: Load, variant: int) -> list[bytes]:
    values = _values(variant)
    made = []
    for start in range(0, POINTS, load.batch):
        rows = slice(start, start + load.batch)
        table = pa.table(
            {
                "point": pa.array([address(i) for i in range(POINTS)][rows]).dictionary_encode(),
                "ts": np.full(load.batch, ARROW_MARK, np.int64),
                "value": values[rows],
            }
        )
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        made.append(sink.getvalue().to_pybytes())
    return made


def send_http(host: str, port: int, token: str, load: Load, seconds: float, base_ms: int) -> Sent:
    """Keep every connection busy for ``seconds``; counts what 202 answers accepted."""
    kind = "application/vnd.apache.arrow.stream" if load.form == "arrow" else "application/json"
    head = (
        f"POST /ingest/v1/readings HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: {kind}\r\ncontent-length: "
    ).encode()
    source = bodies(load, base_ms)
    next(source)
    sent = Sent()
    sockets = selectors.DefaultSelector()
    started: dict[socket.socket, float] = {}

    def post(sock: socket.socket) -> None:
        body = next(source)
        started[sock] = time.perf_counter()
        sock.sendall(head + b"%d\r\n\r\n" % len(body) + body)

    for _ in range(load.connections):
        sock = socket.create_connection((host, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets.register(sock, selectors.EVENT_READ)
        post(sock)
    begin = time.perf_counter()
    open_sockets = load.connections
    while open_sockets:
        for key, _ in sockets.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            answer = sock.recv(65536)
            while not answer.endswith(b"}"):
                answer += sock.recv(65536)
            now = time.perf_counter()
            if answer.startswith(b"HTTP/1.1 202") and b'"rejected":[]' in answer:
                sent.readings += load.batch
                sent.batches += 1
                sent.waits.append(now - started[sock])
            else:
                sent.refused += 1
                if sent.refused > 1_000:
                    raise RuntimeError(f"the door refuses: {answer[:300]!r}")
            if now - begin < seconds:
                post(sock)
            else:
                sockets.unregister(sock)
                sock.close()
                open_sockets -= 1
    sent.seconds = time.perf_counter() - begin
    return sent


def _mqtt_packet(head: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, byte = size >> 7, size & 0x7F
        length.append(byte | (0x80 if size else 0))
        if not size:
            return bytes((head,)) + bytes(length) + body


def _mqtt_text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def _mqtt_connect(host: str, port: int, token: str, client: str) -> socket.socket:
    sock = socket.create_connection((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = b"\x00\x04MQTT\x04\x82\x00\x00" + _mqtt_text(client) + _mqtt_text(token)
    sock.sendall(_mqtt_packet(0x10, body))
    answer = sock.recv(4)
    if answer != b"\x20\x02\x00\x00":
        raise RuntimeError(f"the MQTT door refuses: {answer!r}")
    return sock


def send_mqtt(host: str, port: int, token: str, load: Load, seconds: float, base_ms: int) -> Sent:
    """QoS 1 with ``load.window`` publishes under way per connection; counts PUBACKs."""
    source = bodies(load, base_ms)
    next(source)
    topic = _mqtt_text("shoutu/v1/readings")
    sent = Sent()
    sockets = selectors.DefaultSelector()
    number = 0

    def publish(sock: socket.socket, count: int) -> int:
        nonlocal number
        parts = []
        for _ in range(count):
            number = number % 65_535 + 1
            parts.append(_mqtt_packet(0x32, topic + number.to_bytes(2, "big") + next(source)))
        sock.sendall(b"".join(parts))
        return count

    under_way = {}
    for i in range(load.connections):
        sock = _mqtt_connect(host, port, token, f"bench-{i}")
        sockets.register(sock, selectors.EVENT_READ)
        under_way[sock] = publish(sock, load.window)
    begin = time.perf_counter()
    while under_way:
        for key, _ in sockets.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            answer = sock.recv(65536)
            while len(answer) % 4:
                answer += sock.recv(4 - len(answer) % 4)
            if not answer:
                raise RuntimeError("the MQTT door closed a connection")
            acks = len(answer) // 4
            sent.batches += acks
            sent.readings += acks * load.batch
            under_way[sock] -= acks
            if time.perf_counter() - begin < seconds:
                under_way[sock] += publish(sock, acks)
            elif not under_way[sock]:
                sockets.unregister(sock)
                sock.close()
                del under_way[sock]
    sent.seconds = time.perf_counter() - begin
    return sent
