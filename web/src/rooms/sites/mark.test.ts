import { describe, expect, it } from "vitest";
import type { Site, Warning } from "../../api/types";
import { markOf, worstOf } from "./mark";

const site: Site = {
  id: 1, name: "甲铁矿尾矿库", kind: "tailings_pond", organisation: "甲铁矿", organisation_id: 2, territory: "东乡", grade: "", params: {},
  level: 0, standing: "normal", operating: "producing", care: null, points: 3, latitude: 40, longitude: 110,
};
const warning = (id: number, of: number, category: "risk" | "fault"): Warning => ({ id, category, level: 3, state: "disposing", title: "浸润线低了，超限", site: { id: of }, called: 0, answered: 0 }) as unknown as Warning;

describe("worstOf", () => {
  it("passes over faults, and over other sites where one is meant", () => {
    const open = [warning(1, 5, "fault"), warning(2, 5, "risk"), warning(3, 1, "risk")];
    expect(worstOf(open)?.id).toBe(2);
    expect(worstOf(open, 1)?.id).toBe(3);
    expect(worstOf(open, 9)).toBeUndefined();
    expect(worstOf(undefined)).toBeUndefined();
  });
});

describe("markOf", () => {
  it("raises a site by its worst warning, and shows nothing unknown as normal", () => {
    expect(markOf(site, warning(7, 1, "risk"))).toMatchObject({ state: "raised", level: 3, warning: 7, item: "浸润线低了" });
    expect(markOf({ ...site, standing: "faulty" }, undefined).state).toBe("silent");
    expect(markOf({ ...site, standing: "unwatched" }, undefined).state).toBe("unwatched");
    expect(markOf({ ...site, points: 0 }, undefined).state).toBe("unwatched");
    expect(markOf(site, undefined)).toMatchObject({ state: "normal", level: 0, standing: null });
  });
});
