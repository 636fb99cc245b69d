import { t } from "i18next";
import type { ReactNode } from "react";
import type { LevelEvent, Threshold } from "../../api/types";
import { digitsOf, figure } from "../../time/figure";
import { clockTime, monthDay, shortTime, spanWords, wall } from "../../time/words";
import { LevelMark } from "../LevelTag";
import { bands, spread, timeTicks, type Frame, type Scale } from "./scale";
import { nearest, type Span, type Step } from "./series";

interface Base {
  frame: Frame;
  scale: Scale;
}

export function Bands({ frame, scale, thresholds }: Base & { thresholds: readonly Threshold[] }): ReactNode {
  return bands(thresholds, scale.low, scale.high).map((band) => {
    const top = Math.min(scale.y(band.from), scale.y(band.to));
    const height = Math.abs(scale.y(band.from) - scale.y(band.to));
    return <rect key={`${band.level}${band.from}`} x={frame.left} y={top} width={Math.max(0, frame.right - frame.left)} height={height} fill={`var(--l${band.level}-tint)`} />;
  });
}

export function ValueAxis({ frame, scale, thresholds }: Base & { thresholds: readonly Threshold[] }): ReactNode {
  const digits = Math.max(digitsOf(scale.ticks), scale.high - scale.low < 20 ? 1 : 0);
  return scale.ticks.map((tick) => (
    <g key={tick}>
      {!thresholds.some((limit) => limit.value === tick) && <line x1={frame.left} x2={frame.right} y1={scale.y(tick)} y2={scale.y(tick)} stroke="var(--line)" />}
      <text x={frame.left - 10} y={scale.y(tick) + 4.5} textAnchor="end" className="curve-tick">
        {figure(tick, digits)}
      </text>
    </g>
  ));
}

export function Gaps({ frame, scale, gaps, steps, under, fill }: Base & { gaps: readonly Span[]; steps: readonly Step[]; under: number; fill: string }): ReactNode {
  return gaps.map((gap) => {
    const left = scale.x(gap.start);
    const right = scale.x(gap.end);
    if (right < frame.left || left > frame.right) return null;
    const middle = Math.min(frame.right - 40, Math.max(frame.left + 40, (left + right) / 2));
    const beside = steps[nearest(steps, gap.start)];
    const low = beside !== undefined && scale.y(beside.v) > (frame.top + frame.bottom) / 2;
    return (
      <g key={gap.start}>
        <rect x={left} y={frame.top} width={Math.max(2, right - left)} height={frame.bottom - frame.top} fill={fill} />
        <text x={middle} y={low ? frame.top + under : frame.bottom - 12} textAnchor="middle" className="curve-gap">
          {t("curve.gap", { length: spanWords(gap.end - gap.start) })}
        </text>
      </g>
    );
  });
}

export function Limits({ frame, scale, thresholds, digits, compact }: Base & { thresholds: readonly Threshold[]; digits: number; compact: boolean }): ReactNode {
  const shown = compact ? thresholds.filter((limit) => limit.level === Math.max(...thresholds.map((one) => one.level))) : thresholds;
  const labels = spread(shown.map((limit) => scale.y(limit.value)), 20);
  return shown.map((limit, i) => {
    const y = scale.y(limit.value);
    const at = labels[i] ?? y;
    return (
      <g key={`${limit.level}${limit.direction}`}>
        <line x1={frame.left} x2={frame.right} y1={y} y2={y} stroke={`var(--l${limit.level}-edge)`} strokeWidth={limit.level === 4 ? 2 : 1.2} strokeDasharray={limit.level === 4 ? undefined : "4 3"} />
        <svg x={frame.right + 9} y={at - 7} width="14" height="14" overflow="visible">
          <LevelMark level={limit.level} size={14} label="" />
        </svg>
        <text x={frame.right + 28} y={at + 5} className="curve-limit" style={{ fill: `var(--l${limit.level}-text)` }}>
          {compact ? "" : `${t(`level.${limit.level}.char`)} `}
          {figure(limit.value, digits)}
        </text>
      </g>
    );
  });
}

export function Drafted({ frame, scale, thresholds, digits }: Base & { thresholds: readonly Threshold[]; digits: number }): ReactNode {
  return thresholds.map((limit) => {
    const y = scale.y(limit.value);
    return (
      <g key={`${limit.level}${limit.direction}`}>
        <line x1={frame.left} x2={frame.right} y1={y} y2={y} stroke="var(--ink)" strokeWidth="1.6" strokeDasharray="2 5" strokeLinecap="round" />
        <text x={frame.left + 8} y={y - 5} className="curve-drafted">
          {t("curve.drafted", { level: t(`level.${limit.level}.char`), value: figure(limit.value, Math.max(digits, digitsOf([limit.value]))) })}
        </text>
      </g>
    );
  });
}

export function AxisTime({ frame, scale, compact, drop }: Base & { compact: boolean; drop: number }): ReactNode {
  const width = frame.right - frame.left;
  const ticks = timeTicks(frame.start, frame.end, Math.max(2, Math.floor(width / (compact ? 130 : 118))));
  const long = frame.end - frame.start > 3 * 86_400_000;
  return (
    <g className="curve-tick">
      <line x1={frame.left} x2={frame.right} y1={frame.bottom} y2={frame.bottom} stroke="var(--edge)" />
      {ticks.map((at) => {
        const w = wall(at);
        const midnight = w.hour === "00" && w.minute === "00";
        const words = long ? monthDay(at) : midnight ? monthDay(at) : shortTime(at);
        const x = scale.x(at);
        if (x > frame.right - (compact ? 46 : 18)) return null;
        return (
          <text key={at} x={x} y={frame.bottom + drop + (compact ? 20 : 22)} textAnchor={x < frame.left + 20 ? "start" : "middle"}>
            {words}
          </text>
        );
      })}
      {compact && (
        <text x={frame.right} y={frame.bottom + 20} textAnchor="end">
          {t("time.now")}
        </text>
      )}
    </g>
  );
}

/** Each first crossing into a worse level is dropped to the axis with its shape and time. */
export function Crossings({ frame, scale, events, thresholds }: Base & { events: readonly LevelEvent[]; thresholds: readonly Threshold[] }): ReactNode {
  const worst = Math.max(0, ...events.map((event) => event.level_to));
  const seen = new Set<number>();
  const shown = events.filter((event) => {
    const at = Date.parse(event.at);
    const take = event.level_to > event.level_from && event.level_to < worst && !seen.has(event.level_to) && at >= frame.start && at <= frame.end;
    if (take) seen.add(event.level_to);
    return take;
  });
  // What would lie on top of each other is one mark, of the worst: the course of time tells the others.
  const marks: LevelEvent[] = [];
  for (const event of shown) {
    const before = marks.at(-1);
    if (before && scale.x(Date.parse(event.at)) - scale.x(Date.parse(before.at)) < 16) marks.pop();
    marks.push(event);
  }
  let lastRight = -Infinity;
  return marks.map((event) => {
    const x = scale.x(Date.parse(event.at));
    const limit = thresholds.find((one) => one.level === event.level_to)?.value ?? event.value;
    const y = limit === null || limit === undefined ? frame.top : scale.y(limit);
    const room = x - lastRight > 56;
    lastRight = x;
    return (
      <g key={event.at}>
        <line x1={x} x2={x} y1={y} y2={frame.bottom + 6} stroke={`var(--l${event.level_to}-edge)`} strokeDasharray="2 3" />
        <svg x={x - 7} y={frame.bottom + 7} width="14" height="14" overflow="visible">
          <LevelMark level={event.level_to} size={14} label="" />
        </svg>
        {room && (
          <text x={x - 12} y={frame.bottom + 19} textAnchor="end" className="curve-crossing">
            {shortTime(event.at)}
          </text>
        )}
      </g>
    );
  });
}

export function MomentLine({ frame, scale, at, label }: Base & { at: number; label: string }): ReactNode {
  const x = scale.x(at);
  if (x < frame.left || x > frame.right + 1) return null;
  const width = label.length * 9 + 30;
  const room = x - width - 8 > frame.left ? x - width - 8 : x + 8;
  const left = Math.max(frame.left, Math.min(room, frame.right - width));
  return (
    <g>
      <line x1={x} x2={x} y1={frame.top} y2={frame.bottom} stroke="var(--ink)" strokeWidth="1.4" />
      <rect x={left} y={frame.top + 4} width={width} height="24" fill="var(--surface)" />
      <text x={left + width / 2} y={frame.top + 21} textAnchor="middle" className="curve-moment">
        {label}
      </text>
    </g>
  );
}

export function Hand({ frame, scale, step, unit, digits }: Base & { step: Step; unit: string; digits: number }): ReactNode {
  const x = scale.x(step.t);
  const spread_ = step.hi - step.lo > 10 ** -digits / 2;
  const words = `${figure(step.v, digits)} ${unit}${spread_ ? `  (${figure(step.lo, digits)}–${figure(step.hi, digits)})` : ""}  ${monthDay(step.t)} ${clockTime(step.t)}`;
  const width = words.length * 7.6 + 22;
  const left = Math.min(frame.right - width, Math.max(frame.left, x + 10));
  return (
    <g pointerEvents="none">
      <line x1={x} x2={x} y1={frame.top} y2={frame.bottom} stroke="var(--pine)" />
      <circle cx={x} cy={scale.y(step.v)} r="4" fill="var(--surface)" stroke="var(--pine)" strokeWidth="2" />
      <rect x={left} y={frame.bottom - 34} width={width} height="26" rx="4" fill="var(--ink)" />
      <text x={left + width / 2} y={frame.bottom - 16} textAnchor="middle" className="curve-hand">
        {words}
      </text>
    </g>
  );
}
