"""Devices that the pipeline calls: registered, changed by two where rules watch, and told to the pipeline."""

from __future__ import annotations

import dataclasses

import pytest
from django.conf import settings

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.testing import actor
from shoutu.county.sites import deaf, services
from shoutu.county.sites.schemas_devices import DeviceIn
from shoutu.sensing import directory
from shoutu.sensing.catalog import Catalog, Delta
from shoutu.sensing.devices.settings import read_modbus
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


def called():
    """What the pipeline calls, out of what the county tells."""
    delta = catalog.changes(0)
    return list(directory.CatalogDirectory(Catalog().merged(Delta(1, True, tuple(delta["sources"])))).devices())


def test_a_registered_device_is_called_with_the_settings_the_county_took(source):
    token = services.register_device(SYSTEM, source, "坝上", told(unit=3))
    (found,) = called()
    assert (found.id, found.name, found.kind, found.source.id) == (token.pk, "坝上", "modbus", source.pk)
    read = read_modbus(found.settings)
    assert (read.unit, read.registers[0].type) == (3, "f32")
    assert catalog.changes(0)["sources"][0]["token_hashes"] == []
    services.revoke_token(SYSTEM, token, "拆了")
    assert called() == []


def test_of_a_stopped_source_nothing_is_called(source):
    services.register_device(SYSTEM, source, "坝上", told())
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
        services.register_device(SYSTEM, source, name, told(**changes))
    assert caught.value.field == field


def test_nothing_is_registered_before_the_operator_opened_a_network(source, monkeypatch):
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, device_nets=()))
    with pytest.raises(Invalid, match="SHOUTU_DEVICE_NETS"):
        services.register_device(SYSTEM, source, "坝上", told())


def test_a_name_is_one_device_s_and_the_countys_own_source_has_none(county, source):
    token = services.register_device(SYSTEM, source, "坝上", told())
    with pytest.raises(Invalid):
        services.register_device(SYSTEM, source, " 坝上", told())
    services.revoke_token(SYSTEM, token, "换了")
    services.register_device(SYSTEM, source, "坝上", told())
    with pytest.raises(Invalid):
        services.register_device(SYSTEM, services.county_source(SYSTEM), "坝上", told())


def test_settings_change_at_once_where_nothing_watches(source):
    token = services.register_device(SYSTEM, source, "坝上", told())
    _, waits = services.change_device(SYSTEM, token, "坝下", told(host="10.20.0.6"), "搬了")
    assert waits is None
    assert [(one.id, one.name, one.settings["host"]) for one in called()] == [(token.pk, "坝下", "10.20.0.6")]
    (entry,) = Entry.objects.filter(verb="source.device_changed")
    assert b"10.20.0.5" in bytes(entry.canonical)
    services.revoke_token(SYSTEM, token, "拆了")
    with pytest.raises(Conflict):
        services.change_device(SYSTEM, token, "坝下", told(), "x")


def test_what_a_watched_register_means_is_changed_by_two(county, watched):
    token = services.register_device(SYSTEM, watched, "坝上", told())
    admin = actor(county.users["administrator"])
    _, waits = services.change_device(admin, token, "坝上", told(registers=[ROW | {"scale": 0.1}]), "量程改了")
    assert "scale=0.1" in waits.changes[0]["after"]
    assert called()[0].settings["registers"][0]["scale"] == 1.0
    proposals.agree(actor(county.users["inspector"]), waits)
    assert called()[0].settings["registers"][0]["scale"] == 0.1


def test_the_last_device_of_a_watched_source_is_revoked_by_two(county, watched):
    token = services.register_device(SYSTEM, watched, "坝上", told())
    assert services.revoke_token(actor(county.users["administrator"]), token, "拆了").proposal is not None
    assert deaf.deaf_of(ref(county.site)) == []


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
