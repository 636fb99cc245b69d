import type { Gap, Reading } from "../../api/types";

/** A step of the line: time (ms), the value drawn, and the extremes it stands for when thinned. */
export interface Step {
  t: number;
  v: number;
  lo: number;
  hi: number;
}

export interface Span {
  start: number;
  end: number;
}

/** Readings without a number are left out: they make a gap, never a line. */
export function toSteps(readings: readonly Reading[]): Step[] {
  const steps: Step[] = [];
  for (const reading of readings) {
    const v = reading.value ?? reading.mean;
    if (v === null || v === undefined || !Number.isFinite(v)) continue;
    if (reading.quality === 3) continue;
    const t = Date.parse(reading.ts);
    if (Number.isNaN(t)) continue;
    steps.push({ t, v, lo: reading.min ?? v, hi: reading.max ?? v });
  }
  return steps.sort((a, b) => a.t - b.t);
}

/** The newest value as it was measured closes the line: the last step of a thinned series is only a mean. */
export function withLatest(steps: readonly Step[], latest: { ts: string; value: number | null } | null | undefined, end: number): Step[] {
  const last = steps.at(-1);
  if (!latest || latest.value === null || !Number.isFinite(latest.value)) return [...steps];
  const t = Math.min(Date.parse(latest.ts), end);
  if (Number.isNaN(t) || (last && t < last.t)) return [...steps];
  const v = latest.value;
  // The thinned bin that holds it keeps its extremes; the line itself ends at the value.
  return [...steps.filter((step) => step.t < t), { t, v, lo: v, hi: v }];
}

/** 1 when a day's curve says nothing the last hour does not: the point is young, or it lay still and then leapt. Else 24. */
export function storyHours(readings: readonly Reading[], end: number): 1 | 24 {
  const steps = toSteps(readings);
  const hour = end - 3_600_000;
  const before = steps.filter((step) => step.t < hour);
  if (steps.length === 0) return 24;
  if (before.length === 0) return 1;
  const width = (some: readonly Step[]): number => Math.max(...some.map((s) => s.hi)) - Math.min(...some.map((s) => s.lo));
  const all = width(steps);
  return all > 0 && width(before) < all / 5 && before.length < steps.length && width(steps.filter((step) => step.t >= hour)) > all / 2 ? 1 : 24;
}

/** Silences longer than three intervals between neighbours, and from the last value to the present. */
export function findGaps(steps: readonly Step[], every: number, end: number): Span[] {
  const gaps: Span[] = [];
  const longest = every * 3;
  for (let i = 1; i < steps.length; i += 1) {
    const before = steps[i - 1];
    const after = steps[i];
    if (before && after && after.t - before.t > longest) gaps.push({ start: before.t, end: after.t });
  }
  const last = steps.at(-1);
  if (last && end - last.t > longest) gaps.push({ start: last.t, end });
  return gaps;
}

/** What the store says and what the eye can see, as one list of spans that do not overlap. */
export function mergeGaps(told: readonly Gap[], seen: readonly Span[]): Span[] {
  const all = [...told.map((gap) => ({ start: Date.parse(gap.start), end: Date.parse(gap.end) })), ...seen]
    .filter((gap) => gap.end > gap.start)
    .sort((a, b) => a.start - b.start);
  const merged: Span[] = [];
  for (const gap of all) {
    const last = merged.at(-1);
    if (last && gap.start <= last.end) last.end = Math.max(last.end, gap.end);
    else merged.push({ ...gap });
  }
  return merged;
}

/** The line in pieces: no piece spans a gap. */
export function pieces(steps: readonly Step[], gaps: readonly Span[]): Step[][] {
  const out: Step[][] = [];
  let piece: Step[] = [];
  let g = 0;
  for (const step of steps) {
    const last = piece.at(-1);
    while (g < gaps.length && (gaps[g]?.end ?? 0) <= (last?.t ?? -Infinity)) g += 1;
    const gap = gaps[g];
    if (last && gap && gap.start < step.t && gap.end > last.t) {
      out.push(piece);
      piece = [];
    }
    piece.push(step);
  }
  if (piece.length > 0) out.push(piece);
  return out;
}

/** The step nearest in time, for the hand that points at the curve. */
export function nearest(steps: readonly Step[], t: number): number {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.t ?? 0) < t) low = middle + 1;
    else high = middle;
  }
  const before = steps[low - 1];
  const after = steps[low];
  return before && after && t - before.t < after.t - t ? low - 1 : low;
}
