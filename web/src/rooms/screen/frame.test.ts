import { expect, it } from "vitest";
import { arrangement, unit } from "./frame";

it.each([
  [1920, 1080, "wall", 1],
  [3840, 2160, "wall", 2],
  [3840, 1080, "double", 1],
  [7680, 2160, "double", 2],
  [1280, 720, "wall", 0.667],
  [1280, 1024, "wall", 0.667],
  [1000, 500, "wall", 0.66],
  [390, 844, "stack", 0.74],
  [844, 390, "stack", 0.74],
])("%i×%i is laid as a %s, a pixel of the drawing is %f", (width, height, how, u) => {
  expect(arrangement(width, height)).toBe(how);
  expect(unit(width, height)).toBeCloseTo(u, 3);
});
