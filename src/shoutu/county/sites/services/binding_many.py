"""A pack taken up at many sites at once: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger.services import service
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites import packs
from shoutu.county.sites.models import Rule
from shoutu.county.sites.services.binding import bind

MOST = 30
"""Sites of one go: they are one transaction, and others wait for it."""


@service
def bind_many(actor: Actor, sites: Sequence[Site], pack: str) -> dict[int, list[Rule]]:
    """Watch each of these sites by a pack, as `bind` does; site → the rules that now stand. All of them or none.

    Raises NotAllowed, Invalid for none or too many sites, for one the pack is not made for, and for a pack that is not
    there or is wrong.
    """
    actor.require("rule.edit")
    read = packs.load(pack)
    if not 1 <= len({site.pk for site in sites}) <= MOST:
        raise Invalid("sites", _("1 到 %(most)d 处；更多的分几次") % {"most": MOST})
    wrong = [site.name for site in sites if site.kind not in read.sites]
    if wrong:
        raise Invalid("sites", _("规则包适用的场所；不适用：%(names)s") % {"names": "、".join(wrong)})
    lock_sites(site.pk for site in sites)
    return {site.pk: bind(actor, site, pack) for site in sorted(sites, key=lambda one: one.pk)}
