"""What papers tells the rest: its subject, its kind of duty, what it finds, what it listens to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import auditor, kinds
from shoutu.county.kit import events, findings, status, subjects
from shoutu.county.kit.subjects import COUNTY, SubjectRef
from shoutu.county.papers import entries, selectors, sheets  # noqa: F401  (entries, sheets: register words, and the table)
from shoutu.county.papers import kinds as licence_kinds
from shoutu.county.papers.expired import EXPIRED, LANE, expired_of
from shoutu.county.papers.models import Document, Licence, State
from shoutu.county.papers.services.lapsing import MATTER, RENEW
from shoutu.county.places.models import Site
from shoutu.county.sites.gaps import all_sites


def _labels(ids: set[int]) -> dict[int, str]:
    """Whose, and of which kind; never a number or a name."""
    return {row.pk: str(row) for row in Licence.objects.filter(pk__in=ids).select_related("organisation")}


def _documents(ids: set[int]) -> dict[int, str]:
    """A document is shown in the dossier of its site or its enterprise."""
    rows = Document.objects.filter(pk__in=ids).values_list("pk", "site_id", "organisation_id")
    return {
        pk: f"/sites/{site}?tab=documents" if site else f"/enterprises/{body}?tab=documents" for pk, site, body in rows
    }


subjects.register(
    "licence",
    title="证照",
    label=lambda id: _labels({id}).get(id, f"{id}"),
    labels=_labels,
    url=lambda id: f"/licences/{id}",
    visible=lambda actor: Licence.objects.visible_to(actor),
    search=lambda words: [Licence.objects.filter(selectors.holding(words))],
)
subjects.register(
    "document",
    title="资料",
    label=subjects.name_in(Document, "title"),
    labels=subjects.names_in(Document, "title"),
    url=lambda id: _documents({id}).get(id, ""),
    urls=lambda ids: _documents(ids),
    visible=lambda actor: Document.objects.visible_to(actor),
    search=subjects.words_in(Document, "title", "site__name"),
)
status.door("/licences", "licence.read", "papers.lapsing", "licences.unreadable")


def _still_lapsing(licence_id: int) -> str | None:
    """Why such a duty may not be cancelled by hand: the licence still ends that day."""
    if Licence.objects.filter(pk=licence_id, state=State.VALID, called_for__isnull=False).exists():
        return gettext("证还没有换：登记换证或注销后自动了结")
    return None


kinds.register(
    kinds.Kind(
        RENEW, _("证照换证"), _("办换证"), finished_in=_("监管部门在证照里登记换证后自动了结"), needed=_still_lapsing
    )
)
findings.register(
    findings.Kind(
        EXPIRED, _("证照过期还在生产"), check=expired_of, subjects=all_sites, lane=LANE, matter=MATTER,
        verb=_("核查"),
        finished_in=_("登记换证、注销或停产后自动了结"),
    )
)  # fmt: skip


@events.on("site.changed")
def _site_changed(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # Stopped, it no longer produces without a licence; at work again, it does. And what the whole enterprise lacks is
    # found at the first of its sites that produces, another one now.
    whole = Licence.objects.filter(site__isnull=True, organisation__sites=subject.id).values("organisation")
    others = Site.objects.filter(organisation__in=whole).exclude(pk=subject.id).values_list("pk", flat=True)
    findings.touch(EXPIRED, subject, *[SubjectRef("site", one) for one in others])


@auditor.check
def _kinds_unreadable(now: datetime) -> Iterator[auditor.Finding]:
    """The county's own list of kinds cannot be read: the default one holds meanwhile."""
    fault = licence_kinds.fault()
    if fault:
        words = gettext("本县证照种类表读不了，暂按默认；让管理员改正这个文件")
        yield auditor.Finding("audit:licence_kinds", "licences.unreadable", words, COUNTY, fault)
