import { describe, expect, it } from "vitest";
import { isBlasting, isOverstayed } from "./operationtime";

const end = "2026-03-01T10:00:00Z";
const before = Date.parse(end) - 1000;

describe("what a site is doing, by an answer some seconds old", () => {
  it("says blasting until the window ends, not until the next answer", () => {
    expect(isBlasting({ blasting_until: end }, before)).toBe(true);
    expect(isBlasting({ blasting_until: end }, Date.parse(end))).toBe(false);
    expect(isBlasting({ blasting_until: null }, before)).toBe(false);
  });
  it("says overstayed as soon as the planned end is past", () => {
    expect(isOverstayed({ overstayed: false, planned_end: end }, before)).toBe(false);
    expect(isOverstayed({ overstayed: false, planned_end: end }, Date.parse(end))).toBe(true);
    expect(isOverstayed({ overstayed: true, planned_end: end }, before)).toBe(true);
    expect(isOverstayed({ overstayed: false, planned_end: null }, before)).toBe(false);
  });
});
