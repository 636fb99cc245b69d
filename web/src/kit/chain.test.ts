import { describe, expect, it } from "vitest";
import type { ChainRow } from "../api/types";
import { chainTicks, lateOf, layChain, nearRungs, sortChain } from "./chain";

const M = 60_000;
const T0 = Date.UTC(2026, 6, 21, 6, 0);
const at = (minute: number): string => new Date(T0 + minute * M).toISOString();

function row(duty_id: number, state: ChainRow["state"], due: number | null, answered: number | null = null): ChainRow {
  const called_at = state === "not_yet" ? null : at(0);
  return { duty_id, kind: "answer", times: 1, post: "", organisation: "", person: null, state, called_at, due_at: due === null ? null : at(due), answered_at: answered === null ? null : at(answered), ended_at: null, starts_at: at(state === "not_yet" ? 5 : 0), note: "", receipts: [] };
}

describe("sortChain", () => {
  it("puts whoever has not answered on top", () => {
    const rows = [row(1, "not_yet", 10), row(2, "answered", 5, 2), row(3, "calling", 15), row(4, "calling", 5), row(5, "overdue", 1), row(6, "nobody", null)];
    expect(sortChain(rows).map((one) => one.duty_id)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it("puts calls that are over below those that run, whatever they were last", () => {
    const over = (one: ChainRow): ChainRow => ({ ...one, ended_at: at(12) });
    const rows = [over(row(1, "overdue", 1)), over(row(2, "nobody", null)), row(3, "calling", 15), row(4, "answered", 5, 2), row(5, "declined", null), over(row(6, "done", 5, 3))];
    expect(sortChain(rows).map((one) => one.duty_id)).toEqual([3, 5, 1, 2, 4, 6]);
    expect(lateOf(rows)).toBe(0);
    expect(lateOf([...rows, row(7, "overdue", 1), row(8, "nobody", null)])).toBe(2);
  });
});

describe("nearRungs", () => {
  it("keeps all who were called and only the next of the others", () => {
    const far = { ...row(1, "not_yet", 60), starts_at: at(30) };
    const rows = [far, row(1, "not_yet", 10), row(1, "calling", 5), row(2, "not_yet", 15)];
    expect(nearRungs(rows)).toEqual(rows.slice(1));
  });
});

describe("layChain", () => {
  it("lets a call run no longer than what it was for", () => {
    const ended = { ...row(1, "overdue", 10), ended_at: at(12) };
    const [lane] = layChain([ended], T0 + 5 * 24 * 60 * M).lanes;
    expect(lane?.end).toBeCloseTo(12 / (12 * 1.06), 5);
    expect(lane?.now).toBe(1);
  });

  it("puts all lanes on one axis", () => {
    const { lanes, from, to, now } = layChain([row(1, "calling", 5), row(2, "answered", 5, 2), row(3, "not_yet", 10)], T0 + 4 * M);
    expect(from).toBe(T0);
    expect(to).toBeGreaterThan(T0 + 10 * M);
    const share = (minute: number): number => (minute * M) / (to - from);
    expect(now).toBeCloseTo(share(4));
    expect(lanes[0]?.end).toBeCloseTo(share(4));
    expect(lanes[1]?.end).toBeCloseTo(share(2));
    expect(lanes[2]).toMatchObject({ start: share(5), end: share(5) });
    for (const lane of lanes) expect(lane.limit).toBeGreaterThan(lane.start);
  });

  it("keeps the calls readable long after the last limit", () => {
    const { now, lanes } = layChain([row(1, "calling", 5)], T0 + 5000 * M);
    expect(now).toBe(1);
    expect(lanes[0]?.limit).toBeGreaterThan(0.9);
  });

  it("survives one person without a limit", () => {
    const { lanes } = layChain([row(1, "nobody", null)], T0);
    expect(lanes[0]).toMatchObject({ limit: null, start: 0 });
  });
});

describe("chainTicks", () => {
  it("is round times, at most four", () => {
    for (const minutes of [1, 7, 15, 90, 600, 4000]) {
      const ticks = chainTicks(T0, T0 + minutes * M);
      expect(ticks.length).toBeLessThanOrEqual(4);
      expect(ticks.every((tick) => tick % M === 0)).toBe(true);
    }
  });
});
