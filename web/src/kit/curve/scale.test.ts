import { describe, expect, it } from "vitest";
import { bands, makeScale, spread, timeTicks, valueRange } from "./scale";

const frame = { left: 40, right: 840, top: 0, bottom: 300, start: 0, end: 86_400_000, down: false };
const limits = (direction: "high" | "low", ...values: number[]) => values.map((value, i) => ({ level: i + 1, value, direction }));

describe("valueRange", () => {
  it("holds the line and every limit, with room on the dangerous side", () => {
    const [low, high] = valueRange([{ t: 0, v: 5, lo: 4.8, hi: 5.2 }], limits("high", 8, 9, 10, 12));
    expect(low).toBeLessThan(4.8);
    expect(high).toBeGreaterThan(12);
    expect(high - 12).toBeGreaterThan(4.8 - low);
  });

  it("does not go below nought for what cannot", () => {
    expect(valueRange([{ t: 0, v: 0, lo: 0, hi: 3 }], [])[0]).toBe(0);
  });

  it("has a height for a flat line and for nothing at all", () => {
    const flat = valueRange([{ t: 0, v: 7, lo: 7, hi: 7 }], []);
    expect(flat[1]).toBeGreaterThan(flat[0]);
    expect(valueRange([], [])).toEqual([0, 1]);
  });
});

describe("makeScale", () => {
  it("turns a depth axis round: more is lower", () => {
    const up = makeScale(frame, [], limits("low", 8, 6));
    const down = makeScale({ ...frame, down: true }, [], limits("low", 8, 6));
    expect(up.y(8)).toBeLessThan(up.y(6));
    expect(down.y(8)).toBeGreaterThan(down.y(6));
    for (const tick of down.ticks) {
      expect(down.y(tick)).toBeGreaterThanOrEqual(frame.top);
      expect(down.y(tick)).toBeLessThanOrEqual(frame.bottom);
    }
  });
});

describe("bands", () => {
  it("tints only the dangerous side, each level to the next", () => {
    expect(bands(limits("low", 8, 7.2, 6.6, 6), 5, 10)).toEqual([
      { level: 1, from: 8, to: 7.2 },
      { level: 2, from: 7.2, to: 6.6 },
      { level: 3, from: 6.6, to: 6 },
      { level: 4, from: 6, to: 5 },
    ]);
    expect(bands([{ level: 4, value: 24, direction: "high" }], 0, 30)).toEqual([{ level: 4, from: 24, to: 30 }]);
  });
});

describe("timeTicks", () => {
  it("falls on round hours of the county", () => {
    const ticks = timeTicks(Date.UTC(2026, 6, 20, 6, 13), Date.UTC(2026, 6, 21, 6, 13), 7);
    expect(ticks.length).toBeGreaterThan(3);
    expect(ticks.every((tick) => ((tick / 3_600_000 + 8) % 4) === 0)).toBe(true);
  });
});

describe("spread", () => {
  it("moves labels apart and keeps their order", () => {
    expect(spread([100, 104, 200], 20)).toEqual([100, 120, 200]);
    expect(spread([104, 100], 20)).toEqual([120, 100]);
  });
});
