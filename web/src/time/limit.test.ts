import { describe, expect, it } from "vitest";
import { clockBar, clockSpan, clockState, soonWindow } from "./limit";

const at = (minute: number): string => new Date(Date.UTC(2026, 6, 21, 6, 0) + minute * 60_000).toISOString();
const ms = (minute: number): number => Date.parse(at(minute));
const limit = { starts_at: at(0), due_at: at(30), done_at: null as string | null };

describe("clockState", () => {
  it("walks wait, run, soon, over as time passes", () => {
    expect([-1, 0, 23.9, 24, 29.99, 30, 400].map((m) => clockState(limit, ms(m)))).toEqual(["wait", "run", "run", "soon", "soon", "over", "over"]);
  });

  it("stays done whenever it is looked at, even when done late", () => {
    const late = { ...limit, done_at: at(45) };
    expect([-1, 10, 100].map((m) => clockState(late, ms(m)))).toEqual(["done", "done", "done"]);
  });

  it("is over, not soon, when a limit starts and ends at once", () => {
    expect(clockState({ starts_at: at(0), due_at: at(0) }, ms(0))).toBe("over");
  });
});

describe("soonWindow", () => {
  it("is a fifth, at least two minutes, at most an hour", () => {
    expect([5, 10, 30, 300, 600, 10_080].map((m) => soonWindow(m * 60_000) / 60_000)).toEqual([2, 2, 6, 60, 60, 60]);
  });
});

describe("clockSpan", () => {
  it("counts down, then up, then says what was taken", () => {
    expect(clockSpan(limit, ms(10))).toBe(20 * 60_000);
    expect(clockSpan(limit, ms(56))).toBe(26 * 60_000);
    expect(clockSpan({ ...limit, done_at: at(4) }, ms(50))).toBe(4 * 60_000);
    expect(clockSpan(limit, ms(-5))).toBe(0);
  });
});

describe("clockBar", () => {
  it("ends at the limit while there is time", () => {
    expect(clockBar({ ...limit, rungs: [at(10), at(40), at(-3)] }, ms(15))).toEqual({ elapsed: 0.5, limit: 1, beyond: 0, rungs: [10 / 30] });
  });

  it("keeps the limit inside the bar when over, and never grows past it", () => {
    const bar = clockBar(limit, ms(36));
    expect(bar.limit).toBeCloseTo(1 / 1.2);
    expect(bar.elapsed).toBeCloseTo(bar.limit);
    expect(bar.beyond).toBeCloseTo(6 / 36);
    expect(clockBar(limit, ms(5000)).beyond).toBe(1);
  });
});
