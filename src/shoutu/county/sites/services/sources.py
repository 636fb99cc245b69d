"""Sources and the tokens that speak for them."""

from __future__ import annotations

import hashlib
import secrets

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Site
from shoutu.county.sites.models import IngestToken, Source
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
    text = "shi_" + secrets.token_urlsafe(32)
    token = IngestToken.objects.create(source=source, name=name.strip(), hash=hashlib.sha256(text.encode()).hexdigest())
    record(actor, "source.token_created", ref(source), {"token": token.pk, "name": token.name})
    publish_source(source)
    return token, text


@service
def revoke_token(actor: Actor, token: IngestToken) -> IngestToken:
    """End a token within 2 s. Raises NotAllowed, Conflict when it has ended already."""
    actor.require("source.manage")
    if token.revoked_at is not None:
        raise Conflict(_("这个令牌已经撤销"))
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(actor, "source.token_revoked", ref(token.source), {"token": token.pk, "name": token.name})
    publish_source(token.source)
    return token


@service
def set_disabled(actor: Actor, source: Source, disabled: bool, reason: str) -> Source:
    """Stop or resume taking readings from a source. Raises NotAllowed, Invalid without a reason."""
    actor.require("source.manage")
    if not reason.strip():
        raise Invalid("reason", _("必填"))
    if source.disabled == disabled:
        unchanged()
        return source
    source.disabled = disabled
    source.save(update_fields=["disabled"])
    record(actor, "source.disabled" if disabled else "source.enabled", ref(source), {"reason": reason})
    publish_source(source)
    emit("point.source", ref(source), {"disabled": disabled})
    return source
