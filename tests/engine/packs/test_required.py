"""What a standard wants monitored: by grade, by height, declared or measured; what nobody can decide is said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoutu.engine.packs import Pack, load, unmet

WARNING = Path(__file__).parents[3] / "packs" / "warning"


def pack(name: str) -> Pack:
    found, problems = load((WARNING / f"{name}.yaml").read_text("utf-8"), name)
    assert found is not None, [str(problem) for problem in problems]
    return found


def lacking(name: str, site: dict[str, float], counts: dict[str, int] | None = None) -> set[str]:
    return {want.id for want, _ in unmet(pack(name), site, counts or {}).lacking}


WET = {"displacement", "phreatic", "rain", "level", "beach", "video"}


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ({"grade": 4}, WET),
        ({"grade": 3}, WET | {"pore_pressure", "seepage", "turbidity"}),
        ({"grade": 2, "dry_stack": 1}, {"displacement", "phreatic", "rain", "video"}),
        ({"grade": 5, "landslide_bodies": 2}, WET | {"landslide"}),
        ({"grade": 5, "video_cameras": 3}, WET - {"video"}),
    ],
)
def test_a_pond_needs_what_its_grade_and_kind_ask_for(site: dict[str, float], expected: set[str]) -> None:
    assert lacking("tailings-pond", site) == expected


def test_any_of_the_named_points_meets_a_requirement() -> None:
    counts = {"internal_displacement": 1, "freeboard": 1, "phreatic_depth": 4, "rain_hour": 1, "beach_length": 1}
    assert lacking("tailings-pond", {"grade": 4, "video_cameras": 1}, counts) == set()


def test_without_the_grade_it_is_undecided_and_named() -> None:
    found = unmet(pack("tailings-pond"), {}, {})
    assert set(found.undecided) == {"grade"}
    assert "pore_pressure" not in {want.id for want, _ in found.lacking}
    assert "displacement" in {want.id for want, _ in found.lacking}


def test_a_dry_stack_needs_no_grade_to_be_decided() -> None:
    assert unmet(pack("tailings-pond"), {"dry_stack": 1}, {}).undecided == {}


@pytest.mark.parametrize(("height", "expected"), [(149.9, set()), (150, {"surface", "video"})])
def test_a_slope_of_150_m_needs_displacement_and_video(height: float, expected: set[str]) -> None:
    assert lacking("open-pit-slope", {"slope_height": height}) == expected
    assert set(unmet(pack("open-pit-slope"), {}, {}).undecided) == {"slope_height"}


def test_an_underground_mine_needs_its_six_systems() -> None:
    everything = lacking("underground-mine", {})
    assert {"monitoring", "positioning", "refuge", "air_supply", "water_supply", "communication"} <= everything
    there = {"refuge_chambers": 1, "air_supply": 1, "water_supply": 1, "communication": 1}
    counts = {"co": 3, "people_underground": 1, "main_fan": 1, "air_speed_drift": 1}
    assert lacking("underground-mine", there, counts) == set()


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ("{id: a, title: 甲, cite: x, indicators: [nothing]}", "indicators"),
        ("{id: a, title: 甲, cite: x, declared: nothing}", "when"),
        ("{id: a, title: 甲, cite: x}", "required[0]"),
        ("{id: a, title: 甲, cite: x, declared: grade, when: [{parameter: grade, above: 3}]}", "when"),
    ],
)
def test_a_requirement_that_is_wrong_is_named(entry: str, field: str) -> None:
    head = "pack: x\ntitle: x\nversion: 1\ncite: x\nparameters: [{id: grade, title: g, unit: '1'}]\n"
    text = f"{head}required: [{entry}]\n"
    found, problems = load(text, "x.yaml")
    assert found is None
    assert any(field in problem.field for problem in problems), [str(problem) for problem in problems]
