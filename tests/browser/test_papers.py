"""证照 in a browser: what lapses first on top, entered and renewed by the department, seen in the dossier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shoutu.demo.papers import OVER, SOON
from tests.browser.test_weather import SIZES, fits
from tests.stack import Stack, until


@pytest.fixture
def department(county: Stack, logins: list[dict[str, str]]) -> dict[str, str]:
    """A login that may put licences on record."""
    for login in logins:
        if "licence.edit" in county.login(login["username"], login["password"]).get("/session")["permissions"]:
            return login
    pytest.fail("no demo login may edit licences")


def test_what_lapses_first_stands_on_top_and_somebody_is_called(
    open_page: Callable[..., Page], county: Stack, officer: dict[str, str]
) -> None:
    page = open_page(login=officer, at="/licences")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 件证照已过期")
    rows = page.locator(".restable tbody tr")
    expect(rows.nth(0)).to_contain_text(OVER)
    expect(rows.nth(0)).to_contain_text("超")
    expect(rows.nth(1)).to_contain_text(SOON)
    page.get_by_role("tab", name="已过期").click()
    expect(rows).to_have_count(1)
    api = county.login(officer["username"], officer["password"])

    def called() -> Any:
        found = api.get("/licences", standing="expired")["items"]
        return [one for one in api.get(f"/licences/{found[0]['id']}/timeline")["items"] if "换证" in one["text"]]

    assert until(called, 120, "the duty to renew what has expired")


def test_a_licence_is_entered_and_renewed(open_page: Callable[..., Page], department: dict[str, str]) -> None:
    page = open_page(login=department, at="/licences", may_fail=True)
    site = page.request.get("/api/v1/sites", params={"q": "甲铁矿"}).json()["items"][0]
    page.goto(f"/sites/{site['id']}?tab=licences")
    page.get_by_role("button", name="录入").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("证照种类").click()
    page.locator(".ant-select-item-option").filter(has_text="取水许可证").click()
    dialog.get_by_label("证号").fill("示范取水 1 号")
    dialog.get_by_label("发证机关").fill("县水利局")
    dialog.get_by_label("有效期起").fill("2024-01-01")
    expect(dialog.get_by_role("button", name="录入")).to_be_disabled()
    dialog.get_by_label("有效期止").fill("2030-01-01")
    dialog.get_by_role("button", name="录入").click()
    page.get_by_role("link", name="取水许可证").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("取水许可证")
    page.get_by_role("button", name="换证").click()
    dialog.get_by_label("有效期起").fill("2026-01-01")
    dialog.get_by_label("有效期止").fill("2029-01-01")
    dialog.get_by_role("button", name="换证").click()
    expect(dialog).to_contain_text("比原证的截止日期晚")
    dialog.get_by_label("有效期止").fill("2035-01-01")
    dialog.get_by_role("button", name="换证").click()
    expect(page.get_by_text("2026-01-01 至 2035-01-01")).to_be_visible()
    expect(page.get_by_role("link", name="示范取水 1 号")).to_contain_text("已换证")


def test_an_enterprise_sees_its_own_and_changes_nothing(open_page: Callable[..., Page], logins: Any) -> None:
    page = open_page(login=next(one for one in logins if one["username"] == "head1"), at="/licences")
    expect(page.locator(".restable tbody tr").first).to_be_visible()
    expect(page.get_by_role("button", name="录入")).to_have_count(0)
    for row in page.locator(".restable tbody tr").all():
        expect(row).not_to_contain_text(OVER)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_pages_fit(open_page: Callable[..., Page], officer: dict[str, str], width: int, scheme: str) -> None:
    page = open_page({"width": width, "height": 1080}, scheme, officer, at="/licences")
    expect(page.locator(".restable tbody tr").first).to_be_visible()
    assert fits(page)
    found = page.request.get("/api/v1/licences", params={"q": OVER}).json()["items"][0]
    page.goto(f"/licences/{found['id']}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert fits(page)
    site = page.request.get("/api/v1/sites", params={"q": OVER}).json()["items"][0]
    page.goto(f"/sites/{site['id']}")
    expect(page.locator(".dossier-sentence")).to_contain_text("已过期")
    assert fits(page)
    page.get_by_role("tab", name="证照").click()
    assert fits(page)


def test_a_document_is_put_into_the_dossier_and_comes_out_as_it_was(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page({"width": 390, "height": 844}, login=next(one for one in logins if one["username"] == "head1"))
    site = page.request.get("/api/v1/sites", params={"q": "甲铁矿"}).json()["items"][0]
    page.goto(f"/sites/{site['id']}?tab=documents")
    page.get_by_role("button", name="存入").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("资料种类").click()
    page.locator(".ant-select-item-option").filter(has_text="应急预案").click()
    dialog.get_by_label("名称").fill("综合应急预案")
    content = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
    dialog.get_by_label("文件").set_input_files({"name": "预案.pdf", "mimeType": "application/pdf", "buffer": content})
    dialog.get_by_role("button", name="存入").click()
    with page.expect_download() as saved:
        paper = page.locator("li.paper").filter(has_text="综合应急预案")
        paper.get_by_role("link", name="下载第 1 版").click()
    assert saved.value.suggested_filename == "预案.pdf"
    assert saved.value.path().read_bytes() == content
    expect(page.get_by_role("button", name="撤下")).to_have_count(0)
    assert fits(page)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_a_drawing_lies_beside_the_map_and_is_enlarged_by_the_keyboard(
    open_page: Callable[..., Page], logins: list[dict[str, str]], width: int, scheme: str
) -> None:
    login = next(one for one in logins if one["username"] == "inspector")
    page = open_page({"width": width, "height": 844}, scheme, login=login)
    drawing = page.request.get("/api/v1/documents", params={"kind": "drawing"}).json()["items"][0]
    page.goto(f"/sites/{drawing['site']['id']}")
    picture = page.locator(".drawing-open img")
    until(lambda: picture.evaluate("one => one.complete && one.naturalWidth") == 1600)
    assert fits(page)
    page.get_by_role("button", name=f"放大：{drawing['title']}").focus()
    page.keyboard.press("Enter")
    enlarged = page.locator(".ant-image-preview-img")
    expect(enlarged).to_be_visible()
    assert enlarged.bounding_box()["width"] >= picture.bounding_box()["width"]
    for sign in page.locator(".ant-image-preview-close, .ant-image-preview-actions-action:visible").all():
        assert min(sign.bounding_box()["width"], sign.bounding_box()["height"]) >= 48
    page.keyboard.press("Escape")
    expect(enlarged).to_have_count(0)


def test_an_enterprise_keeps_its_own_documents_beside_those_of_its_sites(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page({"width": 390, "height": 844}, login=next(one for one in logins if one["username"] == "head1"))
    site = page.request.get("/api/v1/sites", params={"q": "甲铁矿"}).json()["items"][0]
    page.goto(f"/sites/{site['id']}?tab=documents")
    page.get_by_role("link", name="企业资料", exact=True).click()
    own = page.locator("section").filter(has=page.get_by_role("heading", name="企业资料", exact=True))
    own.get_by_role("button", name="存入").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("资料种类").click()
    page.locator(".ant-select-item-option").filter(has_text="规章制度").click()
    dialog.get_by_label("名称").fill("安全生产责任制")
    for number, content in enumerate((b"%PDF-1.7\n1\n%%EOF\n", b"%PDF-1.7\n2\n%%EOF\n"), 1):
        dialog.get_by_label("文件").set_input_files(
            {"name": "责任制.pdf", "mimeType": "application/pdf", "buffer": content}
        )
        dialog.get_by_role("button", name="存入" if number == 1 else "加新版").click()
        with page.expect_download() as saved:
            own.get_by_role("link", name=f"下载第 {number} 版").click()
        assert saved.value.path().read_bytes() == content
        if number == 1:
            own.get_by_role("button", name="加新版").click()
    expect(own).to_contain_text("安全生产责任制")
    expect(own.get_by_role("button", name="撤下")).to_have_count(0)
    assert fits(page)
