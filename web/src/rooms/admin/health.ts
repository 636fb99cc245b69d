import type { Health, HealthLine } from "./queries";

/** An answer older than three intervals says nothing about now. */
export const STALE_AFTER = 3;

export interface Verdict {
  /** `stale`: the answer is too old to say that all is well, or that it is not. */
  state: Health["state"] | "stale";
  count: number;
  first: HealthLine | null;
}

/** What stands on top: well only when every line says so and the answer is fresh. Pure; times in ms. */
export function verdict(health: Health, answeredAt: number, now: number, everyMs: number): Verdict {
  if (now - answeredAt > STALE_AFTER * everyMs) return { state: "stale", count: health.lines.length, first: null };
  const worst = health.lines[0] ?? null;
  if (worst === null) return { state: "unknown", count: 0, first: null };
  const same = health.lines.filter((line) => line.state === worst.state);
  return { state: worst.state, count: same.length, first: worst };
}
