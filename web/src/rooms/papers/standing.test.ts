import { describe, expect, it } from "vitest";
import { beyond, left, SPAN_DAYS } from "./standing";

describe("the bar of a licence", () => {
  it("is empty once it has expired and whole without an end", () => {
    expect(left(-1)).toBe(0);
    expect(left(0)).toBe(0);
    expect(left(null)).toBe(1);
    expect(left(SPAN_DAYS * 2)).toBe(1);
    expect(left(SPAN_DAYS / 2)).toBeCloseTo(0.5);
  });
  it("has no end mark where the end lies beyond it", () => {
    expect(beyond(SPAN_DAYS)).toBe(false);
    expect(beyond(SPAN_DAYS + 1)).toBe(true);
    expect(beyond(null)).toBe(true);
  });
});
