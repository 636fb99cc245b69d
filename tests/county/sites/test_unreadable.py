"""A pack, or the limits of law, that cannot be read is counted, and an alarm until it is mended."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from shoutu.county.duties.selectors import open_alarms
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.sites.steps import readable_packs


@pytest.mark.parametrize("text", [b"limits: [", b"\xff\xfe", b"limits: nothing"])
def test_limits_of_law_that_cannot_be_read_are_counted_and_an_alarm(
    county: SimpleNamespace, client, settings, tmp_path, text: bytes
) -> None:
    for folder in ("warning", "limits"):
        (tmp_path / folder).mkdir()
    file = tmp_path / "limits" / "mines.yaml"
    settings.CONFIG = replace(settings.CONFIG, packs=tmp_path)
    assert b"shoutu_limits_unreadable 0.0" in client.get("/metrics").content
    file.write_bytes(text)
    assert b"shoutu_limits_unreadable 1.0" in client.get("/metrics").content
    for _ in range(2):
        readable_packs()
    (alarm,) = open_alarms(SYSTEM)
    assert (alarm["kind"], "mines.yaml" in alarm["message"]) == ("limits.unreadable", True)
    file.unlink()
    readable_packs()
    assert open_alarms(SYSTEM) == []


def test_a_pack_that_cannot_be_read_is_an_alarm_until_it_is_mended(
    county: SimpleNamespace, login, settings, tmp_path
) -> None:
    (tmp_path / "warning").mkdir()
    settings.CONFIG = replace(settings.CONFIG, packs=tmp_path)
    (tmp_path / "warning" / "bad.yaml").write_text("pack: [", "utf-8")
    readable_packs()
    (tmp_path / "warning" / "bad.yaml").write_text("pack: bad\nversion: {", "utf-8")
    readable_packs()
    (alarm,) = login("duty_officer").get("/api/v1/status").json()["alarms"]
    assert (alarm["kind"], alarm["url"], alarm["raw"]) == ("pack.unreadable", "/rules", "")
    assert "规则包 bad 读不了" in alarm["message"]
    assert "yaml" not in alarm["message"]
    (alarm,) = login("administrator").get("/api/v1/status").json()["alarms"]
    assert "bad.yaml" in alarm["raw"]
    (tmp_path / "warning" / "bad.yaml").unlink()
    readable_packs()
    assert open_alarms(SYSTEM) == []
