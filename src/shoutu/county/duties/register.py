"""What duties tells the rest: its subjects."""

from __future__ import annotations

from shoutu.county.duties.models import Duty
from shoutu.county.kit import subjects

subjects.register(
    "duty",
    title="责任",
    label=lambda id: Duty.objects.filter(pk=id).values_list("title", flat=True).first() or f"{id}",
    url=lambda id: f"/duties/{id}",
    visible=lambda actor: Duty.objects.visible_to(actor),
)
# Contacts and the allow-list stay unregistered: only who sees the whole county sees entries about them.
subjects.register("alarm", title="告警", label=lambda id: f"告警 {id}", url=lambda _id: "", visible=None)
