"""Response policy packs are read: text in, ``ResponsePolicy`` out.

Problems are a list naming file, line, field, what is expected and what to do. Pure: no database, no clock.
"""

from __future__ import annotations

import re
from datetime import timedelta

import yaml

from shoutu.county.duties.policy import (
    LEVELS,
    MEDIA,
    NEXT_INSPECTION,
    RANKS,
    RESCUE_LEAD,
    RUNGS,
    STAGES,
    STRICT,
    Blasting,
    Closing,
    Evacuation,
    Lane,
    PolicyError,
    Problem,
    Reach,
    Reporting,
    Response,
    ResponsePolicy,
    Rung,
    Upward,
)
from shoutu.county.kit.permissions import NAMES

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|min|h|d)$")
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_MAX = timedelta(days=366)


def parse(text: str, file: str) -> ResponsePolicy:
    """Read a response pack. Raises PolicyError with every problem found, in the order of lines."""
    reader = Reader(file)
    policy = reader.read(text)
    if policy is None or reader.problems:
        raise PolicyError(sorted(reader.problems, key=lambda problem: problem.line))
    return policy


class Reader:
    """Walks the YAML nodes, so that every message can name its line. Other packs with lanes are read by subclasses."""

    duty_kinds: tuple[str, ...] = ("warning.dispose", "warning.verify", "warning.answer", "warning.standby")

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def problem(self, node: yaml.Node | int, field: str, message: str) -> None:
        line = node if isinstance(node, int) else node.start_mark.line + 1
        self.problems.append(Problem(self.file, line, field, message))

    def read(self, text: str) -> ResponsePolicy | None:
        root = self._compose(text)
        top = self._map(root, "", _TOP, _TOP - _OPTIONAL) if root is not None else None
        if root is None or top is None:
            return None
        levels = self._levels(top.get("levels"))
        fault = self._response(top["fault"], "fault") if "fault" in top else None
        recall = self._duration(top["recall_after"], "recall_after") if "recall_after" in top else None
        if fault is None or recall is None:
            return None
        return ResponsePolicy(
            id=self._text(top.get("pack"), "pack"),
            title=self._text(top.get("title"), "title"),
            version=self._whole(top.get("version"), "version"),
            verified=self._flag(top.get("verified"), "verified"),
            cite=self._text(top.get("cite"), "cite"),
            recall_after=recall,
            retry=self._retry(top.get("retry")),
            levels=levels,
            fault=fault,
            evacuation=self._evacuation(top["evacuation"]) if "evacuation" in top else None,
            reach=self._reach(top["reach"], "reach") if "reach" in top else (),
            stopped=self._response(top["stopped"], "stopped") if "stopped" in top else None,
            blasting=self._blasting(top["blasting"]) if "blasting" in top else None,
            reports=self._reports(top["reports"]) if "reports" in top else None,
        )

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            for token in yaml.scan(text, Loader=yaml.SafeLoader):
                if isinstance(token, yaml.TagToken | yaml.AnchorToken | yaml.AliasToken):
                    line = token.start_mark.line + 1
                    self.problem(line, "yaml", "tags, anchors and aliases are refused; write the value out")
                    return None
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.problem(
                mark.line + 1 if mark else 1, "yaml", f"not readable as YAML: {getattr(error, 'problem', error)}"
            )
            return None
        if node is None:
            self.problem(1, "yaml", "the file is empty; start from packs/response/default.yaml")
        return node

    def _map(
        self, node: yaml.Node | None, path: str, allowed: frozenset[str], required: frozenset[str]
    ) -> dict[str, yaml.Node] | None:
        if not isinstance(node, yaml.MappingNode):
            self.problem(node or 1, path or "pack", "expected a mapping of names to values")
            return None
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self.problem(key, _join(path, name), "given twice; keep one")
            elif name not in allowed:
                self.problem(key, _join(path, name), f"unknown; expected one of {', '.join(sorted(allowed))}")
            else:
                found[name] = value
        for name in sorted(required - set(found)):
            self.problem(node, _join(path, name), "missing; add it")
        return found

    def _list(self, node: yaml.Node | None, path: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.problem(node or 1, path, "expected a list with at least one entry")
            return []
        return list(node.value)

    def _levels(self, node: yaml.Node | None) -> dict[int, Response]:
        names = frozenset(LEVELS)
        found = self._map(node, "levels", names, names) or {}
        read = {LEVELS[name]: self._response(value, f"levels.{name}") for name, value in found.items()}
        return {level: response for level, response in read.items() if response is not None}

    def _response(self, node: yaml.Node, path: str) -> Response | None:
        needed = frozenset({"withdraw", "lanes"})
        parts = self._map(node, path, needed | {"close", "reach"}, needed)
        if parts is None:
            return None
        lanes: list[Lane] = []
        for i, item in enumerate(self._list(parts.get("lanes"), f"{path}.lanes")):
            lane = self._lane(item, f"{path}.lanes[{i}]")
            if lane is None:
                continue
            if lane.duty in {other.duty for other in lanes}:
                self.problem(item, f"{path}.lanes[{i}].duty", f"{lane.duty} is there twice; join the chains")
            lanes.append(lane)
        close = self._closing(parts["close"], f"{path}.close") if "close" in parts else STRICT
        reach = self._reach(parts["reach"], f"{path}.reach") if "reach" in parts else ()
        return Response(self._flag(parts.get("withdraw"), f"{path}.withdraw"), tuple(lanes), close, reach)

    def _closing(self, node: yaml.Node, path: str) -> Closing:
        parts = self._map(node, path, frozenset({"by", "review"}), frozenset({"by"})) or {}
        by = self._roles(parts["by"], f"{path}.by") if "by" in parts else ()
        return Closing(by, self._roles(parts["review"], f"{path}.review") if "review" in parts else ())

    def _roles(self, node: yaml.Node, path: str) -> tuple[str, ...]:
        names = tuple(NAMES)
        return tuple(self._choice(item, f"{path}[{i}]", names) for i, item in enumerate(self._list(node, path)))

    def _evacuation(self, node: yaml.Node) -> Evacuation | None:
        path, needed = "evacuation", frozenset({"chain", "due", "resume"})
        parts = self._map(node, path, needed | {"orders"}, needed)
        if parts is None or not needed <= set(parts):
            return None
        due = self._due(parts["due"], f"{path}.due")
        if set(due) != {"withdraw"}:
            self.problem(parts["due"], f"{path}.due", "expected one limit, withdraw: the time until nobody is left in")
        orders = self._orders(parts.get("orders"), f"{path}.orders")
        lane = Lane("warning.withdraw", self._chain(parts["chain"], f"{path}.chain"), due, orders)
        return Evacuation(lane, self._roles(parts["resume"], f"{path}.resume"))

    def _reach(self, node: yaml.Node, path: str) -> tuple[Reach, ...]:
        both, found = frozenset({"by", "wait"}), list[Reach]()
        for i, item in enumerate(self._list(node, path)):
            parts = self._map(item, f"{path}[{i}]", both, both)
            if parts is None or set(parts) != both:
                continue
            by = self._choice(parts["by"], f"{path}[{i}].by", MEDIA)
            wait = self._duration(parts["wait"], f"{path}[{i}].wait")
            if by in {one.by for one in found}:
                self.problem(item, f"{path}[{i}].by", f"{by} is named twice; keep one")
            elif by and wait is not None:
                found.append(Reach(by, wait))
        return tuple(found)

    def _blasting(self, node: yaml.Node) -> Blasting | None:
        path, needed = "blasting", frozenset({"items", "call_from", "lanes"})
        parts = self._map(node, path, needed, needed)
        if parts is None or not needed <= set(parts):
            return None
        items = tuple(self._text(n, f"{path}.items[{i}]") for i, n in enumerate(self._list(parts["items"], path)))
        level = LEVELS.get(self._choice(parts["call_from"], f"{path}.call_from", tuple(LEVELS)), 1)
        lanes = [self._lane(n, f"{path}.lanes[{i}]") for i, n in enumerate(self._list(parts["lanes"], path))]
        return Blasting(items, level, Response(withdraw=False, lanes=tuple(lane for lane in lanes if lane)))

    def _reports(self, node: yaml.Node) -> Reporting | None:
        path, needed = "reports", frozenset({"cite", "verified", "chain", "assign", "levels"})
        parts = self._map(node, path, needed, needed)
        if parts is None or not needed <= set(parts):
            return None
        assign = self._duration(parts["assign"], f"{path}.assign")
        found = self._map(parts["levels"], f"{path}.levels", frozenset(LEVELS), frozenset()) or {}
        levels = {LEVELS[name]: self._upward(value, f"{path}.levels.{name}") for name, value in found.items()}
        return Reporting(
            chain=self._chain(parts["chain"], f"{path}.chain"),
            levels={level: one for level, one in levels.items() if one is not None},
            assign=assign or timedelta(minutes=30),
            cite=self._text(parts["cite"], f"{path}.cite"),
            verified=self._flag(parts["verified"], f"{path}.verified"),
        )

    def _upward(self, node: yaml.Node, path: str) -> Upward | None:
        needed = frozenset({"to", "first", "last"})
        parts = self._map(node, path, needed | {"ask", "again"}, needed)
        if parts is None or not needed <= set(parts):
            return None
        to = [
            self._choice(one, f"{path}.to[{i}]", RANKS) for i, one in enumerate(self._list(parts["to"], f"{path}.to"))
        ]
        times = {name: self._duration(parts[name], f"{path}.{name}") for name in parts if name != "to"}
        first, last, ask = times["first"], times["last"], times.get("ask")
        if first is None or last is None:
            return None
        if ask is not None and ask >= first:
            self.problem(parts["ask"], f"{path}.ask", "expected less than first: the report is due by then")
        return Upward(tuple(to), first, last, ask or timedelta(0), times.get("again"))

    def _lane(self, node: yaml.Node, path: str) -> Lane | None:
        parts = self._map(node, path, _LANE, frozenset({"duty", "chain"}))
        if parts is None:
            return None
        duty = self._choice(parts.get("duty"), f"{path}.duty", self.duty_kinds)
        chain = self._chain(parts.get("chain"), f"{path}.chain")
        due = self._due(parts["due"], f"{path}.due") if "due" in parts else {}
        return Lane(duty, chain, due, self._orders(parts.get("orders"), f"{path}.orders"))

    def _chain(self, node: yaml.Node | None, path: str) -> tuple[Rung, ...]:
        chain: list[Rung] = []
        for i, item in enumerate(self._list(node, path)):
            rung = self._rung(item, f"{path}[{i}]")
            if rung is None:
                continue
            if rung.who in {other.who for other in chain}:
                self.problem(item, f"{path}[{i}].who", f"{rung.who} is called twice; keep one")
            chain.append(rung)
        if chain and chain[-1].who == RESCUE_LEAD:
            # A team that is named for no site, or does not answer, must not be where the call ends.
            self.problem(node or 1, path, f"{RESCUE_LEAD} cannot be the last; name who is called after it")
        return tuple(chain)

    def _orders(self, node: yaml.Node | None, path: str) -> tuple[str, ...]:
        if node is None:
            return ()
        lines = [self._text(item, f"{path}[{i}]") for i, item in enumerate(self._list(node, path))]
        if len(lines) > 3 or any(len(line) > 40 for line in lines):
            self.problem(node, path, "expected at most three lines of at most 40 characters: they are read on a phone")
        return tuple(lines)

    def _rung(self, node: yaml.Node, path: str) -> Rung | None:
        both = frozenset({"who", "answer"})
        parts = self._map(node, path, both, both)
        if parts is None or set(parts) != both:
            return None
        answer = self._duration(parts["answer"], f"{path}.answer")
        who = self._choice(parts["who"], f"{path}.who", RUNGS)
        return Rung(who, answer) if answer is not None and who else None

    def _due(self, node: yaml.Node, path: str) -> dict[str, timedelta]:
        due: dict[str, timedelta] = {}
        for stage, value in (self._map(node, path, frozenset(STAGES), frozenset()) or {}).items():
            if isinstance(value, yaml.ScalarNode) and value.value == NEXT_INSPECTION:
                continue
            length = self._duration(value, f"{path}.{stage}")
            if length is not None:
                due[stage] = length
        return due

    def _retry(self, node: yaml.Node | None) -> tuple[timedelta, ...]:
        pauses = [self._duration(item, f"retry[{i}]") for i, item in enumerate(self._list(node, "retry"))]
        return tuple(pause for pause in pauses if pause is not None)

    def _scalar(self, node: yaml.Node | None, path: str, expected: str) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.value.strip():
            return str(node.value).strip()
        if node is not None:
            self.problem(node, path, f"expected {expected}")
        return None

    def _duration(self, node: yaml.Node, path: str) -> timedelta | None:
        expected = "a time with its unit, such as '30 s', '5 min', '2 h' or '1 d'"
        text = self._scalar(node, path, expected)
        if text is None:
            return None
        match = _DURATION.match(text)
        if match is None:
            hint = "; the unit is missing" if re.match(r"^\d+(\.\d+)?$", text) else ""
            self.problem(node, path, f"{text!r} is not {expected}{hint}")
            return None
        length = timedelta(seconds=float(match[1]) * _UNITS[match[2]])
        if not timedelta(0) < length <= _MAX:
            self.problem(node, path, f"{text!r}: expected more than 0 and at most 366 d")
            return None
        return length

    def _choice(self, node: yaml.Node | None, path: str, allowed: tuple[str, ...]) -> str:
        text = self._scalar(node, path, f"one of {', '.join(allowed)}")
        if text is not None and text not in allowed:
            self.problem(node or 1, path, f"{text!r} is unknown; expected one of {', '.join(allowed)}")
        return text or ""

    def _text(self, node: yaml.Node | None, path: str) -> str:
        return self._scalar(node, path, "a text") or ""

    def _whole(self, node: yaml.Node | None, path: str) -> int:
        text = self._scalar(node, path, "a whole number from 1")
        if text is None:
            return 0
        if not text.isdigit() or int(text) < 1:
            self.problem(node or 1, path, f"{text!r}: expected a whole number from 1")
            return 0
        return int(text)

    def _flag(self, node: yaml.Node | None, path: str) -> bool:
        text = self._scalar(node, path, "true or false")
        if text is not None and text not in ("true", "false"):
            self.problem(node or 1, path, f"{text!r}: expected true or false")
        return text == "true"


_LANE = frozenset({"duty", "chain", "due", "orders"})
_OPTIONAL = frozenset({"note", "evacuation", "reach", "stopped", "blasting", "reports"})
_TOP = frozenset(
    {
        "pack",
        "title",
        "version",
        "verified",
        "cite",
        "note",
        "recall_after",
        "retry",
        "reach",
        "levels",
        "fault",
        "evacuation",
        "stopped",
        "blasting",
        "reports",
    }
)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
