/** The states of a limit and what its figure says. Pure: the caller brings the time. */
export type ClockState = "wait" | "run" | "soon" | "over" | "done";

export interface LimitTimes {
  starts_at: string;
  due_at: string;
  done_at?: string | null;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The last fifth of the limit, at least two minutes and at most an hour of it, is `soon`. */
export function soonWindow(total: number): number {
  return Math.max(2 * MINUTE, Math.min(total / 5, HOUR));
}

export function clockState(limit: LimitTimes, now: number): ClockState {
  const starts = Date.parse(limit.starts_at);
  const due = Date.parse(limit.due_at);
  if (limit.done_at) return "done";
  if (now < starts) return "wait";
  if (now >= due) return "over";
  return due - now <= soonWindow(due - starts) ? "soon" : "run";
}

/** Milliseconds the figure shows: left, over, or taken; 0 while waiting. */
export function clockSpan(limit: LimitTimes, now: number): number {
  const due = Date.parse(limit.due_at);
  const starts = Date.parse(limit.starts_at);
  switch (clockState(limit, now)) {
    case "done":
      return Math.max(0, Date.parse(limit.done_at ?? "") - starts);
    case "wait":
      return 0;
    case "over":
      return now - due;
    default:
      return due - now;
  }
}

/** Shares of the bar, 0…1: its axis runs from the start to the limit, or 20 % beyond it when over. */
export interface Bar {
  elapsed: number;
  limit: number;
  beyond: number;
  rungs: number[];
}

export function clockBar(limit: LimitTimes & { rungs?: string[] }, now: number): Bar {
  const starts = Date.parse(limit.starts_at);
  const total = Math.max(1, Date.parse(limit.due_at) - starts);
  const end = limit.done_at ? Date.parse(limit.done_at) : now;
  const late = end > starts + total;
  const scale = late ? total * 1.2 : total;
  const share = (ms: number): number => Math.min(1, Math.max(0, ms / scale));
  return {
    elapsed: share(Math.min(end - starts, total)),
    limit: share(total),
    beyond: late ? share(end - starts - total) : 0,
    rungs: (limit.rungs ?? [])
      .map((rung) => Date.parse(rung) - starts)
      .filter((at) => at > 0 && at < total)
      .map(share),
  };
}
