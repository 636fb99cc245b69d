"""What may be asked about licences; every read starts from what the actor may see."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import selectors as duties
from shoutu.county.duties.models import Duty
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.papers.kinds import kind, kinds
from shoutu.county.papers.models import Document, DocumentKind, DocumentVersion, Licence
from shoutu.county.papers.standing import STANDINGS, filter_of, standing
from shoutu.county.people.masking import hidden, masked_phone
from shoutu.county.places.models import Organisation, Site

NEVER = date(9999, 12, 31)
DOCUMENT_SORTS = {"kind": ["kind", "title"], "id": ["id"]}
SORTS = {"until": ["lapses", "id"], "holder": ["organisation__name", "lapses", "id"], "id": ["id"]}


def holding(q: str) -> Q:
    """Licences of an organisation, a site or a kind of such a name, or of such a number."""
    named = [one.id for one in kinds().values() if q in one.title or q.lower() in one.title_en.lower()]
    # A mask is not undone by searching: the number of a person's certificate is looked for by nobody.
    open_ = Q(number__icontains=q) & Q(kind__in=[one.id for one in kinds().values() if not one.personal])
    return Q(organisation__name__icontains=q) | Q(site__name__icontains=q) | Q(kind__in=named) | open_


def licences_for(
    actor: Actor, *, standing: str = "", kind: str = "", organisation: int | None = None, q: str = ""
) -> QuerySet[Licence]:
    """Licences of one standing ("" in force, "all"), with `lapses`, the day of their end. Raises Invalid."""
    if standing not in ("", "all", *STANDINGS):
        raise Invalid("standing", _("其中之一：%(names)s") % {"names": "、".join(["all", *STANDINGS])})
    rows = Licence.objects.visible_to(actor).filter(filter_of(standing, timezone.localdate()))
    if kind:
        rows = rows.filter(kind=kind)
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    if q:
        rows = rows.filter(holding(q))
    rows = rows.select_related("organisation", "site")
    return rows.annotate(lapses=Coalesce("valid_until", Value(NEVER)))  # type: ignore[no-any-return]


def of_site(actor: Actor, site: Site, standing: str = "") -> QuerySet[Licence]:
    """Those for the site, and those its organisation holds for all of its sites."""
    about = Q(site=site) | Q(site__isnull=True, organisation=site.organisation_id)
    return licences_for(actor, standing=standing).filter(about)


def counts(actor: Actor) -> dict[str, int]:
    """How many the actor sees of each standing that asks for something, and in force."""
    today, rows = timezone.localdate(), Licence.objects.visible_to(actor)
    return {name or "held": rows.filter(filter_of(name, today)).count() for name in ("", "expired", "expiring")}


def holders(actor: Actor, site: int | None, organisation: int | None) -> dict[str, Any]:
    """The enterprise, or that of the site, and its sites; none where the actor does not see it."""
    sites = Site.objects.visible_to(actor)
    if site is not None:
        organisation = sites.filter(pk=site).values_list("organisation", flat=True).first()
    body = Organisation.objects.visible_to(actor).filter(pk=organisation or 0).first()
    return {"organisation": body, "sites": list(sites.filter(organisation=body).order_by("name", "id")) if body else []}


def get_licence(actor: Actor, id: int) -> Licence:
    """Raises NotFound("licence", id)."""
    rows = Licence.objects.select_related("organisation", "site", "replaces", "replaced_by")
    return get_visible(rows, actor, id, "licence")


def row(actor: Actor, one: Licence, *, whole: bool = False) -> dict[str, Any]:
    """A licence as it is shown: of a person's, name and number masked unless `whole` (a look that is on record)."""
    found, today = kind(one.kind), timezone.localdate()
    open_ = whole or not found.personal
    named = open_ or actor.may("person.read_phone")
    return {
        "id": one.pk, "kind": one.kind, "title": found.name, "ground": found.ground, "verified": found.verified,
        "organisation": {"id": one.organisation_id, "name": one.organisation.name},
        "site": {"id": one.site_id, "name": one.site.name} if one.site else None,
        "number": one.number if open_ else masked_phone(one.number),
        "bearer": one.bearer if named or not one.bearer else hidden(one.bearer),
        "issued_by": one.issued_by, "valid_from": one.valid_from, "valid_until": one.valid_until,
        "days_left": (one.valid_until - today).days if one.valid_until else None, "lead_days": found.lead_days,
        "capacity": one.capacity, "note": one.note, "standing": standing(one, today), "withdrawal": one.withdrawal,
    }  # fmt: skip


def detail(actor: Actor, one: Licence) -> dict[str, Any]:
    """With the documents it stood in the place of, newest first, and the one in its own."""
    before, at = [], one.replaces
    while at is not None:
        before.append(row(actor, Licence.objects.select_related("organisation", "site").get(pk=at.pk)))
        at = at.replaces
    after = Licence.objects.filter(replaces=one).values_list("pk", flat=True).first()
    return {**row(actor, one), "before": before, "replaced_by": after, "may": actor.may("licence.edit")}


def timeline(actor: Actor, one: Licence) -> list[dict[str, Any]]:
    """What was recorded about it and about the duties the actor sees, newest first."""
    seen = Duty.objects.visible_to(actor).filter(about_type=one.subject_type, about_id=one.pk)
    return duties.timeline([ref(one), *(ref(duty) for duty in seen)])


def documents_of(actor: Actor, of: SubjectRef, kind: str = "", q: str = "") -> QuerySet[Document]:
    """The documents of a site, or an enterprise's own, that were not withdrawn, with their versions. Raises Invalid."""
    return documents_for(actor, kind=kind, q=q).filter(**{f"{of.type}_id": of.id})


def documents_for(
    actor: Actor, *, organisation: int | None = None, of: str = "", kind: str = "", q: str = ""
) -> QuerySet[Document]:
    """Those that were not withdrawn of every site and enterprise the actor sees, or of one enterprise and its sites.

    `of`: "site" or "organisation" for what is about sites or about enterprises alone. Raises Invalid.
    """
    rows = _documents(actor).filter(withdrawn_at__isnull=True)
    if organisation is not None:
        rows = rows.filter(Q(organisation=organisation) | Q(site__organisation=organisation))
    if of not in ("", "site", "organisation"):
        raise Invalid("of", _("其中之一：%(names)s") % {"names": "site、organisation"})
    if of:
        rows = rows.filter(site__isnull=of != "site")
    if kind and kind not in DocumentKind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(DocumentKind.values)})
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(title__icontains=q) if q else rows


def _documents(actor: Actor) -> QuerySet[Document]:
    versions = Prefetch("versions", DocumentVersion.objects.order_by("-number"))
    rows = Document.objects.visible_to(actor).select_related("organisation", "site__organisation")
    return rows.prefetch_related(versions)  # type: ignore[no-any-return]


def get_document(actor: Actor, id: int) -> Document:
    """Raises NotFound("document", id)."""
    found = _documents(actor).filter(pk=id).first()
    if found is None:
        raise NotFound("document", id)
    return found


def get_version(actor: Actor, id: int, number: int) -> DocumentVersion:
    """Of a withdrawn document only for who may withdraw one. Raises NotFound("document", id)."""
    rows = DocumentVersion.objects.visible_to(actor).select_related("document")
    if not actor.may("document.withdraw"):
        rows = rows.filter(document__withdrawn_at__isnull=True)
    found: DocumentVersion | None = rows.filter(document=id, number=number).first()
    if found is None:
        raise NotFound("document", id)
    return found


def document_row(one: Document) -> dict[str, Any]:
    """A document with its versions, newest first."""
    names = ("number", "sha256", "size", "format", "file", "note", "at", "by")
    versions = [{name: getattr(version, name) for name in names} for version in one.versions.all()]
    body = one.site.organisation if one.site else one.organisation
    assert body is not None
    return {
        "id": one.pk, "kind": one.kind, "title": one.title, "personal": one.personal, "versions": versions,
        "organisation": {"id": body.pk, "name": body.name},
        "site": {"id": one.site_id, "name": one.site.name} if one.site else None,
        "withdrawn": one.withdrawn_at is not None,
    }  # fmt: skip
