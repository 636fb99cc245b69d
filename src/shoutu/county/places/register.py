"""Places' subjects."""

from __future__ import annotations

from shoutu.county.kit import subjects
from shoutu.county.places.selectors import organisations, site_name, sites, territory_name

subjects.register("territory", label=territory_name, url=lambda _id: "", visible=None)
subjects.register(
    "organisation",
    label=lambda id: organisations().filter(pk=id).values_list("name", flat=True).first() or str(id),
    url=lambda _id: "",
    visible=lambda actor: organisations().visible_to(actor),
)
subjects.register(
    "site", label=site_name, url=lambda id: f"/sites/{id}", visible=lambda actor: sites().visible_to(actor)
)
