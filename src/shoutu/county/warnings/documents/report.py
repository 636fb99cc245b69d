"""信息上报 as a paper: the text that went up, word for word, and where it went. Chinese, whatever the reader reads."""

from __future__ import annotations

import io
from datetime import datetime

from django.utils import timezone
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from shoutu.county.kit.texts import printable
from shoutu.county.warnings.models import Report

FONT = "仿宋"


def paper(report: Report) -> bytes:
    """The report as .docx, A4. Needs its dispatches with their offices."""
    made = Document()
    style = made.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(16)
    # Word takes the face of Chinese characters from a setting of its own.
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    page = made.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.6)
    head = made.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = head.add_run(printable(report.title))
    run.bold, run.font.size = True, Pt(20)
    signed = f"签发：{printable(report.signer)}" if report.signer else ""
    made.add_paragraph(f"编号：{report.number}　　{signed}")
    for line in report.text.splitlines():
        body = made.add_paragraph(printable(line))
        body.paragraph_format.first_line_indent = Pt(32)
    table = made.add_table(rows=1, cols=4)
    table.style = "Table Grid"
    for cell, title in zip(table.rows[0].cells, ("报送单位", "方式", "报出", "签收"), strict=True):
        cell.text = title
    for one in report.dispatches.all():
        received = f"{_at(one.received_at)} {one.received_by} {one.their_number}" if one.received_at else ""
        row = (one.superior.title, f"{one.Way(one.way).label} {one.detail}", _at(one.handed_over_at), received)
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = printable(text).strip()
    for cells in table.rows:
        for cell in cells.cells:
            for paragraph in cell.paragraphs:
                for part in paragraph.runs:
                    part.font.size = Pt(10.5)
    foot = made.add_paragraph(f"正文 SHA-256 {report.sha256}，打印于 {_at(timezone.now())}，以账本为准。")
    for part in foot.runs:
        part.font.size = Pt(9)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _at(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""
