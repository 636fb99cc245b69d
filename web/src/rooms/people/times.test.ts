import { describe, expect, it } from "vitest";
import { dayAfter, fieldTime, momentOf, share } from "./times";

describe("times of forms", () => {
  it("go to the field and back without losing a minute", () => {
    const at = "2026-11-25T20:30:00+08:00";
    expect(fieldTime(at)).toBe("2026-11-25T20:30");
    expect(Date.parse(momentOf(fieldTime(at)) ?? "")).toBe(Date.parse(at));
    expect(momentOf("")).toBeNull();
  });
  it("are a share of the week, kept within it", () => {
    const [start, end] = ["2026-11-25T00:00:00+08:00", "2026-11-27T00:00:00+08:00"];
    expect(share("2026-11-25T12:00:00+08:00", start, end)).toBe(0.25);
    expect(share("2026-11-20T12:00:00+08:00", start, end)).toBe(0);
    expect(share("2026-12-20T12:00:00+08:00", start, end)).toBe(1);
  });
  it("step over the end of a month and a year", () => {
    expect(dayAfter("2026-12-30", 7)).toBe("2027-01-06");
    expect(dayAfter("2026-03-01", -1)).toBe("2026-02-28");
  });
});
