"""Catalog and directory: deltas merge, tokens and addresses resolve, one wrong entry spoils nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from shoutu.sensing.catalog import Catalog, read_delta
from shoutu.sensing.directory import CatalogDirectory, station_hash


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def catalog() -> Catalog:
    delta = {
        "version": 4,
        "full": True,
        "sources": [
            {"id": 1, "name": "甲", "token_hashes": [digest("a"), digest("a2")]},
            {"id": 2, "name": "乙", "disabled": True, "token_hashes": [digest("b")]},
            {"id": 9, "name": "县", "trusted": True, "token_hashes": [digest("c")]},
            {"name": "no id", "token_hashes": [digest("x")]},
        ],
        "points": [
            {"id": 12, "source": 1, "address": "JR-03"},
            {"id": 13, "source": 2, "address": "JR-03"},
            {"id": 14, "source": 2, "address": "14"},
            {"id": "bad"},
        ],
        "rules": [{"id": 7, "version": 1, "point": 12, "kind": "threshold", "params": {}}],
    }
    return Catalog().merged(read_delta(msgspec.json.encode(delta)))


def test_tokens_speak_for_sources_that_are_not_disabled() -> None:
    directory = CatalogDirectory(catalog())
    assert [getattr(directory.authenticate(t), "id", None) for t in ("a", "a2", "b", "c", "x", "", "é")] == [
        1,
        1,
        None,
        9,
        None,
        None,
        None,
    ]
    trusted = directory.authenticate("c")
    assert trusted is not None
    assert trusted.trusted


def test_addresses_are_ones_own() -> None:
    directory = CatalogDirectory(catalog())
    mine = directory.authenticate("a")
    county = directory.authenticate("c")
    assert mine is not None
    assert county is not None
    assert directory.resolve(mine, ["JR-03", "14", "12", "nobody"]).tolist() == [12, -1, 0, 0]
    assert directory.resolve(county, ["12", "13", "99", "JR-03", "٣", "1" * 50]).tolist() == [12, 13, 0, 0, 0, 0]


def test_deltas_change_and_remove(tmp_path: Path) -> None:
    before = catalog()
    raw = {
        "version": 5,
        "points": [{"id": 12, "source": 1, "address": "JR-04"}],
        "removed": {"points": [13], "rules": [7]},
    }
    after = before.merged(read_delta(msgspec.json.encode(raw)))
    assert (sorted(after.points), list(after.rules), after.version) == ([12, 14], [], 5)
    assert after.points[12]["address"] == "JR-04"
    assert 13 in before.points, "the catalog before stays as it was"
    after.save(tmp_path / "catalog.json")
    kept = Catalog.load(tmp_path / "catalog.json")
    assert kept is not None
    assert kept.encode() == after.encode()
    raw = bytearray((tmp_path / "catalog.json").read_bytes())
    for at in (3, 40, len(raw) // 2, len(raw) - 1):
        bad = bytearray(raw)
        bad[at] ^= 4
        (tmp_path / "catalog.json").write_bytes(bad)
        assert Catalog.load(tmp_path / "catalog.json") is None
    (tmp_path / "catalog.json").write_bytes(after.encode()[:-9])
    assert Catalog.load(tmp_path / "catalog.json") is None


def test_a_delta_that_is_none_names_its_field() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.version"):
        read_delta(b'{"version": "5"}')


def test_a_data_logger_is_known_by_mn_and_password_and_a_disabled_source_s_is_not() -> None:
    logger = station_hash("M1", "123456")
    sources = [
        {"id": 1, "name": "甲", "token_hashes": [], "station_hashes": [logger], "zone": "Asia/Urumqi"},
        {"id": 2, "name": "乙", "disabled": True, "station_hashes": [station_hash("M2", "123456")]},
    ]
    found = CatalogDirectory(Catalog().merged(read_delta(msgspec.json.encode({"version": 1, "sources": sources}))))
    source = found.station("M1", "123456")
    assert source is not None
    assert (source.id, source.zone) == (1, "Asia/Urumqi")
    assert [found.station(*pair) for pair in (("M1", "12345"), ("M1", ""), ("M2", "123456"))] == [None] * 3
    assert found.authenticate("hj212\0M1\x00123456") is None
