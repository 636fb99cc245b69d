import type { Threshold } from "../../api/types";
import type { Step } from "./series";

/** From values to pixels. Pure. */
export interface Scale {
  low: number;
  high: number;
  ticks: number[];
  y(value: number): number;
  x(t: number): number;
}

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  start: number;
  end: number;
  /** Depth axes grow downward, as in nature. */
  down: boolean;
}

export function niceStep(span: number, wanted: number): number {
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  return (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10) * power;
}

/** The range holds every value and every limit: how far the line is from danger is what is asked. */
export function valueRange(steps: readonly Step[], thresholds: readonly Threshold[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  const take = (v: number): void => {
    low = Math.min(low, v);
    high = Math.max(high, v);
  };
  for (const step of steps) {
    take(step.lo);
    take(step.hi);
  }
  for (const threshold of thresholds) take(threshold.value);
  if (!Number.isFinite(low)) return [0, 1];
  const span = high - low || Math.abs(high) || 1;
  const room = (danger: boolean): number => span * (danger ? 0.14 : 0.07);
  const onHigh = thresholds.some((threshold) => threshold.direction === "high");
  const onLow = thresholds.some((threshold) => threshold.direction === "low");
  const padded: [number, number] = [low - room(onLow), high + room(onHigh)];
  if (low >= 0 && padded[0] < 0) padded[0] = 0; // a depth or a concentration does not go below nought
  return padded;
}

export function makeScale(frame: Frame, steps: readonly Step[], thresholds: readonly Threshold[]): Scale {
  const [low, high] = valueRange(steps, thresholds);
  const step = niceStep(high - low, Math.max(2, (frame.bottom - frame.top) / 70));
  const ticks: number[] = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) ticks.push(Number(v.toPrecision(12)));
  const share = (value: number): number => (value - low) / (high - low);
  return {
    low,
    high,
    ticks,
    y: (value) => {
      const s = share(value);
      return frame.down ? frame.top + s * (frame.bottom - frame.top) : frame.bottom - s * (frame.bottom - frame.top);
    },
    x: (t) => frame.left + ((t - frame.start) / (frame.end - frame.start)) * (frame.right - frame.left),
  };
}

export interface Band {
  level: number;
  from: number;
  to: number;
}

/** Tinted only on the dangerous side: each level reaches to the next worse limit, the worst to the edge. */
export function bands(thresholds: readonly Threshold[], low: number, high: number): Band[] {
  const out: Band[] = [];
  for (const direction of ["high", "low"]) {
    const side = thresholds.filter((threshold) => threshold.direction === direction).sort((a, b) => a.level - b.level);
    side.forEach((threshold, i) => {
      out.push({ level: threshold.level, from: threshold.value, to: side[i + 1]?.value ?? (direction === "high" ? high : low) });
    });
  }
  return out;
}

const HOUR = 3_600_000;
const timeSteps = [1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48, 72, 120, 168, 240].map((h) => h * HOUR);
/** The county keeps one zone, eight hours ahead of UTC, without summer time. */
const ZONE = 8 * HOUR;

export function timeTicks(start: number, end: number, wanted: number): number[] {
  const step = timeSteps.find((s) => (end - start) / s <= wanted) ?? 240 * HOUR;
  const ticks: number[] = [];
  for (let at = Math.ceil((start + ZONE) / step) * step - ZONE; at <= end; at += step) ticks.push(at);
  return ticks;
}

/** Labels that would touch are moved apart, keeping their order. */
export function spread(ys: readonly number[], room: number): number[] {
  const order = ys.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const out = [...ys];
  let last = -Infinity;
  for (const { y, i } of order) {
    const at = Math.max(y, last + room);
    out[i] = at;
    last = at;
  }
  return out;
}
