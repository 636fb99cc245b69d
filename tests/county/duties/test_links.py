"""A link answers the call it was sent for, and no other that has its numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from shoutu.county.duties.models import Duty, Notice
from shoutu.county.duties.services import links
from shoutu.county.ledger.models import Epoch

pytestmark = pytest.mark.django_db


def test_a_link_of_before_a_restore_opens_nothing_that_has_its_numbers_now(open_duty: Callable[..., Duty]) -> None:
    open_duty()
    lost = Notice.objects.order_by("id").first()
    assert lost is not None
    held = links.token_of(lost)
    restored = timezone.now() + timedelta(hours=1)
    Epoch.objects.create(number=2, opened_at=restored)
    # What the backup had: its link, in somebody's telephone, still answers.
    assert links.notice_of(held) == lost
    # The same numbers given again, to what was sent after it.
    Notice.objects.filter(pk=lost.pk).update(queued_at=restored + timedelta(minutes=5))
    assert links.notice_of(held) is None
    again = Notice.objects.get(pk=lost.pk)
    assert links.notice_of(links.token_of(again)) == again


@pytest.mark.parametrize(("sent", "upgraded", "opens"), [(2, 1, True), (1, 2, False), (25, 24.5, False)])
def test_a_link_sent_before_links_were_signed_by_epoch_answers_for_its_day(
    open_duty: Callable[..., Duty], sent: float, upgraded: float, opens: bool
) -> None:
    open_duty()
    now = timezone.now()
    notice = Notice.objects.order_by("id").first()
    assert notice is not None
    held = links.token_of(notice)
    Epoch.objects.create(number=2, opened_at=now - timedelta(days=30))
    Notice.objects.filter(pk=notice.pk).update(queued_at=now - timedelta(hours=sent))
    applied = MigrationRecorder.Migration.objects.filter(app="duties", name=links.SIGNED_ANEW)
    assert applied.update(applied=now - timedelta(hours=upgraded)) == 1
    assert (links.genuine(held) == notice) is opens
