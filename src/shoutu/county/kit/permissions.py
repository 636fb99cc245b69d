"""Who may do what, in one table: each named permission and the roles that have it.

What a role may *see* is not here: that is its scope, applied to every read by `visible_to`.
"""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import gettext_lazy as _

ROLES = {
    "administrator": _("管理员"),
    "leader": _("县领导"),
    "duty_officer": _("县值班员"),
    "inspector": _("应急局监管人员"),
    "department": _("部门监管人员"),
    "township": _("乡镇安监站"),
    "principal": _("企业主要负责人"),
    "safety_officer": _("企业安全管理人员"),
    "rescue_lead": _("救援队负责人"),
    "auditor": _("审计员"),
}

# A word for several roles: in the table below and in response packs "enterprise" means both.
GROUPS = {"principal": "enterprise", "safety_officer": "enterprise"}
# What a pack may name, and how it is said.
NAMES = {**ROLES, "enterprise": _("企业")}
# Whom the county oversees or calls in: what it asks of others about them is theirs to see once they are called for it.
OUTSIDE = frozenset({"enterprise", "rescue_lead"})
# What a role was called before it was split; still taken where an account is made.
FORMER = {"enterprise": "safety_officer"}

_county = {"leader", "duty_officer", "inspector", "department", "township"}
# Answer calls and report on them; verify and dispose by what stands in each line.
_acting = _county | {"enterprise"}
_called = _acting | {"rescue_lead"}
_people = _called | {"administrator", "auditor"}

TABLE: dict[str, set[str]] = {
    # every signed-in role
    "status.read": _people,
    "live.read": _people,
    "health.read": {"administrator", "auditor"},
    "setting.read": {"administrator"},
    # ledger
    "ledger.read": _people,
    "ledger.check": {"administrator", "auditor", "leader"},  # have the worker walk all of it now
    "ledger.witness": {"administrator"},
    "ledger.erase": {"administrator"},
    "backup.take": {"administrator"},  # ask the worker for one
    # Nobody by the interface: these are commands on the server.
    "ledger.epoch": set(),
    "ledger.repair": set(),
    "backup.record": set(),
    "access_log.read": {"administrator", "auditor"},
    # places
    "site.read": _people,
    "site.create": {"administrator", "inspector", "duty_officer"},
    "site.edit": {"administrator", "inspector"},
    "site.state": {"leader", "duty_officer", "inspector"},
    "place.edit": {"administrator"},
    # import of tables: each table asks for the permissions of what it changes on top
    "import.use": {"administrator", "inspector", "duty_officer"},
    # people
    "person.read_phone": {"administrator", "leader", "duty_officer", "township"},
    "user.manage": {"administrator"},
    # The second person without whom nobody's second factor is taken off.
    "factor.agree": {"administrator", "leader"},
    "person.read": _people,
    "responsibility.read": _people,
    "responsibility.edit": {"administrator"},
    "leave.edit": {"administrator", "duty_officer"},
    "obligation.edit": {"administrator"},
    "obligation.do": _called | {"administrator"},
    "roster.read": _people,
    "roster.edit": {"administrator", "duty_officer"},
    "shift.sign_in": _called,
    "token.create": _people,
    # duties
    "duty.read": _people,
    "duty.act": _called,
    "duty.recall": {"leader", "duty_officer"},
    "duty.verify": _county,
    "policy.edit": {"administrator"},
    "channel.read": {"administrator", "leader", "duty_officer", "auditor"},
    "channel.manage": {"administrator"},
    # The second person without whom no way of calling people is switched off.
    "channel.agree": {"administrator", "leader", "duty_officer"},
    # The two persons without whom nobody is called by another response pack.
    "policy.agree": {"administrator", "leader", "duty_officer"},
    # sites: sources, points, rules
    "source.manage": {"administrator"},
    "source.silence": {"administrator", "inspector"},
    "source.read": _people - {"enterprise", "rescue_lead"},
    "point.read": _people,
    "point.edit": {"administrator", "inspector"},
    "reading.read": _people,
    "rule.read": _people,
    "proposal.read": _people - {"rescue_lead"},
    "rule.edit": {"administrator", "inspector"},
    # An enterprise sees what its own gateway sends and nobody has taken up.
    "unclaimed.read": _people - {"rescue_lead"},
    "unclaimed.adopt": {"administrator", "inspector"},
    # papers: an enterprise shows its licence, the county puts it on record: a day put off would put off the call.
    "licence.read": _people - {"rescue_lead"},
    "licence.edit": {"administrator", "inspector", "department"},
    # Who holds a document puts it there; taking one from the dossier is the county's.
    "document.read": _people - {"rescue_lead"},
    "document.add": {"administrator", "inspector", "department", "township", "enterprise"},
    "document.withdraw": {"administrator", "inspector", "department"},
    # falsified readings: no enterprise sees what is suspected of it.
    "falsified.read": _county | {"administrator", "auditor"},
    "falsified.check": {"leader", "duty_officer", "inspector", "department"},
    # warnings
    "warning.read": _people,
    "warning.verify": _county,
    "warning.dispose": _acting,
    "warning.feedback": _acting,
    # Which level whose role may close stands in the response pack.
    "warning.close": _acting,
    # Agree to a closing somebody asked for, or send it back; whose role reviews stands in the response pack.
    "warning.review": _county,
    "warning.recall": {"leader", "duty_officer"},
    # Signals no warning could be made of: whoever keeps the system, and whoever sits in the command room.
    "signal.read": {"administrator", "leader", "duty_officer", "auditor"},
    "signal.retry": {"administrator", "duty_officer"},
    "evidence.add": _acting,
    "evacuation.order": _acting,
    "evacuation.count": _called,
    "evacuation.correct": _county,
    # Which roles may, the response pack says.
    "evacuation.resume": _county,
    # What goes up to city and province, and what comes down.
    "report.read": _county | {"administrator", "auditor"},
    "report.send": {"leader", "duty_officer"},
    "superior.edit": {"administrator"},
    # An order about a mine may be one to look at it unannounced: the mine sees it by having been called for it.
    "order.read": _people,
    "order.enter": {"leader", "duty_officer"},
    # weather
    "weather.read": _people,
    "weather.enter": {"leader", "duty_officer"},
    "warning.merge": {"leader", "duty_officer", "inspector"},
    # Whoever may not silence may ask for it; two who may agree (one alone for half an hour at most).
    "silence.read": _people,
    "silence.ask": _acting,
    "silence.grant": {"leader", "duty_officer", "inspector"},
    # command screen
    "screen.read": _county | {"administrator", "auditor"},
    "screen.acknowledge": {"leader", "duty_officer"},
    # wings
    "signal.deliver": {"wing"},
    "catalog.follow": {"wing"},
}

EVERY = frozenset(TABLE)


@lru_cache
def permissions_of(role: str) -> frozenset[str]:
    """The permissions of a role, its own and those of its group; none for an unknown one."""
    return frozenset(name for name, roles in TABLE.items() if names_of(role) & roles)


def names_of(role: str) -> frozenset[str]:
    """What a table or a pack may call a role: by its own name or by its group's."""
    return frozenset({role, GROUPS.get(role, role)})
