"""缺证: which sites lack a licence that sites of their kind must have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.papers import services
from shoutu.county.papers.kinds import LicenceKind, kinds
from shoutu.county.papers.lacking import lacking_for, rows_of
from shoutu.county.papers.models import Licence
from shoutu.county.people.testing import actor
from shoutu.county.places.models import Site
from tests.county.base import ListTests
from tests.county.papers.conftest import content

Make = Callable[..., Licence]


class TestList(ListTests):
    path = "/api/v1/licences/lacking"
    queries = 5
    sees = {"leader": True, "inspector": True, "township": True, "enterprise": True, "enterprise_b": False,
            "township_b": False, "auditor": True}  # fmt: skip

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        start = Site.objects.count()
        return [
            Site.objects.create(
                name=f"{start + i} 号库",
                kind="tailings_pond",
                organisation=county.mine,
                territory=county.site.territory,
            )
            for i in range(n)
        ]


def told(county: SimpleNamespace, name: str = "leader", **asked: Any) -> dict[str, list[str]]:
    rows = rows_of(lacking_for(actor(county.users[name]), **asked), asked.get("kind", ""))
    return {row["name"]: [one["kind"] for one in row["lacking"]] for row in rows}


def test_each_kind_of_site_lacks_its_own(county: SimpleNamespace) -> None:
    assert told(county) == {county.site.name: ["safety_permit"], county.site_b.name: ["safety_permit", "mining_right"]}


@pytest.mark.parametrize("where", ["own", None])
def test_one_of_the_site_or_of_its_whole_enterprise_is_enough(
    county: SimpleNamespace, licence: Make, where: Any
) -> None:
    licence(site=where)
    assert county.site.name not in told(county)


def test_an_expired_one_is_called_for_and_not_lacking(county: SimpleNamespace, licence: Make) -> None:
    licence(-3)
    assert county.site.name not in told(county)


def test_one_withdrawn_or_of_another_site_is_none(county: SimpleNamespace, licence: Make) -> None:
    beside = Site.objects.create(
        name="2 号库", kind="tailings_pond", organisation=county.mine, territory=county.site.territory
    )
    licence(site=beside.pk)
    gone = licence()
    services.withdraw_licence(SYSTEM, gone.pk, "revoked", "停产整顿")
    assert told(county)[county.site.name] == ["safety_permit"]
    assert beside.name not in told(county)


def test_filters_narrow(county: SimpleNamespace) -> None:
    assert told(county, kind="mining_right") == {county.site_b.name: ["mining_right"]}
    assert told(county, kind="business") == {}
    assert set(told(county, q=county.site_b.name)) == {county.site_b.name}
    assert set(told(county, site=county.site.pk)) == {county.site.name}


def test_the_page_says_how_many(login: Callable[[str], Client], county: SimpleNamespace, licence: Make) -> None:
    client = login("inspector")
    assert client.get("/api/v1/licences/form?lacking=true").json()["lacking"] == 2
    licence()
    assert client.get("/api/v1/licences/form?lacking=true").json()["lacking"] == 1
    assert client.get("/api/v1/licences/form").json()["lacking"] is None, "a dialog does not ask for it"


def test_a_kind_put_on_the_list_between_question_and_rows_is_not_lacked_yet(
    county: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = list(lacking_for(actor(county.users["leader"])))
    before = rows_of(sites)
    extra = LicenceKind.model_construct(
        id="new", title="新证", title_en="", ground="", verified=False, required_of=("tailings_pond", "open_pit")
    )  # fmt: skip
    monkeypatch.setattr("shoutu.county.papers.lacking.kinds", lambda: {**kinds(), "new": extra})
    assert rows_of(sites) == before


def test_a_body_that_is_no_longer_there_lacks_nothing(county: SimpleNamespace) -> None:
    county.mine.is_active = False
    county.mine.save(update_fields=["is_active"])
    assert county.site.name not in told(county)


def test_one_that_has_not_begun_holds_nothing_yet(county: SimpleNamespace, licence: Make) -> None:
    licence(valid_from=timezone.localdate() + timedelta(days=300))
    assert told(county)[county.site.name] == ["safety_permit"]


def test_the_old_one_holds_to_its_last_day_though_its_renewal_was_cancelled(
    county: SimpleNamespace, licence: Make
) -> None:
    new = services.renew_licence(SYSTEM, licence().pk, content(900, number="新"))
    services.withdraw_licence(SYSTEM, new.pk, "cancelled", "企业申请")
    assert county.site.name not in told(county)
