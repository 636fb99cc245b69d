import { expect, it } from "vitest";
import type { SitePlan } from "../../api/types";
import { moves, picked } from "./BindMany";

const ROW: SitePlan = {
  site: { id: 1, name: "甲矿" }, kind: "", organisation: "", territory: "", bound_version: "1", points: 1, unknown_points: 0,
  added: 0, tightened: 0, waits: 0, asked: 0, same: 3, changes: [], missing: [], optional: [],
};

it("what only waits for a second person is not offered again", () => {
  expect(moves({ ...ROW, asked: 1 })).toBe(false);
  expect(moves({ ...ROW, waits: 1 })).toBe(true);
  expect(moves({ ...ROW, bound_version: null })).toBe(true);
});

it("taking one site out of a full go brings no other in", () => {
  expect(picked([1, 2, 3, 4], null, 2)).toEqual([1, 2]);
  expect(picked([1, 2, 3, 4], new Set([1]), 2)).toEqual([1]);
  expect(picked([2, 3], new Set([1, 3]), 2)).toEqual([3]);
});
