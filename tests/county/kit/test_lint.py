"""The scope lint holds here, and finds what it should."""

from __future__ import annotations

from pathlib import Path

from shoutu.county.kit import lint


def test_county_is_clean() -> None:
    assert list(lint.findings()) == []


def test_exemptions_still_exist() -> None:
    assert [name for name in lint.SELECTORS if not (lint.COUNTY / f"{name}.py").exists()] == []


def test_a_query_in_an_api_module_is_named_and_one_in_selectors_is_not(tmp_path: Path) -> None:
    room = tmp_path / "hazards"
    (room / "selectors").mkdir(parents=True)
    (room / "api.py").write_text("def list_all():\n    return Hazard.objects.all()\n")
    (room / "selectors" / "open.py").write_text("def all_open():\n    return Hazard.objects.all()\n")
    found = list(lint.findings(tmp_path))
    assert len(found) == 1
    assert "api.py:2" in found[0]
