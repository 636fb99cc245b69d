"""What holds on every page: readable, operable, nothing untranslated, nothing cut off."""

from __future__ import annotations

import json
import re
from pathlib import Path

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE

AXE = Path(AXE_FILE_PATH).read_text("utf-8")
KEYS = json.loads((Path(__file__).resolve().parents[2] / "web/src/i18n/zh.json").read_text("utf-8"))
ROOTS = "|".join(sorted({key.split(".")[0] for key in KEYS}))
RAW_KEY = re.compile(rf"\b(?:{ROOTS})(?:\.[A-Za-z0-9_]+)+\b")
NEVER = re.compile("确定|提交|操作|详情|您|成功|undefined|NaN|\\[object")
LATIN = re.compile(r"[A-Za-z]{3,}")
NAMES = re.compile(
    r"""\b(?:Shoutu|MQTT|HTTP|HTTPS|TCP|CAP|CSV|Excel|XLSX|GeoJSON|TOTP|SHA|SHOUTU_\w*|English|NOx|DingTalk|WeCom|Email|API)\b
    |\bModbus\b|\bOPC\ UA\b|\bopc\.tcp\b
    |\b(?:ppm|MPa|kPa|mm|GNSS|LEL)\b|[A-Z]{2,4}[-/ ]?[TA]?[ -]?\d[\w.-]*|https?://\S+|[\w.+-]+@[\w.-]+|\b\w+[-_]\w[\w-]*\b
    |\b[0-9a-f]{4,}\b|\b(?:leader|duty\d*|inspector|admin|auditor|water|rescue|(?:town|mine|head)\d*)\b
    |Asia/\w+|(?:/[\w.-]+){2,}|\b[a-z_]+\ =\ …|\b(?:Python|SQLite|PostgreSQL|TLS|systemd)\b
    |\b(?:GiB|json|backup|chrony|kiosk|pipeline|shoutu|web|worker|link\d*)\b""",
    re.X,
)
"""Names that are the same in any language: protocols, formats, units, standards, numbers of things, addresses, paths,
lines of the settings file, ids, the parts of Shoutu and what it is made of, the demo's accounts."""

CUT = """() => [...document.querySelectorAll('body *')].filter((one) => {
    if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) return false;
    if (one.closest('.unseen, [aria-hidden=true], .maplibregl-map, svg, .ant-table-measure-row')) return false;
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    if (box.width < 2 || box.height < 2 || style.visibility === 'hidden') return false;
    if (one.title || one.closest('[title], [aria-label]') || style.webkitLineClamp !== 'none') return false;
    const hides = (how) => how === 'hidden' || how === 'clip';
    return (hides(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
        || (hides(style.overflowY) && one.scrollHeight > one.clientHeight + 3);
}).map((one) => one.outerHTML.slice(0, 160))"""
"""Text that its box cuts off, and that nothing tells whole."""


SETTLED = """Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
    .map((one) => one.finished.catch(() => null))).then(() => true)"""
"""What still fades in has not its colours yet; what turns for ever is not waited for."""


LOADING = ".ant-skeleton, .state-loading"


AGAIN = """() => {
    const said = (text) => (text.trim() ? 'x' : '');
    const shape = (node) => {
        if (node.nodeType === 3) return said(node.data);
        if (node.nodeType !== 1) return '';
        const own = [...node.attributes].filter((one) => one.name !== 'data-again').map((one) =>
            one.name === 'class' || one.name === 'style' || one.name === 'role' ? `${one.name}=${one.value}`
                : `${one.name}=${said(one.value)}`);
        return `<${node.tagName} ${own.sort().join(' ')}>${[...node.childNodes].map(shape).join('')}</>`;
    };
    for (const list of document.querySelectorAll('tbody, ul, ol')) {
        const met = new Map();
        for (const one of list.children) {
            const its = shape(one), times = (met.get(its) ?? 0) + 1;
            met.set(its, times);
            one.toggleAttribute('data-again', times > 2);
        }
    }
    return Boolean(window.axe);
}"""
"""Marks the rows of a list that are built as two before them are, to the class and style of every element and to what
has a text or name and what has none. Whether axe is in the page already."""


def axe_findings(page: Page, *rules: str) -> list[str]:
    """Serious and critical findings, each with the first element that has it; of these rules alone where given.

    Of rows built alike two are looked at: the colours of fifty take longer than all the rest of the page.
    """
    assert page.evaluate(SETTLED)
    if not page.evaluate(AGAIN):
        page.evaluate(AXE)
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate(
        "(options) => axe.run({ exclude: [['[data-again]']] }, options).then((found) => found.violations)", options
    )
    return [
        f"{item['id']}: {item['nodes'][0]['html'][:160]} {item['nodes'][0].get('failureSummary', '')}"
        for item in found
        if item["impact"] in {"serious", "critical"}
    ]


def check(page: Page) -> None:
    """What holds on every page."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    words = page.inner_text("body")
    assert RAW_KEY.findall(words.replace(page.url, "").replace("secrets/setup.code", "")) == []
    assert NEVER.findall(words) == []
    assert axe_findings(page) == []


def look(page: Page, english: bool = False) -> list[str]:
    """What is wrong with the page as it stands: both themes, both sizes, first the size it has."""
    wrong = []
    now = page.viewport_size
    other = WIDE if now == PHONE else PHONE
    for size, tone, turned in (
        (now, "light", False), (now, "dark", True), (other, "dark", False), (other, "light", True),
    ):  # fmt: skip
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=tone)  # type: ignore[arg-type]
        # A page hears of it with its next picture, which a map drawn without a graphics card keeps it waiting for.
        expect(page.locator("html")).to_have_attribute("data-tone", tone, timeout=60_000)
        page.wait_for_timeout(150)
        expect(page.locator(LOADING)).to_have_count(0)
        wrong += [f"{size['width']} {tone}: {one}" for one in faults(page, english, of_colour=turned)]
    return wrong


def faults(page: Page, english: bool, of_colour: bool) -> list[str]:
    """What is wrong as it stands now. `of_colour`: only the theme is another than before, which changes but colours."""
    found = []
    if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        found.append("scrolls sideways")
    words = page.inner_text("body").replace(page.url, "").replace("secrets/setup.code", "")
    found += [f"a key: {key}" for key in RAW_KEY.findall(words)]
    if not english:
        found += [f"a word not ours: {word}" for word in NEVER.findall(words)]
        found += [f"English: {word}" for word in sorted(set(LATIN.findall(NAMES.sub(" ", words))))]
    found += [f"cut off: {one}" for one in page.evaluate(CUT)]
    found += axe_findings(page, *(["color-contrast"] if of_colour else []))
    return found


def settled(page: Page, landmark: str) -> None:
    expect(page.locator(landmark).first).to_be_visible()
    page.wait_for_timeout(300)
    expect(page.locator(LOADING)).to_have_count(0)
