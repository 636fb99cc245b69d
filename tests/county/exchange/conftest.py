"""Files as people make them, sent through the real door and worked on by the real steps."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from openpyxl import Workbook

from shoutu.county.exchange import services


def workbook(
    head: list[Any], *rows: list[Any], title: str = "表", change: Callable[[Any], None] | None = None
) -> bytes:
    """An .xlsx with a header and rows."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in (head, *rows):
        sheet.append(row)
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(client: Client, table: str, content: bytes, file: str = "表.xlsx") -> Any:
    """Upload; the answer as it is."""
    return client.post(
        f"/api/v1/tables/{table}/imports?file={quote(file)}", content, content_type="application/octet-stream"
    )


@pytest.fixture
def bring(login: Callable[[str], Client]) -> Callable[..., SimpleNamespace]:
    """Upload a file and let the worker look at it: `job` (what the API says), `rows`, `confirm()`."""

    def brought(
        table: str, content: bytes, file: str = "表.xlsx", who: str = "administrator", *, settled: bool = True
    ) -> SimpleNamespace:
        client = login(who)
        answer = send(client, table, content, file)
        assert answer.status_code == 201, answer.content.decode()
        id = answer.json()["id"]
        path = f"/api/v1/imports/{id}"
        worked() if settled else services.work()
        found = SimpleNamespace(id=id, client=client, path=path, job=client.get(path).json(), rows=[])
        if found.job["state"] == "checked":
            found.rows = client.get(f"{path}/rows", {"limit": 500}).json()["items"]

        def confirm() -> dict[str, Any]:
            told = client.post(f"{path}/confirm", {"plan": found.job["plan"]}, content_type="application/json")
            assert told.status_code == 200, told.content.decode()
            worked()
            return client.get(path).json()  # type: ignore[no-any-return]

        found.confirm = confirm
        return found

    return brought


def worked() -> None:
    while services.work():
        pass


def told(row: dict[str, Any]) -> list[str]:
    """The errors of a row, each as 列：words."""
    return [f"{one['title']}：{one['text']}" for one in row["errors"]]
