"""HJ 212 packets out of a stream, however it is cut, glued or damaged; and against what other programs send."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.hj212.frames import Fault, Framer, crc16, frame
from shoutu.sensing.hj212.packet import BadPacket, answer, read_packet

PUBLISHED = [
    # the standard's own example
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80",
    # what independent programs publish as theirs: in Java (2005, a time with ms), in C#, of a logger in the field
    b"##0139ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817000;B01-Rtd=36.91;011-Rtd=231.0,"
    b"011-Flag=N;060-Rtd=1.803,060-Flag=N&&4980",
    b"##0162QN=20231008123340461;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&"
    b"DataTime=20231008123340;w01008-SampleTime=20231008123340,w01008-Rtd=123.456&&F441",
    b"##0127QN=20200623122504356;ST=31;CN=2081;PW=123456;MN=88888880000001;Flag=5;CP=&&DataTime=20200623122504;"
    b"RestartTime=20200623122342&&1100",
]


def read(chunks: Sequence[bytes], limit: int = 9_999) -> tuple[list[bytes], list[Fault]]:
    framer = Framer(limit)
    segments, faults = [], []
    for chunk in chunks:
        framer.feed(chunk)
        while (found := framer.next()) is not None:
            (faults if isinstance(found, Fault) else segments).append(found)  # type: ignore[arg-type]
    return segments, faults


@pytest.mark.parametrize("packet", PUBLISHED)
def test_what_others_send_is_read_and_written_alike(packet: bytes) -> None:
    segments, faults = read([packet + b"\r\n"])
    assert (segments, faults) == ([packet[6:-4]], [])
    assert frame(segments[0]).upper() == packet.upper() + b"\r\n"


def slowly(data: bytes) -> int:
    """The check as the standard's annex A tells it, bit by bit."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return register


@given(st.binary(max_size=300))
def test_the_check_is_that_of_the_annex(data: bytes) -> None:
    assert crc16(data) == slowly(data)


SEGMENTS = st.binary(max_size=120).filter(lambda data: b"#" not in data and b"\r" not in data and b"\n" not in data)
GARBAGE = st.one_of(st.just(b""), st.just(b"\r\n"), st.binary(min_size=1, max_size=20).filter(lambda g: b"#" not in g))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in pairwise(edges)]


@given(st.lists(st.tuples(GARBAGE, SEGMENTS), max_size=8), st.lists(st.integers(0, 5_000), max_size=40))
def test_however_a_stream_is_cut_or_glued_every_packet_comes_out_in_order(
    parts: list[tuple[bytes, bytes]], places: list[int]
) -> None:
    stream = b"".join(garbage + frame(segment) for garbage, segment in parts)
    segments, faults = read(cut(stream, places))
    assert segments == [segment for _, segment in parts]
    assert {fault.code for fault in faults} <= {"garbage"}
    whole = sum(len(garbage) for garbage, _ in parts if garbage.strip(b"\r\n"))
    assert sum(fault.size for fault in faults) >= whole - 2 * len(parts)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10), SEGMENTS)
def test_rubbish_never_stops_the_packets_behind_it(rubbish: bytes, places: list[int], segment: bytes) -> None:
    """Whatever came before: of a packet sent often enough for a false length to run out, the last comes out."""
    tail = frame(segment) * 3 + b"\r\n" * 5_100
    segments, _ = read([*cut(rubbish, places), tail])
    assert segments[-1:] == [segment]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=20))
def test_the_same_bytes_say_the_same_however_they_are_cut(stream: bytes, places: list[int]) -> None:
    stream = stream.replace(b"\x00", b"##").replace(b"\x01", b"0003").replace(b"\x02", b"\r\n")
    whole, pieces = read([stream]), read(cut(stream, places))
    assert whole[0] == pieces[0]

    def codes(faults: list[Fault]) -> list[str]:
        return [fault.code for fault in faults if fault.code != "garbage"]

    assert codes(whole[1]) == codes(pieces[1])


GOOD, OTHER = b"ST=32;CN=2011;PW=1;MN=A;CP=&&&&", b"ST=32;CN=2051;PW=1;MN=A;CP=&&&&"


@pytest.mark.parametrize(
    ("damaged", "code"),
    [
        (frame(GOOD)[:-6] + b"0000\r\n", "crc"),
        (frame(GOOD)[:-6] + b"12 4\r\n", "crc"),
        (frame(GOOD).replace(b"2011", b"2O11"), "crc"),
        (b"##0020" + frame(GOOD)[6:], "crc"),
        (b"##0099" + frame(GOOD)[6:], "length"),
        (b"##00x1" + frame(GOOD)[6:], "length"),
        (b"##2000" + frame(GOOD)[6:], "too_large"),
        (frame(GOOD)[:17], "cut"),
        (b"GET / HTTP/1.1\r\n\r\n", "garbage"),
    ],
)
def test_a_damaged_packet_is_named_and_the_next_one_is_read(damaged: bytes, code: str) -> None:
    segments, faults = read([damaged + frame(OTHER)], limit=1_024)
    assert (segments, [fault.code for fault in faults]) == ([OTHER], [code])


def test_a_check_in_small_letters_is_one() -> None:
    packet = PUBLISHED[0]
    assert read([packet[:-4] + packet[-4:].lower() + b"\r\n"])[0] == [packet[6:-4]]


def test_many_hashes_and_a_missing_line_end_are_forgiven() -> None:
    assert read([b"###" + frame(GOOD)[:-2] + frame(OTHER)])[0] == [GOOD, OTHER]


def test_an_answer_speaks_the_sender_s_version_under_its_number() -> None:
    packet = read_packet(b"QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=M1;Flag=5;CP=&&DataTime=20160801085857&&")
    told = answer(packet)
    assert told == b"QN=20160801085857223;ST=91;CN=9014;PW=123456;MN=M1;Flag=4;CP=&&&&"
    assert answer(packet._replace(flag=4)) is None
    assert answer(packet._replace(cn="1013")) == told.replace(b"9014", b"9013")
    assert answer(packet._replace(cn="3019")) is None
    assert answer(packet._replace(qn="", flag=1)) == b"ST=91;CN=9014;PW=123456;MN=M1;Flag=0;CP=&&&&"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"CN=2011;PW=1;CP=&&&&",
        b"CN=2011;MN=A;CP=&&&&",
        b"CN=20110;PW=1;MN=A;CP=&&&&",
        b"CN=2011;PW=1;MN=A;MN=B;CP=&&&&",
        b"CN=2011;PW=1;MN=A;Flag=256;CP=&&&&",
        b"CN=2011;PW=1;MN=A;Flag=x;CP=&&&&",
        b"QN=2016-08-01;CN=2011;PW=1;MN=A;CP=&&&&",
        b"CN=2011;PW=1;MN=A/B;CP=&&&&",
        b"CN=2011;PW=1;MN=A;CP=&&\xff\xff&&",
    ],
)
def test_a_segment_without_what_it_needs_is_no_packet(data: bytes) -> None:
    with pytest.raises(BadPacket):
        read_packet(data)


@given(st.binary(max_size=200))
def test_any_segment_is_a_packet_or_none(data: bytes) -> None:
    try:
        packet = read_packet(data)
    except BadPacket:
        return
    assert packet.mn
    assert packet.pw
