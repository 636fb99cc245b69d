"""This room's subjects and kinds of duty, and what it listens to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from prometheus_client.core import GaugeMetricFamily, Metric

from shoutu.county.kit import events, findings, metrics, status, subjects
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger import verbs
from shoutu.county.ledger.models import Entry
from shoutu.county.sites import kept, packs, sheets, sheets_lists, sheets_needs  # noqa: F401  (register tables, readings to be kept)
from shoutu.county.sites.deaf import DEAF, DEAF_LANE, deaf_of
from shoutu.county.sites.gaps import LANE, UNWATCHED, UNWATCHED_LANE, all_sites, gaps_of, site_of_point, unwatched
from shoutu.county.sites.models import Binding, BlastingWindow, OperatingState, Point, Rule, Source, Unclaimed
from shoutu.county.sites.needs import GAP
from shoutu.county.sites.services import publishing, rebind  # noqa: F401  (registers the catalog's sections)
from shoutu.county.sites.still import STILL, STILL_LANE, lacks_of


def _label(model: type[ScopedModel]) -> Callable[[int], str]:
    return lambda id: str(model.objects.filter(pk=id).first() or id)


def _of_site(model: Any) -> Callable[[set[int]], dict[int, str]]:
    """What has no page of its own is shown on its site's."""
    return lambda ids: {
        pk: f"/sites/{site}"
        for pk, site in model.objects.filter(pk__in=ids, site__isnull=False).values_list("pk", "site_id")
    }


def _rule_urls(ids: set[int]) -> dict[int, str]:
    """A rule is shown with its point; a composite with what watches its site."""
    rows = Rule.objects.filter(pk__in=ids).values_list("pk", "point_id", "site_id")
    return {pk: f"/points/{point}" if point else f"/sites/{site}/watch" for pk, point, site in rows}


def _bindings(ids: set[int]) -> dict[int, str]:
    """What a pack watches; which pack it is the entry says, even when the site has given it up since."""
    return dict(Binding.objects.filter(pk__in=ids).values_list("pk", "site__name"))


def _register(
    type_: str, model: type[ScopedModel], title: str, url: Any = None, urls: Any = None, names: tuple[str, ...] = ()
) -> None:
    subjects.register(
        type_,
        title=title,
        label=_label(model),
        labels=lambda ids: {one.pk: str(one) for one in model.objects.filter(pk__in=ids)},
        url=url or (lambda id: urls({id}).get(id, "")),
        urls=urls,
        visible=lambda actor: model.objects.visible_to(actor),
        seen_by=subjects.by_scope,
        search=subjects.words_in(model, *names, f"{model.scope_path}__name"),
    )


_register("source", Source, "数据源", urls=_of_site(Source), names=("name",))
_register("point", Point, "测点", lambda id: f"/points/{id}", names=("name",))
_register("rule", Rule, "规则", urls=_rule_urls, names=())
subjects.register(
    "binding",
    title="规则包",
    label=lambda id: _bindings({id}).get(id, ""),
    labels=_bindings,
    url=lambda id: _of_site(Binding)({id}).get(id, ""),
    urls=_of_site(Binding),
    visible=lambda actor: Binding.objects.visible_to(actor),
    seen_by=subjects.by_scope,
    search=subjects.words_in(Binding, "site__name"),
)
_register("operating_state", OperatingState, "运行状态", urls=_of_site(OperatingState))
_register("blasting_window", BlastingWindow, "放炮时段", urls=_of_site(BlastingWindow))
_register("unclaimed", Unclaimed, "待认领", lambda _id: "/unclaimed", names=("address",))

status.door("/sites?stopped=yes", "site.read", "sites.resume")
status.door("/rules", "rule.read", "pack.unreadable", "limits.unreadable", "sites.packs")


def _pack(words: Any) -> Callable[[Mapping[str, Any]], str]:
    return lambda payload: str(words) % {"pack": packs.title(payload["pack"])}


verbs.register(
    {
        "binding.created": _pack(_("采用规则包“%(pack)s”：")),
        "binding.renewed": _pack(_("重新采用规则包“%(pack)s”：")),
        "binding.ended": _pack(_("停用规则包“%(pack)s”：")),
        "quality.reckoned": lambda p: (
            gettext("算出 %(day)s 的数据质量：测点 %(points)s 个，要修的 %(poor)s 个") % dict(p)
        ),
        "site.design_entered": lambda p: (
            gettext("录入设计值：%(names)s（%(document)s）")
            % {"document": p.get("document") or gettext("没有写文件"), "names": "、".join(p.get("values", {}))}
        ),
    },
    found_by={"quality.reckoned": _("算出数据质量")},
)

findings.register(
    findings.Kind(GAP, _("监测缺项"), check=gaps_of, subjects=all_sites, lane=LANE, matter="warning", verb=_("补监测"))
)
findings.register(
    findings.Kind(
        DEAF, _("数据源收不到"), check=deaf_of, subjects=all_sites, lane=DEAF_LANE, matter="warning", verb=_("恢复接收")
    )
)
findings.register(
    findings.Kind(
        UNWATCHED, _("没有规则包"), check=unwatched, subjects=all_sites, lane=UNWATCHED_LANE, verb=_("采用规则包")
    )
)
findings.register(
    findings.Kind(STILL, _("停产监看缺项"), check=lacks_of, subjects=all_sites, lane=STILL_LANE, verb=_("补监测"))
)


@events.on("point.created")
def _point_created(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # A new point of a site that is watched by a pack is watched from its first reading.
    rebind(SYSTEM, payload["site"])


@events.on("site.params_set")
def _params_set(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # Whoever changed the design values stands as the proposer of what follows from it, so that another must agree.
    entry = Entry.objects.filter(subject_type="site", subject_id=subject.id, verb="site.params_set").latest("id")
    who = entry.body["actor"]
    agreed_from = payload["before"] if payload.get("agreed") else None
    rebind(replace(SYSTEM, user_id=who.get("user"), label=who["label"]), subject.id, agreed_from=agreed_from)


@events.on("site.changed")
@events.on("point.rules")
@events.on("rule.changed")
def _look_for_gaps(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # What a site is, or how one of its points is watched, has changed: the worker looks at what it lacks.
    point = subject.id if subject.type == "point" else payload.get("point")
    site = SubjectRef("site", subject.id) if subject.type == "site" else site_of_point(point)
    if site is not None:
        findings.touch(GAP, site)
        findings.touch(DEAF, site)
        findings.touch(STILL, site)
    if topic == "point.rules":
        # Binding a pack says so too: a site that was unwatched no longer is.
        findings.touch(UNWATCHED, *([site] if site else []))


@metrics.contribute
def figures() -> Iterable[Metric]:
    unreadable = GaugeMetricFamily("shoutu_packs_unreadable", "Warning packs of this installation that are refused")
    unreadable.add_metric([], len(packs.unreadable()))
    yield unreadable
    limits = GaugeMetricFamily("shoutu_limits_unreadable", "Whether the file of limits of law is refused: 0 or 1")
    limits.add_metric([], int(packs.law_fault() != ""))
    yield limits
