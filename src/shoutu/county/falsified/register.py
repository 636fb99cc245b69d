"""What falsified tells the rest: its subjects and its kinds of duty, both hidden from whom they are about."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import kinds
from shoutu.county.falsified import entries, kept, sheets  # noqa: F401  (they register words, readings to be kept, the table)
from shoutu.county.falsified.models import UNDECIDED, Check, Finding
from shoutu.county.falsified.services.checking import CHECK, ENFORCE
from shoutu.county.falsified.unsearched import ALARM
from shoutu.county.kit import status, subjects


def _labels(ids: set[int]) -> dict[int, str]:
    return {row.pk: str(row) for row in Finding.objects.filter(pk__in=ids).select_related("point")}


def _first(ids: set[int]) -> dict[int, str]:
    """A check is shown with the first of its findings."""
    rows = Finding.objects.filter(check_on_site__in=ids).order_by("-pk").values_list("check_on_site", "pk")
    return {check: f"/falsified/{pk}" for check, pk in rows}


subjects.register(
    "falsified_finding",
    title="存疑读数",
    label=lambda id: _labels({id}).get(id, f"{id}"),
    labels=_labels,
    url=lambda id: f"/falsified/{id}",
    visible=lambda actor: Finding.objects.visible_to(actor),
    search=subjects.words_in(Finding, "point__name", "site__name"),
)
subjects.register(
    "falsified_check",
    title="现场核查",
    label=subjects.name_in(Check, "site__name"),
    labels=subjects.names_in(Check, "site__name"),
    url=lambda id: _first({id}).get(id, ""),
    urls=_first,
    visible=lambda actor: Check.objects.visible_to(actor),
    search=subjects.words_in(Check, "site__name"),
)
status.door("/falsified", "falsified.read", "falsified.search", "falsified.checks", ALARM)


def _undecided(check: int) -> str | None:
    """Why such a duty may not be cancelled by hand: some of what it is about is not decided."""
    if Finding.objects.filter(check_on_site=check, state__in=UNDECIDED).exists():
        return gettext("存疑读数还没有定结论；都定了自动了结")
    return None


kinds.register(
    kinds.Kind(
        CHECK, _("现场核查存疑读数"), _("核查"), finished_in=_("在存疑读数里定结论"), needed=_undecided, covert=True
    )
)
kinds.register(kinds.Kind(ENFORCE, _("处理数据造假"), _("办结"), covert=True))
