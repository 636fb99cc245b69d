"""Territories, organisations and bare sites. A site's dossier, sources and points are in the room `sites`."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel


class Territory(models.Model):
    """A node of the tree county → townships → villages. `path` is the ids from the root, each with a dot: "1.4."."""

    subject_type = "territory"

    name = models.CharField(max_length=80)
    code = models.CharField(max_length=12, blank=True, default="")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=200, unique=True)
    is_active = models.BooleanField(default=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        """0 the county, 1 a township, 2 a village."""
        return self.path.count(".") - 1


class TerritoryPast(models.Model):
    """Where a territory hung in the tree until it was moved: a move changes no answer about the time before it."""

    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="past")
    parent = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(db_index=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.territory_id} < {self.parent_id}"


class Boundary(models.Model):
    """The outline of a territory, or of a neighbour (no territory) drawn around the county for orientation.

    `geometry` is a GeoJSON MultiPolygon in WGS-84. `schematic` outlines are no survey and are labelled 示意图.
    """

    subject_type = "boundary"

    territory = models.OneToOneField(Territory, on_delete=models.PROTECT, null=True, related_name="boundary")
    name = models.CharField(max_length=80)
    code = models.CharField(max_length=12, blank=True, default="")
    geometry = models.JSONField()
    # Where its name is written, [longitude, latitude].
    label = models.JSONField()
    source = models.CharField(max_length=200)
    schematic = models.BooleanField(default=False)
    imported_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(territory__isnull=True), name="neighbour_once")
        ]

    def __str__(self) -> str:
        return self.name


class Organisation(ScopedModel):
    """An enterprise, a department, a township's station. Sees and is seen by its territory and itself."""

    subject_type = "organisation"

    class Kind(models.TextChoices):
        PARTY = "party", _("党政机关")
        GOVERNMENT = "government", _("政府部门")
        TOWNSHIP = "township", _("乡镇机构")
        ENTERPRISE = "enterprise", _("企业")
        RESCUE = "rescue", _("救援队伍")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    code = models.CharField(max_length=18, blank=True, default="")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        # Whom to call in the government is no secret; another enterprise is.
        scope = actor.scope
        if scope.all:
            return models.Q()
        q = models.Q(pk__in=scope.organisations) | ~models.Q(kind=cls.Kind.ENTERPRISE)
        # A department sees the enterprises of its sectors, a rescue team those it is called to, a township also those
        # seated elsewhere that have a site in it (属地管理).
        if scope.sectors or scope.called or scope.territories:
            q |= models.Q(pk__in=Site.objects.filter(scope.sites()).values("organisation_id"))
        if not scope.sectors:
            for path in scope.territories:
                q |= models.Q(territory__path__startswith=path)
        return q


class Site(ScopedModel):
    """A place where work is done and watched over: a tailings pond, a mine, a plant."""

    subject_type = "site"
    scope_path = ""

    class Kind(models.TextChoices):
        TAILINGS_POND = "tailings_pond", _("尾矿库")
        UNDERGROUND_MINE = "underground_mine", _("地下矿山")
        OPEN_PIT = "open_pit", _("露天矿山")
        DUMP = "dump", _("排土场")
        PLANT = "plant", _("选矿厂")
        DUST_GAS = "dust_gas", _("粉尘和燃气作业场所")
        BOILER = "boiler", _("锅炉和压力容器")
        FUEL_STATION = "fuel_station", _("加油站和液化气站")
        GEOHAZARD = "geohazard", _("地质灾害点和道路边坡")
        FOREST = "forest", _("林区")
        OTHER = "other", _("其他")

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, choices=Kind)
    grade = models.CharField(max_length=20, blank=True, default="")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sites")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="sites")
    # Design values a rule pack binds to, such as {"free_height_m": 0.5}.
    params = models.JSONField(default=dict, blank=True)
    latitude = models.FloatField(null=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(null=True, validators=[MinValueValidator(-180), MaxValueValidator(180)])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="site_name_once")]

    def __str__(self) -> str:
        return self.name


class SitePast(models.Model):
    """Whose a site was, and where, until it changed hands: read by questions about the time before."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="past")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(db_index=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.site_id} < {self.organisation_id}"
