"""Tables going out, and files coming in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import IO, Any, Literal
from urllib.parse import quote

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema, Status
from pydantic import ValidationError

from shoutu.county.exchange import selectors, services
from shoutu.county.exchange.models import Import, ImportRow
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, invalid, paginate
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.limits import Limit
from shoutu.county.kit.sheets import tables, writing
from shoutu.county.kit.sheets.columns import words
from shoutu.county.kit.sheets.listed import bounded
from shoutu.county.kit.sheets.tables import Table
from shoutu.county.kit.snapshot import one_snapshot
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.services.access import note_access

router = Router()
BLOCK = 256 * 1024
# A file is the whole list: by pages it is only walked.
PAGING = {"cursor", "limit"}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
FILE = {
    "responses": {
        200: {
            "description": "the file",
            "content": {
                writing.XLSX: {"schema": {"type": "string", "format": "binary"}},
                "text/csv": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }
}


class ColumnOut(Schema):
    name: str
    title: str
    unit: str
    required: bool
    imported: bool


class TableOut(Schema):
    """A list that goes out as a table. `may_import`: I may also bring it in; `whole`: I may ask for whole numbers."""

    name: str
    title: str
    may_import: bool
    whole: bool
    columns: list[ColumnOut]


class TableList(Schema):
    items: list[TableOut]
    next: str | None = None
    count: int


class Said(Schema):
    """What is wrong with a row, or worth knowing: the column's name, its title, the words."""

    column: str
    title: str
    text: str


class Difference(Schema):
    column: str
    title: str
    before: Any
    after: Any


class ImportOut(Schema):
    """A file to import. `plan` is the mark of what was looked at: confirming names it. `total`, `done`: rows."""

    id: int
    table: str
    title: str
    file: str
    size: int
    sha256: str
    state: Literal["uploaded", "reading", "checked", "refused", "confirmed", "following", "done", "discarded"]
    message: str
    notes: list[str]
    total: int
    done: int
    new: int
    changed: int
    unchanged: int
    wrong: int
    noted: int
    plan: str
    created_at: datetime
    checked_at: datetime | None
    finished_at: datetime | None


class ImportRowOut(Schema):
    """A row by its number in the spreadsheet; `label`: its first cells."""

    id: int
    number: int
    state: Literal["new", "changed", "unchanged", "wrong"]
    label: str
    errors: list[Said]
    notes: list[Said]
    changes: list[Difference]


class Confirmed(Schema):
    plan: str = Field(min_length=1, max_length=64)


class ImportQuery(ListQuery):
    table: str = ""
    open: bool = Field(False, description="only those not yet done or given up, and refused ones not yet seen")


class RowQuery(ListQuery):
    state: Literal["", "new", "changed", "unchanged", "wrong"] = ""
    noted: bool = Field(False, description="only rows with a note")


class ExportQuery(Schema):
    format: Literal["xlsx", "csv"] = "xlsx"
    whole: bool = Field(False, description="personal values unmasked, by right and kept on record")


def _table(table: Table, actor: Actor) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": str(table.title),
        "may_import": table.may_import(actor),
        "whole": bool(table.whole_permission) and actor.may(table.whole_permission),
        "columns": [
            {
                "name": column.name, "title": str(column.title), "unit": str(column.unit),
                "required": column.required or column.required_new,
                "imported": bool(table.edit) and not column.exported,
            }
            for column in table.columns
        ],
    }  # fmt: skip


def _import(row: Import) -> dict[str, Any]:
    names = (
        "table", "file", "size", "sha256", "state", "message", "notes", "total", "done", "new", "changed",
        "unchanged", "wrong", "noted", "plan", "created_at", "checked_at", "finished_at",
    )  # fmt: skip
    return {"id": row.pk, "title": str(tables.get(row.table).title), **{name: getattr(row, name) for name in names}}


def _row(row: ImportRow) -> dict[str, Any]:
    said = [words(cell) for cell in row.cells]
    return {
        "id": row.pk,
        "number": row.number,
        "state": row.state,
        "label": " ".join([one for one in said if one][:2])[:80],
        "errors": row.errors,
        "notes": row.notes,
        "changes": row.changes,
    }


@router.get("/tables", response=TableList)
def list_tables(request: HttpRequest) -> Any:
    """Lists that go out as tables, and which of them I may bring in."""
    actor = asker(request)
    actor.require("status.read")
    found = [_table(table, actor) for table in tables.tables() if actor.may(table.read)]
    return {"items": found, "next": None, "count": len(found)}


@router.get("/tables/{name}/template", openapi_extra=FILE)
def get_template(request: HttpRequest, name: str) -> Any:
    """An empty table to fill in, with notes, an example and drop-down lists."""
    actor = asker(request)
    table = tables.get(name)
    table.require_import(actor)
    return _file(writing.template(table), _("%(table)s导入模板") % {"table": table.title}, "xlsx")


@router.get("/tables/{name}/export", openapi_extra=FILE, throttle=Limit("export"))
def export_table(request: HttpRequest, name: str, query: Query[ExportQuery]) -> Any:
    """The list as a file, narrowed by the list's own filters; personal values masked by role."""
    actor = asker(request)
    table = tables.get(name)
    actor.require(table.read)
    if query.whole:
        if not table.whole_permission:
            raise Invalid("whole", _("这张表没有遮住的内容，不带 whole"))
        actor.require(table.whole_permission)
    known = table.query.model_fields.keys() - PAGING
    given = {key: value for key, value in request.GET.items() if key in known and value != ""}
    try:
        filters = table.query(**given)
    except ValidationError as error:
        raise invalid(dict(error.errors()[0])) from error
    looked = table.looked if query.whole else None
    export = writing.export_xlsx if query.format == "xlsx" else writing.export_csv
    # What narrows the list unasked is said as well: open ones only are not all of them.
    unasked = {key: getattr(filters, key) for key in known if key not in given}
    narrowed = given | {key: unasked[key] for key in sorted(unasked) if unasked[key] not in ("", None, False)}
    with one_snapshot():
        rows: Iterable[Mapping[str, Any]] = bounded(table.rows(actor, filters, query.whole))
        if looked is not None:
            rows = list(rows)
        made = export(table, rows, _mark(actor, narrowed))
    # Noted once there is a file to give: a list refused as too long was seen by nobody.
    if looked is not None:
        looked(actor, list(rows))
    if table.personal:
        note_access(actor, COUNTY, table.personal, _("导出表：%(table)s") % {"table": table.title})
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    return _file(made, f"{table.title} {stamp}", query.format)


def _mark(actor: Actor, given: dict[str, Any]) -> str:
    """Who takes a table out, when, and what of it: whoever finds it lying about can ask its owner."""
    facts = {
        "who": actor.label,
        "account": actor.user_id if actor.user_id is not None else "\u2014",
        "at": timezone.localtime().strftime("%Y-%m-%d %H:%M:%S"),
        "what": _("筛选 %(filter)s") % {"filter": "，".join(f"{key}={value}" for key, value in given.items())}
        if given
        else _("不筛选"),
    }
    return _("%(who)s（账号 %(account)s）%(at)s 导出；%(what)s；内部资料，谁导出谁负责") % facts


@router.post("/tables/{name}/imports", response={201: ImportOut}, openapi_extra=UPLOAD)
def post_import(request: HttpRequest, name: str, file: str = "") -> Any:
    """Send a file (the body) to be looked at; `file` is its name. Nothing is changed until it is confirmed."""
    actor = asker(request)
    table = tables.get(name)
    table.require_import(actor)
    return Status(201, _import(services.take(actor, table, file, request.body)))


@router.get("/imports", response=Page[ImportOut])
def list_imports(request: HttpRequest, query: Query[ImportQuery]) -> Any:
    """My files, newest first."""
    actor = asker(request)
    actor.require("import.use")
    found = selectors.imports(actor, query.table, open=query.open)
    if query.q:
        found = found.filter(file__icontains=query.q)
    return paginate(found, query, _import, sorts={"id": ["id"]}, default="-id")


@router.get("/imports/{id}", response=ImportOut)
def get_import(request: HttpRequest, id: int) -> Any:
    """How far a file is."""
    actor = asker(request)
    actor.require("import.use")
    return _import(selectors.get_import(actor, id))


@router.get("/imports/{id}/rows", response=Page[ImportRowOut])
def list_rows(request: HttpRequest, id: int, query: Query[RowQuery]) -> Any:
    """What would come of each row, or what is wrong with it; 409 while it is being read."""
    actor = asker(request)
    actor.require("import.use")
    found = selectors.rows(selectors.get_import(actor, id), query.state, noted=query.noted)
    return paginate(found, query, _row, sorts={"number": ["number"]}, default="number")


@router.get("/imports/{id}/errors", openapi_extra=FILE)
def get_errors(request: HttpRequest, id: int) -> Any:
    """The file as it came with a column 错误, to be put right and sent again."""
    actor = asker(request)
    actor.require("import.use")
    job = selectors.get_import(actor, id)
    rows = (
        ([words(cell) if isinstance(cell, bool | dict) else cell for cell in cells], _said(errors))
        for cells, errors in selectors.as_sent(job)
    )
    return _file(writing.with_errors(job.titles, rows), _("%(table)s错误表") % {"table": _import(job)["title"]}, "xlsx")


def _said(errors: list[dict[str, str]]) -> str:
    return "；".join(f"「{one['title']}」{one['text']}" for one in errors)


@router.post("/imports/{id}/confirm", response=ImportOut)
def confirm_import(request: HttpRequest, id: int, body: Confirmed) -> Any:
    """Import what was looked at, all or nothing; 409 when rows are wrong or something has changed since."""
    actor = asker(request)
    actor.require("import.use")
    return _import(services.confirm(actor, selectors.get_import(actor, id), body.plan))


@router.post("/imports/{id}/discard", response=ImportOut)
def discard_import(request: HttpRequest, id: int) -> Any:
    """Give a file up; it has changed nothing."""
    actor = asker(request)
    actor.require("import.use")
    return _import(services.discard(actor, selectors.get_import(actor, id)))


@router.post("/imports/{id}/seen", response=ImportOut)
def see_import(request: HttpRequest, id: int) -> Any:
    """I know that a file was refused: it is no longer among the open ones."""
    actor = asker(request)
    actor.require("import.use")
    return _import(services.see(actor, selectors.get_import(actor, id)))


def _file(file: IO[bytes], name: str, format: str) -> StreamingHttpResponse:
    """A finished file, sent a block at a time: a failure comes before the first byte, never in the middle."""
    answer = StreamingHttpResponse(_blocks(file), content_type=writing.XLSX if format == "xlsx" else writing.CSV)
    answer["Content-Disposition"] = f"attachment; filename=\"table.{format}\"; filename*=UTF-8''{quote(name)}.{format}"
    answer["Cache-Control"] = "no-store"
    return answer


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while block := await asyncio.to_thread(file.read, BLOCK):
            yield block
