"""Accounts, tokens, leaves, handovers, obligations, holes in responsibility and proposals as tables that go out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import ListQuery, Page
from shoutu.county.kit.permissions import ROLES
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.people.api_accounts import AccountOut, TokenOut, list_tokens, list_users
from shoutu.county.people.api_calendar import HandoverOut, list_handovers
from shoutu.county.people.api_obligations import (
    DueOut,
    DueQuery,
    ObligationOut,
    ObligationQuery,
    list_dues,
    list_obligations,
)
from shoutu.county.people.api_posts import LeaveOut, LeaveQuery, list_leaves
from shoutu.county.people.api_proposals import ProposalOut, ProposalQuery, list_proposals
from shoutu.county.people.api_responsibility import FindingPage, FindingQuery, list_findings
from shoutu.county.people.models import Handover, Leave, Obligation, ObligationDue, ProposalState
from shoutu.county.places.models import Site

EVERY = named(Obligation.Every.choices)
LISTS = named(Obligation.Kind.choices)
HOLES = {
    "post.nobody": _("无人在岗"),
    "person.unreachable": _("叫不到"),
    "roster.gap": _("没排班"),
    "leave.no_deputy": _("无代理"),
    "site.no_kind": _("缺责任"),
    "site.no_rescue": _("缺救援队"),
    "responsibility.ended": _("已到期"),
    "responsibility.ending": _("将到期"),
    "responsibility.overlap": _("责任重叠"),
    "roster.double": _("一人两处"),
    "person.two_rungs": _("一人两级"),
    "obligation.overdue": _("逾期未办"),
}


def _changes(row: Any) -> str:
    return "；".join(f"{one.what}：{one.before or '—'} → {one.after or '—'}" for one in row.changes)


listed(
    "users",
    _("账号"),
    (
        out("username", _("用户名"), 18),
        out("display", _("显示名"), 24),
        out("role", _("角色"), 18, {str(name): title for name, title in ROLES.items()}),
        out("organisation", _("单位"), 28),
        out("territory", _("行政区"), 16),
        out("sectors", _("所管行业"), 28, named(Site.Kind.choices)),
        out("is_active", _("在用"), 8),
        out("has_factor", _("有动态口令"), 12),
        out("password_given", _("待本人改密码"), 14),
    ),
    view=list_users,
    page=Page[AccountOut],
    query=ListQuery,
    read="user.manage",
    personal=("name",),
)

listed(
    "tokens",
    _("接口令牌"),
    (
        out("name", _("名称"), 24),
        out("owner", _("谁的账号"), 18),
        out("permissions", _("能做什么（空着是账号的全部）"), 40),
        out("created_at", _("新建"), 18),
        out("expires_at", _("有效到"), 18),
        out("revoked_at", _("撤销时间"), 18),
        out("last_used_at", _("上次用"), 18),
    ),
    view=list_tokens,
    page=Page[TokenOut],
    query=ListQuery,
    read="status.read",
)

listed(
    "leaves",
    _("离岗"),
    (
        out("person.name", _("谁"), 14),
        out("post.name", _("岗位"), 28),
        out("deputy.name", _("谁代理"), 14),
        out("reason", _("原因"), 10, named(Leave.Reason.choices)),
        out("valid_from", _("从何时"), 18),
        out("valid_to", _("到何时"), 18),
    ),
    view=list_leaves,
    page=Page[LeaveOut],
    query=LeaveQuery,
    read="person.read",
    personal=("name", "reason"),
)

listed(
    "handovers",
    _("交接班"),
    (
        out("organisation.name", _("单位"), 26),
        out("post.name", _("岗位"), 20),
        out("starts_at", _("起始"), 18),
        out("ends_at", _("结束"), 18),
        out("outgoing", _("交班人"), 14),
        out("incoming", _("接班人"), 14),
        out("state", _("状态"), 14, named(Handover.State.choices)),
        out("note", _("交班记录"), 60),
        out("returned", _("退回原因"), 30),
        out("handed_at", _("交班时间"), 18),
        out("taken_at", _("接班时间"), 18),
    ),
    view=list_handovers,
    page=Page[HandoverOut],
    query=ListQuery,
    read="roster.read",
    personal=("name",),
)

listed(
    "obligations",
    _("责任事项"),
    (
        out("organisation.name", _("单位"), 26),
        out("post.name", _("岗位"), 20),
        out("kind", _("类别"), 12, LISTS),
        out("title", _("什么事"), 40),
        out("text", _("具体内容"), 40),
        out("source", _("依据"), 30),
        out("party", _("向谁签"), 20),
        out("every", _("多久一次"), 12, EVERY),
        out("first_due", _("首次到期"), 14),
        out("lead_days", _("提前几天"), 10),
        out("ended_at", _("终止"), 18),
    ),
    view=list_obligations,
    page=Page[ObligationOut],
    query=ObligationQuery,
    read="responsibility.read",
)

listed(
    "dues",
    _("到期的责任"),
    (
        out("organisation.name", _("单位"), 26),
        out("post.name", _("岗位"), 20),
        out("kind", _("类别"), 12, LISTS),
        out("title", _("什么事"), 40),
        out("source", _("依据"), 30),
        out("party", _("向谁签"), 20),
        out("due_on", _("到期"), 14),
        out("state", _("状态"), 10, named(ObligationDue.State.choices)),
        out("overdue", _("逾期"), 8),
        out("done_at", _("办结"), 18),
        out("done_by", _("谁办的"), 14),
        out("note", _("说明"), 40),
    ),
    view=list_dues,
    page=Page[DueOut],
    query=DueQuery,
    read="responsibility.read",
    personal=("name",),
)

listed(
    "responsibility-findings",
    _("责任缺口"),
    (
        out("kind", _("类别"), 14, HOLES),
        out("about", _("关于"), 28),
        out("text", _("哪里不对"), 70),
        out("source", _("依据"), 30),
        out("sites", _("涉及场所"), 10),
        out("since", _("起始"), 18),
    ),
    view=list_findings,
    page=FindingPage,
    query=FindingQuery,
    read="responsibility.read",
    personal=("name",),
)

listed(
    "proposals",
    _("待复核"),
    (
        out("what", _("类别"), 18),
        out("title", _("内容"), 40),
        out("about.label", _("关于"), 28),
        out("site", _("场所"), 24),
        out("changes", _("改什么"), 50),
        out("reason", _("原因"), 40),
        out("state", _("状态"), 12, named(ProposalState.choices)),
        out("proposed_by", _("谁提出"), 24),
        out("proposed_at", _("提出"), 18),
        out("decided_by", _("复核人"), 24),
        out("decided_at", _("复核时间"), 18),
        out("decision", _("复核意见"), 40),
    ),
    view=list_proposals,
    page=Page[ProposalOut],
    query=ProposalQuery,
    read="proposal.read",
    personal=("name",),
    made={"changes": _changes},
)
