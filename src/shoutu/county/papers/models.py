"""Licences of enterprises and of their people, and the documents of both and of sites with every version of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.models import Organisation, Site


class State(models.TextChoices):
    """What was done with it. Whether it is expiring or has expired is a matter of the day (`standing`)."""

    VALID = "valid", _("有效")
    RENEWED = "renewed", _("已换证")
    WITHDRAWN = "withdrawn", _("已注销")


class Withdrawal(models.TextChoices):
    REVOKED = "revoked", _("吊销")
    CANCELLED = "cancelled", _("注销")


class Licence(ScopedModel):
    """证照 of an organisation, for all of it or (`site`) for one site. Renewed, a new row stands in its place.

    `valid_until` is its last day; null: without an end. `capacity`: what it allows, 10⁴ t a year. `bearer`: the
    person it belongs to, where its kind is personal; name and number of such a one are personal values.
    `called_for`: the `valid_until` its holder was called for.
    """

    subject_type = "licence"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="licences")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="licences")
    kind = models.CharField(max_length=40)
    number = models.CharField(max_length=60)
    bearer = models.CharField(max_length=40, blank=True, default="")
    issued_by = models.CharField(max_length=120)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    capacity = models.FloatField(null=True)
    note = models.CharField(max_length=400, blank=True, default="")
    state = models.CharField(max_length=12, choices=State, default=State.VALID)
    withdrawal = models.CharField(max_length=12, choices=Withdrawal, blank=True, default="")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    called_for = models.DateField(null=True)
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site", "kind", "number"],
                condition=Q(state="valid", site__isnull=False),
                name="licence_once_at_site",
            ),
            models.UniqueConstraint(
                fields=["organisation", "kind", "number"],
                condition=Q(state="valid", site__isnull=True),
                name="licence_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "valid_until"], name="licence_lapses")]

    def __str__(self) -> str:
        from shoutu.county.papers.kinds import kind

        return f"{self.organisation.name} {kind(self.kind).title}"

    @classmethod
    def scope_filter(cls, actor: Actor) -> Q:
        """One for a site as the site; one for a whole organisation by who sees any of its sites, or its seat."""
        scope = actor.scope
        if scope.all:
            return Q()
        seated = Q(pk__in=[])
        if not scope.sectors:
            for path in scope.territories:
                seated |= Q(organisation__territory__path__startswith=path)
        whole = (
            seated
            | Q(organisation_id__in=scope.organisations)
            | Q(organisation_id__in=Site.objects.filter(scope.sites()).values("organisation_id"))
        )
        return (Q(site__isnull=False) & scope.sites("site")) | (Q(site__isnull=True) & whole)


class DocumentKind(models.TextChoices):
    """What kinds of 资料 a dossier keeps."""

    DESIGN = "design", _("设计")
    ASSESSMENT = "assessment", _("安全评价")
    PLAN = "plan", _("应急预案")
    DRAWING = "drawing", _("图纸")
    CERTIFICATE = "certificate", _("证照扫描件")
    SYSTEM = "system", _("规章制度")
    CONTRACT = "contract", _("合同协议")
    OTHER = "other", _("其他资料")


class Document(ScopedModel):
    """资料 of a site or of an enterprise, by name; what it says now is its newest version, older ones are kept.

    Of one of them, never both: what is about a site goes with it to another enterprise, what is the enterprise's stays.
    """

    subject_type = "document"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="documents")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="documents")
    kind = models.CharField(max_length=20, choices=DocumentKind)
    title = models.CharField(max_length=120)
    # It names persons: each look at it is kept on record.
    personal = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "title"], condition=Q(withdrawn_at__isnull=True), name="document_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "kind", "title"],
                condition=Q(withdrawn_at__isnull=True),
                name="document_once_of_organisation",
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=False, organisation__isnull=True)
                | Q(site__isnull=True, organisation__isnull=False),
                name="document_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def owner(self) -> SubjectRef:
        """The site or the enterprise it is of."""
        if self.site_id:
            return SubjectRef("site", self.site_id)
        return SubjectRef("organisation", self.organisation_id or 0)

    @classmethod
    def scope_filter(cls, actor: Actor) -> Q:
        return _of_both(actor, "")


def _of_both(actor: Actor, path: str) -> Q:
    """A site's as the site; an enterprise's as the enterprise. `path`: the way to the document."""
    if actor.scope.all:
        return Q()
    # Who does not see all sees every department, to call it: not what is in its files.
    seen = Organisation.objects.visible_to(actor).filter(
        Q(kind=Organisation.Kind.ENTERPRISE) | Q(pk__in=actor.scope.organisations)
    )
    whole = Q(**{f"{path}site__isnull": True, f"{path}organisation_id__in": seen.values("pk")})
    return (Q(**{f"{path}site__isnull": False}) & actor.scope.sites(f"{path}site")) | whole


class DocumentVersion(ScopedModel):
    """One file of a document. `sha256` is of the bytes as they came; `format` is what they are, not what they say."""

    subject_type = "document_version"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    format = models.CharField(max_length=8)
    file = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} v{self.number}"

    @classmethod
    def scope_filter(cls, actor: Actor) -> Q:
        return _of_both(actor, "document__")
