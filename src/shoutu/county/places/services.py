"""What may be done with territories, organisations and sites."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Organisation, Site, SitePast, Territory, TerritoryPast


def lock_sites(ids: Iterable[int | None]) -> None:
    """The first lock of every change that belongs to sites: their rows, in the order of their ids.

    Whatever else of a site is locked or changed comes after, so that no two changes of it ever wait for each other;
    see docs/decisions/0047-order-of-locks.md. On SQLite every change waits for the one before it anyway.
    """
    wanted = sorted({one for one in ids if one is not None})
    if wanted and connection.features.has_select_for_update:
        list(Site.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk").values_list("pk"))


def lock_organisation(id: int) -> None:
    """The first lock of a change that belongs to an enterprise itself and to none of its sites."""
    list(Organisation.objects.select_for_update(of=("self",), no_key=True).filter(pk=id).values_list("pk"))


def lock_free_sites(ids: Iterable[int]) -> set[int]:
    """Lock those of these sites that nobody holds, waiting for none. Returns the others that are there: the busy ones.

    For what is done for many sites at once, where one of them may hold up no other. On SQLite none is ever busy.
    """
    wanted = sorted(set(ids))
    if not wanted or not connection.features.has_select_for_update:
        return set()
    free = Site.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=wanted).order_by("pk")
    left = set(wanted) - set(free.values_list("pk", flat=True))
    return set(Site.objects.filter(pk__in=left).values_list("pk", flat=True)) if left else set()


def lock_site_within(id: int, ms: int) -> bool:
    """Lock this site, queueing for it with the others for so many milliseconds at most. False: somebody holds it still.

    Whoever only ever takes what is free may find a site in much use never free.
    """
    if not connection.features.has_select_for_update:
        return True
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(ms)}")
            lock_sites([id])
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        return False
    return True


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
def change_territory(
    actor: Actor,
    territory: Territory,
    *,
    name: str | None = None,
    code: str | None = None,
    parent: Territory | None = None,
) -> Territory:
    """Rename a territory or hang it under another parent with all below it; where it hung before stays on record.

    Raises Invalid for a cycle (naming both places), a taken name, a parent that is closed or for the county itself.
    """
    actor.require("place.edit")
    territory = Territory.objects.select_for_update(no_key=True).get(pk=territory.pk)
    before = {"name": territory.name, "code": territory.code, "parent": territory.parent_id}
    under = territory.parent if parent is None else parent
    new = territory.name if name is None else name
    _required("name", new)
    if Territory.objects.filter(parent=under, name=new).exclude(pk=territory.pk).exists():
        raise Invalid("name", _("同一上级下没有的名称"))
    if under is not None and under.pk != territory.parent_id:
        _move(territory, under)
    territory.name, territory.code = new, territory.code if code is None else code
    after = {"name": territory.name, "code": territory.code, "parent": territory.parent_id}
    if after == before:
        unchanged()
        return territory
    territory.save(update_fields=["name", "code", "parent", "path"])
    record(actor, "territory.changed", ref(territory), {"before": before, "after": after})
    emit("place.changed", ref(territory))
    return territory


def _move(territory: Territory, under: Territory) -> None:
    if territory.parent is None:
        raise Invalid("parent", _("县一级没有上级"))
    # Read anew and locked: of two moves at once, the second must see what the first has done.
    under = Territory.objects.select_for_update(no_key=True).get(pk=under.pk)
    if not under.is_active:
        raise Invalid("parent", _("在用的行政区（“%(name)s”已停用）") % {"name": under.name})
    if under.path.startswith(territory.path):
        raise Invalid(
            "parent",
            _("不是自己、也不在自己之下的行政区"),
            _("“%(name)s”不能放到“%(parent)s”之下：“%(parent)s”就是它自己或在它之下，会成环。另选一个上级。")
            % {"name": territory.name, "parent": under.name},
        )
    TerritoryPast.objects.create(territory=territory, parent=territory.parent, until=timezone.now())
    old, new = territory.path, f"{under.path}{territory.pk}."
    Territory.objects.filter(path__startswith=old).exclude(pk=territory.pk).update(
        path=Concat(Value(new), Substr("path", len(old) + 1))
    )
    territory.parent, territory.path = under, new


@service
def set_territory_active(actor: Actor, territory: Territory, active: bool) -> Territory:
    """Close a territory, or open it again. Raises Conflict while something in use is still in it."""
    actor.require("place.edit")
    territory = Territory.objects.select_for_update(no_key=True).get(pk=territory.pk)
    if territory.is_active == active:
        unchanged()
        return territory
    if not active:
        if territory.parent_id is None:
            raise Conflict(_("县一级不能停用。"))
        children = Territory.objects.filter(parent=territory, is_active=True).count()
        bodies = Organisation.objects.filter(territory=territory, is_active=True).count()
        places = Site.objects.filter(territory=territory).count()
        if children or bodies or places:
            raise Conflict(
                _("还有 %(children)s 个下级、%(bodies)s 个单位、%(places)s 个场所在“%(name)s”，先迁出再停用。")
                % {"children": children, "bodies": bodies, "places": places, "name": territory.name}
            )
    territory.is_active = active
    territory.save(update_fields=["is_active"])
    record(actor, "territory.opened" if active else "territory.closed", ref(territory), {"name": territory.name})
    emit("place.changed", ref(territory))
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
def change_organisation(
    actor: Actor,
    organisation: Organisation,
    *,
    name: str | None = None,
    kind: str | None = None,
    code: str | None = None,
    territory: Territory | None = None,
) -> Organisation:
    """Change an organisation's name, kind, code or seat. Raises Invalid as `create_organisation` does."""
    actor.require("place.edit")
    row = Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    before = _told(row)
    if name is not None:
        _required("name", name)
        if Organisation.objects.filter(name=name).exclude(pk=row.pk).exists():
            raise Invalid("name", _("没有被占用的名字"))
        row.name = name
    if kind is not None and kind not in Organisation.Kind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Organisation.Kind.values)})
    row.kind, row.code = kind or row.kind, row.code if code is None else code
    if territory is not None:
        row.territory = territory
    if _told(row) == before:
        unchanged()
        return row
    row.save(update_fields=["name", "kind", "code", "territory"])
    record(actor, "organisation.changed", ref(row), {"before": before, "after": _told(row)})
    emit("place.changed", ref(row))
    return row


def _told(row: Organisation) -> dict[str, Any]:
    return {"name": row.name, "kind": row.kind, "code": row.code, "territory": row.territory_id}


@service
def set_organisation_active(actor: Actor, organisation: Organisation, active: bool) -> Organisation:
    """Close an organisation, or open it again. Raises Conflict while it still has sites."""
    actor.require("place.edit")
    row = Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    if row.is_active == active:
        unchanged()
        return row
    if not active and (places := Site.objects.filter(organisation=row).count()):
        raise Conflict(
            _("“%(name)s”还有 %(places)s 个场所，先把场所划给别的单位再停用。") % {"name": row.name, "places": places}
        )
    row.is_active = active
    row.save(update_fields=["is_active"])
    record(actor, "organisation.opened" if active else "organisation.closed", ref(row), {"name": row.name})
    emit("place.changed", ref(row))
    return row


@service
def move_site(
    actor: Actor,
    site: Site,
    reason: str,
    *,
    organisation: Organisation | None = None,
    territory: Territory | None = None,
) -> Site:
    """Give a site to another organisation or territory. Whose it was until now stays on record. Raises Invalid."""
    actor.require("site.edit")
    _required("reason", reason)
    site = (
        Site.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "territory")
        .get(pk=site.pk)
    )
    before = {"organisation": site.organisation_id, "territory": site.territory_id}
    owner, place = organisation or site.organisation, territory or site.territory
    after = {"organisation": owner.pk, "territory": place.pk}
    if after == before:
        unchanged()
        return site
    if Site.objects.filter(organisation=owner, name=site.name).exclude(pk=site.pk).exists():
        raise Invalid("organisation", _("没有同名场所的单位"))
    SitePast.objects.create(site=site, organisation=site.organisation, territory=site.territory, until=timezone.now())
    site.organisation, site.territory = owner, place
    site.save(update_fields=["organisation", "territory"])
    record(actor, "site.moved", ref(site), {"before": before, "after": after, "reason": reason})
    emit("site.changed", ref(site))
    return site


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
    site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
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
    site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
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
