"""A section of the catalog is what a dictionary of the same entries is, however it came about and lies in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.sensing import catalog_section
from shoutu.sensing.catalog import Catalog, read_delta
from shoutu.sensing.catalog_section import MOST_ID, Section, by_id

ids = st.one_of(st.integers(1, 30), st.integers(-MOST_ID + 1, MOST_ID - 1))
entries = st.fixed_dictionaries(
    {"name": st.text(max_size=4), "value": st.sampled_from([None, 1, 1.5, [1, "x"], {"1": 3.2}])}
)
steps = st.lists(st.tuples(st.dictionaries(ids, entries, max_size=12), st.sets(ids, max_size=4)), max_size=6)


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog_section, "BLOCK", 3)
        yield


def made(told: Any) -> tuple[Section, dict[int, Any]]:
    section, model = Section(), {}
    for changed, gone in told:
        section = section.merged(changed, gone)
        model = {k: v for k, v in model.items() if k not in gone} | changed
    return section, model


@settings(max_examples=150, deadline=None)
@given(steps)
def test_it_holds_what_a_dictionary_holds_in_order_of_id(told: Any) -> None:
    section, model = made(told)
    assert list(section) == sorted(model) == section.ids.tolist()
    assert list(section.items()) == sorted(model.items())
    assert list(section.values()) == [model[key] for key in sorted(model)]
    assert (len(section), section == model) == (len(model), True)
    for key in [*model, 0, 31, MOST_ID]:
        assert (key in section, section.get(key)) == (key in model, model.get(key))
    assert msgspec.json.decode(b"[" + b",".join(section.rows()) + b"]") == [model[key] for key in sorted(model)]


@settings(max_examples=150, deadline=None)
@given(steps, steps)
def test_what_differs_is_what_differs_between_dictionaries(one: Any, other: Any) -> None:
    (after, there), (before, here) = made([*one, *other]), made(one)
    changed = {key for key in here.keys() | there.keys() if here.get(key) != there.get(key)}
    assert after.differing(before) == changed
    assert (after == before) is (not changed)
    again = Section().merged(there)
    assert again == after
    assert not again.differing(after)


def test_what_a_change_leaves_alone_is_shared() -> None:
    section = Section().merged({key: {"id": key} for key in range(1, 31)})
    after = section.merged({31: {"id": 31}, 14: {"id": 14, "name": "x"}}, [7])
    assert len(set(map(id, section.blocks)) & set(map(id, after.blocks))) >= 7
    assert section.merged({}, [99]) is section
    assert section[14] == {"id": 14}


def test_a_catalog_is_the_same_packed_and_as_json() -> None:
    rows = [{"id": key, "source": 1, "address": f"地址{key}"} for key in range(1, 11)]
    told = {
        "version": 7,
        "full": True,
        "points": rows,
        "rules": [{"id": 2, "kind": "x", "params": {"levels": {"1": 2.0}}}],
    }
    catalog = Catalog().merged(read_delta(msgspec.json.encode(told)))
    for again in (Catalog.decode(catalog.pack()), Catalog.decode(catalog.encode())):
        assert (again.version, again.points, again.rules, len(again.sources)) == (7, catalog.points, catalog.rules, 0)
        assert again.points[10]["address"] == "地址10"
    with pytest.raises(msgspec.MsgspecError):
        Catalog.decode(catalog.pack()[:-3])


def test_entries_without_a_usable_id_are_left_out_and_of_several_the_last_counts() -> None:
    rows = [{"id": 1, "n": 1}, {"id": True}, {"id": "1"}, {}, {"id": MOST_ID}, {"id": 1, "n": 2}]
    assert by_id(rows) == {1: {"id": 1, "n": 2}}
