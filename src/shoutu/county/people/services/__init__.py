"""What may be done with users, persons, posts, leave, responsibility, shifts, obligations and tokens."""

from shoutu.county.people.services.accounts import (
    change_user,
    create_api_token,
    create_user,
    end_sessions,
    revoke_api_token,
    set_active,
    set_password,
)
from shoutu.county.people.services.embeds import make_embed, open_embed
from shoutu.county.people.services.factors import ask_reset, reset_factor
from shoutu.county.people.services.handovers import hand_over, return_handover, take_over, write_handover
from shoutu.county.people.services.identities import bind_identity, unbind_identity
from shoutu.county.people.services.leaves import end_leave, start_leave
from shoutu.county.people.services.obligations import (
    cancel_due,
    create_obligation,
    do_obligation,
    end_obligation,
    open_due,
)
from shoutu.county.people.services.posts import (
    change_person,
    change_post,
    create_person,
    create_post,
    hold_post,
    leave_post,
    set_person_active,
    set_post_active,
)
from shoutu.county.people.services.responsibility import assign_responsibility, end_responsibility
from shoutu.county.people.services.shifts import (
    cancel_shift,
    plan_series,
    plan_shift,
    replace_on_shift,
    sign_in,
    sign_out,
    swap_shifts,
)

__all__ = [
    "ask_reset",
    "assign_responsibility",
    "bind_identity",
    "cancel_due",
    "cancel_shift",
    "change_person",
    "change_post",
    "change_user",
    "create_api_token",
    "create_obligation",
    "create_person",
    "create_post",
    "create_user",
    "do_obligation",
    "end_leave",
    "end_obligation",
    "end_responsibility",
    "end_sessions",
    "hand_over",
    "hold_post",
    "leave_post",
    "make_embed",
    "open_due",
    "open_embed",
    "plan_series",
    "plan_shift",
    "replace_on_shift",
    "reset_factor",
    "return_handover",
    "revoke_api_token",
    "set_active",
    "set_password",
    "set_person_active",
    "set_post_active",
    "sign_in",
    "sign_out",
    "start_leave",
    "swap_shifts",
    "take_over",
    "unbind_identity",
    "write_handover",
]
