"""Columns: what a cell must hold, and how it is said when it does not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum.cn import uscc as stdnum_uscc

from shoutu.county.kit.sheets.reading import bare

LANGUAGES = ("zh-hans", "en")


class Bad(Exception):
    """A cell does not hold what it must; the message says what was expected (as words after 应为)."""

    def __str__(self) -> str:
        return str(_("应为%(expected)s") % {"expected": self.args[0]})


class Wrong(Bad):
    """The same, said as a whole."""

    def __str__(self) -> str:
        return str(self.args[0])


Parser = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column. `note` says how it is filled in; `choices`: value → its word, offered as a drop-down list.

    `example` stands in the template's example row; `unit` is written behind the title. An `exported` column is told
    and never taken. `required_new`: `plan` asks for it in a row that makes something new (`Line.need`), where what is
    there already keeps its own.
    """

    name: str
    title: Any
    parse: Parser
    required: bool = False
    required_new: bool = False
    note: Any = ""
    choices: Mapping[str, Any] = field(default_factory=dict)
    example: Any = ""
    unit: Any = ""
    width: int = 16
    exported: bool = False
    # Other titles it is found under.
    aliases: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The title as it stands in the header: 采样间隔（秒） *."""
        unit = f"（{self.unit}）" if self.unit else ""
        return f"{self.title}{unit}{' *' if self.required or self.required_new else ''}"

    def titles(self) -> set[str]:
        """Its bare titles in every language, for finding it in a file."""
        found = {bare(alias) for alias in self.aliases}
        for language in LANGUAGES:
            with translation.override(language):
                found.add(bare(self.title))
        return found


def out(name: str, title: Any, width: int = 16, choices: Mapping[Any, Any] | None = None) -> Column:
    """A column that is told and never taken."""
    return Column(name, title, words, exported=True, width=width, choices=choices or {})


def words(cell: Any) -> str:
    """A cell as text: 13800000000 and not 1.38E+10, 是 and 否, dates as 2026-11-24."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(_("是") if cell else _("否"))
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dict):
        return str(cell.get("d", cell.get("e", ""))).removesuffix("T00:00:00")
    return str(cell).strip()


def clean(cell: Any) -> None:
    """Raises Bad for an error value, and for a formula that was never worked out."""
    if isinstance(cell, dict) and "e" in cell:
        if cell["e"] == "=":
            raise Wrong(_("是公式，没有算出的值：复制后“选择性粘贴为数值”再导入"))
        raise Wrong(_("是错误值 %(error)s，改成实际的值") % {"error": cell["e"]})


def text(limit: int) -> Parser:
    """Up to `limit` characters, in one line."""

    def parse(cell: Any) -> str:
        found = re.sub(r"\s+", " ", words(cell))
        if len(found) > limit:
            raise Bad(_("不超过 %(limit)s 个字") % {"limit": limit})
        if any(ord(one) < 32 or 0xD800 <= ord(one) <= 0xDFFF or ord(one) in (0xFFFE, 0xFFFF) for one in found):
            raise Bad(_("可以显示的文字"))
        return found

    return parse


def uscc(cell: Any) -> str:
    """统一社会信用代码 (GB 32100-2015): 18 characters with their check character."""
    found = words(cell).upper().replace(" ", "").replace("-", "")
    if not found:
        return ""
    if isinstance(cell, int | float):
        raise Bad(_("文字格式的 18 位代码（按数字存的长代码，Excel 会把末几位改成 0）"))
    if len(found) != 18:
        raise Bad(_(" 18 位，这里是 %(length)s 位") % {"length": len(found)})
    if not stdnum_uscc.is_valid(found):
        raise Bad(_(" 18 位，校验位不对，有一位写错了（没有 I、O、S、V、Z）"))
    return found


def choice(options: Mapping[str, Any]) -> Parser:
    """One of `options`: by its word in either language, or its name. "" stays ""."""

    known: dict[str, str] = {}

    def parse(cell: Any) -> str:
        if not known:  # once, when the words can be translated
            for language in LANGUAGES:
                with translation.override(language):
                    known.update({bare(said): name for name, said in options.items()})
            known.update({bare(name): name for name in options})
        found = bare(words(cell))
        if not found:
            return ""
        if found in known:
            return known[found]
        raise Bad(_("其中之一：%(names)s") % {"names": "、".join(str(one) for one in options.values())})

    return parse


def choices(options: Mapping[str, Any]) -> Parser:
    """Several of `options`, divided by 、 or a comma."""
    one = choice(options)

    def parse(cell: Any) -> list[str]:
        return [one(part) for part in re.split(r"[、，,;；/]", words(cell)) if part.strip()]

    return parse


def number(low: float | None = None, high: float | None = None) -> Parser:
    """A finite number within the bounds; empty is None."""

    def parse(cell: Any) -> float | None:
        said = words(cell).replace("，", ",").replace("−", "-").replace("－", "-")
        if not said:
            return None
        if isinstance(cell, bool):
            raise Bad(_("数字"))
        try:
            found = float(cell) if isinstance(cell, int | float) else _as_number(said)
        except (ValueError, OverflowError) as error:
            raise Bad(_("数字，不带单位")) from error
        if not math.isfinite(found):
            raise Bad(_("有限的数字"))
        if (low is not None and found < low) or (high is not None and found > high):
            raise Bad(_("%(low)s 到 %(high)s 之间的数字") % {"low": low, "high": high})
        return found

    return parse


_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")


def _as_number(said: str) -> float:
    """Raises ValueError. Commas stand between thousands only: 0,5 must not become 5."""
    if "_" in said or ("," in said and not _GROUPED.fullmatch(said)):
        raise ValueError(said)
    return float(said.replace(",", ""))


def yes_no(cell: Any) -> bool | None:
    """是 or 否; empty is None."""
    if isinstance(cell, bool):
        return cell
    found = words(cell).casefold()
    if not found:
        return None
    if found in ("是", "√", "y", "yes", "1", "true"):
        return True
    if found in ("否", "×", "n", "no", "0", "false"):
        return False
    raise Bad(_("“是”或“否”"))


def _as_time(cell: Any) -> datetime:
    said = words(cell)
    found = re.sub(r"[年月./]", "-", said).replace("日", " ").replace("T", " ").replace("时", ":").replace("分", "")
    found = re.sub(r"\s+", " ", found).strip().rstrip(":")
    for shape in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H", "%Y-%m-%d"):
        try:
            return datetime.strptime(found, shape)  # noqa: DTZ007 (the county's own clock is put to it below)
        except ValueError:
            continue
    raise Bad(_("日期，如 2026-11-24 或 2026-11-24 08:00"))


def moment(cell: Any) -> datetime | None:
    """A time by the county's clock, such as 2026-11-24 08:00; a date alone is its midnight. Empty is None."""
    if not words(cell):
        return None
    found = _as_time(cell)
    if not 1990 <= found.year <= 2100:
        raise Bad(_("1990 到 2100 年之间的日期"))
    return timezone.make_aware(found)


def day(cell: Any) -> date | None:
    """A date, such as 2026-11-24; empty is None."""
    found = moment(cell)
    return timezone.localtime(found).date() if found else None


def phone(cell: Any) -> str:
    """A telephone number as people write it."""
    found = words(cell).replace("－", "-").replace("（", "(").replace("）", ")").replace("＋", "+")
    digits = sum(one.isdigit() for one in found)
    if found and (digits < 5 or digits > 15 or any(one not in "0123456789+-() " for one in found)):
        raise Bad(_("电话号码，5 到 15 位数字，可含 + - 和空格"))
    return found


def email(cell: Any) -> str:
    """An address such as zhiban@example.cn."""
    found = words(cell)
    if found and (len(found) > 120 or "@" not in found.strip("@") or any(one.isspace() for one in found)):
        raise Bad(_("邮箱地址，如 zhiban@example.cn"))
    return found


def spoken(value: Any, options: Mapping[str, Any] | None = None) -> Any:
    """A value as it stands in a cell: words for choices, 是 and 否, local times. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "、".join(str(spoken(one, options)) for one in value)
    if options and value in options:
        return str(options[value])
    return value if isinstance(value, int | float) else str(value)


def named(options: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """Django's choices as a column's."""
    return {str(name): said for name, said in options}


YES_NO = {"yes": gettext_lazy("是"), "no": gettext_lazy("否")}
