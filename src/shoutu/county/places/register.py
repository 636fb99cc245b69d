"""Places' subjects."""

from __future__ import annotations

from shoutu.county.kit.subjects import by_scope, name_in, names_in, register, words_in
from shoutu.county.places import sheets  # noqa: F401  (registers its tables)
from shoutu.county.places.models import Organisation, Site, Territory
from shoutu.county.places.selectors import organisations, sites

for _type, _model, _url, _visible in (
    ("territory", Territory, "", None),
    ("organisation", Organisation, "", lambda actor: organisations().visible_to(actor)),
    ("site", Site, "/sites/{}", lambda actor: sites().visible_to(actor)),
):
    register(
        _type, label=name_in(_model, "name"), labels=names_in(_model, "name"), url=_url.format, visible=_visible,
        seen_by=by_scope, search=words_in(_model, "name"),
    )  # fmt: skip
