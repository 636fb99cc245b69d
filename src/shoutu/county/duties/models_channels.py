"""Ways out of the house: channels, whom they reach, what comes in by them, and what was tried and asked for."""

from __future__ import annotations

from django.db import models

from shoutu.county.people.models import Person


class Channel(models.Model):
    """A way out of the house, set by an administrator: a modem, a gateway, a robot, a mail account.

    `secrets` is sealed (`services.sealing`) and never shown back. `per_minute` 0 is no limit. What came of sending
    stands beside it, so that a dead channel is seen before it is needed.
    """

    subject_type = "channel"

    title = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=20)
    settings = models.JSONField(default=dict)
    secrets = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True)
    per_minute = models.PositiveIntegerField(default=0)
    callback_hash = models.CharField(max_length=64, blank=True, default="")
    last_ok_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_problem = models.CharField(max_length=400, blank=True, default="")
    # Failures since the last success; of these `call_failures` were calls about a duty that the other side may yet
    # take, or a modem that did not answer: no test call and no address refused for good, which one person can bring
    # about and which say little of the channel.
    failures = models.PositiveIntegerField(default=0)
    call_failures = models.PositiveIntegerField(default=0)
    # Callbacks refused for a wrong token.
    strangers = models.PositiveIntegerField(default=0)

    objects = models.Manager()

    def __str__(self) -> str:
        return self.title


class ChannelDraft(models.Model):
    """What a channel is to become once a second person agrees. `was`: a digest of what it was when that was asked.

    `secrets` is sealed as the channel's own, and emptied once it is decided.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="drafts")
    settings = models.JSONField()
    secrets = models.TextField(blank=True, default="")
    per_minute = models.PositiveIntegerField()
    was = models.CharField(max_length=64)
    # Names of the settings that change: what the entry says.
    names = models.JSONField()
    at = models.DateTimeField()

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.channel_id} {self.pk}"


class PolicyText(models.Model):
    """A text of a response pack: in force once it has a `number` (the highest of its kind is), else asked for.

    `own` and `default` are the county's own file and the default one ("" where there is none). `was`: the digest of
    what it is to replace. `refused_at`: a person refused it; the same text in the same place is not asked for again.
    """

    subject_type = "policy_text"

    kind = models.CharField(max_length=20)
    number = models.PositiveIntegerField(null=True)
    title = models.CharField(max_length=200)
    own = models.TextField(blank=True, default="")
    default = models.TextField(blank=True, default="")
    digest = models.CharField(max_length=64)
    was = models.CharField(max_length=64, blank=True, default="")
    seen_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "number"], name="policy_text_number")]

    def __str__(self) -> str:
        return f"{self.title} {self.number or ''}".strip()


class Contact(models.Model):
    """Where a person is reached beside the application: a channel and an address on it, or an Apprise address."""

    subject_type = "contact"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contacts")
    title = models.CharField(max_length=60)
    url = models.CharField(max_length=2000, blank=True, default="")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="contacts")
    address = models.CharField(max_length=200, blank=True, default="")
    # When it last got another address; null: never. What was called before tells nothing about this one.
    address_since = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "title"], name="contact_once")]

    def __str__(self) -> str:
        return self.title


class Farewell(models.Model):
    """What is told at the address a contact had before it was changed: whoever it belongs to hears of it there.

    The old address goes once it was told, or could not be: `sent_at`, or `next_try_at` null with `detail`.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="farewells")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+")
    url = models.CharField(max_length=2000, blank=True, default="")
    address = models.CharField(max_length=200, blank=True, default="")
    text = models.CharField(max_length=400)
    at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=200, blank=True, default="")

    objects = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], name="farewell_due", condition=models.Q(next_try_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.pk}"


class Trial(models.Model):
    """A test call (试叫) of one person by one of their contacts: answered in time, or not. `run` names the occasion."""

    subject_type = "trial"

    run = models.CharField(max_length=40)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="trials")
    called_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    # When it was found unanswered after its time.
    missed_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "contact"], name="trial_once")]
        indexes = [models.Index(fields=["due_at"], name="trial_due")]

    def __str__(self) -> str:
        return f"{self.run} {self.person_id}"


class Inbound(models.Model):
    """Something that came in by a channel: a reply, a key pressed, a receipt. Kept whatever came of it.

    `key` is unique within the channel: the same thing delivered twice is taken once. Sender and text are personal
    values: they stand here and in no entry.
    """

    subject_type = "inbound"

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="inbounds")
    key = models.CharField(max_length=64)
    what = models.CharField(max_length=10)
    sender = models.CharField(max_length=60, blank=True, default="")
    text = models.CharField(max_length=1000, blank=True, default="")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=20)
    notice = models.ForeignKey("Notice", on_delete=models.PROTECT, null=True, related_name="+")

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="inbound_once")]
        indexes = [models.Index(fields=["-received_at"], name="inbound_newest")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.what} {self.outcome}"


class AllowedEndpoint(models.Model):
    """One line of the allow-list of addresses messages may leave for."""

    subject_type = "allowed_endpoint"

    scheme = models.CharField(max_length=20)
    host = models.CharField(max_length=200)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "host"], name="endpoint_once")]

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"
