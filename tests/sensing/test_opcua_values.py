"""OPC UA: what a node's value means as a reading, for every builtin type, status and time; and what settings are."""

from __future__ import annotations

import math
import tomllib
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from shoutu import sealing
from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.opcua.certificate import own_certificate
from shoutu.sensing.devices.opcua.values import EPOCH, Unfit, node_id, overflowed, reading_of, stamp_of
from shoutu.sensing.devices.settings import Node, Opcua, read_opcua
from shoutu.sensing.model import GOOD, INVALID, SUSPECT

T = ua.VariantType
RANGES = {
    T.SByte: (-128, 127), T.Byte: (0, 255), T.Int16: (-(2**15), 2**15 - 1), T.UInt16: (0, 2**16 - 1),
    T.Int32: (-(2**31), 2**31 - 1), T.UInt32: (0, 2**32 - 1), T.Int64: (-(2**63), 2**63 - 1), T.UInt64: (0, 2**64 - 1),
}  # fmt: skip
OTHERS: dict[ua.VariantType, Any] = {
    T.String: "6.3", T.DateTime: datetime(2026, 1, 1, tzinfo=UTC), T.Guid: uuid.UUID(int=7), T.ByteString: b"6.3",
    T.XmlElement: "<a/>", T.NodeId: ua.NodeId(7, 2), T.ExpandedNodeId: ua.ExpandedNodeId(7, 2),
    T.StatusCode: ua.StatusCode(0), T.QualifiedName: ua.QualifiedName("a", 2), T.LocalizedText: ua.LocalizedText("7"),
    T.ExtensionObject: ua.Range(1, 2), T.DataValue: ua.DataValue(ua.Variant(7, T.Int32)),
    T.Variant: ua.Variant(7, T.Int32), T.DiagnosticInfo: ua.DiagnosticInfo(),
}  # fmt: skip


def node(**told: Any) -> Node:
    return Node(**{"address": "a", "node": "i=7", **told})


def value(variant: ua.Variant | None, status: int = 0, **times: Any) -> ua.DataValue:
    return ua.DataValue(variant, ua.StatusCode(status), **times)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[ua.VariantType, Any]:
    kind = draw(st.sampled_from([T.Boolean, *RANGES, T.Float, T.Double]))
    if kind == T.Boolean:
        return kind, draw(st.booleans())
    if kind == T.Float:
        return kind, draw(st.floats(width=32))
    return kind, draw(st.floats()) if kind == T.Double else draw(st.integers(*RANGES[kind]))


def same(found: float, told: float, kind: ua.VariantType) -> bool:
    if not math.isfinite(told):
        return not math.isfinite(found)
    return math.isclose(found, float(told), rel_tol=1e-6 if kind == T.Float else 0, abs_tol=1e-45)


@given(numbers())
def test_every_sort_of_number_is_a_reading_and_what_is_no_number_a_fault(told: tuple[ua.VariantType, Any]) -> None:
    kind, number = told
    found, quality = reading_of(node(), value(ua.Variant(number, kind)))
    assert same(found, number, kind)
    assert quality == (GOOD if math.isfinite(number) else INVALID)


@given(st.lists(st.floats(), max_size=5), st.integers(0, 6))
def test_of_an_array_one_element_is_read_or_it_is_refused(told: list[float], element: int) -> None:
    array = value(ua.Variant(told, T.Double))
    with pytest.raises(Unfit, match=r"Double\[\]"):
        reading_of(node(), array)
    if element >= len(told):
        with pytest.raises(Unfit, match=rf"Double\[{len(told)}\]"):
            reading_of(node(element=element), array)
    else:
        assert same(reading_of(node(element=element), array)[0], told[element], T.Double)


@pytest.mark.parametrize("kind", OTHERS, ids=lambda one: one.name)
def test_what_is_not_one_number_is_refused_by_its_type(kind: ua.VariantType) -> None:
    data = ua.DataValue(ua.Variant(1.0, T.Double))
    data.Value.Value, data.Value.VariantType = OTHERS[kind], kind
    with pytest.raises(Unfit, match=kind.name):
        reading_of(node(), data)


def test_an_array_of_more_than_one_dimension_and_an_element_of_none_are_refused() -> None:
    table = ua.Variant([[1.0, 2.0], [3.0, 4.0]], T.Double, Dimensions=[2, 2])
    for told, wanted in ((table, node(element=1)), (ua.Variant(1.0, T.Double), node(element=0))):
        with pytest.raises(Unfit, match="Double"):
            reading_of(wanted, value(told))


@given(numbers(), st.integers(0, 2**32 - 1))
def test_a_bad_status_is_never_a_good_value(told: tuple[ua.VariantType, Any], status: int) -> None:
    found, quality = reading_of(node(), value(ua.Variant(told[1], told[0]), status))
    worst = (GOOD, SUSPECT, INVALID, INVALID)[status >> 30]
    assert quality == (worst if math.isfinite(found) else INVALID)


def test_where_there_is_no_value_it_is_a_fault_and_a_bad_one_is_not_looked_at() -> None:
    assert reading_of(node(), value(ua.Variant()))[1] == INVALID
    assert reading_of(node(), value(None, 0x80320000))[1] == INVALID
    found, quality = reading_of(node(), value(ua.Variant("x", T.String), 0x80320000))
    assert (math.isnan(found), quality) == (True, INVALID)


def test_scale_offset_and_the_number_that_means_none() -> None:
    assert reading_of(node(scale=0.1), value(ua.Variant(63, T.Int16))) == (6.3, GOOD)
    assert reading_of(node(offset=-40), value(ua.Variant(0.7, T.Float))) == (-39.3, GOOD)
    assert reading_of(node(fault=-32_768, scale=0.1), value(ua.Variant(-32_768, T.Int16)))[1] == INVALID


def test_that_values_were_dropped_is_told_from_other_bits() -> None:
    assert [overflowed(one) for one in (0, 0x480, 0x80, 0x400, 0x40000480)] == [False, True, False, False, True]


NOW = 1_795_478_400_000
SPAN = [datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1601, 9999)]
TIMES = st.none() | st.datetimes(*SPAN, timezones=st.just(UTC))


@given(TIMES, TIMES, st.sampled_from(["source", "server", "arrival"]))
def test_whose_clock_counts(source: datetime | None, server: datetime | None, clock: str) -> None:
    """Also where a time is missing, lies in the future or before 1970: it is told as it is, and judged at the door."""
    found = stamp_of(value(None, SourceTimestamp=source, ServerTimestamp=server), clock, NOW)
    unset = datetime(1601, 1, 1, tzinfo=UTC)
    told = {"source": [source, server], "server": [server], "arrival": []}[clock]
    wanted = next((one for one in told if one is not None and one != unset), None)
    if wanted is None:
        assert found == NOW
    else:
        assert timedelta(0) <= wanted - (EPOCH + timedelta(milliseconds=found)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("i=7", ua.NodeId(7, 0)),
        ("ns=2;i=7", ua.NodeId(7, 2)),
        ("ns=2;s=Channel 1, A=b;c", ua.NodeId("Channel 1, A=b;c", 2)),
        ("nsu=urn:mine;s=level", ua.NodeId("level", 1)),
        ("ns=3;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63", ua.NodeId(uuid.UUID("72962b91fa754ae68d28b404dc7daf63"), 3)),
        ("ns=3;b=M/RbKBsRVkePCePcx24oRA==", ua.NodeId(bytes.fromhex("33f45b281b1156478f09e3dcc76e2844"), 3)),
        ("ns=3;b=YQ", ua.NodeId(b"a", 3)),
        ("nsu=urn:other;s=level", None),
    ],
)
def test_nodes_by_every_form_of_their_id(text: str, wanted: ua.NodeId | None) -> None:
    assert node_id(text, ["http://opcfoundation.org/UA/", "urn:mine"]) == wanted


TOLD = {"endpoint": "opc.tcp://10.20.0.5:4841/mine", "nodes": [{"address": "a", "node": "i=7"}]}


def test_settings_say_where_the_server_is() -> None:
    read = read_opcua(TOLD)
    assert (read.place, read.every_s, read.time) == (("10.20.0.5", 4841), 1.0, "source")
    assert read_opcua(TOLD | {"endpoint": "opc.tcp://[fd00::5]"}).place == ("fd00::5", 4840)


def test_settings_of_the_example_are_settings() -> None:
    example = Path(__file__).parents[2] / "examples" / "opcua" / "server.toml"
    read = read_opcua(tomllib.loads(example.read_text("utf-8")))
    assert [one.node for one in read.nodes] == [f"nsu=urn:mine;s={name}" for name in ("level", "air", "pump")]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"endpoint": "http://10.20.0.5"}, "endpoint"),
        ({"endpoint": "opc.tcp://user:word@10.20.0.5"}, "endpoint"),
        ({"endpoint": "opc.tcp://10.20.0.5:70000"}, "endpoint"),
        ({"nodes": []}, "nodes"),
        ({"nodes": [{"address": "a", "node": "ns=2;x=7"}]}, "node ns=2;x=7"),
        ({"nodes": [{"address": "a", "node": "i=7", "element": -1}]}, "element"),
        ({"every_s": "often"}, "every_s"),
        ({"security": "some"}, "security"),
        ({"user": "u"}, "user"),
    ],
)
def test_settings_that_are_wrong_are_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(Away) as caught:
        read_opcua(TOLD | changes)
    assert (caught.value.reason, named in caught.value.detail) == ("settings", True)


def test_a_password_opens_by_its_own_key_and_purpose_only() -> None:
    sealed = sealing.seal({"password": "w"}, sealing.DEVICE, "k")
    assert "w" not in {sealed, Opcua("e", (node(),), sealed=sealed).sealed}
    assert sealing.unseal(sealed, sealing.DEVICE, "k") == {"password": "w"}
    for purpose, key in ((sealing.DEVICE, "other"), ("channel", "k")):
        with pytest.raises(ValueError, match="another key"):
            sealing.unseal(sealed, purpose, key)


def test_our_certificate_is_made_once_and_its_key_kept_close(tmp_path: Any) -> None:
    own = own_certificate(tmp_path)
    assert own.uri.endswith(":shoutu")
    assert own.key.stat().st_mode & 0o077 == 0
    before = own.certificate.read_bytes()
    assert own_certificate(tmp_path).certificate.read_bytes() == before
