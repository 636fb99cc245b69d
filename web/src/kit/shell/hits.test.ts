import { describe, expect, it } from "vitest";
import { inOrder, type Found } from "./hits";

describe("inOrder", () => {
  it("shows what is open, then an enterprise by its whole name before its places, places before points, and what is over last", () => {
    const found = inOrder<Found>([{ key: "w1", over: true }, { key: "w2", over: false }], [{ key: "s1" }], [{ key: "e1", exact: false }, { key: "e2", exact: true }], [{ key: "p1" }]);
    expect(found.map((one) => one.key)).toEqual(["w2", "e2", "s1", "e1", "p1", "w1"]);
  });
});
