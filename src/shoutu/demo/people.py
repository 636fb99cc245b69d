"""Territories, bodies, posts, people by post, accounts, responsibility and the roster of the demo county."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.models import Person, Post, Responsibility, Rung, User
from shoutu.county.people.selectors.chain import running
from shoutu.county.people.services import (
    assign_responsibility,
    create_obligation,
    create_person,
    create_post,
    create_user,
    hold_post,
    plan_shift,
    replace_on_shift,
    sign_in,
)
from shoutu.county.people.services.shifts import overlapping
from shoutu.county.places.models import Organisation, Territory
from shoutu.county.places.services import create_organisation, create_territory
from shoutu.demo.county import COUNTY, PASSWORD, TOWNSHIPS, DemoPond

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIFT_HOURS = (8, 20)
ROSTER_DAYS = 30
OTHER_WATCH = ("乙", "丙", "丁")
"""Who shares the county's watch with the login `duty`, by number."""
DEPARTMENTS = [
    ("县自然资源局", "矿产监管股长", ["underground_mine", "open_pit"]),
    ("县水利局", "防汛股长", ["tailings_pond"]),
    ("县工业和信息化局", "安全股长", ["plant", "dust_gas", "fuel_station", "other"]),
]
"""Department, post, and the kinds of sites it answers for beside the emergency bureau."""
MAIN_LOGINS = {
    "leader", "duty", "inspector", "admin", "auditor", "water", "rescue", "town1", "mine1", "head1", "mine2", "head2",
}  # fmt: skip
"""Those printed at the start, one for each role and the story's; the others stand on the login page."""


class Cast:
    """Makes each body, post and account once and remembers it by name."""

    def __init__(self) -> None:
        self.logins: list[dict[str, str]] = []
        self.territories: dict[str, Territory] = {}
        self.organisations: dict[str, Organisation] = {}
        self.posts: dict[tuple[str, str], Post] = {}

    def lay_out_county(self) -> None:
        """The tree of territories and the county's and townships' bodies with their posts and logins."""
        name, code = COUNTY
        root = create_territory(SYSTEM, name, code=code)
        self.territories[name] = root
        for township, township_code in TOWNSHIPS:
            self.territories[township] = create_territory(SYSTEM, township, root, township_code)
        government = self.body("县政府", Organisation.Kind.GOVERNMENT, root)
        bureau = self.body("县应急管理局", Organisation.Kind.GOVERNMENT, root)
        leader = self.seat(government, "带班县领导", "leader", login="leader", role="leader")
        duty = self.seat(bureau, "值班员", "county_duty", on_shift=True, login="duty", role="duty_officer")
        for rank, letter in enumerate(OTHER_WATCH, 1):
            self.join(duty, f"{bureau.name}值班员{letter}", rank, login=f"duty{rank + 1}", role="duty_officer")
        mines = self.seat(bureau, "矿山监管股长", "inspector", login="inspector", role="inspector", territory=root)
        self.seat(bureau, "系统管理员", "administrator", login="admin", role="administrator")
        discipline = self.body("县纪委监委", Organisation.Kind.GOVERNMENT, root)
        self.seat(discipline, "监督检查室", "auditor", login="auditor", role="auditor")
        self.answer(leader, Responsibility.Kind.OVERALL, Rung.COUNTY_LEADER, territory=root)
        self.answer(duty, Responsibility.Kind.OVERALL, Rung.COUNTY_DUTY, territory=root)
        self.answer(mines, Responsibility.Kind.SECTOR, Rung.OVERSIGHT, territory=root)
        for number, (township, _code) in enumerate(TOWNSHIPS, 1):
            body = self.body(f"{township}政府", Organisation.Kind.TOWNSHIP, self.territories[township])
            head = self.seat(
                body, "安监站长", "township_head", login=f"town{number}", role="township",
                territory=self.territories[township],
            )  # fmt: skip
            self.answer(head, Responsibility.Kind.TERRITORIAL, Rung.TOWNSHIP_HEAD, territory=self.territories[township])
            self.pledge(head)

    def staff_enterprise(self, pond: DemoPond, number: int) -> Organisation:
        """The enterprise's own two rungs: 库长 on duty and 矿长."""
        township = self.territories[pond.township]
        enterprise = self.body(pond.enterprise, Organisation.Kind.ENTERPRISE, township)
        login = f"mine{number}" if pond.duty_post_filled else ""
        keeper = self.seat(enterprise, "尾矿库库长", "pond_keeper", login=login, role="enterprise", filled=bool(login))
        principal = self.seat(enterprise, "矿长", "principal", login=f"head{number}", role="principal")
        kind = Responsibility.Kind.ENTERPRISE
        self.answer(keeper, kind, Rung.ENTERPRISE_DUTY, organisation=enterprise)
        self.answer(principal, kind, Rung.ENTERPRISE_PRINCIPAL, organisation=enterprise)
        return enterprise

    def staff(self, name: str, township: str, number: int, kinds: set[str]) -> None:
        """An enterprise's two rungs, titled as its trade does, each with an account of its own."""
        mine = kinds & {"underground_mine", "open_pit"}
        enterprise = self.body(name, Organisation.Kind.ENTERPRISE, self.territories[township])
        watch = self.seat(
            enterprise,
            "调度室值班员" if mine else "安全员",
            "enterprise_duty",
            login=f"mine{number}",
            role="enterprise",
        )
        head = self.seat(
            enterprise, "矿长" if mine else "主要负责人", "principal", login=f"head{number}", role="principal"
        )
        kind = Responsibility.Kind.ENTERPRISE
        self.answer(watch, kind, Rung.ENTERPRISE_DUTY, organisation=enterprise)
        self.answer(head, kind, Rung.ENTERPRISE_PRINCIPAL, organisation=enterprise)

    def share_out(self) -> None:
        """The departments that answer for a trade (三管三必管), and the county leaders linked to townships (包保)."""
        root = self.territories[COUNTY[0]]
        for name, title, sectors in DEPARTMENTS:
            body = self.body(name, Organisation.Kind.GOVERNMENT, root)
            # One department has an account; the others are reached by none, which is found.
            own = name == "县水利局"
            seat = self.seat(
                body, title, "sector_duty", login="water", role="department", account=own, territory=root,
                sectors=sectors,
            )  # fmt: skip
            self.answer(seat, Responsibility.Kind.SECTOR, Rung.OVERSIGHT, territory=root, sectors=sectors)
        team = self.body("县矿山救护队", Organisation.Kind.RESCUE, root)
        lead = self.seat(team, "队长", "rescue_lead", login="rescue", role="rescue_lead")
        self.answer(lead, Responsibility.Kind.RESCUE, Rung.RESCUE_LEAD, territory=root)
        government = self.organisations["县政府"]
        for number, (township, _code) in enumerate(TOWNSHIPS, 1):
            seat = self.seat(government, f"{township}包联县领导", "linked", login=f"link{number}", role="leader")
            self.answer(seat, Responsibility.Kind.LINKED, Rung.OVERSIGHT, territory=self.territories[township])

    def body(self, name: str, kind: str, territory: Territory) -> Organisation:
        if name not in self.organisations:
            self.organisations[name] = create_organisation(SYSTEM, name, kind, territory)
        return self.organisations[name]

    def seat(
        self,
        body: Organisation,
        title: str,
        kind: str,
        *,
        login: str,
        role: str,
        on_shift: bool = False,
        filled: bool = True,
        account: bool = True,
        territory: Territory | None = None,
        sectors: Sequence[str] = (),
    ) -> Post:
        """A post, whoever fills it (named by the post), and their account."""
        post = create_post(SYSTEM, body, title, kind=kind, on_shift=on_shift)
        self.posts[(body.name, title)] = post
        if not filled:
            return post
        person = create_person(SYSTEM, f"{body.name}{title}", organisation=body)
        hold_post(SYSTEM, post, person)
        if not account:
            return post
        # Bound to their own body; a department's too, whose inner affairs it alone sees.
        own = body if role in ("enterprise", "principal", "department", "rescue_lead") else None
        create_user(
            SYSTEM, login, role, PASSWORD, display=f"{body.name}{title}", person=person,
            organisation=own, territory=territory, sectors=sectors, is_demo=True,
        )  # fmt: skip
        if login in MAIN_LOGINS:
            self.logins.append({"username": login, "password": PASSWORD, "post": f"{body.name}{title}"})
        return post

    def join(self, post: Post, name: str, rank: int, *, login: str, role: str) -> None:
        """One more who holds a post in turn with the first, and their account."""
        person = create_person(SYSTEM, name, organisation=post.organisation)
        hold_post(SYSTEM, post, person, rank=rank)
        create_user(SYSTEM, login, role, PASSWORD, display=name, person=person, is_demo=True)

    def pledge(self, post: Post) -> None:
        """The year's 责任书, due soon so that the demo shows one."""
        create_obligation(
            SYSTEM, post, "pledge", "年度安全生产目标责任书", "演示：县安委会年度目标责任（以本县文件为准）", "year",
            timezone.localdate() + timedelta(days=12), party="县政府",
            text="属地监管、隐患排查、应急值守和叫应，各项以本县下发的责任书文本为准。",
        )  # fmt: skip

    def answer(self, post: Post, kind: str, rung: int, **scope: Any) -> None:
        assign_responsibility(SYSTEM, post, kind, rung, **scope)


def keep_roster(now: datetime | None = None) -> None:
    """See to it that the county's watch is rostered for the days ahead and that its login is on duty now.

    By day on workdays it is the login's, else the others' in turn; whichever runs at a start is the login's, or
    whoever looks would find nobody called.
    """
    now = now or timezone.now()
    post = Post.objects.get(kind="county_duty")
    own = Person.objects.get(user__username="duty")
    # A county loaded before there were others has one.
    others = list(Person.objects.filter(holdings__post=post).exclude(pk=own.pk).order_by("holdings__rank")) or [own]
    local = now.astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)
    start = local.replace(hour=SHIFT_HOURS[0]) - timedelta(days=1)
    for _half_day in range(2 * (ROSTER_DAYS + 1)):
        end = start + timedelta(hours=12)
        if end > now and not overlapping(start, end).filter(post=post).exists():
            plan_shift(SYSTEM, post, own if start <= now else _on_watch(start, own, others), start, end)
        start = end
    current = running(now).filter(post=post, signed_out_at=None).order_by("starts_at", "id").last()
    if current is not None and current.person_id != own.pk:
        current = replace_on_shift(SYSTEM, current, own, "演示账号接班")
    if current is not None and current.signed_in_at is None:
        sign_in(SYSTEM, current)


def _on_watch(start: datetime, own: Person, others: Sequence[Person]) -> Person:
    """Whose a shift is by the rota; a later start goes on with the turns as they were."""
    if start.hour == SHIFT_HOURS[0] and start.weekday() < 5:
        return own
    return others[(2 * start.toordinal() + (start.hour != SHIFT_HOURS[0])) % len(others)]


def demo_users_exist() -> bool:
    return User.objects.filter(is_demo=True).exists()
