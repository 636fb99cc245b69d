"""A week of warnings, played through the county's own inbox, services and ladders at the times they would have run.

Each episode is a signal that rises, people who answer, verify, act and close, and a signal that falls. The signals
say so themselves (`demo` in their flags); the ledger's entries bear the times of the week.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from shoutu.demo.clock import set_to
from shoutu.demo.sites import demo_sites

SHARD = 1


@dataclass(frozen=True)
class Episode:
    """What happened: `at` hours after the county began, at a site's sensor of an item; `minutes` long.

    `value` 0 lies a little past the rule's own limit; `slope` per hour for a rule of rates; `people` underground.

    `course`: real, false (then `why` is a code of `Reason`), fault, late (reported too late and still open), closable
    (everything done but the closing). `climb` minutes nobody at the mine answers.
    """

    at: float
    site: str
    item: str
    level: int
    value: float
    threshold: float
    course: str = "real"
    why: str = ""
    minutes: float = 90.0
    climb: float = 0.0
    people: int = 0
    slope: float | None = None


EPISODES = [
    Episode(4.2, "U1", "co", 3, 31.0, 24.0, "false", "blasting", 26, people=22),
    Episode(9.5, "W1", "rain_hour", 2, 17.2, 16.0, "real", minutes=150),
    Episode(12.3, "O1", "crack_opening", 0, 6.0, 0.0, "fault", minutes=140),
    Episode(20.4, "U4", "co", 3, 26.0, 24.0, "false", "exhaust", 31, people=19),
    Episode(27.1, "D2", "surface_displacement", 3, 82.0, 80.0, "false", "sensor_moved", 180, people=6),
    Episode(31.6, "U5", "inflow", 3, 61.5, 60.0, "real", minutes=320, climb=14, people=24),
    Episode(38.0, "O9", "rain_hour", 2, 21.5, 20.0, "real", minutes=130),
    Episode(44.7, "X5", "ammonia", 2, 28.0, 25.0, "real", minutes=75),
    Episode(51.2, "U10", "main_fan", 0, 1.0, 0.0, "fault", minutes=50),
    Episode(55.9, "P2", "bearing_temperature", 2, 72.5, 70.0, "real", minutes=110),
    Episode(66.3, "U6", "co", 3, 25.0, 24.0, "false", "power_switch", 22, people=17),
    Episode(74.8, "W3", "phreatic_depth", 1, 0.0, 0.0, "real", minutes=600),
    Episode(81.5, "O14", "slope_displacement", 2, 31.0, 0.42, "real", minutes=700, slope=0.55),
    Episode(90.2, "X1", "combustible_gas", 2, 27.0, 25.0, "false", "calibration", 18),
    Episode(98.6, "U12", "air_speed_drift", 2, 0.22, 0.25, "real", minutes=95, climb=17),
    Episode(104.4, "D3", "rain_hour", 2, 16.4, 16.0, "real", minutes=120),
    Episode(113.0, "U2", "o2", 3, 19.8, 20.0, "real", minutes=200, people=21),
    Episode(121.7, "M3", "dump_displacement", 0, 4.0, 0.0, "fault", minutes=260),
    Episode(130.4, "U8", "co", 3, 27.0, 24.0, "false", "other", 24, people=15),
    Episode(139.8, "X10", "hydrogen_sulfide", 2, 8.1, 7.0, "real", minutes=85),
    Episode(150.9, "P5", "bearing_temperature", 2, 71.8, 70.0, "closable", minutes=160),
    Episode(153.5, "X11", "store_temperature", 1, 31.2, 30.0, "late", minutes=70),
]
"""By time. 甲铁矿尾矿库 goes to red a minute after the start, in front of whoever looks."""


def play(began: datetime, now: datetime) -> None:
    """Run all episodes in the order of time, from when the county began up to now."""
    stage = _Stage(began)
    for number, episode in enumerate(EPISODES, 1):
        stage.script(number, episode)
    stage.answer_gaps()
    while stage.agenda:
        at, _order, act = heapq.heappop(stage.agenda)
        if at < now:
            with set_to(at):
                act()


class _Stage:
    """The agenda of what is to happen, and whoever acts."""

    def __init__(self, began: datetime) -> None:
        from shoutu.county.people.identity import actor_of_user
        from shoutu.county.people.models import User
        from shoutu.county.sites.models import Point

        self.began = began
        self.agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self.order = self.seq = 0
        self.sites = {site.key: site for site in demo_sites()}
        self.points = {point.address: point for point in Point.objects.select_related("site__organisation")}
        users = User.objects.select_related("territory", "organisation", "person").filter(is_demo=True)
        with set_to(began + timedelta(hours=1)):
            self.actors = {user.username: actor_of_user(user) for user in users}
        self.watch: dict[int, Any] = {}
        self.head: dict[int, Any] = {}
        for user in users:
            if user.organisation_id and user.username.startswith(("mine", "head")):
                (self.watch if user.username.startswith("mine") else self.head)[user.organisation_id] = self.actors[
                    user.username
                ]

    def then(self, at: datetime, act: Callable[[], object]) -> None:
        """Put one act on the agenda."""
        self.order += 1
        heapq.heappush(self.agenda, (at, self.order, act))

    def script(self, number: int, episode: Episode) -> None:
        """All acts of one episode."""
        sensor = next(one for one in self.sites[episode.site].sensors if one.item == episode.item)
        point = self.points[sensor.address]
        start = self.began + timedelta(hours=episode.at)

        def at(minutes: float) -> datetime:
            return start + timedelta(minutes=minutes)

        _Play(self, episode, point, at, f"demo:{number}").plan()

    def answer_gaps(self) -> None:
        """Those called for what their site lacks say within the first day that they see to it."""
        from shoutu.county.duties import services
        from shoutu.county.duties.models import Duty, State
        from shoutu.county.sites.gaps import GAP

        called = Duty.objects.filter(kind=GAP, state=State.CALLED).order_by("id")
        for number, (pk, owner) in enumerate(called.values_list("pk", "site__organisation_id")):
            if (actor := self.head.get(owner)) is not None:
                at = self.began + timedelta(hours=2 + 0.7 * number)
                self.then(at, partial(services.answer, actor, pk, "已安排，按期补齐"))

    def signal(self, point: Any, episode: Episode, key: str, begins: bool) -> None:
        """One change of level as the engine would tell it, taken in at once."""
        from django.utils import timezone

        from shoutu.county.sites.services import receive
        from shoutu.county.warnings.services import take_in

        kind = "no_data" if episode.course == "fault" else None
        rules = point.rules.filter(kind=kind) if kind else point.rules.filter(kind__in=("threshold", "rate"))
        rule = rules.order_by("id").first()
        assert rule is not None, (point, episode)
        self.seq += 1
        level = episode.level or 1
        now = round(timezone.now().timestamp() * 1000)
        value, threshold = _told(episode, rule, begins)
        uid = hashlib.sha256(f"{key}:{begins}:{now}".encode()).hexdigest()[:32]
        fault = episode.course == "fault"
        receive(
            [
                {
                    "id": uid, "shard": SHARD, "seq": self.seq, "ordinal": 0, "rule": rule.pk,
                    "rule_version": rule.version, "point": point.pk, "site": point.site_id, "source": point.source_id,
                    "item": point.item, "kind": rule.kind, "category": "fault" if fault else "risk", "type": "level",
                    "from": 0 if begins else level, "to": level if begins else 0, "event_ts": now, "received_ts": now,
                    "value": value, "threshold": threshold,
                    "window_start": now - 60_000, "aux": episode.slope, "flags": ["demo"],
                }
            ]
        )  # fmt: skip
        take_in()


def _told(episode: Episode, rule: Any, begins: bool) -> tuple[float | None, float | None]:
    """Value and threshold as the rule has them: the episode's own, or a little past the rule's limit."""
    if episode.course == "fault":
        return None, None
    params = rule.versions.get(number=rule.version).params
    threshold = episode.threshold
    if rule.kind == "threshold" and params.get("direction") != "band":
        threshold = float(params["levels"][str(episode.level)])
    outward = -1 if params.get("direction") == "low" else 1
    value = episode.value or round(threshold * (1 + 0.025 * outward), 2)
    return (value if begins else round(threshold * (1 - 0.3 * outward), 2)), threshold


@dataclass
class _Play:
    """One episode on the stage."""

    stage: _Stage
    episode: Episode
    point: Any
    at: Callable[[float], datetime]
    key: str

    def plan(self) -> None:
        """Put every act of it on the agenda."""
        one, end = self.episode, self.episode.minutes
        then = self.stage.then
        then(self.at(0), lambda: self.stage.signal(self.point, one, self.key, True))
        if one.climb:
            for minute in (one.climb - 2, one.climb - 1):
                then(self.at(minute), self._climb)
        first = one.climb + 3
        then(self.at(first), lambda: self._answer(self._head if one.climb else self._watch))
        then(self.at(first + 2), lambda: self._answer(self._officer))
        then(self.at(first + 4), lambda: self._answer(self.stage.actors["leader"]))
        verified = min(end * 0.4, first + 20)
        then(self.at(verified), self._verify)
        if one.people:
            then(self.at(first + 1), self._count)
            then(self.at(first + 7), self._all_out)
        if one.course in ("real", "late", "closable"):
            then(self.at(verified + 5), self._dispose)
        then(self.at(end), lambda: self.stage.signal(self.point, one, self.key, False))
        if one.course == "late":
            then(self.at(260), self._late)
            then(self.at(266), lambda: self._answer(self._head))
            return
        if one.course in ("real", "closable"):
            then(self.at(min(end + 8, verified + 40)), self._feed_back)
        if one.course != "closable":
            then(self.at(end + 15), self._close)
        if one.course == "real" and one.level >= 3:
            then(self.at(verified + 8), self._report)
            then(self.at(end + 40), self._report)

    @property
    def _watch(self) -> Any:
        return self.stage.watch[self.point.site.organisation_id]

    @property
    def _head(self) -> Any:
        return self.stage.head[self.point.site.organisation_id]

    @property
    def _officer(self) -> Any:
        return self.stage.actors["duty"]

    @property
    def warning(self) -> Any:
        """The one open warning of the point's site and item."""
        from shoutu.county.warnings.models import Warning

        rows = Warning.objects.filter(site=self.point.site, item=self.point.item, closed_at__isnull=True)
        return rows.latest("id")

    def _climb(self) -> None:
        from django.utils import timezone

        from shoutu.county.duties.services import climb_due

        climb_due(timezone.now())

    def _late(self) -> None:
        from django.utils import timezone

        from shoutu.county.duties.services import overdue_due

        overdue_due(timezone.now())

    def _answer(self, actor: Any) -> None:
        """Answer whatever the actor is called for now; whom the policy in force has not called says nothing."""
        from django.db.models import F

        from shoutu.county.duties import services
        from shoutu.county.duties.models import CallState, Duty, State

        rows = Duty.objects.filter(
            about_type="warning", about_id=self.warning.pk, state__in=(State.CALLED, State.ANSWERED)
        )
        called = rows.filter(calls__person_id=actor.person_id, calls__state=CallState.CALLING, calls__round=F("round"))
        for pk in called.order_by("id").values_list("pk", flat=True).distinct():
            services.answer(actor, pk, "收到")

    def _verify(self) -> None:
        from shoutu.county.warnings.services import verify

        result = {"false": "false_alarm", "fault": "device_fault"}.get(self.episode.course, "real")
        note = {"false": "与现场通话、看视频，已核实", "fault": "电话核实，采集箱断电"}.get(
            self.episode.course, "与视频、现场一致"
        )
        verify(self._officer, self.warning.pk, result, self.episode.why, note)

    def _report(self) -> None:
        """What the level asks to be told upward, by telephone, and received; after the closing the last report."""
        from shoutu.county.warnings import services
        from shoutu.county.warnings.models import Warning
        from shoutu.county.warnings.selectors import drafting
        from shoutu.county.warnings.services.reports import Target

        warning = Warning.objects.filter(site=self.point.site, item=self.point.item).latest("id")
        told = drafting.of_warning(self._officer, warning)
        text = told["text"].replace(
            "下一步：", "下一步：加密观测，专人盯守。" if warning.closed_at is None else "转入日常监测。"
        )
        targets = [Target(office, "phone", "值班室") for office in told["to"]]
        key = f"{self.key}:{told['kind']}"
        report = services.send_report(
            self._officer, key, told["kind"], told["title"], text, targets, warning_id=warning.pk, signer="带班县领导"
        )
        for one in report.dispatches.all():
            services.note_receipt(self._officer, one.pk, "值班员")

    def _evacuation(self) -> Any:
        return self.warning.evacuations.filter(resumed_at__isnull=True).first()

    def _count(self) -> None:
        from shoutu.county.warnings.services import set_head_count

        if (going := self._evacuation()) is not None and going.total is None:
            set_head_count(self._watch, going.pk, self.episode.people, "调度室报", f"{self.key}:set")

    def _all_out(self) -> None:
        from shoutu.county.warnings.services import confirm_out

        if (going := self._evacuation()) is not None and going.missing:
            confirm_out(self._watch, going.pk, f"{self.key}:out", count=going.missing, group="当班全部")

    def _dispose(self) -> None:
        from shoutu.county.warnings.services import dispose

        dispose(self._head if self.episode.climb else self._watch, self.warning.pk, "到现场查看，加密观测，已采取措施")

    def _feed_back(self) -> None:
        from shoutu.county.warnings.services import feedback

        feedback(self._head if self.episode.climb else self._watch, self.warning.pk, "措施到位，读数回落")

    def _close(self) -> None:
        from shoutu.county.people import proposals
        from shoutu.county.sites.operation import waiting
        from shoutu.county.warnings.services import close, resume_work

        warning, going = self.warning, self._evacuation()
        if going is not None:
            resume_work(self._officer, going.pk, "现场验收合格，同意复工")
            for proposal in waiting(self.point.site):
                proposals.agree(self.stage.actors["leader"], proposal)
        close(self._officer, warning.pk, "现场复核正常")
