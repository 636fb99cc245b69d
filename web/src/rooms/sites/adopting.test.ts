import { expect, test } from "vitest";
import { everyOf, nameOf, patternOf } from "./adopting";

test("each address gets its own name from the pattern", () => {
  expect(nameOf(" {地址} 浸润线 ", "{地址}", "JR-04")).toBe("JR-04 浸润线");
  expect(nameOf("{address} line", "{address}", "$&")).toBe("$& line");
  expect(nameOf("浸润线", "{地址}", "JR-04")).toBe("浸润线");
});

test("a pattern is made of the name proposed for one", () => {
  expect(patternOf("坝顶 JR-04 浸润线", "{地址}", "JR-04")).toBe("坝顶 {地址} 浸润线");
  expect(patternOf("坝顶浸润线", "{地址}", "JR-04")).toBe("{地址}");
});

test("how often comes from count and span", () => {
  const first_at = "2026-11-25T08:00:00Z";
  expect(everyOf({ count: 4, first_at, last_at: "2026-11-25T08:01:00Z" })).toBe(20);
  expect(everyOf({ count: 1, first_at, last_at: first_at })).toBeNull();
  expect(everyOf({ count: 9, first_at, last_at: first_at })).toBeNull();
});
