"""Takes a table somebody sent apart. Runs as a process of its own, with a limit on memory and time.

    python -m shoutu.county.kit.sheets.reading FILE < {"titles": [...], "sheets": [...], "max_rows": n}

A hostile or broken file can at worst end this process, never the worker that rings people. It prints JSON lines:

    {"refuse": code, …}                          the file is not taken, and why
    {"note": code, …}                            taken, but this was left out or is odd
    {"head": [title, …], "row": n, "sheet": s}   the header
    {"r": n, "v": [cell, …], "f": [column, …]}   a row; "f": the cells that were formulas (their stored values are told)
    {"end": rows}

A cell is null, text, a number, true or false, {"d": ISO time} or {"e": "#N/A"} (an error value, or a formula without
a stored value: {"e": "="}). Rows and columns count from 1 as in the spreadsheet.
"""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

MEMORY = 1024 * 1024 * 1024
CPU_S = 45
MAX_PARTS = 2000
# Together and for one part, when unpacked.
MAX_UNPACKED = 300 * 1024 * 1024
MAX_PART = 200 * 1024 * 1024
# Text this much smaller than what it becomes is no table.
MAX_RATIO = 400
RATIO_FROM = 4 * 1024 * 1024
MAX_COLUMNS = 200
MAX_TEXT = 4000
MAX_OUTPUT = 64 * 1024 * 1024
HEADER_WITHIN = 20
# The last row a spreadsheet has; openpyxl fills what a file leaves out up to whatever number it names.
LAST_ROW = 1_048_576
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What a spreadsheet would take for a formula; an exported table has an apostrophe before it.
FORMULA = tuple("=+-@\t\r＝＋－＠")


class Refused(Exception):
    """The file is not taken: `code` and what goes into its words."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass
class Asked:
    """What is looked for: titles as `bare` gives them, the sheet's names, and how many rows are taken."""

    titles: frozenset[str]
    sheets: frozenset[str] = frozenset()
    max_rows: int = 5_000
    # Sheets the template itself brings along.
    known: frozenset[str] = field(default_factory=frozenset)


def bare(title: Any) -> str:
    """A column's title without its star, its unit in brackets and any space."""
    text = re.sub(r"\s+", "", str(title if title is not None else "")).replace("＊", "*").strip("*")
    text = re.sub(r"[（(][^（()）]*[)）]$", "", text)
    return text.strip("*").casefold()


def read(file: Path, asked: Asked) -> Iterator[dict[str, Any]]:
    """Everything the file says, as in the module's description. Raises Refused."""
    with file.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise Refused("empty")
    if start.startswith(OLE):
        raise Refused("ole")
    if start.startswith(b"PK"):
        yield from _xlsx(file, asked)
    else:
        yield from _csv(file, asked)


# --- csv ---


def _csv(file: Path, asked: Asked) -> Iterator[dict[str, Any]]:
    raw = file.read_bytes()
    text = _decoded(raw)
    lines = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=lines.count)
    csv.field_size_limit(100_000)
    # Strict: a quote that is never closed must not take all rows after it into its cell.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    over: dict[int, int] = {}

    def cells() -> Iterator[tuple[int, list[Any], list[int]]]:
        while True:
            began = rows.line_num + 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                raise Refused("csv", row=began) from error
            if rows.line_num > began:
                over[rows.line_num] = began
                # Lines with delimiters inside one cell look like rows it took: another quote, further down, closed it.
                if any(delimiter in one for one in row if len(one.splitlines()) > 1):
                    raise Refused("csv", row=began)
            yield rows.line_num, [_csv_cell(one) for one in row[:MAX_COLUMNS]], []

    yield from _table(cells(), asked, "", over=over)


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Refused("not_a_table") from error
        if "\0" in text:
            raise Refused("not_a_table")
        return text
    if b"\0" in raw:
        raise Refused("not_a_table")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("encoding")


def _csv_cell(text: str) -> Any:
    text = text.strip()
    if text.startswith("'") and text[1:2] in FORMULA:
        return text[1:]
    if text.startswith(("=", "＝")):
        return {"e": "="}
    return text or None


# --- xlsx ---


def _xlsx(file: Path, asked: Asked) -> Iterator[dict[str, Any]]:
    try:
        with zipfile.ZipFile(file) as archive:
            _guard(archive)
            yield from _workbook(file, archive, asked)
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("too_big") from error
    except Exception as error:  # a broken file breaks its reader in ways nobody can list
        raise Refused("broken") from error


def _guard(archive: zipfile.ZipFile) -> None:
    """Refuse what is no plain workbook, and what unpacks to more than a table can be. Sizes are checked before."""
    parts = archive.infolist()
    names = {part.filename.replace("\\", "/") for part in parts}
    if len(parts) > MAX_PARTS or len(names) < len(parts):
        raise Refused("bomb")
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Refused("bomb")
    for part in parts:
        if part.flag_bits & 1:
            raise Refused("ole")
        packed = max(part.compress_size, 1)
        if part.file_size > MAX_PART or (part.file_size > RATIO_FROM and part.file_size / packed > MAX_RATIO):
            raise Refused("bomb")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused("macros")
    if "xl/workbook.bin" in names:
        raise Refused("xlsb")
    if "content.xml" in names and "mimetype" in names:
        raise Refused("ods")
    if "[Content_Types].xml" not in names or not any(name.endswith("workbook.xml") for name in names):
        raise Refused("not_a_table")
    types = archive.read("[Content_Types].xml")
    if b"macroEnabled" in types:
        raise Refused("macros")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            _scan(archive, part, _DTD)


_DTD = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*[\"']([A-Za-z0-9:$]+)[\"']")
_FORMULA_TAG = re.compile(rb"<(?:\w+:)?f[\s/>]")


def _scan(archive: zipfile.ZipFile, part: zipfile.ZipInfo, pattern: re.Pattern[bytes]) -> None:
    """Refuse a part that defines entities (a workbook never does) or is not written in an ASCII-like encoding."""
    with archive.open(part) as stream:
        for at, block in enumerate(_blocks(stream)):
            if at == 0 and (block[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in block[:200]):
                raise Refused("broken")
            if pattern.search(block):
                raise Refused("broken")


def _blocks(stream: IO[bytes], size: int = 1 << 20, overlap: int = 1 << 10) -> Iterator[bytes]:
    tail = b""
    while block := stream.read(size):
        yield tail + block
        tail = block[-overlap:]


def _workbook(file: Path, archive: zipfile.ZipFile, asked: Asked) -> Iterator[dict[str, Any]]:
    from openpyxl import load_workbook

    # Opened by us: openpyxl would ask a path for its suffix, and files are kept without one.
    book = load_workbook(file.open("rb"), read_only=True, data_only=True, keep_links=False)
    sheets = list(book.worksheets)
    visible = [one for one in sheets if one.sheet_state == "visible"]
    if not visible:
        raise Refused("hidden")
    wanted = [one for one in visible if bare(one.title) in asked.sheets]
    sheet = (wanted or [one for one in visible if bare(one.title) not in asked.known] or visible)[0]
    for other in sheets:
        if other is not sheet and bare(other.title) not in asked.known:
            yield {"note": "sheet" if other.sheet_state == "visible" else "hidden_sheet", "sheet": other.title}
    path = sheet._worksheet_path.lstrip("/")
    merged, formulas = _odd(archive, path)
    found = _formulas(file, sheet.title, asked) if formulas else {}
    sheet.reset_dimensions()
    rows = sheet.iter_rows()

    def cells() -> Iterator[tuple[int, list[Any], list[int]]]:
        for number, row in enumerate(rows, 1):
            if number > LAST_ROW:
                raise Refused("broken")
            at = found.get(number, set())
            yield number, [_cell(one, column in at) for column, one in enumerate(row[:MAX_COLUMNS], 1)], sorted(at)

    yield from _table(cells(), asked, sheet.title, merged)


def _odd(archive: zipfile.ZipFile, path: str) -> tuple[list[tuple[str, int]], bool]:
    """The merged ranges of a sheet, each with its last row, and whether any cell is a formula."""
    merged: dict[str, int] = {}
    formulas = False
    with archive.open(path) as stream:
        for block in _blocks(stream):
            formulas = formulas or bool(_FORMULA_TAG.search(block))
            if len(merged) < 10_000:
                for found in _MERGED.finditer(block):
                    ref = found[1].decode().replace("$", "").upper()
                    last = re.search(r"(\d+)$", ref)
                    merged[ref] = int(last[1]) if last else 0
    return list(merged.items()), formulas


def _formulas(file: Path, title: str, asked: Asked) -> dict[int, set[int]]:
    """Row → columns of the cells that hold a formula."""
    from openpyxl import load_workbook

    book = load_workbook(file.open("rb"), read_only=True, data_only=False, keep_links=False)
    sheet = book[title]
    sheet.reset_dimensions()
    found: dict[int, set[int]] = {}
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number > asked.max_rows + HEADER_WITHIN + 1:
            break
        at = {column for column, one in enumerate(row[:MAX_COLUMNS], 1) if getattr(one, "data_type", "") == "f"}
        if at:
            found[number] = at
    return found


def _cell(cell: Any, formula: bool) -> Any:
    value = cell.value
    if value is None:
        return {"e": "="} if formula else None
    if cell.data_type == "e":
        return {"e": str(value)[:20]}
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else {"e": "#NUM!"}
    if isinstance(value, datetime):
        return {"d": value.isoformat(timespec="seconds")}
    if isinstance(value, date | time):
        return {"d": value.isoformat()}
    if isinstance(value, timedelta):
        return {"d": str(value)}
    return str(value).strip() or None


# --- both ---


def _table(
    rows: Iterator[tuple[int, list[Any], list[int]]],
    asked: Asked,
    sheet: str,
    merged: Sequence[tuple[str, int]] = (),
    over: Mapping[int, int] | None = None,
) -> Iterator[dict[str, Any]]:
    """Finds the header among the first rows and gives what stands below it; blank rows are passed over.

    `over`: of each row of a text file that goes over several lines, the line it begins in.
    """
    first: list[tuple[int, list[Any], list[int]]] = []
    for one in rows:
        first.append(one)
        if len(first) == HEADER_WITHIN:
            break
    scores = [sum(bare(cell) in asked.titles for cell in row if isinstance(cell, str)) for _n, row, _f in first]
    if not first or max(scores) == 0:
        raise Refused("no_header")
    at = scores.index(max(scores))
    number, titles, _f = first[at]
    below = [ref for ref, last in merged if last >= number]
    if below:
        raise Refused("merged", ranges=below[:10], count=len(below))
    yield {"head": [_title(one) for one in titles], "row": number, "sheet": sheet}
    width, taken, size = len(titles), 0, 0
    for n, row, formulas in (one for part in (first[at + 1 :], rows) for one in part):
        if over and n in over and len(row) > width:
            # Two rows grown together: the last cell of one and the first of the next.
            raise Refused("csv", row=over[n])
        if all(cell is None for cell in row):
            continue
        taken += 1
        if taken > asked.max_rows:
            raise Refused("rows", limit=asked.max_rows)
        outside = [column for column, cell in enumerate(row[width:], width + 1) if cell is not None]
        if outside:
            yield {"note": "beside", "row": n, "column": outside[0]}
        cells = [one[:MAX_TEXT] if isinstance(one, str) else one for one in row[:width]]
        line = {"r": n, "v": cells, **({"f": formulas} if formulas else {})}
        size += len(json.dumps(line))
        if size > MAX_OUTPUT:
            raise Refused("too_big")
        yield line
    yield {"end": taken}


def _title(cell: Any) -> str:
    return str(cell).strip()[:80] if isinstance(cell, str | int | float) else ""


def main() -> int:
    """Reads the file named on the command line under its limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    asked = json.load(sys.stdin)
    out = sys.stdout
    wanted = Asked(frozenset(asked["titles"]), frozenset(asked["sheets"]), asked["max_rows"], frozenset(asked["known"]))
    try:
        for line in read(Path(sys.argv[1]), wanted):
            out.write(json.dumps(line, ensure_ascii=True) + "\n")
    except Refused as refused:
        out.write("\n" + json.dumps({"refuse": refused.code, **refused.facts}, ensure_ascii=True) + "\n")
    except MemoryError:
        out.write("\n" + json.dumps({"refuse": "too_big"}) + "\n")
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
