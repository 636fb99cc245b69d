"""A response pack in words, line by line: what two persons compare before another text holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from shoutu.county.duties import kinds
from shoutu.county.duties.policy import Evacuation, Lane, Reach, Reporting, Response, ResponsePolicy, Rung
from shoutu.county.duties.selectors.chains import RUNG_WORDS
from shoutu.county.duties.words import STAGES
from shoutu.county.kit.permissions import NAMES

LEVELS = {4: "红色", 3: "橙色", 2: "黄色", 1: "蓝色"}
MEDIA = {"app": "应用", "sms": "短信", "voice": "电话", "robot": "群机器人", "mail": "邮件", "other": "其他"}
RANKS = {"city": "市", "province": "省"}


def span(length: timedelta) -> str:
    """A time in words, exact: two that differ never read alike."""
    seconds = length.total_seconds()
    for unit, word in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:g} {word}"
    return f"{seconds:.10g} 秒"


def yes(flag: bool) -> str:
    return "是" if flag else "否"


class Lines(dict[str, str]):
    """Name of a line → what it says."""

    def put(self, name: str, value: str) -> None:
        """Two lines of one name (two lanes of one kind) are told apart by number."""
        whole, n = name, 1
        while whole in self:
            n += 1
            whole = f"{name}（{n}）"
        self[whole] = value

    def head(self, policy: Any) -> None:
        self.put("方案名称", f"{policy.title} v{policy.version}")
        self.put("依据", policy.cite)
        self.put("依据已核", yes(policy.verified))
        self.put("发不出去，隔多久再发", "、".join(span(pause) for pause in policy.retry))

    def reach(self, name: str, chain: Iterable[Reach]) -> None:
        for one in chain:
            self.put(f"{name} · {MEDIA.get(one.by, one.by)}等多久", span(one.wait))
        self.put(f"{name} · 先后", " → ".join(MEDIA.get(one.by, one.by) for one in chain))

    def chain(self, name: str, chain: Iterable[Rung]) -> None:
        self.put(f"{name} · 依次叫", " → ".join(RUNG_WORDS.get(rung.who, rung.who) for rung in chain))
        for rung in chain:
            self.put(f"{name} · {RUNG_WORDS.get(rung.who, rung.who)}应答", span(rung.answer))

    def lane(self, name: str, lane: Lane) -> None:
        self.chain(name, lane.chain)
        for stage, length in lane.due.items():
            self.put(f"{name} · {STAGES.get(stage, stage)}时限", span(length))
        self.put(f"{name} · 要做的", "；".join(lane.orders))

    def lanes(self, name: str, lanes: Iterable[Lane]) -> None:
        seen: dict[str, int] = {}
        for lane in lanes:
            seen[lane.duty] = n = seen.get(lane.duty, 0) + 1
            title = f"{name} · {kinds.get(lane.duty).title}"
            self.lane(title if n == 1 else f"{title}（{n}）", lane)

    def response(self, name: str, response: Response) -> None:
        self.put(f"{name} · 停产撤人", yes(response.withdraw))
        self.put(f"{name} · 谁可以关闭", roles(response.close.by))
        self.put(f"{name} · 关闭后谁复核", roles(response.close.review))
        self.reach(f"{name} · 通道", response.reach)
        self.lanes(name, response.lanes)


def roles(names: Iterable[str]) -> str:
    return "、".join(str(NAMES.get(name, name)) for name in names)


def told(policy: ResponsePolicy, evacuation: Evacuation, reporting: Reporting) -> Mapping[str, str]:
    """All that a response pack sets, with what it leaves to the default one."""
    lines = Lines()
    lines.head(policy)
    lines.put("降下后多久再到算新的一次", span(policy.recall_after))
    lines.reach("通道", policy.reach)
    for level, word in LEVELS.items():
        if level in policy.levels:
            lines.response(word, policy.levels[level])
    lines.response("设备故障", policy.fault)
    if policy.stopped is not None:
        lines.response("停产封条期间", policy.stopped)
    if policy.blasting is not None:
        lines.put("放炮时段 · 哪些项", "、".join(policy.blasting.items))
        lines.put("放炮时段 · 从哪级起照常叫", LEVELS.get(policy.blasting.call_from, ""))
        lines.response("放炮时段", policy.blasting.response)
    lines.lane("撤人", evacuation.lane)
    lines.put("撤人 · 谁可以下令复工", roles(evacuation.resume))
    _upward(lines, reporting)
    return lines


def _upward(lines: Lines, reporting: Reporting) -> None:
    lines.put("上报 · 依据", reporting.cite)
    lines.put("上报 · 依据已核", yes(reporting.verified))
    lines.put("上报 · 指令多久分派", span(reporting.assign))
    lines.chain("上报", reporting.chain)
    for level, one in sorted(reporting.levels.items(), reverse=True):
        name = f"上报 · {LEVELS.get(level, level)}"
        lines.put(f"{name} · 报到", "、".join(RANKS.get(rank, rank) for rank in one.to))
        lines.put(f"{name} · 多久催报", span(one.ask))
        lines.put(f"{name} · 初报", span(one.first))
        lines.put(f"{name} · 续报", span(one.again) if one.again else "")
        lines.put(f"{name} · 终报", span(one.last))
