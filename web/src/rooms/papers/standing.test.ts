import { describe, expect, it } from "vitest";
import type { LicenceDetail, LicenceKind } from "./queries";
import { beyond, isAhead, kindOf, left, SPAN_DAYS } from "./standing";

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

describe("isAhead", () => {
  it("tells a licence whose first day is to come, and none that ended otherwise", () => {
    const one = { valid_from: "2026-11-27", standing: "valid" };
    expect(isAhead(one, "2026-11-26")).toBe(true);
    expect(isAhead(one, "2026-11-27")).toBe(false);
    expect(isAhead({ ...one, standing: "withdrawn" }, "2026-11-26")).toBe(false);
  });
});

describe("the kind of a licence", () => {
  const one = { kind: "gone", title: "旧证", ground: "", verified: false, lead_days: 90, bearer: "张**" } as LicenceDetail;
  const other: LicenceKind = { id: "business", title: "营业执照", ground: "", verified: true, lead_days: 30, personal: false, capacity: false, required: false };
  it("is not known before the list is there", () => {
    expect(kindOf(one, undefined)).toBeUndefined();
  });
  it("is the one of the list", () => {
    expect(kindOf({ ...one, kind: "business" }, [other])).toBe(other);
  });
  it("taken from the list is what the licence has", () => {
    expect(kindOf(one, [other])).toMatchObject({ id: "gone", personal: true, capacity: true });
    expect(kindOf({ ...one, bearer: "" }, [other])?.personal).toBe(false);
  });
});
