"""What may be done with sources, points and rules; and what wings deliver."""

from shoutu.county.sites.services.binding import bind, rebind
from shoutu.county.sites.services.binding_many import MOST as MOST_AT_ONCE
from shoutu.county.sites.services.binding_many import bind_many
from shoutu.county.sites.services.design import change_design
from shoutu.county.sites.services.devices import change_device, register_device
from shoutu.county.sites.services.hearing import note_heard
from shoutu.county.sites.services.inbox import receive, receive_unclaimed
from shoutu.county.sites.services.points import adopt, adopt_many, create_point, create_points
from shoutu.county.sites.services.quality import finish_day, forget_old, keep_points
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
    create_station,
    create_token,
    resume_due,
    revoke_token,
    set_clock,
    set_disabled,
)
from shoutu.county.sites.services.unreadable import note_unreadable

__all__ = [
    "MOST_AT_ONCE",
    "NewRule",
    "adopt",
    "adopt_many",
    "approve",
    "bind",
    "bind_many",
    "change_design",
    "change_device",
    "county_source",
    "create_composite",
    "create_point",
    "create_points",
    "create_rule",
    "create_rules",
    "create_source",
    "create_station",
    "create_token",
    "finish_day",
    "forget_old",
    "keep_points",
    "note_heard",
    "note_unreadable",
    "propose",
    "rebind",
    "receive",
    "receive_unclaimed",
    "register_device",
    "reject",
    "resume_due",
    "revoke_token",
    "set_clock",
    "set_disabled",
]
