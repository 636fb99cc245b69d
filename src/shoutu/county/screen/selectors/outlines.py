"""The county's outline, its townships and its neighbours as GeoJSON."""

from __future__ import annotations

from typing import Any

from shoutu.county.places.boundaries import boundaries
from shoutu.county.places.models import Boundary


def county_map() -> dict[str, Any]:
    """A GeoJSON FeatureCollection in WGS-84, the county first. Where a county lies is no secret: all who read see all.

    `kind`: county, territory, neighbour. `label`: where the name is written.
    """
    rows = boundaries()
    return {
        "type": "FeatureCollection",
        "schematic": any(row.schematic for row in rows),
        "sources": sorted({row.source for row in rows}),
        "features": [
            {
                "type": "Feature",
                "id": row.pk,
                "properties": {
                    "name": row.territory.name if row.territory else row.name,
                    "kind": _kind(row),
                    "territory": row.territory_id,
                    "label": row.label,
                },
                "geometry": row.geometry,
            }
            for row in rows
        ],
    }


def _kind(row: Boundary) -> str:
    if row.territory is None:
        return "neighbour"
    return "county" if row.territory.parent_id is None else "territory"
