import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { doneNow, localNow, serverNow, skew, teach } from "./server";

const START = Date.parse("2026-11-26T04:00:00Z");
/** `performance` runs while the device is awake, its clock always. */
let awake = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(START);
  vi.spyOn(performance, "now").mockImplementation(() => awake);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function pass(ms: number, sleeping: boolean): void {
  vi.setSystemTime(Date.now() + ms);
  if (!sleeping) awake += ms;
}

it("what is done after a sleep without a line has its time by the device's clock, as far off as the county last said", () => {
  const AHEAD = 90_000;
  const county = (): string => new Date(Date.now() + AHEAD).toISOString();
  teach(county(), localNow(), localNow());
  pass(10_000, false);
  expect([skew(), doneNow() - Date.now(), serverNow() - Date.now()].map((one) => Math.round(one))).toEqual([AHEAD, AHEAD, AHEAD]);
  pass(3_600_000, true);
  expect(Math.round(doneNow() - Date.now())).toBe(AHEAD);
  // The first answer after it puts the rest right, though it took longer than the best before.
  teach(county(), localNow() - 400, localNow() + 400);
  expect(Math.round(serverNow() - Date.now())).toBe(AHEAD);
  expect(skew()).toBe(AHEAD);
});
