import { expect, test } from "vitest";
import { asked, placeOf } from "./frame";

test("an address says its ticket and how the page is to look, and nothing it may not", () => {
  expect(asked(new URL("https://a.cn/embed/map?tone=dark&language=en#abc-_1"))).toEqual({ ticket: "abc-_1", tone: "dark", tongue: "en" });
  expect(asked(new URL("https://a.cn/embed/map?tone=red&language=fr"))).toEqual({ ticket: "", tone: null, tongue: "zh" });
});

test("a frame has one place", () => {
  expect(placeOf({ page: "screen", site: null })).toBe("/screen");
  expect(placeOf({ page: "site", site: 12 })).toBe("/sites/12");
});
