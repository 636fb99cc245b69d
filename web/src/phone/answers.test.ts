import { describe, expect, it } from "vitest";
import { current, isKept, isUnreached, KEEP_MS, MOST, type KeptAnswer } from "./answers";

const NOW = 1_800_000_000_000;
const kept = (id: string, at: number, user = 7): KeptAnswer => ({ id, user, key: ["duties", "one", id], data: {}, at, skew: 0 });

describe("what is shown instead of the county", () => {
  it("is what was kept, without a line and behind a proxy that finds nobody", () => {
    expect([0, 502, 503, 504].every(isUnreached)).toBe(true);
    expect([401, 403, 404, 409, 429, 500].some(isUnreached)).toBe(false);
  });
});

describe("what is kept to be read without a line", () => {
  it("is who I am, my desk, and the duties and warnings I opened, and nothing else", () => {
    for (const key of [["session"], ["duties", "list", "mine"], ["duties", "one", 3], ["warnings", "one", 3], ["warnings", "timeline", 3]]) expect(isKept(key)).toBe(true);
    for (const key of [["session", "others"], ["duties", "list", "org"], ["duties", "list", "called"], ["warnings", "one", null], ["warnings", "list", {}], ["people"], ["roster"], ["readings", 1], ["ledger", "list", {}]]) expect(isKept(key)).toBe(false);
  });
  it("is shown for so long, and not at all where its age is not known", () => {
    const all = [kept("old", NOW - KEEP_MS), kept("ahead", NOW + 1), kept("fine", NOW - KEEP_MS + 1), kept("now", NOW)];
    expect(current(all, NOW).map((one) => one.id)).toEqual(["now", "fine"]);
  });
  it("is no more than so many, the newest", () => {
    const all = Array.from({ length: MOST + 5 }, (_, i) => kept(String(i), NOW - i));
    expect(current(all, NOW).map((one) => one.id)).toEqual(all.slice(0, MOST).map((one) => one.id));
  });
});
