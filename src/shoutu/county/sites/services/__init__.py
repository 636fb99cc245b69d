"""What may be done with sources, points and rules; and what wings deliver."""

from shoutu.county.sites.services.binding import bind, rebind
from shoutu.county.sites.services.design import change_design
from shoutu.county.sites.services.inbox import receive, receive_unclaimed
from shoutu.county.sites.services.points import adopt, adopt_many, create_point, create_points
from shoutu.county.sites.services.rules import (
    NewRule,
    approve,
    create_composite,
    create_rule,
    create_rules,
    propose,
    reject,
)
from shoutu.county.sites.services.sources import (
    county_source,
    create_source,
    create_token,
    resume_due,
    revoke_token,
    set_disabled,
)
from shoutu.county.sites.services.unreadable import note_unreadable

__all__ = [
    "NewRule",
    "adopt",
    "adopt_many",
    "approve",
    "bind",
    "change_design",
    "county_source",
    "create_composite",
    "create_point",
    "create_points",
    "create_rule",
    "create_rules",
    "create_source",
    "create_token",
    "note_unreadable",
    "propose",
    "rebind",
    "receive",
    "receive_unclaimed",
    "reject",
    "resume_due",
    "revoke_token",
    "set_disabled",
]
