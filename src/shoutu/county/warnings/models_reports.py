"""信息上报: what is told upward, to whom, by what way, and its receipt; and 上级指令, the orders that come down."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties.models import Channel
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.places.models import Organisation, Site
from shoutu.county.warnings.models import Warning


class Superior(models.Model):
    """An office above the county that is reported to. Without a channel it is told by hand, at `phone`."""

    subject_type = "superior"

    class Rank(models.TextChoices):
        CITY = "city", _("市")
        PROVINCE = "province", _("省")

    title = models.CharField(max_length=80, unique=True)
    rank = models.CharField(max_length=10, choices=Rank)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+")
    address = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=60, blank=True, default="")
    enabled = models.BooleanField(default=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return self.title


class ReportKind(models.TextChoices):
    FIRST = "first", _("初报")
    FOLLOW = "follow", _("续报")
    FINAL = "final", _("终报")
    REPLY = "reply", _("指令反馈")


class ReportPlan(ScopedModel):
    """What is still to be told of one warning: `next_kind` by `due_at`; asked for as a duty at `asks_at`.

    `to` are the ranks the policy names; `told` those of them that have been told `next_kind` while others still wait
    for it; `missed` those that could not be told what others were, for want of an office: it is asked for as soon as
    one is in use. `then_due_at`, `then_asks_at`: of the follow-up to all, while one rank is told what only it has not
    heard. `ended_at`: nothing more is to be told. `asked` counts the duties opened.
    """

    subject_type = "report_plan"
    scope_path = "warning__site"

    warning = models.OneToOneField(Warning, on_delete=models.PROTECT, related_name="report_plan")
    level = models.PositiveSmallIntegerField()
    to = models.JSONField(default=list)
    told = models.JSONField(default=list)
    missed = models.JSONField(default=list)
    next_kind = models.CharField(max_length=10, choices=ReportKind)
    why = models.CharField(max_length=200, blank=True, default="")
    due_at = models.DateTimeField()
    asks_at = models.DateTimeField(null=True)
    then_due_at = models.DateTimeField(null=True)
    then_asks_at = models.DateTimeField(null=True)
    asked = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["asks_at"], name="report_asks", condition=models.Q(asks_at__isnull=False)),
            models.Index(fields=["then_asks_at"], name="report_then", condition=models.Q(then_asks_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.warning_id} {self.next_kind}"


class Order(ScopedModel):
    """上级指令: what an office above the county has ordered, entered by hand or taken in by webhook. Kept as it came.

    `key` is unique: the same order sent twice is one; other content under it is an `OrderVersion`. It may concern a
    `site` (then `organisation` is whose that was) or an enterprise as a whole (then `site` is null), or neither.
    `state` follows its duties: nobody has it yet, somebody does, all have done it, told back.
    """

    subject_type = "order"

    class State(models.TextChoices):
        NEW = "new", _("待分派")
        GIVEN = "given", _("落实中")
        DONE = "done", _("已落实")
        ENDED = "ended", _("已办结")

    class Door(models.TextChoices):
        HAND = "hand", _("人工录入")
        WEBHOOK = "webhook", _("接口")

    number = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=64, unique=True)
    # Digest of what was asked under this key: other content under it is refused.
    content_sha256 = models.CharField(max_length=64, blank=True, default="")
    door = models.CharField(max_length=10, choices=Door)
    superior = models.ForeignKey(Superior, on_delete=models.PROTECT, null=True, related_name="orders")
    sender = models.CharField(max_length=80)
    their_number = models.CharField(max_length=80, blank=True, default="")
    title = models.CharField(max_length=160)
    text = models.TextField()
    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, null=True, related_name="orders")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    level = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    taken_by = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)
    # By when, and what the sender's system named, as it came: `due_at` moves as it is given, `site` and the others are
    # what that is here. Null `named`: taken in before it was kept.
    came_due_at = models.DateTimeField(null=True)
    named = models.JSONField(null=True)
    # What of it is not known here: [{"field", "named"}].
    unmatched = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["state", "-id"], name="order_state")]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        """Orders about sites or whole enterprises within the scope; those about neither are seen by who has a part.

        Whoever is overseen sees no order about their own site or enterprise unless it was given to them: it may be one
        to inspect them unannounced (四不两直).
        """
        from shoutu.county.duties.models import Call, ours

        if actor.scope.all:
            return models.Q()
        called = models.Q(pk__in=Call.objects.filter(ours(actor), duty__about_type="order").values("duty__about_id"))
        if actor.outside:
            return called
        mines = Organisation.objects.visible_to(actor).filter(kind=Organisation.Kind.ENTERPRISE)
        whole = models.Q(site__isnull=True, organisation__in=mines.values("pk"))
        return actor.scope.sites("site") | whole | called


class OrderVersion(models.Model):
    """An order's sender sent it again with other content under the same id: kept beside it, word for word.

    The order stays as it was taken in. `named`: what it said it concerns, in the sender's words; `times` it came so.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content_sha256 = models.CharField(max_length=64)
    their_number = models.CharField(max_length=80, blank=True, default="")
    title = models.CharField(max_length=160)
    text = models.TextField()
    named = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_version_number"),
            models.UniqueConstraint(fields=["order", "content_sha256"], name="order_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.number}"


class Report(ScopedModel):
    """One report as it went up, word for word: of a warning, or in answer to an order. Never changed after."""

    subject_type = "report"

    number = models.CharField(max_length=40, unique=True)
    key = models.CharField(max_length=64, unique=True)
    # Digest of what was asked under this key: other content under it is refused.
    content_sha256 = models.CharField(max_length=64, blank=True, default="")
    kind = models.CharField(max_length=10, choices=ReportKind)
    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, null=True, related_name="reports")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="replies")
    seq = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    text = models.TextField()
    signer = models.CharField(max_length=80, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warning", "seq"], name="report_seq"),
            models.UniqueConstraint(fields=["order", "seq"], name="reply_seq"),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        if actor.scope.all:
            return models.Q()
        return actor.scope.sites("warning__site") | models.Q(order__in=Order.objects.visible_to(actor))


class Dispatch(models.Model):
    """One report on its way to one office, and its receipt.

    By a channel: queued → handed over → received, or failed. By hand: told (`detail` says how and to whom) → received.
    `their_number` is what the office calls it.
    """

    subject_type = "dispatch"

    class State(models.TextChoices):
        QUEUED = "queued", _("待发")
        HANDED_OVER = "handed_over", _("已发出")
        FAILED = "failed", _("没有发出")
        BY_HAND = "by_hand", _("已人工报")
        RECEIVED = "received", _("已签收")

    class Way(models.TextChoices):
        CHANNEL = "channel", _("通道")
        PHONE = "phone", _("电话")
        FAX = "fax", _("传真")
        SYSTEM = "system", _("上级系统")
        PAPER = "paper", _("送达")

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="dispatches")
    superior = models.ForeignKey(Superior, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=10, choices=Way)
    state = models.CharField(max_length=12, choices=State)
    at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    received_by = models.CharField(max_length=80, blank=True, default="")
    their_number = models.CharField(max_length=80, blank=True, default="")

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "superior"], name="dispatch_once")]
        indexes = [
            models.Index(fields=["next_try_at"], name="dispatch_waiting", condition=models.Q(next_try_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.superior_id} {self.state}"
