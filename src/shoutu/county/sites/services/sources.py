"""Sources and the tokens that speak for them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.services import check_findings
from shoutu.county.kit import steps
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.deaf import DEAF
from shoutu.county.sites.models import IngestToken, Point, Source
from shoutu.county.sites.services.publishing import publish_source


@service
def create_source(actor: Actor, name: str, site: Site | None = None, *, trusted: bool = False) -> Source:
    """A new sender. Raises NotAllowed, Invalid for a name that is empty or taken."""
    actor.require("source.manage")
    if not name.strip() or len(name) > 80:
        raise Invalid("name", _("1 到 80 个字"))
    if Source.objects.filter(name=name.strip()).exists():
        raise Invalid("name", _("没有被占用的名字"))
    source = Source.objects.create(name=name.strip(), site=site, trusted=trusted)
    record(actor, "source.created", ref(source), {"name": source.name, "site": source.site_id, "trusted": trusted})
    publish_source(source)
    return source


@service
def county_source(actor: Actor) -> Source:
    """The county's own source, which addresses any point by its id; made when first asked for."""
    source = Source.objects.filter(trusted=True).order_by("id").first()
    if source is None:
        return create_source(actor, "county", trusted=True)
    unchanged()
    return source


@service
def create_token(actor: Actor, source: Source, name: str) -> tuple[IngestToken, str]:
    """A token for a source, usable within 2 s. The text is returned once, never kept. Raises NotAllowed, Invalid."""
    actor.require("source.manage")
    if not name.strip() or len(name) > 80:
        raise Invalid("name", _("1 到 80 个字"))
    lock_sites(sites_of(source.pk))
    text = "shi_" + secrets.token_urlsafe(32)
    token = IngestToken.objects.create(source=source, name=name.strip(), hash=hashlib.sha256(text.encode()).hexdigest())
    record(actor, "source.token_created", ref(source), {"token": token.pk, "name": token.name})
    publish_source(source)
    note_hearing(actor, source)
    return token, text


MN = re.compile(r"[A-Za-z0-9_.:-]{1,40}\Z")
PASSWORD = re.compile(r"[A-Za-z0-9]{6,20}\Z")
PASSWORD_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


@service
def create_station(actor: Actor, source: Source, mn: str, name: str, password: str = "") -> tuple[IngestToken, str]:
    """Register a data logger (HJ 212) with a source: its MN, and the password set in it, or a new one of six signs.

    The password is returned once, never kept. Raises NotAllowed, Invalid, also for an MN that is registered already.
    """
    actor.require("source.manage")
    if source.trusted:
        raise Invalid("source", _("企业或网关的数据源；县自有来源按测点编号发，数采仪不能用"))
    if not name.strip() or len(name) > 80:
        raise Invalid("name", _("1 到 80 个字"))
    if not MN.match(mn):
        raise Invalid("mn", _("1 到 40 个字母、数字或 _ . : -，和数采仪里的 MN 一样"))
    if password and not PASSWORD.match(password):
        raise Invalid("password", _("6 到 20 个字母或数字，和数采仪里的 PW 一样"))
    if (other := IngestToken.objects.filter(mn=mn, revoked_at__isnull=True).first()) is not None:
        raise Invalid("mn", _("没有登记过的 MN；它已经登记在 %(source)s") % {"source": other.source.name})
    lock_sites(sites_of(source.pk))
    text = password or "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(6))
    token = IngestToken.objects.create(source=source, name=name.strip(), mn=mn, hash=station_hash(mn, text))
    record(actor, "source.station_registered", ref(source), {"token": token.pk, "name": token.name, "mn": mn})
    publish_source(source)
    note_hearing(actor, source)
    return token, text


def station_hash(mn: str, password: str) -> str:
    """As the pipeline's door computes it (`sensing.directory`): no token's text can have this form."""
    return hashlib.sha256(f"hj212\0{mn}\0{password}".encode()).hexdigest()


class Revocation(NamedTuple):
    """What came of revoking a token: at most one of a replacement's text and a proposal that waits."""

    token: IngestToken
    replacement: str | None
    proposal: Proposal | None


@service
def revoke_token(actor: Actor, token: IngestToken, reason: str, *, replacement: str = "") -> Revocation:
    """End a token within 2 s.

    At once where the source can still be heard: another token of it is valid, a `replacement` of that name is made in
    the same step (its text is returned once), or no rule watches a point of it. So a token that got about can always
    be ended at once. Ending the last token of a source that is watched would silence it: that waits for a second
    person, and so does the end of a device that spoke for watched points, as no token speaks for it. Raises
    NotAllowed, Invalid without a reason or for a device's `replacement`, Conflict when it has ended already.
    """
    actor.require("source.manage")
    check_reason(reason)
    source = locked(token.source_id)
    token = IngestToken.objects.select_for_update(of=("self",), no_key=True).get(pk=token.pk)
    if token.revoked_at is not None:
        raise Conflict(_("这个令牌已经撤销"))
    text = None
    if replacement and token.device is not None:
        raise Invalid("replacement", _("空着：设备没有令牌，要换就改它的设置"))
    if replacement and token.mn:
        # One MN is registered once: the old password ends before the new one begins, in the same step.
        _end(actor, token, reason)
        return Revocation(token, create_station(actor, source, token.mn, replacement)[1], None)
    if replacement:
        text = create_token(actor, source, replacement)[1]
    elif lost := _silenced(source, token):
        return Revocation(token, None, _ask_revocation(actor, source, token, reason, lost))
    _revoke(actor, token, reason)
    return Revocation(token, text, None)


def _silenced(source: Source, token: IngestToken) -> int:
    """How many watched points nobody would hear any more."""
    if not _valid(source).exclude(pk=token.pk).exists():
        return watched(source)
    return speaks_for(source, token.device) if token.device is not None else 0


def addresses_of(device: Mapping[str, Any]) -> list[str]:
    """What a device that is called speaks for."""
    return [one["address"] for one in device.get("registers") or device.get("nodes") or ()]


def speaks_for(source: Source, device: Mapping[str, Any]) -> int:
    """How many points a device speaks for that a rule watches and that were heard before."""
    points = Point.objects.filter(source=source, rules__enabled=True, heard_at__isnull=False)
    return points.filter(address__in=addresses_of(device)).distinct().count()


def _ask_revocation(actor: Actor, source: Source, token: IngestToken, reason: str, lost: int) -> Proposal:
    title = _("%(source)s：撤销最后一个令牌 %(token)s") if token.device is None else _("%(source)s：撤销设备 %(token)s")
    return proposals.propose(
        actor, REVOKE_LAST, ref(source), source.site_id, reason,
        title=title % {"source": source.name, "token": token.name},
        key=f"token:{token.pk}", payload={"token": token.pk},
        changes=[proposals.change(_("收得到数据的测点"), lost, 0)],
    )  # fmt: skip


def _end(actor: Actor, token: IngestToken, reason: str) -> None:
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    facts = {"token": token.pk, "name": token.name, "reason": reason, **({"mn": token.mn} if token.mn else {})}
    record(actor, "source.token_revoked", ref(token.source), facts)


def _revoke(actor: Actor, token: IngestToken, reason: str) -> None:
    _end(actor, token, reason)
    publish_source(token.source)
    note_hearing(actor, token.source)


@service
def set_disabled(
    actor: Actor, source: Source, disabled: bool, reason: str, until: datetime | None = None
) -> Proposal | None:
    """Stop or resume taking readings from a source; `until`: it resumes by itself then.

    Stopping a source that is watched silences it and waits for a second person: the proposal. Anything else holds at
    once: None. Raises NotAllowed, Invalid without a reason or with an end in the past.
    """
    actor.require("source.manage")
    check_reason(reason)
    if until is not None and until <= timezone.now():
        raise Invalid("until", _("以后的时间"))
    source = locked(source.pk)
    if source.disabled == disabled:
        unchanged()
        return None
    if disabled and (count := watched(source)):
        end = timezone.localtime(until).strftime("%Y-%m-%d %H:%M") if until else _("直到再启用")
        return proposals.propose(
            actor, DISABLE, ref(source), source.site_id, reason,
            title=_("%(source)s：停用数据源") % {"source": source.name},
            key=f"disable:{source.pk}:{until.isoformat() if until else ''}",
            payload={"source": source.pk, "until": until.isoformat() if until else None},
            changes=[
                proposals.change(_("收得到数据的测点"), count, 0), proposals.change(_("停到什么时候"), "", end),
            ],
        )  # fmt: skip
    _switch(actor, source, disabled, reason, until)
    return None


def _switch(actor: Actor, source: Source, disabled: bool, reason: str, until: datetime | None) -> None:
    source.disabled, source.disabled_until = disabled, until if disabled else None
    source.save(update_fields=["disabled", "disabled_until"])
    facts = {"reason": reason, **({"until": until} if until else {})}
    record(actor, "source.disabled" if disabled else "source.enabled", ref(source), facts)
    publish_source(source)
    emit("point.source", ref(source), {"disabled": disabled})
    note_hearing(actor, source)


@service
def set_clock(actor: Actor, source: Source, zone: str, seconds: bool, reason: str) -> Proposal | None:
    """Say on whose clock a source's times without a zone are ("": nobody says so), and whether it stamps in seconds.

    Read by another clock its readings seem hours early or late, and warn late: where rules watch the source a second
    person must agree: the proposal. Otherwise it holds at once: None. Raises NotAllowed, Invalid.
    """
    actor.require("source.manage")
    check_reason(reason)
    if zone and zone not in available_timezones():
        raise Invalid("zone", _("时区的名字，例如 Asia/Shanghai"))
    source = locked(source.pk)
    if (source.zone, source.seconds) == (zone, seconds):
        unchanged()
        return None
    if watched(source):
        return proposals.propose(
            actor, CLOCK, ref(source), source.site_id, reason,
            title=_("%(source)s：改时间的读法") % {"source": source.name}, key=f"clock:{source.pk}",
            payload={"source": source.pk, "zone": zone, "seconds": seconds},
            changes=[
                proposals.change(_("没写时区的时间"), source.zone or _("没有设"), zone or _("没有设")),
                proposals.change(_("数字的时间"), _unit(source.seconds), _unit(seconds)),
            ],
        )  # fmt: skip
    _put_clock(actor, source, zone, seconds, reason)
    return None


def _unit(seconds: bool) -> str:
    return _("秒") if seconds else _("毫秒")


def _put_clock(actor: Actor, source: Source, zone: str, seconds: bool, reason: str) -> None:
    before = {"zone": source.zone, "seconds": source.seconds}
    source.zone, source.seconds = zone, seconds
    source.save(update_fields=["zone", "seconds"])
    after = {"zone": zone, "seconds": seconds}
    record(actor, "source.clock_changed", ref(source), {"before": before, "after": after, "reason": reason})
    publish_source(source)


def _agreed_clock(actor: Actor, proposal: Proposal) -> None:
    told = proposal.payload
    _put_clock(actor, locked(told["source"]), told["zone"], told["seconds"], proposal.reason)


@service
def resume_due() -> int:
    """Take readings again from every source whose time of being stopped is over. Returns how many."""
    steps.fence()
    unchanged()
    over = Q(disabled=True, disabled_until__lte=timezone.now())
    lock_sites(sites_of(*Source.objects.filter(over).values_list("pk", flat=True)))
    due = Source.objects.select_for_update(of=("self",), no_key=True).filter(over)
    sources = list(due.order_by("id"))
    for source in sources:
        _switch(SYSTEM, source, False, _("停用时间到"), None)
    return len(sources)


def _agreed_revocation(actor: Actor, proposal: Proposal) -> None:
    token = IngestToken.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.payload["token"])
    if token.revoked_at is not None:
        raise Conflict(_("这个令牌已经撤销"))
    _revoke(actor, token, proposal.reason)


def _agreed_stop(actor: Actor, proposal: Proposal) -> None:
    source = locked(proposal.payload["source"])
    told = proposal.payload["until"]
    until = datetime.fromisoformat(told) if told else None
    if source.disabled or (until is not None and until <= timezone.now()):
        raise Conflict(_("已经停用，或者停用时间已过"))
    _switch(actor, source, True, proposal.reason, until)


REVOKE_LAST = proposals.register(
    proposals.Kind(
        "source.revoke", gettext_lazy("撤销令牌或设备"), "source.silence", _agreed_revocation,
        sites=lambda proposal: sites_of(proposal.subject_id),
    )
)  # fmt: skip
DISABLE = proposals.register(
    proposals.Kind(
        "source.disable", gettext_lazy("停用数据源"), "source.silence", _agreed_stop,
        sites=lambda proposal: sites_of(proposal.subject_id),
    )
)  # fmt: skip


CLOCK = proposals.register(
    proposals.Kind(
        "source.clock", gettext_lazy("改数据源时间的读法"), "source.silence", _agreed_clock,
        sites=lambda proposal: sites_of(proposal.subject_id),
    )
)  # fmt: skip


def locked(source_id: int) -> Source:
    """The source, locked, after the sites it speaks for: whether they can be heard is looked at in the same step."""
    lock_sites(sites_of(source_id))
    found: Source = Source.objects.select_for_update(of=("self",), no_key=True).get(pk=source_id)
    return found


def sites_of(*sources: int) -> set[int]:
    """The sites these sources belong to or have points at."""
    rows = Source.objects.filter(pk__in=sources).values_list("site_id", "points__site_id")
    return {site for row in rows for site in row if site is not None}


def watched(source: Source) -> int:
    """How many points of the source are watched by a rule."""
    return Point.objects.filter(source=source, rules__enabled=True).distinct().count()


def _valid(source: Source) -> QuerySet[IngestToken]:
    return IngestToken.objects.filter(source=source, revoked_at__isnull=True)


def note_hearing(actor: Actor, source: Source) -> None:
    """A watched source that can send no more is at once a finding with a duty; one that can again clears it."""
    sites = Site.objects.filter(points__source=source, points__rules__enabled=True).distinct()
    for site in sites.order_by("id"):
        check_findings(actor, DEAF, ref(site))


def check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
