"""交接班记录: one sheet to print, with what both signed in the system and room for their hand."""

from __future__ import annotations

import io
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.texts import printable
from shoutu.county.people.masking import masked_name
from shoutu.county.people.models import Handover

FONT = "宋体"


def sheet(row: Handover, actor: Actor) -> bytes:
    """The sheet as .docx. Names as far as the reader's role goes; what is not signed says so."""
    paper = Document()
    _look(paper)
    title = paper.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(_("交接班记录"))
    run.bold, run.font.size = True, Pt(18)
    table = paper.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    shift = row.shift
    lines = [
        (_("单位"), shift.post.organisation.name),
        (_("岗位"), shift.post.title),
        (_("班次"), f"{_at(shift.starts_at)} – {_at(shift.ends_at)}"),
        (_("交班时未关闭的预警"), _levels(row.figures.get("levels") or {})),
        (_("其中未应答"), _levels(row.figures.get("unanswered") or {})),
        (_("系统告警"), str(row.figures.get("alarms", 0))),
        (_("交班记录"), row.note or _("（空）")),
        (_("交班人"), _signed(masked_name(row.handed_by, actor), row.handed_at)),
        (_("接班人"), _signed(masked_name(row.taken_by, actor), row.taken_at)),
        (_("交班人签名"), ""),
        (_("接班人签名"), ""),
    ]
    for name, value in lines:
        cells = table.add_row().cells
        cells[0].width, cells[1].width = Cm(4.5), Cm(12)
        cells[0].paragraphs[0].add_run(name).bold = True
        cells[1].text = printable(value)
    foot = _("编号 %(id)s，打印于 %(at)s。签字的时间和内容记在账本里，以账本为准。")
    paper.add_paragraph(foot % {"id": row.pk, "at": _at(timezone.now())})
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _look(paper: Document) -> None:  # type: ignore[valid-type]
    style = paper.styles["Normal"]  # type: ignore[attr-defined]
    style.font.name, style.font.size = FONT, Pt(11)
    # Word takes the face of Chinese characters from a setting of its own.
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    page = paper.sections[0]  # type: ignore[attr-defined]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.2)


def _at(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _signed(name: str | None, at: datetime | None) -> str:
    return f"{name} {_at(at)}" if name and at else _("未签")


def _levels(counts: dict[str, int]) -> str:
    words = {"4": _("红色"), "3": _("橙色"), "2": _("黄色"), "1": _("蓝色")}
    said = [f"{word} {counts[level]}" for level, word in words.items() if counts.get(level)]
    return "，".join(said) or _("无")
