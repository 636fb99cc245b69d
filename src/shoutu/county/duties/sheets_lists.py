"""Where people are reached, and whose number is known to answer, as tables that go out. Addresses stay masked."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.duties.api_channels import ContactQuery, NumberQuery, list_contacts, list_numbers
from shoutu.county.duties.schemas_channels import Contact, NumberPage
from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import out
from shoutu.county.kit.sheets.listed import listed

TRIALS = {"answered": _("试叫已应答"), "missed": _("试叫没应答"), "waiting": _("试叫等应答")}
URGENCIES = {
    "on_duty": _("现在当班"),
    "rostered": _("7 天内有班"),
    "principal": _("企业有预警"),
    "other": _("其他"),
}
STATES = {
    "none": _("没有登记通道"),
    "silent": _("试叫没应答"),
    "never": _("没有试叫过"),
    "reached": _("应答过"),
}

listed(
    "contacts",
    _("登记的号码"),
    (
        out("person.name", _("谁"), 14),
        out("organisation", _("单位"), 28),
        out("title", _("名称"), 20),
        out("channel.title", _("通道名称"), 20),
        out("address", _("地址（只显示末尾）"), 18),
        out("enabled", _("在用"), 8),
        out("trial.state", _("试叫结果"), 14, TRIALS),
        out("trial.called_at", _("试叫时间"), 18),
        out("trial.answered_at", _("应答时间"), 18),
    ),
    view=list_contacts,
    page=Page[Contact],
    query=ContactQuery,
    read="channel.read",
    personal=("name", "address"),
)

listed(
    "numbers",
    _("号码核对"),
    (
        out("person.name", _("谁"), 14),
        out("organisation", _("单位"), 28),
        out("posts", _("岗位"), 36),
        out("urgency", _("紧要"), 14, URGENCIES),
        out("state", _("状态"), 16, STATES),
        out("phone", _("号码"), 16),
        out("contacts", _("登记的通道"), 12),
        out("last_at", _("上次应答"), 18),
        out("missed", _("之后没应答的试叫"), 18),
    ),
    view=list_numbers,
    page=NumberPage,
    query=NumberQuery,
    read="channel.read",
    personal=("name", "phone"),
)
