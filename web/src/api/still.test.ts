import { expect, test } from "vitest";
import { listen, still } from "./still";

test("seconds since the last touch, begun anew by each", () => {
  const page = new EventTarget();
  listen(page);
  const begun = Date.now();
  expect(still(begun + 90_500)).toBeGreaterThanOrEqual(90);
  page.dispatchEvent(new Event("keydown"));
  expect(still()).toBe(0);
  expect(still(begun - 3_600_000)).toBe(0);
});
