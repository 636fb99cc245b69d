"""A link answers the call it was sent for, and no other that has its numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
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
