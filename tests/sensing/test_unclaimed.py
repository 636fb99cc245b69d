"""Unclaimed addresses: added up, bounded, kept when the county does not take them."""

from __future__ import annotations

import math

from shoutu.sensing.model import Rejected
from shoutu.sensing.unclaimed import Unclaimed


def test_adds_up_and_keeps_the_newest_value() -> None:
    kept = Unclaimed()
    kept.add(
        [
            Rejected(3, "X", 20, 2.0, "unknown"),
            Rejected(3, "X", 10, 1.0, "unknown"),
            Rejected(4, "X", 5, math.nan, "foreign"),
        ]
    )
    items = sorted(kept.take(), key=lambda item: int(item["source"]))
    assert items[0] == {
        "source": 3, "address": "X", "count": 2, "first_ts": 10, "last_ts": 20, "last_value": 2.0, "reason": "unknown",
    }  # fmt: skip
    assert items[1]["last_value"] is None
    assert kept.take() == []


def test_what_the_county_did_not_take_is_added_again() -> None:
    kept = Unclaimed()
    kept.add([Rejected(3, "X", 20, 2.0, "unknown")])
    items = kept.take()
    kept.add([Rejected(3, "X", 30, 3.0, "unknown")])
    kept.give_back(items)
    (item,) = kept.take()
    assert (item["count"], item["first_ts"], item["last_ts"], item["last_value"]) == (2, 20, 30, 3.0)


def test_one_source_cannot_fill_the_memory_nor_crowd_out_another() -> None:
    kept = Unclaimed(per_source=10)
    kept.add([Rejected(3, f"U{i}", i, 1.0, "unknown") for i in range(100)])
    kept.add([Rejected(4, "Z", 1, 1.0, "unknown"), Rejected(3, "U0", 500, 9.0, "unknown")])
    assert (len(kept), kept.overflow) == (11, 90)
    items = {(i["source"], i["address"]): i for i in kept.take(1000)}
    assert items[3, "U0"]["count"] == 2
    assert items[4, "Z"]["count"] == 1


def test_take_gives_no_more_than_asked() -> None:
    kept = Unclaimed()
    kept.add([Rejected(3, f"U{i}", i, 1.0, "unknown") for i in range(100)])
    assert len(kept.take(30)) == 30
    assert len(kept) == 70
