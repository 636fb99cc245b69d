"""What duties tells the rest: its subjects, its words, its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import (  # obligations: listens; words: registers the words of entries
    auditor,
    kinds,
    obligations,  # noqa: F401
    sheets,  # noqa: F401
    sheets_lists,  # noqa: F401
    words,  # noqa: F401
)
from shoutu.county.duties.holes import AGAIN as HOLE_AGAIN
from shoutu.county.duties.holes import HOLE, county, holes_of
from shoutu.county.duties.holes import LANE as HOLE_LANE
from shoutu.county.duties.models import OPEN, Contact, Duty, Finding, PolicyText, State
from shoutu.county.duties.selectors import my_figures, open_alarms
from shoutu.county.duties.selectors.lists import alarms_for, duty_urls
from shoutu.county.duties.selectors.numbers import LANE as NUMBER_LANE
from shoutu.county.duties.selectors.numbers import NUMBER, unanswered
from shoutu.county.duties.selectors.numbers import bodies as rostered_bodies
from shoutu.county.duties.services import policies
from shoutu.county.duties.services.reachable import LANE, UNREACHABLE, bodies, missed_last, unreachable
from shoutu.county.kit import actors, events, findings, status, subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import among
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people import reach

subjects.register(
    "duty",
    title="责任",
    label=subjects.name_in(Duty, "title"),
    labels=subjects.names_in(Duty, "title"),
    url=lambda id: duty_urls({id}).get(id, ""),
    urls=duty_urls,
    visible=lambda actor: Duty.objects.visible_to(actor),
    parts=Duty.parts,
    seen_by=lambda actor: actor.scope if actor.scope.all else actor,
    search=subjects.words_in(Duty, "site__name"),
)
subjects.register(
    "finding",
    title="缺项",
    label=subjects.name_in(Finding, "message"),
    labels=subjects.names_in(Finding, "message"),
    url=lambda id: f"/findings/{id}",
    visible=lambda actor: Finding.objects.visible_to(actor),
    seen_by=subjects.by_scope,
    search=subjects.words_in(Finding, "message", "site__name"),
)
subjects.register(
    "policy_text",
    title="响应方案",
    label=subjects.name_in(PolicyText, "title"),
    labels=subjects.names_in(PolicyText, "title"),
    url=lambda _id: "",
    visible=lambda actor: PolicyText.objects.all() if actor.scope.all else PolicyText.objects.none(),
    seen_by=subjects.by_scope,
    search=subjects.words_in(PolicyText, "title"),
)
# Contacts and the allow-list stay unregistered: only who sees the whole county sees entries about them.
subjects.register("alarm", title="告警", label=lambda id: f"告警 {id}", url=lambda _id: "", visible=alarms_for)

findings.register(
    findings.Kind(
        UNREACHABLE, _("叫不到的人"), check=unreachable, subjects=bodies, lane=LANE, verb=_("登记通道"),
        finished_in=_("登记通道并试叫应答后自动了结"),
    )
)  # fmt: skip
findings.register(
    findings.Kind(
        NUMBER, _("没应答过的值班号码"), check=unanswered, subjects=rostered_bodies, lane=NUMBER_LANE,
        verb=_("核对号码"), finished_in=_("试叫有人应答后自动了结"),
    )
)  # fmt: skip
findings.register(
    findings.Kind(
        HOLE, _("责任漏洞"), check=holes_of, subjects=county, lane=HOLE_LANE, verb=_("补责任"),
        finished_in=_("在人员、责任、值班里补上后自动了结"), again=HOLE_AGAIN,
    )
)  # fmt: skip


@events.on("responsibility.changed")
@events.on("roster.changed")
def _look_for_holes(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    findings.touch(HOLE, *county())


@actors.called_sites_by
def _called_to(person_id: int | None, posts: tuple[int, ...]) -> tuple[int, ...]:
    nobody = Q(pk__in=[])
    calls = Q(calls__post_id__in=posts) | (Q(calls__person_id=person_id) if person_id else nobody)
    held = Q(post_id__in=posts) | (Q(person_id=person_id) if person_id else nobody)
    staying = held & Q(state=State.DONE, kind__in=kinds.staying())
    found = Duty.objects.filter((calls & Q(state__in=OPEN)) | staying, site__isnull=False)
    return tuple(found.values_list("site_id", flat=True).distinct())


status.door("/?view=late", "duty.read", "duty.missed", "duties.climb", "duties.overdue", "duties.end_informed")
status.door(
    "/channels", "channel.read", "notice.stuck", "duties.farewells", "duties.deliver", "duties.collect", "duties.trials"
)
status.door("/proposals", "policy.agree", "policy.waits", "duties.policies")
status.door("/findings", "duty.read", "findings.look", "findings.sweep")


@status.contribute
def _figures(actor: Actor) -> dict[str, Any]:
    return {**my_figures(actor), "alarms": open_alarms(actor)}


@reach.channel
def _outside(persons: set[int]) -> set[int]:
    """Whoever has an address of their own beside the application, that did not stay silent when it was last tested."""
    rows = Contact.objects.filter(among("person_id", persons), enabled=True).exclude(channel__enabled=False)
    own = dict(rows.values_list("pk", "person_id"))
    silent = missed_last(own)
    return persons & {person for contact, person in own.items() if contact not in silent}


@auditor.check
def _policy_waits(now: datetime) -> Iterator[auditor.Finding]:
    """A response pack was changed on disk, and two persons have not agreed: people are called by the one before."""
    told = {
        "waits": gettext("%(what)s文件改了，等两个人同意，同意以前仍按原来的叫应"),
        "refused": gettext("%(what)s文件改了，没有获得同意，仍按原来的叫应：把文件改回，或者改成别的再提"),
        "unreadable": gettext("%(what)s：这一版本读不了原来同意的，没经两人同意就先照磁盘上读得了的文件叫应，尽快复核"),
    }
    for source, how in policies.waiting():
        yield auditor.Finding(f"audit:policy_waits:{source.kind}", "policy.waits", told[how] % {"what": source.title})
