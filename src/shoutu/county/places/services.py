"""What may be done with territories, organisations and sites."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Organisation, Site, Territory


@service
def create_territory(actor: Actor, name: str, parent: Territory | None = None, code: str = "") -> Territory:
    """A node of the tree; without a parent, the county itself, of which there is one. Raises Conflict, Invalid."""
    actor.require("place.edit")
    _required("name", name)
    if parent is None and Territory.objects.filter(parent__isnull=True).exists():
        raise Conflict(_("县一级只能有一个，指定上级行政区。"))
    if Territory.objects.filter(parent=parent, name=name).exists():
        raise Invalid("name", _("同一上级下没有的名称"))
    territory = Territory.objects.create(name=name, parent=parent, code=code, path=f"new {name}")
    territory.path = f"{parent.path if parent else ''}{territory.pk}."
    territory.save(update_fields=["path"])
    record(actor, "territory.created", ref(territory), {"name": name, "parent": parent and parent.pk, "code": code})
    return territory


@service
def create_organisation(actor: Actor, name: str, kind: str, territory: Territory, code: str = "") -> Organisation:
    """An enterprise, department or township body. Raises Invalid for a taken name or unknown kind."""
    actor.require("place.edit")
    _required("name", name)
    if kind not in Organisation.Kind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Organisation.Kind.values)})
    if Organisation.objects.filter(name=name).exists():
        raise Invalid("name", _("没有被占用的名字"))
    organisation = Organisation.objects.create(name=name, kind=kind, territory=territory, code=code)
    record(actor, "organisation.created", ref(organisation), {"name": name, "kind": kind, "territory": territory.pk})
    return organisation


@service
def create_site(
    actor: Actor,
    name: str,
    kind: str,
    organisation: Organisation,
    territory: Territory | None = None,
    *,
    grade: str = "",
    params: Mapping[str, Any] | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
) -> Site:
    """A site of an organisation, in its territory unless told otherwise. Raises Invalid naming the field."""
    actor.require("site.create")
    _required("name", name)
    if kind not in Site.Kind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Site.Kind.values)})
    if Site.objects.filter(organisation=organisation, name=name).exists():
        raise Invalid("name", _("本单位内没有的场所名称"))
    _coordinates(latitude, longitude)
    place = territory or organisation.territory
    site = Site.objects.create(
        name=name,
        kind=kind,
        organisation=organisation,
        territory=place,
        grade=grade,
        params=dict(params or {}),
        latitude=latitude,
        longitude=longitude,
    )
    record(
        actor,
        "site.created",
        ref(site),
        {
            "name": name,
            "kind": kind,
            "grade": grade,
            "organisation": organisation.pk,
            "territory": place.pk,
            "params": site.params,
            "latitude": latitude,
            "longitude": longitude,
        },
    )
    emit("site.changed", ref(site))
    return site


@service
def set_site_params(actor: Actor, site: Site, params: Mapping[str, Any], reason: str, *, agreed: bool = False) -> Site:
    """Change design values. They move thresholds, so a reason is part of the record. Raises Invalid without one.

    The act itself: people change them by `sites.services.change_design`, which knows what needs a second person
    (`agreed`: one has agreed).
    """
    actor.require("site.edit")
    _required("reason", reason)
    site = Site.objects.select_for_update().get(pk=site.pk)
    before = site.params
    site.params = dict(params)
    site.save(update_fields=["params"])
    record(actor, "site.params_set", ref(site), {"before": before, "after": site.params, "reason": reason})
    emit("site.params_set", ref(site), {"params": site.params, "before": before, "agreed": agreed})
    return site


@service
def locate_site(actor: Actor, site: Site, latitude: float | None, longitude: float | None) -> Site:
    """Set where a site lies, WGS-84 degrees (None, None: not known). Raises Invalid."""
    actor.require("site.edit")
    _coordinates(latitude, longitude)
    site = Site.objects.select_for_update().get(pk=site.pk)
    before = [site.latitude, site.longitude]
    if before == [latitude, longitude]:
        unchanged()
        return site
    site.latitude, site.longitude = latitude, longitude
    site.save(update_fields=["latitude", "longitude"])
    record(actor, "site.located", ref(site), {"before": before, "after": [latitude, longitude]})
    emit("site.located", ref(site))
    return site


def _required(field: str, value: str) -> None:
    if not value.strip():
        raise Invalid(field, _("必填"))


def _coordinates(latitude: float | None, longitude: float | None) -> None:
    """Both or neither, in WGS-84 degrees. Raises Invalid naming the one at fault."""
    for field, value, limit in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if value is not None and (not math.isfinite(value) or abs(value) > limit):
            raise Invalid(field, _("-%(limit)s 到 %(limit)s 之间的度数") % {"limit": limit})
    if (latitude is None) != (longitude is None):
        raise Invalid("latitude" if latitude is None else "longitude", _("经度和纬度要么都填，要么都不填"))
