"""What the worker does for sites."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.sites import asking, hearing, quality, services


@step("sites.resume", every=5.0, lane="sites", title=_("复工到时生效"))
def resume() -> None:
    services.resume_due()


@step("sites.packs", every=30.0, lane="packs", title=_("读规则包和法定限值"))
def readable_packs() -> None:
    """Here and not in the web process: reading a pack brings the engine along."""
    services.note_unreadable()


@step("sites.quality", every=60.0, lane="quality", title=_("算昨天的数据质量"))
def data_quality() -> bool:
    """A chunk of points at a time: the pipeline is asked outside any transaction, and what was told is kept at once."""
    day = quality.due(timezone.now())
    if day is None:
        return services.forget_old(timezone.localdate()) > 0
    points = quality.next_points(day)
    if not points:
        services.finish_day(day, quality.of_enterprises(day))
        return True
    body, still = quality.asked(points, day)
    services.keep_points(day, points, asking.quality(body), still)
    return True


TURN = hearing.Turn()


@step("sites.heard", every=60.0, lane="heard", title=_("看新测点来数没有"))
def first_readings() -> bool:
    """The pipeline is asked outside any transaction; what it has a reading of for the first time is put down."""
    waiting = hearing.waiting(TURN)
    told = asking.latest(one.pk for one in waiting)
    heard, unheard = hearing.sorted_out(waiting, told)
    return bool(heard or unheard) and services.note_heard(heard, unheard)
