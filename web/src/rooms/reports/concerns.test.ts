import { describe, expect, it } from "vitest";
import { concernKey, concernOf, concernWords } from "./concerns";

describe("concernOf", () => {
  it("takes back what concernKey gives, and nothing else", () => {
    for (const one of [{ kind: "site" as const, id: 7 }, { kind: "organisation" as const, id: 12 }]) expect(concernOf(concernKey(one))).toEqual(one);
    for (const odd of ["", "site:", "site:0", "site:-1", "warning:3", "site:1x"]) expect(concernOf(odd)).toBeNull();
  });
});

describe("concernWords", () => {
  it("names the site before its enterprise, and leads to the page that shows it", () => {
    const mine = { id: 3, name: "甲铁矿" };
    expect(concernWords({ site: { id: 5, name: "甲铁矿尾矿库" }, organisation: mine })).toEqual({ name: "甲铁矿尾矿库", url: "/sites/5" });
    expect(concernWords({ site: null, organisation: mine })?.url).toBe("/enterprises/3");
    expect(concernWords({ site: null, organisation: null })).toBeNull();
  });
});
