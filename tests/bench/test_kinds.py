"""The benches of the engine by kind and size: each kind is at work in them, and both halves are the whole."""

from __future__ import annotations

import numpy as np
import pytest

from bench import growth, kinds


def test_every_kind_of_the_catalog_is_measured() -> None:
    from shoutu.engine.params import KINDS

    assert set(KINDS) == {kind for those in kinds.SETS.values() for kind in those}
    for those in kinds.SETS.values():
        assert not kinds.ruleset(those, 100).problems


@pytest.mark.parametrize(("name", "speaks"), [("nothing", False), ("threshold", True), ("composite", True)])
def test_what_should_speak_speaks(name: str, speaks: bool) -> None:
    seconds, signals = kinds.timed(kinds.SETS[name], 1_000, 0, 60_000)
    assert seconds > 0
    assert (signals > 0) is speaks


def test_halves_have_the_points_of_the_whole_and_no_others() -> None:
    whole = kinds.ruleset(kinds.SETS["all"], 200)
    halves = [kinds.ruleset(kinds.SETS["all"], 100, first) for first in (0, 100)]
    assert {p.id for p in whole.points} == {p.id for half in halves for p in half.points}
    assert {c.site for c in whole.composites} == {c.site for half in halves for c in half.composites}
    assert not {r.id for r in halves[0].rules} & {r.id for r in halves[1].rules}


def test_every_round_has_every_point_once_in_either_order() -> None:
    rng = np.random.default_rng(1)
    for how in ("sorted", "random"):
        batches = growth.order(rng, 30_000, how, 6)
        for round_ in (batches[:3], batches[3:]):
            assert sorted(np.concatenate(round_).tolist()) == list(range(1, 30_001))
    assert batches[0].tolist() != sorted(batches[0].tolist())
