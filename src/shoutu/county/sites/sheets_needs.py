"""应装与在报 as a table that goes out: a row for each thing required at each site, in the order of the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.listed import bounded
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.places.models import Site
from shoutu.county.sites import needs
from shoutu.county.sites.api_needs import NeedsQuery

CHUNK = 200
STATES = {
    "met": _("齐"),
    "missing": _("缺"),
    "unheard": _("装了没报过数"),
    "silent": _("没报数"),
    "unknown": _("判不了"),
}


def _rows(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    flags = {name: getattr(query, name) for name in ("q", "kind", "organisation", "lacking")}
    found: Any = needs.sites_for(actor, **flags)
    sites = list(found.order_by("-lacks", "organisation__name", "name", "id"))
    for start in range(0, len(sites), CHUNK):
        for site in needs.of_sites(actor, sites[start : start + CHUNK]):
            yield from _of_site(site)


def _of_site(site: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    duty = site["duty"] or {}
    for need in site["needs"]:
        asked = need["state"] in ("missing", "unheard", "unknown")
        yield {
            "organisation": site["organisation"]["name"], "site": site["site"]["name"], "kind": site["kind"],
            "pack": need["pack_title"], "title": need["title"], "cite": need["cite"], "count": need["count"],
            "there": need["there"], "reporting": need["reporting"], "state": need["state"],
            "who": duty.get("who", "") if asked else "",
            "due": (duty.get("clock") or {}).get("due_at") if asked else None,
        }  # fmt: skip


register(
    Table(
        "requirements",
        _("应装传感器"),
        (
            out("organisation", _("企业"), 28),
            out("site", _("场所"), 26),
            out("kind", _("场所类别"), 14, named(Site.Kind.choices)),
            out("pack", _("规则包"), 24),
            out("title", _("监测项目"), 26),
            out("cite", _("标准、条文"), 34),
            out("count", _("应装"), 8),
            out("there", _("已装"), 8),
            out("reporting", _("在报"), 8),
            out("state", _("情况"), 16, STATES),
            out("who", _("由谁补"), 28),
            out("due", _("补装时限"), 18),
        ),
        read="rule.read",
        query=NeedsQuery,
        rows=lambda actor, query, whole: bounded(_rows(actor, query, whole)),
    )
)
