"""Sources a site is watched by and that can send no more: stopped, or without a valid token. A selector."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.sites.models import IngestToken, Source

DEAF = "source.deaf"
DEAF_LANE: dict[str, Any] = {
    "policy": "sites/deaf@1",
    "verified": False,
    "chain": [
        {"who": "enterprise_duty", "answer_s": 600},
        {"who": "county_duty", "answer_s": 600},
        {"who": "enterprise_principal", "answer_s": 3_600},
        {"who": "township_head", "answer_s": 3_600},
    ],
    "due_s": {"dispose": 86_400},
    "orders": ["由管理员发放新令牌或启用数据源", "恢复以前派人值守，人工读数"],
    "retry_s": [60],
}
"""Who is called where nobody hears a site's sensors any more: at once, since nothing would warn."""


def deaf_of(subject: SubjectRef) -> list[Gap]:
    """One gap a source whose points at this site are watched by a rule and cannot be heard.

    A source that never had a token is only being set up: its points are silent, which their own rules tell.
    """
    sources = Source.objects.filter(points__site_id=subject.id, points__rules__enabled=True).distinct()
    found = []
    for source in sources.order_by("id"):
        tokens = list(IngestToken.objects.filter(source=source).values_list("revoked_at", flat=True))
        if source.disabled:
            text = _("数据源 %(source)s 已停用，测点的数据收不到")
        elif tokens and None not in tokens:
            text = _("数据源 %(source)s 没有有效的令牌，测点的数据收不到")
        else:
            continue
        found.append(Gap(f"source:{source.pk}", text % {"source": source.name}, detail={"source": source.pk}))
    return found
