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


def test_every_verb_is_found_by_its_words() -> None:
    silent = [verb for verb in verbs._verbs if not verbs._always(verb)]
    assert silent == [], "give these `found_by` words"


def test_an_act_is_found_as_it_reads_in_the_list() -> None:
    assert "duty.answered" in verbs.saying("应答")
    assert "user.created" in verbs.saying(" 新建账号 ")
    assert "warning.verified" in verbs.saying("核实")
    assert "evacuation.counted" in verbs.saying("人数")
    assert verbs.saying("") == verbs.saying("没有这样的话") == []
    # What stands in for an entry's own figures is nobody's words.
    assert verbs.saying("2026") == verbs.saying("1") == verbs.saying("none") == verbs.saying("[]") == []
