"""Licences and documents as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import Bad, Column, choice, day, named, number, out, text, words
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.ledger.services.access import note_accesses
from shoutu.county.papers import importing, selectors
from shoutu.county.papers.api import LackingQuery, LicenceQuery, list_lacking
from shoutu.county.papers.api_documents import AllDocumentsQuery, list_all_documents
from shoutu.county.papers.kinds import kinds
from shoutu.county.papers.models import DocumentKind
from shoutu.county.papers.schemas import Document, SiteLacking
from shoutu.county.papers.selectors import NEVER
from shoutu.county.places.finding import Sites
from shoutu.county.places.models import Site

STANDING = {
    "valid": _("有效"), "expiring": _("快到期"), "expired": _("已过期"), "renewed": _("已换证"),
    "withdrawn": _("已注销"),
}  # fmt: skip


class _Kinds(Mapping[str, Any]):
    """The list as it is now, not as it was at the start."""

    def __getitem__(self, id: str) -> str:
        return kinds()[id].name

    def __iter__(self) -> Iterator[str]:
        return iter(kinds())

    def __len__(self) -> int:
        return len(kinds())


KINDS = _Kinds()


def _kind(cell: Any) -> str:
    return str(choice(KINDS)(cell))


def _day(cell: Any) -> Any:
    """A day; 长期 is `NEVER`. Empty is neither: a day left out must not make a licence that never ends."""
    if words(cell) in ("长期", "无固定期限", "permanent"):
        return NEVER
    try:
        return day(cell)
    except Bad as error:
        raise Bad(gettext("日期，如 2026-12-31；长期有效的写“长期”")) from error


def _licences(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    places = Sites(actor)
    rows = selectors.licences_for(
        actor, standing=query.standing, kind=query.kind, organisation=query.organisation, q=query.q
    )
    for one in rows.order_by("lapses", "id").iterator(chunk_size=500):  # type: ignore[misc]  # annotated
        told = selectors.row(actor, one, whole=whole)
        yield {
            "id": one.pk, "organisation": one.organisation.name, "site": places.path(one.site) if one.site else "",
            **{name: told[name] for name in ("kind", "number", "bearer", "issued_by", "valid_from")},
            "valid_until": one.valid_until or gettext("长期"),
            "capacity": one.capacity, "note": one.note, "standing": told["standing"], "days_left": told["days_left"],
        }  # fmt: skip


def _newest(name: str, row: Document) -> Any:
    """Of the version that holds."""
    return getattr(row.versions[0], name)


def _looked(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Every person's certificate that goes out whole, on record before it does."""
    told = [row["id"] for row in rows if row["bearer"]]
    note_accesses(actor, "licence", told, ("bearer", "number"), gettext("导出证照表"))


LICENCES = register(
    Table(
        "licences",
        _("证照"),
        (
            Column(
                "organisation", _("单位"), text(120), required=True, note=_("企业全称，或 18 位统一社会信用代码。"),
                example=_("示范矿业有限公司"), width=30, aliases=("企业", "单位名称", "企业名称", "持证单位"),
            ),
            Column(
                "site", _("场所"), text(250), note=_("只管一个场所的证写场所名称；全企业共用的留空。"),
                example=_("1 号尾矿库"), width=24, aliases=("场所名称",),
            ),
            Column(
                "kind", _("证照种类"), _kind, required=True, choices=KINDS, note=_("种类表里的一种。"),
                example="safety_permit", width=24, aliases=("种类", "证照名称"),
            ),
            Column(
                "number", _("证号"), text(60), required=True, note=_("证上的编号，按文字填。"),
                example=_("(晋)FM安许证字〔2024〕001"), width=28, aliases=("证书编号", "编号"),
            ),
            Column(
                "bearer", _("持证人"), text(40), note=_("考核合格证、操作证写持证人姓名；单位的证留空。"), width=12,
            ),
            Column(
                "issued_by", _("发证机关"), text(120), required_new=True, example=_("省应急管理厅"), width=24,
            ),
            Column(
                "valid_from", _("有效期起"), day, required_new=True, note=_("日期，如 2024-01-01。"),
                example="2024-01-01", width=14, aliases=("发证日期",),
            ),
            Column(
                "valid_until", _("有效期止"), _day, required_new=True, note=_("最后有效的一天；长期有效的写“长期”。"),
                example="2026-12-31", width=14, aliases=("到期日期", "有效期至"),
            ),
            Column(
                "capacity", _("生产能力"), number(0, 100_000), unit=_("万 t/a"), note=_("采矿许可证上载明的。"),
                width=14,
            ),
            Column("note", _("备注"), text(400), width=24),
            out("standing", _("状态"), 10, STANDING),
            out("days_left", _("剩余天数"), 10),
        ),
        read="licence.read",
        query=LicenceQuery,
        rows=_licences,
        edit=("import.use", "licence.edit"),
        plan=importing.plan_licences,
        apply=importing.apply_licences,
        follow=importing.follow,
        follow_size={"licence": 20},
        personal=("number", "bearer"),
        whole_permission="person.read_phone",
        looked=_looked,
        notes=(
            _("认同一张证：单位、场所、种类和证号。"),
            _("证号相同、起止日期都更晚的按换证登记；别的不同按更正登记。换了证号的在页面上换证。"),
        ),
    )
)  # fmt: skip

listed(
    "licences-lacking",
    _("缺证"),
    (
        out("organisation.name", _("企业"), 28),
        out("name", _("场所"), 24),
        out("site_kind", _("场所类别"), 14, named(Site.Kind.choices)),
        out("lacking.title", _("没有登记的证照"), 40),
        out("lacking.ground", _("依据"), 40),
    ),
    view=list_lacking,
    page=Page[SiteLacking],
    query=LackingQuery,
    read="licence.read",
)

listed(
    "documents",
    _("资料"),
    (
        out("organisation.name", _("企业"), 28),
        out("site.name", _("场所（空的是企业自己的）"), 24),
        out("kind", _("种类"), 14, named(DocumentKind.choices)),
        out("title", _("名称"), 40),
        out("personal", _("查阅留痕"), 10),
        out("number", _("版"), 8),
        out("file", _("文件"), 32),
        out("at", _("存入时间"), 18),
        out("by", _("谁存入"), 24),
        out("sha256", _("文件摘要"), 68),
    ),
    view=list_all_documents,
    page=Page[Document],
    query=AllDocumentsQuery,
    read="document.read",
    made={name: partial(_newest, name) for name in ("number", "file", "at", "by", "sha256")},
)
