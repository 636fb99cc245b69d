"""Entries in words: one room speaks for each verb."""

from __future__ import annotations

import pytest

from shoutu.county.ledger import verbs


def test_a_verb_has_one_room_that_speaks_for_it() -> None:
    with pytest.raises(ValueError, match=r"registered twice: user\.created"):
        verbs.register({"user.created": "另一种说法"})
    assert verbs.words("user.created", {}) == "新建账号"


def test_a_pack_is_called_by_its_title_even_when_it_is_gone() -> None:
    assert verbs.words("binding.ended", {"pack": "stopped-mine"}) == "停用规则包“停产封条期间的动静”："
    assert verbs.words("binding.ended", {"pack": "gone"}) == "停用规则包“gone”："


def test_a_finding_is_not_always_a_design_value() -> None:
    said = verbs.words("finding.raised", {"message": "主要负责人：叫不到"})
    assert said == "查出缺项：主要负责人：叫不到"
