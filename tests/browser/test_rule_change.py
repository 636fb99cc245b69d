"""A rule changed in the browser: a weaker one waits for a second person, then a new version is in force."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def staff(logins: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {one["username"]: one for one in logins}


@pytest.fixture
def rule(county: Stack, staff: dict[str, dict[str, str]]) -> dict[str, Any]:
    """A limit on a dry beach or a depth: any rule with a red limit on its low or high side, at a site not in the
    story."""
    inspector = staff["inspector"]
    api = county.login(inspector["username"], inspector["password"])
    rules = api.get("/rules", site=2, limit=100)["items"]
    return next(one for one in rules if one["kind"] == "threshold" and one["params"]["direction"] != "band")


def test_a_weaker_limit_waits_for_a_second_person_and_then_holds(
    staff: dict[str, dict[str, str]], rule: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    levels = rule["params"]["levels"]
    worst = max(levels)
    step = 10 if rule["params"]["direction"] == "high" else -0.01
    weaker = round(levels[worst] + step, 3)
    word = {"4": "红色", "3": "橙色", "2": "黄色", "1": "蓝色"}[worst]
    page = open_page(login=staff["inspector"])
    page.goto(f"/rules/id/{rule['id']}")
    expect(page.get_by_text("还没有改动。")).to_be_visible()
    page.get_by_role("textbox", name=word).first.fill(str(weaker))
    expect(page.get_by_text("会降低或推迟预警")).to_be_visible()
    expect(page.get_by_role("button", name="提出修改")).to_be_disabled()
    page.get_by_label("为什么改").fill("试验：设计复核后放宽")
    page.get_by_role("button", name="提出修改").click()
    expect(page.get_by_text("已提出，现行的一版照旧")).to_be_visible()
    page.get_by_role("link", name="去复核").first.click()
    mine = page.locator(".proposal", has_text="试验：设计复核后放宽")
    expect(mine.get_by_role("button", name="同意", exact=True)).to_be_disabled()

    second = open_page(login=staff["admin"])
    second.goto("/proposals")
    waiting = second.locator(".proposal", has_text="试验：设计复核后放宽")
    waiting.get_by_role("button", name="同意", exact=True).click()
    expect(waiting).to_have_count(0)

    page.goto(f"/rules/id/{rule['id']}")
    expect(page.locator("h1")).to_contain_text(f"{weaker:.2f}" if step < 0 else f"{weaker:g}")
    expect(page.locator(".rules-list > li", has_text=f"第 {rule['version'] + 1} 版")).to_contain_text("生效")
    page.goto(f"/ledger?subject=rule:{rule['id']}")
    expect(page.get_by_text("试验：设计复核后放宽").or_(page.get_by_text("生效")).first).to_be_visible()


def test_a_stricter_limit_holds_at_once(
    staff: dict[str, dict[str, str]], rule: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(size={"width": 390, "height": 844}, login=staff["inspector"])
    page.goto(f"/rules/id/{rule['id']}")
    field = page.get_by_label("回差", exact=False)
    field.fill(str(rule["params"].get("hysteresis", 0) + 0.05))
    expect(page.get_by_text("不比现行松")).to_be_visible()
    page.get_by_label("为什么改").fill("试验：加回差")
    page.get_by_role("button", name="改并生效").click()
    expect(page.get_by_text("试验：加回差")).to_be_visible()
    expect(page.get_by_text("新的一版已生效")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


@pytest.mark.full
def test_what_is_typed_stays_when_another_changes_the_rule_meanwhile(
    county: Stack, staff: dict[str, dict[str, str]], rule: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(login=staff["inspector"])
    page.goto(f"/rules/id/{rule['id']}")
    clears = rule["params"].get("clear_for_s", 0)
    page.get_by_label("回到限内多少秒才落").fill(str(clears + 7))
    page.get_by_label("为什么改").fill("试验：写到一半")
    expect(page.get_by_text("不比现行松")).to_be_visible()
    other = county.login(staff["admin"]["username"], staff["admin"]["password"])
    wider = round(rule["params"].get("hysteresis", 0) + 0.05, 3)
    answer = other.post(
        f"/rules/{rule['id']}/changes",
        params={**rule["params"], "hysteresis": wider},
        enabled=True,
        reason="试验：抢先",
    )
    assert answer["version"] > rule["version"]
    expect(page.get_by_text("填的还在")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("回到限内多少秒才落")).to_have_value(str(clears + 7))
    expect(page.get_by_label("为什么改")).to_have_value("试验：写到一半")
    expect(page.get_by_label("回差", exact=False)).to_have_value(str(wider))
    page.get_by_role("button", name="改并生效").click()
    expect(page.get_by_text("新的一版已生效")).to_be_visible()
    after = other.get(f"/rules/{rule['id']}")["params"]
    assert (after["clear_for_s"], after["hysteresis"]) == (clears + 7, wider)


def test_a_change_that_would_have_missed_a_real_warning_says_so_first_to_both(
    county: Stack, staff: dict[str, dict[str, str]], open_page: Callable[..., Page]
) -> None:
    """The demo's week holds a yellow bearing temperature that was verified real."""
    inspector = staff["inspector"]
    api = county.login(inspector["username"], inspector["password"])
    real = next(one for one in api.get("/warnings", state="all", result="real")["items"] if one["point"])
    point = real["point"]["id"]
    rule = next(one for one in api.get("/rules", point=point)["items"] if one["kind"] == "threshold")
    page = open_page(login=inspector)
    page.goto(f"/rules/id/{rule['id']}")
    expect(page.get_by_role("button", name="试近 30 天")).to_be_disabled()
    for level, word in {"4": "红色", "3": "橙色", "2": "黄色", "1": "蓝色"}.items():
        if level in rule["params"]["levels"]:
            away = 20 if rule["params"]["direction"] == "high" else -20
            page.get_by_role("textbox", name=word).first.fill(str(rule["params"]["levels"][level] + away))
    page.get_by_role("button", name="试近 30 天").click()
    harm = page.locator(".trial-harm")
    expect(harm).to_contain_text("核实为真")
    expect(harm).to_contain_text("改后不报")
    expect(page.locator(".trial-sentence")).to_contain_text("漏掉")
    expect(page.locator(".trial-lane")).to_have_count(3)
    assert page.locator(".trial-lane").nth(0).locator("i").count() >= 1
    assert page.locator(".trial-lane").nth(1).locator("i").count() == 0
    page.get_by_label("为什么改").fill("试验：看第二人看到什么")
    page.get_by_role("button", name="提出修改").click()
    expect(page.get_by_text("已提出")).to_be_visible()

    second = open_page(login=staff["admin"])
    second.goto("/proposals")
    waiting = second.locator(".proposal", has_text="看第二人看到什么")
    expect(waiting.get_by_role("link", name="看这条规则")).to_be_visible()  # it comes with the trial or its button
    try_it = waiting.get_by_role("button", name="试近 30 天")
    if try_it.count():
        try_it.click()
    expect(waiting.locator(".trial-harm")).to_contain_text("改后不报")
    waiting.get_by_role("button", name="不同意", exact=True).click()
    second.get_by_label("说明").or_(second.locator("#note")).first.fill("会漏真警")
    second.get_by_role("dialog").get_by_role("button", name="不同意", exact=True).click()
    expect(waiting).to_have_count(0)
    page.goto(f"/rules/id/{rule['id']}")
    expect(page.locator(".rules-list > li", has_text="看第二人看到什么")).to_contain_text("没有同意")


def test_a_pack_is_taken_up_at_several_sites_in_one_go(
    county: Stack, staff: dict[str, dict[str, str]], open_page: Callable[..., Page]
) -> None:
    admin = staff["admin"]
    api = county.login(admin["username"], admin["password"])
    mine = next(one for one in api.get("/organisations", limit=100)["items"] if one["kind"] == "enterprise")
    names = ("试验一号尾矿库", "试验二号尾矿库")
    for name in names:
        api.post("/sites", name=name, kind="tailings_pond", organisation=mine["id"], grade="四等")
    page = open_page(login=staff["inspector"])
    page.goto("/rules/tailings-pond")
    page.get_by_role("link", name="用到多处").click()
    # Other tests of the same county may have left ponds that no pack watches.
    expect(page.locator("h1")).to_contain_text(re.compile(r"\d+ 处可以采用"))
    found = re.search(r"(\d+) 处可以采用", page.locator("h1").inner_text())
    assert found is not None
    free = int(found[1])
    assert free >= len(names)
    page.locator(".bind-row", has_text=names[0]).get_by_role("button", name="细看").click()
    expect(page.locator(".bind-more")).to_contain_text("浸润线")
    page.get_by_role("button", name=f"给 {free} 处采用").click()
    expect(page.locator("h1")).to_contain_text(f"已给 {free} 处采用")
    bound = page.locator(".panel", has_text="采用以后")
    for name in names:
        expect(bound.locator(".bind-row", has_text=name)).to_contain_text("已采用")
    for name in names:
        expect(page.locator(".panel", has_text="可以采用的").filter(has_text=name)).to_have_count(0)


def test_a_pack_without_limits_of_law_says_so(staff: dict[str, dict[str, str]], open_page: Callable[..., Page]) -> None:
    page = open_page(login=staff["inspector"])
    page.goto("/rules/geohazard")
    law = page.locator(".panel", has_text="法定限值")
    expect(law).to_contain_text("没有登记法定限值")
    page.goto("/rules/underground-mine")
    expect(law).to_contain_text("矿安〔2023〕60号")
    expect(law).not_to_contain_text("没有登记")
