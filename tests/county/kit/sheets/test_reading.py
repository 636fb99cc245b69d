"""Files as they come: taken apart right, or refused with a word for what is wrong; nothing makes the reader fall."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from shoutu.county.kit.sheets.reading import Asked, Refused, bare, read

ASKED = Asked(frozenset({"名称", "地址", "采样间隔"}), frozenset({"测点"}), 1000, frozenset({"填写说明"}))


def saved(tmp_path: Path, change: Any = None, rows: Any = (("名称 *", "地址"), ("甲", "A1"))) -> Path:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(book, sheet)
    file = tmp_path / "f"
    with file.open("wb") as out:
        book.save(out)
    return file


def written(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "f"
    file.write_bytes(content)
    return file


def rows(file: Path, asked: Asked = ASKED) -> list[list[Any]]:
    return [one["v"] for one in read(file, asked) if "r" in one]


def refused(file: Path, asked: Asked = ASKED) -> Refused:
    with pytest.raises(Refused) as why:
        list(read(file, asked))
    return why.value


def notes(file: Path) -> list[str]:
    return [one["note"] for one in read(file, ASKED) if "note" in one]


def test_a_title_is_found_without_its_star_unit_and_spaces() -> None:
    assert bare("采样间隔（秒） *") == bare(" 采样间隔(s)") == bare("采样 间隔") == "采样间隔"


def test_rows_keep_the_numbers_of_the_spreadsheet_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    file = saved(tmp_path, rows=(("一览表",), (), ("名称", "地址"), ("甲", 1), (None, None), ("乙", 2.5)))
    assert [(one["r"], one["v"]) for one in read(file, ASKED) if "r" in one] == [(4, ["甲", 1]), (6, ["乙", 2.5])]


def test_a_formula_is_told_with_its_stored_value_and_without_one_is_an_error(tmp_path: Path) -> None:
    file = saved(tmp_path, rows=(("名称", "地址"), ("甲", "=1+1")))
    content = zipfile.ZipFile(file)
    parts = {name: content.read(name) for name in content.namelist()}
    [row] = [one for one in read(file, ASKED) if "r" in one]
    assert (row["v"], row["f"]) == (["甲", {"e": "="}], [2])
    parts["xl/worksheets/sheet1.xml"] = (
        parts["xl/worksheets/sheet1.xml"]
        .replace(b"<v></v>", b"<v>2</v>")
        .replace(b"<v/>", b"<v>2</v>")
        .replace(b"<v />", b"<v>2</v>")
    )
    with zipfile.ZipFile(file, "w") as out:
        for name, body in parts.items():
            out.writestr(name, body)
    [row] = [one for one in read(file, ASKED) if "r" in one]
    assert (row["v"], row["f"]) == (["甲", 2], [2])


def test_merged_cells_below_the_header_are_refused_above_it_they_are_harmless(tmp_path: Path) -> None:
    table = (("一览表", None), ("名称", "地址"), ("甲", "A1"), (None, "A2"))
    assert rows(saved(tmp_path, lambda b, s: s.merge_cells("A1:B1"), table)) == [["甲", "A1"], [None, "A2"]]
    why = refused(saved(tmp_path, lambda b, s: s.merge_cells("A3:A4"), table))
    assert (why.code, why.facts) == ("merged", {"ranges": ["A3:A4"], "count": 1})


def test_hidden_and_further_sheets_are_told(tmp_path: Path) -> None:
    def more(book: Any, sheet: Any) -> None:
        book.create_sheet("去年").append(["名称"])
        book.create_sheet("草稿").sheet_state = "hidden"
        book.create_sheet("填写说明")

    assert notes(saved(tmp_path, more)) == ["sheet", "hidden_sheet"]

    def named(book: Any, sheet: Any) -> None:
        other = book.create_sheet("测点")
        other.append(["名称"])
        other.append(["乙"])

    assert rows(saved(tmp_path, named)) == [["乙"]]


def test_too_many_rows_are_refused_before_they_are_read(tmp_path: Path) -> None:
    file = saved(tmp_path, rows=(("名称",), *(("甲",) for _ in range(1001))))
    assert refused(file).code == "rows"
    assert len(rows(saved(tmp_path, rows=(("名称",), *(("甲",) for _ in range(1000)))))) == 1000


@pytest.mark.parametrize("head", [(), ("甲", "乙"), (None,)])
def test_without_a_header_it_is_refused(tmp_path: Path, head: Any) -> None:
    assert refused(saved(tmp_path, rows=(head, ("x", "y")))).code == "no_header"


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _parts(tmp_path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(saved(tmp_path)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_what_is_no_plain_workbook_is_refused_by_its_kind(tmp_path: Path) -> None:
    parts = _parts(tmp_path)
    types = parts["[Content_Types].xml"]
    cases = {
        "empty": b"",
        "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        "not_a_table": b"\x89PNG\r\n\x1a\n\0\0",
        "encoding": b"\xff\xff\xff\xff,\xff",
        "broken": b"PK\x03\x04 torn",
    }
    for code, content in cases.items():
        assert refused(written(tmp_path, content)).code == code
    assert refused(written(tmp_path, _zip({**parts, "xl/vbaProject.bin": b"x"}))).code == "macros"
    macro = types.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")
    assert refused(written(tmp_path, _zip({**parts, "[Content_Types].xml": macro}))).code == "macros"
    assert refused(written(tmp_path, _zip({"xl/workbook.bin": b""}))).code == "xlsb"
    assert refused(written(tmp_path, _zip({"mimetype": b"x", "content.xml": b""}))).code == "ods"
    assert refused(written(tmp_path, _zip({"word/document.xml": b""}))).code == "not_a_table"
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + parts["xl/worksheets/sheet1.xml"][21:]
    assert refused(written(tmp_path, _zip({**parts, "xl/worksheets/sheet1.xml": entities}))).code == "broken"


def test_a_bomb_is_refused_by_what_it_would_become(tmp_path: Path) -> None:
    parts = _parts(tmp_path)
    began = time.monotonic()
    flat = b"<x>" + b"0" * (60 * 1024 * 1024) + b"</x>"
    assert refused(written(tmp_path, _zip({**parts, "xl/worksheets/sheet1.xml": flat}))).code == "bomb"
    assert refused(written(tmp_path, _zip({f"a{n}": b"" for n in range(2100)}))).code == "bomb"
    assert time.monotonic() - began < 20


def test_a_row_number_far_out_does_not_hold_the_reader(tmp_path: Path) -> None:
    parts = _parts(tmp_path)
    far = (
        parts["xl/worksheets/sheet1.xml"]
        .replace(b'<row r="2"', b'<row r="99999999999"')
        .replace(b'r="A2"', b"")
        .replace(b'r="B2"', b"")
    )
    file = written(tmp_path, _zip({**parts, "xl/worksheets/sheet1.xml": far}))
    began = time.monotonic()
    assert _child(file).get("refuse")
    assert time.monotonic() - began < 30


def _child(file: Path, *, raw: bool = False) -> Any:
    asked = {"titles": sorted(ASKED.titles), "sheets": [], "known": [], "max_rows": 1000}
    ended = subprocess.run(
        [sys.executable, "-m", "shoutu.county.kit.sheets.reading", str(file)], input=json.dumps(asked).encode(),
        capture_output=True, check=False, timeout=100,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = [json.loads(line) for line in ended.stdout.splitlines() if line.strip()]
    return told if raw else told[-1]


def test_the_process_tells_the_same_as_the_function(tmp_path: Path) -> None:
    file = saved(tmp_path)
    assert _child(file, raw=True) == list(read(file, ASKED))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_the_encodings_people_have(tmp_path: Path, encoding: str) -> None:
    content = (
        "名称,地址\r\n甲铁矿（东）,'=A1\r\n乙㙟,=1+1\r\n"
        if encoding != "gbk"
        else "名称,地址\r\n甲铁矿（东）,'=A1\r\n乙,=1+1\r\n"
    )
    found = rows(written(tmp_path, content.encode(encoding)))
    assert found[0] == ["甲铁矿（东）", "=A1"]
    assert found[1][1] == {"e": "="}


def test_text_that_no_database_keeps_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not_a_table"):
        list(read(written(tmp_path, "名称,地址\n甲\0,A1\n".encode("utf-16")), ASKED))


def test_csv_with_tabs_or_semicolons(tmp_path: Path) -> None:
    for mark in "\t;":
        assert rows(written(tmp_path, f"名称{mark}地址\n甲{mark}A1\n".encode())) == [["甲", "A1"]]


@pytest.mark.parametrize("closed", [False, True])
def test_a_quote_left_open_never_takes_rows_into_its_cell(tmp_path: Path, closed: bool) -> None:
    lines = ["名称,备注,地址", *(f"站{n},,A{n}" for n in range(30))]
    lines[3] = '站2,"见附件,A2'
    if closed:  # by another's, further down
        lines[9] = '站8,见附件",A8'
    why = refused(written(tmp_path, "\n".join(lines).encode()))
    assert (why.code, why.facts) == ("csv", {"row": 4})


def test_a_quoted_cell_may_hold_several_lines(tmp_path: Path) -> None:
    text = '名称,备注,地址\n甲,"第一行\n第二行，完",A1\n乙,"5"" 管",A2\n'
    assert rows(written(tmp_path, text.encode())) == [["甲", "第一行\n第二行，完", "A1"], ["乙", '5" 管', "A2"]]


@settings(max_examples=300, deadline=None)
@given(table=st.lists(st.tuples(*[st.text(alphabet='ab",;" \'', max_size=4)] * 3), min_size=1, max_size=12))
def test_as_many_rows_come_out_of_csv_as_went_in_or_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, str]]
) -> None:
    """Quotes of any kind in the cells of a file that somebody wrote by hand, without closing or doubling them."""
    lines = ["名称,备注,地址", *(f"站{a},{b},{c}" for a, b, c in table)]
    file = written(_here(tmp_path_factory), "\n".join(lines).encode())
    with contextlib.suppress(Refused):
        assert len(rows(file)) == len(table), lines


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = written(_here(tmp_path_factory), content)
    with contextlib.suppress(Refused):
        list(read(file, ASKED))


@settings(max_examples=120, deadline=None)
@given(at=st.floats(0, 1), flips=st.binary(min_size=1, max_size=6), part=st.integers(0, 20))
def test_a_workbook_damaged_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: float, flips: bytes, part: int
) -> None:
    here = _here(tmp_path_factory)
    parts = _parts(here)
    name = sorted(parts)[part % len(parts)]
    body = bytearray(parts[name])
    start = int(at * max(len(body) - len(flips), 0))
    body[start : start + len(flips)] = flips
    file = written(here, _zip({**parts, name: bytes(body)}))
    with contextlib.suppress(Refused):
        list(read(file, ASKED))


cells = st.one_of(
    st.none(), st.integers(-(10**12), 10**12), st.booleans(),
    # The very largest is rounded up by the writer, to what is no number any more.
    st.floats(-1e300, 1e300),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(table=st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, table: list[Any]) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["名称", "地址"])
    for row in table:
        sheet.append([None, None])
        for column, value in enumerate(row, 1):
            cell = sheet.cell(sheet.max_row if value is None else sheet._current_row, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    file = _here(tmp_path_factory) / "f"
    with file.open("wb") as out:
        book.save(out)
    found = {one["r"]: one["v"] for one in read(file, ASKED) if "r" in one}
    for number, row in enumerate(table, 2):
        told = [*found.get(number, []), None, None][:2]
        assert all(_same(one, _as_read(wanted)) for one, wanted in zip(told, row, strict=True)), (told, row)


def _same(one: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(one == wanted and type(one) is type(wanted))
    # A spreadsheet keeps 15 digits for certain.
    return bool(one == pytest.approx(wanted, rel=1e-14))


def _as_read(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value


@settings(max_examples=60, deadline=None)
@given(table=st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), min_size=1, max_size=6))
def test_csv_written_by_the_guard_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, table: Any) -> None:
    from shoutu.county.kit.sheets.writing import for_csv, safe

    text = io.StringIO()
    csv.writer(text).writerow(["名称", "地址"])
    for row in table:
        csv.writer(text).writerow([for_csv(one.strip()) for one in row])
    file = written(_here(tmp_path_factory), b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace"))
    if any("," in one and len(one.splitlines()) > 1 for row in table for one in row):
        # What looks like rows inside a cell may be read or refused, never dropped.
        with contextlib.suppress(Refused):
            assert len(rows(file)) == len([row for row in table if any(one.strip() for one in row)])
        return
    found = rows(file)
    wanted = [[_as_read(safe(one.strip())) for one in row] for row in table]
    assert [
        [(one or "").replace("\r\n", "\n") if isinstance(one, str | None) else one for one in row] for row in found
    ] == [[(one or "").replace("\r\n", "\n") for one in row] for row in wanted if any(row)]


def _here(factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of a test."""
    here = factory.getbasetemp() / f"sheets-{os.getpid()}"
    here.mkdir(exist_ok=True)
    return here
