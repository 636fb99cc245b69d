import { describe, expect, it } from "vitest";
import { palettes } from "../theme";

const channel = (value: number): number => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const light = (hex: string): number => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
/** Contrast ratio of WCAG 2.2. */
const ratio = (one: string, other: string): number => {
  const [a, b] = [light(one), light(other)].sort((x, y) => y - x) as [number, number];
  return (a + 0.05) / (b + 0.05);
};

describe("on a telephone in the sun", () => {
  it.each(["light", "dark"] as const)("main text stands out 7 to 1: %s", (tone) => {
    const { ink, ink2, page, surface, pine, onPine } = palettes[tone];
    for (const ground of [page, surface]) expect(ratio(ink, ground)).toBeGreaterThanOrEqual(7);
    expect(ratio(ink2, surface)).toBeGreaterThanOrEqual(7);
    expect(ratio(onPine, pine)).toBeGreaterThanOrEqual(7);
  });
});
