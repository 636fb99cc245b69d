import { describe, expect, it } from "vitest";
import { findGaps, mergeGaps, nearest, pieces, storyHours, toSteps, withLatest, type Step } from "./series";

const S = 1000;
const step = (second: number, v = 1): Step => ({ t: second * S, v, lo: v, hi: v });
const iso = (second: number): string => new Date(second * S).toISOString();

describe("toSteps", () => {
  it("leaves out what is not a number, and sorts", () => {
    const steps = toSteps([
      { ts: iso(20), value: 2, quality: 0 },
      { ts: iso(0), value: 1, quality: 0 },
      { ts: iso(10), value: null, quality: 3 },
      { ts: iso(15), value: 99, quality: 3 },
      { ts: "nonsense", value: 5 },
    ]);
    expect(steps.map((one) => one.v)).toEqual([1, 2]);
  });

  it("keeps the extremes of a thinned step", () => {
    expect(toSteps([{ ts: iso(0), min: 1, max: 9, mean: 4, n: 7 }])[0]).toMatchObject({ v: 4, lo: 1, hi: 9 });
  });
});

describe("findGaps", () => {
  it("sees only silences longer than three intervals", () => {
    expect(findGaps([step(0), step(30), step(61)], 10 * S, 61 * S)).toEqual([{ start: 30 * S, end: 61 * S }]);
    expect(findGaps([step(0), step(30), step(60)], 10 * S, 60 * S)).toEqual([]);
  });

  it("counts the silence up to the present", () => {
    expect(findGaps([step(0)], 10 * S, 100 * S)).toEqual([{ start: 0, end: 100 * S }]);
    expect(findGaps([], 10 * S, 100 * S)).toEqual([]);
  });
});

describe("mergeGaps", () => {
  it("joins what overlaps and drops what is turned round", () => {
    const told = [
      { start: iso(50), end: iso(80) },
      { start: iso(9), end: iso(5) },
    ];
    expect(mergeGaps(told, [{ start: 20 * S, end: 60 * S }])).toEqual([{ start: 20 * S, end: 80 * S }]);
  });
});

describe("pieces", () => {
  it("never bridges a gap and loses no step", () => {
    const steps = [0, 10, 20, 100, 110, 300].map((second) => step(second));
    const gaps = findGaps(steps, 10 * S, 300 * S);
    const parts = pieces(steps, gaps);
    expect(parts.map((part) => part.map((one) => one.t / S))).toEqual([[0, 10, 20], [100, 110], [300]]);
  });

  it("cuts where the store says so, even between near neighbours", () => {
    expect(pieces([step(0), step(10)], [{ start: 2 * S, end: 8 * S }])).toHaveLength(2);
  });
});

describe("nearest", () => {
  it("finds the nearer neighbour and stays inside", () => {
    const steps = [0, 10, 20].map((second) => step(second));
    expect([-5, 4, 6, 14, 16, 99].map((second) => nearest(steps, second * S))).toEqual([0, 0, 1, 1, 2, 2]);
  });
});

describe("withLatest", () => {
  it("ends the line at the value measured, not at the mean of its bin", () => {
    expect(withLatest([step(0), step(60, 6.8)], { ts: iso(70), value: 5.97 }, 100 * S).map((one) => one.v)).toEqual([1, 6.8, 5.97]);
  });

  it("never goes back in time, and leaves a point without a value alone", () => {
    const steps = [step(0), step(60)];
    expect(withLatest(steps, { ts: iso(30), value: 9 }, 100 * S)).toEqual(steps);
    expect(withLatest(steps, { ts: iso(70), value: null }, 100 * S)).toEqual(steps);
    expect(withLatest(steps, null, 100 * S)).toEqual(steps);
  });
});

describe("storyHours", () => {
  const day = (value: (minute: number) => number, from = 0) =>
    Array.from({ length: 1440 - from }, (_, i) => ({ ts: iso((i + from) * 60), value: value(i + from), quality: 0 }));
  const end = 1440 * 60 * S;

  it("is an hour when the day lay still and then leapt", () => {
    expect(storyHours(day((m) => (m < 1430 ? 9 + (m % 7) / 100 : 6)), end)).toBe(1);
  });

  it("is a day for a slow rise, for a leap long ago, and for a line that only trembles", () => {
    expect(storyHours(day((m) => 9 - m / 500), end)).toBe(24);
    expect(storyHours(day((m) => (m < 700 ? 9 : 6)), end)).toBe(24);
    expect(storyHours(day((m) => 9 + (m % 7) / 100), end)).toBe(24);
    expect(storyHours([], end)).toBe(24);
  });

  it("is an hour when the point has only begun to speak", () => {
    expect(storyHours(day(() => 9, 1400), end)).toBe(1);
  });
});
