"""The demo's watch: several share it by turns, and whoever starts the demo finds its login on duty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from shoutu.county.people.models import Shift
from shoutu.county.people.selectors import holders
from shoutu.demo.people import Cast, keep_roster

pytestmark = pytest.mark.django_db
# Friday noon in the county, and the night after the next day.
NOON, NIGHT = datetime(2026, 11, 27, 4, tzinfo=UTC), datetime(2026, 11, 28, 14, tzinfo=UTC)


def on_duty(at: datetime) -> str:
    (post,) = set(Shift.objects.values_list("post", flat=True))
    return holders([post], at)[post].name


def test_the_watch_is_shared_and_the_login_has_the_one_that_runs() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        Cast().lay_out_county()
        keep_roster()
        own = on_duty(NOON)
        assert own == "县应急管理局值班员"
        shifts = list(Shift.objects.order_by("starts_at").select_related("person"))
        assert all(one.ends_at == other.starts_at for one, other in pairwise(shifts)), "a gap"
        week = [one for one in shifts if one.starts_at < NOON + timedelta(days=7)]
        assert {one.person.name for one in week} == {own, *(f"{own}{n}" for n in "乙丙丁")}
        assert own not in [one.person.name for one in shifts if one.starts_at.hour == 12], "nights are the others'"
        # Started again in another's shift: that one has ended, and who was on stays true.
        clock.move_to(NIGHT)
        assert on_duty(NIGHT) != own
        before = Shift.objects.count()
        keep_roster()
        assert on_duty(NIGHT) == own
        taken = Shift.objects.get(starts_at=NIGHT)
        assert taken.signed_in_at == NIGHT
        keep_roster()
        assert Shift.objects.count() == before + 1 + 2, "the shift taken over, and a day more ahead"
        assert on_duty(taken.ends_at + timedelta(hours=1)) != own, "Sunday is another's"
