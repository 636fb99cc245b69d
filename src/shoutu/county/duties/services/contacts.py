"""Where people are reached outside the application, and which addresses are allowed. Administrators only."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.duties.addresses import Endpoint, Refused, check_endpoint, check_url
from shoutu.county.duties.models import AllowedEndpoint, Contact
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Person


@service
def allow_endpoint(actor: Actor, scheme: str, host: str) -> AllowedEndpoint:
    """Allow messages to leave for a scheme and host (or IP network). Raises NotAllowed, Invalid."""
    actor.require("policy.edit")
    try:
        endpoint = check_endpoint(scheme, host)
    except Refused as refused:
        raise Invalid("host", str(refused)) from refused
    row, created = AllowedEndpoint.objects.get_or_create(scheme=endpoint.scheme, host=endpoint.host)
    if created:
        record(actor, "endpoint.allowed", ref(row), {"scheme": row.scheme, "host": row.host})
    else:
        unchanged()
    return row


@service
def set_contact(actor: Actor, person: Person, title: str, url: str, *, enabled: bool = True) -> Contact:
    """Set a person's address of this title. Raises NotAllowed, Invalid when it is not on the allow-list.

    The address itself (it may hold a password or token) goes into no entry.
    """
    actor.require("policy.edit")
    if not title.strip() or len(title) > 60:
        raise Invalid("title", _("1 到 60 个字"))
    try:
        check_url(url, [Endpoint(row.scheme, row.host) for row in AllowedEndpoint.objects.all()])
    except Refused as refused:
        raise Invalid("url", str(refused)) from refused
    contact, created = Contact.objects.update_or_create(
        person=person, title=title.strip(), defaults={"url": url.strip(), "enabled": enabled}
    )
    scheme = contact.url.split("://", 1)[0]
    record(
        actor,
        "contact.created" if created else "contact.changed",
        ref(contact),
        {"person": person.pk, "title": contact.title, "scheme": scheme, "enabled": enabled},
    )
    return contact
