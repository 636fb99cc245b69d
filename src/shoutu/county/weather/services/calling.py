"""叫应 of weather: one call per enterprise and township, per township, and for the county; never one per site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Call, CallState, Duty
from shoutu.county.duties.models import State as DutyState
from shoutu.county.duties.policy import Lane, snapshot
from shoutu.county.duties.states import RECALL_PAUSE
from shoutu.county.kit import steps
from shoutu.county.kit.actors import SYSTEM, Actor, system
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Responsibility, Rung
from shoutu.county.people.selectors import at_time
from shoutu.county.places.models import Site
from shoutu.county.weather import policies
from shoutu.county.weather.models import Area, Called, Message, Standing, State, Weather
from shoutu.county.weather.policy import WeatherResponse
from shoutu.county.weather.services.receiving import locked_event
from shoutu.county.weather.words import LEVELS

CALLER = system("气象")
MATTER = "warning"
"""Who answers for warnings answers for weather."""


@dataclass(frozen=True)
class Group:
    """Whom one call goes to: the chain is that of `site` (None: the whole county's)."""

    key: str
    lane: str
    township: int | None
    organisation: int | None
    site: int | None
    sites: int
    place: str


def call_due() -> None:
    """Call everybody whose township stands higher than people there were last called for. Each call exists once."""
    waiting = Area.objects.filter(event__state=State.ACTIVE, level__gt=F("called_level"))
    for area in waiting.select_related("event", "township").order_by("-level", "id"):
        response = policies.in_force().response(area.event.type, area.level)
        for group in _groups(area, response):
            _call(area.event_id, group, response.lanes[group.lane], area.level, area.episode)
        _called(area)
    for event in Weather.objects.filter(state=State.ACTIVE, level__gt=F("called_level")).order_by("-level", "id"):
        _call_county(event)


def _groups(area: Area, response: WeatherResponse) -> Iterator[Group]:
    """The enterprises concerned in this township, then the township itself."""
    kinds = response.sites | response.withdraw_sites
    rows = Site.objects.filter(territory__path__startswith=area.township.path, kind__in=kinds)
    sites = list(rows.select_related("organisation").order_by("id"))
    own = _own_posts([site.pk for site in sites])
    teams: dict[tuple[int, int], list[Site]] = defaultdict(list)
    for site in sites:
        teams[site.organisation_id, own.get(site.pk, 0)].append(site)
    for (organisation, post), team in teams.items():
        withdraw = [site for site in team if site.kind in response.withdraw_sites]
        lane = "withdraw" if withdraw else "enterprise"
        if lane not in response.lanes:
            lane = "enterprise"
        if lane in response.lanes:
            key = f"e:{area.township_id}:{organisation}:{post}"
            chief = (withdraw or team)[0]
            place = f"{team[0].organisation.name}（{area.township.name}，{len(team)} 处）"
            yield Group(key, lane, area.township_id, organisation, chief.pk, len(team), place)
    if sites and "township" in response.lanes:
        key = f"t:{area.township_id}"
        yield Group(key, "township", area.township_id, None, sites[0].pk, len(sites), area.township.name)


def _own_posts(sites: Sequence[int]) -> dict[int, int]:
    """Sites with a duty post of their own: a team apart from the enterprise's other sites."""
    rows = at_time(Responsibility.objects.filter(site_id__in=sites, rung=Rung.ENTERPRISE_DUTY), timezone.now())
    return dict(rows.order_by("-id").values_list("site_id", "post_id"))


@service
def _call(event_id: int, group: Group, lane: Lane, level: int, episode: int) -> None:
    """Open or raise the duty of one group, unless this episode has done so already."""
    steps.fence()
    event = locked_event(event_id)
    before = Called.objects.select_related("duty").filter(event=event, key=group.key).order_by("id").last()
    if event.state != State.ACTIVE or (before is not None and before.episode >= episode):
        return unchanged()
    policy = policies.in_force()
    told = snapshot(lane, policy)
    title = f"{group.place}：{event.type_title}{LEVELS[level]}预警"
    why = _why(event, group.township)
    if before is not None and before.duty.state in OPEN and before.duty.kind == lane.duty:
        duties.raise_duty(CALLER, before.duty, told, level, title, why)
        before.episode, before.lane = episode, group.lane
        before.save()
        return None
    if before is not None and before.duty.state in OPEN:
        duties.cancel(SYSTEM, before.duty_id, _("预警升级，改按新的要求叫应"))
    duty = duties.open_duty(
        CALLER, lane.duty, ref(event), group.site, told, level, title, why,
        key=f"weather:{event.pk}:{group.key}:{episode}", matter=MATTER,
    )  # fmt: skip
    Called.objects.create(
        event=event, duty=duty, lane=group.lane, township_id=group.township, organisation_id=group.organisation,
        sites=group.sites, key=group.key, episode=episode,
    )  # fmt: skip
    return None


def _why(event: Weather, township: int | None) -> str:
    """What the worst standing message of the place says, and until when."""
    standing = list(event.messages.filter(standing=Standing.STANDING).order_by("-level", "-id"))
    here: list[Message] = [one for one in standing if township is None or township in one.townships] or standing
    if not here:
        return ""
    until = timezone.localtime(event.ends_at).strftime("%m-%d %H:%M")
    text = (here[0].text or here[0].headline).strip().rstrip("。")
    return _("%(text)s。至 %(until)s。") % {"text": text[:340], "until": until}


@service
def _called(area: Area) -> None:
    """Note what the township was called for, unless it has moved meanwhile; then it is done again."""
    unchanged()
    Area.objects.filter(pk=area.pk, level=area.level, episode=area.episode).update(called_level=area.level)


def _call_county(event: Weather) -> None:
    policy = policies.in_force()
    response = policy.response(event.type, event.level)
    placed = event.areas.filter(level__gt=0).exists()
    if not placed or "county" not in response.lanes:
        # Nobody knows where it is: the county's duty officer must say so before the townships can be called.
        response = policy.otherwise
    group = Group("c", "county", None, None, None, 0, event.title.partition("：")[2] or event.title)
    _call(event.pk, group, response.lanes["county"], event.level, event.episode)
    _county_called(event)


@service
def _county_called(event: Weather) -> None:
    unchanged()
    Weather.objects.filter(pk=event.pk, level=event.level, episode=event.episode).update(called_level=event.level)


@service
def answer_together(duty_id: int) -> None:
    """Who answers one call of an event in a township answers all that rang with it there: one call a person and area.

    A call that comes later is answered for itself.
    """
    unchanged()
    called = Called.objects.filter(duty_id=duty_id).first()
    if called is None or called.township_id is None:
        return
    answered = Call.objects.filter(duty_id=duty_id, state=CallState.ANSWERED).order_by("ended_at", "pk").last()
    if answered is None or answered.person_id is None:
        return
    same = Q(duty__weather__event_id=called.event_id, duty__weather__township_id=called.township_id)
    ringing = Call.objects.filter(
        same, duty__state=DutyState.CALLED, round=F("duty__round"), state=CallState.CALLING,
        person_id=answered.person_id, called_at__lte=answered.ended_at,
    )  # fmt: skip
    who = Actor(
        kind="system", label=str(answered.post or ""), role="system", permissions=SYSTEM.permissions,
        scope=SYSTEM.scope, person_id=answered.person_id, posts=tuple([answered.post_id] if answered.post_id else []),
    )  # fmt: skip
    for other in sorted(set(ringing.exclude(duty_id=duty_id).values_list("duty_id", flat=True))):
        duties.answer(who, other, _("同一乡镇同一次预警，一并应答"))


@service
def recall(actor: Actor, event: Weather) -> None:
    """追叫: everybody called for it who has not answered is called once more. Raises NotAllowed, Conflict."""
    actor.require("weather.enter")
    actor.require("duty.recall")
    waiting = Duty.objects.filter(weather__event=event, state=DutyState.CALLED, calls__state=CallState.CALLING)
    paused = timezone.now() - RECALL_PAUSE
    due = waiting.filter(called_since__lte=paused).filter(Q(recalled_at__isnull=True) | Q(recalled_at__lte=paused))
    ids = sorted(set(due.values_list("pk", flat=True)))
    if not ids:
        raise Conflict(_("刚叫过，半分钟后再叫") if waiting.exists() else _("叫到的人都已应答"))
    record(actor, "weather.recalled", ref(event), {"duties": len(ids)})
    for duty_id in ids:
        duties.recall(actor, duty_id)
