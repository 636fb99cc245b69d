"""Finding territories, organisations and sites by what people write in a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.tables import Line
from shoutu.county.places.models import Organisation, Site, Territory
from shoutu.county.places.selectors import organisations, sites, territories


class Territories:
    """By name, by code, or by path where a name is not the only one: 东乡/李家庄."""

    def __init__(self, rows: Iterable[Territory] | None = None) -> None:
        self.rows = list(territories() if rows is None else rows)
        self.by_id = {row.pk: row for row in self.rows}
        self._found: dict[str, list[Territory]] = defaultdict(list)
        for row in self.rows:
            self._found[row.name].append(row)
            if row.code:
                self._found[row.code].append(row)

    def find(self, said: str) -> list[Territory]:
        """All that fit."""
        *above, name = [part.strip() for part in said.replace("／", "/").split("/") if part.strip()] or [""]
        return [row for row in self._found.get(name, []) if self._under(row, above)]

    def _under(self, row: Territory, above: list[str]) -> bool:
        at: Territory | None = row
        for name in reversed(above):
            at = self.by_id.get(at.parent_id) if at and at.parent_id else None
            if at is None or at.name != name:
                return False
        return True

    def path(self, row: Territory) -> str:
        """Its name, with its parent's before it where the name alone would not do."""
        if len(self._found[row.name]) < 2 or row.parent_id is None:
            return row.name
        return f"{self.by_id[row.parent_id].name}/{row.name}"

    def one(self, line: Line, column: str) -> Territory | None:
        """The one in use that the line names; what is wrong is said on the line."""
        said = line.get(column)
        if not said:
            return None
        found = self.find(said)
        if not found:
            line.bad(column, _("没有行政区“%(name)s”：先在行政区里建，或照“乡镇/村”的写法写") % {"name": said})
        elif len(found) > 1:
            line.bad(column, _("有 %(count)s 个“%(name)s”：写成“上级/名称”") % {"count": len(found), "name": said})
        elif not found[0].is_active:
            line.bad(column, _("行政区“%(name)s”已停用") % {"name": said})
        else:
            return found[0]
        return None


class Organisations:
    """By full name or by 统一社会信用代码, among those the actor sees."""

    def __init__(self, actor: Actor) -> None:
        self.rows = list(organisations().visible_to(actor))
        self._found = {row.name: row for row in self.rows}
        self._found |= {row.code: row for row in self.rows if row.code}

    def one(self, line: Line, column: str) -> Organisation | None:
        """The one in use that the line names; what is wrong is said on the line."""
        said = line.get(column)
        if not said:
            return None
        row = self._found.get(said)
        if row is None:
            line.bad(column, _("没有单位“%(name)s”：写全称，或先导入单位") % {"name": said})
        elif not row.is_active:
            line.bad(column, _("单位“%(name)s”已停用，先启用") % {"name": said})
        else:
            return row
        return None


class Sites:
    """By name, or as 单位/场所 where a name is not the only one, among those the actor sees."""

    def __init__(self, actor: Actor) -> None:
        self._found: dict[str, list[Site]] = defaultdict(list)
        for row in sites().visible_to(actor):
            self._found[row.name].append(row)
            self._found[f"{row.organisation.name}/{row.name}"].append(row)

    def path(self, row: Site) -> str:
        """Its name, with its organisation's before it where the name alone would not do."""
        return row.name if len(self._found[row.name]) < 2 else f"{row.organisation.name}/{row.name}"

    def one(self, line: Line, column: str) -> Site | None:
        """The one that the line names; what is wrong is said on the line."""
        said = line.get(column).replace("／", "/")
        if not said:
            return None
        found = self._found.get(said, [])
        if not found:
            line.bad(column, _("没有场所“%(name)s”：先导入场所，或照“单位/场所”的写法写") % {"name": said})
        elif len(found) > 1:
            line.bad(column, _("有 %(count)s 个“%(name)s”：写成“单位/场所”") % {"count": len(found), "name": said})
        else:
            return found[0]
        return None
