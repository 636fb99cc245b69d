"""Duties, the calls that seek somebody to answer them, the receipts of each call, and their clocks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import kinds
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.models import Person, Post
from shoutu.county.places.models import Organisation, Site, Territory


class State(models.TextChoices):
    CALLED = "called", _("已呼叫")
    ANSWERED = "answered", _("已应答")
    DONE = "done", _("已办")
    VERIFIED = "verified", _("已验收")
    CANCELLED = "cancelled", _("已撤销")


OPEN = (State.CALLED, State.ANSWERED)


class Duty(ScopedModel):
    """Somebody must do something about a subject by a time, in answer to a policy.

    `policy` is the lane of the response pack as it stood when the duty was opened or last raised. `climb_at` is the
    climber's agenda: when the next rung is to be called (of an answered duty: told that it is late), null when none
    is. `round` counts how often the chain was started, `rung_next` is the first rung not yet called in this round.
    `cause_round` is the round people were last called in for something new: those after it only start a chain again
    that nobody answered.
    """

    subject_type = "duty"

    kind = models.CharField(max_length=40)
    # Opening the same key twice opens one duty.
    key = models.CharField(max_length=120, unique=True)
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    about_label = models.CharField(max_length=120, blank=True, default="")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="duties")
    matter = models.CharField(max_length=40, default="warning")
    level = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=200)
    why = models.CharField(max_length=400, blank=True, default="")
    policy = models.JSONField()
    state = models.CharField(max_length=20, choices=State, default=State.CALLED)
    round = models.PositiveIntegerField(default=1)
    cause_round = models.PositiveIntegerField(default=1)
    rung_next = models.PositiveSmallIntegerField(default=0)
    climb_at = models.DateTimeField(null=True)
    # Calls of duties with the same bundle go out to a person in one message (`services.bundling`).
    bundle = models.CharField(max_length=60, blank=True, default="")
    # Until when its calls are held back by a silence; then they go out by themselves (`climb_at` says so too).
    held_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    called_since = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recalled_at = models.DateTimeField(null=True)
    returned = models.BooleanField(default=False)
    # Who holds it: the one who answered, else whoever was called last.
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["climb_at"], name="duty_climb", condition=models.Q(climb_at__isnull=False)),
            models.Index(fields=["state", "level"], name="duty_state"),
            models.Index(fields=["about_type", "about_id"], name="duty_about"),
            models.Index(fields=["post", "state"], name="duty_post"),
            models.Index(fields=["opened_at"], name="duty_opened"),
            models.Index(fields=["done_at"], name="duty_done", condition=models.Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"

    @property
    def about(self) -> SubjectRef:
        return SubjectRef(self.about_type, self.about_id)

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        """Duties of sites within the scope, and any the actor was called for.

        A covert one (`kinds.Kind`) is seen from outside the county's own bodies only by the enterprise it calls.
        """
        return models.Q() if actor.scope.all else cls._of_sites(actor) | cls._called(actor)

    @classmethod
    def parts(cls, actor: Actor) -> list[models.QuerySet[Duty]]:
        """What `scope_filter` says in one, in two questions: with its OR a database goes through every duty."""
        either = (models.Q(),) if actor.scope.all else (cls._of_sites(actor), cls._called(actor))
        return [cls.objects.filter(one) for one in either]

    @classmethod
    def _of_sites(cls, actor: Actor) -> models.Q:
        place = actor.scope.sites("site")
        return place & ~models.Q(kind__in=kinds.covert()) if actor.outside else place

    @classmethod
    def _called(cls, actor: Actor) -> models.Q:
        return models.Q(pk__in=Call.objects.filter(ours(actor)).values("duty_id"))


class CallState(models.TextChoices):
    CALLING = "calling", _("呼叫中")
    ANSWERED = "answered", _("已应答")
    DECLINED = "declined", _("不在岗")
    NOBODY = "nobody", _("无人")
    ENDED = "ended", _("已了结")


class Call(models.Model):
    """One person (or empty post) called on one rung of the chain. The constraint makes a climb happen once."""

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="calls")
    round = models.PositiveIntegerField()
    rung = models.PositiveSmallIntegerField()
    who = models.CharField(max_length=40)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=20, choices=CallState)
    called_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # How often this person was called for it, 追叫 included.
    times = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=400, blank=True, default="")

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["duty", "round", "rung"], name="call_once")]
        indexes = [
            models.Index(fields=["person", "state"], name="call_person"),
            models.Index(fields=["post", "state"], name="call_post"),
            models.Index(fields=["due_at"], name="call_waiting", condition=models.Q(state="calling")),
        ]

    def __str__(self) -> str:
        return f"{self.duty_id}/{self.round}/{self.rung} {self.state}"


def mine(actor: Actor, path: str = "") -> models.Q:
    """Calls that were made to this actor, in person or on a post held now."""
    q = models.Q(**{f"{path}post_id__in": actor.posts})
    return q | models.Q(**{f"{path}person_id": actor.person_id}) if actor.person_id is not None else q


def ours(actor: Actor) -> models.Q:
    """Calls that were made to this actor; of an enterprise's people, also those to any post of the enterprise."""
    q = mine(actor)
    return q | models.Q(post__organisation_id__in=actor.scope.organisations) if actor.outside else q


class StageClock(models.Model):
    """A limit that runs beside the call: dispose, feedback, verify, close. One per duty and stage."""

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="clocks")
    stage = models.CharField(max_length=20)
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    # done_at: met, or stopped because the duty ended. overdue_at: when its passing was recorded and told upward.
    overdue_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["duty", "stage"], name="clock_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="clock_running",
                condition=models.Q(done_at__isnull=True, overdue_at__isnull=True),
            ),
            models.Index(fields=["due_at"], name="clock_open", condition=models.Q(done_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.duty_id} {self.stage}"


class Step(models.TextChoices):
    """The receipt ladder, lowest first; beside it stand failed, and spared: not sent, for an earlier channel did."""

    QUEUED = "queued"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    SEEN = "seen"
    ANSWERED = "answered"
    FAILED = "failed"
    SPARED = "spared"


class Notice(models.Model):
    """One message to one person by one channel: the outbox of notifications and the receipt in one row.

    Written in the transaction of the call; sent after it, at least once. `key` goes along with the message, so
    that a receiver can tell a repetition. It belongs to a call or to a trial. `starts_at` is when this channel's turn
    comes in the person's chain of channels; `reference` what the other side calls the message; `opens` how often its
    link was opened. `level` is how bad it said it is. With `carried_by` it was not sent itself: that one told of
    it too. `said`: what it was answered with, until that is carried out for all it told of.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, related_name="notices")
    trial = models.ForeignKey("Trial", on_delete=models.PROTECT, null=True, related_name="notices")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20)
    contact = models.ForeignKey("Contact", on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=80, unique=True)
    text = models.CharField(max_length=600)
    step = models.CharField(max_length=20, choices=Step)
    at = models.DateTimeField()
    queued_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=400, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=120, blank=True, default="")
    opens = models.PositiveIntegerField(default=0)
    level = models.PositiveSmallIntegerField(default=0)
    carried_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    said = models.CharField(max_length=10, blank=True, default="")
    said_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["carried_by"],
                name="notice_carried",
                condition=models.Q(step="queued", carried_by__isnull=False),
            ),
            models.Index(fields=["next_try_at"], name="notice_waiting", condition=models.Q(next_try_at__isnull=False)),
            models.Index(fields=["said_at"], name="notice_said", condition=models.Q(said_at__isnull=False)),
            models.Index(fields=["contact", "-queued_at"], name="notice_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.step}"


class Alarm(models.Model):
    """Something is wrong with the calling itself and a person must look. Open while `cleared_at` is null."""

    subject_type = "alarm"

    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    message = models.CharField(max_length=400)
    # What a program said of it.
    raw = models.CharField(max_length=1000, blank=True, default="")
    about_type = models.CharField(max_length=40, default="county")
    about_id = models.BigIntegerField(default=0)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(cleared_at__isnull=True), name="alarm_open_once")
        ]

    def __str__(self) -> str:
        return self.message


class Finding(ScopedModel):
    """Something that should be there and is not: see `kit.findings`. Open while `cleared_at` is null.

    `duty` is the one that asks for it, shared by all findings of its kind and subject; null for an optional one.
    """

    subject_type = "finding"

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    about_label = models.CharField(max_length=120, blank=True, default="")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="findings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, related_name="+")
    message = models.CharField(max_length=400)
    optional = models.BooleanField(default=False)
    detail = models.JSONField(default=dict, blank=True)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, null=True, related_name="findings")
    found_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about_type", "about_id", "key"],
                condition=models.Q(cleared_at__isnull=True),
                name="finding_open_once",
            )
        ]
        indexes = [models.Index(fields=["about_type", "about_id"], name="finding_about")]

    def __str__(self) -> str:
        return self.message

    @property
    def about(self) -> SubjectRef:
        return SubjectRef(self.about_type, self.about_id)

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        """Findings of sites, organisations or territories within the scope."""
        scope = actor.scope
        if scope.all:
            return models.Q()
        q = models.Q(site__isnull=False) & scope.sites("site")
        q |= models.Q(organisation_id__in=scope.organisations)
        for path in scope.territories:
            q |= models.Q(territory__path__startswith=path)
            bodies = models.Q(organisation__territory__path__startswith=path)
            if scope.sectors:
                bodies &= models.Q(organisation__in=Organisation.objects.visible_to(actor).values("pk"))
            q |= bodies
        return q


# Django finds an app's models by this module.
from shoutu.county.duties.models_channels import (  # noqa: E402
    AllowedEndpoint,
    Channel,
    ChannelDraft,
    Contact,
    Farewell,
    Inbound,
    PolicyText,
    Trial,
)

__all__ = [
    "OPEN",
    "Alarm",
    "AllowedEndpoint",
    "Call",
    "CallState",
    "Channel",
    "ChannelDraft",
    "Contact",
    "Duty",
    "Farewell",
    "Finding",
    "Inbound",
    "Notice",
    "PolicyText",
    "StageClock",
    "State",
    "Step",
    "Trial",
    "mine",
    "ours",
]
