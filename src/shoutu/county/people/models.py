"""Users, persons and posts; who holds which post, answers for what, and is on duty, each with time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.permissions import ROLES
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.models import Organisation, Site, Territory


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", ROLES["administrator"]
    LEADER = "leader", ROLES["leader"]
    DUTY_OFFICER = "duty_officer", ROLES["duty_officer"]
    INSPECTOR = "inspector", ROLES["inspector"]
    DEPARTMENT = "department", ROLES["department"]
    TOWNSHIP = "township", ROLES["township"]
    PRINCIPAL = "principal", ROLES["principal"]
    SAFETY_OFFICER = "safety_officer", ROLES["safety_officer"]
    RESCUE_LEAD = "rescue_lead", ROLES["rescue_lead"]
    AUDITOR = "auditor", ROLES["auditor"]


class Rung(models.IntegerChoices):
    """The ladder above a site, lowest first. Who stands on it is Responsibility data, not this list."""

    ENTERPRISE_DUTY = 1, _("企业值班")
    ENTERPRISE_PRINCIPAL = 2, _("企业主要负责人")
    TOWNSHIP_HEAD = 3, _("乡镇安监站长")
    COUNTY_DUTY = 4, _("县值班员")
    COUNTY_LEADER = 5, _("县分管领导")
    # Answers for the matter without standing on the ladder of calls.
    OVERSIGHT = 6, _("监管部门")
    # Of no ladder by itself: called only where a lane of a response pack names it.
    RESCUE_LEAD = 7, _("救援队负责人")


class Person(models.Model):
    """A human being. Everything personal is here and nowhere in the ledger."""

    subject_type = "person"

    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=30, blank=True, default="")
    email = models.CharField(max_length=120, blank=True, default="")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="persons")
    is_active = models.BooleanField(default=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser):
    """An account. What it may do comes from `role`; what it sees from `territory`, `organisation` and `sectors`."""

    subject_type = "user"

    username = models.CharField(max_length=60, unique=True)
    display = models.CharField(max_length=60)
    role = models.CharField(max_length=20, choices=Role)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, null=True, related_name="user")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="users")
    sectors = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    # A demo login is known to everyone who reads the manual: it works from the loopback address only.
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # How often all sessions of this account were ended at once; one of before is none any more.
    sessions_ended = models.PositiveIntegerField(default=0)
    # Since when signing in needs a code besides the password; null while it does not.
    factor_since = models.DateTimeField(null=True)
    # Set by another person, who therefore knows it: its owner changes it before anything else.
    password_given = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display", "role"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.username

    @property
    def is_asked_for_factor(self) -> bool:
        """Whether the county asks a second factor of this role (never of a demo login: everybody has it)."""
        return self.role in settings.SECOND_FACTOR and not self.is_demo

    @property
    def must_enrol(self) -> bool:
        """Whether a second factor is asked for and there is none yet."""
        return self.is_asked_for_factor and self.factor_since is None

    def get_session_auth_hash(self) -> str:
        """What a session must carry: changes with the password, and whenever all sessions are ended."""
        return f"{super().get_session_auth_hash()}.{self.sessions_ended}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for one in super().get_session_auth_fallback_hash():
            yield f"{one}.{self.sessions_ended}"


class SecondFactor(models.Model):
    """What an account's codes are made from. In force once `User.factor_since` says so, till then being set up.

    `failures` counts wrong codes in a row, `failed_at` is the last one's time.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="factor")
    secret = models.TextField()  # sealed
    # The last time step whose code was taken: none works twice.
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)

    objects = models.Manager()


class RecoveryCode(models.Model):
    """恢复码: stands in for the telephone once. Kept as SHA-256: 120 random bits are beyond guessing."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recovery_codes")
    hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "hash"], name="recovery_code_once")]


class Identity(models.Model):
    """统一认证身份: who an account is at a provider of single sign-on. One identity is one account's, and stays so.

    `subject`: the value of the claim the county names people by (`SHOUTU_OIDC_CLAIM`), as the provider writes it;
    `issuer`: the provider, with the claim behind a # where it is not `sub` (`config.Oidc.names`).
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    bound_at = models.DateTimeField(default=timezone.now)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once"),
            models.UniqueConstraint(fields=["issuer", "user"], name="identity_one_each"),
        ]


class Post(models.Model):
    """A seat in an organisation. `on_shift`: filled by whoever has signed in to the shift."""

    subject_type = "post"

    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=40, blank=True, default="")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    on_shift = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "title"], name="post_title_once")]

    def __str__(self) -> str:
        return f"{self.organisation.name}{self.title}"


class Period(models.Model):
    """Valid from `valid_from` (inclusive) to `valid_to` (exclusive; null: still). Never rewritten, only ended.

    `recorded_at` tells a row that was entered later than it began to hold (补录).
    """

    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Holding(Period):
    """Who sits on a post. Of several, the lowest `rank` answers first."""

    subject_type = "holding"

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="holdings")
    rank = models.PositiveSmallIntegerField(default=0)

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.post_id} {self.person_id}"


class Leave(Period):
    """A person is away and, where named, a deputy answers on all their posts, or on `post` alone."""

    subject_type = "leave"

    class Reason(models.TextChoices):
        HOLIDAY = "holiday", _("休假")
        SICK = "sick", _("病假")
        TRIP = "trip", _("公差")
        TRAINING = "training", _("培训")
        OTHER = "other", _("其他")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="leaves")
    deputy = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="deputises")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason)

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["valid_to"], name="leave_end")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.reason}"


class Responsibility(Period):
    """A post answers, on a rung, for a scope: a site, an organisation's sites, or a territory's subtree by sectors."""

    subject_type = "responsibility"

    class Kind(models.TextChoices):
        TERRITORIAL = "territorial", _("属地管理")
        SECTOR = "sector", _("行业监管")
        OVERALL = "overall", _("综合监管")
        ENTERPRISE = "enterprise", _("企业主体")
        LINKED = "linked", _("包保联系")
        RESCUE = "rescue", _("应急救援")

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="responsibilities")
    kind = models.CharField(max_length=20, choices=Kind)
    rung = models.PositiveSmallIntegerField(choices=Rung)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True)
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True)
    # Kinds of site; empty: all.
    sectors = models.JSONField(default=list, blank=True)
    # What is answered for ("warning", "hazard" …); empty: everything.
    matters = models.JSONField(default=list, blank=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(site__isnull=False)
                | models.Q(organisation__isnull=False)
                | models.Q(territory__isnull=False),
                name="responsibility_somewhere",
            )
        ]

    def __str__(self) -> str:
        return f"{self.post_id} {self.kind} {self.rung}"


class Shift(models.Model):
    """A person is to fill an `on_shift` post for a time; signing in makes it so."""

    subject_type = "shift"
    SIGN_IN_AHEAD = timedelta(hours=1)

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="shifts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    signed_in_at = models.DateTimeField(null=True)
    signed_out_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["post", "starts_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_has_length")
        ]

    def __str__(self) -> str:
        return f"{self.post_id} {self.starts_at:%m-%d %H:%M}"

    @property
    def sign_in_from(self) -> datetime:
        return self.starts_at - self.SIGN_IN_AHEAD


class Handover(models.Model):
    """交接班: what the outgoing one hands over on one shift, signed by both; `figures` is how things stood then."""

    subject_type = "handover"

    class State(models.TextChoices):
        DRAFT = "draft", _("起草")
        HANDED = "handed", _("交班人已签")
        TAKEN = "taken", _("双方已签")

    shift = models.OneToOneField(Shift, on_delete=models.PROTECT, related_name="handover")
    incoming = models.ForeignKey(Shift, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, default="")
    figures = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    handed_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    handed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    taken_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    returned = models.CharField(max_length=400, blank=True, default="")

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.shift_id} {self.state}"


class Obligation(models.Model):
    """What a post must do again and again: an item of its 责任清单, or the 责任书 it signs each year."""

    subject_type = "obligation"

    class Kind(models.TextChoices):
        PLEDGE = "pledge", _("责任书")
        LIST = "list", _("责任清单")

    class Every(models.TextChoices):
        ONCE = "once", _("一次")
        MONTH = "month", _("每月")
        QUARTER = "quarter", _("每季度")
        HALF = "half", _("每半年")
        YEAR = "year", _("每年")

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="obligations")
    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True, default="")
    # The law, document or meeting it comes from.
    source = models.CharField(max_length=200)
    # To whom a 责任书 is given.
    party = models.CharField(max_length=120, blank=True, default="")
    every = models.CharField(max_length=20, choices=Every)
    first_due = models.DateField()
    lead_days = models.PositiveSmallIntegerField(default=15)
    ended_at = models.DateTimeField(null=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return self.title


class ObligationDue(models.Model):
    """One time an obligation falls due; its date opens a duty for the post."""

    subject_type = "obligation_due"

    class State(models.TextChoices):
        OPEN = "open", _("待办")
        DONE = "done", _("已办")
        CANCELLED = "cancelled", _("已撤销")

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="dues")
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, default="")

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["obligation", "due_on"], name="obligation_due_once")]
        indexes = [models.Index(fields=["state", "due_on"], name="obligation_due_state")]

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.due_on}"


class ApiToken(ScopedModel):
    """A program acting as its owner, never for more than the owner may. Only the SHA-256 of the text is kept."""

    subject_type = "api_token"

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    hash = models.CharField(max_length=64, unique=True)
    # Permissions it is narrowed to; empty: all of its owner's.
    permissions = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    # To within `identity.USE_NOTED_EVERY`; null while it was never used.
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return models.Q() if actor.may("user.manage") else models.Q(owner_id=actor.user_id)


class Embed(models.Model):
    """嵌入页面: one look at one page of the face, in a frame of another platform, for the owner of a token.

    The ticket opens it once, before `open_before`; whoever opened it has the key until `ends_at`. Of both only the
    SHA-256 is kept. `site`: of a dossier, its site's id; the rooms to the right know what that is.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="embeds")
    page = models.CharField(max_length=20)
    site = models.BigIntegerField(null=True)
    ticket_hash = models.CharField(max_length=64, unique=True)
    key_hash = models.CharField(max_length=64, unique=True, null=True)
    made_at = models.DateTimeField(default=timezone.now)
    open_before = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    objects = models.Manager()


class ProposalState(models.TextChoices):
    WAITING = "waiting", _("待复核")
    AGREED = "agreed", _("已同意")
    REJECTED = "rejected", _("没有同意")
    WITHDRAWN = "withdrawn", _("已撤回")


class Proposal(ScopedModel):
    """One person asks for what can delay or lower a warning; it waits until a second one agrees.

    `kind` names what is asked (see `proposals.register`), `payload` is what its room needs to carry it out, `changes`
    what the second person reads: [{"what", "before", "after"}]. Without a `proposed_by` (the county itself asked)
    two persons are needed still: one takes it up, another agrees.
    """

    subject_type = "proposal"

    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=120, blank=True, default="")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="proposals")
    title = models.CharField(max_length=200)
    changes = models.JSONField(default=list)
    payload = models.JSONField(default=dict)
    reason = models.CharField(max_length=400)
    # Asking the same again while it waits is the same proposal.
    key = models.CharField(max_length=160)
    state = models.CharField(max_length=20, choices=ProposalState, default=ProposalState.WAITING)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_label = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_label = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(state="waiting"), name="proposal_waits_once")
        ]
        indexes = [models.Index(fields=["-id"], name="proposal_waiting", condition=models.Q(state="waiting"))]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> SubjectRef:
        return SubjectRef(self.subject_kind, self.subject_id)
