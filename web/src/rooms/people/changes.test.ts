import { describe, expect, it } from "vitest";
import { running, sectorsToSend } from "./changes";
import type { Leave } from "./queries";

describe("the sectors of an account", () => {
  it("are what was chosen for a department, and none once the account is no department", () => {
    expect(sectorsToSend({ role: "inspector" }, "department", ["dump"])).toEqual(["dump"]);
    expect(sectorsToSend({ role: "department" }, "leader", ["dump"])).toEqual([]);
  });
  it("stay as they are where the role does: they were not on the form", () => {
    expect(sectorsToSend({ role: "inspector" }, "inspector", ["dump"])).toBeNull();
  });
});

describe("the leave that coming back ends", () => {
  const leave = (id: number, person: number, from: string, to: string): Leave => ({ id, person: { id: person, name: "" }, deputy: null, post: null, reason: "trip", valid_from: from, valid_to: to });
  const rows = [leave(1, 7, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"), leave(2, 7, "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"), leave(3, 8, "2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z")];
  it("is the one that runs now, of this person", () => {
    expect(running(rows, 7, Date.parse("2026-03-05T01:00:00Z"))?.id).toBe(2);
  });
  it("is none where none runs: a later one is not ended", () => {
    expect(running(rows, 7, Date.parse("2026-03-03T00:00:00Z"))).toBeUndefined();
    expect(running(rows, 9, Date.parse("2026-03-01T01:00:00Z"))).toBeUndefined();
  });
});
