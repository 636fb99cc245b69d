"""Unknown is a state: while a point that raised a warning gives no usable readings, nobody may call it recovered."""

from __future__ import annotations

from shoutu.county.warnings.course import stage
from shoutu.county.warnings.models import Member, Warning
from shoutu.engine.params import RISKS

BLIND = ("no_data", "implausible", "stuck")
"""Faults under which a point's readings say nothing."""


def refresh_unknown(warning: Warning) -> None:
    """Set `unknown_now` of this warning; when it is a fault, of the site's open risks as well (and save those)."""
    if warning.category == "risk":
        warning.unknown_now = _unknown(warning)
        return
    # Locked: what people decide about a risk meanwhile must not be overwritten by a stage worked out before.
    risks = Warning.objects.select_for_update(of=("self",), no_key=True).filter(
        site=warning.site, category="risk", closed_at__isnull=True
    )
    for risk in risks.order_by("id"):
        unknown = _unknown(risk)
        if unknown != risk.unknown_now:
            risk.unknown_now = unknown
            risk.state = stage(risk.facts())
            risk.save(update_fields=["unknown_now", "state"])


def _unknown(warning: Warning) -> bool:
    """Whether a member that still stands cannot be seen now."""
    faults = Member.objects.filter(warning__category="fault", warning__closed_at__isnull=True, level__gt=0)
    faults = faults.filter(warning__site=warning.site)
    blind = set(faults.filter(kind__in=BLIND).values_list("point_id", flat=True))
    silent = set(faults.filter(kind="source_silence").values_list("source_id", flat=True))
    standing = warning.members.filter(level__gt=0).values_list("point_id", "source_id", "kind")
    return any(point in blind or source in silent for point, source, kind in standing if kind in RISKS)
