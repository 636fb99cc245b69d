"""Cells: what a number may look like, and that every offered word is understood as what it stands for."""

from __future__ import annotations

import pytest
from django.utils import translation

from shoutu.county.kit.sheets import columns, tables
from shoutu.county.kit.sheets.columns import Bad


@pytest.mark.parametrize(("said", "found"), [
    ("1,234.5", 1234.5), ("1,234,567", 1234567.0), ("-12，000", -12000.0), ("0.5", 0.5), ("1e3", 1000.0), (7, 7.0),
])  # fmt: skip
def test_a_number_as_people_write_it(said: object, found: float) -> None:
    assert columns.number()(said) == found


@pytest.mark.parametrize("said", ["0,5", "1,5", "12,34", "1,2345", ",5", "1_000", "5 m", "nan", "1e999"])
def test_a_number_that_could_be_two_is_refused(said: str) -> None:
    with pytest.raises(Bad):
        columns.number()(said)


def test_every_word_a_template_offers_is_taken_as_what_it_stands_for() -> None:
    seen = 0
    for table in tables.tables():
        for column in table.taken:
            for language in columns.LANGUAGES:
                with translation.override(language):
                    for name, said in column.choices.items():
                        found = column.parse(str(said))
                        expected = ([name], name, {"yes": True, "no": False}.get(name, name))
                        assert found in expected, f"{table.name}.{column.name}: {said!r} gives {found!r}"
                        seen += 1
    assert seen > 50


def test_titles_of_a_table_are_told_apart() -> None:
    for table in tables.tables():
        titles = [(title, column.name) for column in table.columns for title in column.titles()]
        assert len({title for title, _name in titles}) == len(titles), table.name
