import { describe, expect, it } from "vitest";
import { needs, openFirst } from "./enterprise";

describe("needs", () => {
  it("says nothing of what is well or not known", () => {
    expect(needs({ active: true })).toEqual([]);
    expect(needs({ active: true, sites: 1, unwatched: 0, lacking: 0, posts: [{ state: "held" }, { state: "acting" }] })).toEqual([]);
  });

  it("tells empty posts first, then sites that nothing watches, then licences", () => {
    expect(needs({ active: true, sites: 120, unwatched: 70, lacking: 2, posts: [{ state: "held" }, { state: "nobody" }] })).toEqual([
      { what: "nobody", n: 1 },
      { what: "unwatched", n: 70 },
      { what: "lacking", n: 2 },
    ]);
  });

  it("tells of one without posts and sites, and of a closed one only that", () => {
    expect(needs({ active: true, sites: 0, lacking: 0, posts: [] })).toEqual([{ what: "postless" }, { what: "siteless" }]);
    expect(needs({ active: false, sites: 0, posts: [] })).toEqual([{ what: "closed" }]);
  });
});

describe("openFirst", () => {
  it("keeps every open one, in its order, and fills up with the newest others", () => {
    const of = (...ids: number[]): { id: number }[] => ids.map((id) => ({ id }));
    expect(openFirst(of(3, 9), of(10, 9, 8, 3, 2), 4).map((one) => one.id)).toEqual([3, 9, 10, 8]);
    expect(openFirst(of(1, 2, 3), of(4, 3), 2).map((one) => one.id)).toEqual([1, 2, 3]);
  });
});
