"""One of each kind of thing an address can name, at a mine; and what a request's body is filled with.

A new kind of thing in an address (`/api/v1/drills/{id}`) needs a line in `_at`: the key is the part of the address
that names it, `drills/{id}`.
"""

from __future__ import annotations

import itertools
from datetime import time, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Call, Duty, Finding, Notice
from shoutu.county.duties.services.links import token_of
from shoutu.county.exchange.models import Import
from shoutu.county.falsified.models import Finding as Suspect
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.papers import files as papers_files
from shoutu.county.papers import services as papers
from shoutu.county.papers.services import documents
from shoutu.county.people import services as people
from shoutu.county.people.models import (
    ApiToken,
    Handover,
    Holding,
    ObligationDue,
    Person,
    Proposal,
    Responsibility,
    Rung,
    Shift,
)
from shoutu.county.people.testing import PASSWORD, actor
from shoutu.county.places import services as places
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import (
    BlastingWindow,
    EnterpriseQuality,
    PointQuality,
    QualityDay,
    Signal,
    Unclaimed,
)
from shoutu.county.warnings import pictures
from shoutu.county.warnings import services as warnings
from shoutu.county.warnings.models import Evacuation, Group, Membership, Warning
from shoutu.county.warnings.services.orders import Draft as Ordered
from shoutu.county.warnings.services.reports_sending import Target
from shoutu.county.weather import services as weather
from tests.county.access.walk import photograph

NUMBERS = itertools.count(1)
STRICT = {"levels": {"4": 6.0}, "direction": "low"}
WEAK = {"levels": {"4": 5.0}, "direction": "low"}


def twofold(county: SimpleNamespace) -> SimpleNamespace:
    """The county with `own` (things of 甲矿) and `foreign` (things of 乙矿): name → id."""
    county.number = "13800001234"
    # One channel for the whole county, and the only one.
    duties.allow_endpoint(SYSTEM, "https", "sms.example.cn")
    county.channel = duties.add_channel(SYSTEM, "短信", "operator_sms", {"url": "https://sms.example.cn/send"})
    county.asker = people.create_user(SYSTEM, "asker", "inspector", PASSWORD, territory=county.territory)
    county.own = _at(county, county.site, county.mine, county.posts["principal"], "enterprise", county.east)
    post_b = county.posts["enterprise_b"]
    county.foreign = _at(county, county.site_b, county.mine_b, post_b, "enterprise_b", county.west)
    team = county.team = places.create_organisation(SYSTEM, "县矿山救援队", "rescue", county.territory)
    posts = people.create_post(SYSTEM, team, "救援队长")
    water = county.water = places.create_organisation(SYSTEM, "县水利局", "government", county.territory)
    for name, more in {
        "department": {"territory": county.territory, "sectors": ["tailings_pond"], "organisation": water},
        "rescue_lead": {"organisation": team},
    }.items():
        person = people.create_person(SYSTEM, f"某{name}某", organisation=more["organisation"])
        county.users[name] = people.create_user(SYSTEM, name, name, PASSWORD, person=person, **more)
        county.persons[name] = person
    people.hold_post(SYSTEM, posts, county.persons["rescue_lead"])
    duty = Duty.objects.get(pk=county.own["duties/{id}"])
    Call.objects.create(
        duty=duty, round=duty.round, rung=90, who="rescue", post=posts, person=county.persons["rescue_lead"],
        state="calling", called_at=timezone.now(), due_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    _in_the_government(county)
    for one in Person.objects.all():
        Person.objects.filter(pk=one.pk).update(phone=f"1390000{one.pk:04d}")
    for one in county.persons.values():
        one.refresh_from_db(fields=["phone"])
    for name, user in county.users.items():
        people.create_api_token(SYSTEM, user, f"{name} 的令牌")
    return county


def _in_the_government(county: SimpleNamespace) -> None:
    """What the government keeps to itself, and what it does about 乙矿: nothing of it is 甲矿's to see."""
    now, day = timezone.now(), timedelta(days=1)
    watch = county.posts["duty_officer"]
    people.assign_responsibility(SYSTEM, watch, "linked", Rung.OVERSIGHT, site=county.site_b, until=now + 5 * day)
    people.assign_responsibility(SYSTEM, watch, "linked", Rung.OVERSIGHT, organisation=county.mine_b)
    shift = Shift.objects.create(
        post=watch, person=county.persons["duty_officer"], starts_at=now - 3 * day, ends_at=now - 2 * day,
        signed_in_at=now - 3 * day,
    )  # fmt: skip
    Handover.objects.create(shift=shift, note="乙矿坝面在修")
    people.start_leave(SYSTEM, county.persons["duty_officer"], "sick", now + 2 * day)
    people.create_obligation(
        SYSTEM, watch, "list", "每月到乙矿检查", "责任清单第 5 条", "once", timezone.localdate() + day
    )
    people.open_due()
    late = Duty.objects.get(pk=county.foreign["duties/{id}"])
    duties.raise_alarm(f"unanswered:{late.pk}", "duty.unanswered", f"{late.title}：乙矿无人应答", ref(late))
    duties.raise_alarm("aside", "signal.aside", "有一条预警信号无法处理：乙矿")


def own_token(user: Any) -> int:
    return ApiToken.objects.filter(owner=user).earliest("id").pk


def _signal(point: Any, rule: Any, source: Any, site: Any) -> dict[str, Any]:
    n, now = next(NUMBERS), int(timezone.now().timestamp() * 1000)
    return {
        "id": f"{n:032x}", "shard": 0, "seq": n, "ordinal": 0, "rule": rule.pk, "rule_version": 1, "point": point.pk,
        "source": source.pk, "site": site.pk, "item": point.item, "kind": "threshold", "category": "risk",
        "type": "level", "from": 0, "to": 4, "event_ts": now, "received_ts": now, "value": 5.5, "threshold": 6.0,
        "window_start": now - 60_000, "aux": None, "flags": [],
    }  # fmt: skip


def _at(county: SimpleNamespace, site: Any, mine: Any, post: Any, holder: str, territory: Any) -> dict[str, Any]:
    now, day = timezone.now(), timedelta(days=1)
    person = county.persons[holder]
    source = sites.create_source(SYSTEM, f"{mine.name}网关", site)
    token, _text = sites.create_token(SYSTEM, source, "网关")
    point = sites.create_point(
        SYSTEM, site, source, "JR-03", name=f"{mine.name} JR-03", item="phreatic_depth", unit="m", danger="low"
    )
    rule = sites.create_rule(SYSTEM, point, "threshold", STRICT, "设计")
    sites.receive([_signal(point, rule, source, site)])
    warnings.take_in()
    warning = Warning.objects.get(site=site)
    evacuation = Evacuation.objects.get(site=site)
    # Asked for by somebody else than those who walk: each of them may be the second person.
    sites.propose(actor(county.asker), rule, "放宽", WEAK)
    unclaimed = Unclaimed.objects.create(
        source=source, address="JR-99", count=1, first_at=now, last_at=now, reason="unknown"
    )
    finding = Finding.objects.create(
        kind="test.gap", key=f"test:{site.pk}", site=site, about_type="site", about_id=site.pk,
        about_label=site.name, message=f"{site.name} 缺一项", found_at=now,
    )  # fmt: skip
    leave = people.start_leave(SYSTEM, person, "trip", now + 9 * day)
    watch = people.create_post(SYSTEM, mine, "调度室", kind="duty", on_shift=True)
    people.hold_post(SYSTEM, watch, person)
    holding = Holding.objects.get(post=watch)
    shift = people.plan_shift(SYSTEM, watch, person, now + 20 * day, now + 20 * day + timedelta(hours=8))
    other = people.plan_shift(SYSTEM, watch, person, now + 21 * day, now + 21 * day + timedelta(hours=8))
    past = Shift.objects.create(
        post=watch, person=person, starts_at=now - 2 * day, ends_at=now - day, signed_in_at=now - 2 * day
    )
    handover = Handover.objects.create(shift=past, note=f"{mine.name}水泵在修")
    obligation = people.create_obligation(
        SYSTEM, post, "list", "每月检查", "责任清单第 3 条", "once", timezone.localdate() + day
    )
    people.open_due()
    silence = warnings.ask_silence(
        actor(county.asker), kind="silence", reason="检修", starts_at=None, ends_at=now + timedelta(minutes=20),
        point=point.pk, alone=True,
    )  # fmt: skip
    spell = weather.take(
        SYSTEM,
        weather.Draft(
            key=f"k{site.pk}", door="hand", type="rainstorm", level=3, sender="县气象台", identifier=f"id-{site.pk}",
            townships=[territory.pk], headline="暴雨预警", text="雨", ends_at=now + timedelta(hours=6),
        ),
    )  # fmt: skip
    office = warnings.set_superior(SYSTEM, f"市局第{site.pk}专班", "city", phone="值班电话")
    told = warnings.send_report(
        SYSTEM, f"r{site.pk}", "first", "初报", "情况", [Target(office.pk, "phone", "值班室")], warning_id=warning.pk
    )
    order = warnings.enter_order(
        SYSTEM,
        Ordered(f"o{site.pk}", "hand", "市局", "查尾矿库", "今晚查完", site=site.pk, due_at=now + day),
        [watch.pk],
    )
    licence = papers.enter_licence(
        SYSTEM, mine.pk, "safety_permit",
        papers.Content(f"证{site.pk}", "省应急管理厅", timezone.localdate(), timezone.localdate() + 400 * day), site.pk,
    )  # fmt: skip
    paper = papers_files.keep(b"%PDF-1.7\n" + mine.name.encode() + b"\n%%EOF\n")
    drawing = papers_files.keep(photograph().read() + mine.name.encode() + b"\xff\xd9")
    document = documents.add_document(SYSTEM, ref(site), "drawing", f"{mine.name}总平面图", drawing, "总平面图.jpg")
    documents.add_document(SYSTEM, ref(mine), "system", f"{mine.name}章程", paper, "章程.pdf")
    evidence = warnings.add_evidence(SYSTEM, warning.pk, pictures.keep(photograph().read()), "camera")
    warnings.set_care(SYSTEM, rule.pk, watch.pk, timezone.localdate() + day, None)
    contact = duties.set_contact(SYSTEM, person, "短信", channel=county.channel, address=county.number)
    duties.test_contact(SYSTEM, contact)
    duty = Duty.objects.filter(site=site).earliest("id")
    window = BlastingWindow.objects.create(
        site=site, weekdays=[0], start=time(12), end=time(13), first_day=timezone.localdate(),
        last_day=timezone.localdate() + 30 * day, reason="放炮", set_by="安监站长", recorded_at=now,
    )  # fmt: skip
    # A file belongs to whoever sent it: this one to the administrator, that one to nobody who walks.
    sender = county.users["administrator"] if site == county.site else county.asker
    sent = Import.objects.create(
        table="organisations", user_id=sender.pk, language="zh-hans", file="单位.xlsx", size=1, sha256="0" * 64,
        state="checked", created_at=now, plan="试一试",
    )  # fmt: skip
    group = Group.objects.create(kind="merged", title=warning.number, lead=warning, begun_at=now, last_at=now)
    Membership.objects.create(group=group, warning=warning, joined_at=now)
    yesterday = timezone.localdate() - day
    QualityDay.objects.get_or_create(day=yesterday, defaults={"started_at": now, "finished_at": now})
    rates = {"online": 0.5, "complete": 0.5, "counted_s": 86_400, "online_s": 43_200, "away_s": 0, "implausible": 0}
    PointQuality.objects.create(
        point=point, site=site, day=yesterday, stopped_s=0, readings=9, expected=9, covered=4, **rates
    )
    EnterpriseQuality.objects.create(
        organisation=mine, day=yesterday, ranked=2, points=1, judged=1, poor=1, stuck_s=0, rank=1, **rates
    )
    suspect = Suspect.objects.create(
        site=site, point=point, kind="smooth", day=yesterday, last_day=yesterday, start=0, end=9, readings=9, bits=9,
        zh="读数过于平滑", en="too smooth", found_at=now,
    )  # fmt: skip
    stuck = Signal.objects.create(uid=f"stuck {site.pk}", body={}, received_at=now, state="aside")
    return {
        "imports/{id}": sent.pk,
        "signals/{id}": stuck.pk,
        "channels/{id}": county.channel.pk,
        "contacts/{id}": contact.pk,
        "answer-links/{token}": token_of(Notice.objects.filter(call__duty=duty).earliest("id")),
        "blasting/{window}": window.pk,
        "warning-groups/{id}": group.pk,
        "evidence/{id}": evidence.pk,
        "falsified/{id}": suspect.pk,
        "licences/{id}": licence.pk,
        "documents/{id}": document.pk,
        "versions/{number}": 1,
        "superiors/{id}": office.pk,
        "reports/{id}": told.pk,
        "dispatches/{id}": told.dispatches.get().pk,
        "orders/{id}": order.pk,
        "silences/{id}": silence.pk,
        "weather/{id}": spell.event_id,
        "messages/{id}": spell.pk,
        "sites/{id}": site.pk,
        "organisations/{id}": mine.pk,
        "territories/{id}": territory.pk,
        "sources/{id}": source.pk,
        "tokens/{token}": token.pk,
        "points/{id}": point.pk,
        "rules/{id}": rule.pk,
        "changes/{version}": 2,
        "proposals/{id}": Proposal.objects.get(site=site).pk,
        "unclaimed/{id}": unclaimed.pk,
        "warnings/{id}": warning.pk,
        "evacuations/{id}": evacuation.pk,
        "duties/{id}": duty.pk,
        "findings/{id}": finding.pk,
        "ledger/{id}": Entry.objects.filter(subject_type="site", subject_id=site.pk).earliest("id").pk,
        "posts/{id}": watch.pk,
        "persons/{id}": person.pk,
        "users/{id}": county.users[holder].pk,
        "holdings/{id}": holding.pk,
        "leaves/{id}": leave.pk,
        "responsibilities/{id}": Responsibility.objects.filter(post__organisation=mine).earliest("id").pk,
        "obligations/{id}": obligation.pk,
        "dues/{id}": ObligationDue.objects.get(obligation=obligation).pk,
        "shifts/{id}": shift.pk,
        "handovers/{id}": handover.pk,
        "other shift": other.pk,
    }
