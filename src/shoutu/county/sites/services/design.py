"""Design values of a site. Each moves limits: what could lower or delay a warning waits for a second person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Site
from shoutu.county.places.services import set_site_params
from shoutu.county.sites import packs
from shoutu.county.sites.models import Binding, DesignValue
from shoutu.county.sites.packs import Watch
from shoutu.county.sites.services.rules import checked
from shoutu.county.sites.strictness import at_least_as_strict
from shoutu.county.sites.wording import figure, rule_sentence

Values = Mapping[str, Any]


@service
def change_design(
    actor: Actor, site: Site, values: Values, reason: str, *, document: str = "", dated: date | None = None
) -> Proposal | None:
    """Enter, change or (None) take away design values, all out of one document of a date.

    Entering a missing value and whatever only makes rules stricter holds at once: None. Otherwise all of it waits for
    a second person: the proposal. Raises NotAllowed, Invalid naming the value, or where a pack cannot use it.
    """
    actor.require("site.edit")
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=site.pk)
    told = {name: _checked(name, value) for name, value in values.items()}
    before = {name: site.params.get(name) for name in told if site.params.get(name) != told[name]}
    after = _applied(site.params, {name: told[name] for name in before})
    if len(document) > 200:
        raise Invalid("document", _("文件名称和编号，最多 200 个字"))
    if dated is not None and dated > timezone.localdate():
        raise Invalid("dated", _("不晚于今天的日期"))
    basis = {"document": document.strip(), "dated": dated.isoformat() if dated else None, "by": actor.label}
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    if not before:
        unchanged()
        return None
    lines, weaker = _effects(site, before, after)
    if not weaker:
        set_site_params(actor, site, after, reason)
        _found_on(actor, site, {name: told[name] for name in before}, basis)
        return None
    titles = _titles(site)
    return proposals.propose(
        actor,
        DESIGN_CHANGE,
        ref(site),
        site.pk,
        reason,
        title=f"{site.name}：{'、'.join(titles.get(name, name) for name in before)}",
        key=f"design:{site.pk}:{sorted((name, told[name]) for name in before)}"[:160],
        payload={
            "site": site.pk,
            "before": before,
            "after": {name: told[name] for name in before},
            "basis": basis,
        },
        changes=[
            *(proposals.change(titles.get(n, n), _said(old), _said(told[n])) for n, old in before.items()),
            *lines,
        ],
    )


def _agreed(actor: Actor, proposal: Proposal) -> None:
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.payload["site"])
    before, after = proposal.payload["before"], proposal.payload["after"]
    if any(site.params.get(name) != value for name, value in before.items()):
        raise Conflict(_("设计值在提出以后又变过，按现在的值重新提出"))
    set_site_params(actor, site, _applied(site.params, after), proposal.reason, agreed=True)
    _found_on(actor, site, after, proposal.payload.get("basis") or {})


def _found_on(actor: Actor, site: Site, told: Values, basis: Mapping[str, Any]) -> None:
    """Note in which document these values stand; one given without a document stands in none."""
    record(actor, "site.design_entered", ref(site), {"values": dict(told), **basis})
    DesignValue.objects.filter(site=site, name__in=list(told)).delete()
    dated = basis.get("dated")
    DesignValue.objects.bulk_create(
        [
            DesignValue(
                site=site, name=name, document=basis.get("document", ""), entered_at=timezone.now(),
                dated=date.fromisoformat(dated) if dated else None, entered_by=basis.get("by", actor.label),
            )
            for name, value in told.items()
            if value is not None
        ]
    )  # fmt: skip


DESIGN_CHANGE = proposals.register(proposals.Kind("site.design", gettext_lazy("修改设计值"), "site.edit", _agreed))


def _checked(name: str, value: Any) -> Any:
    if not name.strip() or len(name) > 60:
        raise Invalid("values", _("设计值的名字 1 到 60 个字"))
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid(f"values.{name}", _("有限的数字"))
    if value is not None and not isinstance(value, bool | int | float | str):
        raise Invalid(f"values.{name}", _("数字、文字或是非"))
    return value


def _applied(params: Values, told: Values) -> dict[str, Any]:
    return {name: value for name, value in {**params, **told}.items() if value is not None}


def _effects(site: Site, before: Values, after: Values) -> tuple[list[dict[str, str]], bool]:
    """What the rules of every bound pack would say otherwise, and whether anything could warn less or later.

    Asked of every item the packs know, also of those not measured yet. A value that no bound pack knows is unclear,
    thus weaker, unless it was missing.
    """
    lines: dict[tuple[str, str], dict[str, str]] = {}
    weaker, known = False, set[str]()
    old_values, new_values = packs.design_values(site), packs.design_values(site, after)
    for binding in Binding.objects.filter(site=site).order_by("id"):
        pack = packs.load(binding.pack)
        known |= {parameter.id for parameter in pack.parameters}
        for indicator in pack.indicators:
            old, lacking_before = packs.watches(pack, indicator.id, old_values)
            new, lacking = packs.watches(pack, indicator.id, new_values)
            wrong = {lack.field for lack in lacking_before}
            for lack in lacking:
                if lack.field.startswith("rule:") and lack.field not in wrong:
                    raise Invalid("values", lack.message)
            found = {watch.key: watch for watch in new}
            for watch in old:
                will = found.get(watch.key)
                weaker = weaker or _weaker(watch, will)
                if will is None or will.params != watch.params:
                    said = (_sentence(watch, indicator.unit), _sentence(will, indicator.unit) if will else "")
                    lines[binding.pack, watch.key] = proposals.change(watch.title, *said)
    unclear = any(value is not None and name not in known for name, value in before.items())
    return list(lines.values()), weaker or unclear


def _weaker(old: Watch, new: Watch | None) -> bool:
    if new is None or new.kind != old.kind:
        return True
    return not at_least_as_strict(old.kind, checked(old.kind, old.params), checked(new.kind, new.params))


def _sentence(watch: Watch, unit: str) -> str:
    return rule_sentence(watch.kind, watch.params, "" if unit == "1" else unit, 20)


def _titles(site: Site) -> dict[str, str]:
    names: dict[str, str] = {}
    for binding in Binding.objects.filter(site=site):
        for parameter in packs.load(binding.pack).parameters:
            unit = f"（{parameter.unit}）" if parameter.unit not in ("", "1") else ""
            names[parameter.id] = f"{parameter.title.zh}{unit}"
    return names


def _said(value: Any) -> str:
    if value is None:
        return ""
    return figure(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
