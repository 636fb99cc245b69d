import { describe, expect, it } from "vitest";
import type { WarningGroup } from "../../api/groups";
import type { Duty } from "../../api/types";
import { groupCounts, shownAlone, tightest, withoutGrouped } from "./groupwords";

const member = (id: number, level: number, state: WarningGroup["members"][number]["state"] = "calling"): WarningGroup["members"][number] => ({ id, number: `W-${id}`, title: "", site: "", level, current_level: level, state });
const group = (changes: Partial<WarningGroup> = {}): WarningGroup =>
  ({ id: 1, kind: "storm", title: "", reason: "", lead: 1, level: 4, count: 2, red: 1, begun_at: "", last_at: "", ended_at: null, waiting_for_me: 2, members: [member(1, 2), member(2, 4)], ...changes }) as WarningGroup;
const duty = (about: number, level: number, due: string, changes: Partial<Duty> = {}): Duty => ({ id: about, level, state: "called", kind: "warning.verify", subject: { type: "warning", id: about, label: "", url: "" }, clock: { due_at: due }, ...changes }) as Duty;

describe("an event on the desk", () => {
  const duties = [duty(1, 2, "2026-01-01T10:05:00Z"), duty(2, 4, "2026-01-01T10:01:00Z"), duty(3, 2, "2026-01-01T10:00:00Z")];
  it("takes in the calls below red that it answers, and no others", () => {
    expect(withoutGrouped(duties, [group()]).map((one) => one.subject.id)).toEqual([2, 3]);
  });
  it("takes in nothing that it cannot answer: ended, answered by me, or an order to get people out", () => {
    expect(withoutGrouped(duties, [group({ ended_at: "2026-01-01T10:00:00Z" })])).toHaveLength(3);
    expect(withoutGrouped(duties, [group({ waiting_for_me: 0 })])).toHaveLength(3);
    expect(withoutGrouped([duty(1, 2, "", { kind: "warning.withdraw" })], [group()])).toHaveLength(1);
    expect(withoutGrouped([duty(1, 2, "", { state: "answered" })], [group()])).toHaveLength(1);
  });
  it("shows the nearest limit of all it answers", () => {
    expect(tightest(duties, group())?.due_at).toBe("2026-01-01T10:01:00Z");
    expect(tightest([duties[2]!], group())).toBeNull();
  });
  it("counts by level what the server counts, not what few members were sent", () => {
    expect(groupCounts(group({ levels: { 4: 3, 3: 0, 2: 140, 1: 1 }, count: 144 })).match(/\d+/g)).toEqual(["3", "140", "1"]);
  });
  it("lets a red stand by itself until it is closed", () => {
    expect([member(1, 4), member(2, 3), member(3, 4, "closed")].map(shownAlone)).toEqual([true, false, false]);
  });
});
