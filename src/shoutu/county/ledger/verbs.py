"""Entries in words. Rooms register theirs; an unregistered verb is shown as it is."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit import subjects
from shoutu.county.ledger.models import Entry

log = logging.getLogger(__name__)
Words = str | Promise | Callable[[dict[str, Any]], str]
_verbs: dict[str, Words] = {}
_found_by: dict[str, str | Promise] = {}


def register(words: Mapping[str, Words], found_by: Mapping[str, str | Promise] | None = None) -> None:
    """Verb → what was done, as words after the actor, or a function from the payload to them.

    `found_by`: words a verb is found by whose own cannot be told without a payload.

    Raises ValueError for a verb another room has words for: the later would silently speak for the earlier.
    """
    if twice := _verbs.keys() & words.keys():
        raise ValueError(f"verbs registered twice: {', '.join(sorted(twice))}")
    _verbs.update(words)
    _found_by.update(found_by or {})


def words(verb: str, payload: dict[str, Any]) -> str:
    """What was done, in words; the bare verb for one without words, or whose payload is of a form they do not know."""
    found = _verbs.get(verb, verb)
    try:
        return found(payload) if callable(found) else str(found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        # An entry of an older version is still to be shown; one must not hide all.
        log.warning("no words for %s with %s", verb, sorted(payload))
        return verb


class _Blank(dict[str, Any]):
    """A payload of which every value is the same: what is left of a verb's words is what they always say."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def __missing__(self, key: str) -> Any:
        return self.value


# What the blanks themselves leave in the words.
_FILLED = re.compile(r"\d[\d:.+T -]*|None|\[\]|\{\}")


def _always(verb: str) -> set[str]:
    """What the words of a verb say whatever it was about."""
    found = _verbs[verb]
    if not callable(found):
        return {str(found)}
    told = {str(_found_by.get(verb, ""))} - {""}
    values: tuple[Any, ...] = ("", 1, "2026-01-01T00:00:00+00:00", [], {}, None)
    for value in values:
        with suppress(KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
            told.add(_FILLED.sub("\n", found(_Blank(value))))
    return told


@lru_cache(maxsize=8)
def _saying(_language: str | None, _known: int) -> dict[str, str]:
    return {verb: "\n".join([verb, *_always(verb)]).lower() for verb in _verbs}


def saying(words: str) -> list[str]:
    """The verbs in whose words or own name these stand: who looks for 应答 finds what was answered."""
    asked = words.strip().lower()
    return [verb for verb, told in _saying(get_language(), len(_verbs)).items() if asked and asked in told]


def sentence(entry: Entry, label: str | None = None) -> str:
    """``值班员 应答 W-20261124-0037``; `label` is the subject's name where it is known already."""
    about = subjects.label(entry.subject) if label is None else label
    done = words(entry.verb, entry.payload)
    # A duty is called by what it is about: to say so twice helps nobody.
    return f"{entry.actor} {done}" if about and done.endswith(about) else f"{entry.actor} {done} {about}"


def _came_late(payload: dict[str, Any]) -> str:
    told = timezone.localtime(datetime.fromisoformat(payload["told_at"]))
    if payload.get("clock") == "wrong":
        return gettext("手机的日期不对（写的是 %(at)s），只按县里收到的时间算") % {"at": f"{told:%Y-%m-%d %H:%M}"}
    return gettext("手机上办的时间是 %(at)s，时限按县里收到的时间算") % {"at": f"{told:%m-%d %H:%M:%S}"}


def _checked(payload: dict[str, Any]) -> str:
    told = {"size": payload["size"], "count": payload["count"]}
    if payload["count"]:
        return gettext("核对账本 %(size)s 条，发现 %(count)s 处不一致") % told
    return gettext("核对账本 %(size)s 条，前后一致") % told


register(
    {
        "ledger.check_asked": _("要求核对账本"),
        "ledger.checked": _checked,
        "act.came_late": _came_late,
        "ledger.epoch_opened": _("从备份恢复后开启新纪元"),
        "ledger.repaired": _("修复记录簿"),
        "backup.taken": _("备份完成"),
        "backup.asked": _("要求备份"),
        "backup.failed": _("备份没有做成"),
        "backup.restored": _("从备份恢复"),
        "ledger.handed_out": _("送达树头"),
        "witness.added": _("添加见证方"),
        "kept_log.added": _("登记为其作见证的记录簿"),
        "kept_log.head_kept": _("收存对方的树头"),
        "kept_log.contradicted": _("发现对方的树头与此前的矛盾"),
        "kept_log.doubted": _("对方树头的时间与长短对不上"),
        "witness.enabled": _("启用见证方"),
        "witness.disabled": _("停用见证方"),
        "access.sealed": _("封存一小时的查阅日志"),
        "personal.erased": _("依法删除个人信息"),
        "territory.created": _("新建行政区"),
        "organisation.created": _("新建单位"),
        "site.created": _("新建场所"),
        "site.located": _("标定场所位置"),
        "boundary.imported": _("导入行政区边界"),
        "site.params_set": _("修改设计参数"),
        "user.created": _("新建账号"),
        "user.password_set": _("修改密码"),
        "user.sessions_ended": _("让账号在各处退出登录"),
        "factor.begun": _("开始绑定动态口令"),
        "factor.on": _("启用动态口令"),
        "factor.off": _("停用动态口令"),
        "factor.codes": _("换一组恢复码"),
        "factor.recovered": _("用恢复码登录"),
        "factor.held": _("密码对而动态口令连错，暂停核对"),
        "factor.reset": _("重置账号的动态口令"),
        "embed.made": _("申请嵌入页面"),
        "embed.opened": _("打开嵌入页面"),
        "identity.bound": _("绑定统一认证身份"),
        "identity.unbound": _("解除统一认证绑定"),
        "user.activated": _("启用账号"),
        "user.deactivated": _("停用账号"),
        "person.created": _("登记人员"),
        "post.created": _("设立岗位"),
        "post.held": _("任职"),
        "post.left": _("离任"),
        "responsibility.assigned": _("明确责任"),
        "responsibility.ended": _("解除责任"),
        "shift.planned": _("排班"),
        "shift.signed_in": _("签到上岗"),
        "shift.signed_out": _("签退离岗"),
        "proposal.made": _("提出，待第二人复核："),
        "proposal.taken_up": _("接手提议："),
        "proposal.agreed": _("复核同意："),
        "proposal.rejected": _("复核不同意："),
        "proposal.withdrawn": _("撤回提议："),
        "territory.changed": _("变更行政区"),
        "territory.closed": _("停用行政区"),
        "territory.opened": _("启用行政区"),
        "organisation.changed": _("变更单位"),
        "organisation.closed": _("停用单位"),
        "organisation.opened": _("启用单位"),
        "site.moved": _("变更场所的归属"),
        "user.changed": _("变更账号"),
        "person.changed": _("变更人员登记"),
        "person.activated": _("重新登记人员"),
        "person.deactivated": _("停用人员"),
        "post.changed": _("变更岗位"),
        "post.closed": _("撤销岗位"),
        "post.opened": _("恢复岗位"),
        "leave.started": _("登记请假"),
        "leave.ended": _("销假"),
        "shift.swapped": _("换班"),
        "shift.replaced": _("换人值班"),
        "shift.cancelled": _("撤销排班"),
        "handover.written": _("写交班记录"),
        "handover.handed": _("签字交班"),
        "handover.taken": _("签字接班"),
        "handover.returned": _("退回交班记录"),
        "obligation.created": _("列入责任清单"),
        "obligation.ended": _("终止责任清单的一项"),
        "obligation.opened": _("责任到期待办"),
        "obligation.done": _("办结到期责任"),
        "obligation.cancelled": _("撤销到期责任"),
        "token.created": _("创建令牌"),
        "token.revoked": _("撤销令牌"),
    }
)
