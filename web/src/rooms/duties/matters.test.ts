import { describe, expect, it } from "vitest";
import { countsOf, isOwn, mattersOf, type Matter } from "./matters";

const inspector = ["duty.verify", "rule.edit", "site.state", "licence.edit", "unclaimed.adopt"];
const leader = ["duty.verify", "duty.recall", "report.send", "order.enter", "site.state"];
const township = ["duty.verify"];
const all: Record<Matter, number> = { review: 1, report: 2, order: 3, hole: 4, gap: 5, unwatched: 6, expired: 7, unclaimed: 8 };
const keys = (rights: readonly string[], counts: Partial<Record<Matter, number>> = all): Matter[] => mattersOf(rights, counts).map((one) => one.key);

describe("mattersOf", () => {
  it("gives each role what it decides about, the weightiest first", () => {
    expect(keys(leader)).toEqual(["report", "order", "review", "hole"]);
    expect(keys(inspector)).toEqual(["review", "unwatched", "gap", "expired", "unclaimed"]);
    expect(keys(township)).toEqual(["gap"]);
    expect(keys(["duty.act"])).toEqual([]);
  });

  it("says nothing of what is nothing, or not known", () => {
    expect(keys(inspector, { gap: 0, expired: 2 })).toEqual(["expired"]);
    expect(isOwn(leader, "gap")).toBe(false);
  });

  it("keeps the door of what could not be asked, and all the others", async () => {
    const counts = await countsOf(["gap", "expired"], { gap: async () => Promise.reject(new Error("500")), expired: async () => Promise.resolve(2) });
    expect(counts).toEqual({ gap: null, expired: 2 });
    expect(mattersOf(inspector, counts).map((one) => [one.key, one.n])).toEqual([["gap", null], ["expired", 2]]);
  });
});
