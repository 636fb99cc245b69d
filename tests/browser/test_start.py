"""A real county from nothing: the first administrator, then the steps, ticked by what the county holds."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.looks import check
from tests.county.places.test_boundaries import square
from tests.stack import Stack, running

pytestmark = pytest.mark.browser
PASSWORD = "守土有责-尽责-2026"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An installation as `shoutu up` makes it: no county, nobody in it."""
    home = tmp_path_factory.mktemp("bare")
    (home / "stick").mkdir()
    with running(home / "var", SHOUTU_BACKUP_DIR=str(home / "stick")) as stack:
        yield stack


def begin(stack: Stack, browser: Browser) -> tuple[BrowserContext, Page]:
    """The browser of whoever has just made the first administrator, and where they stand then."""
    context = browser.new_context(viewport=WIDE, base_url=stack.url, locale="zh-CN")  # type: ignore[arg-type]
    page = context.new_page()
    found = re.search(r"/setup\?code=\w+", stack.console())
    assert found is not None
    page.goto(found[0])
    for field, words in (("county", "新县"), ("username", "first"), ("password", PASSWORD)):
        page.locator(f"#setup-{field}").fill(words)
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/people")
    return context, page


@pytest.fixture(scope="module")
def signed_in(bare: Stack, browser: Browser) -> Iterator[BrowserContext]:
    context, page = begin(bare, browser)
    page.close()
    yield context
    context.close()


def step(page: Page, title: str) -> Page:
    return page.locator(".start-steps > li").filter(has=page.get_by_role("button", name=title))  # type: ignore[return-value]


def test_new_county_is_named_and_drawn_from_a_file_and_what_is_wrong_with_it_is_said(
    signed_in: BrowserContext, tmp_path: Path
) -> None:
    page = signed_in.new_page()
    page.goto("/people")
    expect(page.locator(".start-steps > li")).to_have_count(10)
    expect(page.locator(".start-done")).to_have_count(0)
    page.get_by_label("县（市、区）名称").fill("示范县")
    page.get_by_role("button", name="改名").click()
    expect(step(page, "县名和边界")).to_contain_text("示范县，还没有边界")
    broken = square("东乡", 111)
    broken["geometry"]["coordinates"][0].pop()
    send(page, tmp_path, square("示范县", 111), broken)
    expect(page.locator(".start-look h2")).to_have_text("2 个面里 1 个有错，一个也不收")
    expect(page.locator(".start-look tbody tr").first).to_contain_text("首尾相同")
    expect(page.get_by_role("button", name=re.compile("^导入"))).to_be_disabled()
    page.get_by_role("button", name="换一个文件").click()
    send(page, tmp_path, square("示范县", 111), square("东乡", 111))
    expect(page.locator(".start-look h2")).to_have_text("2 个面里 1 个有错，一个也不收")
    page.locator(".start-options .ant-select").click()
    page.locator(".ant-select-item-option", has_text="新建为乡镇").click()
    expect(page.locator(".start-look h2")).to_have_text("2 个面，其中 1 个新建为乡镇")
    expect(page.locator(".start-map")).to_be_visible()
    page.get_by_label("边界来源").fill("审图号 示 S(2026)001")
    page.get_by_role("button", name="导入 2 个面").click()
    # Both steps are true now, and the next one stands open by itself.
    expect(page.locator(".start-done")).to_have_count(2)
    expect(page.locator(".start-head[aria-expanded=true]")).to_contain_text("部门、岗位和人")
    page.close()


def send(page: Page, folder: Path, *features: dict) -> None:
    path = folder / "outline.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    page.locator(".start-drop input").set_input_files(path)


@pytest.mark.parametrize(("size", "tone"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"])
def test_steps_can_be_left_and_come_back_to(signed_in: BrowserContext, size: dict, tone: str) -> None:
    page = signed_in.new_page()
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=tone)  # type: ignore[arg-type]
    page.goto("/admin/start")
    expect(page.locator("h1")).to_contain_text("还差 8 步")
    page.get_by_role("button", name="账本见证方").click()
    expect(page.locator(".start-body")).to_contain_text("shoutu ledger witness")
    page.get_by_role("button", name="部门、岗位和人").click()
    page.get_by_role("link", name="在“单位和岗位”里一个个加").click()
    page.wait_for_url("**/people/organisations")
    page.go_back()
    expect(page.locator(".start-done")).to_have_count(2)
    check(page)
    page.close()


def test_new_site_and_new_source_are_made_in_the_browser_and_the_first_reading_is_seen(
    signed_in: BrowserContext, bare: Stack
) -> None:
    admin = bare.login("first", PASSWORD)
    township = next(one for one in admin.get("/territories")["items"] if one["name"] == "东乡")
    admin.post("/organisations", name="甲铁矿", kind="enterprise", territory=township["id"], code="")
    page = signed_in.new_page()
    page.goto("/admin/start")
    page.get_by_role("button", name="企业和场所").click()
    page.get_by_role("button", name="新建场所").click()
    dialog = page.get_by_role("dialog", name="新建场所")
    expect(dialog).to_contain_text("还要填：名称、类型、企业")
    expect(dialog.get_by_role("button", name="登记")).to_be_disabled()
    dialog.get_by_label("名称").fill("甲铁矿尾矿库 ")
    pick(page, "类型", "尾矿库")
    pick(page, "企业", "甲铁矿")
    check(page)
    dialog.get_by_role("button", name="登记").click()
    expect(dialog).to_be_hidden()
    expect(step(page, "企业和场所")).to_contain_text("1 家企业，1 处场所")
    (site,) = admin.get("/sites")["items"]
    assert (site["name"], site["kind"], site["territory"]) == ("甲铁矿尾矿库", "tailings_pond", "东乡")

    page.get_by_role("button", name="测点和规则").click()
    expect(step(page, "测点和规则")).to_contain_text("先要有数据源")
    page.get_by_role("link", name="去建数据源、发令牌").click()
    page.wait_for_url("**/admin/tokens")
    page.get_by_role("button", name="新建数据源").click()
    dialog = page.get_by_role("dialog", name="新建数据源")
    dialog.get_by_label(re.compile("^名称")).fill("甲铁矿网关")
    expect(dialog).to_contain_text("还要填：第一个令牌的名称")
    pick(page, "场所（可以不选）", "甲铁矿 甲铁矿尾矿库")
    dialog.get_by_label("第一个令牌的名称").fill("坝上网关")
    check(page)
    dialog.get_by_role("button", name="新建", exact=True).click()
    once = page.get_by_role("dialog", name="令牌：坝上网关")
    token = once.get_by_label("令牌：坝上网关").input_value()
    once.get_by_role("button", name="存好了").click()
    line = page.locator(".tline").filter(has_text="甲铁矿网关")
    expect(line).to_contain_text("坝上网关")
    expect(line.get_by_role("link", name="甲铁矿尾矿库")).to_be_visible()

    bare.await_token(token)
    (refused,) = bare.send(token, [{"point": "JR-01", "ts": round(time.time() * 1000), "value": 8.25}])["rejected"]
    assert refused["code"] == "unknown_point"
    page.goto("/admin/start")
    page.get_by_role("button", name="测点和规则").click()
    expect(step(page, "测点和规则")).to_contain_text("1 个数据源送读数")
    page.get_by_role("link", name="去认领").click()
    row = page.get_by_role("row").filter(has_text="JR-01")
    expect(row).to_contain_text("8.25")
    expect(row).to_contain_text("甲铁矿网关")
    page.close()


def pick(page: Page, field: str, option: str) -> None:
    page.get_by_role("dialog").get_by_role("combobox", name=field).click()
    page.locator(".ant-select-dropdown:visible").locator(".ant-select-item-option", has_text=option).first.click()


def test_source_whose_token_failed_is_not_made_twice(signed_in: BrowserContext, bare: Stack) -> None:
    page = signed_in.new_page()
    page.goto("/admin/tokens")
    page.get_by_role("button", name="新建数据源").click()
    dialog = page.get_by_role("dialog", name="新建数据源")
    dialog.get_by_label(re.compile("^名称")).fill("乙铁矿网关")
    dialog.get_by_label("第一个令牌的名称").fill("井口")
    page.route("**/api/v1/sources/*/tokens", lambda route: route.abort(), times=1)
    dialog.get_by_role("button", name="新建", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name=re.compile("新建$")).click()
    expect(page.get_by_role("dialog", name="令牌：井口")).to_be_visible()
    page.close()


def test_site_made_from_the_list_opens_its_page(signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto("/sites")
    page.get_by_role("button", name="新建场所").click()
    dialog = page.get_by_role("dialog", name="新建场所")
    dialog.get_by_label("名称").fill("一号选厂")
    pick(page, "类型", "选矿厂")
    pick(page, "企业", "甲铁矿")
    check(page)
    dialog.get_by_role("button", name="登记").click()
    page.wait_for_url(re.compile(r"/sites/\d+$"))
    expect(page.get_by_role("heading", name="一号选厂")).to_be_visible()
    page.close()


def test_backup_is_taken_by_one_button_and_ticks_its_step(signed_in: BrowserContext, bare: Stack) -> None:
    page = signed_in.new_page()
    page.goto("/admin/backups")
    expect(page.locator("h1")).to_contain_text("从来没有备份过")
    page.get_by_role("button", name="备份", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="备份好了")).to_contain_text("stick/shoutu-", timeout=60_000)
    expect(page.locator("h1")).to_contain_text("上次备份是")
    assert [one.suffix for one in (bare.data.parent / "stick").iterdir()] == [".tar"]
    check(page)
    page.goto("/admin/start")
    expect(page.locator(".start-done").filter(has_text="第一次备份")).to_be_visible()
    page.close()


@pytest.mark.full  # a stack of its own
def test_drill_copy_says_so_on_its_pages_and_takes_no_backup(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    with running(tmp_path / "var", SHOUTU_DRILL="1", SHOUTU_BACKUP_DIR=str(tmp_path / "stick")) as stack:
        context, page = begin(stack, browser)
        expect(page.locator(".inkbars")).to_contain_text("演练副本，不外呼")
        page.goto("/admin/backups")
        expect(page.get_by_role("button", name="备份", exact=True)).to_be_disabled()
        expect(page.locator(".twaits")).to_contain_text("这是演练副本")
        check(page)
        context.close()
