"""存疑读数 in a browser: the two series side by side, and what the inspector decides."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_weather import fits
from tests.stack import Stack

# A clone of two points of one site, as a search tells it; no check is opened, so that nobody is called.
PLANT = """
from datetime import timedelta
from django.utils import timezone
from shoutu.county.falsified.models import Finding, SearchDay
from shoutu.county.falsified.services import keep_site
from shoutu.county.sites.models import Point
# While its day is searched a lead waits.
day = timezone.localdate() - timedelta(days=20)
SearchDay.begun(day)
if Finding.objects.filter(day=day).exists():
    print(Finding.objects.get(day=day).pk)
    raise SystemExit
end = round(timezone.now().timestamp() * 1000) - 30 * 3_600_000
start = end - 2 * 3_600_000
for first in Point.objects.order_by("id"):
    second = Point.objects.filter(site=first.site_id, item=first.item).exclude(pk=first.pk).order_by("id").first()
    if second is not None:
        break
keep_site(day, first.site_id, [{
    "kind": "cloned", "point": first.pk, "beside": second.pk, "start": start, "end": end, "beside_start": start,
    "beside_end": end, "n": 120, "bits": 80.0, "bits_left": 50.0, "factor": 1.0, "offset": 0.0,
    "zh": "120 个读数与另一测点同一时段逐个相同", "en": "120 readings are another point's of the same time",
}])
print(Finding.objects.latest("id").pk)
"""


def planted(county: Stack) -> int:
    """A finding there is, once in a county however often it is asked for; the demo's readings are honest."""
    return int(county.cli("manage", "shell", "-v", "0", "-c", PLANT).splitlines()[-1])


def test_the_two_series_are_shown_and_a_double_is_declared(
    open_page: Callable[..., Page], county: Stack, logins: list[dict[str, str]]
) -> None:
    id_ = planted(county)
    inspector = next(
        one for one in logins
        if county.login(one["username"], one["password"]).get("/session")["user"]["role"] == "inspector"
    )  # fmt: skip
    page = open_page(login=inspector, at="/quality")
    page.get_by_role("link", name="存疑读数").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("条线索要看")
    page.locator(f'a[href="/falsified/{id_}"]').first.click()
    expect(page.locator(".pair svg")).to_have_count(2)
    expect(page.locator(".pair-shift")).to_contain_text("逐个相同")
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.get_by_role("button", name="正常").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="定论")).to_be_disabled()
    dialog.get_by_label("查了什么、凭什么定").fill("一支传感器报了两次")
    dialog.get_by_role("button", name="定论").click()
    expect(page.locator(".falsified-head .tag")).to_have_text("正常")
    expect(page.get_by_text("一支传感器报了两次")).to_be_visible()
