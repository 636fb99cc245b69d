"""Sources and their tokens, points, rules with their versions, packs bound to sites, and what wings send up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.people.models import User
from shoutu.county.places.models import Site


class Source(ScopedModel):
    """Who sends: a gateway, an enterprise's system, or the county itself (`trusted`: addresses any point by id)."""

    subject_type = "source"

    name = models.CharField(max_length=80, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="sources")
    trusted = models.BooleanField(default=False)
    disabled = models.BooleanField(default=False)
    # When it is taken from again by itself; null while it is not stopped or stopped until somebody resumes it.
    disabled_until = models.DateTimeField(null=True)
    # On whose clock its times without a zone are; "": nobody said so.
    zone = models.CharField(max_length=40, blank=True, default="")
    # It stamps in epoch seconds, not milliseconds.
    seconds = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class IngestToken(models.Model):
    """A right to send as a source. Only the SHA-256 of the text is kept.

    `mn`: a data logger's number; then it is the right of that logger at the HJ 212 door alone, with its password.
    `device`: where it is a device that the pipeline calls, how it is called and read; then no text has the hash.
    """

    subject_type = "ingest_token"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    hash = models.CharField(max_length=64)
    mn = models.CharField(max_length=40, blank=True, default="")
    device = models.JSONField(null=True, default=None)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            # A logger may be registered again with the password it had before.
            models.UniqueConstraint(
                fields=["hash"], condition=models.Q(revoked_at__isnull=True), name="token_hash_once"
            ),
            models.UniqueConstraint(
                fields=["mn"], condition=models.Q(revoked_at__isnull=True) & ~models.Q(mn=""), name="station_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Danger(models.TextChoices):
    HIGH = "high", _("高的一侧")
    LOW = "low", _("低的一侧")
    BOTH = "both", _("两侧")
    NONE = "none", _("没有")


class Axis(models.TextChoices):
    """Which way the axis of its curve runs: a depth has 0 on top, as in nature."""

    UP = "up"
    DOWN = "down"


class Point(ScopedModel):
    """One measured quantity of a site, sent by a source under an address."""

    subject_type = "point"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="points")
    address = models.CharField(max_length=120)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="points")
    name = models.CharField(max_length=120)
    item = models.CharField(max_length=60)
    item_title = models.CharField(max_length=60, blank=True, default="")
    unit = models.CharField(max_length=20, blank=True, default="")
    interval_s = models.FloatField(default=20)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    danger = models.CharField(max_length=10, choices=Danger, default=Danger.BOTH)
    axis = models.CharField(max_length=10, choices=Axis, default=Axis.UP)
    # For those of before this was noted: when it began to be.
    added_at = models.DateTimeField(auto_now_add=True, null=True)
    # When its first reading was noticed; since when the pipeline was asked and had none of it.
    heard_at = models.DateTimeField(null=True)
    unheard_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "address"], name="point_address_once")]
        indexes = [
            models.Index(fields=["id"], name="point_unheard", condition=models.Q(heard_at__isnull=True)),
            models.Index(fields=["site", "item"], name="point_item"),
            models.Index(fields=["name", "id"], name="point_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Rule(ScopedModel):
    """One way a point is watched, or several points of a site together (a composite: `point` is None).

    What it says now is its version in force; older ones are kept.
    """

    subject_type = "rule"
    scope_path = "site"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rules")
    point = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, related_name="rules")
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=120, blank=True, default="")
    # The pack it was bound from, "" for one made by hand: "tailings_pond/phreatic_depth".
    origin = models.CharField(max_length=160, blank=True, default="")
    cite = models.CharField(max_length=400, blank=True, default="")
    verified = models.BooleanField(default=False)
    # What its pack says of it in words: {"title", "decimals", "sentence"}, as `engine.packs.explain` reads them.
    words = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    enabled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.title or f"{self.kind} {self.pk}"

    @property
    def place(self) -> str:
        """What it watches, in words: its point, or the site."""
        return self.point.name if self.point else self.site.name

    @property
    def unit(self) -> str:
        """The unit of its levels; none for a composite."""
        return self.point.unit if self.point else ""

    @property
    def interval_s(self) -> float:
        """Seconds between readings of its point; 0 for a composite."""
        return self.point.interval_s if self.point else 0.0


class RuleState(models.TextChoices):
    PROPOSED = "proposed", _("待第二人同意")
    IN_FORCE = "in_force", _("生效")
    REPLACED = "replaced", _("已被替换")
    REJECTED = "rejected", _("没有同意")


class RuleVersion(models.Model):
    """What a rule says from one moment on. A change that lowers or delays a warning waits for a second person."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    params = models.JSONField()
    enabled = models.BooleanField(default=True)
    reason = models.CharField(max_length=400)
    state = models.CharField(max_length=20, choices=RuleState)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} v{self.number}"


class Binding(ScopedModel):
    """A rule pack that watches a site. Its file's name and version are what was bound."""

    subject_type = "binding"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="bindings")
    pack = models.CharField(max_length=120)
    version = models.CharField(max_length=40, blank=True, default="")
    bound_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "pack"], name="binding_once")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.pack}"


class DesignValue(ScopedModel):
    """Where a design value of a site comes from: the document and its date. The value itself is the site's."""

    subject_type = "design_value"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="design_values")
    name = models.CharField(max_length=80)
    document = models.CharField(max_length=200, blank=True, default="")
    dated = models.DateField(null=True)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="design_value_once")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.name}: {self.document}"


class Operation(models.TextChoices):
    """What a site is doing, as the county has recorded it."""

    PRODUCING = "producing", _("生产")
    STOPPED = "stopped", _("停产")
    SEALED = "sealed", _("电子封条")
    CLOSED = "closed", _("闭坑")


class OperatingState(ScopedModel):
    """What a site is doing from one moment on. Rows are only ever added; the newest that has begun holds.

    `planned_end` is when it is meant to end: nothing ends by it. Ending a stop takes two persons.
    """

    subject_type = "operating_state"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="operating_states")
    state = models.CharField(max_length=10, choices=Operation)
    from_at = models.DateTimeField()
    planned_end = models.DateTimeField(null=True)
    reason = models.CharField(max_length=400)
    document = models.CharField(max_length=200, blank=True, default="")
    set_by = models.CharField(max_length=200)
    agreed_by = models.CharField(max_length=200, blank=True, default="")
    # The order it follows from, such as "evacuation:12"; "" where somebody recorded it for itself.
    order = models.CharField(max_length=40, blank=True, default="")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["site", "-from_at", "-id"], name="operating_now")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.state}"


class BlastingWindow(ScopedModel):
    """放炮时段: when a site blasts, by the county's clock. `weekdays`: 0 Monday … 6 Sunday."""

    subject_type = "blasting_window"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="blasting_windows")
    weekdays = models.JSONField()
    start = models.TimeField()
    end = models.TimeField()
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=400)
    document = models.CharField(max_length=200, blank=True, default="")
    set_by = models.CharField(max_length=200)
    agreed_by = models.CharField(max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.site_id} {self.start:%H:%M}-{self.end:%H:%M}"


class SignalState(models.TextChoices):
    NEW = "new", _("待处理")
    DONE = "done", _("已处理")
    ASIDE = "aside", _("搁置")


class Signal(ScopedModel):
    """One signal as a wing delivered it: the inbox. `uid` makes delivering it twice harmless."""

    subject_type = "signal"

    uid = models.CharField(max_length=64, unique=True)
    body = models.JSONField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=SignalState, default=SignalState.NEW)
    done_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["id"], name="signal_new", condition=models.Q(state="new"))]

    def __str__(self) -> str:
        return self.uid

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return models.Q() if actor.scope.all else models.Q(pk__in=[])


class Unclaimed(ScopedModel):
    """An address somebody sends for which no point exists (or another's point): 待认领, with its last value."""

    subject_type = "unclaimed"
    scope_path = "source__site"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="unclaimed")
    address = models.CharField(max_length=200)
    count = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_value = models.FloatField(null=True)
    reason = models.CharField(max_length=10)
    point = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "address"], name="unclaimed_once")]

    def __str__(self) -> str:
        return self.address


from shoutu.county.sites.models_quality import EnterpriseQuality, PointQuality, QualityDay  # noqa: E402, F401
