import { describe, expect, it } from "vitest";
import { instantOf, localOf } from "./silencetime";

describe("county time of a field", () => {
  it("goes there and back", () => {
    expect(instantOf("2026-07-21T14:05")).toBe("2026-07-21T06:05:00.000Z");
    expect(localOf(Date.parse("2026-07-21T06:05:00Z"))).toBe("2026-07-21T14:05");
  });

  it("says nothing for an empty field", () => {
    expect(instantOf("")).toBeNull();
  });
});
