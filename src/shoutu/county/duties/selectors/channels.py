"""Channels, contacts and test calls as the administration page shows them. Nothing sealed is ever among it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.channels import ADAPTERS
from shoutu.county.duties.models import Channel, Contact, Inbound, Notice, Trial
from shoutu.county.duties.selectors.chains import masked
from shoutu.county.duties.selectors.numbers import Number, numbers
from shoutu.county.duties.services.bundling import aboard
from shoutu.county.duties.services.sealing import unseal
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.kit.paging import ListQuery, invalid_cursor
from shoutu.county.kit.watch import watching
from shoutu.county.people.masking import masked_phone
from shoutu.county.people.models import Person, Proposal


def channel_kinds() -> list[dict[str, Any]]:
    """The kinds there are, with their settings."""
    return [
        {
            "kind": one.kind,
            "title": str(one.title),
            "medium": one.medium,
            "address_label": str(one.address_label),
            "callbacks": one.callbacks,
            "settings": [
                {
                    "name": setting.name, "label": str(setting.label), "hint": setting.hint, "secret": setting.secret,
                    "required": setting.required,
                }
                for setting in one.settings
            ],
        }
        for one in ADAPTERS.values()
    ]  # fmt: skip


def channel_rows(actor: Actor) -> list[dict[str, Any]]:
    """Every channel with how it does. Six queries. Raises NotAllowed."""
    actor.require("channel.read")
    now = timezone.now()
    queues = Notice.objects.filter(contact__channel__isnull=False, next_try_at__lte=now).values("contact__channel")
    waiting = dict(queues.annotate(n=Count("pk")).values_list("contact__channel", "n"))
    people = Contact.objects.filter(enabled=True, channel__isnull=False).values("channel")
    contacts = dict(people.annotate(n=Count("person", distinct=True)).values_list("channel", "n"))
    asked = Proposal.objects.filter(kind__in=("channel.off", "channel.change"), state="waiting")
    wait = set(asked.values_list("kind", "subject_id"))
    odd = Inbound.objects.filter(outcome__in=("unclear", "unknown")).values("channel")
    unclear = dict(odd.annotate(n=Count("pk")).values_list("channel", "n"))
    return [
        {
            **channel_row(channel, waiting.get(channel.pk, 0), contacts.get(channel.pk, 0), unclear.get(channel.pk, 0)),
            "switching_off": ("channel.off", channel.pk) in wait,
            "changing": ("channel.change", channel.pk) in wait,
        }
        for channel in Channel.objects.order_by("id")
    ]


def channel_row(channel: Channel, queue: int = 0, people: int = 0, unclear: int = 0) -> dict[str, Any]:
    adapter = ADAPTERS[channel.kind]
    try:
        kept = sorted(unseal(channel.secrets))
    except ValueError:
        kept = []
    return {
        "id": channel.pk,
        "title": channel.title,
        "kind": channel.kind,
        "kind_title": str(adapter.title),
        "medium": adapter.medium,
        "enabled": channel.enabled,
        "per_minute": channel.per_minute,
        "settings": channel.settings,
        "secrets": kept,
        "state": state_of(channel),
        "last_ok_at": channel.last_ok_at,
        "last_failed_at": channel.last_failed_at,
        "last_problem": channel.last_problem if channel.failures else "",
        "failures": channel.failures,
        "queue": queue,
        "people": people,
        "unclear": unclear,
        "callbacks": adapter.callbacks,
        "callback_set": bool(channel.callback_hash),
        "callback_refused": channel.strangers,
        "switching_off": False,
        "changing": False,
    }


def state_of(channel: Channel, *, calls: bool = False) -> str:
    """off, failing (since the last success), untried, or works. `calls`: failing only if real calls do."""
    if not channel.enabled:
        return "off"
    if channel.call_failures if calls else channel.failures:
        return "failing"
    return "works" if channel.last_ok_at else "untried"


def get_channel(actor: Actor, id: int) -> Channel:
    """Raises NotAllowed, NotFound("channel", id)."""
    actor.require("channel.read")
    found = Channel.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("channel", id)
    return found


def get_person(id: int) -> Person:
    """Raises NotFound("person", id). For administrators, who see the whole county."""
    found = Person.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("person", id)
    return found


def get_contact(actor: Actor, id: int) -> Contact:
    """Raises NotAllowed, NotFound("contact", id)."""
    actor.require("channel.read")
    found = Contact.objects.select_related("channel", "person").filter(pk=id).first()
    if found is None:
        raise NotFound("contact", id)
    return found


def contacts_for(actor: Actor, channel: int | None = None, state: str = "") -> QuerySet[Contact]:
    """Contacts, by channel; `state` silent: those that did not answer their newest test call. Raises NotAllowed."""
    actor.require("channel.read")
    rows = Contact.objects.select_related("channel", "person__organisation").prefetch_related("trials")
    if channel is not None:
        rows = rows.filter(channel_id=channel)
    if state == "silent":
        newest = Trial.objects.filter(Q(answered_at__isnull=False) | Q(missed_at__isnull=False))
        ended: dict[int, bool] = {}
        for contact, answered in newest.order_by("called_at", "id").values_list("contact_id", "answered_at"):
            ended[contact] = answered is None
        rows = rows.filter(pk__in=[contact for contact, silent in ended.items() if silent])
    return rows


def searched(rows: QuerySet[Contact], q: str, actor: Actor) -> QuerySet[Contact]:
    """By organisation; by name only where names are shown whole: a search must not undo the mask."""
    found = Q(person__organisation__name__icontains=q)
    if actor.may("person.read_phone"):
        found |= Q(person__name__icontains=q)
    return rows.filter(found)


def contact_row(contact: Contact, actor: Actor) -> dict[str, Any]:
    """One contact with its newest test call. The address is masked: its end is enough to know it by."""
    trial = max(contact.trials.all(), key=lambda one: (one.called_at, one.pk), default=None)
    organisation = contact.person.organisation
    return {
        "id": contact.pk,
        "person": {"id": contact.person_id, "name": masked(contact.person, actor) or ""},
        "organisation": organisation.name if organisation else "",
        "title": contact.title,
        "channel": {"id": contact.channel.pk, "title": contact.channel.title} if contact.channel else None,
        "address": f"…{contact.address[-4:]}" if contact.address else f"{contact.url.split('://', 1)[0]}://…",
        "enabled": contact.enabled,
        "trial": None if trial is None else {
            "run": trial.run, "called_at": trial.called_at, "due_at": trial.due_at, "answered_at": trial.answered_at,
            "state": "answered" if trial.answered_at else "missed" if trial.missed_at else "waiting",
        },
    }  # fmt: skip


def _now() -> dict[str, Any]:
    return {"server_time": timezone.now(), "watching": asdict(watching())}


def link_view(notice: Notice) -> dict[str, Any]:
    """What the page behind an answer link shows: the calls its message told of and nothing else. No names."""
    if notice.trial is not None:
        state = "answered" if notice.trial.answered_at else "open"
        return {**_now(), "kind": "trial", "what": "", "level": 0, "title": notice.text, "why": "", "post": "",
                "orders": [], "along": [], "due_at": notice.trial.due_at, "state": state}  # fmt: skip
    assert notice.call is not None
    duty, call = notice.call.duty, notice.call
    along = [one for one in aboard(notice) if one != notice]
    open_ = call.state == "calling" and duty.state in ("called", "answered")
    return {
        **_now(),
        "kind": "call",
        "what": duty.kind,
        "level": duty.level,
        "title": duty.title,
        "why": duty.why,
        "post": str(call.post) if call.post else "",
        "orders": duty.policy.get("orders", []),
        "due_at": call.due_at,
        "along": [{"level": one.call.duty.level, "title": one.call.duty.title} for one in along[:100] if one.call],
        "state": "open" if open_ or along else call.state if call.state in ("answered", "declined") else "over",
    }


__all__ = [
    "channel_kinds", "channel_row", "channel_rows", "contact_row", "contacts_for", "get_channel", "get_contact",
    "get_person", "link_view", "searched", "state_of",
]  # fmt: skip


def number_page(actor: Actor, query: ListQuery) -> dict[str, Any]:
    """One page of 号码核对, as `list_numbers` answers it. The order is the list's own. Raises NotAllowed, Invalid."""
    actor.require("channel.read")
    if query.sort:
        raise Invalid("sort", _("这个列表的次序是定的，不带 sort"))
    if query.cursor and not (query.cursor.isascii() and query.cursor.isdigit() and len(query.cursor) < 10):
        raise invalid_cursor()
    everybody, state = numbers(timezone.now()), getattr(query, "state", "")
    names = actor.may("person.read_phone")
    chosen = [one for one in everybody if state in ("", one.state) and _told(one, query.q, names)]
    start = int(query.cursor or 0)
    end = start + query.limit
    return {
        "items": [_number(one, actor) for one in chosen[start:end]],
        "next": str(end) if end < len(chosen) else None,
        "count": len(chosen),
        "states": dict(Counter(one.state for one in everybody)),
    }


def _told(one: Number, q: str, names: bool) -> bool:
    """By post and organisation; by name only where names are shown whole."""
    return q in "\n".join([*one.posts, one.body, one.person.name if names else ""])


def _number(one: Number, actor: Actor) -> dict[str, Any]:
    return {
        "id": one.person.pk,
        "person": {"id": one.person.pk, "name": masked(one.person, actor) or ""},
        "organisation": one.body,
        "phone": masked_phone(one.person.phone),
        "posts": one.posts,
        "urgency": one.urgency,
        "state": one.state,
        "contacts": one.contacts,
        "last_at": one.last_at,
        "missed": one.missed,
        "waiting": one.waiting,
    }
