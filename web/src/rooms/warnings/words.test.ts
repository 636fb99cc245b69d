import { describe, expect, it } from "vitest";
import { turnedAt } from "./words";

const at = (minute: number): string => new Date(Date.UTC(2026, 6, 21, 6, minute)).toISOString();
const step = (minute: number, level_from: number, level_to: number) => ({ at: at(minute), level_from, level_to, value: null });

describe("turnedAt", () => {
  it("is when it reached the level people are called for, not when it began", () => {
    expect(turnedAt({ level: 4, started_at: at(0), events: [step(0, 0, 1), step(20, 1, 3), step(40, 3, 4)] })).toBe(at(40));
  });

  it("is the first of several points to reach it, and the last time after a fall", () => {
    expect(turnedAt({ level: 4, started_at: at(0), events: [step(0, 0, 4), step(5, 1, 4)] })).toBe(at(0));
    expect(turnedAt({ level: 4, started_at: at(0), events: [step(0, 0, 4), step(10, 4, 2), step(30, 2, 4)] })).toBe(at(30));
    expect(turnedAt({ level: 4, started_at: at(0), events: [step(0, 1, 4), step(10, 4, 0)] })).toBe(at(0));
  });

  it("is the beginning where no change of level is told", () => {
    expect(turnedAt({ level: 2, started_at: at(3), events: [] })).toBe(at(3));
  });
});
