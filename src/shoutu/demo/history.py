"""A week of warnings, played through the county's own inbox, services and ladders at the times they would have run.

Each episode is what the engine says to the week's readings (`week`): a signal that rises, people who answer, verify,
act and close, and a signal that falls. The signals say so themselves (`demo` in their flags); the ledger's entries bear
the times of the week.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from shoutu.demo.clock import set_to
from shoutu.demo.episodes import EPISODES, Episode
from shoutu.demo.sites import demo_sites

Signal = dict[str, Any]


def happening(points: Mapping[str, int]) -> dict[int, Episode]:
    """What happens at which point, given the points' ids by address."""
    sites = {site.key: site for site in demo_sites()}
    return {
        points[next(one.address for one in sites[episode.site].sensors if one.item == episode.item)]: episode
        for episode in EPISODES
    }


def play(began: datetime, now: datetime, episodes: Mapping[int, Episode], signals: Sequence[Signal]) -> None:
    """Run all episodes in the order of time, from when the county began up to now: who did what about each signal."""
    stage = _Stage(began)
    for signal in signals:
        stage.then(_came(signal), partial(_take_in, signal))
    for number, (point, episode) in enumerate(episodes.items(), 1):
        stage.script(number, episode, point, [one for one in signals if one["point"] == point])
    stage.answer_gaps()
    while stage.agenda:
        at, _order, act = heapq.heappop(stage.agenda)
        if at < now:
            with set_to(at):
                act()


def _came(signal: Signal) -> datetime:
    return datetime.fromtimestamp(signal["received_ts"] / 1000, UTC)


def _take_in(signal: Signal) -> None:
    """One change of level as the engine tells it, taken in at once."""
    from shoutu.county.sites.services import receive
    from shoutu.county.warnings.services import take_in

    receive([signal])
    take_in()


class _Stage:
    """The agenda of what is to happen, and whoever acts."""

    def __init__(self, began: datetime) -> None:
        from shoutu.county.people.identity import actor_of_user
        from shoutu.county.people.models import User
        from shoutu.county.sites.models import Point

        self.began = began
        self.agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self.order = 0
        self.points = {point.pk: point for point in Point.objects.select_related("site__organisation")}
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

    def script(self, number: int, episode: Episode, point_id: int, signals: Sequence[Signal]) -> None:
        """All acts of one episode, between the first signal of its level and the one that ends it."""
        category, level = ("fault", 1) if episode.course == "fault" else ("risk", episode.level)
        mine = [one for one in signals if one["category"] == category]
        told = next((one for one in mine if one["to"] >= level), None)
        if told is None or mine[-1]["to"] != 0:
            raise RuntimeError(f"the engine did not say what the demo tells of: {episode}, but {mine}")
        start, end = _came(told), _came(mine[-1])

        def at(minutes: float) -> datetime:
            return start + timedelta(minutes=minutes)

        _Play(self, episode, self.points[point_id], at, f"demo:{number}").plan((end - start).total_seconds() / 60)

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


@dataclass
class _Play:
    """One episode on the stage."""

    stage: _Stage
    episode: Episode
    point: Any
    at: Callable[[float], datetime]
    key: str

    def plan(self, end: float) -> None:
        """Put every act of it on the agenda; the level falls `end` minutes after it was told."""
        one, then = self.episode, self.stage.then
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
            if not one.climb:
                # He is called to get people out.
                then(self.at(first - 1), lambda: self._answer(self._head))
            then(self.at(first + 1), self._count)
            then(self.at(first + 7), self._all_out)
        if one.course in ("real", "late", "closable"):
            then(self.at(verified + 5), self._dispose)
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
        from shoutu.county.warnings.services.reports_sending import Target

        warning = Warning.objects.filter(site=self.point.site, item=self.point.item).latest("id")
        told = drafting.of_warning(self._officer, warning)
        known, signed = told["text"].rsplit("\n", 1)
        then = "下一步：加密观测，专人盯守。" if warning.closed_at is None else "转入日常监测。"
        text = "\n".join([known, then, signed])
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
