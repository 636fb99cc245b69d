import { expect, test } from "vitest";
import { asked, placeOf } from "./frame";
import { isFrame } from "./key";

test("an address says its ticket and how the page is to look, and nothing it may not", () => {
  expect(asked(new URL("https://a.cn/embed/map?tone=dark&language=en#abc-_1"))).toEqual({ ticket: "abc-_1", tone: "dark", tongue: "en" });
  expect(asked(new URL("https://a.cn/embed/map?tone=red&language=fr"))).toEqual({ ticket: "", tone: null, tongue: "zh" });
});

test("a frame has one place", () => {
  expect(placeOf({ page: "screen", site: null })).toBe("/screen");
  expect(placeOf({ page: "site", site: 12 })).toBe("/sites/12");
});

test("an address is a frame's however its letters are written, as the server reads it", () => {
  for (const path of ["/embed/screen", "/%65mbed/x", "/embed%2Fx", "/%65%6D%62%65%64%2f%zz"]) expect(isFrame(path), path).toBe(true);
  for (const path of ["/", "/embed", "/embedded/x", "/screen/embed/", "/%2565mbed/x", "/%"]) expect(isFrame(path), path).toBe(false);
});
