"""Devices that the pipeline calls: registered, changed by two where rules watch, and told to the pipeline."""

from __future__ import annotations

import dataclasses

import pytest
from click.testing import CliRunner
from django.conf import settings

from shoutu import sealing
from shoutu.county import commands_devices
from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.testing import actor
from shoutu.county.sites import deaf, services
from shoutu.county.sites.models import Point
from shoutu.county.sites.schemas_devices import DeviceIn
from shoutu.sensing import directory
from shoutu.sensing.catalog import Catalog, Delta
from shoutu.sensing.devices.settings import read_modbus, read_opcua
from tests.county.sites.test_sites import post

ROW = {"address": "T1/level", "function": 3, "index": 0, "type": "f32"}


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, device_nets=("10.20.0.0/16",)))


@pytest.fixture
def source(county):
    return services.create_source(SYSTEM, "甲矿 PLC", county.site)


@pytest.fixture
def watched(county, source):
    point = services.create_point(SYSTEM, county.site, source, "T1/level", item="phreatic_depth", unit="m")
    services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 6.0}, "direction": "low"}, "设计")
    return source


def told(**changes):
    device = {"kind": "modbus", "host": "10.20.0.5", "registers": [ROW], **changes}
    return DeviceIn.model_validate({"name": "坝上", "device": device}).device.model_dump(mode="json")


def registered(*asked):
    return services.register_device(*asked)[0]


def called():
    """What the pipeline calls, out of what the county tells."""
    delta = catalog.changes(0)
    return list(directory.CatalogDirectory(Catalog().merged(Delta(1, True, tuple(delta["sources"])))).devices())


def test_a_registered_device_is_called_with_the_settings_the_county_took(source):
    token = registered(SYSTEM, source, "坝上", told(unit=3))
    (found,) = called()
    assert (found.id, found.name, found.kind, found.source.id) == (token.pk, "坝上", "modbus", source.pk)
    read = read_modbus(found.settings)
    assert (read.unit, read.registers[0].type) == (3, "f32")
    assert catalog.changes(0)["sources"][0]["token_hashes"] == []
    services.revoke_token(SYSTEM, token, "拆了")
    assert called() == []


def test_of_a_stopped_source_nothing_is_called(source):
    registered(SYSTEM, source, "坝上", told())
    services.set_disabled(SYSTEM, source, True, "停用")
    assert called() == []


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        (" ", {}, "name"),
        ("坝上", {"host": "10.21.0.5"}, "host"),
        ("坝上", {"host": "169.254.169.254"}, "host"),
        ("坝上", {"host": "::1"}, "host"),
        ("坝上", {"registers": [ROW, ROW]}, "address"),
    ],
)
def test_what_cannot_be_called_names_its_field(source, name, changes, field):
    with pytest.raises(Invalid) as caught:
        registered(SYSTEM, source, name, told(**changes))
    assert caught.value.field == field


def test_nothing_is_registered_before_the_operator_opened_a_network(source, monkeypatch):
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, device_nets=()))
    with pytest.raises(Invalid, match="SHOUTU_DEVICE_NETS"):
        registered(SYSTEM, source, "坝上", told())


def test_a_name_is_one_device_s_and_the_countys_own_source_has_none(county, source):
    token = registered(SYSTEM, source, "坝上", told())
    with pytest.raises(Invalid):
        registered(SYSTEM, source, " 坝上", told())
    services.revoke_token(SYSTEM, token, "换了")
    registered(SYSTEM, source, "坝上", told())
    with pytest.raises(Invalid):
        registered(SYSTEM, services.county_source(SYSTEM), "坝上", told())


def test_settings_change_at_once_where_nothing_watches(source):
    token = registered(SYSTEM, source, "坝上", told())
    _, waits = services.change_device(SYSTEM, token, "坝下", told(host="10.20.0.6"), "搬了")
    assert waits is None
    assert [(one.id, one.name, one.settings["host"]) for one in called()] == [(token.pk, "坝下", "10.20.0.6")]
    (entry,) = Entry.objects.filter(verb="source.device_changed")
    assert b"10.20.0.5" in bytes(entry.canonical)
    services.revoke_token(SYSTEM, token, "拆了")
    with pytest.raises(Conflict):
        services.change_device(SYSTEM, token, "坝下", told(), "x")


def test_what_a_watched_register_means_is_changed_by_two(county, watched):
    token = registered(SYSTEM, watched, "坝上", told())
    admin = actor(county.users["administrator"])
    _, waits = services.change_device(admin, token, "坝上", told(registers=[ROW | {"scale": 0.1}]), "量程改了")
    assert "scale=0.1" in waits.changes[0]["after"]
    assert called()[0].settings["registers"][0]["scale"] == 1.0
    proposals.agree(actor(county.users["inspector"]), waits)
    assert called()[0].settings["registers"][0]["scale"] == 0.1


def test_the_last_device_of_a_watched_source_is_revoked_by_two(county, watched):
    token = registered(SYSTEM, watched, "坝上", told())
    assert services.revoke_token(actor(county.users["administrator"]), token, "拆了").proposal is not None
    assert deaf.deaf_of(ref(county.site)) == []


def test_an_address_is_read_by_one_device_only(watched):
    """Else a second device would say at once what the first may say only after two agreed."""
    first = registered(SYSTEM, watched, "坝上", told())
    below = told(registers=[ROW | {"address": "T1/rain"}])
    second = registered(SYSTEM, watched, "坝下", below)
    with pytest.raises(Invalid, match=r"T1/level.*坝上") as caught:
        registered(SYSTEM, watched, "坝顶", told(registers=[ROW | {"scale": 0.1}]))
    assert caught.value.field == "address"
    with pytest.raises(Invalid, match=r"T1/level.*坝上"):
        services.change_device(SYSTEM, second, "坝下", told(), "x")
    services.revoke_token(SYSTEM, first, "换了")
    assert services.change_device(SYSTEM, second, "坝下", told(), "x")[1] is not None


@pytest.fixture
def spoken(county, watched):
    """A device that spoke for a watched point, beside a token that is valid."""
    token = registered(SYSTEM, watched, "坝上", told())
    services.create_token(SYSTEM, watched, "网关")
    services.note_heard(Point.objects.values_list("pk", flat=True))
    return token


def test_a_device_that_spoke_for_watched_points_ends_by_two_whatever_tokens_there_are(county, watched, spoken):
    admin = actor(county.users["administrator"])
    waits = services.revoke_token(admin, spoken, "拆了").proposal
    assert (waits.changes[0]["before"], len(called())) == ("1", 1)
    with pytest.raises(Invalid) as caught:
        services.revoke_token(admin, spoken, "拆了", replacement="新令牌")
    assert caught.value.field == "replacement"
    proposals.agree(actor(county.users["inspector"]), waits)
    assert called() == []


def test_another_device_for_what_was_heard_is_registered_by_two(county, watched, spoken, login):
    admin = actor(county.users["administrator"])
    waits = services.revoke_token(admin, spoken, "拆了").proposal
    proposals.agree(actor(county.users["inspector"]), waits)
    below, none = services.register_device(admin, watched, "坝下", told(registers=[ROW | {"address": "T1/rain"}]))
    assert (below.name, none) == ("坝下", None)
    body = {"name": "坝上", "device": {"kind": "modbus", "host": "10.20.0.5", "registers": [ROW | {"scale": 0.1}]}}
    made = post(login("administrator"), f"/api/v1/sources/{watched.pk}/devices", body).json()
    assert [one.name for one in called()] == ["坝下"]
    waits = proposals.get_proposal(admin, made["proposal"])
    assert "scale=0.1" in str(waits.changes)
    proposals.agree(actor(county.users["inspector"]), waits)
    assert {one.name: one.settings["registers"][0]["scale"] for one in called()} == {"坝下": 1.0, "坝上": 0.1}


def test_a_second_change_is_not_taken_for_the_one_that_waits(county, watched):
    token = registered(SYSTEM, watched, "坝上", told())
    admin = actor(county.users["administrator"])
    first = services.change_device(admin, token, "坝上", told(registers=[ROW | {"scale": 0.1}]), "量程改了")[1]
    assert services.change_device(admin, token, "坝上", told(registers=[ROW | {"scale": 0.1}]), "量程改了")[1] == first
    with pytest.raises(Conflict, match="内容不同"):
        services.change_device(admin, token, "坝上", told(registers=[ROW | {"scale": 0.2}]), "又改了")
    proposals.reject(admin, first, "填错了")
    assert services.change_device(admin, token, "坝上", told(registers=[ROW | {"scale": 0.2}]), "又改了")[1] != first


def test_two_agree_on_nothing_that_another_device_reads_by_then(county, watched):
    token = registered(SYSTEM, watched, "坝上", told(registers=[ROW | {"address": "T1/rain"}]))
    _, waits = services.change_device(actor(county.users["administrator"]), token, "坝上", told(), "换了")
    registered(SYSTEM, watched, "坝下", told())
    with pytest.raises(Invalid, match="坝下"):
        proposals.agree(actor(county.users["inspector"]), waits)


def test_of_many_changes_those_of_watched_points_are_shown_first(county, watched):
    rows = [ROW | {"address": f"A-{n}", "index": n} for n in range(0, 60, 2)] + [ROW | {"index": 100}]
    token = registered(SYSTEM, watched, "坝上", told(registers=rows))
    changed = told(host="10.20.0.6", registers=[one | {"scale": 0.1} for one in rows])
    _, waits = services.change_device(actor(county.users["administrator"]), token, "坝上", changed, "量程改了")
    whats = [one["what"] for one in waits.changes]
    assert (whats[1], whats[2], len(whats)) == ("T1/level", "A-0", 21)
    assert waits.changes[-1]["after"] == "12 处"


def test_from_the_command_line_it_is_said_that_a_change_waits(watched, tmp_path):
    file = tmp_path / "坝上.toml"
    text = 'kind = "modbus"\nhost = "10.20.0.5"\n[[registers]]\naddress = "T1/level"\nfunction = 3\nindex = {}\n'
    said = []
    for index in (0, 8):
        file.write_text(text.format(index), "utf-8")
        done = CliRunner().invoke(commands_devices.device, ["register", str(file), "--source", watched.name])
        assert done.exit_code == 0, done.output
        said.append(done.stdout.strip())
    assert said == ["registered 坝上", "已提出，待复核（两人） / waits for two persons"]


def test_over_the_interface(source, login):
    admin = login("administrator")
    body = {"name": "坝上", "device": {"kind": "modbus", "host": "10.20.0.5", "registers": [ROW]}}
    made = post(admin, f"/api/v1/sources/{source.pk}/devices", body)
    assert made.status_code == 200, made.content
    (token,) = made.json()["source"]["tokens"]
    assert (token["mn"], token["device"]["port"], token["device"]["registers"][0]["order"]) == ("", 502, "ABCD")
    body["device"]["registers"] = [{**ROW, "function": 1}]
    refused = post(admin, f"/api/v1/sources/{source.pk}/devices", body)
    assert (refused.status_code, "bits" in refused.content.decode()) == (422, True)
    body["device"]["registers"] = [ROW | {"index": 8}]
    changed = post(admin, f"/api/v1/sources/{source.pk}/devices", {**body, "replaces": token["id"], "reason": "换了"})
    assert changed.json()["source"]["tokens"][0]["device"]["registers"][0]["index"] == 8


NODE = {"address": "T1/level", "node": "nsu=urn:mine;s=level"}
PRINT = ":".join(["AB"] * 32)


def served(**changes):
    secured = {"security": "encrypt", "server": PRINT, "user": "reader", "password": "their-word-7"}
    device = {"kind": "opcua", "endpoint": "opc.tcp://10.20.0.5:4841/mine", "nodes": [NODE], **secured, **changes}
    return DeviceIn.model_validate({"name": "坝上", "device": device}).device.model_dump(mode="json")


def opened_word(found):
    return sealing.unseal(found.settings["sealed"], sealing.DEVICE, settings.SECRET_KEY)


def test_an_opc_ua_server_is_subscribed_to_and_its_password_stands_nowhere_in_plain(source, login):
    admin = login("administrator")
    body = {"kind": "opcua", "endpoint": "opc.tcp://10.20.0.5:4841/mine", "nodes": [NODE], "security": "sign"}
    body |= {"server": PRINT, "user": "reader", "password": "their-word-7"}
    made = post(admin, f"/api/v1/sources/{source.pk}/devices", {"name": "坝上", "device": body})
    assert made.status_code == 200, made.content
    shown = made.json()["source"]["tokens"][0]["device"]
    assert (shown["kind"], shown["password_kept"], shown["beat_s"], shown["user"]) == ("opcua", True, 60.0, "reader")
    assert {"sealed", "password"} & set(shown) == set()
    (found,) = called()
    read = read_opcua(found.settings)
    assert (found.kind, read.place, read.nodes[0].node) == ("opcua", ("10.20.0.5", 4841), "nsu=urn:mine;s=level")
    assert opened_word(found) == {"password": "their-word-7"}
    (entry,) = Entry.objects.filter(verb="source.device_registered")
    record = bytes(entry.canonical)
    assert (b"10.20.0.5" in record, b"their-word-7" in record, b"sealed" in record) == (True, False, False)


def test_a_password_is_kept_for_the_same_server_and_user_only(source):
    token = registered(SYSTEM, source, "坝上", served())
    services.change_device(SYSTEM, token, "坝上", served(password="", beat_s=30), "x")
    assert (called()[0].settings["beat_s"], opened_word(called()[0])) == (30.0, {"password": "their-word-7"})
    other = {"endpoint": "opc.tcp://10.20.0.6:4841/mine"}
    for changes in (other, {"server": ":".join(["CD"] * 32)}, {"user": "other"}, {"security": "sign"}):
        with pytest.raises(Invalid) as caught:
            services.change_device(SYSTEM, token, "坝上", served(password="", **changes), "x")
        assert caught.value.field == "password"
    services.change_device(SYSTEM, token, "坝上", served(password="new-word-8", **other), "x")
    assert opened_word(called()[0]) == {"password": "new-word-8"}
    services.change_device(SYSTEM, token, "坝上", served(password="", user=""), "x")
    assert called()[0].settings["sealed"] == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "opc.tcp://10.21.0.5:4841"}, "endpoint"),
        ({"endpoint": "opc.tcp://[::1]:4841"}, "endpoint"),
        ({"endpoint": "opc.tcp://10.20.0.5:70000"}, "endpoint"),
        ({"endpoint": "opc.tcp://10.20.0.5:0"}, "endpoint"),
        ({"endpoint": "http://10.20.0.5"}, "endpoint"),
        ({"endpoint": "opc.tcp://reader:word@10.20.0.5"}, "endpoint"),
        ({"server": "AB"}, "server"),
        ({"nodes": [NODE | {"node": "level"}]}, "node"),
        ({"security": "none"}, "security"),
        ({"user": ""}, "user"),
        ({"nodes": [NODE, NODE]}, "address"),
    ],
)
def test_what_cannot_be_subscribed_to_names_its_field(source, changes, field):
    with pytest.raises(Invalid) as caught:
        registered(SYSTEM, source, "坝上", served(**changes))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "http://10.20.0.5"}, "endpoint"),
        ({"nodes": []}, "nodes"),
        ({"every_s": 0}, "every_s"),
    ],
)
def test_bad_settings_of_a_server_are_answered_by_their_field(source, login, changes, field):
    device = {"kind": "opcua", "endpoint": "opc.tcp://10.20.0.5", "nodes": [NODE], **changes}
    refused = post(login("administrator"), f"/api/v1/sources/{source.pk}/devices", {"name": "坝上", "device": device})
    assert (refused.status_code, field in refused.content.decode()) == (422, True)


def test_what_a_watched_node_means_is_changed_by_two_and_one_address_read_by_one_device(county, watched):
    token = registered(SYSTEM, watched, "坝上", served())
    with pytest.raises(Invalid, match=r"T1/level.*坝上"):
        registered(SYSTEM, watched, "坝下", told())
    changed = served(password="new-word-8", nodes=[NODE | {"scale": 0.1}])
    _, waits = services.change_device(actor(county.users["administrator"]), token, "坝上", changed, "量程改了")
    words = str(waits.changes)
    assert ("scale=0.1" in words, "密码" in words, "new-word-8" in str(waits.payload) + words) == (True, True, False)
    assert called()[0].settings["nodes"][0]["scale"] == 1.0
    sealed = waits.payload["device"]["sealed"]
    proposals.agree(actor(county.users["inspector"]), waits)
    assert called()[0].settings["nodes"][0]["scale"] == 0.1
    assert opened_word(called()[0]) == {"password": "new-word-8"}
    waits.refresh_from_db()
    assert "sealed" not in waits.payload["device"]
    (made,) = Entry.objects.filter(verb="proposal.made")
    record = bytes(made.canonical)
    assert (b"scale" in record, b'"password":"kept"' in record, sealed.encode() in record) == (True, True, False)


def test_what_is_not_agreed_to_keeps_no_password_either(county, watched):
    token = registered(SYSTEM, watched, "坝上", served())
    admin = actor(county.users["administrator"])
    waits = services.change_device(admin, token, "坝上", served(password="new-word-8", beat_s=30), "换了")[1]
    proposals.reject(actor(county.users["inspector"]), waits, "不换")
    waits.refresh_from_db()
    assert not any(waits.payload["device"].get(name) for name in ("sealed", "password"))
