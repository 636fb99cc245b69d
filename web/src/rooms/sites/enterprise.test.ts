import { describe, expect, it } from "vitest";
import type { Site } from "../../api/types";
import { needs, openFirst } from "./enterprise";

const site: Site = {
  id: 1, name: "甲铁矿尾矿库", kind: "tailings_pond", organisation: "甲铁矿", organisation_id: 2, territory: "东乡", grade: "", params: {},
  level: 0, standing: "normal", operating: "producing", points: 3, latitude: 40, longitude: 110,
};

describe("needs", () => {
  it("says nothing of what is well or not known", () => {
    expect(needs({ active: true })).toEqual([]);
    expect(needs({ active: true, sites: [site], lacking: 0, posts: [{ state: "held" }, { state: "acting" }] })).toEqual([]);
  });

  it("tells empty posts first, then sites that nothing watches, then licences", () => {
    const sites = [site, { ...site, standing: "unwatched" as const }, { ...site, standing: "unwatched" as const, operating: "closed" as const }];
    expect(needs({ active: true, sites, lacking: 2, posts: [{ state: "held" }, { state: "nobody" }] })).toEqual([
      { what: "nobody", n: 1 },
      { what: "unwatched", n: 1 },
      { what: "lacking", n: 2 },
    ]);
  });

  it("tells of one without posts and sites, and of a closed one only that", () => {
    expect(needs({ active: true, sites: [], lacking: 0, posts: [] })).toEqual([{ what: "postless" }, { what: "siteless" }]);
    expect(needs({ active: false, sites: [], posts: [] })).toEqual([{ what: "closed" }]);
  });
});

describe("openFirst", () => {
  it("keeps every open one, in its order, and fills up with the newest others", () => {
    const of = (...ids: number[]): { id: number }[] => ids.map((id) => ({ id }));
    expect(openFirst(of(3, 9), of(10, 9, 8, 3, 2), 4).map((one) => one.id)).toEqual([3, 9, 10, 8]);
    expect(openFirst(of(1, 2, 3), of(4, 3), 2).map((one) => one.id)).toEqual([1, 2, 3]);
  });
});
