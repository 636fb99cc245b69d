"""CAP 1.2: read right, refused clearly, never anything but CapError."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.weather.areas import Gazetteer
from shoutu.county.weather.cap import CapError, parse, redeclared

ALERT = """<?xml version="1.0" encoding="{encoding}"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>14102741600000_20260721140000</identifier>
  <sender>示范县气象台</sender>
  <sent>2026-07-21T14:00:00+08:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>en-US</language><event>Rainstorm</event><severity>Severe</severity>
  </info>
  <info>
    <language>zh-CN</language>
    <category>Met</category>
    <event>暴雨</event>
    <urgency>Immediate</urgency>
    <severity>{severity}</severity>
    <certainty>Likely</certainty>
    <eventCode><valueName>code</valueName><value>11B03</value></eventCode>
    <expires>2026-07-21T20:00:00+08:00</expires>
    <headline>{headline}</headline>
    <description>预计未来 3 小时降雨量将达 50 毫米以上。</description>
    <instruction>做好防范。</instruction>
    <area><areaDesc>东乡、西乡镇</areaDesc><geocode><valueName>AREA</valueName><value>141027100</value></geocode></area>
  </info>
</alert>"""


def alert(**changes: str) -> bytes:
    told = {"encoding": "UTF-8", "severity": "Severe", "headline": "示范县发布暴雨橙色预警"} | changes
    encoding = told["encoding"]
    return ALERT.format(**told).encode("gb18030" if encoding.upper().startswith("GB") else encoding)


def test_the_chinese_block_is_read_with_its_colour_area_and_times():
    told = parse(alert())
    assert (told.identifier, told.kind, told.status) == ("14102741600000_20260721140000", "Alert", "Actual")
    assert told.sent == datetime(2026, 7, 21, 6, tzinfo=UTC)
    (info,) = told.infos
    assert (info.event, info.level, info.codes) == ("暴雨", 3, ("11B03",))
    assert info.areas[0].codes == ("141027100",)
    assert info.expires == datetime(2026, 7, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("severity", "headline", "level"),
    [("Extreme", "暴雨预警", 4), ("Minor", "暴雨预警", 1), ("ORANGE", "暴雨预警", 3), ("Unknown", "暴雨预警", None),
     ("Minor", "暴雨红色预警", 4)],
)  # fmt: skip
def test_the_colour_said_in_words_goes_before_the_severity(severity, headline, level):
    assert parse(alert(severity=severity, headline=headline)).infos[0].level == level


@pytest.mark.parametrize("encoding", ["GBK", "GB2312", "gb18030", "UTF-16"])
def test_other_encodings_are_read(encoding):
    assert parse(alert(encoding=encoding)).infos[0].event == "暴雨"


def test_pasted_text_is_read_whatever_its_head_declares():
    assert parse(redeclared(ALERT.format(encoding="GBK", severity="", headline="红色").encode())).infos[0].level == 4


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "body"), (b"not xml", "body"), (b"<a/>", "alert"), (b"<alert/>", "msgType"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><alert>&x;</alert>', "body"), (b"x" * 600_000, "body"),
        (alert().replace(b"2026-07-21T14:00:00+08:00", b"yesterday"), "sent"),
        (alert().replace(b"<msgType>Alert", b"<msgType>Shout"), "msgType"),
        (alert().replace(b"2026-07-21T20", b"0001-07-21T20"), "expires"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_the_element(data, field):
    with pytest.raises(CapError) as caught:
        parse(data)
    assert caught.value.field == field
    assert caught.value.expected


def test_references_are_triples():
    update = alert().replace(b"<scope>", b"<references>a,1,2026-07-21T00:00:00+08:00 b,2,x 3</references><scope>")
    assert parse(update).references == (("a", "1"), ("b", "2"), ("", "3"))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(CapError):
        assert parse(data).kind


_TAGS = ["alert", "identifier", "sender", "sent", "status", "msgType", "references", "info", "language", "event"]
_TAGS += ["severity", "parameter", "valueName", "value", "expires", "onset", "headline", "area", "areaDesc", "geocode"]
_WORDS = ["Alert", "Cancel", "Actual", "2026-07-21T14:00:00+08:00", "9999-12-31T23:59:59-23:59", "红色", "a,b,c", " "]
_text = st.sampled_from(_WORDS) | st.text(st.characters(exclude_characters="<>&\x00"), max_size=20)
_tree = st.recursive(
    _text,
    lambda inner: st.lists(st.tuples(st.sampled_from(_TAGS), inner), max_size=6).map(
        lambda parts: "".join(f"<{tag}>{body}</{tag}>" for tag, body in parts)
    ),
    max_leaves=25,
)


@given(_tree)
def test_any_alert_is_read_or_refused(body):
    with contextlib.suppress(CapError):
        assert parse(f"<alert>{body}</alert>".encode("utf-8", "surrogatepass")).kind


def place(pk, name, code="", parent="1."):
    return SimpleNamespace(pk=pk, name=name, code=code, path=f"{parent}{pk}." if pk != 1 else "1.")


COUNTY = Gazetteer(
    [place(1, "示范县", "141027"), place(2, "东乡", "141027100000"), place(3, "西乡镇", "141027101"),
     place(4, "和平乡", "141027102"), place(9, "东沟村", "141027100203", "1.2.")]
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "codes", "townships", "unmatched"),
    [
        ("东乡、西乡镇", [], {2, 3}, ()), ("示范县东乡，西乡", [], {2, 3}, ()), ("全县", [], {2, 3, 4}, ()),
        ("示范县", [], {2, 3, 4}, ()), ("东乡和西乡镇以及和平乡", [], {2, 3, 4}, ()), ("和平乡", [], {4}, ()),
        ("东沟村", [], {2}, ()), ("北山林场、东乡", [], {2}, ("北山林场",)), ("", ["141027"], {2, 3, 4}, ()),
        ("", ["141027000000"], {2, 3, 4}, ()), ("", ["141000"], {2, 3, 4}, ()), ("随便", ["141027100"], {2}, ()),
        ("", ["141027100203"], {2}, ()), ("", ["141028"], set(), ("141028",)), ("", ["999"], set(), ("999",)),
        ("邻县", ["x"], set(), ("邻县",)), ("", ["141027100", "141028"], {2}, ("141028",)),
    ],
)  # fmt: skip
def test_areas_are_matched_by_code_then_by_name(name, codes, townships, unmatched):
    match = COUNTY.match([(name, codes)])
    assert (set(match.townships), match.unmatched) == (townships, unmatched)


@given(st.lists(st.tuples(st.text(max_size=30), st.lists(st.text(max_size=14), max_size=3)), max_size=5))
def test_no_area_vanishes(areas):
    match = COUNTY.match(areas)
    told = any(
        name.strip(" 。.()（）、，,;；/｜|\n\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0") or any(codes)
        for name, codes in areas
    )
    assert match.townships <= COUNTY.townships
    if told and not any(set(name) & set("和及与以　") or name.strip() != name for name, _ in areas):
        assert match.townships or match.unmatched
