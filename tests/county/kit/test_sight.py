"""Many who listen are asked for together; nobody sees more by it, or less."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.aside import Aside
from shoutu.county.kit.permissions import ROLES, permissions_of
from shoutu.county.kit.scope import Scope
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.people.testing import actor

SCOPES = [
    Scope.everything(), Scope(), Scope(territories=("1.2.",)), Scope(organisations=(3,)), Scope(called=(4, 5)),
    Scope(territories=("1.",), sectors=("tailings_pond",)),
]  # fmt: skip


def twins(scope: Scope) -> list[Actor]:
    """Actors of one scope who are alike in nothing else."""
    return [
        Actor("user", f"岗位{n}", role, user_id=n + 1, person_id=n + 70, posts=(n, n + 9), organisation_id=n,
              permissions=permissions_of(role), scope=scope)
        for n, role in enumerate(ROLES)
    ]  # fmt: skip


def question(type_: str, who: Actor) -> str:
    """What is asked of the database, literally."""
    visible = subjects.kinds()[type_].visible
    assert visible is not None
    try:
        return str(visible(who).query)
    except Exception as error:  # a question known to have no answer is never asked
        return type(error).__name__


@pytest.mark.parametrize("type_", sorted(name for name, kind in subjects.kinds().items() if kind.visible))
def test_those_asked_for_together_are_asked_about_alike(type_: str, db: None) -> None:
    kind = subjects.kinds()[type_]
    for scope in SCOPES:
        asked: dict[object, str] = {}
        for who in twins(scope):
            said = question(type_, who)
            assert asked.setdefault(kind.seen_by(who), said) == said, f"{type_} differs for {who.role}"


def test_many_see_what_each_sees_alone(county, django_assert_max_num_queries) -> None:
    events = [ref(county.site), ref(county.site_b), SubjectRef("site", 999_999), subjects.COUNTY, SubjectRef("x", 1)]
    everybody = [actor(user) for user in county.users.values()]
    alone = [subjects.visible(who, events) for who in everybody]
    assert len({frozenset(seen) for seen in alone}) > 2
    asked = [(who, events) for who in everybody * 30]
    with django_assert_max_num_queries(len({who.scope for who in everybody})):
        assert list(subjects.visible_to_each(asked)) == alone * 30


def test_later_askers_of_other_subjects_are_not_answered_from_what_is_known(county) -> None:
    leader = actor(county.users["leader"])
    first, second = {ref(county.site)}, {ref(county.site), ref(county.site_b)}
    assert list(subjects.visible_to_each([(leader, first), (leader, second), (leader, first)])) == [
        first, second, first
    ]  # fmt: skip


def test_the_same_scope_under_another_label_is_known() -> None:
    one = twins(SCOPES[2])[0]
    assert subjects.by_scope(one) == subjects.by_scope(replace(one, label="别的"))


def test_each_gets_the_answer_to_its_own_question_however_many_ask() -> None:
    sizes: list[int] = []

    def double(asked: Sequence[int]) -> Iterator[int]:
        sizes.append(len(asked))
        return (2 * n for n in asked)

    async def ask_all() -> list[int]:
        aside = Aside("test-aside", double)
        return await asyncio.gather(*(aside.ask(n) for n in range(3_000)))

    assert asyncio.run(ask_all()) == [2 * n for n in range(3_000)]
    assert len(sizes) < 500  # together, not one by one


def test_what_cannot_be_answered_is_told_to_whom_it_concerns_and_tried_twice() -> None:
    tries: list[int] = []

    def picky(asked: Sequence[int]) -> Iterator[int]:
        for n in asked:
            if n == 13:
                tries.append(n)
                raise ValueError("no")
            yield n

    async def ask_all() -> list[object]:
        aside = Aside("test-aside", picky)
        early = await asyncio.gather(*(aside.ask(n) for n in (1, 13, 14)), return_exceptions=True)
        return [*early, await aside.ask(4)]

    one, error, behind, four = asyncio.run(ask_all())
    assert (one, behind, four) == (1, 14, 4)
    assert isinstance(error, ValueError)
    assert tries == [13, 13]


def test_a_first_failure_is_nobodys_as_the_connection_may_have_been_an_old_one() -> None:
    broken = threading.Event()

    def once(asked: Sequence[int]) -> Iterator[int]:
        if not broken.is_set():
            broken.set()
            raise ConnectionError("gone")
        yield from asked

    async def ask_all() -> list[int]:
        aside = Aside("test-aside", once)
        return await asyncio.gather(*(aside.ask(n) for n in range(5)))

    assert asyncio.run(ask_all()) == list(range(5))


def test_who_went_away_meanwhile_disturbs_nobody() -> None:
    async def ask_all() -> int:
        aside: Aside[int, int] = Aside("test-aside", iter)
        gone = asyncio.ensure_future(aside.ask(1))
        await asyncio.sleep(0)
        gone.cancel()
        return await aside.ask(2)

    assert asyncio.run(ask_all()) == 2
