import { expect, it } from "vitest";
import { scaleOf, sumOf } from "./trend";

it.each([
  [0, 4],
  [4, 4],
  [5, 8],
  [8, 8],
  [9, 20],
  [40, 40],
  [41, 80],
  [399, 400],
  [1001, 2000],
])("an axis for %i ends at %i", (most, top) => {
  const scale = scaleOf(most);
  expect(scale.top).toBe(top);
  expect(scale.ticks.at(-1)).toBe(top);
  expect(scale.ticks.every(Number.isInteger)).toBe(true);
});

it("sums the levels asked for", () => expect(sumOf({ "1": 3, "4": 2 }, [4, 3])).toBe(2));
