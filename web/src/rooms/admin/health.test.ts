import { expect, test } from "vitest";
import { verdict } from "./health";
import type { Health, HealthLine } from "./queries";

const line = (key: string, state: HealthLine["state"]): HealthLine => ({ key, part: "queue", title: key, state, words: "", figure: null, unit: "", since: null, as_of: "2026-11-24T08:00:00Z", todo: "", url: "" });
const health = (...lines: HealthLine[]): Health => ({ at: "2026-11-24T08:00:00Z", state: lines[0]?.state ?? "unknown", lines });

test("the worst state and how many share it", () => {
  const found = verdict(health(line("a", "wrong"), line("b", "wrong"), line("c", "well")), 1_000, 2_000, 5_000);
  expect(found).toMatchObject({ state: "wrong", count: 2, first: { key: "a" } });
});

test("well only while the answer is fresh", () => {
  const all = health(line("a", "well"), line("b", "well"));
  expect(verdict(all, 0, 15_000, 5_000)).toMatchObject({ state: "well", count: 2 });
  expect(verdict(all, 0, 15_001, 5_000).state).toBe("stale");
});

test("an empty answer is not well", () => {
  expect(verdict(health(), 0, 0, 5_000).state).toBe("unknown");
});
