import type { ChainRow } from "../api/types";

/** Where each person of a chain stands on the one time axis they share. Pure. */
export interface Lane {
  row: ChainRow;
  start: number;
  end: number;
  limit: number | null;
  now: number;
}

export interface Chain {
  lanes: Lane[];
  now: number;
  from: number;
  to: number;
}

const rank: Record<ChainRow["state"], number> = {
  nobody: 0,
  overdue: 1,
  calling: 2,
  declined: 3,
  ended: 4,
  answered: 5,
  done: 6,
  not_yet: 7,
};

const ms = (iso: string | null | undefined): number | null => (iso ? Date.parse(iso) : null);

/** A call that nobody answered, and that is over: whatever it was last, it waits for nobody. */
const isOver = (row: ChainRow): boolean => row.ended_at !== null && row.answered_at === null;

const rankOf = (row: ChainRow): number => rank[isOver(row) ? "ended" : row.state];

/** How many calls run past their limit, or have nobody to go to. */
export function lateOf(rows: readonly ChainRow[]): number {
  return rows.filter((row) => (row.state === "overdue" || row.state === "nobody") && row.ended_at === null).length;
}

/** Unanswered on top, then those that are over, answered, not yet called; within each by the nearer limit. */
export function sortChain(rows: readonly ChainRow[]): ChainRow[] {
  return [...rows].sort((a, b) => rankOf(a) - rankOf(b) || (ms(a.due_at) ?? Infinity) - (ms(b.due_at) ?? Infinity));
}

/** Everyone called, and of those not yet called the next one of each duty: the far rungs would squeeze the axis. */
export function nearRungs(rows: readonly ChainRow[]): ChainRow[] {
  const next = new Map<number, ChainRow>();
  for (const row of rows) {
    if (row.state !== "not_yet") continue;
    const found = next.get(row.duty_id);
    if (!found || Date.parse(row.starts_at) < Date.parse(found.starts_at)) next.set(row.duty_id, row);
  }
  return rows.filter((row) => row.state !== "not_yet" || next.get(row.duty_id) === row);
}

export function kindsOf(rows: readonly ChainRow[]): string[] {
  return [...new Set(rows.map((row) => row.kind))];
}

export function layChain(rows: readonly ChainRow[], now: number): Chain {
  const starts = rows.map((row) => Date.parse(row.called_at ?? row.starts_at));
  const ends = rows.flatMap((row) => [ms(row.due_at), ms(row.answered_at), ms(row.ended_at)].filter((at): at is number => at !== null));
  const from = Math.min(now, ...starts);
  const last = Math.max(from + 60_000, ...ends);
  // Long after the last limit the present would squeeze the calls to nothing: it stops at the right edge.
  const to = last + (last - from) * 0.06;
  const share = (at: number): number => Math.min(1, Math.max(0, (at - from) / (to - from)));
  const lanes = sortChain(rows).map((row) => {
    const start = Date.parse(row.called_at ?? row.starts_at);
    const limit = ms(row.due_at);
    const end = ms(row.answered_at) ?? ms(row.ended_at) ?? (row.state === "not_yet" ? start : now);
    return { row, start: share(start), end: share(end), limit: limit === null ? null : share(limit), now: share(now) };
  });
  return { lanes, now: share(now), from, to };
}

/** Three to four round times to write over the axis. */
export function chainTicks(from: number, to: number): number[] {
  const steps = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 604800].map((s) => s * 1000);
  const step = steps.find((s) => (to - from) / s <= 3.6) ?? 604_800_000;
  const first = Math.ceil(from / step) * step;
  const ticks: number[] = [];
  for (let at = first; at <= to; at += step) ticks.push(at);
  return ticks;
}
