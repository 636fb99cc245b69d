"""OASIS CAP 1.2 (and 1.1) alerts as the weather service sends them: bytes in, plain data out. Pure and fuzzed.

Only what a warning needs is read; elements are known by their local names, whatever the namespace. The colour of the
signal is looked for where Chinese services write it (a parameter, the words of event and headline, `severity` as a
colour); CAP's own severities are the last resort.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as Xml
from django.utils.translation import gettext as _

from shoutu.county.kit.words import field_words

MAX_BYTES = 512 * 1024
BEIJING = timezone(timedelta(hours=8))
"""A time without a zone is the weather service's own."""
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
COLOURS = {"red": 4, "orange": 3, "yellow": 2, "blue": 1, "红": 4, "橙": 3, "黄": 2, "蓝": 1}
SEVERITIES = {"extreme": 4, "severe": 3, "moderate": 2, "minor": 1}
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>", re.DOTALL)
_CHINESE = {"gb2312", "gbk", "gb18030"}
_COLOUR_WORD = re.compile(r"(红|橙|黄|蓝)色")
_COLOUR_NAMES = re.compile(r"colou?r|level|颜色|级别|等级", re.IGNORECASE)


class CapError(ValueError):
    """What cannot be read as CAP: the element, and what was expected there."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(_("%(field)s 应为：%(expected)s") % {"field": field_words(field), "expected": expected})
        self.field, self.expected = field, expected


@dataclass(frozen=True, slots=True)
class CapArea:
    """One `area`: its description and geocode values. `shaped`: it also carries a polygon or circle."""

    name: str
    codes: tuple[str, ...] = ()
    shaped: bool = False


@dataclass(frozen=True, slots=True)
class CapInfo:
    """One `info` block. `level` 1 blue … 4 red, None where neither colour nor severity says it."""

    event: str
    codes: tuple[str, ...]
    level: int | None
    headline: str
    description: str
    instruction: str
    onset: datetime | None
    expires: datetime | None
    areas: tuple[CapArea, ...]


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One alert. `references` are the (sender, identifier) of earlier messages it updates or cancels."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: str
    references: tuple[tuple[str, str], ...]
    infos: tuple[CapInfo, ...]


def parse(data: bytes) -> CapAlert:
    """Read one alert. Raises CapError naming the element; never anything else."""
    if len(data) > MAX_BYTES:
        raise CapError("body", _("不超过 %(limit)s 字节") % {"limit": MAX_BYTES})
    try:
        root = Xml.fromstring(_utf8(data), forbid_dtd=True)
    except DefusedXmlException as error:
        raise CapError("body", _("不含 DTD 和实体的 XML")) from error
    except (ParseError, ValueError, LookupError) as error:
        raise CapError("body", _broken(error)) from error
    if _name(root) != "alert":
        raise CapError("alert", _("最外层是 CAP 1.2 的 alert"))
    kind = _choice(_required(root, "msgType", 20), MSG_TYPES, "msgType")
    infos = tuple(_infos(root))
    if not infos and kind in ("Alert", "Update"):
        raise CapError("info", _("至少一个 info"))
    return CapAlert(
        identifier=_required(root, "identifier", 200),
        sender=_required(root, "sender", 200),
        sent=_time(_required(root, "sent", 60), "sent"),
        status=_text(root, "status", 20) or "Actual",
        kind=kind,
        references=_references(_text(root, "references", 20_000)),
        infos=infos,
    )


def _broken(error: Exception) -> str:
    if not isinstance(error, ParseError):
        return _("完整的 XML")
    line, column = error.position
    return _("完整的 XML，第 %(line)d 行第 %(column)d 字读不下去") % {"line": line, "column": column + 1}


def _utf8(data: bytes) -> bytes:
    """Expat reads no GBK, in which county services still write."""
    declared = _DECLARED.match(data)
    if declared is None or declared[1].decode("ascii").lower() not in _CHINESE:
        return data
    return data[declared.end() :].decode("gb18030").encode()


def redeclared(data: bytes) -> bytes:
    """UTF-8 text whose head may still declare another encoding: without that head."""
    declared = _DECLARED.match(data)
    return data[declared.end() :] if declared else data


def _name(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _name(child) == name)


def _text(element: Element, name: str, limit: int) -> str:
    child = next(_children(element, name), None)
    text = " ".join((child.text or "").split()) if child is not None else ""
    if len(text) > limit:
        raise CapError(name, _("不超过 %(limit)s 个字") % {"limit": limit})
    return text


def _prose(element: Element, name: str) -> str:
    child = next(_children(element, name), None)
    return (child.text or "").strip()[:4000] if child is not None else ""


def _required(element: Element, name: str, limit: int) -> str:
    text = _text(element, name, limit)
    if not text:
        raise CapError(name, _("必填"))
    return text


def _choice(text: str, allowed: tuple[str, ...], name: str) -> str:
    found = {one.lower(): one for one in allowed}.get(text.lower())
    if found is None:
        raise CapError(name, _("其中之一：%(names)s") % {"names": "、".join(allowed)})
    return found


def _time(text: str, name: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise CapError(name, _("时间，如 2026-07-21T14:00:00+08:00")) from error
    if not 2000 <= told.year <= 2100:
        raise CapError(name, _("2000 年到 2100 年之间的时间"))
    return (told if told.tzinfo else told.replace(tzinfo=BEIJING)).astimezone(UTC)


def _references(text: str) -> tuple[tuple[str, str], ...]:
    """`sender,identifier,sent` triples, separated by blanks; a bare identifier is taken as one of any sender."""
    found = []
    for part in text.split():
        fields = part.split(",")
        found.append((fields[0], fields[1]) if len(fields) >= 2 else ("", fields[0]))
    return tuple(found[:200])


def _infos(root: Element) -> Iterator[CapInfo]:
    """The info blocks of one language: Chinese where there is any, else that of the first block."""
    blocks = list(_children(root, "info"))
    tongues = [(_text(block, "language", 40) or "en-US").lower() for block in blocks]
    chosen = next((tongue for tongue in tongues if tongue.startswith("zh")), tongues[0] if tongues else "")
    return (_info(block) for block, tongue in zip(blocks, tongues, strict=True) if tongue == chosen)


def _info(block: Element) -> CapInfo:
    event, headline = _text(block, "event", 200), _text(block, "headline", 400)
    onset, effective = _text(block, "onset", 60), _text(block, "effective", 60)
    expires = _text(block, "expires", 60)
    starts = onset or effective
    return CapInfo(
        event=event,
        codes=tuple(value for _n, value in [*_pairs(block, "eventCode"), ("", _text(block, "eventType", 60))] if value),
        level=_level(block, event, headline),
        headline=headline,
        description=_prose(block, "description"),
        instruction=_prose(block, "instruction"),
        onset=_time(starts, "onset" if onset else "effective") if starts else None,
        expires=_time(expires, "expires") if expires else None,
        areas=tuple(_areas(block)),
    )


def _pairs(element: Element, name: str) -> list[tuple[str, str]]:
    return [(_text(pair, "valueName", 100), _text(pair, "value", 200)) for pair in _children(element, name)]


def _level(block: Element, event: str, headline: str) -> int | None:
    told = [value for name, value in _pairs(block, "parameter") if _COLOUR_NAMES.search(name)]
    for text in told:
        level = COLOURS.get(text.lower().removesuffix("色").removesuffix("预警")) or _word(text)
        if level is not None:
            return level
    severity = _text(block, "severity", 40).lower()
    return _word(event) or _word(headline) or COLOURS.get(severity) or _word(severity) or SEVERITIES.get(severity)


def _word(text: str) -> int | None:
    found = _COLOUR_WORD.search(text)
    return COLOURS[found[1]] if found else None


def _areas(block: Element) -> Iterator[CapArea]:
    for area in list(_children(block, "area"))[:500]:
        codes = tuple(value for _n, value in _pairs(area, "geocode") if value)
        shaped = any(True for name in ("polygon", "circle") for _child in _children(area, name))
        yield CapArea(_text(area, "areaDesc", 2000), codes, shaped)
