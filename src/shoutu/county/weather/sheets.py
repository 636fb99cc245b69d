"""Spells of weather, and the messages they came by, as tables that go out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.weather.api import MessageQuery, WeatherQuery, list_messages, list_weather
from shoutu.county.weather.models import Door, Standing, State
from shoutu.county.weather.schemas import Weather, WeatherMessage

LEVELS = {1: _("蓝"), 2: _("黄"), 3: _("橙"), 4: _("红")}
ENDED = {"": "", "cancelled": _("已解除"), "expired": _("已到期")}

listed(
    "weather",
    _("气象预警"),
    (
        out("number", _("编号"), 18),
        out("title", _("标题"), 40),
        out("type_title", _("种类"), 12),
        out("level", _("级别"), 8, LEVELS),
        out("peak_level", _("最高"), 8, LEVELS),
        out("state", _("状态"), 10, named(State.choices)),
        out("opened_at", _("起始"), 18),
        out("ends_at", _("有效到"), 18),
        out("ended_at", _("结束"), 18),
        out("ended_by", _("怎样结束"), 12, ENDED),
        out("townships", _("涉及乡镇"), 10),
        out("townships_answered", _("乡镇应答"), 10),
        out("townships_waiting", _("没有应答的乡镇"), 30),
        out("enterprises", _("涉及企业"), 10),
        out("enterprises_answered", _("企业应答"), 10),
        out("enterprises_waiting", _("没有应答的企业"), 40),
        out("county_answered", _("县里已应答"), 12),
    ),
    view=list_weather,
    page=Page[Weather],
    query=WeatherQuery,
    read="weather.read",
)

listed(
    "weather-messages",
    _("收到的气象预警"),
    (
        out("received_at", _("收到"), 18),
        out("door", _("怎样来的"), 12, named(Door.choices)),
        out("sender", _("发布单位"), 28),
        out("headline", _("标题"), 40),
        out("level", _("级别"), 8, LEVELS),
        out("standing", _("状态"), 14, named(Standing.choices)),
        out("because", _("为什么"), 36),
        out("areas", _("区域"), 30),
        out("townships", _("乡镇"), 30),
        out("unmatched", _("没认出的地名"), 20),
        out("sent_at", _("发布"), 18),
        out("starts_at", _("起始"), 18),
        out("ends_at", _("有效到"), 18),
        out("by", _("谁录入"), 24),
        out("identifier", _("对方编号"), 36),
        out("text", _("内容"), 60),
    ),
    view=list_messages,
    page=Page[WeatherMessage],
    query=MessageQuery,
    read="weather.read",
    personal=("name",),
)
