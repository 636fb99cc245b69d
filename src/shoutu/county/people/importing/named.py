"""Persons a table names, for those who sit on a post or keep a watch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.utils.translation import gettext as _

from shoutu.county.kit.sheets.tables import Line
from shoutu.county.people.models import Person
from shoutu.county.places.models import Organisation

BATCH = 500


class People:
    """Persons by name within an organisation first, then, but for an enterprise's, in the county where the name is the
    only one: a namesake of another mine must not be rung for this one's alarms."""

    def __init__(self) -> None:
        self._all: dict[str, list[Person]] = defaultdict(list)
        for row in Person.objects.filter(is_active=True).select_related("organisation"):
            self._all[row.name].append(row)

    def one(self, line: Line, column: str, body: Organisation, there: Collection[int] = ()) -> Person | None:
        """The one the line names; what is wrong is said on the line. `there`: who has the place already, from wherever
        (arranged on the page)."""
        said = line.get(column)
        if not said:
            return None
        found = self._all.get(said, [])
        found = [row for row in found if row.organisation_id == body.pk] or found
        found = [row for row in found if row.pk in there] or found
        if not found:
            line.bad(column, _("没有登记“%(name)s”：先导入人员") % {"name": said})
            return None
        outside = found[0].organisation_id != body.pk and found[0].pk not in there
        where = found[0].organisation.name if found[0].organisation else _("没有单位")
        if outside and body.kind == Organisation.Kind.ENTERPRISE:
            words = _("本单位没有登记“%(name)s”，“%(where)s”有同名的人：企业的岗位只用本单位的人，先把本人登记到本单位")
            line.bad(column, words % {"name": said, "where": where})
        elif len(found) > 1:
            words = _("有 %(count)s 个“%(name)s”，认不出是哪一个：在页面上办")
            line.bad(column, words % {"count": len(found), "name": said})
        else:
            if outside:
                line.note(column, _("是“%(where)s”的人") % {"where": where})
            return found[0]
        return None
