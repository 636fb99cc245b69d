"""The scope lint holds here, and finds what it should."""

from __future__ import annotations

from pathlib import Path

from shoutu.county.kit import lint


def test_county_is_clean() -> None:
    assert list(lint.findings()) == []


def test_exemptions_still_exist() -> None:
    there = lambda name: (lint.COUNTY / f"{name}.py").is_file() or (lint.COUNTY / name / "__init__.py").is_file()  # noqa: E731
    assert [name for name in lint.SELECTORS if not there(name)] == []


def test_a_query_in_an_api_module_is_named_and_one_in_selectors_is_not(tmp_path: Path) -> None:
    room = tmp_path / "hazards"
    (room / "selectors").mkdir(parents=True)
    (room / "api.py").write_text("def list_all():\n    return Hazard.objects.all()\n")
    (room / "selectors" / "open.py").write_text("def all_open():\n    return Hazard.objects.all()\n")
    found = list(lint.findings(tmp_path))
    assert len(found) == 1
    assert "api.py:2" in found[0]


def test_a_lock_that_waits_for_whatever_points_at_the_row_is_named(tmp_path: Path) -> None:
    for room in ("hazards", "ledger"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "services.py").write_text(
            "def take(pk):\n    Hazard.objects.select_for_update(no_key=True).get(pk=pk)\n"
            '    return Hazard.objects.select_for_update(of=("self",)).get(pk=pk)\n'
        )
    found = list(lint.findings(tmp_path))
    assert len(found) == 1
    assert "hazards/services.py:3" in found[0]
