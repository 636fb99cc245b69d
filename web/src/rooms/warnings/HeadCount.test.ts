import { describe, expect, it } from "vitest";
import { empties, surplus } from "./HeadCount";

describe("a confirmation that leaves nobody in", () => {
  it("is one of as many as are missing, or more", () => {
    expect(empties("confirm", 5, 5)).toBe(true);
    expect(empties("confirm", 1, 1)).toBe(true);
    expect(empties("confirm", 5, 6)).toBe(true);
  });
  it("is no other", () => {
    expect(empties("confirm", 5, 4)).toBe(false);
    expect(empties("confirm", null, 5)).toBe(false);
    expect(empties("confirm", 5, 0)).toBe(false);
    expect(empties("set", 5, 5)).toBe(false);
  });
});

describe("more out than are missing", () => {
  it("is said, since somebody else may be inside", () => {
    expect(surplus("confirm", 3, 5)).toBe(2);
    expect(surplus("confirm", 3, 3)).toBe(0);
    expect(surplus("confirm", null, 5)).toBe(0);
    expect(surplus("set", 3, 5)).toBe(0);
  });
});
