import { describe, expect, it } from "vitest";
import { quietSince } from "./PointPage";

const now = Date.parse("2026-11-24T08:00:00Z");

describe("quietSince", () => {
  it("follows a point that speaks, or never has", () => {
    expect(quietSince("2026-11-24T07:59:40Z", now)).toBeNull();
    expect(quietSince("2026-11-23T09:00:00Z", now)).toBeNull();
    expect(quietSince(undefined, now)).toBeNull();
  });
  it("ends the curve where it fell silent", () => {
    expect(quietSince("2014-02-19T15:25:00Z", now)).toBe("2014-02-19T16:25:00.000Z");
  });
});
